//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// deafListener is the path of a Unix socket that lets hardly any connection wait, and
// accepts none.
func deafListener(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	sa, family, err := sockaddr(&net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	fd, err := system{}.Socket(family, unix.SOCK_STREAM)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, sa), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	return path
}

// dialAny is what Dial does once the addresses of a host are known.
func dialAny(y *loop.Yielder, s Sockets, addrs ...net.Addr) (*Conn, error) {
	r := race{resolved: resolved{loop.Running(y), s}, dialer: new(Dialer), network: "tcp", delay: fallbackDelay, waits: true}
	defer r.end()
	if r.start(addrs, nil); !r.over() {
		if err := r.run(y); err != nil {
			return nil, err
		}
	}
	c, _ := r.won.(*Conn)
	return c, r.err
}

func loopback(port int) *net.TCPAddr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
}

// nobody returns an address of loopback that nobody listens at until the test is over.
func nobody(t *testing.T) string {
	t.Helper()
	fd, err := system{}.Socket(unix.AF_INET, unix.SOCK_STREAM)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	any, _, err := sockaddr(loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, any); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return address("tcp", bound).String()
}

func TestDialRefused(t *testing.T) {
	tests := []struct {
		network, address string
		want             error
	}{
		{"tcp", nobody(t), unix.ECONNREFUSED},
		{"tcp6", "[::1]:1", nil}, // refused, or there is no IPv6
		{"unix", filepath.Join(t.TempDir(), "none"), unix.ENOENT},
		{"unix", "/" + strings.Repeat("x", 200), unix.EINVAL},
	}
	for _, tt := range tests {
		netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
			c, err := Dial(y, tt.network, tt.address)
			if c != nil || err == nil {
				t.Errorf("Dial %s: a connection", tt.address)
			}
			if tt.want != nil {
				wantErr(t, tt.address, err, tt.want)
			}
			var op *net.OpError
			if !errors.As(err, &op) || op.Op != "dial" || op.Addr.String() != tt.address {
				t.Errorf("Dial %s: %#v", tt.address, err)
			}
			return nil
		})
	}
}

// TestDialSelf dials a port that is the one the socket itself gets.
func TestDialSelf(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		fd, err := system{}.Socket(unix.AF_INET, unix.SOCK_STREAM)
		if err != nil {
			return err
		}
		any, _, err := sockaddr(loopback(0))
		if err != nil {
			return err
		}
		if err := syscall.Bind(fd, any); err != nil {
			return err
		}
		own, err := syscall.Getsockname(fd)
		if err != nil {
			return err
		}
		if err := syscall.Connect(fd, own); err != unix.EINPROGRESS && err != nil {
			return err
		}
		c, err := newConn(l, system{}, fd, "tcp", address("tcp", own))
		if err != nil {
			return err
		}
		defer c.Close()
		made, err := c.d.connected()
		wantErr(t, "connect", err, unix.ECONNREFUSED)
		if made {
			t.Error("connected")
		}
		// The same by Dial: the socket is given the port that it dials.
		free := address("tcp", own).(*net.TCPAddr)
		if err := c.Abort(); err != nil { // Close would leave the port in use for a while
			return err
		}
		d := Dialer{LocalAddr: free}
		_, err = d.Connect(y, "tcp", fmt.Sprintf("0.0.0.0:%d", free.Port)) // which is 127.0.0.1
		wantErr(t, "dial", err, unix.ECONNREFUSED)
		return nil
	})
}

// A lonely system never makes a connection.
type lonely struct {
	system
	connects int
	asked    int // how often for the outcome
}

func (s *lonely) Connect(int, syscall.Sockaddr) error {
	s.connects++
	return unix.EINPROGRESS
}

func (s *lonely) GetsockoptInt(fd, level, option int) (int, error) {
	s.asked++
	return s.system.GetsockoptInt(fd, level, option)
}

