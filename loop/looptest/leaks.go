package looptest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// NoLeaks notes the goroutines and descriptors that there are, and has the test fail
// if there are others when it has ended. [Run] does the same; NoLeaks is for tests that
// run loops by hand. It must be called before the test registers its own Cleanup
// functions.
func NoLeaks(t testing.TB) {
	left := leftovers()
	t.Cleanup(func() {
		for _, s := range left() {
			t.Error(s)
		}
	})
}

// patience is how long goroutines and descriptors that are about to go may take. It is
// long enough for any machine, because only a test that fails waits for so long.
var patience = 10 * time.Second

// leftovers notes the goroutines and descriptors that there are. The function that it
// returns describes the newer ones that do not go.
func leftovers() func() []string {
	current, files := goleak.IgnoreCurrent(), descriptors()
	// A library of many tests; its servers' clock never stops.
	clock := goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")
	return func() []string {
		for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			var left []string
			if err := goleak.Find(current, clock); err != nil {
				left = append(left, err.Error())
			}
			for fd, file := range descriptors() {
				if files[fd] != file {
					left = append(left, fmt.Sprintf("descriptor %s is left open: %s", fd, file))
				}
			}
			if len(left) == 0 || time.Now().After(deadline) {
				return left
			}
		}
	}
}

// warm has Go's own poller open its descriptors, which it keeps.
var warm = sync.OnceFunc(func() {
	if r, w, err := os.Pipe(); err == nil {
		_ = r.Close()
		_ = w.Close()
	}
})

// descriptors returns the open files of the process by descriptor number. It is empty if
// the system does not tell them.
func descriptors() map[string]string {
	warm()
	open := make(map[string]string)
	const dir = "/dev/fd"
	files, err := os.ReadDir(dir)
	if err != nil {
		return open
	}
	for _, f := range files {
		// The descriptor of the folder itself is closed by now.
		to, err := os.Readlink(filepath.Join(dir, f.Name()))
		if err == nil {
			open[f.Name()] = to
		}
	}
	return open
}
