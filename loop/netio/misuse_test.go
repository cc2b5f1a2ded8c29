//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"coloop/loop"
)

func serveNothing(*loop.Yielder, *Conn) error { return nil }

// TestA5Serve: Serve of a listener that was closed before is an error, and so is Serve
// of nothing; one that is closed meanwhile is its end.
func TestA5Serve(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		ln, err := Listen(y, network, address)
		if err != nil {
			return err
		}
		err = Serve(y, ln, nil)
		if err == nil || !strings.Contains(err.Error(), "the function is nil") {
			t.Errorf("Serve without a function: %v", err)
		}
		serving := loop.Spawn(y, func(y *loop.Yielder) error { return Serve(y, ln, serveNothing) })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		wantErr(t, "Close", ln.Close(), nil)
		_, err = serving.Await(y)
		wantErr(t, "Serve of one that is closed meanwhile", err, nil)
		for range 2 {
			err := Serve(y, ln, serveNothing)
			wantErr(t, "Serve of a closed one", err, net.ErrClosed)
			if !strings.HasPrefix(err.Error(), "serve "+network) {
				t.Errorf("its text: %v", err)
			}
		}
		wantErr(t, "Close again", ln.Close(), net.ErrClosed)
		return nil
	})
}

// waiting are the operations that may park, on a connection and a listener for which
// nothing comes.
var waiting = map[string]func(y *loop.Yielder, c *Conn, ln *Listener) error{
	"Read":     func(_ *loop.Yielder, c *Conn, _ *Listener) error { _, err := c.Read(make([]byte, 1)); return err },
	"WaitRead": func(_ *loop.Yielder, c *Conn, _ *Listener) error { return c.WaitRead() },
	"Accept":   func(_ *loop.Yielder, _ *Conn, ln *Listener) error { _, err := ln.Accept(); return err },
	"Serve":    func(y *loop.Yielder, _ *Conn, ln *Listener) error { return Serve(y, ln, serveNothing) },
	"Dial":     func(y *loop.Yielder, _ *Conn, ln *Listener) error { _, err := Dial(y, "unix", "/none"); return err },
	"Listen":   func(y *loop.Yielder, _ *Conn, ln *Listener) error { _, err := Listen(y, "tcp", ":0"); return err },
	"LookupHost": func(y *loop.Yielder, _ *Conn, ln *Listener) error {
		_, err := LookupHost(y, "tcp", "localhost")
		return err
	},
}

// apart calls fn on a goroutine of its own while the loop stands.
func apart(fn func()) {
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	<-done
}

// usable checks that a and b are still connected, and ln open.
func usable(t *testing.T, y *loop.Yielder, a, b *Conn, ln *Listener) {
	t.Helper()
	_, err := a.Write([]byte("x"))
	n, err2 := b.Read(make([]byte, 9))
	if n != 1 || err != nil || err2 != nil {
		t.Errorf("afterwards: %d, %v, %v", n, err, err2)
	}
	c, err := Dial(y, ln.Addr().Network(), ln.Addr().String())
	wantErr(t, "Dial afterwards", err, nil)
	_, err = ln.Accept()
	wantErr(t, "Accept afterwards", err, nil)
	_ = c.Close()
}

// TestA3Conn: a function that takes a y waits on no goroutine of the program's.
func TestA3Conn(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		for name, wait := range waiting {
			switch name {
			case "Read", "WaitRead", "Accept":
				continue // they have no y
			}
			apart(func() { wantErr(t, name, wait(y, b, ln), loop.ErrWrongGoroutine) })
		}
		usable(t, y, a, b, ln)
		return nil
	})
}

// TestA8Conn: a connection and a listener of one loop are not waited for in another.
func TestA8Conn(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		apart(func() {
			_, err := loop.Run(func(y *loop.Yielder) (int, error) {
				for name, wait := range waiting {
					switch name {
					case "Dial", "Listen", "LookupHost":
						continue // theirs is the loop of y
					}
					wantErr(t, name, wait(y, b, ln), loop.ErrForeignLoop)
				}
				return 0, nil
			})
			wantErr(t, "the other loop", err, nil)
		})
		usable(t, y, a, b, ln)
		return nil
	})
}

// TestA16Deadlines: a deadline beyond the end of time is none, and one long ago is over.
func TestA16Deadlines(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		now := time.Now()
		for _, far := range []time.Time{
			now.Add(math.MaxInt64), now.Add(math.MaxInt64 - time.Hour), time.Unix(math.MaxInt64/2, 0), now.AddDate(100_000, 0, 0),
		} {
			wantErr(t, "SetDeadline", errors.Join(a.SetDeadline(far), b.SetDeadline(far)), nil)
			reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := b.Read(make([]byte, 1)); return err })
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
			_, err := a.Write([]byte("x"))
			wantErr(t, "Write", err, nil)
			_, err = reader.Await(y)
			wantErr(t, "Read", err, nil)
		}
		for _, when := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, -1, math.MinInt64} {
			wantErr(t, "ReadBy, WriteBy", errors.Join(a.WriteBy(when), b.ReadBy(when)), nil)
			_, err := a.Write([]byte("x"))
			_, err2 := b.Read(make([]byte, 1))
			wantErr(t, "until the end of time", errors.Join(err, err2), nil)
		}
		for _, past := range []time.Time{time.Unix(1, 0), now.Add(math.MinInt64), time.Unix(math.MinInt64/2, 0)} {
			wantErr(t, "SetDeadline", b.SetDeadline(past), nil)
			_, err := b.Read(make([]byte, 1))
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("Read after %v: %v", past, err)
			}
		}
		return nil
	})
}
