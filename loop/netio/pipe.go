//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"os"
	"syscall"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// Pipe returns the two ends of a new pipe: what is written to w can be read from r, by another
// task for example. Read of w and Write of r fail. To connect a process, use package
// [coloop/loop/subprocess].
func Pipe(y *loop.Yielder) (r, w *Conn, err error) {
	at, err := place(y)
	if err != nil {
		return nil, nil, &net.OpError{Op: "open", Net: "pipe", Err: err}
	}
	rfd, wfd, err := at.sockets.Pipe()
	if err != nil {
		return nil, nil, &net.OpError{Op: "open", Net: "pipe", Err: os.NewSyscallError("pipe", err)}
	}
	s := fileCalls{Sockets: at.sockets}
	if r, err = newConn(at.loop, s, rfd, "pipe", fileAddr("pipe", "")); err != nil {
		_ = s.Close(wfd)
	} else if w, err = newConn(at.loop, s, wfd, "pipe", fileAddr("pipe", "")); err != nil {
		_ = r.Close()
	}
	if err != nil {
		return nil, nil, &net.OpError{Op: "open", Net: "pipe", Err: err}
	}
	w.d.rd.ready = true // to fail, not to wait
	return r, w, nil
}

// OpenPipe opens a named pipe (a FIFO), a terminal such as /dev/tty, or another device, without
// waiting for its other end. flag is os.O_RDONLY, os.O_WRONLY or os.O_RDWR. If nobody has a
// FIFO open for reading, os.O_WRONLY fails with ENXIO. Other kinds of file are refused as by
// [FileConn].
func OpenPipe(y *loop.Yielder, name string, flag int) (*Conn, error) {
	l, err := systemOf(y)
	if err != nil {
		return nil, adoptError("open", name, err)
	}
	for {
		fd, err := unix.Open(name, flag|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		switch err {
		case nil:
			c, err := adopt(l, fd, name, false)
			if err != nil {
				_ = unix.Close(fd)
				return nil, adoptError("open", name, err)
			}
			return c, nil
		case unix.EINTR:
		default:
			return nil, adoptError("open", name, os.NewSyscallError("open", err))
		}
	}
}

// fileCalls are the calls for a descriptor that is no socket, or was not made here.
type fileCalls struct {
	Sockets

	// shared says that the open file is other processes' too, a blocking one by rights. Each
	// of them can make it blocking again, as shells do, and Close must.
	shared bool

	// file closes the descriptor of a device that the loop cannot watch, and so does not close
	// either, when it is garbage.
	file *os.File
}

func (s fileCalls) Read(fd int, b []byte) (int, error) {
	if s.shared {
		if err := ensureNonblocking(fd); err != nil {
			return 0, err
		}
		return unix.Read(fd, b)
	}
	return s.Sockets.Read(fd, b)
}

func (s fileCalls) Write(fd int, b []byte) (int, error) {
	if s.shared {
		if err := ensureNonblocking(fd); err != nil {
			return 0, err
		}
		return unix.Write(fd, b)
	}
	return s.Sockets.Write(fd, b)
}

func (s fileCalls) Close(fd int) error {
	if s.shared {
		_ = unix.SetNonblock(fd, false) // fails only if fd is closed
	}
	if s.file != nil {
		return s.file.Close()
	}
	return s.Sockets.Close(fd)
}

// Getsockname gives what is no socket an address without a name.
func (s fileCalls) Getsockname(fd int) (syscall.Sockaddr, error) {
	sa, err := s.Sockets.Getsockname(fd)
	if err == unix.ENOTSOCK {
		return &syscall.SockaddrUnix{}, nil
	}
	return sa, err
}

func ensureNonblocking(fd int) error {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err == nil && flags&unix.O_NONBLOCK == 0 {
		err = unix.SetNonblock(fd, true)
	}
	return err
}

// fileAddr is the address of what is no socket: the name of its file.
func fileAddr(network, name string) net.Addr { return &net.UnixAddr{Name: name, Net: network} }