// TestDialUnanswered dials where nobody answers: the connection is never made, until
// the time is up or the task cancelled, whatever is said of other descriptors.
func TestDialUnanswered(t *testing.T) {
	sockets := &lonely{}
	system := &liar{sockets: sockets}
	open := func() (l *loop.Loop, err error) {
		system.StandingClock, err = looptest.NewStandingClock()
		return loop.NewOn(system), err
	}
	runOn(t, looptest.On(open), func(y *loop.Yielder, l *loop.Loop) error {
		dial := func(y *loop.Yielder) (*Conn, error) { return Dial(y, "tcp", "127.0.0.1:1") }
		timed := loop.Go(y, func(y *loop.Yielder) (*Conn, error) { return loop.WithTimeout(y, time.Hour, dial) })
		if err := until(y, func() bool { return sockets.connects == 1 }); err != nil {
			return err
		}
		looptest.Advance(y, time.Hour)
		_, err := timed.Await(y)
		wantTimeout(t, "dial", err)

		task := loop.Spawn(y, func(y *loop.Yielder) error { _, err = dial(y); return err })
		if err := until(y, func() bool { return sockets.connects == 2 }); err != nil {
			return err
		}
		asked := sockets.asked
		system.lies = true
		if err := until(y, func() bool { return sockets.asked > asked }); err != nil {
			return err
		}
		if task.Done() {
			t.Error("Dial has ended")
		}
		cancel(y, t, "dial", task)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" || op.Addr.String() != "127.0.0.1:1" || !task.Cancelled() {
			t.Errorf("a cancelled dial: %v of %v", err, task)
		}
		return nil
	})
}

// TestDialDeaf dials a Unix socket until there is no room for another connection.
func TestDialDeaf(t *testing.T) {
	path := deafListener(t)
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		var err error
		for err == nil {
			_, err = Dial(y, "unix", path)
		}
		wantErr(t, "dial of a Unix socket", err, unix.EAGAIN)
		return nil
	})
}

// TestDialCancelled cancels dials before their first step and after each number of
// turns that they take.
func TestDialCancelled(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		ln, err := Listen(y, network, address)
		if err != nil {
			return err
		}
		dial := func(y *loop.Yielder) error {
			c, err := Dial(y, network, ln.Addr().String())
			if err == nil {
				err = c.Close()
			}
			return err
		}
		for turns := 0; ; turns++ {
			task := loop.Spawn(y, dial)
			for range turns {
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
			if task.Done() {
				_, err := task.Result()
				return err
			}
			cancel(y, t, "dial", task)
		}
	})
}

// liar is a system that reports of every descriptor what is not true.
type liar struct {
	*looptest.StandingClock
	sockets Sockets
	fds     []int
	lies    bool
}

func (s *liar) Network() (any, error) { return s.sockets, nil }

func (s *liar) Add(fd int) error {
	s.fds = append(s.fds, fd)
	return s.System.Add(fd)
}

func (s *liar) Wait(until time.Duration, report func(fd int, read, write, hangup bool) (enough bool)) error {
	if s.lies {
		s.lies = false
		for _, fd := range s.fds {
			report(fd, true, true, true)
		}
		until = 0
	}
	return s.StandingClock.Wait(until, report)
}

// TestDialClosed: a dial whose coroutine is closed tries no further address.
func TestDialClosed(t *testing.T) {
	sockets := &lonely{}
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		gen := coroutine.New(func(y *loop.Yielder) (any, error) {
			_, err := dialAny(y, sockets, loopback(1), loopback(2))
			return nil, err
		})
		task := loop.Spawn(y, func(y *loop.Yielder) error { _, err := coroutine.YieldFrom(y, gen); return err })
		if err := until(y, func() bool { return sockets.connects == 1 }); err != nil {
			return err
		}
		_, err := gen.Close()
		wantErr(t, "close", err, nil)
		if gen.State() != coroutine.Closed || sockets.connects != 1 {
			t.Errorf("the dial is %v after %d addresses", gen.State(), sockets.connects)
		}
		cancel(y, t, "who delegated to it", task)
		return nil
	})
}

