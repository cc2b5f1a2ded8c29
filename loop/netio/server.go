//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// A Server serves connections, each in a task of its own (asyncio.Server; http.Server).
// Give it listeners with [Server.Listen] or [Server.Add], then call [Server.ServeForever], or
// [Server.StartServing] and something else. [Serve] is the short form for one listener.
//
// A Server belongs to the goroutine of its loop, and is used once. Its fields must not be
// changed once it serves.
type Server struct {
	_ noCopy

	// Handle is called in a task for each connection, which is closed when it returns, unless
	// it has called [Conn.Detach]. An error that it returns is reported to the loop's
	// exception handler, except when it comes of what the server did to the connection.
	Handle func(y *loop.Yielder, c *Conn) error

	// Config is how Listen listens.
	Config ListenConfig

	// MaxConns is how many connections may be open, detached ones too. At the limit the
	// server accepts no more, and goes on when one has ended; clients wait meanwhile. 0 means
	// seven eighths of the descriptors that the process may have, less than 0 no limit.
	MaxConns int

	// IdleTimeout is how long a connection may be idle (see [Conn.SetIdle]), a new one that
	// has sent nothing too. Its Read then returns io.EOF. 0 means for ever.
	IdleTimeout time.Duration

	// ReadTimeout is how long the handler may wait for the rest of a request whose first
	// byte it has read. Its Read then returns os.ErrDeadlineExceeded; see
	// [Conn.SetReadDeadline]. 0 means for ever.
	ReadTimeout time.Duration

	// WriteTimeout is how long a client may take nothing of what is being written. The Write
	// then returns os.ErrDeadlineExceeded. 0 means for ever.
	//
	// The three times may each be exceeded by an eighth.
	WriteTimeout time.Duration

	loop      *loop.Loop
	listeners []*Listener
	accepting int               // tasks that accept
	started   bool              // StartServing has been called
	closing   bool              // no further connection is accepted
	hurried   bool              // nobody waits for output that is kept, either
	full      loop.ParkingLot   // of accepting tasks, while there are MaxConns connections
	starved   loop.ParkingLot   // of accepting tasks, while the system has no descriptors
	reported  time.Duration     // when the latter was reported last
	ended     loop.ParkingLot   // of WaitClosed
	open      served            // the ring of what is served, the oldest first
	sweeper   *loop.TimerHandle // nil while there is nothing to sweep
	stats     ServerStats
}

// ServerStats is what a [Server] has to do and has done.
type ServerStats struct {
	Conns    int // connections that are being served
	Idle     int // those of them that are idle
	Detached int // connections that are open and were detached
	Waiting  int // listeners that accept nothing because of MaxConns, or for want of descriptors

	Accepted  int // connections accepted so far
	TimedOut  int // those of them that IdleTimeout, ReadTimeout or WriteTimeout has ended
	Evicted   int // idle ones that were ended for want of descriptors
	Cancelled int // those whose handler was cancelled by Shutdown or with ServeForever
}

// Listen has the server listen at addresses, in the form of the function [Listen]: at each
// address that the name of a host stands for, as asyncio.start_server does, and at each of
// several. If the port is 0, the addresses of one host get the same free port. If it
// fails, the server listens at none of these addresses.
func (s *Server) Listen(y *loop.Yielder, network string, addresses ...string) error {
	lns, err := s.Config.ListenAll(y, network, addresses...)
	for _, ln := range lns {
		if err == nil {
			err = s.Add(ln)
		}
	}
	if err != nil {
		for _, ln := range lns {
			_ = ln.Close()
		}
	}
	return err
}

// Add has the server serve the connections of ln as well. The server closes ln.
func (s *Server) Add(ln *Listener) error {
	switch {
	case s.loop != nil && s.loop != ln.d.loop:
		return ln.d.fail("serve", loop.ErrForeignLoop)
	case ln.d.closed, s.closing:
		return ln.d.fail("serve", net.ErrClosed)
	}
	s.loop = ln.d.loop
	s.listeners = append(s.listeners, ln)
	if s.started {
		s.accept(ln)
	}
	return nil
}

// Listeners returns the listeners that are open (Server.sockets).
func (s *Server) Listeners() []*Listener { return slices.Clone(s.listeners) }

// IsServing reports whether the server accepts connections (Server.is_serving).
func (s *Server) IsServing() bool { return s.started && !s.closing }

// Stats returns the present numbers.
func (s *Server) Stats() ServerStats {
	st := s.stats
	st.Waiting = s.full.Len() + s.starved.Len()
	for v := range s.open.all() {
		if v.conn.d.idle() {
			st.Idle++
		}
	}
	return st
}

