//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

var errUnexpectedRead = errors.New("unexpected read from socket")

// connCheck does what go-sql-driver/mysql does before it uses an idle connection: one
// read on the socket itself, which must not find anything.
func connCheck(conn net.Conn) error {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var found error
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, err := syscall.Read(int(fd), b[:])
		switch {
		case n == 0 && err == nil:
			found = io.EOF
		case n > 0:
			found = errUnexpectedRead
		case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK:
			found = nil
		default:
			found = err
		}
		return true
	})
	if err != nil {
		return err
	}
	return found
}

// TestC7ConnCheck: the check finds out what a connection is like, and leaves it as usable as before.
func TestC7ConnCheck(t *testing.T) {
	everywhere(t, func(t *testing.T, run func(y *loop.Yielder, fn func() error) error) {
		eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
			check := func() error { return run(y, func() error { return connCheck(b) }) }
			say := func(s string) { // and wait until b has heard it, if the last read has emptied its buffer
				if _, err := a.Write([]byte(s)); err != nil {
					t.Fatal(err)
				}
			}
			hear := func(want string) {
				t.Helper()
				got := make([]byte, 10)
				n, err := b.Read(got)
				if string(got[:n]) != want || err != nil {
					t.Errorf("read %q, %v, want %q", got[:n], err, want)
				}
			}
			for range 2 {
				wantErr(t, "nothing there", check(), nil)
				say("abc")
				if err := b.WaitRead(); err != nil {
					return err
				}
				wantErr(t, "data there", check(), errUnexpectedRead)
				hear("bc") // the rest, though no event tells of it any more
				say("def")
				wantErr(t, "data that no event has told of", check(), errUnexpectedRead)
				hear("ef")
				say("g")
				wantErr(t, "all of the data", check(), errUnexpectedRead)
				wantErr(t, "nothing left", check(), nil)
				reader := loop.Spawn(y, func(*loop.Yielder) error { hear("h"); return nil })
				if err := until(y, func() bool { return b.d.rd.busy }); err != nil {
					return err
				}
				say("h")
				if _, err := reader.Await(y); err != nil {
					return err
				}
			}
			if err := a.Close(); err != nil {
				return err
			}
			wantErr(t, "the peer has closed", check(), io.EOF)
			wantErr(t, "the peer has closed, again", check(), io.EOF)
			if err := b.Close(); err != nil {
				return err
			}
			wantErr(t, "closed", check(), net.ErrClosed)
			return nil
		})
	})
}

// TestC7RawWaits: a function that returns false is called again when the socket is ready, in line
// with the other operations and within the deadline.
func TestC7RawWaits(t *testing.T) {
	everywhere(t, func(t *testing.T, run func(y *loop.Yielder, fn func() error) error) {
		eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
			raw, err := b.SyscallConn()
			if err != nil {
				return err
			}
			var got []byte
			calls := 0
			read := func(y *loop.Yielder) error {
				return run(y, func() error {
					return raw.Read(func(fd uintptr) bool {
						calls++
						var part [2]byte
						n, err := unix.Read(int(fd), part[:])
						got = append(got, part[:max(0, n)]...)
						return err != unix.EAGAIN
					})
				})
			}
			first := loop.Spawn(y, func(*loop.Yielder) error { _, err := b.Read(make([]byte, 1)); return err })
			if err := until(y, func() bool { return b.d.rd.busy }); err != nil {
				return err
			}
			second := loop.Spawn(y, read)
			if err := until(y, func() bool { return b.d.rd.line != nil && b.d.rd.line.Len() == 1 }); err != nil {
				return err
			}
			if _, err := a.Write([]byte("a")); err != nil {
				return err
			}
			if _, err := first.Await(y); err != nil {
				return err
			}
			if _, err := a.Write([]byte("b")); err != nil {
				return err
			}
			if _, err := second.Await(y); err != nil || string(got) != "b" {
				t.Errorf("read %q, %v", got, err)
			}

			if err := b.ReadBy(loop.Running(y).Time() + time.Hour); err != nil {
				return err
			}
			late := loop.Spawn(y, read)
			if err := until(y, func() bool { return b.d.rd.busy }); err != nil {
				return err
			}
			calls = 0
			if err := turns(y); err != nil {
				return err
			}
			if calls != 0 {
				t.Errorf("the function is called %d times while nothing comes", calls)
			}
			looptest.Advance(y, time.Hour)
			_, err = late.Await(y)
			wantErr(t, "the time is up", err, os.ErrDeadlineExceeded)
			called := false
			err = run(y, func() error { return raw.Read(func(uintptr) bool { called = true; return true }) })
			wantErr(t, "the time was up", err, os.ErrDeadlineExceeded)
			if called {
				t.Error("the function is called after the deadline")
			}
			return nil
		})
	})
}

