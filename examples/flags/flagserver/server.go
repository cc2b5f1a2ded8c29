// Package flagserver serves the flags and names of package atlas over HTTP, at
// the paths that the flag downloader of Fluent Python asks for:
//
//	/flags/cn/cn.gif
//	/flags/cn/metadata.json
//
// A server is an event loop on a goroutine of its own. Each connection is a task
// of that loop, in which fasthttp reads and answers requests as it would in a
// goroutine: to delay a reply, its handler puts the task to sleep.
package flagserver

import (
	"fmt"
	"net"

	"coloop/loop"
	"coloop/loop/netio"
)

// A Server is a running server. Its methods may be called on any goroutine.
type Server struct {
	loop  *loop.Loop
	serve *loop.Task[struct{}]
	addr  net.Addr
	ended chan struct{}
}

// Start returns a server that listens at address, such as "127.0.0.1:8000", and
// treats requests according to conduct. With port 0 it takes a free one. The
// flags of the countries whose codes are in ahead are painted before Start
// returns; any other is painted when it is first asked for, which takes
// milliseconds more. The server must be closed.
func Start(address string, conduct Conduct, ahead ...string) (*Server, error) {
	return start(address, newSite(conduct), ahead)
}

func start(address string, site *site, ahead []string) (*Server, error) {
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: err}
	}
	l, err := loop.New()
	if err != nil {
		return nil, err
	}
	ln, err := loop.RunUntilComplete(l, loop.Func[*netio.Listener](func(y *loop.Yielder) (*netio.Listener, error) {
		return netio.Listen(y, "tcp", a.String())
	}))
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	paintAhead(ahead)
	s := &Server{loop: l, addr: ln.Addr(), ended: make(chan struct{})}
	s.serve = loop.Spawn(l, func(y *loop.Yielder) error { return netio.Serve(y, ln, site.serve) })
	go func() {
		defer close(s.ended)
		// It ends when Close cancels it.
		_, _ = loop.RunUntilComplete(l, s.serve)
	}()
	return s, nil
}

// Addr returns the address that the server listens at.
func (s *Server) Addr() net.Addr { return s.addr }

// URL returns what the paths of flags and metadata are appended to.
func (s *Server) URL() string { return fmt.Sprintf("http://%v/flags", s.addr) }

// Close ends the server and its connections, and waits for that.
func (s *Server) Close() error {
	// Refused by a loop that Close has closed before.
	_ = s.loop.CallSoonThreadsafe(func() { s.serve.Cancel() })
	<-s.ended
	return s.loop.Close()
}
