//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A Listener accepts connections of a loop. It implements net.Listener; Accept
// parks the calling task.
type Listener struct {
	d       *descriptor
	network string
	addr    net.Addr
}

// Listen listens at address on network "tcp", "tcp4", "tcp6" or "unix"; the host
// must be an IP address, or empty. It must be called on the goroutine of the
// loop, or before that runs.
func Listen(l *Loop, network, address string) (*Listener, error) {
	fail := func(a net.Addr, err error) (*Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: a, Err: err}
	}
	addrs, err := resolve(nil, l, network, address)
	if err != nil {
		return fail(nil, err)
	}
	a := addrs[0]
	sa, family, err := sockaddr(a)
	if err != nil {
		return fail(a, err)
	}
	fd, err := socket(family)
	if err != nil {
		return fail(a, os.NewSyscallError("socket", err))
	}
	ln, err := listen(l, fd, network, family, sa)
	if err != nil {
		_ = unix.Close(fd)
		return fail(a, err)
	}
	return ln, nil
}

func listen(l *Loop, fd int, network string, family int, sa unix.Sockaddr) (*Listener, error) {
	if family != unix.AF_UNIX {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	if err := unix.Bind(fd, sa); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(fd, unix.SOMAXCONN); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	ln := &Listener{newDescriptor(l, fd), network, address(network, bound)}
	return ln, l.poller.add(ln.d)
}

// Accept parks the task until there is a connection and returns it, a *Conn.
func (ln *Listener) Accept() (net.Conn, error) {
	c, err := ln.accept()
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: ln.network, Addr: ln.addr, Err: err}
	}
	return c, nil
}

func (ln *Listener) accept() (*Conn, error) {
	for {
		if err := ln.d.wait(&ln.d.rd); err != nil {
			return nil, err
		}
		fd, sa, err := accept(ln.d.fd)
		switch err {
		case nil:
			if _, ok := ln.addr.(*net.TCPAddr); ok {
				// Fails only on a connection that is dead already.
				_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
			}
			return newConn(ln.d.loop, fd, ln.network, address(ln.network, sa))
		case unix.EAGAIN:
			ln.d.rd.ready = false
		case unix.EINTR, unix.ECONNABORTED:
		default:
			return nil, os.NewSyscallError("accept", err)
		}
	}
}

// Addr returns the address listened at.
func (ln *Listener) Addr() net.Addr { return ln.addr }

// Close stops listening; a task parked in Accept gets net.ErrClosed. It may be
// called on any goroutine, like Close of Conn.
func (ln *Listener) Close() error {
	l := ln.d.loop
	if !l.OnLoop() {
		_ = l.CallSoonThreadsafe(func() { _ = ln.close() })
		return nil
	}
	if err := ln.close(); err != nil {
		return &net.OpError{Op: "close", Net: ln.network, Addr: ln.addr, Err: err}
	}
	return nil
}

func (ln *Listener) close() error {
	if a, ok := ln.addr.(*net.UnixAddr); ok && !ln.d.closed && a.Name != "" && a.Name[0] != '@' {
		_ = os.Remove(a.Name)
	}
	return ln.d.close()
}

// acceptRetry is how long Serve waits when the system is out of descriptors or
// memory (asyncio's ACCEPT_RETRY_DELAY).
const acceptRetry = time.Second

// Serve runs handle in a task of its own for each connection that ln accepts
// (asyncio.start_server, serve_forever), and closes the connection when that
// ends. A handle that fails is reported to the loop's exception handler.
//
// Serve returns when ln is closed, after the last of these tasks; or with a
// CancelledError when its task is cancelled, after it has closed ln, and
// cancelled these tasks and seen them end.
func Serve(y *Yielder, ln *Listener, handle func(y *Yielder, c *Conn) error) error {
	l := ln.d.loop
	open := make(map[*Task[struct{}]]struct{})
	var empty *Future[struct{}]
	serve := func(c *Conn) {
		var t *Task[struct{}]
		t = Go(l, func(y *Yielder) (struct{}, error) {
			defer c.Close()
			return struct{}{}, handle(y, c)
		})
		open[t] = struct{}{}
		t.AddDoneCallback(func(f *Future[struct{}]) {
			delete(open, t)
			if exc, err := f.Exception(); exc != nil && err == nil {
				l.CallExceptionHandler(ExceptionContext{
					Message: "error while serving a connection", Exception: exc, Task: t})
			}
			if len(open) == 0 && empty != nil && !empty.Done() {
				empty.succeed(struct{}{})
			}
		})
	}
	var err error
	for err == nil {
		var c *Conn
		switch c, err = ln.accept(); {
		case err == nil:
			serve(c)
		case errors.Is(err, net.ErrClosed) || isCancelled(err):
		default:
			l.CallExceptionHandler(ExceptionContext{Message: "accept failed", Exception: err})
			err = Sleep(y, acceptRetry)
		}
	}
	if errors.Is(err, net.ErrClosed) {
		err = nil
	} else {
		_ = ln.close()
	}
	for len(open) > 0 {
		if err != nil {
			for t := range open {
				t.Cancel()
			}
		}
		empty = NewFuture[struct{}](l)
		if _, e := empty.Await(y); e != nil {
			err = e
		}
	}
	return err
}
