//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/proxy"
	"golang.org/x/sys/unix"
)

// The hooks of libraries take the methods as they are: http.Transport's and pgx's are functions,
// that of golang.org/x/net/proxy is an interface.
var (
	_ func(ctx context.Context, network, addr string) (net.Conn, error) = new(Dialer).DialContext
	_ proxy.ContextDialer                                               = new(Dialer)
	_ proxy.Dialer                                                      = new(Dialer)
)

// everywhere calls fn with a function that runs its argument in the task, and with one that
// runs it on a goroutine that the loop does not know.
func everywhere(t *testing.T, fn func(t *testing.T, run func(y *loop.Yielder, fn func() error) error)) {
	t.Run("in_the_task", func(t *testing.T) {
		fn(t, func(_ *loop.Yielder, fn func() error) error { return fn() })
	})
	t.Run("elsewhere", func(t *testing.T) { fn(t, elsewhere) })
}

// TestC5Dial: Dial and DialContext connect by the name of a host, in a task and on other goroutines.
func TestC5Dial(t *testing.T) {
	everywhere(t, func(t *testing.T, run func(y *loop.Yielder, fn func() error) error) {
		netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
			ln, err := Listen(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			_, port, _ := net.SplitHostPort(ln.Addr().String())
			return run(y, func() error {
				for range 2 {
					c, err := (&Dialer{Loop: l}).Dial("tcp", "localhost:"+port)
					if err != nil {
						return err
					}
					if _, ok := c.(*Conn); !ok || c.RemoteAddr().String() != ln.Addr().String() {
						t.Errorf("a %T to %v", c, c.RemoteAddr())
					}
					if err := c.Close(); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

// TestC5Context: a context that ends while nobody answers ends the dial, with the errors and words of
// package net.
func TestC5Context(t *testing.T) {
	everywhere(t, func(t *testing.T, run func(y *loop.Yielder, fn func() error) error) {
		for name, tt := range map[string]struct {
			want error
			text string
			end  func() (context.Context, context.CancelFunc)
		}{
			"cancelled": {context.Canceled, "operation was canceled", func() (context.Context, context.CancelFunc) {
				return context.WithCancel(context.Background())
			}},
			"cause": {context.Canceled, "operation was canceled", func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(context.Background())
				return ctx, func() { cancel(io.EOF) }
			}},
			"deadline": {context.DeadlineExceeded, "i/o timeout", func() (context.Context, context.CancelFunc) {
				ctx, end := context.WithCancel(context.Background())
				return timedOutBy{ctx}, end
			}},
		} {
			s := &quiet{silent: []string{"127.0.0.8"}}
			onQuiet(t, s, func(y *loop.Yielder, port string) error {
				d := Dialer{Loop: loop.Running(y)}
				ctx, end := tt.end()
				dial := loop.Spawn(y, func(y *loop.Yielder) error {
					return run(y, func() error { _, err := d.DialContext(ctx, "tcp", "127.0.0.8:"+port); return err })
				})
				if err := until(y, func() bool { return len(s.asked) == 1 }); err != nil {
					return err
				}
				end()
				_, err := dial.Await(y)
				wantErr(t, name, err, tt.want)
				var op *net.OpError
				if !errors.As(err, &op) || op.Op != "dial" || !strings.HasSuffix(err.Error(), tt.text) || loop.IsCancelled(err) {
					t.Errorf("%s: %v", name, err)
				}
				if op.Timeout() != (tt.want == context.DeadlineExceeded) {
					t.Errorf("%s: Timeout is %v", name, op.Timeout())
				}
				err = run(y, func() error { _, err := d.DialContext(ctx, "tcp", "127.0.0.9:"+port); return err })
				wantErr(t, name+" before", err, tt.want)
				// Elsewhere the caller may hear of the end before the task of the loop does.
				return until(y, func() bool { return len(d.Loop.AllTasks()) == 1 })
			})
		}
	})
}

// timedOutBy is a context whose time is up when another one is cancelled.
type timedOutBy struct{ context.Context }

func (c timedOutBy) Err() error {
	if c.Context.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// TestC5Cancelled: a task that is cancelled gets its CancelledError out of DialContext, though
// the context that it gave is its own and has ended too.
func TestC5Cancelled(t *testing.T) {
	s := &quiet{silent: []string{"127.0.0.8"}}
	onQuiet(t, s, func(y *loop.Yielder, port string) error {
		for _, own := range []bool{true, false} {
			before := len(s.asked)
			dial := loop.Spawn(y, func(y *loop.Yielder) error {
				ctx := context.Background()
				if own {
					ctx = y.Context()
				}
				_, err := new(Dialer).DialContext(ctx, "tcp", "127.0.0.8:"+port)
				if !loop.IsCancelled(err) {
					t.Errorf("own context %v: %v", own, err)
				}
				return err
			})
			if err := until(y, func() bool { return len(s.asked) > before }); err != nil {
				return err
			}
			cancel(y, t, "the dial", dial)
		}
		return nil
	})
}

// TestC5Timeout: Timeout and Deadline are on the loop's clock, and limit the resolving too.
func TestC5Timeout(t *testing.T) {
	everywhere(t, func(t *testing.T, run func(y *loop.Yielder, fn func() error) error) {
		s := &quiet{silent: []string{"127.0.0.8"}}
		onQuiet(t, s, func(y *loop.Yielder, port string) error {
			asked := make(chan struct{}, 1)
			deaf := &Resolver{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
				asked <- struct{}{}
				<-ctx.Done()
				return nil, ctx.Err()
			}}
			for name, tt := range map[string]struct {
				d    Dialer
				host string
			}{
				"Timeout":  {Dialer{Timeout: time.Hour}, "127.0.0.8"},
				"Deadline": {Dialer{Deadline: time.Now().Add(time.Hour)}, "127.0.0.8"},
				"look-up":  {Dialer{Timeout: time.Hour, Resolver: deaf}, "name"},
			} {
				before := len(s.asked)
				tt.d.Loop = loop.Running(y)
				dial := loop.Spawn(y, func(y *loop.Yielder) error {
					return run(y, func() error { _, err := tt.d.Dial("tcp", tt.host+":"+port); return err })
				})
				if err := until(y, func() bool { return len(s.asked) > before || len(asked) > 0 }); err != nil {
					return err
				}
				if len(asked) > 0 {
					<-asked
				}
				looptest.Advance(y, 2*time.Hour)
				_, err := dial.Await(y)
				wantTimeout(t, name, err)
				wantErr(t, name, err, context.DeadlineExceeded)
				wantErr(t, name, err, os.ErrDeadlineExceeded)
			}
			for name, d := range map[string]Dialer{
				"a negative Timeout": {Timeout: -1},
				"a past Deadline":    {Deadline: time.Unix(1, 0)},
			} {
				before := len(s.asked)
				_, err := d.Connect(y, "tcp", "127.0.0.9:"+port)
				wantTimeout(t, name, err)
				if len(s.asked) != before {
					t.Errorf("%s: it connects", name)
				}
			}
			return nil
		})
	})
}

// TestC5Late: the caller on another goroutine goes in the very moment in which the connection is
// made. Nobody gets it then, so it must be closed; looptest finds it if not.
func TestC5Late(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		ln, err := Listen(y, "unix", path)
		if err != nil {
			return err
		}
		defer ln.Close()
		for range 200 {
			ctx, end := context.WithCancel(context.Background())
			d := Dialer{Loop: l, Control: func(string, string, syscall.RawConn) error { end(); return nil }}
			err := elsewhere(y, func() error {
				c, err := d.DialContext(ctx, "unix", path)
				if err != nil {
					return err
				}
				return c.Close()
			})
			if err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			if n, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Fatalf("the other end is open: %d, %v", n, err)
			}
			if err := c.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestC5WrongPlace: where a dial would stop a loop it is an error, and the reason is in it.
func TestC5WrongPlace(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		dial := func(d *Dialer) error { _, err := d.Dial("tcp", "127.0.0.1:1"); return err }
		other, err := loop.New()
		if err != nil {
			return err
		}
		defer other.Close()
		wantErr(t, "in a task of another loop", dial(&Dialer{Loop: other}), loop.ErrForeignLoop)
		_, err = (&Dialer{Loop: other}).Connect(y, "tcp", "127.0.0.1:1")
		wantErr(t, "Connect in a task of another loop", err, loop.ErrForeignLoop)
		apart(func() {
			wantErr(t, "without a loop", dial(&Dialer{}), loop.ErrNoTask)
			_, err := new(Dialer).Connect(y, "tcp", "127.0.0.1:1")
			wantErr(t, "with the y of another goroutine", err, loop.ErrWrongGoroutine)
		})
		next, stop := iter.Pull(func(yield func(error) bool) { yield(dial(&Dialer{Loop: l})) })
		defer stop()
		err, _ = next()
		wantErr(t, "in an iter.Pull", err, loop.ErrNoTask)
		called := make(chan error, 1)
		l.CallSoon(func() { called <- dial(&Dialer{}) })
		if err := until(y, func() bool { return len(called) > 0 }); err != nil {
			return err
		}
		wantErr(t, "in a callback", <-called, loop.ErrNoTask)
		return nil
	})
}

// TestC5AfterLoop: once the loop has ended the error is net.ErrClosed, that of a dial under way
// too.
func TestC5AfterLoop(t *testing.T) {
	looptest.NoLeaks(t)
	s := &quiet{silent: []string{"127.0.0.8"}}
	clock, err := looptest.NewStandingClock()
	if err != nil {
		t.Fatal(err)
	}
	l := loop.NewOn(&liar{StandingClock: clock, sockets: s})
	d := Dialer{Loop: l}
	underWay := make(chan error)
	go func() { _, err := d.Dial("tcp", "127.0.0.8:1"); underWay <- err }()
	_, err = loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		return until(y, func() bool { return len(s.asked) == 1 })
	}))
	wantErr(t, "run", err, nil)
	wantErr(t, "Close", l.Close(), nil)
	wantErr(t, "a dial under way", <-underWay, net.ErrClosed)
	_, err = d.Dial("tcp", "127.0.0.8:1")
	wantErr(t, "a dial", err, net.ErrClosed)
}

// TestC5Transport: net/http's client, which has goroutines of its own, dials with it.
func TestC5Transport(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
		transport := &http.Transport{DialContext: (&Dialer{Loop: l}).DialContext}
		err := elsewhere(y, func() error {
			defer server.Close()
			defer transport.CloseIdleConnections()
			for range 3 {
				resp, err := (&http.Client{Transport: transport}).Get(server.URL)
				if err != nil {
					return err
				}
				got, err := io.ReadAll(resp.Body)
				if err := errors.Join(err, resp.Body.Close()); err != nil || string(got) != "hello" {
					t.Errorf("%q, %v", got, err)
				}
			}
			return nil
		})
		// The goroutines of the transport are told of the end of their connections.
		return errors.Join(err, until(y, func() bool { return len(l.AllTasks()) == 1 }))
	})
}

