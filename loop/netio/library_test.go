//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// A pooled connection is what a database library makes of a net.Conn: it closes the connection
// after any error, and says no more than that.
type pooled struct{ c net.Conn }

func (p pooled) query() error {
	if _, err := p.c.Read(make([]byte, 1)); err != nil {
		p.c.Close()
		return errors.New("conn closed")
	}
	return nil
}

// TestC6 has a library that reads from a connection put a cancellation into its own words.
func TestC6(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, _ *Conn) error {
		task := loop.Spawn(y, func(*loop.Yielder) error { return pooled{a}.query() })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		task.Cancel("enough")
		_, err := task.Await(y)
		if !task.Cancelled() || err.Error() != "cancelled: enough: conn closed" {
			t.Errorf("cancelled %v, error %v", task.Cancelled(), err)
		}
		return nil
	})
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		// DialContext is for libraries too.
		d := Dialer{Loop: l, Resolver: &Resolver{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}}
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			if _, err := d.DialContext(context.Background(), "tcp", "silent:1"); err == nil {
				t.Error("connected")
			}
			return errors.New("no connection")
		})
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		task.Cancel("enough")
		if _, err := task.Await(y); !task.Cancelled() || err.Error() != "cancelled: enough: no connection" {
			t.Errorf("DialContext: cancelled %v, error %v", task.Cancelled(), err)
		}
		return nil
	})
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer b.Close()
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			return loop.NewTimeout(y, time.Second).Run(y, pooled{a}.query)
		})
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		looptest.Advance(y, time.Second)
		if _, err := task.Await(y); !errors.Is(err, os.ErrDeadlineExceeded) || err.Error() != "timeout: conn closed" {
			t.Errorf("time-out: %v", err)
		}
		return nil
	})
}
