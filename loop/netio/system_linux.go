package netio

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func (system) Socket(family, sotype int) (int, error) {
	return opened(unix.Socket(family, sotype|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0))
}

// Connect is syscall.Connect without a word to the Go scheduler, as Read and Write are. Linux
// makes a connection of the machine to itself before connect returns, but says that it is in
// progress; a second call tells.
func (system) Connect(fd int, sa syscall.Sockaddr) error {
	var name unsafe.Pointer
	var size uintptr
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		raw := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: sa.Addr}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&raw.Port))[:], uint16(sa.Port))
		name, size = unsafe.Pointer(&raw), unix.SizeofSockaddrInet4
	case *syscall.SockaddrInet6:
		raw := unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: sa.Addr, Scope_id: sa.ZoneId}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&raw.Port))[:], uint16(sa.Port))
		name, size = unsafe.Pointer(&raw), unix.SizeofSockaddrInet6
	default:
		return syscall.Connect(fd, sa)
	}
	err := connect(fd, name, size)
	if err == unix.EINPROGRESS {
		err = connect(fd, name, size)
	}
	switch err {
	case unix.EALREADY:
		return unix.EINPROGRESS
	case unix.EISCONN:
		return nil
	}
	return err
}

func connect(fd int, name unsafe.Pointer, size uintptr) error {
	if _, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(name), size); errno != 0 {
		return errno
	}
	return nil
}

func (system) Accept(fd int) (int, syscall.Sockaddr, error) {
	nfd, sa, err := syscall.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	nfd, err = opened(nfd, err)
	return nfd, sa, err
}

func (system) Pipe() (r, w int, err error) {
	var ends [2]int
	err = unix.Pipe2(ends[:], unix.O_NONBLOCK|unix.O_CLOEXEC)
	return ends[0], ends[1], err
}

// Read and Write are unix.Read and unix.Write without a word to the Go scheduler. On a
// non-blocking socket they do not block, and the scheduler would cost a fifth more time.

func (system) Read(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func (system) Write(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
