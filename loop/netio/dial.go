//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"net"
	"os"
	"syscall"

	"coloop/coroutine"
	"coloop/loop"

	"golang.org/x/sys/unix"
)

// Dial connects to address on network "tcp", "tcp4", "tcp6" or "unix", parking
// the task (loop.create_connection). Names of hosts and ports are resolved, and the
// addresses of a host tried in turn. Errors are [net.OpError], as those of net.Dial
// are, joined if there is one for each of several addresses.
func Dial(y *loop.Yielder, network, address string) (*Conn, error) {
	r, addrs, err := resolve(y, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return r.dialAny(network, addrs)
}

// dialAny tries addresses in turn, and returns the first connection that is made.
func (r resolved) dialAny(network string, addrs []net.Addr) (*Conn, error) {
	var failures []error
	for _, a := range addrs {
		c, err := r.connect(network, a)
		if err == nil {
			return c, nil
		}
		err = &net.OpError{Op: "dial", Net: network, Addr: a, Err: err}
		if loop.IsCancelled(err) || errors.Is(err, coroutine.GeneratorExit) {
			return nil, err
		}
		failures = append(failures, err)
	}
	if len(failures) == 1 {
		return nil, failures[0]
	}
	return nil, errors.Join(failures...)
}

func (r resolved) connect(network string, a net.Addr) (*Conn, error) {
	s := r.sockets
	sa, family, err := sockaddr(a)
	if err != nil {
		return nil, err
	}
	fd, err := s.Socket(family, unix.SOCK_STREAM)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if family != unix.AF_UNIX {
		if err := s.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			_ = s.Close(fd)
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	connecting := false
	switch err := s.Connect(fd, sa); err {
	case nil:
	case unix.EINPROGRESS, unix.EINTR:
		connecting = true
	default:
		_ = s.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	c, err := newConn(r.loop, s, fd, network, a)
	if err != nil {
		return nil, err
	}
	if connecting {
		if err := c.d.connected(); err != nil {
			_ = c.d.Close()
			return nil, err
		}
	}
	return c, nil
}

// connected parks until the connection is made or has failed.
func (d *descriptor) connected() error {
	defer d.wr.end()
	for {
		d.wr.ready = false
		if err := d.wait(&d.wr, "Dial"); err != nil {
			return err
		}
		code, err := d.sockets.GetsockoptInt(d.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return os.NewSyscallError("getsockopt", err)
		}
		switch err := unix.Errno(code); err {
		case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
			continue
		case 0, unix.EISCONN:
		default:
			return os.NewSyscallError("connect", err)
		}
		peer, err := d.sockets.Getpeername(d.fd)
		if err != nil {
			continue // the event belonged to an older socket of that number
		}
		// If nobody listens at the port, the system may have given this very socket
		// that port, and the socket is connected to itself.
		if own, err := d.sockets.Getsockname(d.fd); err == nil && sameSockaddr(own, peer) {
			return os.NewSyscallError("connect", unix.ECONNREFUSED)
		}
		return nil
	}
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
