//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"coloop/loop"
)

// handshakeTimeout is asyncio's ssl_handshake_timeout.
const handshakeTimeout = 60 * time.Second

// tlsPiece is how much a TLSConn encrypts before it waits for the socket: one record. With 64 KB the
// data is out of the processor's cache by the time it is read on a loopback connection.
const tlsPiece = 16 << 10

// A TLSConn is a TLS connection whose methods park the calling task. It implements net.Conn,
// and its methods may be called on any goroutine, as those of [Conn].
//
// It is crypto/tls over a connection whose writes never park. A tls.Conn straight on a [Conn]
// holds its locks while a task is parked, and a second task that wants one stops the loop: a peer
// that reads nothing and sends rubbish brings that about, because the reader wants to send
// an alert. Here tasks wait before they enter crypto/tls or after they have left it.
//
// A Write returns when the system has taken all of it. If it is cut short, by a deadline or a
// cancellation, what it has counted is sent all the same, and the connection remains usable.
type TLSConn struct {
	_ noCopy

	tls     *tls.Conn
	below   transport
	in      tlsInput
	timeout time.Duration // of the handshake; 0 means the default
	writing bool          // crypto/tls writes what the program has written, not a reply to its peer

	shaking, reads, writes turnstile

	shaken bool // the handshake is over
	failed error
	state  atomic.Pointer[tls.ConnectionState] // after the handshake
}

// errRenegotiation: a renegotiation is a handshake within a Read, with locks held.
var errRenegotiation = errors.New("start TLS: renegotiation is not supported")

func newTLSConn(below transport, early []byte, config *tls.Config, server bool) (*TLSConn, error) {
	if config != nil && config.Renegotiation != tls.RenegotiateNever {
		return nil, errRenegotiation
	}
	below.base().outgoing()
	c := &TLSConn{below: below, in: tlsInput{early: early}}
	if server {
		c.tls = tls.Server(wire{below, c}, config)
	} else {
		c.tls = tls.Client(wire{below, c}, config)
	}
	return c, nil
}

// StartTLS makes a TLS connection of c, a [Conn], [Stream] or TLSConn, and shakes hands
// (loop.start_tls), as the server's side or the client's. A Stream stays usable, over TLS. A client's
// config has to have a ServerName, or InsecureSkipVerify. The handshake takes until the read deadline
// of c at most ([Conn.ReadBy]), which stays, or 60 seconds if there is none. If it fails, c is
// closed. A config that allows renegotiation is an error.
func StartTLS(y *loop.Yielder, c net.Conn, config *tls.Config, server bool) (*TLSConn, error) {
	s, isStream := c.(*Stream)
	below, ours := c.(transport)
	var early []byte
	if isStream {
		if s.reads.busy {
			return nil, s.fail("start TLS", errors.New("a task is reading"))
		}
		below, ours = s.own, s.own != nil
		early = s.take(s.unread())
	}
	if !ours {
		return nil, fmt.Errorf("start TLS: %w: a %T is no connection of this package", errors.ErrUnsupported, c)
	}
	t, err := newTLSConn(below, early, config, server)
	if err != nil {
		return nil, err
	}
	switch l := loop.Running(y); {
	case l == nil:
		err = loop.ErrNoTask
	case !y.Here():
		err = loop.ErrWrongGoroutine
	case l != below.base().loop:
		err = loop.ErrForeignLoop
	}
	if err != nil {
		return nil, t.below.base().fail("start TLS", err)
	}
	if err := t.Handshake(); err != nil {
		_ = t.Close()
		return nil, err
	}
	if isStream {
		s.over(t)
	}
	return t, nil
}

// wire is the connection that crypto/tls uses. Its writes never park, and its reads do so during
// the handshake only.
type wire struct {
	net.Conn
	c *TLSConn
}

