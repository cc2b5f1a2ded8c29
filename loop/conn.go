//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
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
	d             *descriptor
	network       string
	local, remote net.Addr
}

func newConn(l *Loop, fd int, network string, remote net.Addr) (*Conn, error) {
	c := &Conn{d: newDescriptor(l, fd), network: network, remote: remote}
	if err := l.poller.add(c.d); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	c.d.wr.ready = true
	return c, nil
}

// Loop returns the loop of the connection.
func (c *Conn) Loop() *Loop { return c.d.loop }

// Read reads what there is into b, and parks while there is nothing.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.d.read(b)
	switch {
	case err != nil:
		return n, c.fail("read", err)
	case n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// WaitRead parks until Read would not, without a buffer.
func (c *Conn) WaitRead() error {
	if err := c.d.wait(&c.d.rd); err != nil {
		return c.fail("read", err)
	}
	return nil
}

// Write writes all of b, and parks while the peer does not keep up.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.d.write(b)
	if err != nil {
		return n, c.fail("write", err)
	}
	return n, nil
}

// Close closes the connection; a task parked on it gets net.ErrClosed. It may be
// called on any goroutine; on others than the loop's it takes effect in the
// loop's next turn.
func (c *Conn) Close() error {
	l := c.d.loop
	if !l.OnLoop() {
		// If the loop is closed, so are its connections.
		_ = l.CallSoonThreadsafe(func() { _ = c.d.close() })
		return nil
	}
	if err := c.d.close(); err != nil {
		return c.fail("close", err)
	}
	return nil
}

// CloseWrite tells the peer that there is no more to come, and leaves the other
// direction open.
func (c *Conn) CloseWrite() error {
	if c.d.closed {
		return c.fail("close", net.ErrClosed)
	}
	if err := unix.Shutdown(c.d.fd, unix.SHUT_WR); err != nil {
		return c.fail("close", os.NewSyscallError("shutdown", err))
	}
	return nil
}

// LocalAddr returns the address of this end, nil once the connection is closed
// if it was not asked before.
func (c *Conn) LocalAddr() net.Addr {
	if c.local == nil && !c.d.closed {
		if sa, err := syscall.Getsockname(c.d.fd); err == nil {
			c.local = address(c.network, sa)
		}
	}
	return c.local
}

// RemoteAddr returns the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	when := c.onLoop(t)
	return c.setDeadlines(when, &c.d.rd, &c.d.wr)
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
	return c.d.loop.after(time.Until(t))
}

func (c *Conn) setDeadlines(when time.Duration, sides ...*side) error {
	if c.d.closed {
		return c.fail("set", net.ErrClosed)
	}
	for _, s := range sides {
		c.d.setDeadline(s, when)
	}
	return nil
}

// Buffered reports whether the connection has something to read, be it its end,
// as far as the poller has said. A connection that rests unused and has is of no
// more use.
func (c *Conn) Buffered() bool {
	d := c.d
	if d.closed || !d.rd.ready {
		return d.closed
	}
	// A read that filled its buffer has left open whether there is more.
	var b [1]byte
	_, _, err := unix.Recvfrom(d.fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	d.rd.ready = err != unix.EAGAIN
	return d.rd.ready
}

func (c *Conn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: c.network, Source: c.local, Addr: c.remote, Err: err}
}

// address takes a sockaddr of package syscall; package unix would ask the system
// for the protocol with each.
func address(network string, sa syscall.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: append(net.IP(nil), sa.Addr[:]...), Port: sa.Port}
	case *syscall.SockaddrInet6:
		a := &net.TCPAddr{IP: append(net.IP(nil), sa.Addr[:]...), Port: sa.Port}
		if sa.ZoneId != 0 {
			if ifi, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				a.Zone = ifi.Name
			}
		}
		return a
	case *syscall.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: network}
	}
	return nil
}
