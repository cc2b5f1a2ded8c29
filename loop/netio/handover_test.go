//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"coloop/loop"
)

// onTwo runs fn on one loop while another one, away, runs on another goroutine.
func onTwo(t *testing.T, fn func(y *loop.Yielder, away *loop.Loop) error) {
	t.Helper()
	err := loop.MainEach(2, func(y *loop.Yielder, e loop.Each) error {
		loop.Running(y).SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			t.Errorf("%s: %v", c.Message, c.Exception)
		})
		if e.Index > 0 {
			return nil
		}
		return fn(y, e.Loops[1])
	})
	if err != nil {
		t.Error(err)
	}
}

// TestHandOver serves connections on a loop other than the one that has accepted them.
func TestHandOver(t *testing.T) {
	eachAddress(t, func(t *testing.T, network, address string) {
		onTwo(t, func(y *loop.Yielder, away *loop.Loop) error {
			a, b, err := connPair(y, network, address)
			if err != nil {
				return err
			}
			defer a.Close()
			if _, err := io.WriteString(a, "early\n"); err != nil { // it is there before the other loop looks
				return err
			}
			moved, err := b.HandOver(y, away)
			if err != nil {
				return err
			}
			if moved.Loop() != away || moved.RemoteAddr() != b.RemoteAddr() {
				t.Errorf("moved: loop %v, %v", moved.Loop(), moved.RemoteAddr())
			}
			_, err = b.Read(make([]byte, 1))
			if _, werr := b.Write([]byte{1}); !errors.Is(err, net.ErrClosed) || !errors.Is(werr, net.ErrClosed) {
				t.Errorf("the old connection: %v, %v", err, werr)
			}
			if err := b.Close(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Close of the old connection: %v", err)
			}
			if _, err := b.HandOver(y, away); !errors.Is(err, net.ErrClosed) {
				t.Errorf("HandOver of the old connection: %v", err)
			}
			serving := loop.Go(y, func(y *loop.Yielder) (int, error) {
				return loop.RunOn(y, away, func(y *loop.Yielder) (n int, err error) {
					defer moved.Close()
					for lines := bufio.NewScanner(moved); lines.Scan(); n++ {
						if _, err := fmt.Fprintln(moved, "you said", lines.Text()); err != nil {
							return n, err
						}
					}
					return n, nil
				})
			})
			in := bufio.NewReader(a)
			for _, line := range []string{"early", "late"} {
				if line == "late" {
					fmt.Fprintln(a, line)
				}
				if s, err := in.ReadString('\n'); s != "you said "+line+"\n" {
					t.Errorf("got %q, %v", s, err)
				}
			}
			if err := a.CloseWrite(); err != nil {
				t.Error(err)
			}
			if n, err := serving.Await(y); n != 2 || err != nil {
				t.Errorf("served %d lines, %v", n, err)
			}
			_, err = in.ReadByte()
			if err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
			return nil
		})
	})
}

func TestHandOverRefused(t *testing.T) {
	onTwo(t, func(y *loop.Yielder, away *loop.Loop) error {
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer a.Close()
		defer b.Close()
		if same, err := b.HandOver(y, loop.Running(y)); same != b || err != nil {
			t.Errorf("to its own loop: %v, %v", same, err)
		}
		if _, err := b.HandOver(y, nil); err == nil {
			t.Error("to no loop: no error")
		}
		_, err = loop.RunOn(y, away, func(y *loop.Yielder) (*Conn, error) { return b.HandOver(y, away) })
		if !errors.Is(err, loop.ErrForeignLoop) {
			t.Errorf("on another loop: %v", err)
		}
		reading := loop.Go(y, func(*loop.Yielder) (int, error) { return b.Read(make([]byte, 1)) })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		if _, err := b.HandOver(y, away); !errors.Is(err, errInUse) {
			t.Errorf("while it is read: %v", err)
		}
		if _, err := a.Write([]byte{1}); err != nil {
			return err
		}
		if n, err := reading.Await(y); n != 1 || err != nil {
			t.Errorf("it is still read: %d, %v", n, err)
		}
		return nil
	})
}

// TestHandOverLost closes the socket of a connection that does not arrive.
func TestHandOverLost(t *testing.T) {
	for name, lose := range map[string]func(y *loop.Yielder, c *Conn) error{
		"the other loop is closed": func(y *loop.Yielder, c *Conn) error {
			away, err := loop.New()
			if err == nil {
				err = away.Close()
			}
			if err == nil {
				_, err = c.HandOver(y, away)
			}
			return err
		},
		"the other loop is closed meanwhile": func(y *loop.Yielder, c *Conn) error {
			away, err := loop.New()
			if err != nil {
				return err
			}
			loop.Running(y).CallSoon(func() { _ = away.Close() })
			_, err = c.HandOver(y, away)
			return err
		},
		"cancelled": func(y *loop.Yielder, c *Conn) error {
			away, err := loop.New()
			if err != nil {
				return err
			}
			task := loop.Go(y, func(y *loop.Yielder) (*Conn, error) { return c.HandOver(y, away) })
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
			task.Cancel()
			ended := make(chan error)
			go func() {
				away.CallSoon(func() { away.CallLater(time.Microsecond, away.Stop) })
				err := away.RunForever()
				ended <- errors.Join(err, away.Close())
			}()
			_, err = task.Await(y)
			return errors.Join(err, <-ended)
		},
	} {
		t.Run(name, func(t *testing.T) {
			realTime(t, func(y *loop.Yielder, l *loop.Loop) error {
				a, b, err := connPair(y, "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				defer a.Close()
				if err := lose(y, b); !errors.Is(err, loop.ErrClosed) && !loop.IsCancelled(err) {
					t.Errorf("HandOver: %v", err)
				}
				if n, err := a.Read(make([]byte, 1)); n != 0 || err != io.EOF { // it would hang if the socket were open
					t.Errorf("the peer reads %d, %v", n, err)
				}
				return nil
			})
		})
	}
}
