//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"fmt"
	"math"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// forever is a time that never comes.
const forever = time.Duration(math.MaxInt64)

// noCopy makes go vet report copies of a struct that contains it.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// A descriptor is a non-blocking socket that the loop watches, edge-triggered: a side
// that was reported ready stays so until a system call says otherwise. An event may
// belong to a closed socket whose number was reused, so it is no more than a hint
// that a system call is worth trying.
//
// It belongs to the goroutine of its loop, but for the fields that mu guards.
type descriptor struct {
	loop    *loop.Loop
	sockets Sockets
	fd      int
	rd, wr  side
	network string
	peer    net.Addr  // the other end, or the address listened at
	file    *unixFile // to be removed by Close; nil if there is none
	onClose func()    // called when it is closed, unless nil

	phase    uint32 // even between requests, odd within one; see idle.go
	told     bool   // SetIdle says which
	draining bool   // no further request is waited for
	detached bool   // it is no longer its server's
	hungUp   bool   // the peer has hung up: after a short read there may be more
	pieces   bool   // after a short read there may always be more, as of a terminal
	closed   bool   // only the loop sets it, with mu held

	posted atomic.Bool // another goroutine has set a deadline or closed the descriptor
	mu     sync.Mutex
	rare   *rare // nil until it is needed
}

// rare is what few descriptors have. It is guarded by mu.
type rare struct {
	mail  mail     // what another goroutine has set
	local net.Addr // this end, if it was asked for
}

// side is one direction of a descriptor. Many connections wait in one direction only, or in none.
type side struct {
	lot      *loop.ParkingLot  // of at most one task, which waits for the socket; nil until there is one
	line     *loop.ParkingLot  // of the tasks that wait for that one; nil until there is one
	parked   *loop.Parked      // the stay of a step in lot; see BlockRead
	out      *outgoing         // the output of writes that never park; nil if there were none
	timer    *loop.TimerHandle // goes off at the deadline, or before
	deadline time.Duration
	since    time.Duration // when the clock was first read in ...
	turn     uint32        // ... the turn of the loop in which ...
	used     int32         // ... it has been used so often
	timed    int32         // how often it must have been used there for late to be asked
	ready    bool
	busy     bool // an operation that has had to wait is under way
}

// place returns the lot, for a task that does what kind says.
func (s *side) place(d *descriptor, kind string) *loop.ParkingLot {
	if s.lot == nil {
		s.lot = &loop.ParkingLot{}
	}
	s.lot.Kind, s.lot.Owner = kind, d
	return s.lot
}

// unpark wakes the task that waits for the socket.
func (s *side) unpark() {
	if s.lot != nil {
		s.lot.Unpark()
	}
}

// perTurn is how often a side can be used in one turn of the loop. A peer that is
// faster than this end must not keep the other tasks waiting. Each 4 KB count as one use
// more.
const perTurn = 64

// A side gives way after maxStep in a turn, too. What is read costs time of its own: a
// library that copies all it has at each read can take 100 ms. To read the clock takes time as
// well, so it is done after each use of 4 KB or more, and after every untimed smaller ones.
const (
	untimed = 20
	maxStep = 2 * time.Millisecond
)

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
	if s.out != nil && s.out.active {
		s.out.writable()
		return
	}
	if s.busy {
		s.unpark()
	}
}

// begin begins an operation on a side, which end ends. If another one has had to wait and is
// still under way, the task waits in line until that has ended, as with package net.
func (d *descriptor) begin(s *side, kind string) error {
	if d.posted.Load() || s.busy {
		return d.queue(s, kind)
	}
	return nil
}

func (d *descriptor) queue(s *side, kind string) error {
	if d.posted.Load() {
		d.takeMail()
	}
	switch {
	case d.closed:
		return net.ErrClosed
	case !s.busy:
		return nil
	}
	if s.line == nil {
		s.line = &loop.ParkingLot{Kind: kind, Owner: d}
	}
	woken, err := s.line.ParkCurrent(d.loop, nil)
	if err != nil && woken {
		s.end()
	}
	return err
}

// end ends an operation.
func (s *side) end() {
	if s.busy {
		s.next()
	}
}

// next lets the next operation in line begin.
func (s *side) next() {
	s.busy = false
	if s.out != nil {
		s.out.activate()
	}
	if s.line != nil {
		_, s.busy = s.line.Unpark()
	}
}

// wait returns when the side is ready, its deadline has passed or the descriptor
// is closed, and parks the running task until then. kind names the operation.
func (d *descriptor) wait(s *side, kind string) error {
	for waited := false; ; waited = true {
		if d.closed {
			return net.ErrClosed
		}
		// Reading the clock is slow. A side that a wait has found ready was so in time.
		if !(waited && s.ready) && s.passed(d.loop) {
			return os.ErrDeadlineExceeded
		}
		s.at(d.loop.Turn())
		if s.used++; s.ready && s.used <= perTurn && (s.used < s.timed || !d.late(s)) {
			return nil
		}
		if err := d.suspend(s, kind); err != nil {
			return err
		}
	}
}

