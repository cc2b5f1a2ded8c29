//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import "coloop/loop"

// Serve runs handle in a task of its own for each connection that ln accepts
// (asyncio.start_server, serve_forever), and closes the connection when the task
// ends. A handle that fails is reported to the loop's exception handler. It is
// [Server.ServeForever] of a Server with this listener and handle alone.
//
// Serve returns when ln is closed, after the last of these tasks; or with a
// CancelledError when its task is cancelled, after it has closed ln, and
// cancelled these tasks and seen them end. If ln was closed before, the error is
// net.ErrClosed, and if it is a listener of another loop, [loop.ErrForeignLoop].
func Serve(y *loop.Yielder, ln *Listener, handle func(y *loop.Yielder, c *Conn) error) error {
	s := Server{Handle: handle, loop: ln.d.loop, listeners: []*Listener{ln}}
	return s.ServeForever(y)
}
