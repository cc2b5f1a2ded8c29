//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"slices"
	"syscall"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// This file makes PacketConns.

// ListenPacket returns a PacketConn that receives at address, of network "udp", "udp4", "udp6" or
// "unixgram", and sends to any address (loop.create_datagram_endpoint with local_addr). Names of hosts
// and ports are resolved, and of several addresses of a host one is taken, as [Listen] does. On
// network "udp" an empty host means every address of the machine, of both families.
//
// It is [ListenConfig.ListenPacket] without options. As with net.ListenPacket, broadcasts may be sent, and the address of a multicast group stands for
// every address of the machine, so that several sockets can receive at its port; the group is not
// joined.
//
// The file of a Unix socket that is closed is replaced, and Close removes it.
func ListenPacket(y *loop.Yielder, network, address string) (*PacketConn, error) {
	return new(ListenConfig).ListenPacket(y, network, address)
}

// ListenPacket is the function [ListenPacket] with the options ReusePort and Control. With ReusePort the
// system shares the senders of datagrams out among the sockets.
func (lc *ListenConfig) ListenPacket(y *loop.Yielder, network, address string) (*PacketConn, error) {
	fail := func(a net.Addr, err error) (*PacketConn, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: a, Err: err}
	}
	if !datagrams(network) {
		return fail(nil, net.UnknownNetworkError(network))
	}
	r, addrs, err := resolveAny(y, network, address)
	if err != nil {
		return fail(nil, err)
	}
	if host, _, _ := net.SplitHostPort(address); host != "" {
		addrs = addrs[max(0, slices.IndexFunc(addrs, is4)):]
	}
	for i, a := range addrs {
		c, err := r.packet(network, a, func(d *descriptor, sa syscall.Sockaddr, family int) error {
			if err := d.shareGroup(a, sa); err != nil {
				return err
			}
			if lc.ReusePort && family != unix.AF_UNIX {
				if err := setInt(d.sockets, d.fd, unix.SOL_SOCKET, reusePort, 1); err != nil {
					return err
				}
			}
			if lc.Control != nil {
				if err := lc.Control(network, a.String(), rawControl{d}); err != nil {
					return err
				}
			}
			return d.bindPacket(sa)
		})
		if err == nil {
			return c, nil
		}
		if i == len(addrs)-1 || !noFamily(err) {
			return fail(a, err)
		}
	}
	panic("unreachable: resolve returns an address or an error")
}

// DialPacket returns a PacketConn that is connected to address, of network "udp", "udp4", "udp6" or
// "unixgram" (loop.create_datagram_endpoint with remote_addr). It is [Dialer.ConnectPacket] of the
// zero Dialer.
func DialPacket(y *loop.Yielder, network, address string) (*PacketConn, error) {
	return new(Dialer).ConnectPacket(y, network, address)
}

// ConnectPacket is [Dialer.Connect] for networks of datagrams: "udp", "udp4", "udp6" and "unixgram".
// Nothing is sent, so whether somebody receives there is not known yet. A Unix socket that is to get
// answers needs a LocalAddr; its file is treated as by [ListenPacket].
func (d *Dialer) ConnectPacket(y *loop.Yielder, network, address string) (*PacketConn, error) {
	if !datagrams(network) {
		return nil, d.fail(network, net.UnknownNetworkError(network))
	}
	c, err := d.connect(context.Background(), y, network, address, forever)
	if err != nil {
		return nil, err
	}
	return c.(*PacketConn), nil
}

// packet returns a PacketConn that is connected to the first of the addresses that can be reached.
func (d *Dialer) packet(r resolved, network string, addrs []net.Addr) (net.Conn, error) {
	var failures []error
	for _, a := range addrs {
		c, err := r.packet(network, a, func(s *descriptor, sa syscall.Sockaddr, family int) error {
			if err := d.attach(s, sa, family); err != nil {
				return err
			}
			s.peer = a
			if peer, err := s.sockets.Getpeername(s.fd); err == nil {
				s.peer = address(network, peer)
			}
			return nil
		})
		if err == nil {
			return c, nil
		}
		failures = append(failures, &net.OpError{Op: "dial", Net: network, Source: d.LocalAddr, Addr: a, Err: err})
	}
	if len(failures) == 1 {
		return nil, failures[0]
	}
	return nil, errors.Join(failures...)
}

// attach binds the socket s to LocalAddr and connects it.
func (d *Dialer) attach(s *descriptor, sa syscall.Sockaddr, family int) error {
	if d.Control != nil {
		name := map[int]string{unix.AF_INET: "udp4", unix.AF_INET6: "udp6", unix.AF_UNIX: "unixgram"}[family]
		if err := d.Control(name, address(s.network, sa).String(), rawControl{s}); err != nil {
			return err
		}
	}
	if d.LocalAddr != nil {
		local, err := localSockaddr(d.LocalAddr, family)
		if err != nil {
			return err
		}
		if err := s.bindPacket(local); err != nil {
			return err
		}
	}
	return os.NewSyscallError("connect", s.sockets.Connect(s.fd, sa))
}

// packet makes a socket of the family of a, which attach binds or connects.
func (r resolved) packet(network string, a net.Addr,
	attach func(d *descriptor, sa syscall.Sockaddr, family int) error) (c *PacketConn, err error) {
	s := r.sockets
	sa, family, err := sockaddr(a)
	if err != nil {
		return nil, err
	}
	fd, err := s.Socket(family, unix.SOCK_DGRAM)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	d := newDescriptor(r.loop, s, fd, network)
	d.wr.ready = true
	defer func() {
		if err != nil {
			d.file.remove()
			_ = s.Close(fd)
		}
	}()
	if family == unix.AF_INET6 {
		_ = setInt(s, fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, bit(network == "udp6")) // some systems refuse
	}
	if family != unix.AF_UNIX {
		if err := setInt(s, fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
			return nil, err
		}
	}
	if err := attach(d, sa, family); err != nil {
		return nil, err
	}
	own, err := s.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	d.setSource(address(network, own))
	return &PacketConn{d: d, inet6: family == unix.AF_INET6}, r.loop.Watch(fd, d)
}

// bindPacket binds the socket to an address of its own.
func (d *descriptor) bindPacket(sa syscall.Sockaddr) (err error) {
	if _, ok := sa.(*syscall.SockaddrUnix); ok {
		d.file, err = bindUnix(d.sockets, d.fd, unix.SOCK_DGRAM, sa)
	} else {
		err = d.sockets.Bind(d.fd, sa)
	}
	return os.NewSyscallError("bind", err)
}

// shareGroup has several sockets receive at the port, and changes sa to every address of the
// machine, if a is the address of a multicast group.
func (d *descriptor) shareGroup(a net.Addr, sa syscall.Sockaddr) error {
	if ip, _ := ipOf(a); !ip.IsMulticast() {
		return nil
	}
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		sa.Addr = [4]byte{}
	case *syscall.SockaddrInet6:
		sa.Addr = [16]byte{}
	}
	if err := setInt(d.sockets, d.fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil || runtime.GOOS == "linux" {
		return err
	}
	return setInt(d.sockets, d.fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
}
