//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// start has a server begin to serve at an address of its own.
func start(y *loop.Yielder, s *Server, network, address string) error {
	if err := s.Listen(y, network, address); err != nil {
		return err
	}
	return s.StartServing(y)
}

// dialServer connects to the first address of a server.
func dialServer(y *loop.Yielder, s *Server) (*Conn, error) {
	a := s.Listeners()[0].Addr()
	return Dial(y, a.Network(), a.String())
}

// lines answers each line of a client with the same line, "hang" not before it is cancelled, and
// "wait" when asked is done. At the end of file it says goodbye.
func lines(asked *loop.Event) func(y *loop.Yielder, c *Conn) error {
	return func(y *loop.Yielder, c *Conn) error {
		for in := bufio.NewReader(c); ; {
			line, err := in.ReadString('\n')
			switch {
			case err == io.EOF:
				_, err := io.WriteString(c, "bye\n")
				return err
			case err != nil:
				return err
			case line == "hang\n":
				err = loop.Sleep(y, time.Hour)
			case line == "wait\n":
				err = asked.Wait(y)
			}
			if err == nil {
				_, err = io.WriteString(c, line)
			}
			if err != nil {
				return err
			}
		}
	}
}

// say sends a line, and hears that the client is sent the lines in want.
func say(c *Conn, line string, want ...string) error {
	if _, err := io.WriteString(c, line); err != nil {
		return err
	}
	return hear(c, strings.Join(want, ""))
}

// hear reads what is wanted, and no more.
func hear(c *Conn, want string) error {
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		return fmt.Errorf("heard %q, %w; want %q", got[:n], err, want)
	}
	return nil
}

// TestD3Shutdown shuts a server down whose clients are idle, new, in the middle of a request,
// waiting for a reply that comes, and for one that does not come.
func TestD3Shutdown(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		var asked loop.Event
		s := &Server{Handle: lines(&asked)}
		if err := start(y, s, network, address); err != nil {
			return err
		}
		var cs [5]*Conn
		for i := range cs {
			var err error
			if cs[i], err = dialServer(y, s); err != nil {
				return err
			}
			if err := until(y, func() bool { return s.stats.Accepted == i+1 }); err != nil {
				return err
			}
		}
		idle, fresh, half, waits, hangs := cs[0], cs[1], cs[2], cs[3], cs[4]
		if err := errors.Join(say(idle, "hello\n", "hello\n"), say(half, "hel"), say(waits, "wait\n"), say(hangs, "hang\n")); err != nil {
			return err
		}
		if err := until(y, func() bool { return s.Stats().Idle == 2 }); err != nil {
			return err
		}
		stopped := loop.Spawn(y, func(y *loop.Yielder) error { return s.Shutdown(y, time.Minute) })
		if err := errors.Join(hear(idle, "bye\n"), hear(fresh, "bye\n")); err != nil {
			return err
		}
		if s.IsServing() || len(s.Listeners()) != 0 {
			t.Error("it still listens")
		}
		if err := say(half, "lo\n", "hello\n", "bye\n"); err != nil {
			return err
		}
		asked.Set()
		if err := hear(waits, "wait\nbye\n"); err != nil {
			return err
		}
		if err := until(y, func() bool { return s.Stats().Conns == 1 }); err != nil {
			return err
		}
		if stopped.Done() {
			t.Error("Shutdown has not waited")
		}
		looptest.Advance(y, time.Minute)
		_, err := stopped.Await(y)
		wantErr(t, "Shutdown", err, loop.ErrTimeout)
		if err == nil || !strings.Contains(err.Error(), "connections cancelled: 1:") {
			t.Errorf("Shutdown: %v", err)
		}
		if got := s.Stats(); got != (ServerStats{Accepted: 5, Cancelled: 1}) {
			t.Errorf("afterwards: %+v", got)
		}
		return s.Shutdown(y, 0)
	})
}

// TestD3ShutdownCancelled: a Shutdown that is cancelled leaves nothing either.
func TestD3ShutdownCancelled(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		s := &Server{Handle: lines(nil)}
		if err := start(y, s, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		c, err := dialServer(y, s)
		if err != nil {
			return err
		}
		if err := say(c, "hang\n"); err != nil {
			return err
		}
		if err := until(y, func() bool { return s.Stats().Conns == 1 && s.Stats().Idle == 0 }); err != nil {
			return err
		}
		stopped := loop.Spawn(y, func(y *loop.Yielder) error { return s.Shutdown(y, time.Hour) })
		if err := until(y, func() bool { return s.ended.Len() == 1 }); err != nil {
			return err
		}
		cancel(y, t, "Shutdown", stopped)
		if n := len(l.AllTasks()); n != 1 {
			t.Errorf("%d tasks", n)
		}
		return nil
	})
}

// TestD3Idle is about when a connection is idle.
func TestD3Idle(t *testing.T) {
	steps := map[string]struct {
		do   string // r reads, w writes, + and - are SetIdle
		idle bool
	}{
		"new":                            {"", true},
		"a greeting was sent":            {"w", true},
		"a request is being read":        {"r", false},
		"its reply was sent":             {"rw", true},
		"100-continue":                   {"rw", true},
		"100-continue, with SetIdle":     {"r-w", false},
		"and the reply":                  {"r-wrw", false},
		"and SetIdle(true)":              {"r-wrw+", true},
		"the next request":               {"r-wrw+r", false},
		"SetIdle(true) before the reply": {"r+w", true},
	}
	for name, tt := range steps {
		t.Run(name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				for _, op := range tt.do {
					switch op {
					case 'r':
						if err := errors.Join(say(b, "x"), hear(a, "x")); err != nil {
							return err
						}
					case 'w':
						if err := errors.Join(say(a, "x"), hear(b, "x")); err != nil {
							return err
						}
					default:
						a.SetIdle(op == '+')
					}
				}
				if a.d.idle() {
					t.Error("idle, though nobody waits")
				}
				reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return err })
				if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
					return err
				}
				if got := a.d.idle(); got != tt.idle {
					t.Errorf("%s: idle is %t", tt.do, got)
				}
				_ = say(b, "x")
				if _, err := reader.Await(y); err != nil {
					return err
				}
				if a.d.idle() {
					t.Error("idle, though a request is being read")
				}
				return nil
			})
		})
	}
}

