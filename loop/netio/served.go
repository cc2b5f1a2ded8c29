//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"io"
	"iter"
	"net"
	"os"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// acceptRetry is how long a server waits when the system is out of descriptors or memory, unless
// a connection ends before (asyncio's ACCEPT_RETRY_DELAY).
const acceptRetry = time.Second

// maxConns is the default of [Server.MaxConns].
func maxConns() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return -1
	}
	return int(max(64, min(uint64(limit.Cur), 1<<30)/8*7))
}

// served is a connection of a server, in a ring with the others.
type served struct {
	prev, next *served

	conn    *Conn
	task    *loop.Task[struct{}]
	spoiled bool // the server has ended the connection, or a side of it

	// what the last sweep found: the phase and the turn of the last write, and since when
	phase, turn     uint32
	waits, stalls   bool
	reading, writes time.Duration
}

func (v *served) init() { v.prev, v.next = v, v }

// all yields the connections of the ring, the oldest first. The one that is yielded may leave.
func (v *served) all() iter.Seq[*served] {
	return func(yield func(*served) bool) {
		for it := v.next; it != nil && it != v; {
			next := it.next
			if !yield(it) {
				return
			}
			it = next
		}
	}
}

// end has the handler find the end of what it reads, once it waits for the next request.
func (v *served) end() {
	v.spoiled = true
	v.conn.d.drain()
}

// accept has a task accept the connections of a listener.
func (s *Server) accept(ln *Listener) {
	s.accepting++
	t := loop.Spawn(s.loop, func(y *loop.Yielder) error { return s.acceptAll(y, ln) }, loop.Doing(s.acceptAll))
	t.AddDoneCallback(func(f *loop.Future[struct{}]) {
		_, _ = f.Exception() // the listener is closed, or the task cancelled, or the loop closed
		_ = ln.d.Close()
		s.accepting--
		s.checkOver()
	})
}

func (s *Server) acceptAll(y *loop.Yielder, ln *Listener) error {
	room := func() (bool, error) { return s.room(y) }
	for {
		c, err := ln.accept(room)
		switch {
		case err == nil:
			s.start(c)
		case errors.Is(err, net.ErrClosed), loop.IsCancelled(err):
			return err
		default:
			var failed *os.SyscallError
			if !errors.As(err, &failed) {
				return err
			}
			if err := s.starve(y, ln, err); err != nil {
				return err
			}
		}
	}
}

// room reports whether a connection may be accepted. If there are MaxConns of them, it
// parks until one has ended.
func (s *Server) room(y *loop.Yielder) (bool, error) {
	if s.MaxConns < 0 || s.stats.Conns+s.stats.Detached < s.MaxConns {
		return true, nil
	}
	woken, err := s.full.Park(y, nil)
	if err != nil && woken {
		s.full.Unpark()
	}
	return false, err
}

// starve waits for descriptors after accept has failed: it ends the connection that was
// accepted first of those that are idle, and parks until one has ended or the time is up.
func (s *Server) starve(y *loop.Yielder, ln *Listener, failure error) error {
	if now := s.loop.Time(); s.reported == 0 || now-s.reported >= acceptRetry {
		s.reported = max(1, now)
		s.loop.CallExceptionHandler(loop.ExceptionContext{
			Message: "accept failed at " + ln.d.peer.String(), Exception: failure})
	}
	for v := range s.open.all() {
		if v.conn.d.idle() && !v.spoiled {
			v.end()
			s.stats.Evicted++
			break
		}
	}
	retry := s.loop.CallLater(acceptRetry, func() { s.starved.Unpark() })
	woken, err := s.starved.Park(y, nil)
	retry.Cancel()
	if err != nil && woken {
		s.starved.Unpark()
	}
	return err
}

// wakeAccepting wakes a task that waits for room, and reports whether there was one.
func (s *Server) wakeAccepting() bool {
	_, full := s.full.Unpark()
	_, starved := s.starved.Unpark()
	return full || starved
}

// start serves a connection in a task.
func (s *Server) start(c *Conn) {
	v := &served{conn: c, prev: s.open.prev, next: &s.open}
	v.prev.next, v.next.prev = v, v
	s.stats.Conns++
	s.stats.Accepted++
	// The task has no name of its own: its String says for which peer it waits.
	v.task = loop.Spawn(s.loop, func(y *loop.Yielder) error { return s.Handle(y, c) }, loop.Doing(s.Handle))
	v.task.AddDoneCallback(func(f *loop.Future[struct{}]) {
		// The task itself cannot do this: if it is cancelled before its first step,
		// its function is not called.
		exc, err := f.Exception()
		s.done(v)
		if exc != nil && err == nil && !(v.spoiled && ofTheServer(exc)) {
			s.loop.CallExceptionHandler(loop.ExceptionContext{
				Message: "error while serving a connection", Exception: exc, Task: v.task})
		}
	})
	if s.sweeper == nil {
		s.sweep()
	}
}