// at begins to count anew in a new turn.
func (s *side) at(turn uint32) {
	if s.turn != turn {
		s.turn, s.used, s.timed, s.since = turn, 0, untimed, 0
	}
}

// moved counts the bytes of a use.
func (d *descriptor) moved(s *side, n int) {
	if n >= 1<<12 {
		d.movedMuch(s, n)
	}
}

func (d *descriptor) movedMuch(s *side, n int) {
	s.used += int32(n >> 12)
	s.timed = 0
	if s.since == 0 {
		s.since = d.loop.Time()
	}
}

// late reports whether a side that is used often has been used for long in this turn.
func (d *descriptor) late(s *side) bool {
	now := d.loop.Time()
	if s.since == 0 {
		s.since = now
	}
	s.timed = s.used + untimed
	return now-s.since > maxStep
}

func (d *descriptor) suspend(s *side, kind string) error {
	if err := d.drained(s); err != nil {
		return err
	}
	s.busy = true
	if !s.ready {
		_, err := s.place(d, kind).ParkCurrent(d.loop, nil)
		return err
	}
	y, err := d.loop.Current()
	if err != nil {
		return nil // a callback, which cannot give way, has the loop to itself
	}
	return d.loop.NoteCancelled(loop.Sleep(y, 0))
}

// Close closes the descriptor at once and wakes the tasks that are parked on it.
func (d *descriptor) Close() error {
	if d.closed && !d.lingers() {
		return net.ErrClosed
	}
	if o := d.wr.out; o != nil {
		defer o.released()
	}
	d.forsake()
	d.file.remove()
	return os.NewSyscallError("close", d.sockets.Close(d.fd))
}

// forsake is Close without closing the socket.
func (d *descriptor) forsake() {
	d.shut()
	d.loop.Unwatch(d.fd)
	if d.onClose != nil {
		d.onClose()
	}
}

// shut makes the operations under way and to come fail.
func (d *descriptor) shut() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	for _, s := range []*side{&d.rd, &d.wr} {
		if s.timer != nil {
			s.timer.Cancel()
			s.timer = nil
		}
		s.unpark()
	}
}

func (d *descriptor) fail(op string, err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &net.OpError{Op: op, Net: d.network, Source: d.source(), Addr: d.peer, Err: err}
}

// localAddr returns the address of this end. It may be called on any goroutine.
func (d *descriptor) localAddr() net.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.source() == nil && !d.closed {
		if sa, err := d.sockets.Getsockname(d.fd); err == nil {
			d.setSource(address(d.network, sa))
		}
	}
	return d.source()
}

// source returns the address of this end, if it was asked for. mu must be held.
func (d *descriptor) source() net.Addr {
	if d.rare == nil {
		return nil
	}
	return d.rare.local
}

func (d *descriptor) setSource(a net.Addr) {
	d.needRare()
	d.rare.local = a
}

func (d *descriptor) needRare() {
	if d.rare == nil {
		d.rare = &rare{}
	}
}

// gone reports whether the descriptor is closed, or another goroutine has closed it. mu must be held.
func (d *descriptor) gone() bool { return d.closed || d.rare != nil && d.rare.mail.close != nil }

// read reads into b, and parks while there is nothing to read.
func (d *descriptor) read(b []byte) (n int, err error) {
	b = b[:min(len(b), maxIO)]
	if err := d.begin(&d.rd, "Conn.Read"); err != nil || len(b) == 0 {
		return 0, err
	}
	for {
		if err = d.wait(&d.rd, "Conn.Read"); err != nil {
			break
		}
		n, err = d.sockets.Read(d.fd, b)
		if err == nil {
			d.moved(&d.rd, n)
			if n > 0 {
				d.heard()
			}
			// A short read has emptied the buffer. Data that comes later is a
			// new event.
			if 0 < n && n < len(b) && !d.hungUp && !d.pieces {
				d.rd.ready = false
			}
			break
		}
		switch n = 0; err {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			d.rd.ready, d.hungUp = false, false
			continue
		}
		err = os.NewSyscallError("read", err)
		break
	}
	d.rd.end()
	return n, err
}

// write writes all of b, and parks while the peer takes no more.
func (d *descriptor) write(b []byte) (n int, err error) {
	if err := d.begin(&d.wr, "Conn.Write"); err != nil {
		return 0, err
	}
	for n < len(b) {
		if err = d.wait(&d.wr, "Conn.Write"); err != nil {
			break
		}
		part := b[n:min(len(b), n+maxIO)]
		m, e := d.sockets.Write(d.fd, part)
		switch e {
		case nil:
			n += m
			d.moved(&d.wr, m)
			d.said()
			d.wr.ready = m == len(part)
			continue
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			d.wr.ready = false
			continue
		}
		err = os.NewSyscallError("write", e)
		break
	}
	d.wr.end()
	return n, err
}
