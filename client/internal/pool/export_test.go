package pool

import (
	"errors"
	"fmt"
	"slices"

	"coloop/loop"
)

// Hosts returns how many hosts the pool knows.
func (p *Pool[C, H]) Hosts() int { return len(p.hosts) }

// Held reports whether somebody has the place.
func (pl *Place[C, H]) Held() bool { return pl.held }

// Ticket returns the ticket of the last waiter.
func (p *Pool[C, H]) Ticket() uint64 { return p.ticket }

// First returns the ticket of the task that waits longest for h; 0 if there is none.
func (h *Host[C, H]) First() uint64 {
	if w := h.first(); w != nil {
		return w.ticket
	}
	return 0
}

// HasRoom reports whether h is below its own limit.
func (h *Host[C, H]) HasRoom() bool { return h.pool.hasRoom(h) }

// Check checks the books of the pool, and what always holds.
func (p *Pool[C, H]) Check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	held, idle := map[*Host[C, H]]int{}, map[*Host[C, H]][]*Place[C, H]{}
	n := 0
	for prev, pl := (*Place[C, H])(nil), p.places; pl != nil; prev, pl = pl, pl.next {
		n++
		if pl.prev != prev {
			wrong("a place of %v has the wrong neighbour", pl.host)
		}
		if p.hosts[pl.host.key] != pl.host {
			wrong("%v has a place, and is not known", pl.host)
		}
		if pl.held {
			held[pl.host]++
		}
		if pl.open && p.closed {
			wrong("a connection to %v is open", pl.host)
		}
	}
	if n != p.conns || p.MaxConns > 0 && n > p.MaxConns {
		wrong("%d places, counted as %d, limit %d", n, p.conns, p.MaxConns)
	}
	n = 0
	for older, pl := (*Place[C, H])(nil), p.oldest; pl != nil; older, pl = pl, pl.newer {
		n++
		if pl.older != older || pl.newer == nil && p.newest != pl || older != nil && older.since > pl.since {
			wrong("an idle connection to %v is in the wrong place", pl.host)
		}
		if pl.held || !pl.open || !pl.used {
			wrong("idle, to %v: held %t, open %t, used %t", pl.host, pl.held, pl.open, pl.used)
		}
		idle[pl.host] = append(idle[pl.host], pl)
	}
	if n != p.idle || n > 0 && p.expiry == nil && p.expires(p.oldest) < loop.NoTimeout {
		wrong("%d are idle, counted as %d, with the timer %v", n, p.idle, p.expiry)
	}

	lined := 0
	for _, h := range p.hosts {
		if n := held[h] + len(idle[h]); n != h.conns || p.MaxConnsPerHost > 0 && n > p.MaxConnsPerHost {
			wrong("%v has %d places, counted as %d", h, n, h.conns)
		}
		if !slices.Equal(h.idle, idle[h]) {
			wrong("%v lists its idle connections in another order", h)
		}
		if h.conns == 0 && h.lot.Len() == 0 {
			wrong("%v has neither places nor waiters", h)
		}
		if h.index > 0 {
			lined++
		}
		switch w := h.first(); {
		case w == nil:
		case p.closed:
			wrong("a task waits for %v, and the pool is closed", h)
		case len(h.idle) > 0:
			wrong("a task waits for %v, which has an idle connection", h)
		case !p.hasRoom(h):
		case p.conns < p.MaxConns || p.MaxConns <= 0 || p.oldest != nil:
			wrong("a task waits for %v, and there is room, or could be", h)
		case h.index == 0 || h.ticket > w.ticket:
			wrong("%v is not in the line, or behind its place", h)
		}
	}
	if lined != len(p.line) {
		wrong("%d hosts in the line, which has %d", lined, len(p.line))
	}
	for i, h := range p.line {
		if h.index != i+1 || i > 0 && p.line.Less(i, (i-1)/2) || !p.hasRoom(h) || h.lot.Len() == 0 {
			wrong("%v does not belong into the line at %d", h, i)
		}
	}
	if first[C, H](&p.starved) != nil && (p.oldest != nil || p.conns <= p.starving) {
		wrong("a task is starved among %d places, of which %d are starved, %d idle", p.conns, p.starving, p.idle)
	}
	return errors.Join(errs...)
}
