//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"cmp"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// A PacketConn sends and receives datagrams, of UDP or of Unix sockets
// (loop.create_datagram_endpoint). It implements net.PacketConn, and net.Conn if it is connected.
// Its methods park the calling task; on other goroutines they block only those, as the methods of
// a [Conn] do, and several operations in one direction wait in line.
type PacketConn struct {
	_ noCopy

	d     *descriptor
	inet6 bool // the socket is one of IPv6
}

var (
	_ net.PacketConn = (*PacketConn)(nil)
	_ net.Conn       = (*PacketConn)(nil)
)

// A Message is a datagram of [PacketConn.ReadBatch] and [PacketConn.WriteBatch].
type Message struct {
	Buffer   []byte // to send all of; to receive into
	N        int    // how many bytes were received
	Endpoint        // where it comes from or goes to; the zero Endpoint on a connected PacketConn

	// Truncated says that the datagram received was longer than Buffer, where the system
	// tells.
	Truncated bool
}

// ListenPacket returns a PacketConn that receives at address, of network "udp", "udp4", "udp6" or
// "unixgram", and sends to any. Names of hosts and ports are resolved as [Listen] does; an empty
// host means every address of the machine.
func ListenPacket(y *loop.Yielder, network, address string) (*PacketConn, error) {
	r, addrs, err := resolvePacket(y, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	return r.packet("listen", network, addrs, func(s Sockets, d *descriptor, sa syscall.Sockaddr, family int) error {
		if family == unix.AF_UNIX {
			d.file, err = bindUnix(s, d.fd, unix.SOCK_DGRAM, sa)
			return os.NewSyscallError("bind", err)
		}
		return os.NewSyscallError("bind", s.Bind(d.fd, sa))
	})
}

// DialPacket returns a PacketConn that is connected to address: Read and Write are for datagrams
// of that address only, and report that nobody receives there, as syscall.ECONNREFUSED.
func DialPacket(y *loop.Yielder, network, address string) (*PacketConn, error) {
	r, addrs, err := resolvePacket(y, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return r.packet("dial", network, addrs, func(s Sockets, d *descriptor, sa syscall.Sockaddr, family int) error {
		if err := s.Connect(d.fd, sa); err != nil {
			return os.NewSyscallError("connect", err)
		}
		d.peer = packetAddress(d.network, sa)
		return nil
	})
}

// resolvePacket is resolve for datagrams.
func resolvePacket(y *loop.Yielder, network, address string) (r resolved, addrs []net.Addr, err error) {
	if network == "unixgram" {
		r, _, err = resolve(y, "unix", address)
		return r, []net.Addr{&net.UnixAddr{Name: address, Net: network}}, err
	}
	version, ok := strings.CutPrefix(network, "udp")
	if !ok || version != "" && version != "4" && version != "6" {
		return r, nil, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return r, nil, err
	}
	if _, err := strconv.ParseUint(service, 10, 16); err != nil {
		if r, err = place(y); err != nil {
			return r, nil, err
		}
		port, err := r.lookupPort(y, network, service)
		if err != nil {
			return r, nil, err
		}
		service = strconv.Itoa(int(port))
	}
	r, addrs, err = resolve(y, "tcp"+version, net.JoinHostPort(host, service))
	for i, a := range addrs {
		addrs[i] = (*net.UDPAddr)(a.(*net.TCPAddr))
	}
	return r, addrs, err
}

// packet makes a socket for the first of the addresses for which attach succeeds.
func (r resolved) packet(op, network string, addrs []net.Addr,
	attach func(s Sockets, d *descriptor, sa syscall.Sockaddr, family int) error) (c *PacketConn, err error) {
	for _, a := range addrs {
		if c, err = r.packetAt(network, a, attach); err == nil {
			return c, nil
		}
		err = &net.OpError{Op: op, Net: network, Addr: a, Err: err}
	}
	return nil, err
}

func (r resolved) packetAt(network string, a net.Addr,
	attach func(s Sockets, d *descriptor, sa syscall.Sockaddr, family int) error) (*PacketConn, error) {
	var stream net.Addr = a
	if u, ok := a.(*net.UDPAddr); ok {
		stream = (*net.TCPAddr)(u)
	}
	sa, family, err := sockaddr(stream)
	if err != nil {
		return nil, err
	}
	s := r.sockets
	fd, err := s.Socket(family, unix.SOCK_DGRAM)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	d := newDescriptor(r.loop, s, fd, network)
	d.wr.ready = true
	if err = packetOptions(s, fd, network, family, a); err == nil {
		err = attach(s, d, sa, family)
	}
	if err == nil {
		err = r.loop.Watch(fd, d)
	}
	if err != nil {
		d.file.remove()
		_ = s.Close(fd)
		return nil, err
	}
	return &PacketConn{d: d, inet6: family == unix.AF_INET6}, nil
}

// packetOptions sets what package net sets.
func packetOptions(s Sockets, fd int, network string, family int, a net.Addr) error {
	if family == unix.AF_UNIX {
		return nil
	}
	if err := s.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if family == unix.AF_INET6 {
		only6 := 0
		if network == "udp6" || !a.(*net.UDPAddr).IP.IsUnspecified() {
			only6 = 1
		}
		return os.NewSyscallError("setsockopt", s.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only6))
	}
	return nil
}

// packetAddress is address for datagrams.
func packetAddress(network string, sa syscall.Sockaddr) net.Addr {
	if a, ok := address(network, sa).(*net.TCPAddr); ok {
		return (*net.UDPAddr)(a)
	}
	return address(network, sa)
}

// Loop returns the loop of the connection.
func (c *PacketConn) Loop() *loop.Loop { return c.d.loop }

// ReadFrom receives a datagram into b, and returns where it comes from: a *net.UDPAddr or a
// *net.UnixAddr, which is nil for a Unix socket without a name. What does not fit into b is lost.
func (c *PacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.receive(b)
	return n, c.netAddr(from), err
}

// ReadFromUDPAddrPort is ReadFrom for UDP, without an allocation.
func (c *PacketConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, from, err := c.receive(b)
	return n, from.AddrPort, err
}

// Read receives a datagram into b. An empty one is no end of file.
func (c *PacketConn) Read(b []byte) (int, error) {
	n, _, err := c.receive(b)
	return n, err
}

// WriteTo sends b to addr, a *net.UDPAddr or *net.UnixAddr.
func (c *PacketConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	switch a := addr.(type) {
	case *net.UDPAddr:
		if a != nil {
			return c.send(b, Endpoint{AddrPort: a.AddrPort()}, a)
		}
	case *net.UnixAddr:
		if a != nil && a.Name != "" {
			return c.send(b, Endpoint{Path: a.Name}, a)
		}
	}
	return 0, c.d.failTo("write", addr, &net.AddrError{Err: "unexpected address", Addr: text(addr)})
}

// WriteToUDPAddrPort is WriteTo for UDP, without an allocation.
func (c *PacketConn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	if !addr.IsValid() {
		return 0, c.d.failTo("write", nil, &net.AddrError{Err: "unexpected address", Addr: addr.String()})
	}
	return c.send(b, Endpoint{AddrPort: addr}, nil)
}

// Write sends b to the address that the PacketConn is connected to.
func (c *PacketConn) Write(b []byte) (int, error) {
	if c.d.peer == nil {
		return 0, c.d.fail("write", os.NewSyscallError("write", unix.EDESTADDRREQ))
	}
	return c.send(b, Endpoint{}, nil)
}

func text(addr net.Addr) string {
	if addr == nil {
		return "<nil>"
	}
	return addr.String()
}

// failTo is fail for an operation with an address of its own.
func (d *descriptor) failTo(op string, addr net.Addr, err error) error {
	e := d.fail(op, err).(*net.OpError)
	if addr != nil {
		e.Addr = addr
	}
	return e
}

func (c *PacketConn) netAddr(e Endpoint) net.Addr {
	switch {
	case e.AddrPort.IsValid():
		return net.UDPAddrFromAddrPort(e.AddrPort)
	case e.Path != "":
		return &net.UnixAddr{Name: e.Path, Net: c.d.network}
	}
	return nil
}

// own returns e in the form that the socket has it in.
func (c *PacketConn) own(e Endpoint) Endpoint {
	if ip := e.AddrPort.Addr(); c.inet6 && ip.Is4() {
		e.AddrPort = netip.AddrPortFrom(netip.AddrFrom16(ip.As16()), e.AddrPort.Port())
	} else if !c.inet6 && ip.Is4In6() {
		e.AddrPort = netip.AddrPortFrom(ip.Unmap(), e.AddrPort.Port())
	}
	return e
}

// plain is the reverse of own.
func plain(e Endpoint) Endpoint {
	if ip := e.AddrPort.Addr(); ip.Is4In6() {
		e.AddrPort = netip.AddrPortFrom(ip.Unmap(), e.AddrPort.Port())
	}
	return e
}

// receive receives one datagram.
func (c *PacketConn) receive(b []byte) (n int, from Endpoint, err error) {
	d := c.d
	if !d.loop.OnLoop() {
		type result struct {
			n    int
			from Endpoint
		}
		r, err := foreign(d, "read", func() (result, error) {
			n, from, err := c.receive(b)
			return result{n, from}, err
		})
		return r.n, r.from, err
	}
	err = d.repeat(&d.rd, "PacketConn.Read", "recvfrom", func() (err error) {
		n, from, err = d.sockets.RecvFrom(d.fd, b)
		return err
	})
	if err != nil {
		return 0, Endpoint{}, d.fail("read", err)
	}
	return n, plain(from), nil
}

// send sends one datagram; addr is for the error, nil if it is not at hand.
func (c *PacketConn) send(b []byte, to Endpoint, addr net.Addr) (int, error) {
	d := c.d
	if !d.loop.OnLoop() {
		return foreign(d, "write", func() (int, error) { return c.send(b, to, addr) })
	}
	if d.peer != nil && to != (Endpoint{}) {
		return 0, d.failTo("write", addr, net.ErrWriteToConnected)
	}
	err := d.repeat(&d.wr, "PacketConn.Write", "sendto", func() error {
		return d.sockets.SendTo(d.fd, b, c.own(to))
	})
	if err != nil {
		return 0, d.failTo("write", cmp.Or(addr, c.netAddr(to)), err)
	}
	return len(b), nil
}

// repeat makes a system call on a side when that is ready, until the call need not wait.
func (d *descriptor) repeat(s *side, kind, name string, call func() error) error {
	err := d.begin(s, kind)
	if err != nil {
		return err
	}
	for {
		if err = d.wait(s, kind); err != nil {
			break
		}
		if err = call(); err == unix.EINTR {
			continue
		}
		if err == unix.EAGAIN {
			s.ready = false
			continue
		}
		err = os.NewSyscallError(name, err)
		break
	}
	s.end()
	return err
}

// ReadBatch receives datagrams into ms, waits until there is at least one, and returns how many
// there were. Where the system has it, that is one system call (recvmmsg).
func (c *PacketConn) ReadBatch(ms []Message) (n int, err error) {
	d := c.d
	if len(ms) == 0 {
		return 0, nil
	}
	if !d.loop.OnLoop() {
		return foreign(d, "read", func() (int, error) { return c.ReadBatch(ms) })
	}
	err = d.repeat(&d.rd, "PacketConn.Read", "recvmmsg", func() (err error) {
		if b, ok := d.sockets.(BatchSockets); ok {
			n, err = b.RecvBatch(d.fd, ms)
			return err
		}
		m := &ms[0]
		m.Truncated = false
		m.N, m.Endpoint, err = d.sockets.RecvFrom(d.fd, m.Buffer)
		n = 1
		return err
	})
	if err != nil {
		return 0, d.fail("read", err)
	}
	for i := range n {
		ms[i].Endpoint = plain(ms[i].Endpoint)
	}
	d.rd.used += int32(n)
	return n, nil
}

// WriteBatch sends all of ms, with as few system calls as it takes (sendmmsg), and returns how
// many were sent before an error.
func (c *PacketConn) WriteBatch(ms []Message) (n int, err error) {
	d := c.d
	if !d.loop.OnLoop() {
		return foreign(d, "write", func() (int, error) { return c.WriteBatch(ms) })
	}
	for i := range ms {
		if d.peer != nil && ms[i].Endpoint != (Endpoint{}) {
			return 0, d.failTo("write", c.netAddr(ms[i].Endpoint), net.ErrWriteToConnected)
		}
		ms[i].Endpoint = c.own(ms[i].Endpoint)
	}
	for n < len(ms) {
		sent := 1
		err := d.repeat(&d.wr, "PacketConn.Write", "sendmmsg", func() (err error) {
			if b, ok := d.sockets.(BatchSockets); ok {
				sent, err = b.SendBatch(d.fd, ms[n:])
				return err
			}
			return d.sockets.SendTo(d.fd, ms[n].Buffer, ms[n].Endpoint)
		})
		if err != nil {
			return n, d.failTo("write", c.netAddr(ms[n].Endpoint), err)
		}
		n += sent
		d.wr.used += int32(sent)
	}
	return n, nil
}

// Close closes the socket, and removes the file of a Unix one; operations under way return
// net.ErrClosed. On goroutines other than the loop's it does not wait for the loop, which closes
// the socket in its next turn.
func (c *PacketConn) Close() error { return c.d.closeAnywhere() }

// LocalAddr returns the address at which the connection receives; nil if it was not asked for
// before Close.
func (c *PacketConn) LocalAddr() net.Addr {
	if a, ok := c.d.localAddr().(*net.TCPAddr); ok {
		return (*net.UDPAddr)(a)
	}
	return c.d.localAddr()
}

// RemoteAddr returns the address of the other end, nil if the PacketConn is not connected.
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

// SyscallConn returns the socket itself, as [Conn.SyscallConn] does.
func (c *PacketConn) SyscallConn() (syscall.RawConn, error) {
	if err := c.d.control(); err != nil {
		return nil, err
	}
	return rawConn{rawControl{c.d}}, nil
}
