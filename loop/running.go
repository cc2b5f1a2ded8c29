package loop

import "sync"

// running has the loops of the whole program that are running as its keys, of type *Loop
// (asyncio's _running_loop).
var running sync.Map

// runningHere returns the loop that the calling goroutine runs, or in one of whose tasks
// it is the coroutine; nil if there is none.
func runningHere() (here *Loop) {
	running.Range(func(l, _ any) bool {
		if l := l.(*Loop); l.OnLoop() {
			here = l
		}
		return here == nil
	})
	return here
}
