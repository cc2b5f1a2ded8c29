//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// A book is a resolver's Lookup that answers when it is told to. Its fields are used on the loop, which
// waits for each question.
type book struct {
	asked   chan string
	answers chan error
	ended   chan struct{} // the context of a look-up has
}

func newBook() *book {
	return &book{make(chan string, 100), make(chan error, 100), make(chan struct{}, 100)}
}

func (b *book) lookup(ctx context.Context, _, host string) ([]netip.Addr, error) {
	b.asked <- host
	select {
	case err := <-b.answers:
		return []netip.Addr{netip.MustParseAddr("127.0.0.9")}, err
	case <-ctx.Done():
		b.ended <- struct{}{}
		return nil, ctx.Err()
	}
}

// TestC8LookupsApart: jobs that take up the executor hold up no look-up.
func TestC8LookupsApart(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		full, err := loop.NewExecutor(1)
		if err != nil {
			return err
		}
		if err := l.SetDefaultExecutor(full); err != nil {
			return err
		}
		release := make(chan struct{})
		job := loop.Go(y, func(y *loop.Yielder) (int, error) {
			return loop.ToThread(y, func(context.Context) (int, error) { <-release; return 0, nil })
		})
		if err := turns(y); err != nil {
			return err
		}
		ips, err := LookupHost(y, "tcp4", "localhost")
		if err != nil || !slices.Contains(ips, netip.MustParseAddr("127.0.0.1")) {
			t.Errorf("localhost is %v, %v", ips, err)
		}
		close(release)
		_, err = job.Await(y)
		return err
	})
}

// TestC8NoLookup: numbers, and ports of the system's list, are not looked up on a goroutine, so
// they are known though all of those are taken.
func TestC8NoLookup(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		one, err := loop.NewExecutor(1)
		if err != nil {
			return err
		}
		release := make(chan struct{})
		defer close(release)
		if err := one.Submit(func() { <-release }); err != nil {
			return err
		}
		shared.at(l).executor = one
		for _, tt := range []struct {
			network, host string
			want          string // "" is an error
		}{
			{"tcp", "127.0.0.1", "127.0.0.1"},
			{"tcp4", "::ffff:127.0.0.1", "127.0.0.1"},
			{"tcp6", "fe80::1%lo", "fe80::1%lo"},
			{"tcp6", "127.0.0.1", ""},
			{"tcp4", "::1", ""},
		} {
			ips, err := LookupHost(y, tt.network, tt.host)
			if got := fmt.Sprint(ips); got != "["+tt.want+"]" || (err != nil) != (tt.want == "") {
				t.Errorf("%s on %s: %s, %v", tt.host, tt.network, got, err)
			}
		}
		for service, want := range map[string]int{"http": 80, "https": 443, "0": 0, "65535": 65535} {
			if port, err := LookupPort(y, "tcp", service); port != want || err != nil {
				t.Errorf("port %s is %d, %v", service, port, err)
			}
		}
		for _, service := range []string{"", "-1", "65536"} {
			var bad *net.AddrError
			if port, err := LookupPort(y, "tcp", service); !errors.As(err, &bad) {
				t.Errorf("port %q is %d, %v", service, port, err)
			}
		}
		_, err = LookupPort(y, "x", "80")
		wantErr(t, "network x", err, net.UnknownNetworkError("x"))
		return nil
	})
}

