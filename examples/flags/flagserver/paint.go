package flagserver

import (
	"runtime"
	"strings"
	"sync"

	"coloop/examples/flags/atlas"
)

// painted has the pictures that this process has painted, []byte by the lower-case
// code. They are few, and always the same.
var painted sync.Map

// paint returns the flag of the country with the lower-case code cc.
func paint(cc string) []byte {
	if p, ok := painted.Load(cc); ok {
		return p.([]byte)
	}
	p, ok := atlas.GIF(cc)
	if ok {
		painted.Store(cc, p)
	}
	return p
}

// paintAhead paints the flags with these codes, several at a time.
func paintAhead(codes []string) {
	toDo := make(chan string)
	var painters sync.WaitGroup
	for range min(len(codes), runtime.GOMAXPROCS(0)) {
		painters.Go(func() {
			for cc := range toDo {
				paint(strings.ToLower(cc))
			}
		})
	}
	for _, cc := range codes {
		toDo <- cc
	}
	close(toDo)
	painters.Wait()
}
