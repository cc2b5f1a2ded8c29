// Package pool keeps connections for tasks that need one at a time, within limits, and has
// the tasks wait in line. It knows nothing of what is said on a connection.
//
//	h := p.Host(l, key)         where to: found, or made; h.Value is the caller's
//	place, err := p.Take(y, h, by)
//	place.Open()                there is a connection: place.Conn()
//	place.Fill(conn)            there is none: the caller opens one
//	place.Starved(y, by)        … and the system has no descriptor left for it
//	place.Release()             the connection is fit for another request
//	place.Drop()                it is not
//	place.Renew()               it is not, and the caller opens another one
//	p.CloseIdle()               connections that nobody uses
//	p.Close()                   ends everything
//
// A place is what the limits count: a connection, or the right to open one. Two things
// always hold: no task waits for a host that has an idle connection, and no task waits if
// closing an idle connection to another host would make room for it.
package pool

import (
	"errors"
	"math"
	"os"
	"strings"
	"time"

	"coloop/loop"
)

var (
	// ErrClosed is the error of operations on a closed pool.
	ErrClosed = errors.New("pool is closed")

	// ErrNoOther is the error of [Place.Starved] if the pool has no other connection that
	// could give its descriptor back.
	ErrNoOther = errors.New("no other connection is open")
)

// A Conn is a connection in a pool. None of its methods may park, or call the pool.
type Conn interface {
	// Unused reports whether the connection is fit for another request: nothing has
	// arrived, neither data nor the end. It is called when the connection is released,
	// and again before it is given to a task.
	Unused() bool

	// Close closes the connection at once. It may be called while the connection is
	// in use, and after its user has closed it.
	Close() error

	// Retire closes an idle connection politely: its time is up, or the pool is closed.
	Retire() error
}

const defaultIdleTimeout = 15 * time.Second

// A Pool has connections of type C to hosts, with an H of the caller's for each host.
// The zero value is ready for use. A Pool belongs to one loop and its goroutine. Its
// fields must not be changed after the first use, and it must not be copied.
type Pool[C Conn, H any] struct {
	// MaxConns and MaxConnsPerHost limit the connections in all, and those to one
	// host, those being opened included. A task that would exceed a limit waits, first
	// come, first served. <= 0 means no limit.
	MaxConns        int
	MaxConnsPerHost int

	// IdleTimeout is how long an unused connection is kept; <= 0 means 15 s.
	IdleTimeout time.Duration

	loop           *loop.Loop
	hosts          map[string]*Host[C, H]
	conns, idle    int
	places         *Place[C, H] // all of them, the newest first
	oldest, newest *Place[C, H] // of the idle ones
	expiry         *loop.TimerHandle
	waiters        int    // in the lots of the hosts: those whose turn has not come
	ticket         uint64 // of the last waiter
	line           line[C, H]
	starved        loop.ParkingLot // of the tasks in Starved, each with a *waiter
	starving       int             // of those, the ones whose turn has not come
	closed         bool
}

// A Host is a destination of connections. The pool knows it for as long as it has places or
// somebody waits for one.
type Host[C Conn, H any] struct {
	Value H // the caller's

	pool   *Pool[C, H]
	key    string
	known  bool           // to the pool
	conns  int            // places of the host
	idle   []*Place[C, H] // longest first
	lot    loop.ParkingLot
	ticket uint64 // by which the host stands in the line
	index  int    // in the line, from 1; 0 if it is not there
}

// Key returns the key that the host has in the pool.
func (h *Host[C, H]) Key() string { return h.key }

// String returns the key. It describes the host in the String of a task that waits for it.
func (h *Host[C, H]) String() string { return h.key }

// Stats are numbers of a pool.
type Stats struct {
	Open    int // places: connections, and those being opened
	Idle    int // of these
	Waiting int // tasks that wait, in [Pool.Take] or [Place.Starved]
}

// Stats returns the numbers of the pool as they are now.
func (p *Pool[C, H]) Stats() Stats { return Stats{p.conns, p.idle, p.waiters + p.starving} }

// Host returns the host of that key. If the pool does not know one, it makes one with a zero
// Value, which the pool keeps from the first [Pool.Take] on. The key is printed in
// descriptions of tasks. l is the loop of the pool: to use the pool on two loops panics.
func (p *Pool[C, H]) Host(l *loop.Loop, key string) *Host[C, H] {
	if p.loop != l {
		if p.loop != nil {
			panic("pool: used on two loops")
		}
		p.loop = l
	}
	if h := p.hosts[key]; h != nil {
		return h
	}
	h := &Host[C, H]{pool: p, key: strings.Clone(key)} // key may be a part of a long URL
	h.lot.Kind, h.lot.Owner = "Client pool", h
	return h
}

