//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	stdflag "flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

var manyConns = stdflag.Int("conns", 2000, "how many connections TestManyConns makes at once")

func TestListenAddresses(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		for _, tt := range []struct{ network, address, ip string }{
			{"tcp", ":0", "::"}, // both families
			{"tcp4", ":0", "0.0.0.0"},
			{"tcp", "localhost:0", "127.0.0.1"},
			{"tcp4", "127.0.0.1:0", "127.0.0.1"},
			{"tcp6", ":0", "::"},
			{"tcp", "[::1]:0", "::1"},
		} {
			ln, err := Listen(y, tt.network, tt.address)
			if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) {
				t.Logf("%s %s: %v", tt.network, tt.address, err)
				continue
			}
			if err != nil {
				t.Errorf("Listen %s %s: %v", tt.network, tt.address, err)
				continue
			}
			if a := ln.Addr().(*net.TCPAddr); a.IP.String() != tt.ip || a.Port == 0 {
				t.Errorf("Listen %s %s: at %v", tt.network, tt.address, a)
			}
			_, err = Listen(y, tt.network, ln.Addr().String())
			wantErr(t, "Listen again", err, unix.EADDRINUSE)
		}
		return nil
	})
}

// TestListenUnixFile is about the file of a Unix socket: it is there as long as
// the listener, and that of another is left alone.
func TestListenUnixFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	there := func() bool { _, err := os.Stat(path); return err == nil }
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		for range 2 {
			ln, err := Listen(y, "unix", path)
			if err != nil {
				return err
			}
			_, err = Listen(y, "unix", path)
			wantErr(t, "Listen again", err, unix.EADDRINUSE)
			if !there() {
				t.Error("no file")
			}
			if err := ln.Close(); err != nil {
				return err
			}
			if there() {
				t.Error("the file is left by Close")
			}
		}
		_, err := Listen(y, "unix", path)
		return err
	})
	if there() {
		t.Error("the file is left by Close of the loop")
	}
}

func TestAcceptEnds(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		ln, err := Listen(y, network, address)
		if err != nil {
			return err
		}
		accept := func() (*loop.Task[struct{}], error) {
			task := loop.Spawn(y, func(y *loop.Yielder) error { _, err := ln.Accept(); return err })
			return task, until(y, func() bool { return ln.d.rd.busy })
		}
		task, err := accept()
		if err != nil {
			return err
		}
		cancel(y, t, "Accept", task)
		if task, err = accept(); err != nil {
			return err
		}
		go ln.Close()
		_, err = task.Await(y)
		wantErr(t, "Accept", err, net.ErrClosed)
		wantErr(t, "Close", ln.Close(), net.ErrClosed)
		return nil
	})
}

// echo sends back what it gets.
func echo(_ *loop.Yielder, c *Conn) error {
	_, err := io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
	return err
}

// TestServeGraceful closes a listener while connections are served: Serve waits
// for them.
func TestServeGraceful(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		ln, err := Listen(y, network, address)
		if err != nil {
			return err
		}
		server := loop.Spawn(y, func(y *loop.Yielder) error { return Serve(y, ln, echo) })
		var cs []*Conn
		b := make([]byte, 1)
		ping := func(c *Conn) error {
			if _, err := c.Write([]byte("x")); err != nil {
				return err
			}
			_, err := c.Read(b)
			return err
		}
		for range 3 {
			c, err := Dial(y, network, ln.Addr().String())
			if err != nil {
				return err
			}
			cs = append(cs, c)
			if err := ping(c); err != nil {
				return err
			}
		}
		if err := ln.Close(); err != nil {
			return err
		}
		for _, c := range cs {
			if err := ping(c); err != nil {
				return err
			}
			if server.Done() {
				t.Error("Serve has ended with connections open")
			}
			if err := c.CloseWrite(); err != nil {
				return err
			}
			_, err := c.Read(b)
			wantErr(t, "read", err, io.EOF)
		}
		_, err = server.Await(y)
		return err
	})
}

// TestServeCancelled cancels Serve after each number of turns, when some connections are
// served, some have been accepted but not served yet, and some wait to be accepted.
func TestServeCancelled(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		for served, turns := 0, 1; served < 5; turns++ {
			ln, err := Listen(y, network, address)
			if err != nil {
				return err
			}
			served = 0
			server := loop.Spawn(y, func(y *loop.Yielder) error {
				return Serve(y, ln, func(y *loop.Yielder, c *Conn) error {
					served++
					return echo(y, c)
				})
			})
			if err := cancelServer(t, y, server, ln, turns); err != nil {
				return err
			}
		}
		return nil
	})
}

