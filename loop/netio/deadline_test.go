//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"coloop/loop"

	"errors"
	"net"
	"os"
	"testing"
	"time"
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
			return errors.Join(a.ReadBy(l.Time()+5*time.Millisecond), a.WriteBy(l.Time()+time.Millisecond))
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
	const soon, later = 5 * time.Millisecond, 15 * time.Millisecond
	tests := []struct {
		name          string
		first, second time.Duration // from the start, on the loop's clock
		timeout       bool
	}{
		{"later", soon, time.Hour, false},
		{"cleared", soon, -1, false},
		{"earlier", time.Hour, soon, true},
		{"past", time.Hour, 0, true},
		{"set", -1, soon, true},
		{"later, and passes", soon, soon + soon/2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				l := a.Loop()
				start := l.Time()
				readBy := func(d time.Duration) error {
					if d >= 0 {
						d += start
					}
					return a.ReadBy(d)
				}
				if err := readBy(tt.first); err != nil {
					return err
				}
				reader := spawn(l, func(y *loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return err })
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
				if err := readBy(tt.second); err != nil {
					return err
				}
				l.CallAt(start+later, func() { _, _ = b.Write([]byte("x")) })
				_, err := reader.Await(y)
				if tt.timeout {
					wantTimeout(t, "read", err)
					return nil
				}
				return err
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
			if err := a.ReadBy(l.Time() + time.Duration(i%5)*100*time.Microsecond); err != nil {
				return err
			}
			if i%3 == 0 {
				if err := loop.Sleep(y, 50*time.Microsecond); err != nil {
					return err
				}
			}
			if _, timers, cancelled := l.Stats(); timers-cancelled > 2 { // that of the test's own time-out
				t.Fatalf("%d timers", timers-cancelled)
			}
		}
		_, err := a.Read(make([]byte, 1))
		wantTimeout(t, "read", err)
		return nil
	})
}
