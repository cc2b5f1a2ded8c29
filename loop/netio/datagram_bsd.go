//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netio

import (
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// These systems receive and send one datagram with each call.

func (system) RecvMsgs(fd int, ms []Message) (int, error) {
	m := &ms[0]
	n, oobn, flags, sa, err := syscall.Recvmsg(fd, m.Buffer, m.OOB, 0)
	if err != nil {
		return 0, err
	}
	m.N, m.NN, m.Flags, m.Endpoint = n, oobn, flags, endpoint(sa)
	if oobn > 0 {
		closeOnExec(m.OOB[:oobn])
	}
	return 1, nil
}

func (system) SendMsgs(fd int, ms []Message) (int, error) {
	m := &ms[0]
	to, err := m.sockaddr()
	if err != nil {
		return 0, err
	}
	if m.N, err = syscall.SendmsgN(fd, m.Buffer, m.OOB, to, 0); err != nil {
		return 0, err
	}
	return 1, nil
}

// closeOnExec marks the descriptors that came with a datagram.
func closeOnExec(oob []byte) {
	all, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	for i := range all {
		if m := &all[i]; m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_RIGHTS {
			fds, _ := unix.ParseUnixRights(m)
			for _, fd := range fds {
				unix.CloseOnExec(fd)
			}
		}
	}
}

// endpoint makes an Endpoint of a sockaddr, which may be nil.
func endpoint(sa syscall.Sockaddr) Endpoint {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return Endpoint{AddrPort: netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))}
	case *syscall.SockaddrInet6:
		ip := netip.AddrFrom16(sa.Addr)
		if sa.ZoneId != 0 {
			ip = ip.WithZone(zoneName(sa.ZoneId))
		}
		return Endpoint{AddrPort: netip.AddrPortFrom(ip, uint16(sa.Port))}
	case *syscall.SockaddrUnix:
		return Endpoint{Path: sa.Name}
	}
	return Endpoint{}
}

// sockaddr is the reverse of endpoint.
func (e Endpoint) sockaddr() (syscall.Sockaddr, error) {
	ip := e.AddrPort.Addr()
	switch {
	case e.Path != "":
		return &syscall.SockaddrUnix{Name: e.Path}, nil
	case !ip.IsValid():
		return nil, nil
	case ip.Is4():
		return &syscall.SockaddrInet4{Port: int(e.AddrPort.Port()), Addr: ip.As4()}, nil
	}
	sa := &syscall.SockaddrInet6{Port: int(e.AddrPort.Port()), Addr: ip.As16()} // an IPv4 address stays in its IPv6 form
	if ip.Zone() != "" {
		id, err := zone(ip.Zone())
		if err != nil {
			return nil, err
		}
		sa.ZoneId = id
	}
	return sa, nil
}
