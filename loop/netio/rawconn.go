//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// SyscallConn returns the socket itself, for system calls of one's own (net.TCPConn's
// SyscallConn). The functions that its methods are given are called on the goroutine of the
// loop, and must not wait. The socket is non-blocking: Read and Write call their function
// again, once the socket has become ready, until it returns true. They have the deadlines of
// the connection and wait in line with its other operations.
//
// If the connection is not one of the operating system, the error is errors.ErrUnsupported.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if err := c.d.control(); err != nil {
		return nil, err
	}
	return rawConn{rawControl{c.d}}, nil
}

// SyscallConn returns the socket that listens, as that of a [Conn]. Only Control is of
// use; Read and Write return syscall.EINVAL.
func (ln *Listener) SyscallConn() (syscall.RawConn, error) {
	if err := ln.d.control(); err != nil {
		return nil, err
	}
	return rawControl{ln.d}, nil
}

// control returns the reason why the socket cannot be handed out, if there is one.
func (d *descriptor) control() error {
	calls := d.sockets
	if f, ok := calls.(fileCalls); ok {
		calls = f.Sockets
	}
	if _, ok := calls.(system); !ok {
		return d.fail("raw-control", errors.ErrUnsupported)
	}
	return d.change("raw-control", func(Sockets, int) error { return nil })
}

// rawControl is a socket that can be neither read nor written.
type rawControl struct{ d *descriptor }

// Control calls f with the descriptor of the socket.
func (r rawControl) Control(f func(fd uintptr)) error {
	d := r.d
	if !d.loop.OnLoop() {
		_, err := foreign(d, "raw-control", func() (struct{}, error) { return struct{}{}, r.Control(f) })
		return err
	}
	if err := d.control(); err != nil {
		return err
	}
	f(uintptr(d.fd))
	return nil
}

func (rawControl) Read(func(fd uintptr) bool) error  { return syscall.EINVAL }
func (rawControl) Write(func(fd uintptr) bool) error { return syscall.EINVAL }

// rawConn is the socket of a connection.
type rawConn struct{ rawControl }

func (r rawConn) Read(f func(fd uintptr) bool) error {
	return r.d.raw(&r.d.rd, "raw-read", "RawConn.Read", f)
}

func (r rawConn) Write(f func(fd uintptr) bool) error {
	return r.d.raw(&r.d.wr, "raw-write", "RawConn.Write", f)
}

// raw calls f until it returns true, and parks in between until the side is ready.
func (d *descriptor) raw(s *side, op, kind string, f func(fd uintptr) bool) error {
	if !d.loop.OnLoop() {
		_, err := foreign(d, op, func() (struct{}, error) { return struct{}{}, d.raw(s, op, kind, f) })
		return err
	}
	err := d.begin(s, kind)
	if err == nil {
		err = d.rawUntil(s, kind, f)
	}
	if err != nil {
		return d.fail(op, err)
	}
	return nil
}

func (d *descriptor) rawUntil(s *side, kind string, f func(fd uintptr) bool) error {
	defer s.end()
	switch {
	case d.closed:
		return net.ErrClosed
	case s.passed(d.loop):
		return os.ErrDeadlineExceeded
	}
	// Data that f leaves needs no note: if the side is ready, it stays so until a call
	// of ours says otherwise, and if it is not, the system reports what comes.
	for !f(uintptr(d.fd)) {
		s.ready = false
		if s == &d.rd {
			d.hungUp = false
		}
		if err := d.wait(s, kind); err != nil {
			return err
		}
	}
	return nil
}
