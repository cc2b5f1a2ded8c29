//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// gone reports whether an error says that the peer has reset the connection.
func gone(err error) bool { return errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE) }

// TestConnReset has the peer reset a connection in every state that it can be in. What is under
// way ends, and what comes after it fails too.
func TestConnReset(t *testing.T) {
	read := func(c *Conn) error { _, err := c.Read(make([]byte, 1)); return err }
	write := func(c *Conn) error {
		for {
			if _, err := c.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
		}
	}
	for name, tt := range map[string]struct {
		before func(c, peer *Conn) error
		op     func(c *Conn) error // under way, unless it is nil
		after  func(c *Conn) error
	}{
		"reading":       {op: read, after: write},
		"writing":       {op: write, after: read},
		"waiting":       {op: func(c *Conn) error { return errors.Join(c.WaitRead(), read(c)) }, after: read},
		"copying":       {op: func(c *Conn) error { _, err := io.Copy(c, c); return err }, after: write},
		"idle, read":    {after: read},
		"idle, written": {after: write},
		"data unread":   {before: func(c, peer *Conn) error { return say(peer, "unread") }, after: write},
		"half closed": {
			before: func(c, _ *Conn) error { return c.CloseWrite() },
			op:     read,
			after:  read,
		},
		"half closed by the peer": {
			before: func(c, peer *Conn) error { return errors.Join(peer.CloseWrite(), hear(c, "")) },
			op:     write,
			after:  write,
		},
	} {
		t.Run(name, func(t *testing.T) {
			netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
				c, peer, err := connPair(y, "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				if tt.before != nil {
					if err := tt.before(c, peer); err != nil {
						return err
					}
				}
				var under *loop.Task[struct{}]
				if tt.op != nil {
					under = loop.Spawn(y, func(*loop.Yielder) error { return tt.op(c) })
					if err := until(y, func() bool { return c.d.rd.busy || c.d.wr.busy }); err != nil {
						return err
					}
				}
				if err := peer.Abort(); err != nil {
					return err
				}
				if under != nil {
					if _, err := under.Await(y); !gone(err) {
						t.Errorf("under way: %v", err)
					}
				}
				if err := tt.after(c); !gone(err) && !(under != nil && err == io.EOF) { // the error is reported once
					t.Errorf("afterwards: %v", err)
				}
				return c.Close()
			})
		})
	}
}

// TestConnResetBeforeAccept: a connection that was reset before it is accepted does not end
// the accepting.
func TestConnResetBeforeAccept(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		first, err := Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		if err := first.Abort(); err != nil {
			return err
		}
		second, err := Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		for {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			if c.RemoteAddr().String() == second.LocalAddr().String() {
				return nil
			}
			if _, err := c.Read(make([]byte, 1)); !gone(err) {
				t.Errorf("the first: %v", err)
			}
		}
	})
}

// TestConnAbort: data that was not sent is dropped, and what is under way ends.
func TestConnAbort(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		write := loop.Spawn(y, func(*loop.Yielder) error { _, err := a.Write(make([]byte, 64<<20)); return err })
		read := loop.Spawn(y, func(*loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return err })
		if err := until(y, func() bool { return a.d.wr.busy && a.d.rd.busy }); err != nil {
			return err
		}
		apart(func() { wantErr(t, "Abort", a.Abort(), nil) }) // elsewhere
		for _, task := range []*loop.Task[struct{}]{write, read} {
			_, err := task.Await(y)
			wantErr(t, "under way", err, net.ErrClosed)
		}
		wantErr(t, "Abort again", a.Abort(), net.ErrClosed)
		if a.LocalAddr() != nil && a.LocalAddr().Network() == "tcp" || b.LocalAddr().Network() == "tcp" {
			_, err := io.ReadAll(b)
			wantErr(t, "the peer", err, unix.ECONNRESET)
		}
		return nil
	})
}

// TestConnCloseRead: what has arrived can be read, then it ends; the other direction goes on.
func TestConnCloseRead(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if err := say(b, "hello"); err != nil {
			return err
		}
		if err := a.CloseRead(); err != nil {
			return err
		}
		if got, err := io.ReadAll(a); string(got) != "hello" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := b.Read(make([]byte, 1)); return err })
		if err := until(y, func() bool { return b.d.rd.busy }); err != nil {
			return err
		}
		apart(func() { wantErr(t, "CloseRead", b.CloseRead(), nil) })
		_, err := reader.Await(y)
		wantErr(t, "a read under way", err, io.EOF)
		return nil
	})
}

// TestListenConfig has options that the sockets show.
func TestListenConfig(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		controlled := ""
		lc := ListenConfig{ReusePort: true, Backlog: 1, Control: func(network, address string, c syscall.RawConn) error {
			controlled = network + " " + address
			return c.Control(func(fd uintptr) {
				if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 10_000); err != nil {
					t.Error(err)
				}
			})
		}}
		first, err := lc.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		if controlled != "tcp 127.0.0.1:0" {
			t.Errorf("Control was called for %q", controlled)
		}
		if n, err := unix.GetsockoptInt(first.d.fd, unix.SOL_SOCKET, unix.SO_RCVBUF); n > 50_000 {
			t.Errorf("the buffer has %d bytes, %v", n, err)
		}
		second, err := lc.Listen(y, "tcp", first.Addr().String())
		if err != nil {
			return err
		}
		_, err = Listen(y, "tcp", first.Addr().String())
		wantErr(t, "without ReusePort", err, unix.EADDRINUSE)
		s := &Server{Handle: echo}
		if err := errors.Join(s.Add(first), s.Add(second), s.StartServing(y)); err != nil {
			return err
		}
		for range 20 {
			c, err := dialServer(y, s)
			if err != nil {
				return err
			}
			if err := errors.Join(say(c, "hello", "hello"), c.Close()); err != nil {
				return err
			}
		}
		for _, on := range []bool{true, false} {
			if !on {
				lc = ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Idle: -1}}
			}
			ln, err := lc.Listen(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			if _, err := Dial(y, "tcp", ln.Addr().String()); err != nil {
				return err
			}
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			if n, err := unix.GetsockoptInt(c.(*Conn).d.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE); n != 0 != on {
				t.Errorf("keep-alive is %d, %v", n, err)
			}
		}
		failed := errors.New("failed")
		lc.Control = func(string, string, syscall.RawConn) error { return failed }
		_, err = lc.Listen(y, "tcp", "127.0.0.1:0")
		wantErr(t, "Control", err, failed)
		return s.Shutdown(y, time.Minute)
	})
}
