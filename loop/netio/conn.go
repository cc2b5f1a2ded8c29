//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"coloop/loop"
)

// A Conn is a stream connection, TCP or Unix, whose Read and Write park the
// calling task instead of the goroutine. It implements net.Conn, so any protocol
// library of Go's runs on it unchanged, crypto/tls included.
//
// A library that locks a sync.Mutex around Read or Write must not be used by a
// second task meanwhile, which would stop the loop instead of parking: finish the
// handshake of a tls.Conn before it gets a reader and a writer.
//
// Read, Write and the deadlines belong to the tasks of the loop, one reading and
// one writing at a time. Close may be called on any goroutine. Called where no
// stackful task runs, Read and Write that would have to wait return ErrNoTask.
// If the task is cancelled while parked they return its CancelledError.
type Conn struct {
	_ noCopy

	d *descriptor
}

func newConn(l *loop.Loop, s Sockets, fd int, network string, remote net.Addr) (*Conn, error) {
	c := &Conn{d: newDescriptor(l, s, fd, network)}
	c.d.peer = remote
	if err := l.Watch(fd, c.d); err != nil {
		_ = s.Close(fd)
		return nil, err
	}
	c.d.wr.ready = true
	return c, nil
}

// Loop returns the loop of the connection.
func (c *Conn) Loop() *loop.Loop { return c.d.loop }

// Read reads into b the data that has arrived, and parks while there is none.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.d.read(b)
	switch {
	case err != nil:
		return n, c.d.fail("read", err)
	case n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// WaitRead parks until Read would return without parking. It needs no buffer.
func (c *Conn) WaitRead() error {
	if err := c.d.wait(&c.d.rd, "Conn.Read"); err != nil {
		return c.d.fail("read", err)
	}
	return nil
}

// Write writes all of b, and parks while the peer does not keep up.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.d.write(b)
	if err != nil {
		return n, c.d.fail("write", err)
	}
	return n, nil
}

// Close closes the connection; a task parked on it gets net.ErrClosed. It may be
// called on any goroutine; on others than the loop's it takes effect in the
// loop's next turn.
func (c *Conn) Close() error { return c.d.closeAnywhere() }

// CloseWrite tells the peer that no more data will come, and leaves the other direction
// open.
func (c *Conn) CloseWrite() error {
	if c.d.closed {
		return c.d.fail("close", net.ErrClosed)
	}
	if err := c.d.sockets.Shutdown(c.d.fd); err != nil {
		return c.d.fail("close", os.NewSyscallError("shutdown", err))
	}
	return nil
}

// LocalAddr returns the address of this end. Its first call must come before Close; if
// it does not, the address is nil.
func (c *Conn) LocalAddr() net.Addr {
	d := c.d
	if d.local == nil && !d.closed {
		if sa, err := d.sockets.Getsockname(d.fd); err == nil {
			d.local = address(d.network, sa)
		}
	}
	return d.local
}

// RemoteAddr returns the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.d.peer }

// SetDeadline sets both deadlines. Once the loop is closed there are no deadlines, and
// the error is [loop.ErrClosed].
func (c *Conn) SetDeadline(t time.Time) error {
	return c.setDeadlines(c.onLoop(t), &c.d.rd, &c.d.wr)
}

// SetReadDeadline makes a Read under way or to come return
// os.ErrDeadlineExceeded at t; the zero time means never.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.setDeadlines(c.onLoop(t), &c.d.rd)
}

// SetWriteDeadline is SetReadDeadline for Write.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadlines(c.onLoop(t), &c.d.wr)
}

// ReadBy is SetReadDeadline for a time on the loop's clock; a negative one
// means never.
func (c *Conn) ReadBy(when time.Duration) error {
	if when < 0 {
		when = forever
	}
	return c.setDeadlines(when, &c.d.rd)
}

// WriteBy is ReadBy for Write.
func (c *Conn) WriteBy(when time.Duration) error {
	if when < 0 {
		when = forever
	}
	return c.setDeadlines(when, &c.d.wr)
}

func (c *Conn) onLoop(t time.Time) time.Duration {
	if t.IsZero() {
		return forever
	}
	now, d := c.d.loop.Time(), time.Until(t)
	if d > forever-now {
		return forever
	}
	return now + d
}

func (c *Conn) setDeadlines(when time.Duration, sides ...*side) error {
	switch {
	case c.d.closed:
		return c.d.fail("set", net.ErrClosed)
	case c.d.loop.Closed(): // this is clean-up code, and no timer would go off
		return c.d.fail("set", loop.ErrClosed)
	}
	for _, s := range sides {
		c.d.setDeadline(s, when)
	}
	return nil
}

// Buffered reports whether the connection has data, EOF or an error waiting, as far
// as the system has reported it. An idle pooled connection for which this is true
// must not be reused.
func (c *Conn) Buffered() bool {
	d := c.d
	if d.closed || !d.rd.ready {
		return d.closed
	}
	// If the last read filled its buffer, there may be more data or none: ask the system.
	var b [1]byte
	_, err := d.sockets.Peek(d.fd, b[:])
	d.rd.ready = err != syscall.EAGAIN
	return d.rd.ready
}