// TestC7RawWrite fills the buffer of a socket by hand, and then writes as usual.
func TestC7RawWrite(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		raw, err := a.SyscallConn()
		if err != nil {
			return err
		}
		const size = 8 << 20
		sent, waits := 0, 0
		data := make([]byte, 1<<16)
		writer := loop.Spawn(y, func(*loop.Yielder) error {
			defer a.Close()
			err := raw.Write(func(fd uintptr) bool {
				for sent < size {
					n, err := unix.Write(int(fd), data)
					if err == unix.EAGAIN {
						waits++
						return false
					} else if err != nil {
						t.Error(err)
						return true
					}
					sent += n
				}
				return true
			})
			if err != nil {
				return err
			}
			_, err = a.Write(data)
			return err
		})
		n, err := io.Copy(io.Discard, struct{ io.Reader }{b})
		if n != int64(sent+len(data)) || waits == 0 || err != nil {
			t.Errorf("%d bytes arrive, %d sent after %d waits; %v", n, sent, waits, err)
		}
		_, err = writer.Await(y)
		return err
	})
}

// TestC7RawListener: a socket that listens can be looked at, and no more.
func TestC7RawListener(t *testing.T) {
	everywhere(t, func(t *testing.T, run func(y *loop.Yielder, fn func() error) error) {
		eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
			ln, err := Listen(y, network, address)
			if err != nil {
				return err
			}
			raw, err := ln.SyscallConn()
			if err != nil {
				return err
			}
			var kind int
			err = run(y, func() error {
				return raw.Control(func(fd uintptr) { kind, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE) })
			})
			if err != nil || kind != unix.SOCK_STREAM {
				t.Errorf("of type %d, %v", kind, err)
			}
			wantErr(t, "Read", raw.Read(func(uintptr) bool { return true }), syscall.EINVAL)
			wantErr(t, "Write", raw.Write(func(uintptr) bool { return true }), syscall.EINVAL)
			if err := ln.Close(); err != nil {
				return err
			}
			wantErr(t, "Control of a closed one", run(y, func() error { return raw.Control(func(uintptr) {}) }), net.ErrClosed)
			_, err = ln.SyscallConn()
			wantErr(t, "SyscallConn of a closed one", err, net.ErrClosed)
			return nil
		})
	})
}

// TestC7RawSimulated: sockets that are not the system's have no descriptor to hand out.
func TestC7RawSimulated(t *testing.T) {
	onQuiet(t, &quiet{}, func(y *loop.Yielder, port string) error {
		c, err := Dial(y, "tcp", "127.0.0.9:"+port)
		if err != nil {
			return err
		}
		_, err = c.SyscallConn()
		wantErr(t, "SyscallConn", err, errors.ErrUnsupported)
		d := Dialer{Control: func(_, _ string, c syscall.RawConn) error { return c.Control(func(uintptr) {}) }}
		_, err = d.Connect(y, "tcp", "127.0.0.9:"+port)
		wantErr(t, "Control", err, errors.ErrUnsupported)
		return nil
	})
}
