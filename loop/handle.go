package loop

import "time"

// callback is what a Handle runs.
type callback interface{ run(*Loop) }

type funcCallback func()

func (f funcCallback) run(*Loop) { f() }

// A Handle is a callback waiting for its turn (asyncio.Handle). It must be
// used on the loop's goroutine.
type Handle struct {
	cb        callback
	cancelled bool
}

// Cancel keeps the callback from being called; it has no effect once it has
// been.
func (h *Handle) Cancel() {
	h.cancelled = true
}

// Cancelled reports whether Cancel was called.
func (h *Handle) Cancelled() bool { return h.cancelled }

// A TimerHandle is a callback waiting for its time (asyncio.TimerHandle).
type TimerHandle struct {
	Handle
	scheduled bool // in the loop's heap
	loop      *Loop
	when      time.Duration
}

// When returns the time that the callback is due, on the loop's clock.
func (h *TimerHandle) When() time.Duration { return h.when }

// Cancel keeps the callback from being called. The handle stays in the heap
// until its time comes or cancelled timers are the majority there.
func (h *TimerHandle) Cancel() {
	if !h.cancelled && h.scheduled {
		h.loop.timersCancelled++
	}
	h.cancelled = true
}
