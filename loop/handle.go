package loop

import (
	"time"

	"coloop/loop/internal/heapq"
)

// callback is what a Handle runs.
type callback interface{ run(*Loop) }

type funcCallback func()

func (f funcCallback) run(*Loop) { f() }

// checkedCallback is the funcCallback of debug mode. It knows its loop.
type checkedCallback struct {
	fn   func()
	loop *Loop
}

func (c *checkedCallback) run(*Loop) { c.fn() }

// A Handle is a callback waiting for its turn (asyncio.Handle). It must be
// used on the loop's goroutine.
type Handle struct {
	cb        callback
	cancelled bool
}

// Cancel keeps the callback from being called, and lets go of it. It has no effect
// once the callback has been called.
func (h *Handle) Cancel() {
	switch cb := h.cb.(type) {
	case funcCallback:
		h.cb = nil
	case *checkedCallback:
		cb.loop.check()
		h.cb = nil
	}
	h.cancelled = true
}

// Cancelled reports whether Cancel was called.
func (h *Handle) Cancelled() bool { return h.cancelled }

// drop tells the callback of a cancelled handle that it will not run.
//
//go:noinline
func (h *Handle) drop(l *Loop) {
	if d, ok := h.cb.(interface{ dropped(*Loop) }); ok {
		d.dropped(l)
	}
}

// A TimerHandle is a callback waiting for its time (asyncio.TimerHandle).
type TimerHandle struct {
	Handle
	timers *timers // nil if the handle is in no heap
	when   time.Duration
}

// When returns the time on the loop's clock at which the callback is due.
func (h *TimerHandle) When() time.Duration { return h.when }

// Cancel keeps the callback from being called, and lets go of it. The handle stays
// in the heap until its time comes or cancelled timers are the majority there.
func (h *TimerHandle) Cancel() {
	before := h.cancelled
	h.Handle.Cancel()
	if !before && h.timers != nil {
		h.timers.cancelled++
	}
}

// timers is the heap of the timers of a loop.
type timers struct {
	heap      []*TimerHandle
	cancelled int // how many in the heap were cancelled
	// past counts the cancelled timers that have left the heap because their time
	// had come. asyncio forgets to take them off its own count. That count decides
	// when the heap is cleaned, which may change the order of equal timers.
	past int
}

// count is asyncio's _timer_cancelled_count.
func (ts *timers) count() int { return ts.cancelled + ts.past }

// addTime returns t+d, or the end of time if there is no such time.
func addTime(t, d time.Duration) time.Duration {
	if d > 0 && t > forever-d {
		return forever
	}
	return t + d
}

func earlier(a, b *TimerHandle) bool { return a.when < b.when }

func (ts *timers) schedule(h *TimerHandle, when time.Duration) {
	h.when, h.timers = when, ts
	ts.heap = heapq.Push(ts.heap, h, earlier)
}

// clear removes all timers. Their handles are then as if their time had come.
func (ts *timers) clear() {
	for _, h := range ts.heap {
		h.timers = nil
	}
	*ts = timers{}
}

// due removes the earliest timer, whose time has come.
func (ts *timers) due() *TimerHandle {
	h := ts.pop()
	if h.cancelled {
		ts.past++
	}
	return h
}

func (ts *timers) pop() *TimerHandle {
	var h *TimerHandle
	ts.heap, h = heapq.Pop(ts.heap, earlier)
	ts.removed(h)
	return h
}

func (ts *timers) removed(h *TimerHandle) {
	h.timers = nil
	if h.cancelled {
		ts.cancelled--
	}
}

// dropCancelled removes cancelled timers from the top of the heap, or all of them
// if they are the majority of more than a hundred.
func (ts *timers) dropCancelled(l *Loop) {
	if ts.count() == 0 {
		return
	}
	if n := len(ts.heap); n > 100 && 2*ts.count() > n {
		kept := ts.heap[:0]
		for _, h := range ts.heap {
			if h.cancelled {
				ts.removed(h)
				h.drop(l)
			} else {
				kept = append(kept, h)
			}
		}
		clear(ts.heap[len(kept):])
		ts.heap = kept
		heapq.Heapify(ts.heap, earlier)
		ts.past = 0
		return
	}
	for len(ts.heap) > 0 && ts.heap[0].cancelled {
		ts.pop().drop(l)
	}
}

// trim gives back room for timers that is not needed, and reports whether more
// could be given back later.
func (ts *timers) trim() (more bool) {
	if c := cap(ts.heap); c > smallest && c > 4*len(ts.heap) {
		ts.heap = append(make([]*TimerHandle, 0, max(smallest, 2*len(ts.heap))), ts.heap...)
	}
	return cap(ts.heap) > smallest && cap(ts.heap) > 4*len(ts.heap)
}
