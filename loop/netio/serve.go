//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"net"
	"os"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// acceptRetry is how long Serve waits when the system is out of descriptors or
// memory (asyncio's ACCEPT_RETRY_DELAY).
const acceptRetry = time.Second

// Serve runs handle in a task of its own for each connection that ln accepts
// (asyncio.start_server, serve_forever), and closes the connection when the task
// ends. A handle that fails is reported to the loop's exception handler.
//
// Serve returns when ln is closed, after the last of these tasks; or with a
// CancelledError when its task is cancelled, after it has closed ln, and
// cancelled these tasks and seen them end. If ln was closed before, the error is
// net.ErrClosed, and if it is a listener of another loop, [loop.ErrForeignLoop].
func Serve(y *loop.Yielder, ln *Listener, handle func(y *loop.Yielder, c *Conn) error) error {
	switch l := loop.Running(y); {
	case l == nil:
		return ln.d.fail("serve", loop.ErrNoTask)
	case !y.Here():
		return ln.d.fail("serve", loop.ErrWrongGoroutine)
	case l != ln.d.loop:
		return ln.d.fail("serve", loop.ErrForeignLoop)
	case handle == nil:
		return ln.d.fail("serve", errors.New("the function is nil"))
	case ln.d.closed:
		return ln.d.fail("serve", net.ErrClosed)
	}
	s := server{loop: ln.d.loop, handle: handle, open: make(map[*loop.Task[struct{}]]struct{})}
	err := s.accept(y, ln)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	} else {
		_ = ln.d.Close()
	}
	if errors.Is(err, coroutine.GeneratorExit) {
		return err // the loop is being closed, and these tasks with it
	}
	for len(s.open) > 0 {
		if err != nil {
			for _, t := range s.loop.AllTasks() { // in the order in which they were accepted
				if t, ok := t.(*loop.Task[struct{}]); ok {
					if _, ok := s.open[t]; ok {
						t.Cancel()
					}
				}
			}
		}
		s.empty = loop.NewFuture[struct{}](s.loop)
		if _, e := s.empty.Await(y); e != nil {
			if err = e; !loop.IsCancelled(e) {
				return err // the loop is closed, and wakes no task any more
			}
		}
	}
	return err
}

// server is one call of Serve.
type server struct {
	loop   *loop.Loop
	handle func(y *loop.Yielder, c *Conn) error
	open   map[*loop.Task[struct{}]]struct{}
	empty  *loop.Future[struct{}] // done when open is empty; nil unless Serve waits for that
}

func (s *server) accept(y *loop.Yielder, ln *Listener) error {
	for {
		c, err := ln.accept()
		var failed *os.SyscallError
		switch {
		case err == nil:
			s.start(c)
		case errors.As(err, &failed):
			s.loop.CallExceptionHandler(loop.ExceptionContext{
				Message: "accept failed at " + ln.d.peer.String(), Exception: err})
			if err := loop.Sleep(y, acceptRetry); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

func (s *server) start(c *Conn) {
	// The task has no name of its own: its String says for which peer it waits.
	t := loop.Spawn(s.loop, func(y *loop.Yielder) error { return s.handle(y, c) }, loop.Doing(s.handle))
	s.open[t] = struct{}{}
	t.AddDoneCallback(func(f *loop.Future[struct{}]) {
		// The task itself cannot do this: if it is cancelled before its first step,
		// its function is not called.
		_ = c.Close()
		delete(s.open, t)
		if exc, err := f.Exception(); exc != nil && err == nil {
			s.loop.CallExceptionHandler(loop.ExceptionContext{
				Message: "error while serving a connection", Exception: exc, Task: t})
		}
		if len(s.open) == 0 && s.empty != nil && !s.empty.Done() {
			_ = s.empty.SetResult(struct{}{})
		}
	})
}
