//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"io"
	"net"
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
		loop.OnLoopStack(y, func() {
			if n, err := a.TryWrite([]byte("hello")); n != 5 || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
		})
		if err := b.WaitRead(); err != nil {
			return err
		}
		loop.OnLoopStack(y, func() {
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
