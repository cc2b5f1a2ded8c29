//go:build !(amd64 || arm64)

package coroutine

// getg identifies the calling goroutine.
func getg() uintptr { return uintptr(goroutineNumber()) }
