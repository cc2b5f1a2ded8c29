//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"net"
	"os"
	"runtime"
	"slices"
	"syscall"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// Listen listens at address on network "tcp", "tcp4", "tcp6" or "unix"
// (asyncio.start_server); names of hosts and ports are resolved. It listens at one
// address: of a host that has several at the first IPv4 one, if there is any, as
// net.Listen does. On network "tcp" an empty host means every address of the
// machine, of both families.
//
// The file of a Unix socket at which nobody listens any more is replaced.
func Listen(y *loop.Yielder, network, address string) (*Listener, error) {
	return new(ListenConfig).Listen(y, network, address)
}

// A ListenConfig has options for listening (net.ListenConfig). Its zero value is what the
// function [Listen] uses.
type ListenConfig struct {
	// ReusePort lets several listeners of this user, of other processes too, listen at the
	// same TCP address; the system shares the connections out among them (asyncio's
	// reuse_port), and at the same UDP address. On macOS, NetBSD and OpenBSD it does not share them out evenly.
	ReusePort bool

	// Backlog is how many connections may wait to be accepted. 0 means as many as the
	// system allows.
	Backlog int

	// Control is called before the socket is bound, unless it is nil, to set options of
	// it. Only the method Control of its argument is of use.
	Control func(network, address string, c syscall.RawConn) error

	// KeepAliveConfig is the keep-alive of the connections. If it is not enabled, they have
	// that of package net's defaults, unless Idle is negative.
	KeepAliveConfig net.KeepAliveConfig
}

// Listen is the function [Listen] with the options.
func (lc *ListenConfig) Listen(y *loop.Yielder, network, address string) (*Listener, error) {
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
	return lc.listenAny(r, network, addrs)
}

// listenAny listens at the first of the addresses whose family the machine has.
func (lc *ListenConfig) listenAny(r resolved, network string, addrs []net.Addr) (*Listener, error) {
	for i, a := range addrs {
		ln, err := r.listen(lc, network, a)
		if err == nil {
			return ln, nil
		}
		if i == len(addrs)-1 || !noFamily(err) {
			return nil, &net.OpError{Op: "listen", Net: network, Addr: a, Err: err}
		}
	}
	panic("unreachable: resolve returns an address or an error")
}

// noFamily reports whether an error says that the machine is without IPv6, say.
func noFamily(err error) bool {
	return errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

// ListenAll listens at each of the addresses, and at each address that the name of a host
// stands for and the machine has (asyncio.start_server with several hosts). If a port is 0,
// the addresses of one host get the same free port. It listens at all of them or none.
func (lc *ListenConfig) ListenAll(y *loop.Yielder, network string, addresses ...string) (lns []*Listener, err error) {
	defer func() {
		if err != nil {
			closeAll(lns)
			lns = nil
		}
	}()
	for _, address := range addresses {
		r, addrs, err := resolve(y, network, address)
		if err != nil {
			return lns, &net.OpError{Op: "listen", Net: network, Err: err}
		}
		var some []*Listener
		if host, _, _ := net.SplitHostPort(address); host == "" { // one socket for both families
			ln, err := lc.listenAny(r, network, addrs)
			if err != nil {
				return lns, err
			}
			some = []*Listener{ln}
		} else if some, err = lc.listenEach(r, network, addrs); err != nil {
			return lns, err
		}
		lns = append(lns, some...)
	}
	return lns, nil
}

// samePort is how often listenEach looks for a port that is free at every address.
const samePort = 16

// listenEach listens at every address of one host that the machine has.
func (lc *ListenConfig) listenEach(r resolved, network string, addrs []net.Addr) ([]*Listener, error) {
	for try := 1; ; try++ {
		var lns []*Listener
		var missing error
		port, free := 0, false
		for _, a := range addrs {
			if t, ok := a.(*net.TCPAddr); ok && t.Port == 0 {
				free = true
				a = &net.TCPAddr{IP: t.IP, Port: port, Zone: t.Zone}
			}
			ln, err := r.listen(lc, network, a)
			if err == nil {
				lns = append(lns, ln)
				if t, ok := ln.Addr().(*net.TCPAddr); ok {
					port = t.Port
				}
				continue
			}
			err = &net.OpError{Op: "listen", Net: network, Addr: a, Err: err}
			if noFamily(err) {
				missing = err
				continue
			}
			closeAll(lns)
			if free && try < samePort && errors.Is(err, syscall.EADDRINUSE) {
				lns, missing = nil, nil
				break
			}
			return nil, err
		}
		switch {
		case lns != nil:
			return lns, nil
		case missing != nil:
			return nil, missing
		}
	}
}

func closeAll(lns []*Listener) {
	for _, ln := range lns {
		_ = ln.d.Close()
	}
}

// backlog is more than systems allow; each uses its own limit instead.
const backlog = 1<<16 - 1

func (r resolved) listen(lc *ListenConfig, network string, a net.Addr) (_ *Listener, err error) {
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
	if t, ok := a.(*net.TCPAddr); ok {
		if err := lc.options(s, fd, network, family, t); err != nil {
			return nil, err
		}
	}
	if lc.Control != nil {
		if err := lc.Control(network, a.String(), rawControl{d}); err != nil {
			return nil, err
		}
	}
	if family != unix.AF_UNIX {
		if err := s.Bind(fd, sa); err != nil {
			return nil, os.NewSyscallError("bind", err)
		}
	} else if d.file, err = bindUnix(s, fd, unix.SOCK_STREAM, sa); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	most := lc.Backlog
	if most <= 0 {
		most = backlog
	}
	if err := s.Listen(fd, most); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	bound, err := s.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	d.peer = address(network, bound)
	return &Listener{d: d, keepAlive: lc.KeepAliveConfig}, r.loop.Watch(fd, d)
}

// options sets the options of a TCP socket that is to listen.
func (lc *ListenConfig) options(s Sockets, fd int, network string, family int, a *net.TCPAddr) error {
	options := []struct{ level, option, value int }{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1}, // accepted sockets inherit it
	}
	if lc.ReusePort {
		options = append(options, struct{ level, option, value int }{unix.SOL_SOCKET, reusePort, 1})
	}
	if family == unix.AF_INET6 && a.IP.IsUnspecified() {
		only6 := 0
		if network == "tcp6" {
			only6 = 1
		}
		options = append(options, struct{ level, option, value int }{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only6})
	}
	for _, o := range options {
		if err := setInt(s, fd, o.level, o.option, o.value); err != nil {
			return err
		}
	}
	_ = setKeepAlive(s, fd, listenKeepAlive(lc.KeepAliveConfig)) // accepted sockets inherit it
	return nil
}

// listenKeepAlive returns what a ListenConfig's field stands for.
func listenKeepAlive(config net.KeepAliveConfig) net.KeepAliveConfig {
	return keepAliveConfig(config.Idle, config)
}

// reusePort is the option with which the system shares connections out.
var reusePort = func() int {
	if runtime.GOOS == "freebsd" {
		return 0x10000 // SO_REUSEPORT_LB
	}
	return unix.SO_REUSEPORT
}()
