//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"os"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"

	"golang.org/x/net/nettest"
)

// elsewhere runs fn on a goroutine that the loop does not know, and parks the task until it has
// returned.
func elsewhere(y *loop.Yielder, fn func() error) error {
	_, err := loop.ToThread(y, func(context.Context) (struct{}, error) { return struct{}{}, fn() })
	return err
}

// TestC1ReadElsewhere: a goroutine of a library's reads while a task runs and others wait. It
// gets what was sent, and no task is resumed on it.
func TestC1ReadElsewhere(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		got := make(chan byte)
		go func() {
			msg := make([]byte, 1)
			for {
				if _, err := b.Read(msg); err != nil {
					close(got)
					return
				}
				got <- msg[0]
			}
		}()
		for i := range byte(100) {
			if _, err := a.Write([]byte{i}); err != nil {
				return err
			}
			err := elsewhere(y, func() error {
				if v := <-got; v != i {
					t.Errorf("%d, want %d", v, i)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		_ = a.Close()
		return elsewhere(y, func() error { <-got; return nil })
	})
}

// TestC1DataIsThere: a Read elsewhere that need not wait is not made beside the loop either.
func TestC1DataIsThere(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if _, err := a.Write([]byte("xy")); err != nil {
			return err
		}
		if err := b.WaitRead(); err != nil {
			return err
		}
		read := make(chan error)
		go func() { _, err := b.Read(make([]byte, 1)); read <- err }()
		before := b.d.rd.used
		for range 100_000 { // the loop does not run other tasks meanwhile
			if b.d.rd.used != before {
				t.Fatal("the connection was used while a task was running")
			}
		}
		return elsewhere(y, func() error { return <-read })
	})
}

// TestC1PartElsewhere: a Write on another goroutine that does not get to its end returns how much was
// written, with the error.
func TestC1PartElsewhere(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		write := loop.Spawn(y, func(y *loop.Yielder) error {
			return elsewhere(y, func() error {
				n, err := a.Write(make([]byte, 64<<20))
				wantErr(t, "Write", err, os.ErrDeadlineExceeded)
				wantErr(t, "Close", a.Close(), nil)
				if got, err := io.Copy(io.Discard, b); got+1 != int64(n) || err != nil {
					t.Errorf("%d bytes came, %v, want %d", got+1, err, n)
				}
				return nil
			})
		})
		if _, err := b.Read(make([]byte, 1)); err != nil {
			return err
		}
		wantErr(t, "SetWriteDeadline", a.SetWriteDeadline(time.Unix(1, 0)), nil)
		_, err := write.Await(y)
		return err
	})
}

// TestC1InCoroutine: a call within an iter.Pull that a task drives would stop the loop. It is
// an error, as it is within a coroutine that no task runs.
func TestC1InCoroutine(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		next, stop := iter.Pull(func(yield func(error) bool) {
			_, err := b.Read(make([]byte, 1))
			yield(err)
		})
		defer stop()
		err, _ := next()
		wantErr(t, "in an iter.Pull", err, loop.ErrNoTask)
		_, err = coroutine.New(func(*coroutine.Yielder[any, any]) (struct{}, error) {
			_, err := b.Read(make([]byte, 1))
			return struct{}{}, err
		}).Next()
		wantErr(t, "in a coroutine", err, loop.ErrNoTask)
		return nil
	})
}

// TestC3DeadlineElsewhere: a deadline that another goroutine sets ends the Read of a task.
func TestC3DeadlineElsewhere(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		read := func(y *loop.Yielder) error { _, err := b.Read(make([]byte, 1)); return err }
		for name, set := range map[string]func() error{
			"SetDeadline":     func() error { return b.SetDeadline(time.Unix(1, 0)) },
			"SetReadDeadline": func() error { return b.SetReadDeadline(time.Unix(1, 0)) },
			"ReadBy":          func() error { return b.ReadBy(0) },
		} {
			reader := loop.Spawn(y, read)
			if err := until(y, func() bool { return b.d.rd.busy }); err != nil {
				return err
			}
			if err := elsewhere(y, set); err != nil {
				return err
			}
			_, err := reader.Await(y)
			wantErr(t, name, err, os.ErrDeadlineExceeded)
			if err := b.SetDeadline(time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestC3Order: of a deadline set elsewhere and one that a task sets after it, the second holds,
// though the loop has not heard of the first.
func TestC3Order(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		apart(func() { wantErr(t, "elsewhere", b.SetReadDeadline(time.Unix(1, 0)), nil) })
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a Read after it: %v", err)
		}
		apart(func() { wantErr(t, "elsewhere", b.SetDeadline(time.Unix(1, 0)), nil) })
		if err := b.SetDeadline(time.Time{}); err != nil {
			return err
		}
		reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := b.Read(make([]byte, 1)); return err })
		for range 3 {
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
		}
		if _, err := a.Write([]byte("x")); err != nil {
			return err
		}
		_, err := reader.Await(y)
		return err
	})
}

