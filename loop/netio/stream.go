//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"coloop/loop"
)

// ErrBufferFull is the error of a [Stream.Write] that finds more output waiting than
// [Stream.SetWriteBufferBound] allows.
var ErrBufferFull = errors.New("the output buffer is full")

// A Stream is a connection with the methods of asyncio's StreamReader and StreamWriter: it
// reads lines, and its Write never parks. What the socket does not take is kept, and written
// by the loop when the socket takes it. [Stream.Drain] is where a task waits, if too much is
// kept.
//
// A Stream is a net.Conn too, for libraries that hold a sync.Mutex during a Write that other
// tasks lock as well, as gorilla/websocket does: because that Write does not park, the
// mutex is free whenever another task runs. The program drains the Stream after it has
// called the library, so that the task waits outside of the library. Such a library must be
// used in tasks alone, or on other goroutines alone.
//
// A peer that causes replies and does not read them is not heard while more than the high
// limit of replies is kept: Read parks until then. A reply is what the task writes that
// has called Read last.
//
// Methods with a y are for tasks. The others, those of net.Conn, may be called on any
// goroutine, as those of [Conn]. On a goroutine that the loop does not know, Write blocks
// until the system has taken all.
//
// A Stream over a connection of another package, a tls.Conn say, keeps no output: Write is
// that of the connection. It must be used in tasks of one loop.
type Stream struct {
	_ noCopy

	loop   *loop.Loop
	conn   net.Conn
	own    transport // conn, if it is one of this package
	buf    []byte    // buf[start:] is input that nobody has read yet
	start  int
	limit  int
	eof    bool         // no more input will come
	reads  turnstile    // of the tasks that read
	reader loop.AnyTask // the task that has read last
}

// NewStream returns a Stream over c, which must not be read otherwise meanwhile. Writes to c
// itself stay in order with those of the Stream. It panics with [loop.ErrNoTask] if no task runs y.
func NewStream(y *loop.Yielder, c net.Conn) *Stream {
	s := &Stream{loop: loop.Running(y), limit: defaultLimit}
	if s.loop == nil {
		panic(loop.ErrNoTask)
	}
	s.over(c)
	return s
}

func (s *Stream) over(c net.Conn) {
	s.conn = c
	if s.own, _ = c.(transport); s.own != nil {
		s.loop = s.own.base().loop
		s.own.base().outgoing()
	}
}

// OpenConnection dials as [Dial] does, and returns a Stream (asyncio.open_connection).
func OpenConnection(y *loop.Yielder, network, address string) (*Stream, error) {
	c, err := Dial(y, network, address)
	if err != nil {
		return nil, err
	}
	return NewStream(y, c), nil
}

// out returns the output that is kept; nil over a connection that is not ours.
func (s *Stream) out() *outgoing {
	if s.own == nil {
		return nil
	}
	return s.own.base().outgoing()
}

// fail wraps an error that is not one of the connection's own methods.
func (s *Stream) fail(op string, err error) error {
	if s.own != nil {
		return s.own.base().wrap(op, err)
	}
	return err
}

// String describes the stream in the String of a task that waits for it.
func (s *Stream) String() string {
	if s.own != nil {
		return s.own.base().String()
	}
	return fmt.Sprint(s.conn.RemoteAddr())
}

// Write writes b, or keeps it if the socket does not take it (StreamWriter.write). It never
// parks. An error of earlier output that the loop could not write is returned here, and so
// is [ErrBufferFull].
func (s *Stream) Write(b []byte) (int, error) {
	if s.own == nil || !s.loop.OnLoop() {
		return s.conn.Write(b)
	}
	if err := s.write(b); err != nil {
		return 0, s.fail("write", err)
	}
	return len(b), nil
}

func (s *Stream) write(b []byte) error {
	d, o := s.own.base(), s.out()
	if err := d.open(); err != nil {
		return err
	}
	if d.wr.passed(d.loop) {
		return os.ErrDeadlineExceeded
	}
	t := s.loop.CurrentTask()
	reply := t != nil && t == s.reader
	// The reader may go on: gate sees to its output, and a library that could not answer
	// would give up the connection.
	if o.pending() >= o.bound && !(reply && o.replies <= o.high) {
		return ErrBufferFull
	}
	return s.own.push(b, reply)
}

// Drain parks until the kept output is no more than the low limit, if it has been more than
// the high one (StreamWriter.drain). It knows no deadline; use a [loop.Timeout]. If output could not
// be written it returns why, often syscall.ECONNRESET or EPIPE, and net.ErrClosed
// after Close.
func (s *Stream) Drain(y *loop.Yielder) error {
	if s.own == nil {
		return nil
	}
	return s.fail("write", s.out().drain(y))
}

