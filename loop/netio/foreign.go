//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"fmt"
	"net"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// This file is about calls on goroutines that the loop does not know, a library's for
// example. A connection belongs to the goroutine of its loop, so the loop does the work
// and the calling goroutine waits for it.

// errInCoroutine is returned by a call within an iter.Pull or a coroutine that no task runs.
// The task that resumed it may be the loop's own. To wait there would stop the loop.
var errInCoroutine = fmt.Errorf("%w: the call is within an iter.Pull, whose goroutine cannot be parked", loop.ErrNoTask)

// foreign calls op, which may park, in a task of the loop, and blocks the calling goroutine
// until it has returned. Once the loop has ended the error is net.ErrClosed.
func foreign[T any](d *descriptor, op string, fn func() (T, error)) (T, error) {
	var zero T
	if loop.Here() != nil { // to wait here would stop that loop
		return zero, d.fail(op, loop.ErrForeignLoop)
	}
	if coroutine.Pulled() {
		return zero, d.fail(op, errInCoroutine)
	}
	// The error of fn is no error of the task, which would be reported if the loop ended before the
	// calling goroutine has asked for it.
	r, err := loop.RunCoroutineThreadsafe(context.Background(), d.loop, func(*loop.Yielder) (r loop.Result[T], err error) {
		if r.Value, r.Err = fn(); loop.IsCancelled(r.Err) {
			err = r.Err
		}
		return r, err
	})()
	switch {
	case err == loop.ErrClosed || loop.IsCancelled(err):
		return r.Value, d.fail(op, net.ErrClosed)
	case err != nil:
		return r.Value, err
	}
	return r.Value, r.Err
}

// mail is what other goroutines have set and the loop has not taken yet. It takes effect for
// every operation that begins after the call that has set it.
type mail struct {
	rd, wr func() time.Duration // new deadlines; nil if there is none
	close  func() error         // nil if nobody has closed it
}

// post changes the mail and has the loop take it.
func (d *descriptor) post(write func(m *mail)) error {
	d.mu.Lock()
	if d.gone() {
		d.mu.Unlock()
		return net.ErrClosed
	}
	d.needRare()
	write(&d.rare.mail)
	d.posted.Store(true)
	d.mu.Unlock()
	return d.loop.CallSoonThreadsafe(d.takeMail)
}

// takeMail does what other goroutines have asked for, on the goroutine of the loop.
func (d *descriptor) takeMail() {
	d.mu.Lock()
	d.needRare()
	m := d.rare.mail
	d.rare.mail.rd, d.rare.mail.wr = nil, nil
	d.posted.Store(false)
	closed := d.closed
	d.mu.Unlock()
	if closed || d.loop.Closed() {
		return
	}
	if m.close != nil {
		_ = m.close()
		return
	}
	if m.rd != nil {
		d.setDeadline(&d.rd, m.rd())
	}
	if m.wr != nil {
		d.setDeadline(&d.wr, m.wr())
	}
}

// closeAnywhere calls close, on any goroutine. On others than the loop's, every operation that
// begins afterwards finds the descriptor closed, and the socket itself is closed in the
// loop's next turn.
func (d *descriptor) closeAnywhere(close func() error) error {
	var err error
	if d.loop.OnLoop() {
		err = close()
	} else if err = d.post(func(m *mail) { m.close = close }); err == loop.ErrClosed {
		err = nil // a closed loop has closed its descriptors
	}
	if err != nil {
		return d.fail("close", err)
	}
	return nil
}
