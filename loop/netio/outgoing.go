//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// The limits of output that waits, until SetWriteBufferLimits and SetWriteBufferBound set
// others. The first two are asyncio's.
const (
	defaultHigh  = 64 << 10
	defaultLow   = defaultHigh / 4
	defaultBound = 16 << 20
)

// lingerTime is how long a closed connection goes on to write (asyncio's ssl_shutdown_timeout).
const lingerTime = 30 * time.Second

// flushSize is the most that is written in one turn of the loop.
const flushSize = 256 << 10

// A transport is a connection of this package. All but the methods of net.Conn must be called
// on the loop.
type transport interface {
	net.Conn
	base() *descriptor
	// push writes b and never parks. A reply is output that the reader of the connection
	// causes.
	push(b []byte, reply bool) error
	// finish is Close.
	finish() error
	WaitRead() error
	Buffered() bool
	// readNow is Read, but for a wait: then the error is EAGAIN. unread reports whether it may find
	// something.
	readNow(b []byte) (int, error)
	unread() bool
}

func (c *Conn) base() *descriptor               { return c.d }
func (c *Conn) push(b []byte, reply bool) error { return c.d.push(b, reply) }
func (c *Conn) finish() error                   { return c.d.closeFlushed() }

// receive reads from t after its gate.
func receive(t transport, b []byte, kind string) (int, error) {
	d := t.base()
	if err := d.gate(kind); err != nil {
		return 0, d.wrap("read", err)
	}
	n, err := t.Read(b)
	if err == io.EOF {
		err = d.ended()
	}
	return n, err
}

// ended returns io.EOF, or why the connection ended: the system tells of a reset once, and a write
// may have been told.
func (d *descriptor) ended() error {
	if o := d.wr.out; o != nil && o.err != nil {
		return d.wrap("read", o.err)
	}
	return io.EOF
}

// wrap is fail for an error that may be nil, the end of the input, or the error of a method of
// the connection.
func (d *descriptor) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return err
	}
	return d.fail(op, err)
}

// outgoing is the output of writes that never park, as far as the socket has not taken it
// (the _buffer of a transport). The loop writes it when the socket takes more, outside of any
// task.
//
// While it is active, the side looks as if the socket took nothing: operations that may
// park, such as Conn.Write, do so until all of it is written. If one of those is in the
// middle of its data, the output waits for the end of that operation.
type outgoing struct {
	d       *descriptor
	data    []byte // data[done:] waits
	done    int
	active  bool // the loop writes it as soon as it can
	soon    bool // flush is scheduled
	eof     bool // no more will come: end the writing after it
	paused  bool // more than high has waited, and no less than low since then
	gated   bool // a reader waits for it; see gate
	replies int  // how much of what was kept since then are replies; see gate
	high    int
	low     int
	bound   int
	err     error             // of a write that nobody was there to be told of
	waiting loop.ParkingLot   // of the tasks in Drain and WaitClosed
	linger  *loop.TimerHandle // the connection is closed, and the socket will be
}

// open returns net.ErrClosed if d was closed, on whatever goroutine.
func (d *descriptor) open() error {
	if d.posted.Load() {
		d.takeMail()
	}
	if d.closed {
		return net.ErrClosed
	}
	return nil
}

// outgoing returns the output of d, for the first of its users.
func (d *descriptor) outgoing() *outgoing {
	if d.wr.out == nil {
		d.mu.Lock()
		d.wr.out = &outgoing{d: d, high: defaultHigh, low: defaultLow, bound: defaultBound}
		d.mu.Unlock()
	}
	return d.wr.out
}

// keeps reports whether d may keep output. It may be called on any goroutine.
func (d *descriptor) keeps() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wr.out != nil
}

// lingers reports whether d is closed, but not its socket.
func (d *descriptor) lingers() bool { return d.wr.out != nil && d.wr.out.linger != nil }

// endLater ends the output after what is kept, and reports whether anything is.
func (d *descriptor) endLater() bool {
	o := d.wr.out
	if d.open() != nil || o.pending() == 0 {
		return false
	}
	o.eof = true
	return true
}

// pending returns how much waits.
func (o *outgoing) pending() int { return len(o.data) - o.done }

// push writes b, and keeps what the socket does not take.
func (d *descriptor) push(b []byte, reply bool) error {
	o := d.outgoing()
	switch {
	case d.closed:
		return net.ErrClosed
	case o.err != nil:
		return o.err
	case o.eof:
		return os.NewSyscallError("write", unix.EPIPE)
	}
	if d.wr.ready && !d.wr.busy && o.pending() == 0 {
		n, err := o.write(b)
		if err != nil {
			o.err = err // for readers, who may find a clean end after it
			return err
		}
		d.wr.ready = n == len(b)
		b = b[n:]
	}
	if len(b) > 0 {
		o.keep(b, reply)
	}
	return nil
}

func (o *outgoing) keep(b []byte, reply bool) {
	if o.done > 0 && o.done >= o.pending() {
		o.data, o.done = append(o.data[:0], o.data[o.done:]...), 0
	}
	o.data = append(o.data, b...)
	if reply {
		o.replies += len(b)
	}
	o.paused = o.paused || o.pending() > o.high
	if !o.d.wr.busy {
		o.activate()
	}
}

// activate has the loop write what waits. It does nothing if the loop does so already.
func (o *outgoing) activate() {
	if o.active || o.pending() == 0 || o.d.loop.Closed() {
		return
	}
	o.active = true
	if o.d.wr.ready {
		o.writable()
	}
}

// writable is called instead of waking an operation when the socket takes more.
func (o *outgoing) writable() {
	o.d.wr.ready = false
	if !o.soon {
		o.soon = true
		o.d.loop.CallSoon(o.flush)
	}
}

