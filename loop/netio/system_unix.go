//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

// The sockaddrs are those of package syscall. Package unix makes a further system call
// for each, to learn the protocol of the socket.

func (system) Bind(fd int, sa syscall.Sockaddr) error { return syscall.Bind(fd, sa) }
func (system) Listen(fd, backlog int) error           { return unix.Listen(fd, backlog) }
func (system) Shutdown(fd, how int) error             { return unix.Shutdown(fd, how) }
func (system) Close(fd int) error                     { return unix.Close(fd) }

func (system) Peek(fd int, b []byte) (int, error) {
	n, _, err := unix.Recvfrom(fd, b, unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return n, err
}

func (system) Getsockname(fd int) (syscall.Sockaddr, error) { return syscall.Getsockname(fd) }
func (system) Getpeername(fd int) (syscall.Sockaddr, error) { return syscall.Getpeername(fd) }

func (system) GetsockoptInt(fd, level, option int) (int, error) {
	return unix.GetsockoptInt(fd, level, option)
}

func (system) SetsockoptInt(fd, level, option, value int) error {
	return unix.SetsockoptInt(fd, level, option, value)
}

func (system) SetLinger(fd, seconds int) error {
	return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER,
		&unix.Linger{Onoff: int32(bit(seconds >= 0)), Linger: int32(min(max(0, seconds), math.MaxInt32))})
}
