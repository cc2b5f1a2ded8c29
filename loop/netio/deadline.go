//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"time"

	"coloop/loop"
)

// passed reports whether the deadline of the side is over.
func (s *side) passed(l *loop.Loop) bool { return s.deadline != forever && s.deadline <= l.Time() }

// setDeadline gives the side a deadline on the loop's clock. Deadlines are moved at each
// request, so a timer that goes off at or before the new one is left alone; expire sets
// it again.
func (d *descriptor) setDeadline(s *side, when time.Duration) {
	s.deadline = when
	if when == forever || s.timer != nil && s.timer.When() <= when {
		return
	}
	if s.timer != nil {
		s.timer.Cancel()
	}
	s.timer = d.loop.CallAt(when, func() { d.expire(s) })
}

func (d *descriptor) expire(s *side) {
	s.timer = nil
	switch {
	case s.deadline > d.loop.Time():
		d.setDeadline(s, s.deadline)
	default:
		s.unpark()
	}
}

// setDeadlines sets the deadlines of the chosen sides, on any goroutine.
func (d *descriptor) setDeadlines(t time.Time, rd, wr bool) error {
	if !d.loop.OnLoop() {
		return d.postDeadlines(func() time.Duration { return d.onLoop(t) }, rd, wr)
	}
	return d.setDeadlinesHere(d.onLoop(t), rd, wr)
}

// setDeadlinesAt is setDeadlines for a time on the loop's clock, never if it is negative.
func (d *descriptor) setDeadlinesAt(when time.Duration, rd, wr bool) error {
	if when < 0 {
		when = forever
	}
	if !d.loop.OnLoop() {
		return d.postDeadlines(func() time.Duration { return when }, rd, wr)
	}
	return d.setDeadlinesHere(when, rd, wr)
}

func (d *descriptor) setDeadlinesHere(when time.Duration, rd, wr bool) error {
	if d.posted.Load() {
		d.takeMail() // an older deadline must not come after this one
	}
	switch {
	case d.closed:
		return d.fail("set", net.ErrClosed)
	case d.loop.Closed(): // this is clean-up code, and no timer would go off
		return d.fail("set", loop.ErrClosed)
	}
	if rd {
		d.setDeadline(&d.rd, when)
	}
	if wr {
		d.setDeadline(&d.wr, when)
	}
	return nil
}

func (d *descriptor) postDeadlines(when func() time.Duration, rd, wr bool) error {
	err := d.post(func(m *mail) {
		if rd {
			m.rd = when
		}
		if wr {
			m.wr = when
		}
	})
	switch err {
	case nil:
		return nil
	case loop.ErrClosed:
		err = net.ErrClosed // what foreign calls return once the loop has ended
	}
	return d.fail("set", err)
}

func (d *descriptor) onLoop(t time.Time) time.Duration { return onLoop(d.loop, t) }

// onLoop returns t as a time on the clock of l; forever if it is zero.
func onLoop(l *loop.Loop, t time.Time) time.Duration {
	if t.IsZero() {
		return forever
	}
	now, left := l.Time(), time.Until(t)
	if left > forever-now {
		return forever
	}
	return now + left
}
