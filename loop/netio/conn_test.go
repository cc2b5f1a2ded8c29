//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

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
		write := func(c *Conn) error {
			n, err := c.Write(data)
			if !reading || n != len(data) {
				t.Errorf("wrote %d, before anybody read: %t", n, !reading)
			}
			return errors.Join(err, c.CloseWrite())
		}
		read := func(c *Conn) error {
			got, err := io.ReadAll(c)
			if !bytes.Equal(got, data) {
				t.Errorf("read %d bytes, or not those written", len(got))
			}
			return err
		}
		bothWrite := func(y *loop.Yielder) error {
			return until(y, func() bool { return a.d.wr.busy && b.d.wr.busy })
		}
		readAfterThat := func(c *Conn) func(y *loop.Yielder) error {
			return func(y *loop.Yielder) error {
				if err := bothWrite(y); err != nil {
					return err
				}
				reading = true
				return read(c)
			}
		}
		return together(y,
			func(*loop.Yielder) error { return write(a) },
			func(*loop.Yielder) error { return write(b) },
			readAfterThat(a), readAfterThat(b))
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
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
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
			task := loop.Spawn(y, func(y *loop.Yielder) error { return op(a) })
			if err := until(y, func() bool { return a.d.rd.busy || a.d.wr.busy }); err != nil {
				return err
			}
			cancel(y, t, name, task)
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
		task := loop.Spawn(y, read)
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
// parks, and that have connections nobody holds.
func TestLoopCloseReleases(t *testing.T) {
	eachAddress(t, func(t *testing.T, network, address string) {
		looptest.NoLeaks(t)
		l, err := loop.New()
		if err != nil {
			t.Fatal(err)
		}
		_, err = loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
			return parkInAll(t, y, network, address)
		}))
		wantErr(t, "the task", err, nil)
		wantErr(t, "Close", l.Close(), nil)
	})
}

// parkInAll leaves tasks that are parked in all that parks on connections.
func parkInAll(t *testing.T, y *loop.Yielder, network, address string) error {
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
	spawn := func(what string, do func(y *loop.Yielder) error) {
		loop.Spawn(y, func(y *loop.Yielder) error {
			err := do(y)
			if err == nil {
				t.Errorf("%s returned without an error", what)
			}
			_ = a.Close()
			return err
		})
	}
	spawn("read", func(y *loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return err })
	spawn("write", func(y *loop.Yielder) error { _, err := b.Write(make([]byte, 64<<20)); return err })
	spawn("serve", func(y *loop.Yielder) error {
		return Serve(y, ln, func(y *loop.Yielder, c *Conn) error {
			defer c.Close()
			_, err := c.Read(make([]byte, 1))
			if err == nil {
				t.Error("serving ended without an error")
			}
			return err
		})
	})
	if _, err := Dial(y, network, ln.Addr().String()); err != nil {
		return err
	}
	return until(y, func() bool { return a.d.rd.busy && b.d.wr.busy && len(l.AllTasks()) == 6 })
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
