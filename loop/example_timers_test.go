package loop_test

import (
	"fmt"
	"time"

	"coloop/loop"
)

// Timers that are due at the same time run in the order that CPython's heap gives
// them, which is not that of their making.
func ExampleLoop_CallAt_equal() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	for i := range 4 {
		l.CallAt(time.Second, func() {
			fmt.Print(i, " ")
			if i == 3 {
				l.Stop()
			}
		})
	}
	fmt.Println(l.RunForever())
	// Output: 0 2 1 3 <nil>
}
