//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"net"
	"sync"

	"coloop/loop"
)

var errInUse = errors.New("an operation of the connection is under way")

// HandOver moves the connection to another loop, which may run on another goroutine (see
// [loop.RunEach]), and suspends the task until that loop has taken it. The connection returned
// belongs to the loop to; it has no deadlines. The old one is closed: its methods return
// net.ErrClosed.
//
// It must be called on the loop of the connection, and no operation of the connection may be
// under way. If to is closed, the error is [loop.ErrClosed]. After an error that arises on the way,
// a cancellation of the task included, the socket is closed. If to is the loop of the
// connection, HandOver returns the connection itself.
//
// If the system can share out the connections of one address among several listeners, a
// listener on each loop is cheaper; see [ListenConfig].
func (c *Conn) HandOver(y *loop.Yielder, to *loop.Loop) (*Conn, error) {
	d := c.d
	switch l := loop.Running(y); {
	case l == nil:
		return nil, d.fail("hand over", loop.ErrNoTask)
	case !y.Here():
		return nil, d.fail("hand over", loop.ErrWrongGoroutine)
	case l != d.loop:
		return nil, d.fail("hand over", loop.ErrForeignLoop)
	case to == nil:
		return nil, d.fail("hand over", errors.New("the loop is nil"))
	}
	if d.posted.Load() {
		d.takeMail()
	}
	switch {
	case d.closed:
		return nil, d.fail("hand over", net.ErrClosed)
	case to == d.loop:
		return c, nil
	case d.rd.busy || d.wr.busy || d.wr.out != nil && d.wr.out.pending() > 0:
		return nil, d.fail("hand over", errInUse)
	}
	h := handover{fd: d.fd, sockets: d.sockets}
	d.forsake()
	moved, err := loop.RunOn(y, to, func(*loop.Yielder) (*Conn, error) { return h.take(to, d.network, d.peer) })
	if err != nil {
		h.abandon()
		return nil, d.fail("hand over", err)
	}
	return moved, nil
}

// A handover is a descriptor on its way from one loop to another. Either the other loop takes
// it, or it is abandoned, whichever comes first.
type handover struct {
	fd      int
	sockets Sockets

	mu    sync.Mutex
	over  bool
	taken *Conn
}

func (h *handover) take(to *loop.Loop, network string, peer net.Addr) (c *Conn, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return nil, net.ErrClosed
	}
	h.over = true
	h.taken, err = newConn(to, h.sockets, h.fd, network, peer) // closes fd if it fails
	return h.taken, err
}

// abandon closes the descriptor, wherever it is.
func (h *handover) abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !h.over:
		h.over = true
		_ = h.sockets.Close(h.fd) // the error that led here says more
	case h.taken != nil:
		_ = h.taken.Close()
	}
}
