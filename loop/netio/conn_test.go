//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"coloop/loop"

	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// warmNet has Go's own poller open its descriptors.
var warmNet = sync.OnceFunc(func() {
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		ln.Close()
	}
})

// openSockets returns how many descriptors other than files the process has
// open, -1 where that cannot be told.
func openSockets() (n int) {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	for _, fd := range fds {
		// Those that are closed meanwhile, that of the folder among them, are
		// not counted.
		to, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err == nil && !filepath.IsAbs(to) {
			n++
		}
	}
	return n
}

// netRun runs fn in a task of a loop, and sees to it that the loop leaves no
// descriptor open. A minute is for ever.
func netRun(t testing.TB, fn func(y *loop.Yielder, l *loop.Loop) error) {
	t.Helper()
	netRunOn(t, loop.New, fn)
}

func netRunOn(t testing.TB, open func() (*loop.Loop, error), fn func(y *loop.Yielder, l *loop.Loop) error) {
	t.Helper()
	warmNet()
	before := openSockets()
	l, err := open()
	if err != nil {
		t.Fatal(err)
	}
	_, err = loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (struct{}, error) {
		return struct{}{}, loop.NewTimeout(l, time.Minute).Run(y, func() error { return fn(y, l) })
	}))
	if err != nil {
		t.Errorf("the task ended with %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("the loop closed with %v", err)
	}
	if after := openSockets(); after != before {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}

// eachNetwork runs fn as netRun does with TCP and with Unix sockets, given an
// address to listen at.
func eachNetwork(t *testing.T, fn func(t *testing.T, y *loop.Yielder, network, address string) error) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			address := "127.0.0.1:0"
			if network == "unix" {
				address = filepath.Join(t.TempDir(), "s")
			}
			netRun(t, func(y *loop.Yielder, l *loop.Loop) error { return fn(t, y, network, address) })
		})
	}
}

// eachPair is eachNetwork with two ends of a connection.
func eachPair(t *testing.T, fn func(t *testing.T, y *loop.Yielder, a, b *Conn) error) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		a, b, err := connPair(y, network, address)
		if err != nil {
			return err
		}
		return fn(t, y, a, b)
	})
}

func connPair(y *loop.Yielder, network, address string) (a, b *Conn, err error) {
	ln, err := Listen(y, network, address)
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	if a, err = Dial(y, network, ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	c, err := ln.Accept()
	if err != nil {
		return nil, nil, err
	}
	return a, c.(*Conn), nil
}

// spawn is Go for a function without a result.
func spawn(l *loop.Loop, fn func(y *loop.Yielder) error) *loop.Task[struct{}] {
	return loop.Spawn(l, fn)
}

// together runs functions in tasks and waits for all.
func together(y *loop.Yielder, fns ...func(y *loop.Yielder) error) error {
	l := loop.Running(y)
	var ts []*loop.Task[struct{}]
	for _, fn := range fns {
		ts = append(ts, spawn(l, fn))
	}
	_, err := loop.GatherFutures(l, loop.Awaitables(ts)...).Await(y)
	return err
}

// until lets the other tasks run until cond is true.
func until(y *loop.Yielder, cond func() bool) error {
	for !cond() {
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
	}
	return nil
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

func TestConnBothWays(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if a.RemoteAddr().String() != b.LocalAddr().String() {
			t.Errorf("a's peer is %v, b is %v", a.RemoteAddr(), b.LocalAddr())
		}
		if a.Loop() != loop.Running(y) {
			t.Error("not the connection's loop")
		}
		for _, to := range [][2]*Conn{{a, b}, {b, a}} {
			got := make([]byte, 16)
			if n, err := to[0].Write([]byte("hello")); n != 5 || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
			if n, err := to[1].Read(got); string(got[:n]) != "hello" || err != nil {
				t.Errorf("read %q, %v", got[:n], err)
			}
		}
		if n, err := a.Read(nil); n != 0 || err != nil {
			t.Errorf("an empty read: %d, %v", n, err)
		}
		if n, err := a.Write(nil); n != 0 || err != nil {
			t.Errorf("an empty write: %d, %v", n, err)
		}
		return errors.Join(a.Close(), b.Close())
	})
}

