//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// A PacketConn sends and receives datagrams, of UDP or of Unix sockets
// (loop.create_datagram_endpoint). It implements net.PacketConn and net.Conn, and has the other
// methods of *net.UDPConn that programs use. Read, Write and RemoteAddr are of use if it is
// connected, as by [DialPacket].
//
// All methods may be called on any goroutine. They park the calling task, or block a goroutine
// that the loop does not know, and several operations in one direction wait in line, as those of
// a [Conn] do. Errors are [net.OpError], and the connection can be used after them: that nobody
// receives at the address of a connected PacketConn, for example, is syscall.ECONNREFUSED from the
// next operation.
//
// An empty datagram is received as such, and is no end of file. If a datagram is longer than the
// buffer it is read into, then the rest of it is lost; [PacketConn.ReadMsgUDP] and
// [PacketConn.ReadBatch] tell.
type PacketConn struct {
	_ noCopy

	d     *descriptor
	inet6 bool // the socket is one of IPv6

	in, out [1]Message // what the system is given for one datagram
	batch   []Message  // and for several that are sent
}

var (
	_ net.PacketConn = (*PacketConn)(nil)
	_ net.Conn       = (*PacketConn)(nil)
)

// Loop returns the loop of the connection.
func (c *PacketConn) Loop() *loop.Loop { return c.d.loop }

// Read receives a datagram into b. If b is empty, it receives none.
func (c *PacketConn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	m, err := c.receive("read", b, nil)
	return m.N, err
}

// ReadFrom receives a datagram into b, and returns its sender: a *net.UDPAddr or *net.UnixAddr, or
// nil for a Unix socket without a name.
func (c *PacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	m, err := c.receive("recvfrom", b, nil)
	return m.N, c.netAddr(m.Endpoint), err
}

// ReadFromUDPAddrPort is ReadFrom for UDP that allocates nothing. An IPv4 address is in its
// IPv4 form on every network.
func (c *PacketConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	m, err := c.receive("recvfrom", b, nil)
	return m.N, m.AddrPort, err
}

// Write sends b to the address that the PacketConn is connected to.
func (c *PacketConn) Write(b []byte) (int, error) {
	if c.d.peer == nil {
		return 0, c.d.fail("write", os.NewSyscallError("write", unix.EDESTADDRREQ))
	}
	return c.send("write", b, nil, Endpoint{})
}

// WriteTo sends b to addr, a *net.UDPAddr or *net.UnixAddr. If the PacketConn is connected, the error
// is net.ErrWriteToConnected.
func (c *PacketConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, err := c.endpoint(addr)
	if err != nil {
		return 0, c.d.failTo("write", addr, err)
	}
	return c.send("sendto", b, nil, to)
}

// WriteToUDPAddrPort is WriteTo for UDP that allocates nothing.
func (c *PacketConn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	to, err := c.own(Endpoint{AddrPort: addr})
	if err != nil {
		return 0, c.d.failTo("write", net.UDPAddrFromAddrPort(addr), err)
	}
	return c.send("sendto", b, nil, to)
}

// Close closes the socket, and removes the file of a Unix one; operations under way return
// net.ErrClosed. On goroutines other than the loop's it does not wait for the loop, which closes
// the socket in its next turn.
func (c *PacketConn) Close() error { return c.d.closeAnywhere(c.d.Close) }

// LocalAddr returns the address at which the connection receives.
func (c *PacketConn) LocalAddr() net.Addr { return c.d.localAddr() }

// RemoteAddr returns the address of the other end; nil if the PacketConn is not connected.
func (c *PacketConn) RemoteAddr() net.Addr { return c.d.peer }

// SetDeadline sets both deadlines, as [Conn.SetDeadline] does.
func (c *PacketConn) SetDeadline(t time.Time) error { return c.d.setDeadlines(t, true, true) }

// SetReadDeadline is [Conn.SetReadDeadline].
func (c *PacketConn) SetReadDeadline(t time.Time) error { return c.d.setDeadlines(t, true, false) }

// SetWriteDeadline is [Conn.SetWriteDeadline].
func (c *PacketConn) SetWriteDeadline(t time.Time) error { return c.d.setDeadlines(t, false, true) }

// ReadBy is [Conn.ReadBy].
func (c *PacketConn) ReadBy(when time.Duration) error { return c.d.setDeadlinesAt(when, true, false) }

// WriteBy is [Conn.WriteBy].
func (c *PacketConn) WriteBy(when time.Duration) error { return c.d.setDeadlinesAt(when, false, true) }

// SetReadBuffer sets the size of the system's buffer for datagrams that have arrived.
func (c *PacketConn) SetReadBuffer(bytes int) error {
	return c.d.set(func(s Sockets, fd int) error { return setInt(s, fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes) })
}

// SetWriteBuffer sets the size of the system's buffer for datagrams to be sent.
func (c *PacketConn) SetWriteBuffer(bytes int) error {
	return c.d.set(func(s Sockets, fd int) error { return setInt(s, fd, unix.SOL_SOCKET, unix.SO_SNDBUF, bytes) })
}

// SyscallConn returns the socket itself, as [Conn.SyscallConn] does. With it, package
// golang.org/x/net/ipv4 or ipv6 joins multicast groups, for example.
func (c *PacketConn) SyscallConn() (syscall.RawConn, error) {
	if err := c.d.control(); err != nil {
		return nil, err
	}
	return rawConn{rawControl{c.d}}, nil
}