func (w wire) Read(b []byte) (n int, err error) {
	c, in := w.c, &w.c.in
	in.settled, in.whole, in.taken = true, 0, 0
	switch {
	case len(in.early) > 0:
		n = copy(b, in.early)
		if in.early = in.early[n:]; len(in.early) == 0 {
			in.early = nil
		}
	case c.shaken:
		n, err = c.below.readNow(b)
	default:
		n, err = receive(c.below, b, "TLSConn.Handshake")
	}
	in.came(b[:n])
	return n, err
}

func (w wire) Write(b []byte) (int, error) {
	if err := w.c.below.push(b, !w.c.writing); err != nil {
		return 0, w.c.base().wrap("write", err)
	}
	return len(b), nil
}

func (w wire) Close() error { return w.c.below.finish() }

// The deadlines that crypto/tls sets of its own are for writes that wait.

func (wire) SetDeadline(time.Time) error      { return nil }
func (wire) SetReadDeadline(time.Time) error  { return nil }
func (wire) SetWriteDeadline(time.Time) error { return nil }

func (c *TLSConn) base() *descriptor { return c.below.base() }

// Handshake shakes hands, unless that has been done. Other methods do so by themselves, so that
// it is needed only to learn the outcome. It takes until the read deadline at most, or 60 seconds
// if there is none. An error is final.
func (c *TLSConn) Handshake() error {
	if d := c.base(); !d.loop.OnLoop() {
		_, err := foreign(d, "handshake", func() (struct{}, error) { return struct{}{}, c.shake() })
		return err
	}
	return c.shake()
}

