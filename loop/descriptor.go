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
// otherwise.
type descriptor struct {
	loop   *Loop
	fd     int
	rd, wr side
	hungUp bool // no read will block any more
	closed bool
}

// side is one direction of a descriptor.
type side struct {
	park     ioFuture
	ready    bool
	busy     bool // a task is parked on it
	deadline time.Duration
	timer    *TimerHandle
}

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
func (d *descriptor) ready(r, w, hungUp bool) {
	d.hungUp = d.hungUp || hungUp
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

// wait parks the running task until the side is ready, its deadline has passed
// or the descriptor is closed.
func (d *descriptor) wait(s *side) error {
	if err := d.check(s); err != nil || s.ready {
		return err
	}
	y, err := d.loop.yielder()
	if err != nil {
		return err
	}
	if s.busy {
		return ErrBusy
	}
	s.busy = true
	s.park.future = future{}
	s.park.init(d.loop, &s.park)
	err = await(y, &s.park)
	s.busy = false
	if err != nil {
		return err
	}
	return d.check(s)
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
// set already stays, if it is not too late, and sets itself again when it finds
// that the deadline has been moved: connections move theirs at each request.
func (d *descriptor) setDeadline(s *side, when time.Duration) {
	s.deadline = when
	if when == forever {
		return
	}
	if s.timer != nil && s.timer.scheduled && !s.timer.cancelled {
		if s.timer.when <= when {
			return
		}
		s.timer.Cancel()
	}
	var expire func()
	expire = func() {
		switch {
		case d.closed || s.deadline == forever:
		case s.deadline > d.loop.Time():
			s.timer = d.loop.CallAt(s.deadline, expire)
		case s.busy:
			s.park.wake()
		}
	}
	s.timer = d.loop.CallAt(when, expire)
}

// yielder returns the coroutine that runs, for operations that have no Yielder
// in their signature.
func (l *Loop) yielder() (*Yielder, error) {
	if l.current == nil {
		return nil, ErrNoTask
	}
	c, ok := l.current.coro.(interface{ Innermost() *Yielder })
	if !ok {
		return nil, ErrNoTask
	}
	return c.Innermost(), nil
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
	return os.NewSyscallError("close", unix.Close(d.fd))
}

// read reads into b, and parks while there is nothing to read.
func (d *descriptor) read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if err := d.wait(&d.rd); err != nil {
			return 0, err
		}
		n, err := unix.Read(d.fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			d.rd.ready = false
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		default:
			// A short read has taken all there was; what comes later, an end
			// of file too unless it is there already, is a new event.
			if n < len(b) && !d.hungUp {
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
		m, err := unix.Write(d.fd, b[n:])
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			d.wr.ready = false
		case err != nil:
			return n, os.NewSyscallError("write", err)
		default:
			n += m
			if n < len(b) {
				d.wr.ready = false
			}
		}
	}
	return n, nil
}