// TestD3DrainReadsAll: what has arrived before a server stops is a request, though the loop
// has not been told yet.
func TestD3DrainReadsAll(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		reader := loop.Spawn(y, func(*loop.Yielder) error {
			return errors.Join(hear(a, "x"), say(a, "x"), hear(a, ""))
		})
		if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
			return err
		}
		if err := say(b, "x"); err != nil {
			return err
		}
		a.d.drain()
		if _, err := reader.Await(y); err != nil {
			return err
		}
		if n, err := a.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("the next read: %d, %v", n, err)
		}
		return nil
	})
}

// TestServerAddresses listens at all addresses of a host, and at several.
func TestServerAddresses(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		s := &Server{Handle: echo}
		path := t.TempDir() + "/s"
		if err := errors.Join(s.Listen(y, "tcp", "localhost:0", "127.0.0.2:0", ":0"), s.Listen(y, "unix", path)); err != nil {
			return err
		}
		wantErr(t, "Listen twice", s.Listen(y, "tcp", "127.0.0.3:0", s.Listeners()[0].Addr().String()), unix.EADDRINUSE)
		addrs := map[string]bool{}
		port := s.Listeners()[0].Addr().(*net.TCPAddr).Port
		for _, ln := range s.Listeners() {
			a := ln.Addr()
			if t, ok := a.(*net.TCPAddr); ok && t.Port == port {
				addrs["localhost"] = true
				continue
			} else if ok {
				addrs[t.IP.String()] = true
				continue
			}
			addrs[a.String()] = true
		}
		if len(addrs) != 4 || !addrs["localhost"] || !addrs["127.0.0.2"] || !addrs[path] {
			t.Errorf("listens at %v", addrs)
		}
		serving := loop.Spawn(y, s.ServeForever)
		for _, ln := range s.Listeners() {
			c, err := Dial(y, ln.Addr().Network(), ln.Addr().String())
			if err != nil {
				return err
			}
			if err := errors.Join(say(c, "hello", "hello"), c.Close()); err != nil {
				return err
			}
		}
		n := len(s.Listeners())
		if err := s.Listen(y, "tcp", "127.0.0.4:0"); err != nil { // while it serves
			return err
		}
		c, err := Dial(y, "tcp", s.Listeners()[n].Addr().String())
		if err != nil {
			return err
		}
		if err := errors.Join(say(c, "hello", "hello"), c.Close()); err != nil {
			return err
		}
		for _, ln := range s.Listeners() { // without the server's Close
			_ = ln.Close()
		}
		_, err = serving.Await(y)
		return err
	})
}

// TestServerClients closes the connections of a server, or has them reset.
func TestServerClients(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		for name, end := range map[string]func(s *Server){"close": (*Server).CloseClients, "abort": (*Server).AbortClients} {
			s := &Server{Handle: lines(nil)}
			if err := start(y, s, network, address); err != nil {
				return err
			}
			if err := s.StartServing(y); err != nil || !s.IsServing() {
				t.Errorf("again: %v", err)
			}
			c, err := dialServer(y, s)
			if err != nil {
				return err
			}
			if err := say(c, "hello\n", "hello\n"); err != nil {
				return err
			}
			s.Close()
			end(s)
			want := error(io.EOF)
			if name == "abort" && network == "tcp" {
				want = unix.ECONNRESET
			}
			_, err = c.Read(make([]byte, 1))
			wantErr(t, name, err, want)
			if err := together(y, s.WaitClosed, s.WaitClosed); err != nil {
				return err
			}
			wantErr(t, "StartServing afterwards", s.StartServing(y), net.ErrClosed)
		}
		return nil
	})
}

// TestServerMisuse: a server that cannot serve says why.
func TestServerMisuse(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		for want, s := range map[string]*Server{
			"serve: there is no listener": {Handle: echo},
			"serve: the function is nil":  {},
		} {
			if err := s.ServeForever(y); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
			if err := s.Shutdown(y, time.Second); err != nil {
				t.Errorf("Shutdown of one that never served: %v", err)
			}
			s.Handle = echo
			wantErr(t, "ServeForever after it", s.ServeForever(y), net.ErrClosed)
		}
		return nil
	})
}

// TestServerLoopClosed closes a loop whose server has a connection that was detached, and waits for
// it to end.
func TestServerLoopClosed(t *testing.T) {
	looptest.NoLeaks(t)
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{MaxConns: 1, IdleTimeout: time.Hour, Handle: func(_ *loop.Yielder, c *Conn) error { c.Detach(); return nil }}
	_, err = loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		if err := start(y, s, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		for range 2 {
			if _, err := dialServer(y, s); err != nil {
				return err
			}
		}
		return until(y, func() bool { return s.Stats().Detached == 1 && s.Stats().Waiting == 1 })
	}))
	wantErr(t, "the run", err, nil)
	wantErr(t, "Close", l.Close(), nil)
}
