//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/net/nettest"
	"golang.org/x/sys/unix"
)

// much is more than the system keeps for a connection.
const much = 12 << 20

// eachStream is eachPair with a Stream over the first end.
func eachStream(t *testing.T, fn func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error { return fn(t, y, NewStream(y, a), b) })
}

// readsAll returns a function that reads c to its end and compares that with want.
func readsAll(t *testing.T, c io.Reader, want ...[]byte) func(*loop.Yielder) error {
	return func(*loop.Yielder) error {
		got, err := io.ReadAll(c)
		if !bytes.Equal(got, bytes.Join(want, nil)) {
			t.Errorf("read %d bytes, or not those that were written", len(got))
		}
		return err
	}
}

// mustWrite writes b and fails the test if that does not take all of it at once.
func mustWrite(t *testing.T, s *Stream, b []byte) {
	t.Helper()
	before := s.loop.Turn()
	if n, err := s.Write(b); n != len(b) || err != nil {
		t.Errorf("Write: %d, %v", n, err)
	}
	if s.loop.Turn() != before {
		t.Error("Write has parked")
	}
}

// TestStreamWriteNeverParks: output that the socket does not take is kept, also in a callback, in
// order with what is written to the connection itself.
func TestStreamWriteNeverParks(t *testing.T) {
	data := noise(much)
	eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
		a := s.NetConn().(*Conn)
		mustWrite(t, s, data)
		if s.WriteBufferSize() == 0 {
			t.Error("nothing is kept")
		}
		called := loop.NewFuture[struct{}](y)
		s.loop.CallSoon(func() {
			mustWrite(t, s, []byte("callback"))
			_ = called.SetResult(struct{}{})
		})
		if _, err := called.Await(y); err != nil {
			return err
		}
		return together(y, func(*loop.Yielder) error {
			_, err := a.Write(data) // waits until the rest is written, and then for itself
			return err
		}, func(*loop.Yielder) error {
			_, err := a.Write([]byte("second in line"))
			return err
		}, func(y *loop.Yielder) error {
			// The peer reads until the Write of the connection is in the middle of its data.
			want := bytes.Join([][]byte{data, []byte("callback"), data, []byte("stream"), []byte("second in line")}, nil)
			got := make([]byte, len(want))
			part := much + much/16
			if _, err := io.ReadFull(b, got[:part]); err != nil {
				return err
			}
			if !a.d.wr.busy || s.out().active {
				t.Error("the Write is not in the middle of its data")
			}
			mustWrite(t, s, []byte("stream"))
			_, err := io.ReadFull(b, got[part:])
			if !bytes.Equal(got, want) {
				t.Error("the peer has read something else")
			}
			return err
		})
	})
}

// TestStreamDrain: Drain waits while more than the high limit is kept, and until it is no more
// than the low one, as in asyncio.
func TestStreamDrain(t *testing.T) {
	eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
		wantErr(t, "SetWriteBufferLimits", s.SetWriteBufferLimits(much/2, much/4), nil)
		wantErr(t, "Drain of nothing", s.Drain(y), nil)
		for s.WriteBufferSize() < much/2-1000 { // until the system takes no more
			mustWrite(t, s, noise(1000))
		}
		wantErr(t, "Drain below the limit", s.Drain(y), nil)
		mustWrite(t, s, noise(2000))
		draining := loop.Spawn(y, s.Drain)
		other := loop.Spawn(y, s.Drain)
		if err := until(y, func() bool { return s.out().waiting.Len() == 2 }); err != nil {
			return err
		}
		cancel(y, t, "Drain", other)
		for got := make([]byte, 64<<10); !draining.Done(); {
			if s.out().paused == (s.WriteBufferSize() <= much/4) {
				t.Fatalf("paused is %v while %d bytes are kept", s.out().paused, s.WriteBufferSize())
			}
			if _, err := b.Read(got); err != nil {
				return err
			}
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
		}
		_, err := draining.Await(y)
		return err
	})
}

