package client

import (
	"net"
	"net/url"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// Connect opens a connection to the host of a URL, for a protocol of the caller's, in the way of
// requests: with the client's proxy, dialer, TLS options for https and wss, and the limits of
// time. A proxy is always asked to connect. It parks the task.
//
// The connection is a *netio.Conn, or a *netio.TLSConn for https and wss; gorilla's WebSocket wants
// a netio.Stream over it. It is the caller's, who closes it: it counts for no limit of the client's,
// and neither a request nor Close touches it.
func (c *Client) Connect(y *loop.Yielder, rawURL string) (net.Conn, error) {
	x := c.exchange(&noOptions)
	defer x.end()
	x.method, x.url = fasthttp.MethodConnect, rawURL
	if err := c.enter(y); err != nil {
		return nil, x.fail(PhaseRequest, err)
	}
	s, phase, err := c.serverOf(rawURL)
	if err != nil {
		return nil, x.fail(phase, err)
	}
	x.limit()
	cn, phase, err := c.connect(y, s, x.by, x.limits, nil)
	if err != nil {
		return nil, x.fail(phase, err)
	}
	return c.free(cn), nil
}

// serverOf returns the server that a URL leads to.
func (c *Client) serverOf(rawURL string) (*server, Phase, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, PhaseRequest, parseError(err)
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	}
	t, err := targetOf(u, u.String())
	if err != nil {
		return nil, PhaseRequest, err
	}
	via, err := c.proxyOf(u)
	if err != nil {
		return nil, PhaseProxy, err
	}
	return c.server(&t, t.addr(), via, via != nil), "", nil
}

// free gives cn away, for whatever use: no limit of time is left, and the system keeps the connection
// alive, unless the user's dialer decides on that.
func (c *Client) free(cn *conn) net.Conn {
	if c.Dial == nil && c.Dialer == nil {
		_ = cn.raw.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true}) // it is of use without
	}
	_, _ = cn.raw.ReadBy(-1), cn.raw.WriteBy(-1) // they fail only if it is closed, as its use will
	return cn.stream()
}

// handOver returns the connection of a reply 101, which no longer is the client's.
//
//go:noinline
func (x *exchange) handOver() net.Conn {
	early, _ := x.br.Peek(x.br.Buffered())
	s := &switched{early: append([]byte(nil), early...)}
	x.putReader()
	s.Conn = x.client.free(x.place.Detach())
	x.place, x.cn = nil, nil
	if len(early) == 0 {
		return s.Conn
	}
	return s
}

// A switched connection is one of which something was read together with the reply 101.
type switched struct {
	net.Conn
	early []byte
}

// Read returns that first.
func (s *switched) Read(p []byte) (int, error) {
	if len(s.early) == 0 || len(p) == 0 {
		return s.Conn.Read(p)
	}
	n := copy(p, s.early)
	s.early = s.early[n:]
	return n, nil
}

// NetConn returns the connection below, without what was read early.
func (s *switched) NetConn() net.Conn { return s.Conn }

// switches reports whether the reply hands over the connection, as was asked for.
func (x *exchange) switches() bool {
	return x.reply.StatusCode() == fasthttp.StatusSwitchingProtocols && has(x.header, fasthttp.HeaderUpgrade)
}
