//go:build amd64 || arm64

package coroutine

// getg identifies the calling goroutine: the address of its g. The number is
// only ever compared with that of a goroutine known to be alive.
func getg() uintptr
