package coroutine

import "runtime"

// mainGoroutine runs the initialisation of packages, and then main.main.
var mainGoroutine = getg()

// OnMain reports whether the calling goroutine is the program's main one. Where
// goroutines cannot be told apart (other than on amd64 and arm64) it is true on
// all of them.
func OnMain() bool { return getg() == mainGoroutine }

// Pulled reports whether the calling goroutine was made by iter.Pull, as that of each coroutine
// is. It is resumed by another goroutine, which stands still meanwhile: it may be that of an event
// loop, so to wait on it for something that a loop does may never end.
func Pulled() bool {
	for pcs, skip := make([]uintptr, 64), 1; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs)
		for frames, more := runtime.CallersFrames(pcs[:n]), n > 0; more; {
			var f runtime.Frame
			if f, more = frames.Next(); f.Function == "runtime.corostart" {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}