// cancelServer cancels a server that five connect to, after some turns.
func cancelServer(t *testing.T, y *loop.Yielder, server *loop.Task[struct{}], ln *Listener, turns int) error {
	var cs []*Conn
	for range 5 {
		c, err := Dial(y, ln.Addr().Network(), ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		cs = append(cs, c)
	}
	for range turns {
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
	}
	cancel(y, t, "Serve", server)
	if n := len(loop.Running(y).AllTasks()); n != 1 {
		t.Errorf("%d tasks", n)
	}
	for _, c := range cs {
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("read %d of a server that is gone", n)
		}
	}
	return nil
}

// TestServeLoopClosed: a Serve that waits for the last of its tasks ends with the
// loop, which wakes nobody any more.
func TestServeLoopClosed(t *testing.T) {
	looptest.NoLeaks(t)
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := loop.RunUntilComplete(l, loop.Func[*Listener](func(y *loop.Yielder) (*Listener, error) {
		return Listen(y, "tcp", "127.0.0.1:0")
	}))
	if err != nil {
		t.Fatal(err)
	}
	serve := loop.Go(l, func(y *loop.Yielder) (any, error) {
		return nil, Serve(y, ln, func(y *loop.Yielder, c *Conn) error {
			_ = ln.Close()
			l.CallLater(0, func() { l.CallSoon(l.Stop) }) // when Serve knows
			return c.WaitRead()
		})
	})
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	wantErr(t, "run", l.RunForever(), nil)
	wantErr(t, "close", l.Close(), nil)
	_, err = serve.Exception()
	wantErr(t, "state of Serve", err, nil)
}

// TestServeFailures has handlers that fail, panic and exit.
func TestServeFailures(t *testing.T) {
	failed := errors.New("failed")
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		var reported []error
		l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			reported = append(reported, c.Exception)
			if c.Task == nil || c.Message == "" {
				t.Errorf("reported %+v", c)
			}
		})
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		n := 0
		server := loop.Spawn(l, func(y *loop.Yielder) error {
			return Serve(y, ln, func(*loop.Yielder, *Conn) error {
				switch n++; n {
				case 1:
					return failed
				case 2:
					panic(failed)
				case 3:
					return &loop.CancelledError{}
				}
				return nil
			})
		})
		for range 4 {
			c, err := Dial(y, "tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			_, err = c.Read(make([]byte, 1))
			wantErr(t, "read", err, io.EOF)
		}
		if err := ln.Close(); err != nil {
			return err
		}
		if _, err := server.Await(y); err != nil {
			return err
		}
		var p *coroutine.PanicError
		if len(reported) != 2 || reported[0] != failed || !errors.As(reported[1], &p) || p.Value != failed {
			t.Errorf("reported %v", reported)
		}
		return nil
	})
}

// TestServeOutOfDescriptors lets accept fail for want of a descriptor: Serve
// reports that and goes on when there are some.
func TestServeOutOfDescriptors(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	restore := func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	}
	defer restore()
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		var reported []error
		l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			restore()
			reported = append(reported, c.Exception)
		})
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		c, err := Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		low := limit
		low.Cur = 0
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
			return err
		}
		server := loop.Spawn(l, func(y *loop.Yielder) error { return Serve(y, ln, func(*loop.Yielder, *Conn) error { return nil }) })
		if err := until(y, func() bool { return len(reported) == 1 }); err != nil {
			return err
		}
		wantErr(t, "accept", reported[0], unix.EMFILE)
		looptest.Advance(y, acceptRetry)
		_, err = c.Read(make([]byte, 1))
		wantErr(t, "read", err, io.EOF)
		if len(reported) != 1 {
			t.Errorf("reported %v", reported)
		}
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = server.Await(y)
		return err
	})
}

// TestManyConns has that many connections open at once, both ends on one loop.
func TestManyConns(t *testing.T) {
	n := *manyConns
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if uint64(limit.Cur) < uint64(2*n+100) {
		t.Skipf("%d descriptors are not enough for %d connections", limit.Cur, n)
	}
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := loop.Spawn(l, func(y *loop.Yielder) error { return Serve(y, ln, echo) })
		open, all := 0, loop.NewFuture[struct{}](l)
		client := func(y *loop.Yielder) error {
			c, err := Dial(y, "tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			defer c.Close()
			if open++; open == n {
				_ = all.SetResult(struct{}{})
			}
			if _, err := all.Await(y); err != nil {
				return err
			}
			b := make([]byte, 64)
			for range 3 {
				if _, err := c.Write([]byte("hello")); err != nil {
					return err
				}
				if got, err := c.Read(b); string(b[:got]) != "hello" {
					t.Errorf("read %q, %v", b[:got], err)
				}
			}
			return nil
		}
		if err := together(y, slices.Repeat([]func(*loop.Yielder) error{client}, n)...); err != nil {
			return err
		}
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = server.Await(y)
		return err
	})
}