// receive receives one datagram. name is that of the system call in errors.
func (c *PacketConn) receive(name string, b, oob []byte) (m Message, err error) {
	d := c.d
	if !d.loop.OnLoop() {
		return foreign(d, "read", func() (Message, error) { return c.receive(name, b, oob) })
	}
	err = c.repeat(&d.rd, "PacketConn.Read", name, func() error {
		c.in[0] = Message{Buffer: b, OOB: oob}
		_, err := d.sockets.RecvMsgs(d.fd, c.in[:])
		m, c.in[0] = c.in[0], Message{}
		return err
	})
	if err != nil {
		return Message{}, d.fail("read", err)
	}
	d.moved(&d.rd, m.N)
	m.Endpoint = plain(m.Endpoint)
	return m, nil
}

// send sends one datagram to what endpoint or own has returned.
func (c *PacketConn) send(name string, b, oob []byte, to Endpoint) (n int, err error) {
	d := c.d
	if !d.loop.OnLoop() {
		return foreign(d, "write", func() (int, error) { return c.send(name, b, oob, to) })
	}
	err = c.repeat(&d.wr, "PacketConn.Write", name, func() error {
		c.out[0] = Message{Buffer: b, OOB: oob, Endpoint: to}
		_, err := d.sockets.SendMsgs(d.fd, c.out[:])
		n, c.out[0] = c.out[0].N, Message{}
		return err
	})
	if err != nil {
		return 0, d.failTo("write", c.netAddr(plain(to)), err)
	}
	d.moved(&d.wr, n)
	return n, nil
}

// repeat makes a system call on a side when that is ready, until the call need not wait.
func (c *PacketConn) repeat(s *side, kind, name string, call func() error) error {
	d := c.d
	err := d.begin(s, kind)
	if err != nil {
		return err
	}
	for pause := firstPause; ; {
		if err = d.wait(s, kind); err != nil {
			break
		}
		if err = call(); err == unix.EINTR {
			continue
		}
		if err != unix.EAGAIN {
			err = os.NewSyscallError(name, err)
			break
		}
		s.ready = false
		if s == &d.wr && d.network == "unixgram" && d.peer == nil {
			if err = d.holdOff(s, kind, pause); err != nil {
				break
			}
			pause = min(2*pause, lastPause)
		}
	}
	s.end()
	return err
}

// How long a datagram waits whose receiver's buffer was full, at first and at most.
const (
	firstPause = time.Millisecond
	lastPause  = 16 * time.Millisecond
)

// holdOff parks for a while, whatever the system says of the side. A Unix socket that is not
// connected is reported writable at once each time that a receiver's buffer was full, and not when
// that has room again.
func (d *descriptor) holdOff(s *side, kind string, pause time.Duration) error {
	due := after(d.loop, pause)
	timer := d.loop.CallAt(due, s.wake)
	defer timer.Cancel()
	for d.loop.Time() < due {
		s.ready = false
		if err := d.wait(s, kind); err != nil {
			return err
		}
	}
	return nil
}

// failTo is fail for an operation with an address of its own.
func (d *descriptor) failTo(op string, addr net.Addr, err error) error {
	e := d.fail(op, err).(*net.OpError)
	if addr != nil {
		e.Addr = addr
	}
	return e
}

// netAddr returns e as an address of package net; nil if it is zero.
func (c *PacketConn) netAddr(e Endpoint) net.Addr {
	switch {
	case e.AddrPort.IsValid():
		return net.UDPAddrFromAddrPort(e.AddrPort)
	case e.Path != "":
		return &net.UnixAddr{Name: e.Path, Net: c.d.network}
	}
	return nil
}

// endpoint is own for an address of package net.
func (c *PacketConn) endpoint(addr net.Addr) (Endpoint, error) {
	switch a := addr.(type) {
	case nil:
		return c.own(Endpoint{})
	case *net.UDPAddr:
		if a == nil {
			return c.own(Endpoint{})
		}
		to := a.AddrPort()
		if len(a.IP) == 0 { // this machine, as with package net
			to = netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(a.Port))
		}
		return c.own(Endpoint{AddrPort: to})
	case *net.UnixAddr:
		if a == nil {
			return c.own(Endpoint{})
		}
		return c.own(Endpoint{Path: a.Name})
	}
	return Endpoint{}, &net.AddrError{Err: "unexpected address type", Addr: addr.String()}
}

// own returns e in the form that the socket sends to, or the reason why it cannot.
func (c *PacketConn) own(e Endpoint) (Endpoint, error) {
	ip := e.AddrPort.Addr()
	switch is4 := ip.Is4() || ip.Is4In6(); {
	case c.d.peer != nil:
		if e != (Endpoint{}) {
			return e, net.ErrWriteToConnected
		}
	case c.d.network == "unixgram" && e.AddrPort != (netip.AddrPort{}), c.d.network != "unixgram" && e.Path != "":
		return e, &net.AddrError{Err: "unexpected address type", Addr: c.netAddr(e).String()}
	case e.Path != "":
	case !e.AddrPort.IsValid():
		return e, &net.AddrError{Err: "missing address"}
	case !c.inet6 && !is4:
		return e, &net.AddrError{Err: "non-IPv4 address", Addr: ip.String()}
	case !c.inet6:
		e.AddrPort = netip.AddrPortFrom(ip.Unmap(), e.AddrPort.Port())
	case ip.Unmap() == netip.IPv4Unspecified():
		e.AddrPort = netip.AddrPortFrom(netip.IPv6Unspecified(), e.AddrPort.Port())
	case is4:
		e.AddrPort = netip.AddrPortFrom(netip.AddrFrom16(ip.As16()), e.AddrPort.Port())
	}
	return e, nil
}

// plain returns e with an IPv4 address in its IPv4 form.
func plain(e Endpoint) Endpoint {
	if ip := e.AddrPort.Addr(); ip.Is4In6() {
		e.AddrPort = netip.AddrPortFrom(ip.Unmap(), e.AddrPort.Port())
	}
	return e
}
