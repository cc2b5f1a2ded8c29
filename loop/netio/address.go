//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"strconv"
	"syscall"
)

// address makes an address of network "tcp", "unix" or the like of a sockaddr.
func address(network string, sa syscall.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: append(net.IP(nil), sa.Addr[:]...), Port: sa.Port}
	case *syscall.SockaddrInet6:
		a := &net.TCPAddr{IP: append(net.IP(nil), sa.Addr[:]...), Port: sa.Port}
		if sa.ZoneId != 0 {
			a.Zone = strconv.FormatUint(uint64(sa.ZoneId), 10)
			if ifi, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				a.Zone = ifi.Name
			}
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
	case *net.TCPAddr:
		if ip := a.IP.To4(); ip != nil {
			return &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip)}, syscall.AF_INET, nil
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

// zone returns the number of an IPv6 zone, which is given as the name of an interface
// or as the number itself.
func zone(name string) (uint32, error) {
	ifi, err := net.InterfaceByName(name)
	if err == nil {
		return uint32(ifi.Index), nil
	}
	if n, e := strconv.ParseUint(name, 10, 32); e == nil {
		return uint32(n), nil
	}
	return 0, err
}