// TestC8OneLookup: several tasks that ask for the same name at the same time wait for one look-up, which
// outlives all but the last of them.
func TestC8OneLookup(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		b := newBook()
		res := &Resolver{Lookup: b.lookup}
		ask := func(name string) *loop.Task[[]netip.Addr] {
			return loop.Go(y, func(y *loop.Yielder) ([]netip.Addr, error) { return res.LookupHost(y, "tcp", name) })
		}
		first, second, third := ask("name"), ask("NAME"), ask("name")
		if err := until(y, func() bool { return len(b.asked) == 1 }); err != nil {
			return err
		}
		first.Cancel()
		if _, err := first.Await(y); !loop.IsCancelled(err) {
			t.Errorf("the cancelled one: %v", err)
		}
		b.answers <- nil
		for _, task := range []*loop.Task[[]netip.Addr]{second, third} {
			ips, err := task.Await(y)
			if err != nil || len(ips) != 1 {
				t.Errorf("%v, %v", ips, err)
			}
			ips[0] = netip.Addr{} // each has its own
		}
		if len(b.asked) != 1 {
			t.Errorf("asked %d times", len(b.asked))
		}

		alone, other := ask("alone"), ask("alone")
		if err := until(y, func() bool { return len(b.asked) == 2 }); err != nil {
			return err
		}
		alone.Cancel()
		other.Cancel()
		if _, err := loop.GatherResults(y, alone.Await, other.Await).Await(y); err != nil {
			return err
		}
		if err := elsewhere(y, func() error { <-b.ended; return nil }); err != nil {
			return err
		}
		last := ask("alone")
		if err := until(y, func() bool { return len(b.asked) == 3 }); err != nil {
			return err
		}
		last.Cancel()
		again := ask("alone") // in the same turn, but not of the one that is cancelled
		if err := until(y, func() bool { return len(b.asked) == 4 }); err != nil {
			return err
		}
		if err := elsewhere(y, func() error { <-b.ended; b.answers <- nil; return nil }); err != nil {
			return err
		}
		_, err := again.Await(y)
		if _, cancelled := last.Await(y); !loop.IsCancelled(cancelled) {
			t.Errorf("the last one: %v", cancelled)
		}
		return err
	})
}

// TestResolverRemembers: answers are remembered for their time, failures are not.
func TestResolverRemembers(t *testing.T) {
	for name, tt := range map[string]struct {
		ttl, wait time.Duration
		err       error
		want      int // how many look-ups two questions are
	}{
		"in time":        {0, answerTTL - 1, nil, 1},
		"too late":       {0, answerTTL, nil, 2},
		"a time set":     {time.Hour, time.Hour - 1, nil, 1},
		"that time over": {time.Hour, time.Hour, nil, 2},
		"not at all":     {-1, 0, nil, 2},
		"a failure":      {time.Hour, 0, io.EOF, 2},
	} {
		netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
			b := newBook()
			res := &Resolver{Lookup: b.lookup, TTL: tt.ttl}
			for range 2 {
				b.answers <- tt.err
				ips, err := res.LookupHost(y, "tcp", "name")
				wantErr(t, name, err, tt.err)
				if err == nil && fmt.Sprint(ips) != "[127.0.0.9]" {
					t.Errorf("%s: %v", name, ips)
				}
				looptest.Advance(y, tt.wait)
			}
			if len(b.asked) != tt.want {
				t.Errorf("%s: asked %d times, want %d", name, len(b.asked), tt.want)
			}
			return nil
		})
	}
}

// TestResolverFamilies: an answer for one family is not one for another, and nothing else is in it.
func TestResolverFamilies(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		res := hosts("::1", "127.0.0.1", "::ffff:127.0.0.2")
		for network, want := range map[string]string{
			"tcp": "[::1 127.0.0.1 127.0.0.2]", "tcp4": "[127.0.0.1 127.0.0.2]", "tcp6": "[::1]",
		} {
			ips, err := res.LookupHost(y, network, "name")
			if fmt.Sprint(ips) != want || err != nil {
				t.Errorf("%s: %v, %v", network, ips, err)
			}
		}
		_, err := hosts("::1").LookupHost(y, "tcp4", "name")
		var dns *net.DNSError
		if !errors.As(err, &dns) || !dns.IsNotFound {
			t.Errorf("nothing of the family: %v", err)
		}
		return nil
	})
}