// TestConnHalfClose is about ends that stop sending, one before the other.
func TestConnHalfClose(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if _, err := a.Write([]byte("question")); err != nil {
			return err
		}
		if err := a.CloseWrite(); err != nil {
			return err
		}
		_, err := a.Write([]byte("x"))
		wantErr(t, "write after CloseWrite", err, unix.EPIPE)
		// In small pieces: the end of file has been announced with the data.
		got, err := io.ReadAll(struct{ io.Reader }{io.MultiReader(io.LimitReader(b, 3), b)})
		if string(got) != "question" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("read after the end: %d, %v", n, err)
		}
		return together(y, func(y *loop.Yielder) error {
			got, err := io.ReadAll(a)
			if string(got) != "answer" || err != nil {
				t.Errorf("read %q, %v", got, err)
			}
			return nil
		}, func(y *loop.Yielder) error {
			if _, err := b.Write([]byte("answer")); err != nil {
				return err
			}
			return b.CloseWrite()
		})
	})
}

// TestConnBackPressure is about a writer that parks until the reader reads,
// which it does in both directions at once.
func TestConnBackPressure(t *testing.T) {
	data := noise(32 << 20)
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		reading := false
		write := func(c *Conn) func(y *loop.Yielder) error {
			return func(y *loop.Yielder) error {
				n, err := c.Write(data)
				if !reading || n != len(data) {
					t.Errorf("wrote %d, before anybody read: %t", n, !reading)
				}
				return errors.Join(err, c.CloseWrite())
			}
		}
		read := func(c *Conn) func(y *loop.Yielder) error {
			return func(y *loop.Yielder) error {
				if err := until(y, func() bool { return a.d.wr.busy && b.d.wr.busy }); err != nil {
					return err
				}
				reading = true
				got, err := io.ReadAll(c)
				if !bytes.Equal(got, data) {
					t.Errorf("read %d bytes, or not those written", len(got))
				}
				return err
			}
		}
		return together(y, write(a), write(b), read(a), read(b))
	})
}

// TestConnPeerGone is about writing to, and reading from, a peer that has gone:
// an error, and no SIGPIPE that ends the process.
func TestConnPeerGone(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if _, err := a.Write([]byte("unread")); err != nil {
			return err
		}
		if err := b.Close(); err != nil {
			return err
		}
		_, err := a.Read(make([]byte, 1))
		wantErr(t, "read", err, unix.ECONNRESET)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "read" {
			t.Errorf("read: %#v is no net.OpError", err)
		}
		for err = nil; err == nil; {
			_, err = a.Write([]byte("x"))
		}
		wantErr(t, "write", err, unix.EPIPE)
		return nil
	})
}

// TestConnUrgent is about a read that stops at the mark of urgent data, short
// of what there is.
func TestConnUrgent(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		if _, err := a.Write([]byte("before")); err != nil {
			return err
		}
		if err := unix.Sendto(a.d.fd, []byte("!"), unix.MSG_OOB, nil); err != nil {
			return err
		}
		if _, err := a.Write([]byte("after")); err != nil {
			return err
		}
		var got []byte
		buf := make([]byte, 64)
		for !strings.HasSuffix(string(got), "after") {
			n, err := b.Read(buf)
			if err != nil {
				return err
			}
			got = append(got, buf[:n]...)
		}
		return nil
	})
}

func TestConnCancelled(t *testing.T) {
	ops := map[string]func(c *Conn) error{
		"read":     func(c *Conn) error { _, err := c.Read(make([]byte, 1)); return err },
		"waitread": func(c *Conn) error { return c.WaitRead() },
		"write": func(c *Conn) error {
			for {
				if _, err := c.Write(make([]byte, 1<<20)); err != nil {
					return err
				}
			}
		},
	}
	for name, op := range ops {
		eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
			task := spawn(a.Loop(), func(y *loop.Yielder) error { return op(a) })
			if err := until(y, func() bool { return a.d.rd.busy || a.d.wr.busy }); err != nil {
				return err
			}
			task.Cancel("enough")
			_, err := task.Await(y)
			wantErr(t, name, err, loop.ErrCancelled)
			if !task.Cancelled() {
				t.Errorf("%s: the task is not cancelled", name)
			}
			if a.d.rd.busy || a.d.wr.busy {
				t.Errorf("%s: still busy", name)
			}
			return nil
		})
	}
}

// TestConnCancelledAfterWakeup cancels a reader that has been woken and not yet
// been stepped: what there is to read stays there.
func TestConnCancelledAfterWakeup(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		read := func(y *loop.Yielder) error { _, err := a.Read(make([]byte, 8)); return err }
		task := spawn(a.Loop(), read)
		if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
			return err
		}
		a.d.Ready(true, false, false)
		task.Cancel()
		_, err := task.Await(y)
		wantErr(t, "read", err, loop.ErrCancelled)
		if _, err := b.Write([]byte("x")); err != nil {
			return err
		}
		return read(y)
	})
}

