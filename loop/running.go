package loop

import "sync"

// running has the loops of the whole program that are running as its keys, of type *Loop
// (asyncio's _running_loop).
var running sync.Map

// IsRunning reports whether the loop is running (loop.is_running). It may be called on any
// goroutine.
func (l *Loop) IsRunning() bool {
	_, ok := running.Load(l)
	return ok
}

// Here returns the loop that the calling goroutine runs, or in one of whose tasks it is the
// coroutine (asyncio.get_running_loop); nil if there is none. It is for code that is given
// no y, and may be called on any goroutine. [Running] is faster.
func Here() (here *Loop) {
	running.Range(func(l, _ any) bool {
		if l := l.(*Loop); l.OnLoop() {
			here = l
		}
		return here == nil
	})
	return here
}
