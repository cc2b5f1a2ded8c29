//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// TestReusedDescriptorNumber has two events in one batch, and a task that at the
// first closes the connection of the second and opens another, which the system
// gives the same number.
func TestReusedDescriptorNumber(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		ln, err := Listen(y, network, address)
		if err != nil {
			return err
		}
		defer ln.Close()
		dial := func(y *loop.Yielder) (near, far *Conn, err error) {
			if near, err = Dial(y, network, ln.Addr().String()); err != nil {
				return nil, nil, err
			}
			c, err := ln.Accept()
			if err != nil {
				return nil, nil, err
			}
			return near, c.(*Conn), nil
		}
		var as, bs [2]*Conn
		for i := range as {
			if as[i], bs[i], err = dial(y); err != nil {
				return err
			}
		}
		closeOther := func(y *loop.Yielder, other *Conn) error {
			fd := other.d.fd
			if err := other.Close(); err != nil {
				return err
			}
			near, far, err := dial(y)
			if err != nil {
				return err
			}
			defer near.Close()
			defer far.Close()
			if near.d.fd != fd {
				t.Logf("descriptor %d became %d", fd, near.d.fd)
			}
			return hearsTwice(t, y, near, far)
		}
		// Whichever wakes first closes the other.
		read := func(mine, other *Conn) func(y *loop.Yielder) error {
			return func(y *loop.Yielder) error {
				_, err := mine.Read(make([]byte, 1))
				if errors.Is(err, net.ErrClosed) {
					return nil
				}
				if err != nil {
					return err
				}
				return closeOther(y, other)
			}
		}
		wakeBoth := func(y *loop.Yielder) error {
			if err := until(y, func() bool { return as[0].d.rd.busy && as[1].d.rd.busy }); err != nil {
				return err
			}
			for _, b := range bs {
				if _, err := b.Write([]byte("x")); err != nil {
					return err
				}
				if err := b.CloseWrite(); err != nil {
					return err
				}
			}
			return nil
		}
		return together(y, read(as[0], as[1]), read(as[1], as[0]), wakeBoth)
	})
}

// hearsTwice sends two messages to c, one after the other: c has no events but theirs.
func hearsTwice(t *testing.T, y *loop.Yielder, c, peer *Conn) error {
	reads := 0
	hear := func(*loop.Yielder) error {
		for ; reads < 2; reads++ {
			if n, err := c.Read(make([]byte, 8)); n != 4 || err != nil {
				t.Errorf("read %d, %v", n, err)
			}
		}
		if c.d.hungUp || c.d.rd.ready {
			t.Error("an event of the old connection sticks to the new one")
		}
		return nil
	}
	say := func(y *loop.Yielder) error {
		for n := range 2 {
			if err := until(y, func() bool { return reads == n && c.d.rd.busy }); err != nil {
				return err
			}
			if _, err := peer.Write([]byte("late")); err != nil {
				return err
			}
		}
		return nil
	}
	return together(y, hear, say)
}

// TestStaleEvents tells descriptors what is not true of them.
func TestStaleEvents(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		return together(y, func(y *loop.Yielder) error {
			for range 3 {
				if n, err := a.Read(make([]byte, 8)); n != 1 || err != nil {
					t.Errorf("read %d, %v", n, err)
				}
			}
			return nil
		}, func(y *loop.Yielder) error {
			for range 3 {
				for range 3 {
					if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
						return err
					}
					a.d.Ready(true, true, true)
					if err := until(y, func() bool { return !a.d.rd.ready }); err != nil {
						return err
					}
				}
				if _, err := b.Write([]byte("x")); err != nil {
					return err
				}
				if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
					return err
				}
			}
			return b.Close()
		})
	})
}

// TestEventsOutliveRun leaves a loop in the middle of a batch of events, which
// come but once, and wants them of the next run.
func TestEventsOutliveRun(t *testing.T) {
	eachAddress(t, func(t *testing.T, network, address string) {
		looptest.NoLeaks(t)
		l, err := loop.New()
		if err != nil {
			t.Fatal(err)
		}
		var readers []*loop.Task[struct{}]
		_, err = loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (_ any, err error) {
			readers, err = wakeReaders(y, network, address)
			return nil, err
		}))
		for _, reader := range readers {
			if err == nil {
				_, err = loop.RunUntilComplete(l, reader)
			}
		}
		wantErr(t, "the readers", err, nil)
		wantErr(t, "Close", l.Close(), nil)
	})
}

// wakeReaders returns readers of connections that have just got something to read.
func wakeReaders(y *loop.Yielder, network, address string) ([]*loop.Task[struct{}], error) {
	ln, err := Listen(y, network, address)
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	var readers []*loop.Task[struct{}]
	var bs []net.Conn
	for range 20 {
		a, err := Dial(y, network, ln.Addr().String())
		if err != nil {
			return nil, err
		}
		b, err := ln.Accept()
		if err != nil {
			return nil, err
		}
		bs = append(bs, b)
		readers = append(readers, loop.Spawn(y, func(*loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return err }))
		if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
			return nil, err
		}
	}
	for _, b := range bs {
		if _, err := b.Write([]byte("x")); err != nil {
			return nil, err
		}
	}
	return readers, nil
}