func TestDialName(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		// At one address of those that localhost may have, so that others fail.
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		for _, network := range []string{"tcp", "tcp4"} {
			c, err := Dial(y, network, net.JoinHostPort("localhost", port))
			if err != nil {
				t.Errorf("Dial %s: %v", network, err)
			} else if got := c.RemoteAddr().String(); got != ln.Addr().String() {
				t.Errorf("connected to %s, not %v", got, ln.Addr())
			}
		}
		ips, err := LookupHost(y, "tcp4", "localhost")
		if err != nil || !slices.Contains(ips, netip.MustParseAddr("127.0.0.1")) {
			t.Errorf("localhost is %v, %v", ips, err)
		}
		return nil
	})
}

// TestConnectInTurn is what Dial does with a host of several addresses.
func TestConnectInTurn(t *testing.T) {
	nobody := nobody(t)
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		refused, err := net.ResolveTCPAddr("tcp", nobody)
		if err != nil {
			return err
		}
		c, err := dialAny(y, system{}, refused, &net.UDPAddr{}, ln.Addr(), refused)
		if err != nil || c.RemoteAddr() != ln.Addr() {
			t.Errorf("dialAny: %v", err)
		}
		_, err = dialAny(y, system{}, refused, &net.UDPAddr{})
		wantErr(t, "dialAny", err, unix.ECONNREFUSED)
		if n := strings.Count(err.Error(), "dial tcp"); n != 2 {
			t.Errorf("dialAny: %v, with %d errors", err, n)
		}
		return nil
	})
}

func TestBadAddress(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		for _, tt := range []struct{ network, address, want string }{
			{"tcp", "127.0.0.1", "missing port in address"},
			{"tcp", "127.0.0.1:nosuchport", "unknown port"},
			{"tcp", "127.0.0.1:", "invalid port"},
			{"tcp", "127.0.0.1:65536", "invalid port"},
			{"tcp", "127.0.0.1:-1", "invalid port"},
			{"tcp6", "127.0.0.1:80", "no suitable address"},
			{"tcp4", "[::1]:80", "no suitable address"},
			{"udp", "127.0.0.1:80", "unknown network udp"},
			{"", "", "unknown network"},
			{"tcp", "[fe80::1%nosuchzone]:80", "no such network interface"},
		} {
			_, err := Dial(y, tt.network, tt.address)
			if err == nil || !strings.HasPrefix(err.Error(), "dial") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Dial %q: %v, want %s", tt.address, err, tt.want)
			}
			_, err = Listen(y, tt.network, tt.address)
			if err == nil || !strings.HasPrefix(err.Error(), "listen") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Listen %q: %v, want %s", tt.address, err, tt.want)
			}
		}
		_, err := LookupHost(y, "x", "localhost")
		wantErr(t, "LookupHost", err, net.UnknownNetworkError("x"))
		_, err = LookupHost(y, "tcp6", "127.0.0.1")
		if err == nil {
			t.Error("LookupHost gave an IPv6 address of 127.0.0.1")
		}
		return nil
	})
}

func TestNoNetwork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	looptest.Run(t, func(y *loop.Yielder) error {
		_, err := Listen(y, "unix", path)
		wantErr(t, "Listen", err, loop.ErrNoNetwork)
		_, err = Dial(y, "unix", path)
		wantErr(t, "Dial", err, loop.ErrNoNetwork)
		return nil
	})
}

// TestListenOnClosedLoop: a coroutine that still runs when its loop is closed, to
// clean up, opens nothing.
func TestListenOnClosedLoop(t *testing.T) {
	looptest.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "s")
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	loop.Spawn(l, func(y *loop.Yielder) error {
		err := loop.Sleep(y, time.Hour)
		_, err2 := Listen(y, "unix", path)
		wantErr(t, "Listen", err2, loop.ErrClosed)
		return err
	})
	l.CallSoon(l.Stop)
	wantErr(t, "run", l.RunForever(), nil)
	wantErr(t, "Close", l.Close(), nil)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's file: %v", err)
	}
}
