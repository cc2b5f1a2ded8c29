package pool

import (
	"time"

	"coloop/loop"
)

// keep makes the connection of pl idle.
func (p *Pool[C, H]) keep(pl *Place[C, H]) {
	pl.held = false
	pl.since = p.loop.Time()
	pl.host.idle = append(pl.host.idle, pl)
	p.idle++
	pl.older, p.newest = p.newest, pl
	if pl.older == nil {
		p.oldest = pl
	} else {
		pl.older.newer = pl
	}
	if p.expiry == nil {
		p.awaitExpiry()
	}
}

// unkeep is the reverse of keep, for the first or the last idle connection of its host.
func (p *Pool[C, H]) unkeep(pl *Place[C, H]) {
	h := pl.host
	if last := len(h.idle) - 1; h.idle[last] == pl {
		h.idle[last] = nil
		h.idle = h.idle[:last]
	} else {
		h.idle[0] = nil
		h.idle = h.idle[1:]
	}
	p.idle--
	if pl.older == nil {
		p.oldest = pl.newer
	} else {
		pl.older.newer = pl.newer
	}
	if pl.newer == nil {
		p.newest = pl.older
	} else {
		pl.newer.older = pl.older
	}
	pl.older, pl.newer = nil, nil
}

// discardOldest closes the connection that has been idle longest, at once.
func (p *Pool[C, H]) discardOldest() {
	pl := p.oldest
	p.unkeep(pl)
	p.drop(pl)
}

// retireOldest is discardOldest, politely.
func (p *Pool[C, H]) retireOldest() error {
	pl := p.oldest
	p.unkeep(pl)
	pl.open = false // it is not to be closed as well
	p.drop(pl)
	return pl.conn.Retire()
}

// expire retires connections whose time is up. One timer serves all. It is not
// moved when a connection is used; expire sets it again for the oldest.
func (p *Pool[C, H]) expire() {
	p.expiry = nil
	for now := p.loop.Time(); p.oldest != nil && p.expires(p.oldest) <= now; {
		_ = p.retireOldest() // the connection is lost either way
	}
	if p.oldest != nil {
		p.awaitExpiry()
	}
}

// awaitExpiry sets the timer, for the oldest.
func (p *Pool[C, H]) awaitExpiry() {
	if when := p.expires(p.oldest); when < loop.NoTimeout {
		p.expiry = p.loop.CallAt(when, p.expire)
	}
}

// expires returns when the time of an idle connection is up.
func (p *Pool[C, H]) expires(pl *Place[C, H]) time.Duration {
	timeout := p.IdleTimeout
	if timeout <= 0 {
		timeout = defaultIdleTimeout
	}
	return later(pl.since, timeout)
}
