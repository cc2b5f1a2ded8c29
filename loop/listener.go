//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"coloop/coroutine"

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

// backlog is cut down by the system to what it allows.
const backlog = 1<<16 - 1

func listen(l *Loop, fd int, network string, family int, sa syscall.Sockaddr) (_ *Listener, err error) {
	if family != unix.AF_UNIX {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return nil, os.NewSyscallError("setsockopt", err)
		}
		// The sockets accepted inherit it.
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	if err := syscall.Bind(fd, sa); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	d := newDescriptor(l, fd)
	if sa, ok := sa.(*syscall.SockaddrUnix); ok && sa.Name != "" && sa.Name[0] != '@' {
		d.path = sa.Name
		defer func() {
			if err != nil {
				_ = os.Remove(d.path)
			}
		}()
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	return &Listener{d, network, address(network, bound)}, l.poller.add(d)
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

// Close stops listening, and removes the file of a Unix socket; a task parked in
// Accept gets net.ErrClosed. It may be called on any goroutine, like Close of
// Conn.
func (ln *Listener) Close() error {
	l := ln.d.loop
	if !l.OnLoop() {
		_ = l.CallSoonThreadsafe(func() { _ = ln.d.close() })
		return nil
	}
	if err := ln.d.close(); err != nil {
		return &net.OpError{Op: "close", Net: ln.network, Addr: ln.addr, Err: err}
	}
	return nil
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
	s := server{loop: ln.d.loop, handle: handle, open: make(map[*Task[struct{}]]struct{})}
	err := s.accept(y, ln)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	} else {
		_ = ln.d.close()
	}
	if errors.Is(err, coroutine.GeneratorExit) {
		return err // the loop is being closed, and these tasks with it
	}
	for len(s.open) > 0 {
		if err != nil {
			for _, t := range s.loop.AllTasks() { // in the order of their coming
				if t, ok := t.(*Task[struct{}]); ok {
					if _, ok := s.open[t]; ok {
						t.Cancel()
					}
				}
			}
		}
		s.empty = NewFuture[struct{}](s.loop)
		if _, e := s.empty.Await(y); e != nil {
			if err = e; !isCancelled(e) {
				return err // nothing wakes us any more
			}
		}
	}
	return err
}

// server is one call of Serve.
type server struct {
	loop   *Loop
	handle func(y *Yielder, c *Conn) error
	open   map[*Task[struct{}]]struct{}
	empty  *Future[struct{}] // done when open is, if somebody waits for that
}

func (s *server) accept(y *Yielder, ln *Listener) error {
	for {
		c, err := ln.accept()
		var failed *os.SyscallError
		switch {
		case err == nil:
			s.start(c)
		case errors.As(err, &failed):
			s.loop.CallExceptionHandler(ExceptionContext{
				Message: "accept failed at " + ln.addr.String(), Exception: err})
			if err := Sleep(y, acceptRetry); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

func (s *server) start(c *Conn) {
	t := Go(s.loop, func(y *Yielder) (struct{}, error) {
		return struct{}{}, s.handle(y, c)
	})
	s.open[t] = struct{}{}
	t.AddDoneCallback(func(f *Future[struct{}]) {
		// Not in the task: if cancelled before its first step it does nothing.
		_ = c.Close()
		delete(s.open, t)
		if exc, err := f.Exception(); exc != nil && err == nil {
			s.loop.CallExceptionHandler(ExceptionContext{
				Message: "error while serving a connection", Exception: exc, Task: t})
		}
		if len(s.open) == 0 && s.empty != nil && !s.empty.Done() {
			_ = s.empty.succeed(struct{}{})
		}
	})
}
