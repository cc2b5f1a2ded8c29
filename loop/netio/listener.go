//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"net"
	"os"
	"slices"
	"syscall"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// A Listener accepts connections of a loop. It implements net.Listener; Accept
// parks the calling task. Like those of a [Conn], its methods may be called on any
// goroutine.
type Listener struct {
	_ noCopy

	d *descriptor
}

// Listen listens at address on network "tcp", "tcp4", "tcp6" or "unix"
// (asyncio.start_server); names of hosts and ports are resolved. It listens at one
// address: of a host that has several at the first IPv4 one, if there is any, as
// net.Listen does. On network "tcp" an empty host means every address of the
// machine, of both families.
//
// The file of a Unix socket at which nobody listens any more is replaced.
func Listen(y *loop.Yielder, network, address string) (*Listener, error) {
	r, addrs, err := resolve(y, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	if host, _, _ := net.SplitHostPort(address); host != "" {
		first4 := slices.IndexFunc(addrs, func(a net.Addr) bool {
			t, ok := a.(*net.TCPAddr)
			return ok && t.IP.To4() != nil
		})
		addrs = addrs[max(0, first4):]
	}
	for i, a := range addrs {
		ln, err := r.listen(network, a)
		if err == nil {
			return ln, nil
		}
		// A machine may be without IPv6.
		if i == len(addrs)-1 || !errors.Is(err, syscall.EAFNOSUPPORT) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
			return nil, &net.OpError{Op: "listen", Net: network, Addr: a, Err: err}
		}
	}
	panic("unreachable: resolve returns an address or an error")
}

// backlog is more than systems allow; each uses its own limit instead.
const backlog = 1<<16 - 1

func (r resolved) listen(network string, a net.Addr) (_ *Listener, err error) {
	s := r.sockets
	sa, family, err := sockaddr(a)
	if err != nil {
		return nil, err
	}
	fd, err := s.Socket(family, unix.SOCK_STREAM)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	d := newDescriptor(r.loop, s, fd, network)
	defer func() {
		if err != nil {
			d.file.remove()
			_ = s.Close(fd)
		}
	}()
	if family != unix.AF_UNIX {
		options := []struct{ level, option, value int }{
			{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
			{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1}, // accepted sockets inherit it
		}
		if a := a.(*net.TCPAddr); family == unix.AF_INET6 && a.IP.IsUnspecified() {
			only6 := 0
			if network == "tcp6" {
				only6 = 1
			}
			options = append(options, struct{ level, option, value int }{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only6})
		}
		for _, o := range options {
			if err := s.SetsockoptInt(fd, o.level, o.option, o.value); err != nil {
				return nil, os.NewSyscallError("setsockopt", err)
			}
		}
		_ = setKeepAlive(s, fd, keepAliveConfig(0, net.KeepAliveConfig{})) // accepted sockets inherit it
		if err := s.Bind(fd, sa); err != nil {
			return nil, os.NewSyscallError("bind", err)
		}
	} else if d.file, err = bindUnix(s, fd, unix.SOCK_STREAM, sa); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	if err := s.Listen(fd, backlog); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	bound, err := s.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	d.peer = address(network, bound)
	return &Listener{d: d}, r.loop.Watch(fd, d)
}

// Accept parks the task until there is a connection and returns it, a *Conn.
func (ln *Listener) Accept() (net.Conn, error) {
	if !ln.d.loop.OnLoop() {
		return foreign(ln.d, "accept", ln.Accept)
	}
	c, err := ln.accept()
	if err != nil {
		return nil, ln.d.fail("accept", err)
	}
	return c, nil
}

func (ln *Listener) accept() (*Conn, error) {
	d := ln.d
	if err := d.begin(&d.rd, "Listener.Accept"); err != nil {
		return nil, err
	}
	defer d.rd.end()
	for {
		if err := d.wait(&d.rd, "Listener.Accept"); err != nil {
			return nil, err
		}
		fd, sa, err := d.sockets.Accept(d.fd)
		switch err {
		case nil:
			if _, tcp := d.peer.(*net.TCPAddr); tcp && !inheritsKeepAlive {
				_ = setKeepAlive(d.sockets, fd, keepAliveConfig(0, net.KeepAliveConfig{}))
			}
			return newConn(d.loop, d.sockets, fd, d.network, address(d.network, sa))
		case unix.EAGAIN:
			d.rd.ready = false
		case unix.EINTR, unix.ECONNABORTED:
		default:
			return nil, os.NewSyscallError("accept", err)
		}
	}
}

// Addr returns the address listened at.
func (ln *Listener) Addr() net.Addr { return ln.d.peer }

// Close stops listening, and removes the file of a Unix socket; a task parked in Accept
// gets net.ErrClosed. When it returns, nobody listens at the address any more. On
// goroutines other than the loop's it waits for that, if the loop is running.
func (ln *Listener) Close() error {
	d := ln.d
	if d.loop.OnLoop() || !d.loop.IsRunning() {
		return d.closeAnywhere(d.Close)
	}
	_, err := foreign(d, "close", func() (struct{}, error) { return struct{}{}, ln.Close() })
	return err
}
