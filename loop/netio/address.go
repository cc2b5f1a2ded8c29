//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"syscall"
)

// address makes an address of network "tcp", "udp", "unix" or the like of a sockaddr.
func address(network string, sa syscall.Sockaddr) net.Addr {
	a := streamAddress(network, sa)
	if t, ok := a.(*net.TCPAddr); ok && datagrams(network) {
		return (*net.UDPAddr)(t)
	}
	return a
}

// datagrams reports whether a network is one of datagrams.
func datagrams(network string) bool {
	switch network {
	case "udp", "udp4", "udp6", "unixgram":
		return true
	}
	return false
}

func streamAddress(network string, sa syscall.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: append(net.IP(nil), sa.Addr[:]...), Port: sa.Port}
	case *syscall.SockaddrInet6:
		a := &net.TCPAddr{IP: append(net.IP(nil), sa.Addr[:]...), Port: sa.Port}
		if sa.ZoneId != 0 {
			a.Zone = zoneName(sa.ZoneId)
		}
		return a
	case *syscall.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: network}
	}
	return nil
}

// sockaddr is the reverse of address.
func sockaddr(a net.Addr) (sa syscall.Sockaddr, family int, err error) {
	switch a := a.(type) {
	case *net.UnixAddr:
		return &syscall.SockaddrUnix{Name: a.Name}, syscall.AF_UNIX, nil
	case *net.UDPAddr:
		return sockaddr((*net.TCPAddr)(a))
	case *net.TCPAddr:
		if ip := a.IP.To4(); ip != nil {
			return &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip)}, syscall.AF_INET, nil
		}
		if len(a.IP) != net.IPv6len {
			return nil, 0, &net.AddrError{Err: "invalid IP address", Addr: a.String()}
		}
		sa := &syscall.SockaddrInet6{Port: a.Port, Addr: [16]byte(a.IP)}
		if a.Zone != "" {
			if sa.ZoneId, err = zone(a.Zone); err != nil {
				return nil, 0, err
			}
		}
		return sa, syscall.AF_INET6, nil
	}
	return nil, 0, &net.AddrError{Err: "unexpected address type", Addr: a.String()}
}