// TestStreamLimits has the limits that transport.set_write_buffer_limits of CPython makes of
// its arguments.
func TestStreamLimits(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, _, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s := NewStream(y, a)
		for _, tc := range []struct{ high, low, wantHigh, wantLow int }{
			{-1, -1, 65536, 16384},
			{1000, -1, 1000, 250},
			{-1, 1000, 4000, 1000},
			{5, 5, 5, 5},
			{0, -1, 0, 0},
			{4, 5, 0, 0}, // an error, which changes nothing
		} {
			err := s.SetWriteBufferLimits(tc.high, tc.low)
			if o := s.out(); (err != nil) != (tc.low > tc.high && tc.high >= 0) || o.high != tc.wantHigh || o.low != tc.wantLow {
				t.Errorf("%d, %d: %d, %d, %v", tc.high, tc.low, o.high, o.low, err)
			}
		}
		return nil
	})
}

// TestStreamClose: what is kept is written before the end of the output, by CloseWrite and by
// Close of the stream or of its connection, though no task waits for it.
func TestStreamClose(t *testing.T) {
	data := noise(much)
	for name, end := range map[string]func(s *Stream) error{
		"CloseWrite":    (*Stream).CloseWrite,
		"Close":         (*Stream).Close,
		"Conn.Close":    func(s *Stream) error { return s.NetConn().Close() },
		"Close apart":   func(s *Stream) (err error) { apart(func() { err = s.Close() }); return err },
		"StreamWriters": func(s *Stream) error { return errors.Join(s.CloseWrite(), s.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
				mustWrite(t, s, data)
				wantErr(t, "the end", end(s), nil)
				if name == "CloseWrite" {
					_, err := s.Write([]byte("x"))
					wantErr(t, "Write after it", err, syscall.EPIPE)
				} else {
					_, err := s.Write([]byte("x"))
					wantErr(t, "Write after it", err, net.ErrClosed)
					wantErr(t, "Drain after it", s.Drain(y), net.ErrClosed)
					_, err = s.ReadLine(y)
					wantErr(t, "ReadLine after it", err, net.ErrClosed)
				}
				if s.IsClosing() != (name != "CloseWrite") {
					t.Error("IsClosing is wrong")
				}
				if err := readsAll(t, b, data)(y); err != nil {
					return err
				}
				if name == "CloseWrite" {
					wantErr(t, "Close", s.Close(), nil)
				}
				wantErr(t, "WaitClosed", s.WaitClosed(y), nil)
				wantErr(t, "Close again", s.Close(), net.ErrClosed)
				return nil
			})
		})
	}
}

// TestStreamCloseLimit: a peer that does not read keeps a closed connection for 30 seconds at
// most; an aborted one, or one whose loop is closed, not at all.
func TestStreamCloseLimit(t *testing.T) {
	eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
		mustWrite(t, s, noise(much))
		wantErr(t, "Close", s.Close(), nil)
		waiting := loop.Spawn(y, s.WaitClosed)
		looptest.Advance(y, lingerTime-1)
		if err := until(y, func() bool { return s.out().waiting.Len() == 1 }); err != nil {
			return err
		}
		looptest.Advance(y, 1)
		_, err := waiting.Await(y)
		wantErr(t, "WaitClosed", err, os.ErrDeadlineExceeded)
		return nil
	})
	eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
		mustWrite(t, s, noise(much))
		wantErr(t, "Abort", s.Abort(), nil)
		wantErr(t, "WaitClosed", s.WaitClosed(y), net.ErrClosed)
		wantErr(t, "Abort again", s.Abort(), net.ErrClosed)
		return nil
	})
	eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
		mustWrite(t, s, noise(much))
		wantErr(t, "Close", s.Close(), nil)
		wantErr(t, "Abort of a closed one", s.Abort(), nil)
		wantErr(t, "WaitClosed", s.WaitClosed(y), net.ErrClosed)
		return nil
	})
	eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
		mustWrite(t, s, noise(much))
		return s.Close() // looptest finds the descriptor if the loop does not close it
	})
}