// TestC5Resolver: the resolver of package net, which has goroutines of its own, asks its server with
// datagrams of the loop.
func TestC5Resolver(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		server, err := ListenPacket(y, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		answers := loop.Spawn(y, func(*loop.Yielder) error {
			b := make([]byte, 512)
			for {
				n, from, err := server.ReadFrom(b)
				if err != nil {
					return err
				}
				var m dnsmessage.Message
				if err := m.Unpack(b[:n]); err != nil {
					return err
				}
				m.Response, m.Additionals = true, nil
				if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
					m.Answers = []dnsmessage.Resource{{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
						Body:   &dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}},
					}}
				}
				reply, err := m.Pack()
				if err != nil {
					return err
				}
				if _, err := server.WriteTo(reply, from); err != nil {
					return err
				}
			}
		})
		r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&Dialer{Loop: l}).DialContext(ctx, network, server.LocalAddr().String())
		}}
		got, err := loop.Block(y, func(ctx context.Context) ([]string, error) { return r.LookupHost(ctx, "host.test.") })
		if err != nil || len(got) != 1 || got[0] != "192.0.2.1" {
			t.Errorf("the addresses are %v, %v", got, err)
		}
		_ = server.Close()
		_, err = answers.Await(y)
		wantErr(t, "the server", err, net.ErrClosed)
		return nil
	})
}

