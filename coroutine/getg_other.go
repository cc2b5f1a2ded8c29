//go:build !(amd64 || arm64)

package coroutine

// getg is the same for every goroutine where no assembly tells them apart:
// there a Yield from a foreign goroutine goes undetected.
func getg() uintptr { return 1 }
