//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// hosts answers look-ups from a list.
func hosts(ips ...string) *Resolver {
	return &Resolver{Lookup: func(context.Context, string, string) (list []netip.Addr, _ error) {
		for _, ip := range ips {
			list = append(list, netip.MustParseAddr(ip))
		}
		return list, nil
	}}
}

// quiet is a system on which some addresses do not answer until they are told to.
type quiet struct {
	system
	silent []string
	asked  []func() error // to connect, in the order in which they were tried
	open   int            // sockets that were dialled, or listen
}

func (s *quiet) Socket(family, sotype int) (int, error) {
	s.open++
	return s.system.Socket(family, sotype)
}

func (s *quiet) Close(fd int) error {
	s.open--
	return s.system.Close(fd)
}

// wantClosed checks that of all that was dialled nothing is open.
func (s *quiet) wantClosed(t *testing.T, when string) {
	t.Helper()
	if s.open != 1 { // the listener
		t.Errorf("%s: %d sockets are open", when, s.open-1)
	}
}

func (s *quiet) Connect(fd int, sa syscall.Sockaddr) error {
	a := address("tcp", sa).(*net.TCPAddr)
	s.asked = append(s.asked, func() error { return s.system.Connect(fd, sa) })
	if slices.Contains(s.silent, a.IP.String()) {
		return unix.EINPROGRESS
	}
	return s.system.Connect(fd, sa)
}

// onQuiet is netRun on a quiet system, with a listener at 127.0.0.9 and its port.
func onQuiet(t *testing.T, s *quiet, fn func(y *loop.Yielder, port string) error) {
	t.Helper()
	runOn(t, looptest.On(func() (*loop.Loop, error) {
		clock, err := looptest.NewStandingClock()
		return loop.NewOn(&liar{StandingClock: clock, sockets: s}), err
	}), func(y *loop.Yielder, _ *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.9:0")
		if err != nil {
			return err
		}
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		return fn(y, port)
	})
}

// turns lets other tasks run for a while.
func turns(y *loop.Yielder) error {
	for range 20 {
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
	}
	return nil
}

// TestB13FirstSilent: of two addresses the first says nothing. The second is tried 250 ms later,
// or after FallbackDelay, and its connection is returned.
func TestB13FirstSilent(t *testing.T) {
	for name, tt := range map[string]struct{ delay, want time.Duration }{
		"default": {0, 250 * time.Millisecond},
		"set":     {time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := &quiet{silent: []string{"127.0.0.8"}}
			onQuiet(t, s, func(y *loop.Yielder, port string) error {
				d := Dialer{FallbackDelay: tt.delay, Resolver: hosts("127.0.0.8", "127.0.0.9")}
				dial := loop.Go(y, func(y *loop.Yielder) (*Conn, error) { return d.Connect(y, "tcp", "two:"+port) })
				if err := until(y, func() bool { return len(s.asked) == 1 }); err != nil {
					return err
				}
				looptest.Advance(y, tt.want-1)
				if err := turns(y); err != nil {
					return err
				}
				if len(s.asked) != 1 || dial.Done() {
					t.Errorf("%d addresses are tried before the time", len(s.asked))
				}
				if got := dial.String(); !strings.Contains(got, "wait_for=<Dial of tcp 127.0.0.8:"+port) {
					t.Errorf("the task is %s", got)
				}
				looptest.Advance(y, 1)
				c, err := dial.Await(y)
				if err != nil {
					return err
				}
				if got := c.RemoteAddr().String(); got != "127.0.0.9:"+port {
					t.Errorf("connected to %s", got)
				}
				err = c.Close()
				s.wantClosed(t, "when the connection is closed")
				return err
			})
		})
	}
}

// TestB13LateFirst: the first address answers when the second has been asked. It wins if it is the
// sooner one.
func TestB13LateFirst(t *testing.T) {
	s := &quiet{silent: []string{"127.0.0.9", "127.0.0.8"}}
	onQuiet(t, s, func(y *loop.Yielder, port string) error {
		d := Dialer{Resolver: hosts("127.0.0.9", "127.0.0.8")}
		dial := loop.Go(y, func(y *loop.Yielder) (*Conn, error) { return d.Connect(y, "tcp", "two:"+port) })
		if err := until(y, func() bool { return len(s.asked) == 1 }); err != nil {
			return err
		}
		looptest.Advance(y, fallbackDelay)
		if err := until(y, func() bool { return len(s.asked) == 2 }); err != nil {
			return err
		}
		if err := s.asked[0](); err != nil && err != unix.EINPROGRESS {
			return err
		}
		c, err := dial.Await(y)
		if err != nil {
			return err
		}
		msg := []byte("x")
		if _, err := c.Write(msg); err != nil {
			t.Errorf("the connection cannot be used: %v", err)
		}
		err = c.Close()
		s.wantClosed(t, "when the connection is closed")
		return err
	})
}

