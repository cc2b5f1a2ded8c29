//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"coloop/loop"
	"path/filepath"

	"errors"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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
		var as, bs [2]*Conn
		for i := range as {
			if as[i], err = Dial(y, network, ln.Addr().String()); err != nil {
				return err
			}
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			bs[i] = c.(*Conn)
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
				fd := other.d.fd
				if err := other.Close(); err != nil {
					return err
				}
				c, err := Dial(y, network, ln.Addr().String())
				if err != nil {
					return err
				}
				defer c.Close()
				if c.d.fd != fd {
					t.Logf("descriptor %d became %d", fd, c.d.fd)
				}
				peer, err := ln.Accept()
				if err != nil {
					return err
				}
				defer peer.Close()
				reads := 0
				return together(y, func(y *loop.Yielder) error {
					for ; reads < 2; reads++ {
						if n, err := c.Read(make([]byte, 8)); n != 4 || err != nil {
							t.Errorf("read %d, %v", n, err)
						}
					}
					if c.d.hungUp || c.d.rd.ready {
						t.Error("an event of the old connection sticks to the new one")
					}
					return nil
				}, func(y *loop.Yielder) error {
					for n := range 2 {
						if err := until(y, func() bool { return reads == n && c.d.rd.busy }); err != nil {
							return err
						}
						if _, err := peer.Write([]byte("late")); err != nil {
							return err
						}
					}
					return nil
				})
			}
		}
		return together(y, read(as[0], as[1]), read(as[1], as[0]), func(y *loop.Yielder) error {
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
		})
	})
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
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		l, err := loop.New()
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		const n = 20
		var readers [n]*loop.Task[struct{}]
		run := func(fn func(y *loop.Yielder) error) error {
			_, err := loop.RunUntilComplete(l, spawn(l, fn))
			return err
		}
		err = run(func(y *loop.Yielder) error {
			ln, err := Listen(y, network, address)
			if err != nil {
				return err
			}
			defer ln.Close()
			var bs [n]net.Conn
			for i := range readers {
				a, err := Dial(y, network, ln.Addr().String())
				if err != nil {
					return err
				}
				if bs[i], err = ln.Accept(); err != nil {
					return err
				}
				readers[i] = spawn(l, func(y *loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return err })
				if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
					return err
				}
			}
			for _, b := range bs {
				if _, err := b.Write([]byte("x")); err != nil {
					return err
				}
			}
			return nil
		})
		for _, reader := range readers {
			if err == nil {
				_, err = loop.RunUntilComplete(l, reader)
			}
		}
		wantErr(t, network, err, nil)
	}
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
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		c, err := Dial(y, "tcp", peer.Addr().String())
		if err != nil {
			return err
		}
		reader := spawn(l, func(y *loop.Yielder) error {
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
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		l := a.Loop()
		bounces := 0
		bounce := func(c *Conn) func(y *loop.Yielder) error {
			return func(y *loop.Yielder) error {
				for buf := make([]byte, 1); ; bounces++ {
					if _, err := c.Read(buf); err != nil {
						return err
					}
					if _, err := c.Write(buf); err != nil {
						return err
					}
				}
			}
		}
		spinner := spawn(l, func(y *loop.Yielder) error { return until(y, func() bool { return false }) })
		for _, c := range []*Conn{a, b} {
			spawn(l, bounce(c))
		}
		if _, err := a.Write([]byte("x")); err != nil {
			return err
		}
		if err := loop.Sleep(y, time.Millisecond); err != nil {
			return err
		}
		if err := until(y, func() bool { return bounces > 100 }); err != nil {
			return err
		}
		spinner.Cancel()
		at := bounces
		if err := loop.Sleep(y, time.Millisecond); err != nil {
			return err
		}
		for bounces < at+100 {
			if err := loop.Sleep(y, time.Millisecond); err != nil {
				return err
			}
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
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
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
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, 100 * 365 * 24 * time.Hour, time.Hour} {
			l.CallLater(d, func() { t.Errorf("the timer of %v went off", d) })
			if err := loop.Sleep(y, 100*time.Microsecond); err != nil {
				return err
			}
		}
		return nil
	})
}
