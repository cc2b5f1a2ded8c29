//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"os"
	"syscall"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// attempt is a connection that is being made.
type attempt struct {
	c    *Conn
	made bool
}

// connect begins to connect to an address; made reports whether the connection is there.
func (r *race) connect(a net.Addr) (c *Conn, made bool, err error) {
	s := r.sockets
	sa, family, err := sockaddr(a)
	if err != nil {
		return nil, false, err
	}
	fd, err := s.Socket(family, unix.SOCK_STREAM)
	if err != nil {
		return nil, false, os.NewSyscallError("socket", err)
	}
	ours := true
	defer func() {
		if ours { // there is an error, or Control has not returned
			_ = s.Close(fd)
		}
	}()
	if err := r.prepare(fd, family, a); err != nil {
		return nil, false, err
	}
	switch err := s.Connect(fd, sa); err {
	case nil:
		made = true
		if itself(s, fd, a) {
			return nil, false, os.NewSyscallError("connect", unix.ECONNREFUSED)
		}
	case unix.EINPROGRESS, unix.EINTR:
	default:
		return nil, false, os.NewSyscallError("connect", err)
	}
	ours = false
	c, err = newConn(r.loop, s, fd, r.network, a) // closes fd if it fails
	return c, made, err
}

// prepare sets the options of a socket and binds it.
func (r *race) prepare(fd, family int, a net.Addr) error {
	d := r.dialer
	network := "unix"
	if family != unix.AF_UNIX {
		if network = "tcp6"; family == unix.AF_INET {
			network = "tcp4"
		}
		if err := r.sockets.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
		if config := keepAliveConfig(d.KeepAlive, d.KeepAliveConfig); config.Enable {
			_ = setKeepAlive(r.sockets, fd, config) // the connection is of use without it
		}
	}
	if d.Control != nil {
		// The socket is not watched yet: it can be controlled, but nobody can wait for it.
		raw := rawControl{newDescriptor(r.loop, r.sockets, fd, r.network)}
		if err := d.Control(network, a.String(), raw); err != nil {
			return err
		}
	}
	if d.LocalAddr == nil {
		return nil
	}
	sa, err := localSockaddr(d.LocalAddr, family)
	if err != nil {
		return err
	}
	return os.NewSyscallError("bind", r.sockets.Bind(fd, sa))
}

// localSockaddr is sockaddr for the address of this end of a connection of a family.
func localSockaddr(a net.Addr, family int) (syscall.Sockaddr, error) {
	ip, port := net.IPv6unspecified, 0
	if family == unix.AF_INET {
		ip = net.IPv4zero
	}
	switch local := a.(type) {
	case *net.TCPAddr:
		port = local.Port
	case *net.UDPAddr:
		port = local.Port
	}
	if own, ok := ipOf(a); ok && unspecified(own) {
		a = &net.TCPAddr{IP: ip, Port: port}
	}
	sa, _, err := sockaddr(a)
	return sa, err
}

// dials begins the wait for the connection, of a task that is woken in lot. To all others it is a
// write that is under way.
func (d *descriptor) dials(lot *loop.ParkingLot) {
	d.wr.lot, d.wr.busy, d.wr.ready = lot, true, false
}

// connected reports whether the connection is made, or why it never will be.
func (d *descriptor) connected() (made bool, err error) {
	switch {
	case d.closed:
		return false, net.ErrClosed
	case !d.wr.ready:
		return false, nil
	}
	d.wr.ready = false
	if _, err := d.sockets.Getpeername(d.fd); err != nil {
		code, err := d.sockets.GetsockoptInt(d.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return false, os.NewSyscallError("getsockopt", err)
		}
		switch err := unix.Errno(code); err {
		case 0, unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
			return false, nil // the event belonged to an older socket of that number
		default:
			return false, os.NewSyscallError("connect", err)
		}
	}
	if itself(d.sockets, d.fd, d.peer) {
		return false, os.NewSyscallError("connect", unix.ECONNREFUSED)
	}
	d.wr.ready = true
	return true, nil
}

// privileged is the first port that the system may give to a socket by itself.
const privileged = 1024

// itself reports whether a socket that is connected to a is connected to itself. If nobody
// listens at a port, the system may give that port to the very socket that wants to
// connect there.
func itself(s Sockets, fd int, a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	if !ok || t.Port < privileged {
		return false
	}
	own, err := s.Getsockname(fd)
	if err != nil || portOf(own) != t.Port {
		return false
	}
	peer, err := s.Getpeername(fd)
	return err == nil && sameSockaddr(own, peer)
}

func portOf(sa syscall.Sockaddr) int {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return sa.Port
	case *syscall.SockaddrInet6:
		return sa.Port
	}
	return 0
}

func sameSockaddr(a, b syscall.Sockaddr) bool {
	switch a := a.(type) {
	case *syscall.SockaddrInet4:
		b, ok := b.(*syscall.SockaddrInet4)
		return ok && a.Port == b.Port && a.Addr == b.Addr
	case *syscall.SockaddrInet6:
		b, ok := b.(*syscall.SockaddrInet6)
		return ok && a.Port == b.Port && a.Addr == b.Addr
	}
	return false
}
