//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// TestD3MaxConns: more clients than a server takes wait, and all are served in the end.
func TestD3MaxConns(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		const most, clients = 3, 40
		s, n := &Server{MaxConns: most}, 0
		s.Handle = func(y *loop.Yielder, c *Conn) error {
			if n++; n > most {
				t.Errorf("%d connections at once", n)
			}
			defer func() { n-- }()
			return echo(y, c)
		}
		if err := s.Listen(y, "tcp", "127.0.0.1:0", "127.0.0.1:0"); err != nil {
			return err
		}
		serving := loop.Spawn(y, s.ServeForever)
		waited := false
		client := func(a net.Addr) func(*loop.Yielder) error {
			return func(y *loop.Yielder) error {
				c, err := Dial(y, "tcp", a.String())
				if err != nil {
					return err
				}
				defer c.Close()
				for range 3 {
					waited = waited || s.Stats().Waiting > 0
					if err := say(c, "hello", "hello"); err != nil {
						return err
					}
				}
				return nil
			}
		}
		var fns []func(*loop.Yielder) error
		for i := range clients {
			fns = append(fns, client(s.Listeners()[i%2].Addr()))
		}
		if err := together(y, fns...); err != nil {
			return err
		}
		if !waited {
			t.Error("nobody has waited")
		}
		s.Close()
		_, err := serving.Await(y)
		if got := s.Stats(); got != (ServerStats{Accepted: clients}) {
			t.Errorf("%+v", got)
		}
		return err
	})
}

// TestD3TimeOuts has clients that say nothing, that send a byte a second for ever, that read
// nothing, and one that behaves.
func TestD3TimeOuts(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		s := &Server{IdleTimeout: 40 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 10 * time.Second}
		ends := map[string]error{}
		s.Handle = func(y *loop.Yielder, c *Conn) error {
			name := make([]byte, 1)
			if _, err := c.Read(name); err != nil {
				ends["silent"] = err
				return err
			}
			err := error(nil)
			switch string(name) {
			case "l": // slowloris
				_, err = io.ReadFull(c, make([]byte, 1000))
			case "w":
				_, err = c.Write(make([]byte, 64<<20))
			case "i":
				_ = say(c, "i")
				_, err = c.Read(name)
			default:
				return lines(nil)(y, c)
			}
			ends[string(name)] = err
			return err
		}
		if err := start(y, s, network, address); err != nil {
			return err
		}
		cs := map[string]*Conn{}
		for _, name := range []string{"silent", "l", "w", "i", "good"} {
			c, err := dialServer(y, s)
			if err != nil {
				return err
			}
			cs[name] = c
			if name != "silent" {
				if err := say(c, name[:1]); err != nil {
					return err
				}
			}
		}
		if err := errors.Join(hear(cs["i"], "i"), say(cs["good"], "\n", "\n")); err != nil {
			return err
		}
		after := map[string]int{}
		for second := 1; s.Stats().Conns > 1 && second < 100; second++ {
			for range 200 { // what was sent arrives, and timers go off
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
			_, _ = cs["l"].Write([]byte("x")) // in the end it is reset
			if err := say(cs["good"], "hello\n", "hello\n"); err != nil {
				return err
			}
			for name := range ends {
				if after[name] == 0 {
					after[name] = second
				}
			}
			looptest.Advance(y, time.Second)
		}
		for name, want := range map[string]struct {
			err    error
			before int
		}{"silent": {io.EOF, 40}, "i": {io.EOF, 40}, "l": {os.ErrDeadlineExceeded, 20}, "w": {os.ErrDeadlineExceeded, 10}} {
			wantErr(t, name, ends[name], want.err)
			if at := after[name]; at < want.before || at > want.before*9/8+5 {
				t.Errorf("%s was ended after %d s", name, at)
			}
		}
		if got := s.Stats(); got.TimedOut != 4 || got.Conns != 1 {
			t.Errorf("%+v", got)
		}
		return s.Shutdown(y, time.Minute)
	})
}

// TestD3OutOfDescriptors: a server that gets no descriptor ends a connection that is idle, the
// oldest, and accepts at once.
func TestD3OutOfDescriptors(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	restore := func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) }
	defer restore()
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		reported := 0
		l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			wantErr(t, "reported", c.Exception, unix.EMFILE)
			restore()
			reported++
		})
		s := &Server{Handle: lines(nil), MaxConns: -1}
		if err := start(y, s, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		var cs []*Conn
		for i := range 3 {
			if i == 1 { // one descriptor is left, for this end
				fd, err := unix.Dup(0)
				if err != nil {
					return err
				}
				low := limit
				setLimit(&low.Cur, fd+1)
				if err := errors.Join(unix.Close(fd), unix.Setrlimit(unix.RLIMIT_NOFILE, &low)); err != nil {
					return err
				}
			}
			c, err := dialServer(y, s)
			if err != nil {
				return err
			}
			cs = append(cs, c)
			if i == 1 {
				if err := hear(cs[0], "bye\n"); err != nil {
					return err
				}
			}
			if err := say(c, "hello\n", "hello\n"); err != nil { // no time has passed
				return err
			}
		}
		if got := s.Stats(); got.Evicted != 1 || got.Conns != 2 || reported != 1 {
			t.Errorf("%+v, %d reported", got, reported)
		}
		return s.Shutdown(y, time.Minute)
	})
}

// setLimit sets a limit, whose type depends on the system.
func setLimit[T int64 | uint64](at *T, n int) { *at = T(n) }
