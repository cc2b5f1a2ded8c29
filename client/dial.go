package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"coloop/client/internal/pool"
	"coloop/loop"
	"coloop/loop/netio"
)

// A server is where connections of one host of the pool lead to.
type server struct {
	addr   string
	direct netip.AddrPort // the same, if no name is to be resolved and no hands are to be shaken
	tls    *tls.Config    // nil for http
}

// noKeepAlive makes connections that are not kept alive by the system: the pool keeps an idle one
// for seconds only.
var noKeepAlive = netio.Dialer{KeepAlive: -1}

// host returns the host of the pool for t. Its connections lead to addr, unless that is "".
func (c *Client) host(t *target, addr string) *pool.Host[*conn, *server] {
	key := t.origin
	if addr == "" {
		addr = t.addr()
	} else if addr != t.addr() {
		key += " at " + addr
	}
	h := c.pool.Host(c.loop, key)
	if h.Value == nil {
		h.Value = &server{addr: addr}
		if t.secure {
			h.Value.tls = c.tlsConfig(t.addr())
		} else if a, err := netip.ParseAddrPort(h.Value.addr); err == nil && a.Addr().Zone() == "" {
			h.Value.direct = a
		}
	}
	return h
}

func (c *Client) tlsConfig(addr string) *tls.Config {
	cfg := &tls.Config{}
	if c.TLSConfig != nil {
		cfg = c.TLSConfig.Clone()
	}
	if cfg.ServerName == "" {
		name, _, err := net.SplitHostPort(addr)
		if err != nil {
			name = addr // the handshake will report the error
		}
		cfg.ServerName = name
	}
	if cfg.ClientSessionCache == nil {
		if c.sessions == nil {
			c.sessions = tls.NewLRUClientSessionCache(0)
		}
		cfg.ClientSessionCache = c.sessions
	}
	return cfg
}

// connect gets x a connection: an idle one after waiting for it, or a new one.
//
//go:noinline
func (x *exchange) connect(y *loop.Yielder) (Phase, error) {
	c := x.client
	if x.place == nil {
		if x.trace != nil {
			x.trace.note(EventWait)
			x.trace.tell(y)
		}
		var err error
		if x.place, err = c.pool.Take(y, x.host, min(x.by, after(c.loop, x.limits.Pool))); err != nil {
			if err == pool.ErrClosed {
				err = ErrClosed
			}
			return PhasePool, err
		}
	}
	for !x.place.Open() {
		cn, phase, err := c.connect(y, x.place.Host().Value, x.by, x.limits, x.trace)
		if x.trace != nil {
			x.trace.tell(y)
		}
		switch {
		case err == nil:
			if x.place.Fill(cn) != nil {
				return phase, ErrClosed
			}
		case starved(err):
			if full := x.place.Starved(y, x.by); full == pool.ErrNoOther {
				return phase, err
			} else if full != nil {
				return PhasePool, full
			}
		default:
			return phase, err
		}
	}
	x.cn, x.state = x.place.Conn(), connected
	return "", nil
}

// starved reports whether err says that the system has no descriptors left.
func starved(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// connect opens a connection.
func (c *Client) connect(y *loop.Yielder, s *server, by time.Duration, limits *Timeouts, t *trace) (*conn, Phase, error) {
	raw, err := dial(y, s, min(by, after(c.loop, limits.Connect)), t)
	if err != nil {
		if _, ok := errors.AsType[*net.DNSError](err); ok {
			return nil, PhaseResolve, err
		}
		return nil, PhaseConnect, err
	}
	cn := &conn{raw: raw}
	if s.tls != nil {
		if err := cn.secure(y, s, min(by, after(c.loop, limits.TLS))); err != nil {
			return nil, PhaseTLS, err
		}
		if t != nil {
			t.note(EventTLS)
		}
	}
	return cn, PhaseConnect, nil
}

// secure shakes hands. Functions of the user's tls.Config may panic, or end the task.
func (cn *conn) secure(y *loop.Yielder, s *server, by time.Duration) error {
	defer func() {
		if cn.tls == nil {
			_ = cn.raw.Close() // may be closed already
		}
	}()
	err := loop.NewTimeoutAt(y, by).Run(y, func() (err error) {
		cn.tls, err = netio.StartTLS(y, cn.raw, s.tls, false)
		return err
	})
	switch {
	case errors.Is(err, loop.ErrTimeout):
		err = fmt.Errorf("%s: %w", s.addr, loop.ErrTimeout)
	case errors.Is(err, io.EOF):
		err = errHungUp
	}
	return err
}

func dial(y *loop.Yielder, s *server, by time.Duration, t *trace) (*netio.Conn, error) {
	var d netio.Dialer
	if t != nil {
		t.watch(y, &d, s.addr)
	}
	var raw *netio.Conn
	err := loop.NewTimeoutAt(y, by).Run(y, func() (err error) {
		raw, err = d.Connect(y, "tcp", s.addr)
		return err
	})
	if err == nil && t != nil {
		t.reached(EventConnected, raw.RemoteAddr().String())
	}
	if err != nil && raw != nil {
		_ = raw.Close() // the time was up in the moment it was there
	}
	if errors.Is(err, loop.ErrTimeout) {
		// The error of the dial says no more than that it was cancelled.
		err = fmt.Errorf("dial tcp %s: %w", s.addr, loop.ErrTimeout)
	}
	return raw, err
}