// TestFastPeer is about a peer that is always ahead: a reader that never finds
// its connection empty must let timers and others have their turns.
func TestFastPeer(t *testing.T) {
	peer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	var sender sync.WaitGroup
	sender.Go(func() {
		c, err := peer.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for b := make([]byte, 1<<20); err == nil; {
			_, err = c.Write(b)
		}
	})
	realTime(t, func(y *loop.Yielder, l *loop.Loop) error {
		c, err := Dial(y, "tcp", peer.Addr().String())
		if err != nil {
			return err
		}
		reader := loop.Spawn(l, func(y *loop.Yielder) error {
			for {
				if _, err := c.Read(make([]byte, 16)); err != nil {
					return err
				}
				c.d.rd.ready = true // as if it had been full
			}
		})
		if err := loop.Sleep(y, time.Millisecond); err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
		_, err = reader.Await(y)
		wantErr(t, "read", err, net.ErrClosed)
		sender.Wait()
		return nil
	})
}

// TestSpinnerAndIO has a task that spins, two that send each other bytes, and a
// timer: none keeps another waiting.
func TestSpinnerAndIO(t *testing.T) {
	realTime(t, func(y *loop.Yielder, l *loop.Loop) error {
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		bounces := 0
		bounce := func(c *Conn) *loop.Task[struct{}] {
			return loop.Spawn(y, func(*loop.Yielder) error {
				for buf := make([]byte, 1); ; bounces++ {
					if _, err := c.Read(buf); err != nil {
						return err
					}
					if _, err := c.Write(buf); err != nil {
						return err
					}
				}
			})
		}
		spinner := loop.Spawn(y, func(y *loop.Yielder) error { return until(y, func() bool { return false }) })
		bouncers := []*loop.Task[struct{}]{bounce(a), bounce(b)}
		if _, err := a.Write([]byte("x")); err != nil {
			return err
		}
		if err := loop.Sleep(y, time.Millisecond); err != nil {
			return err
		}
		if err := until(y, func() bool { return bounces > 100 }); err != nil {
			return err
		}
		cancel(y, t, "spinner", spinner)
		for at := bounces; bounces < at+100; {
			if err := loop.Sleep(y, time.Millisecond); err != nil {
				return err
			}
		}
		for _, task := range bouncers {
			cancel(y, t, "bouncer", task)
		}
		return nil
	})
}

// TestCallSoonThreadsafeRace races calls with a loop that goes to sleep after
// each: none is lost, none is left lying.
func TestCallSoonThreadsafeRace(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		const callers, calls = 4, 2000
		done := loop.NewFuture[struct{}](l)
		got := 0
		for range callers {
			go func() {
				for i := range calls {
					back := make(chan struct{})
					if err := l.CallSoonThreadsafe(func() {
						close(back)
						if got++; got == callers*calls {
							_ = done.SetResult(struct{}{})
						}
					}); err != nil {
						t.Error(err)
						return
					}
					if i%7 != 0 { // in bursts, too
						<-back
					}
				}
			}()
		}
		_, err := done.Await(y)
		return err
	})
}

// TestCallSoonThreadsafeClose races calls, and closes of connections, with Close
// of the loop.
func TestCallSoonThreadsafeClose(t *testing.T) {
	for range 50 {
		var callers sync.WaitGroup
		netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
			a, b, err := connPair(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			var seen atomic.Int32
			for _, c := range []*Conn{a, b} {
				callers.Go(func() {
					for l.CallSoonThreadsafe(func() { seen.Add(1) }) == nil {
					}
					_ = c.Close()
				})
			}
			return until(y, func() bool { return seen.Load() > 10 })
		})
		callers.Wait()
	}
}

func TestManyTimers(t *testing.T) {
	realTime(t, func(y *loop.Yielder, l *loop.Loop) error {
		const n = 10000
		start, last, left := l.Time(), time.Duration(0), n
		done := loop.NewFuture[struct{}](l)
		for i := range n {
			when := start + time.Duration(i*7919%n)*time.Microsecond
			l.CallAt(when, func() {
				if when < last || l.Time() < when {
					t.Errorf("the timer of %v went off at %v, after that of %v", when, l.Time(), last)
				}
				last = when
				if left--; left == 0 {
					_ = done.SetResult(struct{}{})
				}
			})
		}
		_, err := done.Await(y)
		return err
	})
}

// TestEarlierTimer sets timers one before the other, each while the loop waits
// for the one before.
func TestEarlierTimer(t *testing.T) {
	realTime(t, func(y *loop.Yielder, l *loop.Loop) error {
		for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, 100 * 365 * 24 * time.Hour, time.Hour} {
			l.CallLater(d, func() { t.Errorf("the timer of %v went off", d) })
			if err := loop.Sleep(y, 100*time.Microsecond); err != nil {
				return err
			}
		}
		return nil
	})
}