// reset closes c so that its peer gets ECONNRESET.
func reset(t *testing.T, c *Conn) {
	t.Helper()
	linger := unix.Linger{Onoff: 1}
	wantErr(t, "SO_LINGER", unix.SetsockoptLinger(c.d.fd, unix.SOL_SOCKET, unix.SO_LINGER, &linger), nil)
	wantErr(t, "Close", c.Close(), nil)
}

// TestStreamBackgroundError: an error of output that the loop writes is returned by every
// operation that comes after it, and is not taken for the end of the input.
func TestStreamBackgroundError(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s := NewStream(y, a)
		mustWrite(t, s, noise(much))
		draining := loop.Spawn(y, s.Drain)
		if err := until(y, func() bool { return s.out().waiting.Len() == 1 }); err != nil {
			return err
		}
		reset(t, b)
		_, err = draining.Await(y)
		wantErr(t, "Drain", err, syscall.ECONNRESET)
		_, err = s.Write([]byte("x"))
		wantErr(t, "Write", err, syscall.ECONNRESET)
		_, err = s.ReadLine(y)
		wantErr(t, "ReadLine", err, syscall.ECONNRESET)
		_, err = s.Read(make([]byte, 1))
		wantErr(t, "Read", err, syscall.ECONNRESET)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "read" {
			t.Errorf("Read: %v", err)
		}
		if s.WriteBufferSize() != 0 {
			t.Error("output that nobody can have is kept")
		}
		wantErr(t, "Close", s.Close(), syscall.ECONNRESET)
		return nil
	})
}

// TestStreamBound: nothing is kept beyond the bound, but for one Write.
func TestStreamBound(t *testing.T) {
	eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
		s.SetWriteBufferBound(1 << 20)
		mustWrite(t, s, noise(much))
		for range 2 {
			n, err := s.Write([]byte("x"))
			if n != 0 {
				t.Errorf("%d bytes written", n)
			}
			wantErr(t, "Write", err, ErrBufferFull)
		}
		if _, err := io.ReadFull(b, make([]byte, much)); err != nil {
			return err
		}
		mustWrite(t, s, []byte("x"))
		return nil
	})
}

// TestStreamCopy: io.Copy to a stream waits for the peer.
func TestStreamCopy(t *testing.T) {
	data := noise(much)
	eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
		return together(y, func(*loop.Yielder) error {
			mustWrite(t, s, []byte("before"))
			n, err := io.Copy(s, struct{ io.Reader }{bytes.NewReader(data)})
			if n != much || s.WriteBufferSize() != 0 {
				t.Errorf("%d bytes copied, %d are kept", n, s.WriteBufferSize())
			}
			return errors.Join(err, s.Close())
		}, readsAll(t, b, []byte("before"), data))
	})
}

