//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// ErrRegularFile is the error of a regular file or directory where a [Conn] is wanted. The
// system cannot say when a disk is ready; package coloop/loop/files reads and writes files.
var ErrRegularFile = errors.New("a file on a disk cannot be waited for; use package coloop/loop/files")

// FileConn returns a Conn for a copy of f, which may be a socket, a pipe, a terminal or another
// device: os.Stdin for example (net.FileConn; loop.connect_read_pipe and connect_write_pipe).
// f stays open, and stays the caller's. A regular file is refused with [ErrRegularFile].
//
// A Conn needs a non-blocking descriptor, but whether it is one is a property of the open
// file, which f may share with other processes: a shell and all its jobs have one terminal. On
// Linux a terminal or pipe is opened anew, and those others do not notice. Where that is not
// possible, the open file is non-blocking while the Conn is open, and Close, or [loop.Loop.Close],
// restores it.
func FileConn(y *loop.Yielder, f *os.File) (*Conn, error) {
	l, err := systemOf(y)
	if err != nil {
		return nil, adoptError("adopt", f.Name(), err)
	}
	var c *Conn
	err = duplicate(f, func(fd int) (err error) {
		c, err = adopt(l, fd, f.Name(), true)
		return err
	})
	if err != nil {
		return nil, adoptError("adopt", f.Name(), err)
	}
	return c, nil
}

// AdoptFd returns a Conn for fd, which belongs to the Conn from then on; if there is an error, it
// still belongs to the caller. name is for errors. Otherwise AdoptFd is [FileConn]; of a fd
// that is non-blocking already, the open file is left as it is.
func AdoptFd(y *loop.Yielder, fd int, name string) (*Conn, error) {
	l, err := systemOf(y)
	var c *Conn
	if err == nil {
		c, err = adopt(l, fd, name, false)
	}
	if err != nil {
		return nil, adoptError("adopt", name, err)
	}
	unix.CloseOnExec(c.d.fd)
	return c, nil
}

// AdoptConn makes a Conn of a TCP or Unix connection of package net, and closes c; the
// connection itself stays open. c must not be in use. If there is an error, c is left alone.
func AdoptConn(y *loop.Yielder, c net.Conn) (*Conn, error) {
	l, err := systemOf(y)
	if err != nil {
		return nil, &net.OpError{Op: "adopt", Err: err}
	}
	var adopted *Conn
	err = duplicate(c, func(fd int) (err error) {
		adopted, err = adopt(l, fd, "", false)
		return err
	})
	if err != nil {
		return nil, &net.OpError{Op: "adopt", Net: c.LocalAddr().Network(), Addr: c.LocalAddr(), Err: err}
	}
	_ = c.Close() // the connection has another descriptor now
	return adopted, nil
}

// FileListener returns a Listener for a copy of f, a socket that listens, such as one that
// systemd hands to a service (net.FileListener; loop.create_server's sock). f stays open, and
// stays the caller's, but is non-blocking from then on. Close does not remove the file of a
// Unix socket.
func FileListener(y *loop.Yielder, f *os.File) (*Listener, error) {
	l, err := systemOf(y)
	if err != nil {
		return nil, adoptError("adopt", f.Name(), err)
	}
	var ln *Listener
	err = duplicate(f, func(fd int) (err error) {
		ln, err = adoptListener(l, fd)
		return err
	})
	if err != nil {
		return nil, adoptError("adopt", f.Name(), err)
	}
	return ln, nil
}

// AdoptListener makes a Listener of a TCP or Unix listener of package net, and closes ln; the
// socket itself goes on listening. ln must not be in use. Close of the Listener removes the file
// of a Unix socket. If there is an error, ln is left alone.
func AdoptListener(y *loop.Yielder, ln net.Listener) (*Listener, error) {
	l, err := systemOf(y)
	if err != nil {
		return nil, &net.OpError{Op: "adopt", Err: err}
	}
	var adopted *Listener
	err = duplicate(ln, func(fd int) (err error) {
		adopted, err = adoptListener(l, fd)
		return err
	})
	if err != nil {
		return nil, &net.OpError{Op: "adopt", Net: ln.Addr().Network(), Addr: ln.Addr(), Err: err}
	}
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
		if name := ln.Addr().String(); name != "" && name[0] != '@' {
			adopted.d.file, _ = unixFileAt(name) // if it is not there, there is none to remove
		}
	}
	_ = ln.Close() // the socket has another descriptor now
	return adopted, nil
}

