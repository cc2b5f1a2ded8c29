//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// forever is a time that never comes.
const forever = time.Duration(math.MaxInt64)

// ErrBusy is returned by a Read or Write that finds another task parked in the
// same direction of the connection.
var ErrBusy = errors.New("another task is waiting on the connection already")

// noCopy makes go vet report copies of a struct that contains it.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// A descriptor is a non-blocking socket that the loop watches, edge-triggered: a side
// that was reported ready stays so until a system call says otherwise. An event may
// belong to a closed socket whose number was reused, so it is no more than a hint
// that a system call is worth trying.
type descriptor struct {
	loop    *loop.Loop
	sockets Sockets
	fd      int
	rd, wr  side
	hungUp  bool     // the peer has hung up: after a short read there may be more
	file    unixFile // to be removed by Close
	closed  bool
	network string
	peer    net.Addr // the other end, or the address listened at
	local   net.Addr // this end, if it was asked for
}

// side is one direction of a descriptor.
type side struct {
	lot      loop.ParkingLot // of at most one task
	ready    bool
	busy     bool // a task is suspended on it
	deadline time.Duration
	timer    *loop.TimerHandle // goes off at the deadline, or before
	turn     uint32            // the turn of the loop in which ...
	used     int32             // ... it has been used so often
}

// perTurn is how often a side can be used in one turn of the loop. A peer that is
// faster than this end must not keep the other tasks waiting.
const perTurn = 64

// maxIO is the greatest size of one read or write. Systems have a limit of their own,
// and a call that was cut short by it would look as if it had emptied or filled the
// socket's buffer.
const maxIO = 1 << 30

func newDescriptor(l *loop.Loop, s Sockets, fd int, network string) *descriptor {
	d := &descriptor{loop: l, sockets: s, fd: fd, network: network}
	d.rd.deadline, d.wr.deadline = forever, forever
	return d
}

// String describes the descriptor in the String of a task that is parked on it.
func (d *descriptor) String() string {
	if d.peer == nil {
		return d.network
	}
	return fmt.Sprintf("%s %v", d.network, d.peer)
}

// Ready is called by the loop.
func (d *descriptor) Ready(read, write, hangup bool) {
	d.hungUp = d.hungUp || hangup
	if read {
		d.rd.wake()
	}
	if write {
		d.wr.wake()
	}
}

// wake makes the side ready.
func (s *side) wake() {
	s.ready = true
	if s.busy {
		s.lot.Unpark()
	}
}

// wait returns when the side is ready, its deadline has passed or the descriptor
// is closed, and parks the running task until then. kind names the operation.
func (d *descriptor) wait(s *side, kind string) error {
	if s.busy {
		return ErrBusy
	}
	for waited := false; ; waited = true {
		if d.closed {
			return net.ErrClosed
		}
		// Reading the clock is slow. A side that a wait has found ready was so in time.
		if !(waited && s.ready) && s.passed(d.loop) {
			return os.ErrDeadlineExceeded
		}
		if turn := d.loop.Turn(); s.turn != turn {
			s.turn, s.used = turn, 0
		}
		if s.used++; s.ready && s.used <= perTurn {
			return nil
		}
		if err := d.suspend(s, kind); err != nil {
			return err
		}
	}
}

func (d *descriptor) suspend(s *side, kind string) (err error) {
	y, err := d.loop.Current()
	if err != nil {
		if s.ready {
			return nil
		}
		return err
	}
	s.busy = true
	if s.ready {
		err = loop.Sleep(y, 0)
	} else {
		s.lot.Kind, s.lot.Owner = kind, d
		_, err = s.lot.Park(y, nil)
	}
	s.busy = false
	return err
}

// passed reports whether the deadline of the side is over.
func (s *side) passed(l *loop.Loop) bool { return s.deadline != forever && s.deadline <= l.Time() }

// setDeadline gives the side a deadline on the loop's clock. Deadlines are moved at each
// request, so a timer that goes off at or before the new one is left alone; expire sets
// it again.
func (d *descriptor) setDeadline(s *side, when time.Duration) {
	s.deadline = when
	if when == forever || s.timer != nil && s.timer.When() <= when {
		return
	}
	if s.timer != nil {
		s.timer.Cancel()
	}
	s.timer = d.loop.CallAt(when, func() { d.expire(s) })
}

func (d *descriptor) expire(s *side) {
	s.timer = nil
	switch {
	case s.deadline > d.loop.Time():
		d.setDeadline(s, s.deadline)
	default:
		s.lot.Unpark()
	}
}

// Close closes the descriptor and wakes the tasks that are parked on it.
func (d *descriptor) Close() error {
	if d.closed {
		return net.ErrClosed
	}
	d.closed = true
	d.loop.Unwatch(d.fd)
	for _, s := range []*side{&d.rd, &d.wr} {
		if s.timer != nil {
			s.timer.Cancel()
			s.timer = nil
		}
		s.lot.Unpark()
	}
	d.file.remove()
	return os.NewSyscallError("close", d.sockets.Close(d.fd))
}

// closeAnywhere is Close for any goroutine; on others than the loop's it takes effect
// in the loop's next turn.
func (d *descriptor) closeAnywhere() error {
	if !d.loop.OnLoop() {
		// A closed loop has closed its descriptors.
		_ = d.loop.CallSoonThreadsafe(func() { _ = d.Close() })
		return nil
	}
	if err := d.Close(); err != nil {
		return d.fail("close", err)
	}
	return nil
}

func (d *descriptor) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: d.network, Source: d.local, Addr: d.peer, Err: err}
}

// read reads into b, and parks while there is nothing to read.
func (d *descriptor) read(b []byte) (int, error) {
	b = b[:min(len(b), maxIO)]
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if err := d.wait(&d.rd, "Conn.Read"); err != nil {
			return 0, err
		}
		n, err := d.sockets.Read(d.fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			d.rd.ready, d.hungUp = false, false
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		default:
			// A short read has emptied the buffer. Data that comes later is a
			// new event.
			if 0 < n && n < len(b) && !d.hungUp {
				d.rd.ready = false
			}
			return n, nil
		}
	}
}

// write writes all of b, and parks while the peer takes no more.
func (d *descriptor) write(b []byte) (n int, err error) {
	for n < len(b) {
		if err := d.wait(&d.wr, "Conn.Write"); err != nil {
			return n, err
		}
		part := b[n:min(len(b), n+maxIO)]
		m, err := d.sockets.Write(d.fd, part)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			d.wr.ready = false
		case err != nil:
			return n, os.NewSyscallError("write", err)
		default:
			n += m
			if m < len(part) {
				d.wr.ready = false
			}
		}
	}
	return n, nil
}
