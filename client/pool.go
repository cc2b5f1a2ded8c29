package client

import (
	"crypto/tls"
	"errors"
	"os"
	"time"

	"coloop/loop"
)

// A host is one scheme, host and port, and the connections to it. It is among
// the client's hosts for as long as there are any, or somebody waits for one.
//
// Two things always hold: no request waits for a host that has an idle connection, and
// no request waits if closing an idle connection to another host would make room for it.
type host struct {
	name    string // its key in hosts
	hosts   map[string]*host
	addr    string
	tls     *tls.Config     // nil for http
	conns   int             // open or being opened
	idle    []*conn         // longest first
	lot     loop.ParkingLot // of the requests that wait, each with a *waiter
	waiting int             // of those, the ones whose turn has not come
}

// String describes the host in the String of a task that waits for it.
func (h *host) String() string { return h.addr }

// A waiter is a request that waits for its turn. Then it gets a connection or, if cn is
// nil, the permission to open one.
type waiter struct {
	ticket uint64
	cn     *conn
	closed bool // by Close of the client
}

// idleConn takes the connection that was used last; nil if none is left.
func (c *Client) idleConn(h *host) *conn {
	for n := len(h.idle) - 1; n >= 0; n = len(h.idle) - 1 {
		cn := h.idle[n]
		c.take(cn)
		if !cn.raw.Buffered() {
			return cn
		}
		c.discard(cn)
	}
	return nil
}

// obtain returns a place for a request that found no connection idle: one that is
// still to be connected or, after waiting, maybe one with a used connection.
func (c *Client) obtain(y *loop.Yielder, h *host, by time.Duration) (*conn, error) {
	h.hosts[h.name] = h
	if !c.admit(h) {
		cn, err := c.wait(y, h, by)
		if err != nil {
			return nil, err
		}
		if cn != nil {
			if !cn.raw.Buffered() {
				return cn, nil
			}
			cn.close() // it is dead; its place is ours
		}
	}
	return &conn{host: h}, nil
}

// admit makes room for one more connection to h, if the limits allow.
func (c *Client) admit(h *host) bool {
	if !c.hasRoom(h) {
		return false
	}
	for c.MaxConns > 0 && c.conns >= c.MaxConns {
		cn := c.oldest
		if cn == nil {
			return false
		}
		c.take(cn)
		c.discard(cn) // not [Client.retire]: a polite end of TLS might park
	}
	h.conns++
	c.conns++
	return true
}

func (c *Client) hasRoom(h *host) bool {
	return c.MaxConnsPerHost <= 0 || h.conns < c.MaxConnsPerHost
}

// wait parks until it is the request's turn.
func (c *Client) wait(y *loop.Yielder, h *host, by time.Duration) (*conn, error) {
	c.ticket++
	w := &waiter{ticket: c.ticket}
	c.waiters++
	h.waiting++
	woken := false
	park := func() (err error) {
		woken, err = h.lot.Park(y, w)
		return err
	}
	var err error
	if by == never {
		err = park()
	} else if err = loop.NewTimeoutAt(c.loop, by).Run(y, park); errors.Is(err, loop.ErrTimeout) {
		err = os.ErrDeadlineExceeded
	}
	switch {
	case !woken:
		c.waiters--
		h.waiting--
		c.drop(h)
	case w.closed:
		c.drop(h)
		return nil, ErrClosed
	case err == nil:
		return w.cn, nil
	case w.cn != nil:
		// The request was cancelled after its turn had come, before it ran: the
		// next waiter gets the turn.
		c.release(w.cn)
	default:
		c.forget(h)
	}
	return nil, err
}

// first returns the request that waits longest for h, nil if there is none.
func (h *host) first() *waiter {
	w, _ := h.lot.Next()
	first, _ := w.(*waiter)
	return first
}