// systemOf returns the loop of y, if its descriptors are those of the operating system.
func systemOf(y *loop.Yielder) (*loop.Loop, error) {
	at, err := place(y)
	if _, ok := at.sockets.(system); err == nil && !ok {
		err = errors.New("the loop's network is simulated and has no descriptors of the operating system")
	}
	return at.loop, err
}

// duplicate calls adopt with a new descriptor for the open file of c, and closes it if that
// fails.
func duplicate(c any, adopt func(fd int) error) error {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return fmt.Errorf("a %T has no descriptor", c)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var fd int
	var failed error
	if err := raw.Control(func(old uintptr) { fd, failed = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return err
	}
	if failed != nil {
		return os.NewSyscallError("dup", failed)
	}
	if err := adopt(fd); err != nil {
		_ = unix.Close(fd)
		return err
	}
	return nil
}

// adopt makes a Conn of fd. borrowed says that somebody may make its open file blocking.
func adopt(l *loop.Loop, fd int, name string, borrowed bool) (*Conn, error) {
	network, peer, err := kindOf(fd, name)
	if err != nil {
		return nil, err
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	isSocket, blocking := network == "tcp" || network == "unix", flags&unix.O_NONBLOCK == 0
	own := fd
	if (borrowed || blocking) && (network == "pipe" || network == "terminal") {
		own = reopen(fd, flags)
	}
	calls := fileCalls{Sockets: system{}, shared: own == fd && blocking}
	if calls.shared {
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, os.NewSyscallError("fcntl", err)
		}
	}
	d := newDescriptor(l, calls, own, network)
	if isSocket && !calls.shared {
		d.sockets = system{}
	}
	d.peer, d.wr.ready = peer, true
	d.rd.ready = flags&unix.O_ACCMODE == unix.O_WRONLY // to fail, not to wait
	d.pieces = !isSocket
	err = l.Watch(own, d)
	if errors.Is(err, unix.EPERM) && network == "device" {
		// Such as /dev/null, which is always ready.
		d.rd.ready, d.hungUp = true, true
		calls.file = os.NewFile(uintptr(own), name)
		d.sockets, err = calls, nil
	}
	switch {
	case own != fd && err != nil:
		_ = unix.Close(own)
	case own != fd:
		_ = unix.Close(fd)
	case err != nil && calls.shared:
		_ = unix.SetNonblock(fd, false)
	}
	if err != nil {
		return nil, err
	}
	return &Conn{d: d}, nil
}

// kindOf returns what fd is as the network of a Conn, and the address of its other end.
func kindOf(fd int, name string) (network string, peer net.Addr, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", nil, os.NewSyscallError("fstat", err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFSOCK:
		network, listens, err := socketKind(fd)
		if err != nil {
			return "", nil, err
		}
		if listens {
			return "", nil, errors.New("the socket listens; use FileListener or AdoptListener")
		}
		sa, err := syscall.Getpeername(fd)
		if err != nil {
			return "", nil, os.NewSyscallError("getpeername", err)
		}
		return network, address(network, sa), nil
	case unix.S_IFIFO:
		network = "pipe"
	case unix.S_IFCHR:
		network = "device"
		if isTerminal(fd) && uint64(st.Rdev) != ptmx {
			network = "terminal"
		}
	default:
		return "", nil, ErrRegularFile
	}
	return network, fileAddr(network, name), nil
}

// socketKind returns the network of a stream socket, and whether it listens.
func socketKind(fd int) (network string, listens bool, err error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return "", false, os.NewSyscallError("getsockopt", err)
	}
	if kind != unix.SOCK_STREAM {
		return "", false, errors.New("the socket is not one of streams")
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		return "", false, os.NewSyscallError("getsockname", err)
	}
	network = "tcp"
	if _, ok := sa.(*syscall.SockaddrUnix); ok {
		network = "unix"
	}
	accepts, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return network, accepts != 0, os.NewSyscallError("getsockopt", err)
}

func adoptListener(l *loop.Loop, fd int) (*Listener, error) {
	network, listens, err := socketKind(fd)
	if err != nil {
		return nil, err
	}
	if !listens {
		return nil, errors.New("the socket does not listen")
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	if network == "tcp" { // accepted sockets inherit it
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	d := newDescriptor(l, system{}, fd, network)
	d.peer = address(network, sa)
	return &Listener{d: d}, l.Watch(fd, d)
}

func adoptError(op, name string, err error) error {
	return &net.OpError{Op: op, Net: "file", Addr: fileAddr("file", name), Err: err}
}
