//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

func wantTimeout(t *testing.T, what string, err error) {
	t.Helper()
	wantErr(t, what, err, os.ErrDeadlineExceeded)
	var ne net.Error
	if !errors.As(err, &ne) || !ne.Timeout() {
		t.Errorf("%s: %v is no net.Error that is a timeout", what, err)
	}
}

// fill writes to c until its writer parks, and returns what that ends with.
func fill(c *Conn) error {
	for {
		if _, err := c.Write(make([]byte, 1<<20)); err != nil {
			return err
		}
	}
}

func TestDeadlinePast(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if _, err := b.Write([]byte("x")); err != nil {
			return err
		}
		if err := a.WaitRead(); err != nil {
			return err
		}
		if err := a.SetDeadline(time.Unix(1, 0)); err != nil {
			return err
		}
		_, err := a.Read(make([]byte, 1))
		wantTimeout(t, "read of what is there", err)
		wantTimeout(t, "WaitRead", a.WaitRead())
		_, err = a.Write([]byte("x"))
		wantTimeout(t, "write", err)
		for _, never := range []time.Time{{}, time.Unix(1<<40, 0)} {
			if err := a.SetDeadline(never); err != nil {
				return err
			}
			if _, err := a.Write([]byte("x")); err != nil {
				return err
			}
		}
		_, err = a.Read(make([]byte, 1))
		return err
	})
}

// TestDeadlineParked has a reader and a writer of one connection run out of time.
func TestDeadlineParked(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		l := a.Loop()
		err := together(y, func(y *loop.Yielder) error {
			_, err := a.Read(make([]byte, 1))
			wantTimeout(t, "read", err)
			return nil
		}, func(y *loop.Yielder) error {
			wantTimeout(t, "write", fill(a))
			return nil
		}, func(y *loop.Yielder) error {
			if err := until(y, func() bool { return a.d.rd.busy && a.d.wr.busy }); err != nil {
				return err
			}
			if err := errors.Join(a.ReadBy(l.Time()+5*time.Second), a.WriteBy(l.Time()+time.Second)); err != nil {
				return err
			}
			looptest.Advance(y, time.Second)
			if err := until(y, func() bool { return !a.d.wr.busy }); err != nil {
				return err
			}
			if !a.d.rd.busy {
				t.Error("the read is over before its time")
			}
			looptest.Advance(y, 4*time.Second)
			return nil
		})
		if err != nil {
			return err
		}
		// It is as good as new.
		if err := errors.Join(a.ReadBy(-1), a.WriteBy(-1)); err != nil {
			return err
		}
		if _, err := b.Write([]byte("x")); err != nil {
			return err
		}
		_, err = a.Read(make([]byte, 1))
		return err
	})
}

// TestDeadlineMoved moves the deadline of a parked reader: the last one counts.
func TestDeadlineMoved(t *testing.T) {
	const soon, later = 4 * time.Second, 8 * time.Second
	tests := []struct {
		name          string
		first, second time.Duration // from the start, on the loop's clock
		timeout       time.Duration // -1 for none
	}{
		{"later", soon, time.Hour, -1},
		{"cleared", soon, -1, -1},
		{"earlier", time.Hour, soon, soon},
		{"past", time.Hour, 0, 0},
		{"set", -1, soon, soon},
		{"later, and passes", soon, soon + soon/2, soon + soon/2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				l := a.Loop()
				var readAt time.Duration
				reader := loop.Spawn(l, func(y *loop.Yielder) error {
					_, err := a.Read(make([]byte, 1))
					readAt = l.Time()
					return err
				})
				if err := a.ReadBy(tt.first); err != nil {
					return err
				}
				if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
					return err
				}
				if err := a.ReadBy(tt.second); err != nil {
					return err
				}
				for range later / time.Second {
					for range 3 { // this task, the timer, and the reader that it wakes
						if err := loop.Sleep(y, 0); err != nil {
							return err
						}
					}
					looptest.Advance(y, time.Second)
				}
				if _, err := b.Write([]byte("x")); err != nil {
					return err
				}
				_, err := reader.Await(y)
				if tt.timeout < 0 {
					return err
				}
				wantTimeout(t, "read", err)
				if readAt != tt.timeout {
					t.Errorf("the time was up at %v, want %v", readAt, tt.timeout)
				}
				return nil
			})
		})
	}
}

// TestDeadlineMovedBack is about a connection that moves its deadline all the
// time, at all stages of its timer: there is at most one.
func TestDeadlineMovedBack(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		l := a.Loop()
		for i := range 50 {
			if err := a.ReadBy(l.Time() + time.Duration(i%5)*2*time.Second); err != nil {
				return err
			}
			if i%3 == 0 {
				looptest.Advance(y, time.Second)
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
			if _, timers, cancelled := l.Stats(); timers-cancelled > 1 {
				t.Fatalf("%d timers", timers-cancelled)
			}
		}
		reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return err })
		if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
			return err
		}
		looptest.Advance(y, 8*time.Second)
		_, err := reader.Await(y)
		wantTimeout(t, "read", err)
		return nil
	})
}

// TestA5DeadlineInCleanUp sets deadlines in a task that ends because its loop is closed,
// as Close of a tls.Conn does.
func TestA5DeadlineInCleanUp(t *testing.T) {
	for name, set := range map[string]func(c *Conn) error{
		"SetDeadline":      func(c *Conn) error { return c.SetDeadline(time.Now().Add(time.Hour)) },
		"SetReadDeadline":  func(c *Conn) error { return c.SetReadDeadline(time.Now().Add(time.Hour)) },
		"SetWriteDeadline": func(c *Conn) error { return c.SetWriteDeadline(time.Now().Add(time.Hour)) },
		"ReadBy":           func(c *Conn) error { return c.ReadBy(time.Hour) },
		"WriteBy":          func(c *Conn) error { return c.WriteBy(time.Hour) },
		"never":            func(c *Conn) error { return c.SetDeadline(time.Time{}) },
	} {
		t.Run(name, func(t *testing.T) {
			l, err := loop.New()
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var a *Conn
			var cleanUp, closed error
			reader := loop.Spawn(l, func(y *loop.Yielder) (err error) {
				if a, _, err = connPair(y, "tcp", "127.0.0.1:0"); err != nil {
					return err
				}
				defer func() {
					cleanUp = set(a)
					if _, err := a.Write([]byte("bye")); err != nil {
						t.Error("a write that need not wait:", err)
					}
					closed = a.Close()
				}()
				return a.WaitRead()
			})
			_, err = loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
				return until(y, func() bool { return reader.Done() || a != nil && a.d.rd.busy })
			}))
			wantErr(t, "run", err, nil)
			wantErr(t, "close the loop", l.Close(), nil)
			if !reader.Done() {
				t.Error(reader)
			}
			var op *net.OpError
			if !errors.Is(cleanUp, loop.ErrClosed) || !errors.As(cleanUp, &op) {
				t.Errorf("setting a deadline: %v", cleanUp)
			}
			wantErr(t, "Close", closed, nil)
		})
	}
}