// TestB13Failure: an address that fails is followed by the next one at once, though another
// attempt is under way and no time has passed.
func TestB13Failure(t *testing.T) {
	s := &quiet{silent: []string{"127.0.0.7"}}
	onQuiet(t, s, func(y *loop.Yielder, port string) error {
		d := Dialer{Resolver: hosts("127.0.0.7", "127.0.0.8", "127.0.0.9")} // silent, refused, good
		dial := loop.Go(y, func(y *loop.Yielder) (*Conn, error) { return d.Connect(y, "tcp", "three:"+port) })
		if err := until(y, func() bool { return len(s.asked) == 1 }); err != nil {
			return err
		}
		looptest.Advance(y, fallbackDelay)
		c, err := dial.Await(y)
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// TestB13InTurn: with a negative delay an address is tried only once the one before has failed.
func TestB13InTurn(t *testing.T) {
	s := &quiet{silent: []string{"127.0.0.8"}}
	onQuiet(t, s, func(y *loop.Yielder, port string) error {
		d := Dialer{FallbackDelay: -1, Timeout: 2 * time.Hour, Resolver: hosts("127.0.0.8", "127.0.0.9")}
		dial := loop.Spawn(y, func(y *loop.Yielder) error { _, err := d.Connect(y, "tcp", "two:"+port); return err })
		if err := until(y, func() bool { return len(s.asked) == 1 }); err != nil {
			return err
		}
		looptest.Advance(y, time.Hour)
		if err := turns(y); err != nil {
			return err
		}
		if len(s.asked) != 1 {
			t.Errorf("%d addresses were tried", len(s.asked))
		}
		looptest.Advance(y, time.Hour)
		_, err := dial.Await(y)
		wantTimeout(t, "the dial", err)
		return nil
	})
}

// TestB13Cancelled cancels a dial of several addresses when none, one, two … of them have been
// tried. Nothing is left open.
func TestB13Cancelled(t *testing.T) {
	for tried := range 4 {
		s := &quiet{silent: []string{"127.0.0.6", "127.0.0.7", "127.0.0.8"}}
		onQuiet(t, s, func(y *loop.Yielder, port string) error {
			d := Dialer{Resolver: hosts("127.0.0.6", "127.0.0.7", "127.0.0.8")}
			dial := loop.Spawn(y, func(y *loop.Yielder) error { _, err := d.Connect(y, "tcp", "three:"+port); return err })
			for n := range tried {
				if err := until(y, func() bool { return len(s.asked) == n+1 }); err != nil {
					return err
				}
				if n < tried-1 {
					looptest.Advance(y, fallbackDelay)
				}
			}
			what := fmt.Sprintf("a dial with %d attempts", tried)
			cancel(y, t, what, dial)
			s.wantClosed(t, what)
			return nil
		})
	}
}

// TestB13AllFail: the errors of all addresses are joined.
func TestB13AllFail(t *testing.T) {
	onQuiet(t, &quiet{}, func(y *loop.Yielder, port string) error {
		_, err := (&Dialer{Resolver: hosts("127.0.0.6", "127.0.0.7")}).Connect(y, "tcp", "two:"+port)
		wantErr(t, "the dial", err, unix.ECONNREFUSED)
		for _, ip := range []string{"127.0.0.6", "127.0.0.7"} {
			if !strings.Contains(err.Error(), "dial tcp "+ip+":"+port+": connect: connection refused") {
				t.Errorf("%v says nothing of %s", err, ip)
			}
		}
		return nil
	})
}

func TestInterleave(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"a", "a"},
		{"a b", "a b"},
		{"a b 1 2", "a 1 b 2"},
		{"1 a b c", "1 a b c"},
		{"a b c 1", "a 1 b c"},
		{"a b c", "a b c"},
		{"1 2 a", "1 a 2"},
	} {
		var addrs []net.Addr
		for _, s := range strings.Fields(tt.in) {
			ip := "10.0.0." + s
			if s >= "a" {
				ip = "::" + s
			}
			addrs = append(addrs, &net.TCPAddr{IP: net.ParseIP(ip), Zone: s})
		}
		var got []string
		for _, a := range interleave(addrs) {
			got = append(got, a.(*net.TCPAddr).Zone)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestD2Dial: times that are too long to be added to the clock mean never.
func TestD2Dial(t *testing.T) {
	s := &quiet{silent: []string{"127.0.0.8"}}
	onQuiet(t, s, func(y *loop.Yielder, port string) error {
		looptest.Advance(y, time.Second)
		for _, d := range []Dialer{
			{Timeout: math.MaxInt64},
			{Deadline: time.Unix(1<<60, 0)},
			{FallbackDelay: math.MaxInt64, Resolver: hosts("127.0.0.9", "127.0.0.8")},
			{KeepAlive: math.MaxInt64},
			{Resolver: &Resolver{TTL: math.MaxInt64, Lookup: hosts("127.0.0.9").Lookup}},
		} {
			c, err := d.Connect(y, "tcp", "127.0.0.9:"+port)
			if d.Resolver != nil && err == nil {
				err = c.Close()
				c, _ = d.Connect(y, "tcp", "name:"+port)
			}
			if err != nil {
				return err
			}
			if err := c.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}
