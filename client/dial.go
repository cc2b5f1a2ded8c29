package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

var (
	errNoHost = errors.New("no host in URL")
	errScheme = errors.New("unsupported scheme")
)

// host returns the host that u leads to.
func (c *Client) host(u *fasthttp.URI) (*host, error) {
	name := u.Host()
	if len(name) == 0 {
		return nil, errNoHost
	}
	if c.plain == nil {
		c.plain, c.secure = map[string]*host{}, map[string]*host{}
	}
	hosts, secure := c.plain, false
	switch string(u.Scheme()) {
	case "http":
	case "https":
		hosts, secure = c.secure, true
	default:
		return nil, fmt.Errorf("%w %q", errScheme, u.Scheme())
	}
	if h := hosts[string(name)]; h != nil {
		return h, nil
	}
	h := &host{name: string(name), hosts: hosts}
	h.lot.Kind, h.lot.Owner = "Client pool", h
	h.addr = fasthttp.AddMissingPort(h.name, secure)
	if secure {
		h.tls = c.tlsConfig(h.addr)
	}
	return h, nil
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

// connect opens the connection of cn.
func (c *Client) connect(y *loop.Yielder, cn *conn, by time.Duration) (Phase, error) {
	raw, err := c.dial(y, cn.host, by)
	if err != nil {
		var dns *net.DNSError
		if errors.As(err, &dns) {
			return PhaseResolve, err
		}
		return PhaseConnect, err
	}
	cn.raw, cn.nc = raw, raw
	if cn.host.tls != nil {
		if err := cn.secure(min(by, c.deadline(c.Timeouts.TLS))); err != nil {
			return PhaseTLS, err
		}
	}
	return "", nil
}

func (c *Client) dial(y *loop.Yielder, h *host, by time.Duration) (*netio.Conn, error) {
	by = min(by, c.deadline(c.Timeouts.Connect))
	if by == never {
		return netio.Dial(y, "tcp", h.addr)
	}
	var raw *netio.Conn
	err := loop.NewTimeoutAt(c.loop, by).Run(y, func() (err error) {
		raw, err = netio.Dial(y, "tcp", h.addr)
		return err
	})
	if err != nil && raw != nil {
		_ = raw.Close() // the time was up in the moment it was there
	}
	if errors.Is(err, loop.ErrTimeout) {
		// The error of the dial says no more than that it was cancelled.
		err = fmt.Errorf("dial tcp %s: %w", h.addr, loop.ErrTimeout)
	}
	return raw, err
}

func (cn *conn) secure(by time.Duration) error {
	if err := errors.Join(cn.raw.ReadBy(by), cn.raw.WriteBy(by)); err != nil {
		return err
	}
	tc := tls.Client(cn.raw, cn.host.tls)
	if err := tc.Handshake(); err != nil {
		return err
	}
	cn.nc = tc
	return nil
}
