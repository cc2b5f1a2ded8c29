//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// TryRead is [Conn.Read] that never parks: if nothing has arrived, the error is
// syscall.EAGAIN. It is for code that runs on the stack of the loop, callbacks and [loop.Steps],
// and looks at no deadline. It must be called on the loop's goroutine or in a task.
func (c *Conn) TryRead(b []byte) (int, error) {
	d := c.d
	if err := d.usable(&d.rd); err != nil || len(b) == 0 {
		return 0, d.failed("read", err)
	}
	for {
		n, err := d.sockets.Read(d.fd, b[:min(len(b), maxIO)])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			d.rd.ready, d.hungUp = d.rd.ready && err != syscall.EAGAIN, d.hungUp && err != syscall.EAGAIN
			return 0, d.failed("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			d.moved(&d.rd, n)
			d.heard()
			if n < len(b) && !d.hungUp && !d.pieces {
				d.rd.ready = false
			}
			return n, nil
		}
	}
}

// TryWrite is [Conn.Write] that never parks: it writes what the system takes at once, and
// returns how much that was. The error is syscall.EAGAIN if it was nothing.
func (c *Conn) TryWrite(b []byte) (int, error) {
	d := c.d
	if err := d.usable(&d.wr); err != nil || len(b) == 0 {
		return 0, d.failed("write", err)
	}
	for {
		n, err := d.sockets.Write(d.fd, b[:min(len(b), maxIO)])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			d.wr.ready = d.wr.ready && err != syscall.EAGAIN
			return 0, d.failed("write", err)
		default:
			d.moved(&d.wr, n)
			d.said()
			d.wr.ready = n == len(b)
			return n, nil
		}
	}
}

// BlockRead is [Conn.WaitRead] for a step of [loop.Drive]. It returns what the step must return in
// order to be called again when there may be something to read, and then EndRead must be
// called. wait is nil if TryRead can be called at once, which may still fail with EAGAIN.
func (c *Conn) BlockRead() (wait any, err error) {
	d := c.d
	switch err := d.usable(&d.rd); {
	case err == nil:
		return nil, nil
	case err != syscall.EAGAIN:
		return nil, d.failed("read", err)
	case d.rd.busy:
		return nil, d.fail("read", errors.New("another task is reading"))
	}
	if d.rd.parked, err = d.rd.place(d, "Conn.Read").Enter(d.loop, nil); err != nil {
		return nil, d.fail("read", err)
	}
	d.rd.busy = true
	return d.rd.parked.Block(), nil
}

// EndRead ends a wait of BlockRead, given the error that the step was called with. It returns why
// there is nothing to read: that error, the end of the deadline, or net.ErrClosed.
func (c *Conn) EndRead(err error) error {
	d := c.d
	d.rd.parked.Leave()
	d.rd.parked = nil
	d.rd.end()
	switch {
	case err != nil:
	case d.closed:
		err = net.ErrClosed
	case !d.rd.ready && d.rd.passed(d.loop):
		err = os.ErrDeadlineExceeded
	default:
		return nil
	}
	return d.fail("read", d.loop.NoteCancelled(err))
}

// usable reports why a side cannot be used at once; nil if it can.
func (d *descriptor) usable(s *side) error {
	if d.posted.Load() {
		d.takeMail()
	}
	switch {
	case d.closed:
		return net.ErrClosed
	case s.busy || !s.ready || s.out != nil && s.out.active:
		return syscall.EAGAIN
	}
	s.at(d.loop.Turn())
	s.used++
	return nil
}

// failed is the error of a Try method: EAGAIN as it is, because it is no failure.
func (d *descriptor) failed(op string, err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case syscall.Errno:
		if e == syscall.EAGAIN {
			return err
		}
		err = os.NewSyscallError(op, e)
	}
	return d.fail(op, err)
}
