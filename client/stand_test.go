package client_test

import (
	"crypto/tls"
	"net"
	"testing"

	"coloop/loop"
	"coloop/loop/netio"
)

// A stand is a server in the loop of a test. It serves each connection in a task.
type stand struct {
	ln        *netio.Listener
	tls       *tls.Config // nil for http
	accepting *loop.Task[struct{}]
	served    []*loop.Task[struct{}]
}

// newStand opens a stand, whose handler gets the connection, and what is to be read and
// written on it. The handler's errors are those of the client.
func newStand(t testing.TB, y *loop.Yielder, cfg *tls.Config, handle func(y *loop.Yielder, c *torn, rw net.Conn) error) *stand {
	t.Helper()
	ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{ln: ln, tls: cfg}
	s.accepting = loop.Spawn(y, func(y *loop.Yielder) error {
		for {
			raw, err := ln.Accept()
			if err != nil {
				return nil // closed
			}
			s.served = append(s.served, loop.Spawn(y, func(y *loop.Yielder) error {
				defer raw.Close()
				c := newTorn(raw.(*netio.Conn))
				rw := net.Conn(c)
				if cfg != nil {
					rw = tls.Server(c, cfg)
				}
				_ = handle(y, c, rw)
				return nil
			}))
		}
	})
	return s
}

// url is that of path on the stand.
func (s *stand) url(path string) string {
	scheme := "http://"
	if s.tls != nil {
		scheme = "https://"
	}
	return scheme + s.ln.Addr().String() + path
}

// rest waits until all connections have ended.
func (s *stand) rest(t testing.TB, y *loop.Yielder) {
	t.Helper()
	for _, task := range s.served {
		if _, err := task.Await(y); err != nil {
			t.Error("server: ", err)
		}
	}
	s.served = s.served[:0]
}

// close closes the stand.
func (s *stand) close(t testing.TB, y *loop.Yielder) {
	t.Helper()
	if err := s.ln.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.accepting.Await(y); err != nil {
		t.Error(err)
	}
	s.rest(t, y)
}
