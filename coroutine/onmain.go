package coroutine

// mainGoroutine runs the initialisation of packages, and then main.main.
var mainGoroutine = getg()

// OnMain reports whether the calling goroutine is the program's main one. Where
// goroutines cannot be told apart (other than on amd64 and arm64) it is true on
// all of them.
func OnMain() bool { return getg() == mainGoroutine }
