//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"coloop/loop"
)

// TestLineOfReaders: readers of one connection get what comes in the order in which they
// came; one that is cancelled, before or after its turn has come, lets the next one in.
func TestLineOfReaders(t *testing.T) {
	for _, cancelled := range []string{"", "A", "B", "C", "A B", "B C", "A C"} {
		t.Run("cancelled: "+cancelled, func(t *testing.T) {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				var got []string
				readers := map[string]*loop.Task[struct{}]{}
				for _, name := range []string{"A", "B", "C", "D"} {
					readers[name] = loop.Spawn(y, func(y *loop.Yielder) error {
						msg := make([]byte, 1)
						_, err := a.Read(msg)
						if err == nil {
							got = append(got, name+string(msg))
						}
						return err
					})
				}
				if err := until(y, func() bool { return a.d.rd.line != nil && a.d.rd.line.Len() == 3 }); err != nil {
					return err
				}
				var want []string
				sent := "abcd"
				for _, name := range []string{"A", "B", "C", "D"} {
					if strings.Contains(cancelled, name) {
						cancel(y, t, name, readers[name])
						continue
					}
					want = append(want, name+sent[:1])
					sent = sent[1:]
				}
				if _, err := b.Write([]byte("abcd")); err != nil {
					return err
				}
				if err := until(y, func() bool { return len(got) == len(want) }); err != nil {
					return err
				}
				if !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
				if a.d.rd.busy {
					t.Error("the side is still busy")
				}
				return nil
			})
		})
	}
}

// TestLineCancelledAtItsTurn: a reader whose turn has come, but which has not run yet, is
// cancelled.
func TestLineCancelledAtItsTurn(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		read := func(y *loop.Yielder) (string, error) {
			msg := make([]byte, 1)
			_, err := a.Read(msg)
			return string(msg), err
		}
		var second *loop.Task[string]
		first := loop.Go(y, func(y *loop.Yielder) (string, error) {
			defer func() { second.Cancel() }() // the end of this Read has woken it
			return read(y)
		})
		second = loop.Go(y, read)
		third := loop.Go(y, read)
		if err := until(y, func() bool { return a.d.rd.line != nil && a.d.rd.line.Len() == 2 }); err != nil {
			return err
		}
		if _, err := b.Write([]byte("xy")); err != nil {
			return err
		}
		v, err := first.Await(y)
		if v != "x" || err != nil {
			t.Errorf("the first: %q, %v", v, err)
		}
		_, err = second.Await(y)
		wantErr(t, "the second", err, loop.ErrCancelled)
		v, err = third.Await(y)
		if v != "y" || err != nil {
			t.Errorf("the third: %q, %v", v, err)
		}
		return nil
	})
}

// TestLineOfWriters: what each Write of a large amount writes is not mixed with others'.
func TestLineOfWriters(t *testing.T) {
	const size, writers = 3 << 20, 4
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		var all []func(y *loop.Yielder) error
		for i := range writers {
			all = append(all, func(*loop.Yielder) error {
				_, err := a.Write(bytes.Repeat([]byte{byte('a' + i)}, size))
				return err
			})
		}
		return together(y, append(all, func(*loop.Yielder) error {
			got := make([]byte, writers*size)
			if _, err := io.ReadFull(b, got); err != nil {
				return err
			}
			if runs := len(slices.Compact(got)); runs != writers {
				t.Errorf("%d runs of the same byte, want %d", runs, writers)
			}
			return nil
		})...)
	})
}

// TestLineEnds: Close and a deadline end the first in line and those behind it.
func TestLineEnds(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(a *Conn) error
		want error
	}{
		{"Close", (*Conn).Close, net.ErrClosed},
		{"deadline", func(a *Conn) error { return a.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				read := func(y *loop.Yielder) error { _, err := a.Read(make([]byte, 1)); return err }
				readers := []*loop.Task[struct{}]{loop.Spawn(y, read), loop.Spawn(y, read), loop.Spawn(y, read)}
				if err := until(y, func() bool { return a.d.rd.line != nil && a.d.rd.line.Len() == 2 }); err != nil {
					return err
				}
				if err := tc.end(a); err != nil {
					return err
				}
				for _, r := range readers {
					if _, err := r.Await(y); !errors.Is(err, tc.want) {
						t.Errorf("%v, want %v", err, tc.want)
					}
				}
				return nil
			})
		})
	}
}