// TestC7CloseElsewhere: when Close has returned, on whatever goroutine, every operation that
// begins afterwards finds the connection closed, and nobody listens any more.
func TestC7CloseElsewhere(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		apart(func() { wantErr(t, "Close", b.Close(), nil) })
		for name, op := range map[string]func() error{
			"Read":        func() error { _, err := b.Read(make([]byte, 1)); return err },
			"Write":       func() error { _, err := b.Write(make([]byte, 1)); return err },
			"SetDeadline": func() error { return b.SetDeadline(time.Time{}) },
		} {
			wantErr(t, name, op(), net.ErrClosed)
		}
		apart(func() { wantErr(t, "a second Close", b.Close(), net.ErrClosed) })
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		return elsewhere(y, func() error {
			if err := ln.Close(); err != nil {
				return err
			}
			again, err := net.Listen("tcp", ln.Addr().String())
			if err != nil {
				t.Errorf("listen again: %v", err)
				return nil
			}
			return again.Close()
		})
	})
}

// TestForeignAfterLoop: once the loop has ended, calls elsewhere return net.ErrClosed, those
// under way too.
func TestForeignAfterLoop(t *testing.T) {
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	var a, b *Conn
	_, err = loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) (err error) {
		a, b, err = connPair(y, "tcp", "127.0.0.1:0")
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	underWay := make(chan error)
	go func() { _, err := b.Read(make([]byte, 1)); underWay <- err }()
	_, err = loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		return until(y, func() bool { return b.d.rd.busy })
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "a Read under way", <-underWay, net.ErrClosed)
	_, err = b.Read(make([]byte, 1))
	wantErr(t, "Read", err, net.ErrClosed)
	_, err = a.Write([]byte("x"))
	wantErr(t, "Write", err, net.ErrClosed)
	wantErr(t, "SetDeadline", a.SetDeadline(time.Time{}), net.ErrClosed)
}

// pipes makes pairs of connections of a loop that runs on a goroutine of its own. Their stop
// closes both and lets the loop end.
func pipes(t *testing.T, network, address string) (l *loop.Loop, pipe nettest.MakePipe) {
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- l.RunForever() }()
	t.Cleanup(func() {
		_ = l.CallSoonThreadsafe(l.Stop)
		wantErr(t, "RunForever", <-ended, nil)
		wantErr(t, "Close of the loop", l.Close(), nil)
	})
	type pair struct{ a, b net.Conn }
	return l, func() (net.Conn, net.Conn, func(), error) {
		p, err := loop.RunCoroutineThreadsafe(context.Background(), l, func(y *loop.Yielder) (pair, error) {
			a, b, err := connPair(y, network, address)
			return pair{a, b}, err
		})()
		return p.a, p.b, func() { _ = p.a.Close(); _ = p.b.Close() }, err
	}
}

// TestConnElsewhere is the conformance test of x/net, whose goroutines the loop does not know.
func TestConnElsewhere(t *testing.T) {
	eachAddress(t, func(t *testing.T, network, address string) {
		_, pipe := pipes(t, network, address)
		nettest.TestConn(t, pipe)
	})
}

// inTask is a connection whose operations run in a task each.
type inTask struct {
	net.Conn
	l *loop.Loop
}

func (c inTask) run(op func() (int, error)) (int, error) {
	return loop.RunCoroutineThreadsafe(context.Background(), c.l, func(*loop.Yielder) (int, error) { return op() })()
}

func (c inTask) do(op func() error) error {
	_, err := c.run(func() (int, error) { return 0, op() })
	return err
}

func (c inTask) Read(b []byte) (int, error) {
	return c.run(func() (int, error) { return c.Conn.Read(b) })
}
func (c inTask) Write(b []byte) (int, error) {
	return c.run(func() (int, error) { return c.Conn.Write(b) })
}
func (c inTask) Close() error { return c.do(c.Conn.Close) }
func (c inTask) SetDeadline(t time.Time) error {
	return c.do(func() error { return c.Conn.SetDeadline(t) })
}
func (c inTask) SetReadDeadline(t time.Time) error {
	return c.do(func() error { return c.Conn.SetReadDeadline(t) })
}
func (c inTask) SetWriteDeadline(t time.Time) error {
	return c.do(func() error { return c.Conn.SetWriteDeadline(t) })
}

// TestConnInTasks is the conformance test of x/net with each operation in a task.
func TestConnInTasks(t *testing.T) {
	eachAddress(t, func(t *testing.T, network, address string) {
		l, pipe := pipes(t, network, address)
		nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
			a, b, stop, err := pipe()
			return inTask{a, l}, inTask{b, l}, stop, err
		})
	})
}

// BenchmarkConnElsewhere is a byte there and back, from a goroutine that the loop does not know,
// and beside it one of package net's.
func BenchmarkConnElsewhere(b *testing.B) {
	echo := func(b *testing.B, c net.Conn) {
		msg := make([]byte, 1)
		for b.Loop() {
			if _, err := c.Write(msg); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(c, msg); err != nil {
				b.Fatal(err)
			}
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
		}
	}()
	b.Run("loop", func(b *testing.B) {
		benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
			c, err := Dial(y, "tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			return elsewhere(y, func() error { echo(b, c); return c.Close() })
		})
	})
	b.Run("net", func(b *testing.B) {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		echo(b, c)
	})
}