// TestStreamReplies: a peer that causes replies and does not read them is not heard beyond the
// limit, until it reads, and a deadline, a cancellation and Close end that wait.
func TestStreamReplies(t *testing.T) {
	ping := bytes.Repeat([]byte("p"), 1000)
	for _, end := range []string{"reads", "deadline", "Close", "cancelled"} {
		t.Run(end, func(t *testing.T) {
			eachStream(t, func(t *testing.T, y *loop.Yielder, s *Stream, b *Conn) error {
				heard := 0
				echo := loop.Spawn(y, func(*loop.Yielder) error {
					for b := make([]byte, 1000); ; {
						n, err := s.Read(b)
						if err != nil {
							return err
						}
						heard += n
						mustWrite(t, s, b[:n])
					}
				})
				sent := 0
				pings := loop.Spawn(y, func(*loop.Yielder) error {
					for ; sent < 2*much; sent += len(ping) {
						if _, err := b.Write(ping); err != nil {
							return err
						}
					}
					return nil
				})
				if err := until(y, func() bool { return s.out().gated && b.d.wr.busy && !b.d.wr.ready }); err != nil {
					return err
				}
				if kept := s.WriteBufferSize(); kept > 2*defaultHigh {
					t.Errorf("%d bytes are kept", kept)
				}
				switch end {
				case "reads":
					got := make([]byte, 2*much/1000*1000)
					if _, err := io.ReadFull(b, got); err != nil {
						return err
					}
					if !bytes.Equal(got, bytes.Repeat([]byte("p"), len(got))) {
						t.Error("the echo is something else")
					}
					_, err := pings.Await(y)
					echo.Cancel()
					_, _ = echo.Await(y)
					return err
				case "deadline":
					wantErr(t, "SetReadDeadline", s.SetReadDeadline(time.Unix(1, 0)), nil)
				case "Close":
					wantErr(t, "Close", s.Close(), nil)
				case "cancelled":
					echo.Cancel()
				}
				_, err := echo.Await(y)
				wantErr(t, "the echo", err, map[string]error{
					"deadline": os.ErrDeadlineExceeded, "Close": net.ErrClosed, "cancelled": loop.ErrCancelled}[end])
				if b := s.NetConn().(*Conn).d; b.rd.busy {
					t.Error("the side is still busy")
				}
				pings.Cancel()
				_, _ = pings.Await(y)
				return nil
			})
		})
	}
}

// TestStreamBothWays: two ends that send much at once, and answer pings meanwhile, do not wait for
// each other.
func TestStreamBothWays(t *testing.T) {
	data := noise(much)
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		var all []func(*loop.Yielder) error
		for _, s := range []*Stream{NewStream(y, a), NewStream(y, b)} {
			s.SetWriteBufferBound(1 << 20)
			all = append(all, func(y *loop.Yielder) error {
				mustWrite(t, s, data)
				return s.Drain(y)
			}, func(y *loop.Yielder) error {
				for n := 0; n < much; {
					v, err := s.ReadExactly(y, much/1024)
					if err != nil {
						return err
					}
					n += len(v)
					mustWrite(t, s, []byte("pong")) // beyond the bound
				}
				return nil
			})
		}
		return together(y, all...)
	})
}

// streamInTask is a stream whose operations run in a task each. Write never parks, and the test
// wants one that does.
type streamInTask struct {
	inTask
	s *Stream
}

func (c streamInTask) Write(b []byte) (int, error) {
	return c.run(func() (int, error) {
		n, err := c.s.ReadFrom(bytes.NewReader(b))
		return int(n), err
	})
}

// testConn is the conformance test of x/net for what over makes of pairs of connections: on
// goroutines that the loop does not know, and in tasks.
func testConn(t *testing.T, over func(y *loop.Yielder, c net.Conn, server bool) (net.Conn, error), task func(c net.Conn, l *loop.Loop) net.Conn) {
	eachAddress(t, func(t *testing.T, network, address string) {
		for _, inTasks := range []bool{false, true} {
			t.Run(fmt.Sprintf("tasks %v", inTasks), func(t *testing.T) {
				l, pipe := pipes(t, network, address)
				nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
					a, b, _, err := pipe()
					if err != nil {
						return nil, nil, nil, err
					}
					wait := []func() (net.Conn, error){}
					for i, c := range []net.Conn{a, b} {
						wait = append(wait, loop.RunCoroutineThreadsafe(t.Context(), l, func(y *loop.Yielder) (net.Conn, error) {
							return over(y, c, i == 0)
						}))
					}
					a, err = wait[0]()
					b, err2 := wait[1]()
					stop := func() { _ = a.Close(); _ = b.Close() }
					if inTasks {
						return task(a, l), task(b, l), stop, errors.Join(err, err2)
					}
					return a, b, stop, errors.Join(err, err2)
				})
			})
		}
	})
}

func TestStreamIsAConn(t *testing.T) {
	testConn(t, func(y *loop.Yielder, c net.Conn, _ bool) (net.Conn, error) { return NewStream(y, c), nil },
		func(c net.Conn, l *loop.Loop) net.Conn { return streamInTask{inTask{c, l}, c.(*Stream)} })
}
