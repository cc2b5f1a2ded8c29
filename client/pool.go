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
// Two things always hold: nobody waits for a host that has an idle connection,
// and nobody waits who could get one if an idle connection to another host were
// closed.
type host struct {
	name    string // its key in hosts
	hosts   map[string]*host
	addr    string
	tls     *tls.Config     // nil for http
	conns   int             // open or being opened
	idle    []*conn         // longest first
	lot     loop.ParkingLot // of requests that wait, each with a *waiter
	waiting int             // of those, the ones whose turn has not come
}

// String is what a request that waits says it waits for.
func (h *host) String() string { return h.addr }

// A waiter is a request that waits for its turn, which is to be given a
// connection, or none but the permission to open one.
type waiter struct {
	ticket uint64
	cn     *conn
	closed bool // by Close of the client
}

// idleConn takes the connection that was used last; nil if none is left.
func (c *Client) idleConn(h *host) *conn {
	for n := len(h.idle) - 1; n >= 0; n = len(h.idle) - 1 {
		cn := h.idle[n]
		h.idle[n] = nil
		h.idle = h.idle[:n]
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
		cn := c.oldest()
		if cn == nil {
			return false
		}
		cn.host.idle = cn.host.idle[1:]
		c.discard(cn)
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
		// Cancelled between its turn and its step: the turn is the next one's.
		c.release(w.cn)
	default:
		c.forget(h)
	}
	return nil, err
}

// first returns the request that waits longest for h.
func (h *host) first() *waiter {
	w, _ := h.lot.Next()
	first, _ := w.(*waiter)
	return first
}

// next returns the host for which somebody waits longest, among those to which
// a connection could be opened in the place of one to h; nil if there is none.
func (c *Client) next(h *host) *host {
	var best *host
	var ticket uint64
	try := func(o *host) {
		if w := o.first(); w != nil && (best == nil || w.ticket < ticket) {
			best, ticket = o, w.ticket
		}
	}
	if c.waiters == 0 {
		return nil
	}
	try(h)
	if c.MaxConns > 0 && c.waiters > h.waiting {
		for _, hosts := range c.hosts() {
			for _, o := range hosts {
				if o != h && o.waiting > 0 && c.hasRoom(o) {
					try(o)
				}
			}
		}
	}
	return best
}

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
		cn.host.idle = append(cn.host.idle, cn)
		if c.expiry == nil {
			c.expiry = c.loop.CallAt(cn.since+c.idleTimeout(), c.expire)
		}
	case cn.host:
		c.grant(next, cn)
	default:
		c.discard(cn) // which leaves its place to next
	}
}

// discard closes a connection at once, and gives up its place.
func (c *Client) discard(cn *conn) {
	cn.close()
	c.forget(cn.host)
}

// forget gives the place of a connection to h to who is next.
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

// drop forgets a host that nobody needs.
func (c *Client) drop(h *host) {
	if h.conns == 0 && h.lot.Len() == 0 {
		delete(h.hosts, h.name)
	}
}

// oldest returns the connection that is idle for longest.
func (c *Client) oldest() *conn {
	var oldest *conn
	for _, hosts := range c.hosts() {
		for _, h := range hosts {
			if len(h.idle) > 0 && (oldest == nil || h.idle[0].since < oldest.since) {
				oldest = h.idle[0]
			}
		}
	}
	return oldest
}

// expire closes connections whose time is up. One timer serves all, and finds
// out only when it goes off which of them have been used since.
func (c *Client) expire() {
	c.expiry = nil
	timeout, now := c.idleTimeout(), c.loop.Time()
	for _, hosts := range c.hosts() {
		for _, h := range hosts {
			for len(h.idle) > 0 && h.idle[0].since+timeout <= now {
				_ = c.retire(h) // the connection is lost either way
			}
		}
	}
	if cn := c.oldest(); cn != nil {
		c.expiry = c.loop.CallAt(cn.since+timeout, c.expire)
	}
}

// retire closes the longest idle connection of h, politely.
func (c *Client) retire(h *host) error {
	cn := h.idle[0]
	h.idle[0] = nil
	h.idle = h.idle[1:]
	err := cn.nc.Close()
	c.forget(h)
	return err
}

func (c *Client) idleTimeout() time.Duration {
	if c.IdleTimeout > 0 {
		return c.IdleTimeout
	}
	return defaultIdleTimeout
}

func (c *Client) hosts() [2]map[string]*host { return [2]map[string]*host{c.plain, c.secure} }
