//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netio

import (
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

func (system) Connect(fd int, sa syscall.Sockaddr) error { return syscall.Connect(fd, sa) }

func (system) Read(fd int, b []byte) (int, error)  { return unix.Read(fd, b) }
func (system) Write(fd int, b []byte) (int, error) { return unix.Write(fd, b) }
