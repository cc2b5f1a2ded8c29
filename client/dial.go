package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"coloop/client/internal/pool"
	"coloop/loop"
	"coloop/loop/netio"
)

// A server is where connections of one host of the pool lead to, and how.
type server struct {
	addr   string       // host and port
	direct *net.TCPAddr // the same, if to connect to it is all that there is to do
	tls    *tls.Config  // nil for http
	via    *proxy       // or nil
	tunnel bool         // the proxy connects to the server; otherwise it gets the request
}

// noKeepAlive makes connections that are not kept alive by the system: the pool keeps an idle one
// for seconds only.
var noKeepAlive = netio.Dialer{KeepAlive: -1}

// server returns the server for t, which is at addr. A proxy that can pass on requests is asked
// to connect only if the request must be hidden from it.
func (c *Client) server(t *target, addr string, via *proxy, tunnel bool) *server {
	s := &server{addr: addr, via: via, tunnel: tunnel}
	if t.secure {
		name := ""
		if c.TLSConfig != nil {
			name = c.TLSConfig.ServerName
		}
		s.tls = c.tlsConfig(t.addr(), name)
	} else if via == nil && c.UnixSocket == "" && c.Dialer == nil && c.Dial == nil {
		if a, err := netip.ParseAddrPort(s.addr); err == nil && a.Addr().Zone() == "" {
			s.direct = net.TCPAddrFromAddrPort(a)
		}
	}
	return s
}

// findHost returns the host of the pool for the request, by a proxy or, if via is nil, without one.
func (x *exchange) findHost(via *proxy) *pool.Host[*conn, *server] {
	c, t, key, addr, tunnel := x.client, &x.to, x.to.origin, x.addr, false
	if via != nil {
		if tunnel = t.secure || via.scheme == "socks5" || addr != ""; !tunnel {
			key = "http" // the connection serves all hosts
		}
		key += " via " + via.String()
	}
	if addr != "" && addr != t.addr() {
		key += " at " + addr
	}
	h := c.pool.Host(c.loop, key)
	if h.Value == nil {
		if addr == "" {
			addr = t.addr()
		}
		h.Value = c.server(t, addr, via, tunnel)
	}
	return h
}

// connect gets x a connection: an idle one after waiting for it, or a new one.
//
//go:noinline
func (x *exchange) connect(y *loop.Yielder) (Phase, error) {
	c := x.client
	if x.place == nil {
		if x.trace != nil {
			x.trace.note(TraceWait)
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
	for s := x.place.Host().Value; !x.place.Open(); {
		cn, phase, err := (*conn)(nil), PhaseTLS, s.speaks()
		if err == nil {
			cn, phase, err = c.connect(y, s, x.by, x.limits, x.trace)
		}
		if x.trace != nil {
			x.trace.tell(y)
		}
		switch {
		case err == nil:
			if x.place.Fill(cn) != nil {
				return phase, ErrClosed
			}
			if err := cn.speaks(); err != nil {
				return PhaseTLS, err
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
	cn, whole := &conn{}, false
	m := &making{conn: cn, limit: loop.NewTimeoutAt(y, min(by, after(c.loop, limits.Connect)))}
	c.making = append(c.making, m)
	defer func() {
		i := slices.Index(c.making, m)
		c.making = slices.Delete(c.making, i, i+1)
		if !whole && cn.raw != nil { // maybe because a function of the user's has panicked
			_ = cn.raw.Close() // may be closed already
		}
	}()
	if err := c.reach(y, cn, s, m.limit, t); err != nil {
		_, unknown := errors.AsType[*net.DNSError](err)
		switch {
		case s.via != nil:
			return nil, PhaseProxy, err
		case unknown:
			return nil, PhaseResolve, err
		}
		return nil, PhaseConnect, err
	}
	if s.tls != nil {
		if err := cn.secure(y, s.tls, s.addr, min(by, after(c.loop, limits.TLS))); err != nil {
			return nil, PhaseTLS, err
		}
		if t != nil {
			t.note(TraceTLS)
		}
	}
	whole = true
	return cn, PhaseConnect, nil
}

// A making is a connection that is being made by a task.
type making struct {
	conn  *conn
	limit *loop.Timeout // to reach the server
}

// giveUp ends that.
func (m *making) giveUp() {
	if m.conn.raw != nil {
		_ = m.conn.raw.Close() // may be closed already
	} else {
		_ = m.limit.Reschedule(0) // fails only if it is over
	}
}

// reach connects cn to s, by a proxy if need be, within a limit of time.
func (c *Client) reach(y *loop.Yielder, cn *conn, s *server, limit *loop.Timeout, t *trace) error {
	network, addr := "tcp", s.addr
	switch {
	case c.UnixSocket != "":
		network, addr = "unix", c.UnixSocket
	case s.via != nil:
		addr = s.via.addr
	}
	err := limit.Run(y, func() (err error) {
		if cn.raw, err = c.dial(y, network, addr, t); err == nil && s.via != nil {
			err = c.join(y, cn, s)
		}
		return err
	})
	switch { // the error of what took too long may say no more than that it was cancelled
	case !errors.Is(err, loop.ErrTimeout):
		return err
	case c.closed:
		return ErrClosed
	case cn.raw != nil:
		return fmt.Errorf("%s connects to %s: %w", addr, s.addr, loop.ErrTimeout)
	}
	return fmt.Errorf("dial %s %s: %w", network, addr, loop.ErrTimeout)
}

var errNoConn = errors.New("Dial returned no connection")

// dial connects to an address as the user wants it.
func (c *Client) dial(y *loop.Yielder, network, addr string, t *trace) (raw *netio.Conn, err error) {
	if t != nil {
		return t.dial(y, c, network, addr)
	}
	switch {
	case c.Dial != nil:
		raw, err := c.Dial(y, network, addr)
		switch {
		case err != nil:
			return nil, err
		case raw == nil:
			return nil, errNoConn
		case raw.Loop() != c.loop:
			_ = raw.Close()
			return nil, loop.ErrForeignLoop
		}
		return raw, nil
	case c.Dialer != nil:
		return c.Dialer.Connect(y, network, addr)
	}
	return noKeepAlive.Connect(y, network, addr)
}
