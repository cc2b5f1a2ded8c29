package loop

import "time"

// A HandWatchdog is a watchdog whose goroutine is the test.
type HandWatchdog struct{ w *watchdog }

// WatchByHand gives l a watchdog that looks when the test says so.
func WatchByHand(l *Loop, d *Watchdog) HandWatchdog {
	w := newWatchdog(l, d)
	w.started = true
	close(w.ended)
	return HandWatchdog{w}
}

// Look looks, at a time that is a number of intervals between looks after an arbitrary
// one. It reports whether the watchdog may rest.
func (h HandWatchdog) Look(now int) (rest bool) {
	return h.w.look(time.Unix(0, 0).Add(time.Duration(now) * h.w.every()))
}

// Inspect describes the step under way, and returns nothing if there is none.
func (h HandWatchdog) Inspect() Blockage {
	if b, ok := h.w.inspect(); ok {
		return b
	}
	return Blockage{}
}

// Woken reports whether the loop has woken the watchdog, and takes that.
func (h HandWatchdog) Woken() bool {
	select {
	case <-h.w.wake:
		return true
	default:
		return false
	}
}

// Goroutines parses a stack trace; it returns the number, state and puller of each goroutine,
// and its calls.
func Goroutines(trace string) (all []ParsedGoroutine) {
	for _, g := range parseGoroutines([]byte(trace)) {
		p := ParsedGoroutine{ID: g.id, State: g.state, Puller: g.puller}
		for _, f := range g.frames() {
			p.Calls = append(p.Calls, placeText(f.Function, f.File, f.Line))
		}
		all = append(all, p)
	}
	return all
}

// A ParsedGoroutine is one that Goroutines has found.
type ParsedGoroutine struct {
	ID, Puller uint64
	State      string
	Calls      []string
}
