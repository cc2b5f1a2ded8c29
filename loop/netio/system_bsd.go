//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netio

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// On these systems a second call marks the descriptor as closed on exec;
// syscall.ForkLock keeps the process from starting a program between the two.

func (system) Socket(family, sotype int) (int, error) {
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, sotype, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, err
	}
	return nonblocking(fd)
}

func (system) Accept(fd int) (int, syscall.Sockaddr, error) {
	syscall.ForkLock.RLock()
	nfd, sa, err := syscall.Accept(fd)
	if err == nil {
		unix.CloseOnExec(nfd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, nil, err
	}
	nfd, err = nonblocking(nfd)
	return nfd, sa, err
}

func (system) Pipe() (r, w int, err error) {
	var ends [2]int
	syscall.ForkLock.RLock()
	if err = unix.Pipe(ends[:]); err == nil {
		unix.CloseOnExec(ends[0])
		unix.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, -1, err
	}
	for i, fd := range ends {
		if _, err := nonblocking(fd); err != nil {
			_ = unix.Close(ends[1-i])
			return -1, -1, err
		}
	}
	return ends[0], ends[1], nil
}

func nonblocking(fd int) (int, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (system) Read(fd int, b []byte) (int, error)  { return unix.Read(fd, b) }
func (system) Write(fd int, b []byte) (int, error) { return unix.Write(fd, b) }

func (system) RecvFrom(fd int, b []byte) (int, Endpoint, error) {
	n, sa, err := syscall.Recvfrom(fd, b, 0)
	if err != nil {
		return 0, Endpoint{}, err
	}
	return n, endpoint(sa), nil
}

func (system) SendTo(fd int, b []byte, to Endpoint) error {
	if to == (Endpoint{}) {
		_, err := unix.Write(fd, b)
		return err
	}
	sa, err := to.sockaddr()
	if err != nil {
		return err
	}
	return syscall.Sendto(fd, b, 0, sa)
}

// endpoint makes an Endpoint of a sockaddr.
func endpoint(sa syscall.Sockaddr) Endpoint {
	switch a := address("", sa).(type) {
	case *net.TCPAddr:
		return Endpoint{AddrPort: a.AddrPort()}
	case *net.UnixAddr:
		return Endpoint{Path: a.Name}
	}
	return Endpoint{}
}

// sockaddr is the reverse of endpoint.
func (e Endpoint) sockaddr() (syscall.Sockaddr, error) {
	var a net.Addr = &net.UnixAddr{Name: e.Path}
	if e.AddrPort.IsValid() {
		a = net.TCPAddrFromAddrPort(e.AddrPort)
	}
	sa, _, err := sockaddr(a)
	return sa, err
}