// TestDialerControl: Control sees each socket before it is connected, and can refuse it.
func TestDialerControl(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		ln, err := Listen(y, network, address)
		if err != nil {
			return err
		}
		var seen, at string
		var kind int
		d := Dialer{Control: func(network, address string, c syscall.RawConn) error {
			seen, at = network, address
			wantErr(t, "Read", c.Read(func(uintptr) bool { return true }), syscall.EINVAL)
			var err error
			return errors.Join(c.Control(func(fd uintptr) {
				kind, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
			}), err)
		}}
		c, err := d.Connect(y, network, ln.Addr().String())
		if err != nil {
			return err
		}
		if want := map[string]string{"tcp": "tcp4", "unix": "unix"}[network]; seen != want || at != ln.Addr().String() || kind != unix.SOCK_STREAM {
			t.Errorf("Control is given %s %s, of type %d", seen, at, kind)
		}
		d.Control = func(string, string, syscall.RawConn) error { return io.ErrNoProgress }
		_, err = d.Connect(y, network, ln.Addr().String())
		wantErr(t, "refused by Control", err, io.ErrNoProgress)
		return c.Close()
	})
}

func TestDialerLocalAddr(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		tcp := func(ip string) *net.TCPAddr { return &net.TCPAddr{IP: net.ParseIP(ip)} }
		for _, tt := range []struct {
			local net.Addr
			host  string
			want  string // the host that the server sees, or the error
		}{
			{tcp("127.0.0.3"), "127.0.0.1", "127.0.0.3"},
			{tcp("127.0.0.3"), "both", "127.0.0.3"},
			{tcp(""), "127.0.0.1", "127.0.0.1"},
			{tcp("0.0.0.0"), "127.0.0.1", "127.0.0.1"},
			{tcp("::"), "127.0.0.1", "127.0.0.1"},
			{tcp("::1"), "127.0.0.1", "no suitable address"},
			{tcp("10.255.255.1"), "127.0.0.1", "bind: "},
			{&net.UnixAddr{Name: "x", Net: "unix"}, "127.0.0.1", "mismatched local address type"},
			{&net.UDPAddr{}, "127.0.0.1", "mismatched local address type"},
		} {
			_, port, _ := net.SplitHostPort(ln.Addr().String())
			d := Dialer{LocalAddr: tt.local, Resolver: hosts("::1", "127.0.0.1")}
			c, err := d.Connect(y, "tcp", net.JoinHostPort(tt.host, port))
			if err != nil {
				var op *net.OpError
				if !strings.Contains(err.Error(), tt.want) || !errors.As(err, &op) || op.Source != tt.local {
					t.Errorf("from %v: %v, want %s", tt.local, err, tt.want)
				}
				continue
			}
			accepted, err := ln.Accept()
			if err != nil {
				return err
			}
			if host, _, _ := net.SplitHostPort(accepted.RemoteAddr().String()); host != tt.want {
				t.Errorf("from %v: the server sees %s, want %s", tt.local, host, tt.want)
			}
			if err := errors.Join(c.Close(), accepted.Close()); err != nil {
				return err
			}
		}
		return nil
	})
}