// next returns the host of the request that has waited longest, among the hosts to which
// a connection could be opened in the place of one to h; nil if there is none.
func (c *Client) next(h *host) *host {
	switch {
	case c.waiters == 0:
		return nil
	case c.MaxConns > 0 && c.waiters > h.waiting:
		return c.longest(func(o *host) bool { return o == h || c.hasRoom(o) })
	case h.first() != nil:
		return h
	}
	return nil
}

// longest returns the host of the request that has waited longest, among the hosts for
// which may is true; nil if there is none.
func (c *Client) longest(may func(*host) bool) *host {
	var longest *host
	var ticket uint64
	for _, hosts := range [2]map[string]*host{c.plain, c.secure} {
		for _, h := range hosts {
			if w := h.first(); w != nil && may(h) && (longest == nil || w.ticket < ticket) {
				longest, ticket = h, w.ticket
			}
		}
	}
	return longest
}

func anyHost(*host) bool { return true }

// grant ends the wait of the first waiter for h.
func (c *Client) grant(h *host, cn *conn) {
	w := h.first()
	w.cn = cn
	c.waiters--
	h.waiting--
	h.lot.Unpark()
}

// release takes back a connection that is fit for another request.
func (c *Client) release(cn *conn) {
	if c.closed || c.loop.Closed() {
		c.discard(cn)
		return
	}
	switch next := c.next(cn.host); next {
	case nil:
		cn.since = c.loop.Time()
		c.keep(cn)
		if c.expiry == nil {
			c.expiry = c.loop.CallAt(cn.since+c.idleTimeout(), c.expire)
		}
	case cn.host:
		c.grant(next, cn)
	default:
		c.discard(cn) // and so gives its place to next
	}
}

// discard closes a connection at once, and gives up its place.
func (c *Client) discard(cn *conn) {
	cn.close()
	c.forget(cn.host)
}

// forget gives up the place of a connection to h; the next waiter gets it.
func (c *Client) forget(h *host) {
	h.conns--
	c.conns--
	if next := c.next(h); next != nil {
		next.conns++
		c.conns++
		c.grant(next, nil)
	}
	c.drop(h)
}

// drop forgets a host that has neither connections nor waiters.
func (c *Client) drop(h *host) {
	if h.conns == 0 && h.lot.Len() == 0 {
		delete(h.hosts, h.name)
	}
}

// keep makes cn an idle connection.
func (c *Client) keep(cn *conn) {
	cn.host.idle = append(cn.host.idle, cn)
	cn.older, c.newest = c.newest, cn
	if cn.older == nil {
		c.oldest = cn
	} else {
		cn.older.newer = cn
	}
}

// take is the reverse of keep, for the first or the last idle connection of its host.
func (c *Client) take(cn *conn) {
	h := cn.host
	if last := len(h.idle) - 1; h.idle[last] == cn {
		h.idle[last] = nil
		h.idle = h.idle[:last]
	} else {
		h.idle[0] = nil
		h.idle = h.idle[1:]
	}
	if cn.older == nil {
		c.oldest = cn.newer
	} else {
		cn.older.newer = cn.newer
	}
	if cn.newer == nil {
		c.newest = cn.older
	} else {
		cn.newer.older = cn.older
	}
	cn.older, cn.newer = nil, nil
}

// expire closes connections whose time is up. One timer serves all. It is not
// moved when a connection is used; expire sets it again for the oldest.
func (c *Client) expire() {
	c.expiry = nil
	timeout, now := c.idleTimeout(), c.loop.Time()
	for c.oldest != nil && c.oldest.since+timeout <= now {
		_ = c.retire(c.oldest) // the connection is lost either way
	}
	if c.oldest != nil {
		c.expiry = c.loop.CallAt(c.oldest.since+timeout, c.expire)
	}
}

// retire closes an idle connection, the oldest, politely.
func (c *Client) retire(cn *conn) error {
	c.take(cn)
	err := cn.nc.Close()
	c.forget(cn.host)
	return err
}

func (c *Client) idleTimeout() time.Duration {
	if c.IdleTimeout > 0 {
		return c.IdleTimeout
	}
	return defaultIdleTimeout
}
