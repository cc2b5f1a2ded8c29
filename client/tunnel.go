package client

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"

	"coloop/loop"

	"github.com/valyala/fasthttp"
	socks "golang.org/x/net/proxy"
)

// A ProxyError is the refusal of an HTTP proxy to connect to a server.
type ProxyError struct {
	Proxy  string // host and port
	Status int    // of its reply; 407 if it wants other credentials
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("%s replied to CONNECT with %d %s", e.Proxy, e.Status, fasthttp.StatusMessage(e.Status))
}

// join has the proxy at the other end of cn connect to s, if it is to do so.
func (c *Client) join(y *loop.Yielder, cn *conn, s *server) error {
	p := s.via
	if p.scheme == "https" {
		if err := cn.secure(y, c.tlsConfig(p.addr, ""), p.addr, never); err != nil {
			return fmt.Errorf("TLS with %s: %w", p.addr, err)
		}
	}
	switch {
	case !s.tunnel:
		return nil
	case p.scheme == "socks5":
		return p.socks(cn.stream(), s)
	}
	return c.connectThrough(cn, s)
}

// socks asks a SOCKS proxy to connect. The name of the host is resolved by the proxy.
func (p *proxy) socks(c net.Conn, s *server) error {
	var auth *socks.Auth
	if p.user != nil {
		password, _ := p.user.Password()
		auth = &socks.Auth{User: p.user.Username(), Password: password}
	}
	d, err := socks.SOCKS5("tcp", p.addr, auth, dialled{c})
	if err == nil {
		_, err = d.Dial("tcp", hostField(s.addr))
	}
	return err
}

// dialled is a Dialer whose connection is there.
type dialled struct{ c net.Conn }

func (d dialled) Dial(string, string) (net.Conn, error) { return d.c, nil }

// DialContext is there for package proxy, which would call Dial on another goroutine.
func (d dialled) DialContext(context.Context, string, string) (net.Conn, error) { return d.c, nil }

// connectThrough asks an HTTP proxy to connect (RFC 9110, section 9.3.6).
func (c *Client) connectThrough(cn *conn, s *server) error {
	var h fasthttp.RequestHeader
	bare(&h)
	h.SetMethod(fasthttp.MethodConnect)
	addr := hostField(s.addr)
	h.SetRequestURI(addr)
	h.Add(fasthttp.HeaderHost, addr)
	h.Add(fasthttp.HeaderUserAgent, c.userAgent())
	c.proxyFields(&h, s.via)
	cn.by, cn.silence, cn.framing = never, never, maxFraming // a Timeout runs
	if _, err := cn.Write(h.AppendBytes(nil)); err != nil {
		return err
	}
	br := bufio.NewReaderSize(byByte{cn}, c.maxHeader())
	var reply fasthttp.ResponseHeader
	reply.DisableNormalizing()
	for {
		if err := reply.Read(br); err != nil {
			return fmt.Errorf("reply of %s: %w", s.via.addr, cn.cause(err))
		}
		switch status := reply.StatusCode(); {
		case status >= 200 && status < 300:
			return nil
		case status < 100:
			return errStatus
		case status >= 200:
			return &ProxyError{s.via.addr, status}
		}
	}
}

// byByte reads one byte at a time, as curl does, so that nothing is read that follows the reply
// to CONNECT: it belongs to whoever the connection is for.
type byByte struct{ r io.Reader }

func (b byByte) Read(p []byte) (int, error) { return b.r.Read(p[:min(len(p), 1)]) }