// StartServing begins to accept connections, in tasks of its own, one for each listener
// (Server.start_serving). If the server serves already, it does nothing.
func (s *Server) StartServing(y *loop.Yielder) error {
	fail := func(err error) error {
		if len(s.listeners) > 0 {
			return s.listeners[0].d.fail("serve", err)
		}
		return &net.OpError{Op: "serve", Err: err}
	}
	switch l := loop.Running(y); {
	case l == nil:
		return fail(loop.ErrNoTask)
	case !y.Here():
		return fail(loop.ErrWrongGoroutine)
	case s.loop != nil && l != s.loop:
		return fail(loop.ErrForeignLoop)
	case s.Handle == nil:
		return fail(errors.New("the function is nil"))
	case s.closing:
		return fail(net.ErrClosed)
	case len(s.listeners) == 0:
		return fail(errors.New("there is no listener"))
	case s.started:
		return nil
	}
	for _, ln := range s.listeners {
		if ln.d.closed {
			return ln.d.fail("serve", net.ErrClosed)
		}
	}
	s.started = true
	if s.MaxConns == 0 {
		s.MaxConns = maxConns()
	}
	s.open.init()
	s.full.Kind, s.full.Owner = "accept: MaxConns", s
	s.starved.Kind, s.starved.Owner = "accept: no descriptors", s
	s.ended.Kind, s.ended.Owner = "Server.WaitClosed", s
	for _, ln := range s.listeners {
		s.accept(ln)
	}
	return nil
}

// String describes the server in the String of a task that waits for it.
func (s *Server) String() string {
	text := "Server"
	for _, ln := range s.listeners {
		text += " " + ln.d.String()
	}
	return text
}

// ServeForever is StartServing and WaitClosed (Server.serve_forever): it returns nil when the
// server was closed, after the last of its connections. If its task is cancelled, it closes
// the server, cancels the tasks of the connections, sees them end, and returns the
// CancelledError. For a stop with time to finish, see [Server.Shutdown].
func (s *Server) ServeForever(y *loop.Yielder) error {
	if err := s.StartServing(y); err != nil {
		return err
	}
	err := s.WaitClosed(y)
	if err == nil || errors.Is(err, coroutine.GeneratorExit) { // the loop is being closed, and these tasks with it
		return err
	}
	s.Close()
	return s.endAll(y, err)
}

// endAll cancels the tasks of all connections and waits for their end. It returns err, or
// what ended the wait: a further cancellation cancels them again.
func (s *Server) endAll(y *loop.Yielder, err error) error {
	for !s.over() {
		s.cancelAll()
		if e := s.WaitClosed(y); e != nil {
			if err = e; !loop.IsCancelled(e) {
				return err // the loop is closed, and wakes no task any more
			}
		}
	}
	return err
}

// Close closes the listeners (Server.close). Connections go on; see [Server.WaitClosed],
// [Server.CloseClients] and [Server.AbortClients], and [Server.Shutdown] for all in one.
func (s *Server) Close() {
	s.closing = true
	for _, ln := range s.listeners {
		_ = ln.d.Close() // somebody else may have closed it
	}
	for s.wakeAccepting() {
	}
	s.checkOver()
}

// WaitClosed parks until the server is closed, by Close or because all its listeners were,
// and its last connection has ended (Server.wait_closed).
func (s *Server) WaitClosed(y *loop.Yielder) error {
	for !s.over() {
		if _, err := s.ended.Park(y, nil); err != nil {
			return err
		}
	}
	return nil
}

// CloseClients closes all connections; what their handlers do with them returns
// net.ErrClosed (Server.close_clients). Call Close first.
func (s *Server) CloseClients() { s.each((*Conn).Close) }

// AbortClients is CloseClients by [Conn.Abort]: the clients find their connections reset
// (Server.abort_clients).
func (s *Server) AbortClients() { s.each((*Conn).Abort) }

func (s *Server) each(end func(c *Conn) error) {
	for v := range s.open.all() {
		v.spoiled = true
		_ = end(v.conn) // a handler may have closed it
	}
}

// Shutdown ends the server with care. It closes the listeners and ends connections as they
// become idle, most of them at once: their Read returns io.EOF, so that a handler can still say
// goodbye. It waits for the others, and when the time within has passed it cancels their tasks
// and waits for the end of these. If there were any, the error is a [loop.ErrTimeout] that
// says how many. If the task is cancelled, the time is over.
func (s *Server) Shutdown(y *loop.Yielder, within time.Duration) error {
	if !s.started {
		s.Close()
		return nil
	}
	s.Close()
	for v := range s.open.all() {
		v.end()
	}
	cancelled := 0
	timer := s.loop.CallLater(within, func() { cancelled = s.cancelAll() })
	err := s.WaitClosed(y)
	timer.Cancel()
	switch {
	case loop.IsCancelled(err):
		return s.endAll(y, err)
	case err == nil && cancelled > 0:
		return fmt.Errorf("shut down %v: connections cancelled: %d: %w", s, cancelled, loop.ErrTimeout)
	}
	return err
}
