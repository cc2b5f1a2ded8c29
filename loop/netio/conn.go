//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// A Conn is a stream connection, TCP or Unix, or a pipe, terminal or device, whose Read and
// Write park the calling task instead of the goroutine. It implements net.Conn, so a protocol
// library of Go's that reads and writes where it is called runs on it unchanged, crypto/tls
// included.
//
// All methods may be called on any goroutine. In a task they park the task, and if the task
// is cancelled meanwhile they return its CancelledError. In a callback of the loop, or a task
// without a stack, an operation that would have to wait returns [loop.ErrNoTask]. On a
// goroutine that the loop does not know, of a library for example, they block that goroutine
// until the loop has done the work; once the loop has ended they return net.ErrClosed. A
// task must not wait for such a goroutine, with a channel for example, because the loop
// stands meanwhile: [loop.Block] is for that.
//
// Several operations in the same direction wait in line, first come, first served, and
// the data of one Write is not mixed with that of another.
//
// A library that holds a sync.Mutex during a Read or Write must not be used by a second
// task that locks the mutex too, which would stop the loop instead of parking. [TLSConn] is
// free of that; other libraries run on goroutines of their own, by [loop.Block].
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
	if !c.d.loop.OnLoop() {
		return foreign(c.d, "read", func() (int, error) { return c.Read(b) })
	}
	n, err := c.d.read(b)
	switch {
	case err == io.EOF, err == nil && n == 0 && len(b) > 0:
		return 0, io.EOF
	case err != nil:
		return n, c.d.fail("read", err)
	}
	return n, nil
}

// WaitRead parks until Read would return without parking. It needs no buffer.
func (c *Conn) WaitRead() error {
	d := c.d
	if !d.loop.OnLoop() {
		_, err := foreign(d, "read", func() (struct{}, error) { return struct{}{}, c.WaitRead() })
		return err
	}
	err := d.begin(&d.rd, "Conn.Read")
	if err == nil {
		err = d.wait(&d.rd, "Conn.Read")
		d.rd.end()
	}
	if err != nil && err != io.EOF { // Read would return that without parking
		return d.fail("read", err)
	}
	return nil
}

// Write writes all of b, and parks while the peer does not keep up.
func (c *Conn) Write(b []byte) (int, error) {
	if !c.d.loop.OnLoop() {
		return foreign(c.d, "write", func() (int, error) { return c.Write(b) })
	}
	n, err := c.d.write(b)
	if err != nil {
		return n, c.d.fail("write", err)
	}
	return n, nil
}

// Close closes the connection; operations under way return net.ErrClosed. On goroutines other
// than the loop's it does not wait for the loop, which closes the socket in its next turn.
// Output that a [Stream] has left to the loop is written first, for 30 seconds at most.
func (c *Conn) Close() error { return c.d.closeAnywhere(c.d.closeFlushed) }

// CloseWrite tells the peer that no more data will come, and leaves the other direction
// open.
func (c *Conn) CloseWrite() error {
	if c.d.keeps() {
		if !c.d.loop.OnLoop() {
			_, err := foreign(c.d, "close", func() (struct{}, error) { return struct{}{}, c.CloseWrite() })
			return err
		}
		if c.d.endLater() {
			return nil
		}
	}
	return c.shutdown(unix.SHUT_WR)
}

// CloseRead ends the reading: once the data that has arrived is read, Read returns io.EOF, a
// Read under way too. A TCP peer is not told, and a write of a Unix peer fails.
func (c *Conn) CloseRead() error { return c.shutdown(unix.SHUT_RD) }

func (c *Conn) shutdown(how int) error {
	return c.d.change("close", func(s Sockets, fd int) error {
		return os.NewSyscallError("shutdown", s.Shutdown(fd, how))
	})
}

// Abort closes the connection at once (transport.abort): data that the peer has not
// received is dropped, and a TCP peer finds the connection reset. It may be called on any
// goroutine, as Close.
func (c *Conn) Abort() error { return c.d.closeAnywhere(c.d.abort) }

// LocalAddr returns the address of this end. Its first call must come before Close; if
// it does not, the address is nil.
func (c *Conn) LocalAddr() net.Addr { return c.d.localAddr() }

// RemoteAddr returns the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.d.peer }

// SetDeadline sets both deadlines. Once the loop is closed there are no deadlines, and
// the error is [loop.ErrClosed].
func (c *Conn) SetDeadline(t time.Time) error { return c.d.setDeadlines(t, true, true) }

// SetReadDeadline makes a Read under way or to come return
// os.ErrDeadlineExceeded at t; the zero time means never.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.d.setDeadlines(t, true, false) }

// SetWriteDeadline is SetReadDeadline for Write.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.d.setDeadlines(t, false, true) }

// ReadBy is SetReadDeadline for a time on the loop's clock; a negative one
// means never.
func (c *Conn) ReadBy(when time.Duration) error { return c.d.setDeadlinesAt(when, true, false) }

// WriteBy is ReadBy for Write.
func (c *Conn) WriteBy(when time.Duration) error { return c.d.setDeadlinesAt(when, false, true) }

// Buffered reports whether the connection has data, EOF or an error waiting, as far
// as the system has reported it. An idle pooled connection for which this is true
// must not be reused.
func (c *Conn) Buffered() bool {
	d := c.d
	if !d.loop.OnLoop() {
		buffered, err := foreign(d, "read", func() (bool, error) { return c.Buffered(), nil })
		return buffered || err != nil
	}
	if d.posted.Load() {
		d.takeMail()
	}
	if d.closed || !d.rd.ready {
		return d.closed
	}
	// If the last read filled its buffer, there may be more data or none: ask the system.
	var b [1]byte
	_, err := d.sockets.Peek(d.fd, b[:])
	d.rd.ready = err != syscall.EAGAIN
	return d.rd.ready
}