// flush writes what waits (_SelectorSocketTransport._write_ready).
func (o *outgoing) flush() {
	o.soon = false
	for left := flushSize; o.active; {
		part := o.data[o.done:]
		part = part[:min(len(part), left)]
		n, err := o.write(part)
		if err != nil {
			o.err = err
			o.end()
			return
		}
		o.done += n
		left -= n
		switch {
		case o.pending() == 0:
			o.end()
			return
		case o.pending() <= o.low:
			o.resume()
		}
		switch {
		case n < len(part):
			return // the socket will become writable
		case left == 0:
			o.writable()
			return
		}
	}
}

// write writes as much of b as the socket takes.
func (o *outgoing) write(b []byte) (int, error) {
	for len(b) > 0 {
		n, err := o.d.sockets.Write(o.d.fd, b[:min(len(b), maxIO)])
		switch err {
		case nil:
			o.d.wr.at(o.d.loop.Turn())
			o.d.moved(&o.d.wr, n)
			o.d.said()
			return n, nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil
		default:
			return 0, os.NewSyscallError("write", err)
		}
	}
	return 0, nil
}

// resume lets those go on who wait for less output.
func (o *outgoing) resume() {
	o.paused, o.replies = false, 0
	o.wake()
}

func (o *outgoing) wake() {
	for ok := true; ok; {
		_, ok = o.waiting.Unpark()
	}
	if o.gated {
		o.d.rd.unpark()
	}
}

// end is called when all is written, or none of it can be any more.
func (o *outgoing) end() {
	o.data, o.done, o.active = nil, 0, false
	o.d.wr.ready = true
	if o.d.lingers() {
		_ = o.d.Close() // WaitClosed returns the error that counts
		return
	}
	if o.eof && o.err == nil {
		o.err = os.NewSyscallError("shutdown", o.d.sockets.Shutdown(o.d.fd, unix.SHUT_WR))
	}
	o.resume()
	if o.d.wr.busy {
		o.d.wr.lot.Unpark()
	}
}

// closeFlushed closes the connection for its users, and the socket once the output that
// waits is written, or after lingerTime (_SelectorTransport.close).
func (d *descriptor) closeFlushed() error {
	o := d.wr.out
	if d.closed || o == nil || o.pending() == 0 || d.wr.busy && !o.active || d.loop.Closed() {
		return d.Close() // if an operation is in the middle of its data, the rest is of no use
	}
	d.shut()
	o.linger = d.loop.CallLater(lingerTime, o.expire)
	o.activate()
	o.wake()
	return nil
}

// abort closes the connection at once, and resets one of TCP.
func (d *descriptor) abort() error {
	if d.closed && !d.lingers() {
		return net.ErrClosed
	}
	if err := d.sockets.SetLinger(d.fd, 0); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	return d.Close()
}

// expire gives up what is kept because the peer has taken nothing of it for too long.
func (o *outgoing) expire() {
	if o.active {
		o.err = os.ErrDeadlineExceeded
		o.end()
	}
}

// released is called when the socket is closed.
func (o *outgoing) released() {
	if o.linger != nil {
		o.linger.Cancel()
		o.linger = nil
	}
	if o.pending() > 0 && o.err == nil {
		o.err = net.ErrClosed
	}
	o.data, o.done, o.active = nil, 0, false
	o.wake()
}

// drain parks the task until less output waits (FlowControlMixin._drain_helper).
func (o *outgoing) drain(y *loop.Yielder) error {
	for {
		switch d := o.d; {
		case o.err != nil:
			return o.err
		case d.closed:
			return net.ErrClosed
		case !o.paused:
			return nil
		}
		if err := o.park(y, "Stream.Drain"); err != nil {
			return err
		}
	}
}

func (o *outgoing) park(y *loop.Yielder, kind string) error {
	if o.waiting.Len() == 0 {
		o.waiting.Kind, o.waiting.Owner = kind, o.d
	}
	_, err := o.waiting.Park(y, nil)
	return err
}

// waitClosed parks the task until the socket is closed, and returns the error that kept
// output from being written.
func (o *outgoing) waitClosed(y *loop.Yielder) error {
	for !o.d.closed || o.linger != nil {
		if err := o.park(y, "Stream.WaitClosed"); err != nil {
			return err
		}
	}
	return o.err
}

// flushed parks until no output waits. It is an operation of the write side, with its
// deadline and its line.
func (d *descriptor) flushed(kind string) error {
	err := d.begin(&d.wr, kind)
	if err == nil {
		err = d.wait(&d.wr, kind)
		d.wr.end()
	}
	if o := d.wr.out; err == nil && o != nil {
		err = o.err
	}
	return err
}

// gate is called before more input is taken. A peer that causes replies and does not read
// them is not heard until it has: gate parks while the replies alone are more than the high
// limit. Other output does not count, or two ends that send much would wait for each other.
func (d *descriptor) gate(kind string) error {
	if o := d.wr.out; o != nil && o.ignored() {
		return o.gate(kind)
	}
	return nil
}

// ignored reports whether the peer does not read the replies that it causes.
func (o *outgoing) ignored() bool { return o.paused && o.replies > o.high }

func (o *outgoing) gate(kind string) error {
	d := o.d
	if err := d.begin(&d.rd, kind); err != nil {
		return err
	}
	defer d.rd.end()
	for o.ignored() {
		switch {
		case d.closed:
			return net.ErrClosed
		case d.rd.passed(d.loop):
			return os.ErrDeadlineExceeded
		}
		d.rd.busy, o.gated = true, true
		_, err := d.rd.place(d, kind).ParkCurrent(d.loop, nil)
		o.gated = false
		if err != nil {
			return err
		}
	}
	return nil
}