// SetWriteBufferLimits sets the amounts of kept output, in bytes, above which Drain waits and
// down to which it does (transport.set_write_buffer_limits). A negative low means high/4, and a
// negative high 64 KiB, or 4*low if that is given. It must be called on the loop.
func (s *Stream) SetWriteBufferLimits(high, low int) error {
	switch {
	case high < 0 && low < 0:
		high, low = defaultHigh, defaultLow
	case high < 0:
		high = 4 * low
	case low < 0:
		low = high / 4
	}
	if low > high {
		return fmt.Errorf("set write buffer limits: low is %d, which is more than high, %d", low, high)
	}
	if o := s.out(); o != nil {
		o.high, o.low = high, low
		if o.pending() > high {
			o.paused = true
		} else if o.paused && o.pending() <= low {
			o.resume()
		}
	}
	return nil
}

// SetWriteBufferBound sets the amount of kept output, in bytes, from which on Write fails with
// [ErrBufferFull]; until then it is 16 MiB. A single Write may exceed it. It must be called on
// the loop.
func (s *Stream) SetWriteBufferBound(n int) {
	if o := s.out(); o != nil {
		o.bound = n
	}
}

// WriteBufferSize returns how much output is kept (transport.get_write_buffer_size). It must be
// called on the loop.
func (s *Stream) WriteBufferSize() int {
	if o := s.out(); o != nil {
		return o.pending()
	}
	return 0
}

// ReadFrom copies from r until its end, for io.Copy. It parks while the peer does not keep
// up, unlike Write.
func (s *Stream) ReadFrom(r io.Reader) (int64, error) { return io.Copy(s.conn, r) }

// CloseWrite ends the output, once what is kept has been written (StreamWriter.write_eof). The
// connection must have a method of that name.
func (s *Stream) CloseWrite() error {
	c, ok := s.conn.(interface{ CloseWrite() error })
	if !ok {
		return s.fail("close", fmt.Errorf("%w: a %T has no CloseWrite", errors.ErrUnsupported, s.conn))
	}
	return c.CloseWrite()
}

// Close closes the connection (StreamWriter.close). It does not park: kept output is written
// by the loop, for 30 seconds at most, and then the socket is closed; see [Stream.WaitClosed].
// If output could not be written before, Close returns why.
func (s *Stream) Close() (err error) {
	if o := s.out(); o != nil && s.loop.OnLoop() && o.err != nil {
		defer func(lost error) { err = cmp.Or(err, s.fail("close", lost)) }(o.err)
	}
	return s.conn.Close()
}

// Abort is [Conn.Abort] (transport.abort): what is kept is dropped, too.
func (s *Stream) Abort() error {
	if s.own == nil {
		return s.conn.Close()
	}
	d := s.own.base()
	return d.closeAnywhere(d.abort)
}

// WaitClosed parks until the socket is closed, after Close (StreamWriter.wait_closed). If not all
// output could be written it returns why: os.ErrDeadlineExceeded if the peer did not read.
func (s *Stream) WaitClosed(y *loop.Yielder) error {
	if s.own == nil {
		return nil
	}
	return s.fail("close", s.out().waitClosed(y))
}

// IsClosing reports whether the connection was closed (StreamWriter.is_closing); always false over
// a connection of another package.
func (s *Stream) IsClosing() bool {
	if s.own == nil {
		return false
	}
	d := s.own.base()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gone()
}

// StartTLS makes the stream one over TLS (StreamWriter.start_tls), as the server's side or the
// client's; see the function [StartTLS]. Input that nobody has read yet is taken for the
// peer's part of the handshake.
func (s *Stream) StartTLS(y *loop.Yielder, config *tls.Config, server bool) error {
	_, err := StartTLS(y, s, config, server)
	return err
}

// NetConn returns the connection below.
func (s *Stream) NetConn() net.Conn { return s.conn }

// LocalAddr returns the address of this end.
func (s *Stream) LocalAddr() net.Addr { return s.conn.LocalAddr() }

// RemoteAddr returns the address of the other end.
func (s *Stream) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }

// SetDeadline sets both deadlines.
func (s *Stream) SetDeadline(t time.Time) error { return s.conn.SetDeadline(t) }

// SetReadDeadline makes what reads return os.ErrDeadlineExceeded at t; the zero time means
// never.
func (s *Stream) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }

// SetWriteDeadline makes a Write that waits or comes later return os.ErrDeadlineExceeded at t;
// the zero time means never. Kept output is written all the same.
func (s *Stream) SetWriteDeadline(t time.Time) error { return s.conn.SetWriteDeadline(t) }