func (c *TLSConn) shake() error {
	if c.shaken {
		return c.failed
	}
	d := c.base()
	if err := c.shaking.enter(d.loop, "TLSConn.Handshake", d); err != nil {
		return d.fail("handshake", err)
	}
	defer c.shaking.leave()
	if c.shaken {
		return c.failed
	}
	y, err := d.loop.Current()
	if err != nil {
		return d.fail("handshake", err)
	}
	timeout := cmp.Or(c.timeout, handshakeTimeout)
	if c.timeout == 0 && d.rd.deadline != forever {
		timeout = loop.NoTimeout
	}
	limit := loop.NewTimeout(y, timeout)
	err = limit.Run(y, c.tls.Handshake)
	c.shaken, c.failed = true, err
	switch {
	case err == nil:
		state := c.tls.ConnectionState()
		c.state.Store(&state)
		if state.Version == tls.VersionTLS13 {
			c.in.overhead = 17 // the tag, and a byte for the kind
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.failed = d.fail("handshake", errTimeout)
	case loop.IsCancelled(err):
		// Other tasks were not cancelled.
		c.failed = d.fail("handshake", fmt.Errorf("it was given up: %v", err))
		return err
	}
	return c.failed
}

// ConnectionState returns what the handshake has agreed on. Before the end of the handshake it is
// the zero ConnectionState.
func (c *TLSConn) ConnectionState() tls.ConnectionState {
	if s := c.state.Load(); s != nil {
		return *s
	}
	return tls.ConnectionState{}
}

// Write writes all of b, and parks while the peer does not keep up.
func (c *TLSConn) Write(b []byte) (int, error) {
	if d := c.base(); !d.loop.OnLoop() {
		return foreign(d, "write", func() (int, error) { return c.write(b) })
	}
	return c.write(b)
}

func (c *TLSConn) write(b []byte) (n int, err error) {
	if err := c.shake(); err != nil {
		return 0, err
	}
	d := c.base()
	if err := c.writes.enter(d.loop, "TLSConn.Write", d); err != nil {
		return 0, d.fail("write", err)
	}
	defer c.writes.leave()
	for o := d.outgoing(); ; {
		if err := d.flushed("TLSConn.Write"); err != nil {
			return n, d.wrap("write", err)
		}
		m, err := c.encrypt(b[:min(len(b), tlsPiece)])
		n, b = n+m, b[m:]
		if err != nil || len(b) == 0 && o.pending() == 0 {
			return n, err
		}
	}
}

// TryWrite is [Conn.TryWrite]: Write that never parks. What it counts is sent, also if not all of that
// has been taken by the system. Before the handshake is over the error is syscall.EAGAIN.
func (c *TLSConn) TryWrite(b []byte) (int, error) {
	d, n := c.base(), 0
	switch {
	case c.failed != nil:
		return 0, c.failed
	case !c.shaken || c.writes.busy:
		return 0, syscall.EAGAIN
	}
	for n < len(b) {
		if err := d.usable(&d.wr); err != nil {
			if n > 0 {
				break
			}
			return 0, d.failed("write", err)
		}
		m, err := c.encrypt(b[n:min(len(b), n+tlsPiece)])
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

func (c *TLSConn) encrypt(b []byte) (int, error) {
	c.writing = true
	defer func() { c.writing = false }()
	return c.tls.Write(b)
}

// push is Write for a [Stream].
func (c *TLSConn) push(b []byte, reply bool) error {
	if !c.shaken || c.failed != nil {
		return cmp.Or(c.failed, errors.New("the handshake has not been made"))
	}
	c.writing = !reply
	defer func() { c.writing = false }()
	_, err := c.tls.Write(b)
	return err
}

// CloseWrite tells the peer that no more data will come, and leaves the other direction open.
func (c *TLSConn) CloseWrite() error {
	if d := c.base(); !d.loop.OnLoop() {
		_, err := foreign(d, "close", func() (struct{}, error) { return struct{}{}, c.closeWrite() })
		return err
	}
	return c.closeWrite()
}

func (c *TLSConn) closeWrite() error {
	if err := c.shake(); err != nil {
		return err
	}
	d := c.base()
	if err := c.writes.enter(d.loop, "TLSConn.CloseWrite", d); err != nil {
		return d.fail("close", err)
	}
	defer c.writes.leave()
	if err := d.open(); err != nil {
		return d.fail("close", err)
	}
	return c.tls.CloseWrite()
}

// Abort is [Conn.Abort]: the peer is told nothing, and what is kept is dropped.
func (c *TLSConn) Abort() error {
	d := c.base()
	return d.closeAnywhere(d.abort)
}

// Close tells the peer that no more data will come, and closes the connection, as that of [Conn]
// does. It does not park. During a Write or a handshake the peer is not told, so that it
// takes what it has got for the part that it is.
func (c *TLSConn) Close() error { return c.base().closeAnywhere(c.finish) }

func (c *TLSConn) finish() error {
	if c.base().closed {
		return net.ErrClosed
	}
	if c.writes.busy {
		return c.below.finish()
	}
	o := c.base().outgoing()
	before := o.err
	err := c.tls.Close()
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		err, o.err = nil, before // the peer, who cannot be told, has closed it, too
	}
	return err
}

// NetConn returns the connection below, a [Conn] or another TLSConn. To use it corrupts the TLS
// connection.
func (c *TLSConn) NetConn() net.Conn { return c.below }

// LocalAddr returns the address of this end.
func (c *TLSConn) LocalAddr() net.Addr { return c.below.LocalAddr() }

// RemoteAddr returns the address of the other end.
func (c *TLSConn) RemoteAddr() net.Addr { return c.below.RemoteAddr() }

// SetDeadline sets both deadlines.
func (c *TLSConn) SetDeadline(t time.Time) error { return c.below.SetDeadline(t) }

// SetReadDeadline makes a Read under way or to come return os.ErrDeadlineExceeded at t; the zero
// time means never.
func (c *TLSConn) SetReadDeadline(t time.Time) error { return c.below.SetReadDeadline(t) }

// SetWriteDeadline is SetReadDeadline for Write. Unlike crypto/tls, the connection remains usable.
func (c *TLSConn) SetWriteDeadline(t time.Time) error { return c.below.SetWriteDeadline(t) }

// ReadBy is SetReadDeadline for a time on the loop's clock; a negative one means never.
func (c *TLSConn) ReadBy(when time.Duration) error {
	return c.base().setDeadlinesAt(when, true, false)
}

// WriteBy is ReadBy for Write.
func (c *TLSConn) WriteBy(when time.Duration) error {
	return c.base().setDeadlinesAt(when, false, true)
}
