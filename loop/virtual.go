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
	loop   *Loop
	time   time.Duration
	events []virtualEvent // by time, then by registration
	woken  chan struct{}
}

type virtualEvent struct {
	when   time.Duration
	handle *Handle
}

// NewVirtual returns a loop on a virtual clock, and that clock. The loop has no
// network. It must be closed.
func NewVirtual() (*Loop, *Virtual) {
	l := &Loop{gone: make(chan struct{})}
	v := &Virtual{loop: l, woken: make(chan struct{}, 1)}
	l.poller = v
	return l, v
}

// Advance moves the clock by d, as a callback does that takes so long.
func (v *Virtual) Advance(d time.Duration) { v.time += d }

// Event has fn called by the poller once d has passed, as if a descriptor had
// become ready then.
func (v *Virtual) Event(d time.Duration, fn func()) *Handle {
	e := virtualEvent{v.time + d, &Handle{cb: funcCallback(fn)}}
	i := len(v.events)
	for i > 0 && v.events[i-1].when > e.when {
		i--
	}
	v.events = slices.Insert(v.events, i, e)
	return e.handle
}

func (v *Virtual) now() time.Duration { return v.time }

func (v *Virtual) poll(until time.Duration) error {
	if until > v.time {
		if v.loop.outstanding > 0 {
			<-v.woken
			return nil
		}
		if len(v.events) > 0 {
			until = min(until, v.events[0].when)
		}
		switch {
		case v.loop.pendingN.Load() > 0:
		case until == forever:
			return ErrIdle
		default:
			v.time = max(v.time, until)
		}
	}
	for len(v.events) > 0 && v.events[0].when <= v.time {
		if h := v.events[0].handle; !h.cancelled {
			v.loop.ready.put(h)
		}
		v.events = slices.Delete(v.events, 0, 1)
	}
	return nil
}

func (v *Virtual) wake() {
	select {
	case v.woken <- struct{}{}:
	default:
	}
}

func (v *Virtual) add(*descriptor) error { return ErrNoNetwork }
func (v *Virtual) remove(*descriptor)    {}
func (v *Virtual) close() error          { return nil }