func TestConnClosedElsewhere(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		return together(y, func(y *loop.Yielder) error {
			_, err := a.Read(make([]byte, 1))
			wantErr(t, "read", err, net.ErrClosed)
			_, err = a.Read(make([]byte, 1))
			wantErr(t, "read again", err, net.ErrClosed)
			_, err = a.Write([]byte("x"))
			wantErr(t, "write", err, net.ErrClosed)
			wantErr(t, "close", a.Close(), net.ErrClosed)
			wantErr(t, "deadline", a.SetDeadline(time.Time{}), net.ErrClosed)
			wantErr(t, "CloseWrite", a.CloseWrite(), net.ErrClosed)
			return nil
		}, func(y *loop.Yielder) error {
			if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
				return err
			}
			for range 8 {
				go a.Close()
			}
			_, err := b.Read(make([]byte, 1))
			wantErr(t, "read of the peer", err, io.EOF)
			return nil
		})
	})
}

// TestConnBusy is about a second task in one direction, also after the first
// has been woken and before it runs: it must not get in between.
func TestConnBusy(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		var got [1]byte
		first := spawn(a.Loop(), func(y *loop.Yielder) error { _, err := a.Read(got[:]); return err })
		if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
			return err
		}
		_, err := a.Read(make([]byte, 1))
		wantErr(t, "second reader", err, ErrBusy)
		if _, err := b.Write([]byte("x")); err != nil {
			return err
		}
		for !a.d.rd.ready {
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
			if _, err = a.Read(make([]byte, 1)); !errors.Is(err, ErrBusy) && got[0] == 0 {
				t.Errorf("second reader: %v, want %v", err, ErrBusy)
			}
			if got[0] != 0 {
				break
			}
		}
		_, err = first.Await(y)
		return err
	})
}

func TestConnOutsideTask(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		l := a.Loop()
		called := loop.NewFuture[struct{}](l)
		l.CallSoon(func() {
			_, err := a.Read(make([]byte, 1))
			wantErr(t, "read that would wait", err, loop.ErrNoTask)
			if n, err := b.Write([]byte("x")); n != 1 || err != nil {
				t.Errorf("write that need not wait: %d, %v", n, err)
			}
			_ = called.SetResult(struct{}{})
		})
		if _, err := called.Await(y); err != nil {
			return err
		}
		_, err := a.Read(make([]byte, 1))
		return err
	})
}

// TestLoopCloseReleases closes loops whose tasks are parked in everything that
// parks, and that have connections nobody holds; netRun counts what is left.
func TestLoopCloseReleases(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		l := loop.Running(y)
		ln, err := Listen(y, network, address)
		if err != nil {
			return err
		}
		a, err := Dial(y, network, ln.Addr().String())
		if err != nil {
			return err
		}
		accepted, err := ln.Accept()
		if err != nil {
			return err
		}
		b := accepted.(*Conn)
		if err := a.SetDeadline(time.Now().Add(time.Hour)); err != nil {
			return err
		}
		ended := func(what string, err error) error {
			if err == nil {
				t.Errorf("%s returned without an error", what)
			}
			_ = a.Close()
			return err
		}
		spawn(l, func(y *loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return ended("read", err) })
		spawn(l, func(y *loop.Yielder) error { _, err := b.Write(make([]byte, 64<<20)); return ended("write", err) })
		spawn(l, func(y *loop.Yielder) error {
			return ended("serve", Serve(y, ln, func(y *loop.Yielder, c *Conn) error {
				defer c.Close()
				_, err := c.Read(make([]byte, 1))
				return ended("serving", err)
			}))
		})
		if _, err := Dial(y, network, ln.Addr().String()); err != nil {
			return err
		}
		return until(y, func() bool { return a.d.rd.busy && b.d.wr.busy && len(l.AllTasks()) == 5 })
	})
}

// TestConnBuffered is about what is known of a connection that nobody reads:
// after a read that takes all there is and fills its buffer nothing is.
func TestConnBuffered(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if a.Buffered() {
			t.Error("Buffered when new")
		}
		if _, err := b.Write([]byte("12345")); err != nil {
			return err
		}
		if n, err := io.ReadFull(a, make([]byte, 5)); err != nil {
			t.Errorf("read %d, %v", n, err)
		}
		if a.Buffered() {
			t.Error("Buffered with nothing left to read")
		}
		if err := b.Close(); err != nil {
			return err
		}
		if err := a.WaitRead(); err != nil {
			return err
		}
		if !a.Buffered() {
			t.Error("not Buffered at the end")
		}
		return nil
	})
}
