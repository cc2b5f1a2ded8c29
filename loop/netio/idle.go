//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"io"
	"syscall"
)

// SetIdle tells a [Server] whether the connection is idle, that is, between two requests.
// Unless SetIdle is called, the server judges by what it sees: a connection is idle if its
// handler waits to be sent something, and has read nothing since it last wrote, or ever.
// That is right for protocols of requests and replies. It is wrong in the middle of a request
// that is answered twice: HTTP's 100-continue, the DATA of SMTP.
//
// After SetIdle(true) the connection is idle until something is read. After SetIdle(false) it
// is not idle, whatever is written, until the next SetIdle(true). Like the methods
// without a y it belongs to the loop's goroutine: a handler calls it.
func (c *Conn) SetIdle(idle bool) {
	d := c.d
	d.told = true
	if between := d.phase&1 == 0; between != idle {
		d.phase++
	}
}

// Detach has a [Server] leave the connection open when its handler returns: it now belongs to
// somebody else, as a connection that was hijacked from an HTTP server does. The server's
// Shutdown neither closes it nor waits for it. A handler calls Detach, before it returns.
func (c *Conn) Detach() { c.d.detached = true }

// heard notes that something was read: the first byte of a request, if there was none before.
func (d *descriptor) heard() {
	if d.phase&1 == 0 {
		d.phase++
	}
}

// said notes that something was written: a request has been answered.
func (d *descriptor) said() {
	if d.phase&1 == 1 && !d.told {
		d.phase++
	}
}

// idle reports whether the handler waits for the first byte of a request.
func (d *descriptor) idle() bool { return d.phase&1 == 0 && d.rd.busy && !d.rd.ready }

// drain has every read that would have to wait for the first byte of a request return io.EOF,
// the one under way too.
func (d *descriptor) drain() {
	d.draining = true
	if d.rd.busy {
		d.rd.unpark()
	}
}

// drained returns io.EOF if a read that finds nothing must not wait. Something may have
// arrived of which the loop has not been told.
func (d *descriptor) drained(s *side) error {
	if !d.draining || s != &d.rd || d.phase&1 == 1 {
		return nil
	}
	var b [1]byte
	if _, err := d.sockets.Peek(d.fd, b[:]); err != syscall.EAGAIN {
		s.ready = true
		return nil
	}
	return io.EOF
}
