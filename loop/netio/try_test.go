//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"coloop/loop"
)

func TestTry(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		buf := make([]byte, 16)
		if n, err := b.TryRead(buf); n != 0 || err != syscall.EAGAIN {
			t.Errorf("a read of nothing: %d, %v", n, err)
		}
		if n, err := a.TryWrite(nil); n != 0 || err != nil {
			t.Errorf("a write of nothing: %d, %v", n, err)
		}
		onStack(t, y, func() {
			if n, err := a.TryWrite([]byte("hello")); n != 5 || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
		})
		if err := b.WaitRead(); err != nil {
			return err
		}
		onStack(t, y, func() {
			if n, err := b.TryRead(buf[:2]); string(buf[:n]) != "he" || err != nil {
				t.Errorf("read %q, %v", buf[:n], err)
			}
			if n, err := b.TryRead(buf); string(buf[:n]) != "llo" || err != nil {
				t.Errorf("read %q, %v", buf[:n], err)
			}
			if n, err := b.TryRead(buf); n != 0 || err != syscall.EAGAIN {
				t.Errorf("a read behind the data: %d, %v", n, err)
			}
		})
		wrote, much := 0, make([]byte, 64<<10)
		for {
			n, err := a.TryWrite(much)
			wrote += n
			if err == syscall.EAGAIN {
				break
			}
			if err != nil {
				return err
			}
		}
		if n, err := io.CopyN(io.Discard, b, int64(wrote)); err != nil {
			t.Errorf("read %d of %d: %v", n, wrote, err)
		}
		if n, err := a.Write([]byte("x")); n != 1 || err != nil { // parks until a is writable again
			t.Errorf("wrote %d, %v", n, err)
		}
		if err := a.Close(); err != nil {
			return err
		}
		_, err := a.TryWrite(much)
		wantErr(t, "write after Close", err, net.ErrClosed)
		_, err = a.TryRead(much)
		wantErr(t, "read after Close", err, net.ErrClosed)
		if err := b.WaitRead(); err != nil {
			return err
		}
		if n, err := b.TryRead(buf); string(buf[:n]) != "x" || err != nil {
			t.Errorf("read %q, %v", buf[:n], err)
		}
		if err := b.WaitRead(); err != nil {
			return err
		}
		if n, err := b.TryRead(buf); n != 0 || err != io.EOF {
			t.Errorf("read at the end: %d, %v", n, err)
		}
		return b.Close()
	})
}

type stepFunc func(error) any

func (f stepFunc) Step(err error) any { return f(err) }

// onStack calls fn on the stack of the loop.
func onStack(t *testing.T, y *loop.Yielder, fn func()) {
	t.Helper()
	if err := loop.Drive(y, stepFunc(func(error) any { fn(); return nil })); err != nil {
		t.Error(err)
	}
}

// A reader is the steps of a read.
type reader struct {
	c   *Conn
	buf []byte
	err error
	in  bool
}

func (r *reader) Step(err error) (wait any) {
	for {
		if r.in {
			r.in = false
			if r.err = r.c.EndRead(err); r.err != nil {
				return nil
			}
		}
		if wait, r.err = r.c.BlockRead(); wait != nil || r.err != nil {
			r.in = wait != nil
			return wait
		}
		n, err := r.c.TryRead(r.buf[:cap(r.buf)])
		if err != syscall.EAGAIN {
			r.buf, r.err = r.buf[:n], err
			return nil
		}
	}
}

func TestBlockRead(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		r := &reader{c: b, buf: make([]byte, 0, 16)}
		read := func() (string, error) {
			task := loop.Spawn(y, func(y *loop.Yielder) error { return loop.Drive(y, r) })
			_, err := task.Await(y)
			return string(r.buf), errors.Join(err, r.err)
		}
		later := func(fn func() error) {
			loop.Spawn(y, func(y *loop.Yielder) error {
				for !b.d.rd.busy {
					if err := loop.Sleep(y, 0); err != nil {
						return err
					}
				}
				return fn()
			})
		}
		for _, word := range []string{"hello", "again"} {
			later(func() error { _, err := a.Write([]byte(word)); return err })
			if got, err := read(); got != word || err != nil {
				t.Errorf("read %q, %v", got, err)
			}
		}
		later(func() error { return b.ReadBy(0) })
		_, err := read()
		wantErr(t, "read with a deadline", err, os.ErrDeadlineExceeded)
		if err := b.ReadBy(-1); err != nil {
			return err
		}
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			return errors.Join(loop.Drive(y, r), r.err)
		})
		later(func() error { task.Cancel(); return nil })
		if _, err := task.Await(y); !loop.IsCancelled(r.err) {
			t.Errorf("cancelled: %v, %v", err, r.err)
		}
		later(b.Close)
		_, err = read()
		wantErr(t, "read while it is closed", err, net.ErrClosed)
		return a.Close()
	})
}
