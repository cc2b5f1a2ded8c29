package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// http11 is what is offered and expected by ALPN (RFC 7301).
const http11 = "http/1.1"

var errALPN = errors.New(`TLSConfig.NextProtos has "h2", but the client speaks HTTP/1.1 only`)

// tlsConfig returns the configuration for the server at addr. Its name, unless it is given, is
// the host of addr.
func (c *Client) tlsConfig(addr, name string) *tls.Config {
	cfg := &tls.Config{}
	if c.TLSConfig != nil {
		cfg = c.TLSConfig.Clone()
	}
	if cfg.ServerName = name; name == "" {
		host, _, err := net.SplitHostPort(hostField(addr))
		if err != nil {
			host = addr // the handshake will report the error
		}
		cfg.ServerName = host
	}
	if cfg.NextProtos == nil {
		cfg.NextProtos = []string{http11}
	}
	if cfg.ClientSessionCache == nil {
		if c.sessions == nil {
			c.sessions = tls.NewLRUClientSessionCache(0)
		}
		cfg.ClientSessionCache = c.sessions
	}
	return cfg
}

// secure shakes hands with the server at addr, until a time on the loop's clock. Functions of the
// user's tls.Config may panic, or end the task.
func (cn *conn) secure(y *loop.Yielder, cfg *tls.Config, addr string, by time.Duration) error {
	// Without a deadline of the connection StartTLS has a limit of its own.
	err := cn.raw.ReadBy(min(by, never-1))
	if err == nil {
		var t *netio.TLSConn
		if t, err = netio.StartTLS(y, cn.stream(), cfg, false); err == nil {
			cn.tls = t
		}
	}
	switch {
	case errors.Is(err, loop.ErrTimeout):
		err = fmt.Errorf("%s: %w", addr, loop.ErrTimeout)
	case errors.Is(err, io.EOF):
		err = errGone
	}
	return err
}

// speaks checks that HTTP/1.1 is spoken on a new connection.
func (cn *conn) speaks() error {
	if cn.tls == nil {
		return nil
	}
	if p := cn.tls.ConnectionState().NegotiatedProtocol; p != "" && p != http11 {
		return fmt.Errorf("the server chose the protocol %s, but the client speaks HTTP/1.1 only", short(p))
	}
	return nil
}

// speaks checks that nothing but HTTP/1 is offered to the server.
func (s *server) speaks() error {
	if s.tls != nil && slices.Contains(s.tls.NextProtos, "h2") {
		return errALPN
	}
	return nil
}
