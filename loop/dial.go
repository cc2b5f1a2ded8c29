//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"coloop/coroutine"

	"golang.org/x/sys/unix"
)

// Dial connects to address on network "tcp", "tcp4", "tcp6" or "unix", parking
// the task (loop.create_connection). A host name is resolved by the executor, and
// its addresses tried in turn; the port must be a number. Errors are *net.OpError,
// as those of net.Dial are, joined if there is one for each of several addresses.
func Dial(y *Yielder, network, address string) (*Conn, error) {
	t, err := taskOf(y)
	if err != nil {
		return nil, err
	}
	l := t.fut.loop
	addrs, err := resolve(y, l, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return dialAny(l, network, addrs)
}

// dialAny connects to the first of some addresses that can be connected to.
func dialAny(l *Loop, network string, addrs []net.Addr) (*Conn, error) {
	var failures []error
	for _, a := range addrs {
		c, err := connect(l, network, a)
		if err == nil {
			return c, nil
		}
		if isCancelled(err) || errors.Is(err, coroutine.GeneratorExit) {
			return nil, err
		}
		failures = append(failures, &net.OpError{Op: "dial", Net: network, Addr: a, Err: err})
	}
	if len(failures) == 1 {
		return nil, failures[0]
	}
	return nil, errors.Join(failures...)
}

func connect(l *Loop, network string, a net.Addr) (*Conn, error) {
	sa, family, err := sockaddr(a)
	if err != nil {
		return nil, err
	}
	fd, err := socket(family)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if family != unix.AF_UNIX {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			_ = unix.Close(fd)
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	connecting := false
	switch err := syscall.Connect(fd, sa); err {
	case nil:
	case unix.EINPROGRESS, unix.EINTR:
		connecting = true
	default:
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	c, err := newConn(l, fd, network, a)
	if err != nil {
		return nil, err
	}
	if connecting {
		if err := c.d.connected(); err != nil {
			_ = c.d.close()
			return nil, err
		}
	}
	return c, nil
}

// connected parks until the connection is made, or will not be.
func (d *descriptor) connected() error {
	for {
		d.wr.ready = false
		if err := d.wait(&d.wr); err != nil {
			return err
		}
		code, err := unix.GetsockoptInt(d.fd, unix.SOL_SOCKET, unix.SO_ERROR)
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
		peer, err := syscall.Getpeername(d.fd)
		if err != nil {
			continue // not connected: it was not about this one
		}
		// A port that nobody listens at can be the one that the system has
		// given to this very socket.
		if own, err := syscall.Getsockname(d.fd); err == nil && sameSockaddr(own, peer) {
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

// resolve makes addresses of what Dial and Listen take.
func resolve(y *Yielder, l *Loop, network, address string) ([]net.Addr, error) {
	if l.closed {
		return nil, ErrClosed
	}
	if _, ok := l.poller.(*Virtual); ok {
		return nil, ErrNoNetwork
	}
	switch network {
	case "unix":
		return []net.Addr{&net.UnixAddr{Name: address, Net: network}}, nil
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, &net.AddrError{Err: "invalid port", Addr: address}
	}
	var ips []netip.Addr
	switch ip, err := netip.ParseAddr(host); {
	case err == nil:
		ips = []netip.Addr{ip.Unmap()}
	case host == "" && network == "tcp6":
		ips = []netip.Addr{netip.IPv6Unspecified()}
	case host == "":
		ips = []netip.Addr{netip.IPv4Unspecified()}
	case y == nil:
		return nil, &net.AddrError{Err: "not an IP address", Addr: address}
	default:
		if ips, err = LookupHost(y, network, host); err != nil {
			return nil, err
		}
	}
	var addrs []net.Addr
	for _, ip := range ips {
		if network == "tcp" || ip.Is4() == (network == "tcp4") {
			addrs = append(addrs, net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(port))))
		}
	}
	if addrs == nil {
		return nil, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return addrs, nil
}

// LookupHost resolves a host name for network "tcp", "tcp4" or "tcp6" on the
// loop's executor (loop.getaddrinfo). Cancelling the task ends the lookup.
func LookupHost(y *Yielder, network, host string) ([]netip.Addr, error) {
	t, err := taskOf(y)
	if err != nil {
		return nil, err
	}
	version, ok := strings.CutPrefix(network, "tcp")
	if !ok {
		return nil, net.UnknownNetworkError(network)
	}
	ctx, cancel := callContext(y)
	defer cancel()
	return RunInExecutor(t.fut.loop, nil, func() ([]netip.Addr, error) {
		ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip"+version, host)
		for i, ip := range ips {
			ips[i] = ip.Unmap()
		}
		return ips, err
	}).Await(y)
}

func sockaddr(a net.Addr) (sa syscall.Sockaddr, family int, err error) {
	switch a := a.(type) {
	case *net.UnixAddr:
		return &syscall.SockaddrUnix{Name: a.Name}, unix.AF_UNIX, nil
	case *net.TCPAddr:
		if ip := a.IP.To4(); ip != nil {
			return &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip)}, unix.AF_INET, nil
		}
		sa := &syscall.SockaddrInet6{Port: a.Port, Addr: [16]byte(a.IP)}
		if a.Zone != "" {
			ifi, err := net.InterfaceByName(a.Zone)
			if err != nil {
				return nil, 0, err
			}
			sa.ZoneId = uint32(ifi.Index)
		}
		return sa, unix.AF_INET6, nil
	}
	return nil, 0, &net.AddrError{Err: "unexpected address type", Addr: a.String()}
}
