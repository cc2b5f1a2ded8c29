package loop

import "sync"

// running are the loops that run now, in the whole program (asyncio's
// _running_loop): the keys are *Loop.
var running sync.Map

// runningHere returns the loop that the calling goroutine runs, be it as a
// coroutine of one of its tasks; nil if there is none.
func runningHere() (here *Loop) {
	running.Range(func(l, _ any) bool {
		if l := l.(*Loop); l.OnLoop() {
			here = l
		}
		return here == nil
	})
	return here
}