// ofTheServer reports whether an error of a handler is one that a server causes.
func ofTheServer(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF)
}

// done ends the service of a connection whose task has ended.
func (s *Server) done(v *served) {
	leave := func() {
		v.prev.next, v.next.prev = v.next, v.prev
		s.stats.Conns--
	}
	gone := func() {
		s.wakeAccepting()
		s.checkOver()
	}
	d := v.conn.d
	if d.detached && !d.closed {
		leave()
		s.stats.Detached++
		d.draining = false
		d.onClose = func() {
			s.stats.Detached--
			gone()
		}
		s.checkOver()
		return
	}
	_ = v.conn.Close()
	if d.lingers() && !s.hurried { // output of a Stream is being written
		d.onClose = func() {
			leave()
			gone()
		}
		return
	}
	_ = d.Close()
	leave()
	gone()
}

// over reports whether the server is closed and its last connection has ended.
func (s *Server) over() bool {
	return (s.started || s.closing) && s.accepting == 0 && s.stats.Conns == 0
}

func (s *Server) checkOver() {
	if open := s.listeners[:0]; s.started {
		for _, ln := range s.listeners {
			if !ln.d.closed {
				open = append(open, ln)
			}
		}
		clear(s.listeners[len(open):])
		s.listeners = open
		s.closing = s.closing || len(open) == 0
	}
	if s.over() {
		for {
			if _, ok := s.ended.Unpark(); !ok {
				return
			}
		}
	}
}

// cancelAll cancels the tasks of all connections, in the order in which these were accepted,
// and returns their number.
func (s *Server) cancelAll() (n int) {
	s.hurried = true
	for v := range s.open.all() {
		if v.task.Done() {
			_ = v.conn.d.Close() // it lingers
			continue
		}
		v.task.Cancel()
		n++
	}
	s.stats.Cancelled += n
	return n
}

// sweep ends what has waited for too long, and calls itself again while there are connections.
func (s *Server) sweep() {
	least := forever
	for _, d := range []time.Duration{s.IdleTimeout, s.ReadTimeout, s.WriteTimeout} {
		if d > 0 {
			least = min(least, d)
		}
	}
	if s.sweeper = nil; least == forever {
		return
	}
	now := s.loop.Time()
	for v := range s.open.all() {
		s.look(v, now)
	}
	if s.stats.Conns > 0 {
		s.sweeper = s.loop.CallLater(max(least/8, time.Millisecond), s.sweep)
	}
}

// look looks whether a connection has waited for too long. A wait is as old as the first
// sweep that has found it.
func (s *Server) look(v *served, now time.Duration) {
	d := v.conn.d
	expired := func(since, limit time.Duration) bool { return limit > 0 && now-since >= limit }

	limit := s.ReadTimeout
	if d.phase&1 == 0 {
		limit = s.IdleTimeout
	}
	switch waits := d.rd.busy && !d.rd.ready; {
	case !waits || !v.waits || v.phase != d.phase:
		v.waits, v.phase, v.reading = waits, d.phase, now
	case !expired(v.reading, limit):
	case d.phase&1 == 0:
		if !v.spoiled {
			s.stats.TimedOut++
		}
		v.end()
	default:
		s.expire(v, &d.rd)
		v.reading = now
	}

	keeps := d.wr.out != nil && d.wr.out.active
	switch stalls := keeps || d.wr.busy && !d.wr.ready; {
	case !stalls || !v.stalls || v.turn != d.wr.turn:
		v.stalls, v.turn, v.writes = stalls, d.wr.turn, now
	case expired(v.writes, s.WriteTimeout):
		s.expire(v, &d.wr)
		if v.writes = now; keeps {
			d.wr.out.expire()
		}
	}
}

// expire has the operation under way on a side return os.ErrDeadlineExceeded.
func (s *Server) expire(v *served, side *side) {
	if !v.spoiled {
		s.stats.TimedOut++
	}
	v.spoiled = true
	if d := v.conn.d; !d.closed {
		d.setDeadline(side, s.loop.Time())
	}
}
