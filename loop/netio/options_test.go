//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"math"
	"net"
	"runtime"
	"testing"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// The methods of *net.TCPConn that libraries look for.
var _ interface {
	SetKeepAlive(bool) error
	SetKeepAlivePeriod(time.Duration) error
	SetKeepAliveConfig(net.KeepAliveConfig) error
	SetNoDelay(bool) error
	SetLinger(int) error
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
	CloseWrite() error
} = (*Conn)(nil)

// keepAlive is what a socket's options of keep-alive are: on, idle, interval, count.
type keepAlive [4]int

func keepAliveOf(t *testing.T, c *Conn) (k keepAlive) {
	t.Helper()
	get := func(level, option int) int {
		v, err := unix.GetsockoptInt(c.d.fd, level, option)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	numbers, ok := keepAliveOptions[runtime.GOOS]
	if !ok {
		t.Skip("the system has no such options")
	}
	if get(unix.SOL_SOCKET, unix.SO_KEEPALIVE) != 0 {
		k[0] = 1
	}
	for i, n := range numbers {
		k[1+i] = get(unix.IPPROTO_TCP, n)
	}
	return k
}

// TestC7KeepAlive: a dialled connection has keep-alive as one of package net's has, and so has an
// accepted one.
func TestC7KeepAlive(t *testing.T) {
	usual := keepAlive{1, 15, 15, 9}
	for name, tt := range map[string]struct {
		d    Dialer
		want keepAlive
	}{
		"default":  {Dialer{}, usual},
		"period":   {Dialer{KeepAlive: time.Minute}, keepAlive{1, 60, 15, 9}},
		"a second": {Dialer{KeepAlive: time.Nanosecond}, keepAlive{1, 1, 15, 9}},
		"config": {Dialer{KeepAlive: -1, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 2 * time.Second,
			Interval: 3 * time.Second, Count: 4}}, keepAlive{1, 2, 3, 4}},
		"D2": {Dialer{KeepAlive: math.MaxInt64}, keepAlive{1, 32767, 15, 9}},
	} {
		netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
			ln, err := Listen(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			c, err := tt.d.Connect(y, "tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			accepted, err := ln.Accept()
			if err != nil {
				return err
			}
			if got := keepAliveOf(t, c); got != tt.want {
				t.Errorf("%s: %v, want %v", name, got, tt.want)
			}
			if got := keepAliveOf(t, accepted.(*Conn)); got != usual {
				t.Errorf("accepted: %v, want %v", got, usual)
			}
			return nil
		})
	}
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		c, err := (&Dialer{KeepAlive: -1}).Connect(y, "tcp", ln.Addr().String())
		if err == nil && keepAliveOf(t, c)[0] != 0 {
			t.Error("a negative KeepAlive does not switch it off")
		}
		return err
	})
}

// TestC7Options: the options have an effect, in the task and elsewhere, and a closed connection
// has none.
func TestC7Options(t *testing.T) {
	everywhere(t, func(t *testing.T, run func(y *loop.Yielder, fn func() error) error) {
		netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
			a, b, err := connPair(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			get := func(level, option int) int {
				v, err := unix.GetsockoptInt(a.d.fd, level, option)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			for name, tt := range map[string]struct {
				set           func() error
				level, option int
				is            func(v int) bool
			}{
				"SetNoDelay": {func() error { return a.SetNoDelay(false) },
					unix.IPPROTO_TCP, unix.TCP_NODELAY, func(v int) bool { return v == 0 }},
				"SetReadBuffer": {func() error { return a.SetReadBuffer(5000) },
					unix.SOL_SOCKET, unix.SO_RCVBUF, func(v int) bool { return v == 5000 || v == 10000 }},
				"SetWriteBuffer": {func() error { return a.SetWriteBuffer(5000) },
					unix.SOL_SOCKET, unix.SO_SNDBUF, func(v int) bool { return v == 5000 || v == 10000 }},
			} {
				if tt.is(get(tt.level, tt.option)) {
					t.Errorf("%s: it is so already", name)
				}
				wantErr(t, name, run(y, tt.set), nil)
				if v := get(tt.level, tt.option); !tt.is(v) {
					t.Errorf("%s: the option is %d", name, v)
				}
			}
			for _, tt := range []struct {
				set  func() error
				want keepAlive
			}{
				{func() error { return a.SetKeepAlive(false) }, keepAlive{0, 15, 15, 9}},
				{func() error { return a.SetKeepAlivePeriod(90 * time.Second) }, keepAlive{0, 90, 15, 9}},
				{func() error { return a.SetKeepAlivePeriod(math.MaxInt64) }, keepAlive{0, 32767, 15, 9}},
				{func() error { return a.SetKeepAlive(true) }, keepAlive{1, 32767, 15, 9}},
				{func() error {
					return a.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: -1, Interval: 1500 * time.Millisecond, Count: 3})
				}, keepAlive{1, 32767, 2, 3}},
				{func() error { return a.SetKeepAliveConfig(net.KeepAliveConfig{}) }, keepAlive{0, 15, 15, 9}},
			} {
				wantErr(t, "set", run(y, tt.set), nil)
				if got := keepAliveOf(t, a); got != tt.want {
					t.Errorf("keep-alive is %v, want %v", got, tt.want)
				}
			}
			wantErr(t, "SetLinger", run(y, func() error { return a.SetLinger(0) }), nil)
			if err := a.Close(); err != nil {
				return err
			}
			_, err = b.Read(make([]byte, 1))
			wantErr(t, "Read of a connection that was reset", err, unix.ECONNRESET)
			for _, set := range []func() error{
				func() error { return a.SetKeepAlive(true) },
				func() error { return a.SetNoDelay(true) },
				func() error { return a.SetLinger(1) },
				func() error { return a.SetReadBuffer(5000) },
			} {
				var op *net.OpError
				if err := run(y, set); !errors.Is(err, net.ErrClosed) || !errors.As(err, &op) || op.Op != "set" {
					t.Errorf("on a closed connection: %v", err)
				}
			}
			apart(func() { _ = b.Close() })
			wantErr(t, "closed elsewhere", b.SetNoDelay(true), net.ErrClosed)
			return nil
		})
	})
}
