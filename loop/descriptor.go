//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A descriptor is a non-blocking socket that the loop's poller watches,
// edge-triggered: what it was last told stays true until a system call says
// otherwise. What it is told may be about a closed one of the same number, so
// no more follows from it than that a system call is worth trying.
type descriptor struct {
	loop   *Loop
	fd     int
	rd, wr side
	eager  bool   // a short read may leave something: the peer has hung up, say
	path   string // a file to remove with it
	closed bool
}

// side is one direction of a descriptor.
type side struct {
	park     ioFuture
	ready    bool
	busy     bool // a task is suspended on it
	deadline time.Duration
	timer    *TimerHandle // goes off at the deadline, or before
	turn     uint32       // the turn of the loop in which ...
	used     int32        // ... it has been used so often
}

// perTurn is how often a descriptor can be used in one turn of the loop. A peer
// that is faster than we are must not keep the others waiting.
const perTurn = 64

// maxIO is the most that one system call is given to do: systems have a limit,
// and a read or write cut short by that would pass for one that has exhausted
// the descriptor.
const maxIO = 1 << 30

// ioFuture is what a task that is parked on a descriptor waits for.
type ioFuture struct{ future }

func (f *ioFuture) wake() {
	if f.state == pending {
		f.settle(finished)
	}
}

func newDescriptor(l *Loop, fd int) *descriptor {
	d := &descriptor{loop: l, fd: fd}
	d.rd.deadline, d.wr.deadline = forever, forever
	return d
}

// ready is called by the poller.
func (d *descriptor) ready(r, w, eager bool) {
	d.eager = d.eager || eager
	if r {
		d.rd.wake()
	}
	if w {
		d.wr.wake()
	}
}

func (s *side) wake() {
	s.ready = true
	if s.busy {
		s.park.wake()
	}
}

// wait returns when the side is ready, its deadline has passed or the descriptor
// is closed, and parks the running task until then.
func (d *descriptor) wait(s *side) error {
	if s.busy {
		return ErrBusy
	}
	for {
		if err := d.check(s); err != nil {
			return err
		}
		if s.turn != d.loop.turn {
			s.turn, s.used = d.loop.turn, 0
		}
		if s.used++; s.ready && s.used <= perTurn {
			return nil
		}
		if err := d.suspend(s); err != nil {
			return err
		}
	}
}

func (d *descriptor) suspend(s *side) (err error) {
	y := d.loop.yielder()
	if y == nil {
		if s.ready {
			return nil
		}
		return ErrNoTask
	}
	s.busy = true
	if s.ready {
		err = Sleep(y, 0)
	} else {
		s.park.future = future{}
		s.park.init(d.loop, &s.park)
		err = await(y, &s.park)
	}
	s.busy = false
	return err
}

func (d *descriptor) check(s *side) error {
	if d.closed {
		return net.ErrClosed
	}
	if s.deadline != forever && s.deadline <= d.loop.Time() {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// setDeadline gives the side a deadline on the loop's clock. A timer that is
// set already stays, if it is not too late, and is set again when it finds that
// the deadline has been moved: connections move theirs at each request.
func (d *descriptor) setDeadline(s *side, when time.Duration) {
	s.deadline = when
	if when == forever || s.timer != nil && s.timer.when <= when {
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
	case s.busy:
		s.park.wake()
	}
}

// yielder returns the coroutine that runs, for operations that have no Yielder
// in their signature; nil if none does that can be suspended here.
func (l *Loop) yielder() *Yielder {
	if l.current == nil {
		return nil
	}
	c, ok := l.current.coro.(interface{ Innermost() *Yielder })
	if !ok {
		return nil
	}
	return c.Innermost()
}

// close closes the descriptor and wakes whoever is parked on it.
func (d *descriptor) close() error {
	if d.closed {
		return net.ErrClosed
	}
	d.closed = true
	d.loop.poller.remove(d)
	for _, s := range []*side{&d.rd, &d.wr} {
		if s.timer != nil {
			s.timer.Cancel()
			s.timer = nil
		}
		if s.busy {
			s.park.wake()
		}
	}
	if d.path != "" {
		_ = os.Remove(d.path)
	}
	return os.NewSyscallError("close", unix.Close(d.fd))
}

// read reads into b, and parks while there is nothing to read.
func (d *descriptor) read(b []byte) (int, error) {
	b = b[:min(len(b), maxIO)]
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if err := d.wait(&d.rd); err != nil {
			return 0, err
		}
		n, err := read(d.fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			d.rd.ready, d.eager = false, false
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		default:
			// A short read has taken all there was. What comes later is a new
			// event.
			if 0 < n && n < len(b) && !d.eager {
				d.rd.ready = false
			}
			return n, nil
		}
	}
}

// write writes all of b, and parks while the peer takes no more.
func (d *descriptor) write(b []byte) (n int, err error) {
	for n < len(b) {
		if err := d.wait(&d.wr); err != nil {
			return n, err
		}
		part := b[n:min(len(b), n+maxIO)]
		m, err := write(d.fd, part)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			d.wr.ready = false
		case err != nil:
			return n, os.NewSyscallError("write", err)
		default:
			n += m
			if m < len(part) {
				d.wr.ready = false
			}
		}
	}
	return n, nil
}