// TestResolverBound: however many names are asked for, no more than maxAnswers are remembered, and the
// oldest go first.
func TestResolverBound(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		b := newBook()
		res := &Resolver{Lookup: b.lookup}
		ask := func(n int) (asked bool) {
			b.answers <- nil
			if _, err := res.LookupHost(y, "tcp", fmt.Sprint("name", n)); err != nil {
				t.Fatal(err)
			}
			select {
			case <-b.asked:
				return true
			default:
				<-b.answers
				return false
			}
		}
		for n := range maxAnswers + 10 {
			if !ask(n) {
				t.Fatalf("name %d was known", n)
			}
		}
		at := res.at(l)
		if len(at.answers) != maxAnswers || len(at.order) != maxAnswers || len(at.flights) != 0 {
			t.Errorf("%d answers, %d in order, %d look-ups", len(at.answers), len(at.order), len(at.flights))
		}
		if ask(10) || !ask(9) {
			t.Error("not the oldest answers are forgotten")
		}
		looptest.Advance(y, answerTTL)
		ask(0)
		if len(at.answers) != 1 || len(at.order) != 1 {
			t.Errorf("%d answers are left, %d in order", len(at.answers), len(at.order))
		}
		return nil
	})
}

// TestResolverForgets: an address that nobody can be reached at is not remembered.
func TestResolverForgets(t *testing.T) {
	onQuiet(t, &quiet{}, func(y *loop.Yielder, port string) error {
		now := "127.0.0.8"
		res := &Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr(now)}, nil
		}}
		d := Dialer{Resolver: res}
		if _, err := d.Connect(y, "tcp", "name:"+port); err == nil {
			t.Fatal("somebody is there")
		}
		now = "127.0.0.9" // the host has moved
		c, err := d.Connect(y, "tcp", "name:"+port)
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// TestResolverLoops: a Resolver keeps nothing of a loop that is gone.
func TestResolverLoops(t *testing.T) {
	res := hosts("127.0.0.1")
	for range 3 {
		netRun(t, func(y *loop.Yielder, l *loop.Loop) error { _, err := res.LookupHost(y, "tcp", "name"); return err })
	}
	left := func() int {
		res.mu.Lock()
		defer res.mu.Unlock()
		return len(res.loops)
	}
	for left() > 0 {
		runtime.GC()
		runtime.Gosched()
	}
}

// TestLookupEnds: a look-up whose task is cancelled, or whose loop is closed, ends.
func TestLookupEnds(t *testing.T) {
	b := newBook()
	s := &slowNames{book: b}
	lookups := map[string]func(y *loop.Yielder) error{
		"LookupHost": func(y *loop.Yielder) error { _, err := LookupHost(y, "tcp", "name"); return err },
		"LookupPort": func(y *loop.Yielder) error { _, err := LookupPort(y, "tcp", "name"); return err },
		"LookupAddr": func(y *loop.Yielder) error { _, err := LookupAddr(y, "127.0.0.1"); return err },
		"Dial":       func(y *loop.Yielder) error { _, err := Dial(y, "tcp", "name:1"); return err },
	}
	for name, lookup := range lookups {
		clock, err := looptest.NewStandingClock()
		if err != nil {
			t.Fatal(err)
		}
		looptest.Run(t, func(y *loop.Yielder) error {
			task := loop.Spawn(y, lookup)
			if err := until(y, func() bool { return len(b.asked) == 1 }); err != nil {
				return err
			}
			cancel(y, t, name, task)
			<-b.asked
			return elsewhere(y, func() error { <-b.ended; return nil })
		}, looptest.On(func() (*loop.Loop, error) { return loop.NewOn(&liar{StandingClock: clock, sockets: s}), nil }))

		looptest.NoLeaks(t)
		if clock, err = looptest.NewStandingClock(); err != nil {
			t.Fatal(err)
		}
		l := loop.NewOn(&liar{StandingClock: clock, sockets: s})
		loop.Spawn(l, lookup)
		_, err = loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
			return until(y, func() bool { return len(b.asked) == 1 })
		}))
		wantErr(t, "run", err, nil)
		<-b.asked
		wantErr(t, "Close", l.Close(), nil)
		<-b.ended
	}
}

// slowNames are names that are never found.
type slowNames struct {
	system
	*book
}

func (s *slowNames) LookupIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	return s.lookup(ctx, network, host)
}

func (s *slowNames) LookupPort(ctx context.Context, network, service string) (int, error) {
	_, err := s.lookup(ctx, network, service)
	return 0, err
}

func (s *slowNames) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	_, err := s.lookup(ctx, "", addr)
	return nil, err
}
