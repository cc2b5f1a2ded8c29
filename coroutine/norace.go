//go:build !race

package coroutine

const raceEnabled = false
