package pool

import (
	"time"

	"coloop/loop"
)

// A Place is a place in the pool, with its connection or without one. It belongs to the task
// that has taken it. After [Place.Release] or [Place.Drop] that task must not touch it, because
// it may belong to another. To use a place that belongs to nobody panics.
type Place[C Conn, H any] struct {
	conn  C
	host  *Host[C, H]
	open  bool // there is a connection
	used  bool
	held  bool          // by a task
	since time.Duration // when it became idle

	older, newer *Place[C, H] // neighbours in the list of idle connections of all hosts
	prev, next   *Place[C, H] // neighbours in the list of all places
}

// Host returns the host of the place.
func (pl *Place[C, H]) Host() *Host[C, H] { return pl.host }

// Open reports whether there is a connection.
func (pl *Place[C, H]) Open() bool { return pl.open }

// Conn returns the connection; the zero value if there is none. It stays the same after
// [Pool.Close], which closes it.
func (pl *Place[C, H]) Conn() C { return pl.conn }

// Used reports whether the connection has been released before.
func (pl *Place[C, H]) Used() bool { return pl.used }

// Since returns the time on the loop's clock at which the connection was given back the last time,
// if it is [Place.Used].
func (pl *Place[C, H]) Since() time.Duration { return pl.since }

// Fill puts a new connection into an empty place. If the pool was closed meanwhile, the
// connection is closed, and the error is [ErrClosed].
func (pl *Place[C, H]) Fill(conn C) error {
	pl.mustBeEmpty("Fill")
	pl.conn, pl.open, pl.used = conn, true, false
	if pl.host.pool.closed {
		pl.shut()
		return ErrClosed
	}
	return nil
}

// Release gives the place back with a connection that is fit for another request: to the
// task that has waited longest, or else the connection is idle. An empty place is dropped,
// and so is one with a connection that is not Unused, of a pool that is closed or of a loop
// that is closed.
func (pl *Place[C, H]) Release() {
	pl.mustHold("Release")
	h := pl.host
	p := h.pool
	switch {
	case !pl.open || p.closed || p.loop.Closed() || !pl.conn.Unused():
		p.drop(pl)
	case p.waiters == 0 && p.starving == 0:
		pl.used = true
		p.keep(pl)
	default:
		pl.used, pl.since = true, p.loop.Time()
		p.handOn(pl)
	}
}

// Drop closes the connection, if there is one, and gives up the place; the task that has
// waited longest gets it.
func (pl *Place[C, H]) Drop() {
	pl.mustHold("Drop")
	pl.host.pool.drop(pl)
}

// Detach gives up the place, as Drop does, and returns the connection, which is no longer the
// pool's. It is closed only if the pool is.
func (pl *Place[C, H]) Detach() C {
	pl.mustHold("Detach")
	pl.open = false
	conn := pl.conn
	pl.host.pool.drop(pl)
	return conn
}

// Renew closes the connection, if there is one, and keeps the place, for another one.
func (pl *Place[C, H]) Renew() {
	pl.mustHold("Renew")
	pl.shut()
	var none C
	pl.conn, pl.used = none, false
}

// Starved is called if the system has no descriptor left (EMFILE, ENFILE) for the connection
// that was to be opened in an empty place. It closes the connection that has been idle
// longest or, if there is none, parks the task until another connection is given back or
// closed, at most until a time on the loop's clock. If it returns nil, the caller tries
// again, unless the place is [Place.Open] now: if that other connection leads to the same
// host, it is moved to the place instead of being closed.
//
// If the pool has no other place, or all others are starved too, the error is [ErrNoOther];
// for other errors see [Pool.Take]. The place is the caller's as before.
func (pl *Place[C, H]) Starved(y *loop.Yielder, by time.Duration) error {
	pl.mustBeEmpty("Starved")
	p := pl.host.pool
	switch idle := pl.host.idle; {
	case p.closed:
		return ErrClosed
	case len(idle) > 0: // it has been given back since pl was taken
		last := idle[len(idle)-1]
		p.unkeep(last)
		if last.conn.Unused() {
			pl.adopt(last)
		}
		p.drop(last)
		return nil
	case p.oldest != nil:
		p.discardOldest()
		return nil
	case p.conns-p.starving == 1:
		return ErrNoOther
	}
	p.starved.Kind = "Client pool (no descriptor left)"
	p.starving++
	woken, err := p.park(y, &p.starved, p.newWaiter(pl), by)
	if !woken {
		p.starving--
	}
	if err == nil && pl.open && !pl.conn.Unused() {
		pl.Renew()
	}
	return err
}

// adopt moves a used connection from another place to pl.
func (pl *Place[C, H]) adopt(from *Place[C, H]) {
	pl.conn, pl.open, pl.used = from.conn, true, true
	from.open = false
}

// feed ends the wait of the first starved task, and reports whether there was one.
func (p *Pool[C, H]) feed() bool {
	_, ok := p.starved.Unpark()
	if ok {
		p.starving--
	}
	return ok
}

// handOn gives a connection to the task that has waited longest: with its place, to one that
// waits for the same host; alone, to one of that host that is starved; or else it is closed,
// for the sake of its place or its descriptor. If there is no such task, it is idle.
func (p *Pool[C, H]) handOn(pl *Place[C, H]) {
	h := pl.host
	next, hungry := p.next(h), first[C, H](&p.starved)
	switch {
	case hungry != nil && (next == nil || hungry.ticket < next.first().ticket):
		if hungry.place.host == h {
			hungry.place.adopt(pl)
		}
		p.drop(pl)
	case next == nil:
		p.keep(pl)
	case next == h:
		p.grant(h, pl)
	default:
		p.drop(pl)
	}
}

// newPlace makes an empty place, which is held. If tasks wait for h, [Pool.grant] must follow.
func (p *Pool[C, H]) newPlace(h *Host[C, H]) *Place[C, H] {
	pl := &Place[C, H]{host: h, held: true, next: p.places}
	if pl.next != nil {
		pl.next.prev = pl
	}
	p.places = pl
	p.conns++
	h.conns++
	return pl
}

// drop gives up a place that is not idle, and closes its connection.
func (p *Pool[C, H]) drop(pl *Place[C, H]) {
	h := pl.host
	pl.held = false
	if pl.prev == nil {
		p.places = pl.next
	} else {
		pl.prev.next = pl.next
	}
	if pl.next != nil {
		pl.next.prev = pl.prev
	}
	p.conns--
	h.conns--
	p.rank(h, h.first())
	p.feed()
	if next := p.next(h); next != nil {
		p.grant(next, p.newPlace(next))
	}
	p.bury(h)
	pl.shut() // last, so that the place is not lost if it panics
}

// shut closes the connection. Its error is nobody's: the connection is lost anyway.
func (pl *Place[C, H]) shut() {
	if pl.open {
		pl.open = false
		_ = pl.conn.Close()
	}
}

func (pl *Place[C, H]) mustHold(what string) {
	if !pl.held {
		panic("pool: " + what + " of a place that was given back")
	}
}

func (pl *Place[C, H]) mustBeEmpty(what string) {
	pl.mustHold(what)
	if pl.open {
		panic("pool: " + what + " of a place with a connection")
	}
}