// Take returns a place for a connection to h: the one with the idle connection that was used
// last, or an empty one. If a limit is reached, it parks the task, until a time on the
// loop's clock ([loop.NoTimeout]: for ever). The place is the caller's until
// [Place.Release] or [Place.Drop].
//
// The error is os.ErrDeadlineExceeded when the time is up, [ErrClosed], or the cancellation
// of the task. A task that gets it has no place.
func (p *Pool[C, H]) Take(y *loop.Yielder, h *Host[C, H], by time.Duration) (*Place[C, H], error) {
	if p.closed {
		return nil, ErrClosed
	}
	if pl := p.Try(h); pl != nil {
		return pl, nil
	}
	return p.wait(y, p.enter(h), by)
}

// Try is the part of [Pool.Take] that never parks. It returns nil if the task would have to wait, or
// the pool is closed.
func (p *Pool[C, H]) Try(h *Host[C, H]) *Place[C, H] {
	if p.closed {
		return nil
	}
	h = p.current(h)
	for n := len(h.idle) - 1; n >= 0; n = len(h.idle) - 1 {
		pl := h.idle[n]
		p.unkeep(pl)
		if pl.conn.Unused() {
			pl.held = true
			return pl
		}
		p.drop(pl)
	}
	if !p.admit(h) {
		return nil
	}
	return p.newPlace(p.enter(h))
}

// current returns the host that the pool knows by the key of h, h if it knows none. Another task may
// have made one known since h was made.
func (p *Pool[C, H]) current(h *Host[C, H]) *Host[C, H] {
	if h.known {
		return h
	}
	if live := p.hosts[h.key]; live != nil {
		return live
	}
	return h
}

// enter makes h known to the pool, unless it knows another of that key, and returns the one that
// it knows.
func (p *Pool[C, H]) enter(h *Host[C, H]) *Host[C, H] {
	if h = p.current(h); !h.known {
		if p.hosts == nil {
			p.hosts = make(map[string]*Host[C, H])
		}
		p.hosts[h.key], h.known = h, true
	}
	return h
}

// admit makes room for one more connection to h, if the limits allow.
func (p *Pool[C, H]) admit(h *Host[C, H]) bool {
	if !p.hasRoom(h) {
		return false
	}
	for p.MaxConns > 0 && p.conns >= p.MaxConns {
		if p.oldest == nil {
			return false
		}
		p.discardOldest()
	}
	return true
}

// hasRoom reports whether h is below its own limit. A closed pool has room for all who wait.
func (p *Pool[C, H]) hasRoom(h *Host[C, H]) bool {
	return p.MaxConnsPerHost <= 0 || h.conns < p.MaxConnsPerHost || p.closed
}

// bury forgets a host that has neither places nor waiters.
func (p *Pool[C, H]) bury(h *Host[C, H]) {
	if h.conns == 0 && h.lot.Len() == 0 {
		delete(p.hosts, h.key)
		h.known = false
	}
}

// Close closes the pool. Tasks that wait, and all that come later, get [ErrClosed]; idle
// connections are retired; connections in use are closed at once, which their users find
// out, and drop the places. Close returns the errors of retiring. A second Close does
// nothing. It must be called on the loop, or when that is not running.
func (p *Pool[C, H]) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	if p.expiry != nil {
		p.expiry.Cancel()
	}
	for _, h := range p.hosts {
		p.rank(h, h.first())
	}
	for h := p.longest(); h != nil; h = p.longest() {
		p.grant(h, nil)
	}
	for p.feed() {
	}
	failure := p.CloseIdle()
	for pl := p.places; pl != nil; pl = pl.next {
		pl.shut()
	}
	return failure
}

// CloseIdle retires the idle connections, and returns the errors of that.
func (p *Pool[C, H]) CloseIdle() error {
	var failures []error
	for p.oldest != nil {
		failures = append(failures, p.retireOldest())
	}
	return errors.Join(failures...)
}

// park parks the task of y in lot, at most until by.
func (p *Pool[C, H]) park(y *loop.Yielder, lot *loop.ParkingLot, w *waiter[C, H], by time.Duration) (woken bool, err error) {
	if by == loop.NoTimeout {
		woken, err = lot.Park(y, w)
	} else {
		err = loop.NewTimeoutAt(p.loop, by).Run(y, func() (err error) {
			woken, err = lot.Park(y, w)
			return err
		})
	}
	switch {
	case errors.Is(err, loop.ErrTimeout):
		err = os.ErrDeadlineExceeded
	case err == nil && p.closed:
		err = ErrClosed
	}
	return woken, err
}

// later returns the time d after t, at most the end of time.
func later(t, d time.Duration) time.Duration { return t + min(d, math.MaxInt64-t) }
