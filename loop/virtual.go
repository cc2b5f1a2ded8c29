package loop

import (
	"slices"
	"time"
)

// Virtual is the clock of a loop on which time passes only when nothing is
// ready, and then at once up to the next timer or event: programs run as fast as
// they can and always the same. Jobs of the executor take no time on it: it stands
// still until they are done, so they must not wait for it to pass.
type Virtual struct {
	loop     *Loop
	time     time.Duration
	events   []virtualEvent // by time, then by registration
	woken    chan struct{}
	expected int
}

type virtualEvent struct {
	when   time.Duration
	handle *Handle
}

// NewVirtual returns a loop on a virtual clock, and that clock. The loop has no
// network. It must be closed.
func NewVirtual() (*Loop, *Virtual) {
	v := &Virtual{woken: make(chan struct{}, 1)}
	v.loop = fromEnvironment(NewOn(v))
	return v.loop, v
}

// Advance moves the clock by d, as a callback does that takes so long. It does not go
// back if d is negative, and does not come to the end of time.
func (v *Virtual) Advance(d time.Duration) {
	v.loop.check()
	v.time = min(addTime(v.time, max(0, d)), forever-1)
}

// Event has fn called by the loop once d has passed, as if a descriptor had
// become ready then. On a closed loop it panics with [ErrClosed].
func (v *Virtual) Event(d time.Duration, fn func()) *Handle {
	v.loop.mustTake(fn == nil)
	e := virtualEvent{addTime(v.time, d), &Handle{cb: v.loop.callback(fn)}}
	i := len(v.events)
	for i > 0 && v.events[i-1].when > e.when {
		i--
	}
	v.events = slices.Insert(v.events, i, e)
	return e.handle
}

// Now returns the time on the clock.
func (v *Virtual) Now() time.Duration { return v.time }

// Wait moves the clock to the next event, or to until if that comes first. While
// other goroutines are expected to call Wake, it waits for that, and no time
// passes. See [System].
func (v *Virtual) Wait(until time.Duration, _ func(fd int, read, write, hangup bool) (enough bool)) error {
	if len(v.events) > 0 && v.events[0].when <= v.time {
		until = v.time
	}
	if until > v.time {
		switch {
		case v.expected > 0:
			<-v.woken
			return nil
		case len(v.events) > 0:
			until = min(until, v.events[0].when)
		}
		select {
		case <-v.woken:
			until = v.time
		default:
		}
		if until == forever {
			return ErrIdle
		}
		v.time = max(v.time, until)
	}
	for len(v.events) > 0 && v.events[0].when <= v.time {
		if h := v.events[0].handle; !h.cancelled {
			v.loop.enqueue(h)
		}
		v.events = slices.Delete(v.events, 0, 1)
	}
	return nil
}

// Wake ends a Wait. It may be called on any goroutine.
func (v *Virtual) Wake() {
	select {
	case v.woken <- struct{}{}:
	default:
	}
}

// Expect is told how many goroutines are going to call Wake.
func (v *Virtual) Expect(n int) { v.expected += n }

// Patience returns 0: the loop asks for events in every turn.
func (v *Virtual) Patience() int { return 0 }

// Network returns ErrNoNetwork.
func (v *Virtual) Network() (any, error) { return nil, ErrNoNetwork }

// Add returns ErrNoNetwork.
func (v *Virtual) Add(int) error { return ErrNoNetwork }

// Remove does nothing.
func (v *Virtual) Remove(int) {}

// Close does nothing.
func (v *Virtual) Close() error { return nil }
