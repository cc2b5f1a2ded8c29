package client_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

func tlsServer(c net.Conn, cfg *tls.Config) net.Conn { return tls.Server(c, cfg) }

// trusting returns a client's options that trust a server.
func trusting(server *tls.Config) *tls.Config { return &tls.Config{RootCAs: server.ClientCAs} }

// greet is a TLS server that says what the client told it in the handshake.
func greet(t testing.TB, cfg *tls.Config) (port string) {
	addr := serve(t, func(c net.Conn) {
		s := tls.Server(c, cfg)
		defer s.Close()
		httpConn(func(ctx *fasthttp.RequestCtx) {
			state := s.ConnectionState()
			fmt.Fprintf(ctx, "name=%s resumed=%v certificates=%d alpn=%s", state.ServerName, state.DidResume, len(state.PeerCertificates), state.NegotiatedProtocol)
			ctx.SetConnectionClose()
		})(s)
	})
	return addr[strings.LastIndex(addr, ":"):]
}

// TestTLSOptions has the options for TLS, one each. The host is localhost or 127.0.0.1; the certificate
// is for 127.0.0.1 and example.com.
func TestTLSOptions(t *testing.T) {
	for _, tt := range []struct {
		name, host     string
		server, client func(*tls.Config)
		want           []string // bodies of requests one after the other
		text           string   // of the error
	}{
		{"own roots", "127.0.0.1", nil, nil, []string{"name= resumed=false certificates=0 alpn="}, ""},
		{"no roots", "127.0.0.1", nil, func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }, nil, "certificate signed by unknown authority"},
		{"another host", "localhost", nil, nil, nil, "localhost"},
		{"InsecureSkipVerify", "localhost", nil, func(c *tls.Config) { c.RootCAs, c.InsecureSkipVerify = nil, true },
			[]string{"name=localhost resumed=false certificates=0 alpn="}, ""},
		{"ServerName", "localhost", nil, func(c *tls.Config) { c.ServerName = "example.com" }, []string{"name=example.com resumed=false certificates=0 alpn="}, ""},
		{"sessions are resumed", "127.0.0.1", nil, func(c *tls.Config) { c.ServerName = "example.com" },
			[]string{"name=example.com resumed=false certificates=0 alpn=", "name=example.com resumed=true certificates=0 alpn="}, ""},
		{"sessions of TLS 1.2", "127.0.0.1", nil, func(c *tls.Config) { c.ServerName, c.MaxVersion = "example.com", tls.VersionTLS12 },
			[]string{"name=example.com resumed=false certificates=0 alpn=", "name=example.com resumed=true certificates=0 alpn="}, ""},
		{"a client's certificate", "127.0.0.1", func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert },
			func(c *tls.Config) { c.Certificates = certificate(t).Certificates }, []string{"name= resumed=false certificates=1 alpn="}, ""},
		{"none", "127.0.0.1", func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }, nil, nil, "certificate required"},
		{"MinVersion", "127.0.0.1", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, nil, "protocol version"},
		{"ALPN", "127.0.0.1", func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }, nil, []string{"name= resumed=false certificates=0 alpn=http/1.1"}, ""},
		{"h2 offered", "127.0.0.1", nil, func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }, nil, `NextProtos has "h2", but the client speaks HTTP/1.1 only`},
		{"another protocol chosen", "127.0.0.1", func(c *tls.Config) { c.NextProtos = []string{"spdy/3"} }, func(c *tls.Config) { c.NextProtos = []string{"spdy/3", "http/1.1"} },
			nil, `the server chose the protocol "spdy/3"`},
		{"only another protocol", "127.0.0.1", func(c *tls.Config) { c.NextProtos = []string{"spdy/3"} }, nil, nil, "no application protocol"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := certificate(t)
			cfg := trusting(server)
			server.ClientCAs = nil
			if tt.server != nil {
				tt.server(server)
			}
			if tt.client != nil {
				tt.client(cfg)
			}
			before := cfg.Clone()
			url := "https://" + tt.host + greet(t, server)
			c := &client.Client{TLSConfig: cfg}
			run(t, c, func(y *loop.Yielder, w *wire) {
				for _, want := range tt.want {
					if resp, err := c.Get(y, url); err != nil || string(resp.Body) != want {
						t.Errorf("got %+v, %v, want %q", resp, err, want)
					}
				}
				if tt.want == nil {
					err := get(y, c, url)
					var e *client.Error
					// With TLS 1.3 a client learns only from the reply that it has been refused.
					if !errors.As(err, &e) || e.Phase != client.PhaseTLS && tt.name != "none" || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), tt.host) {
						t.Errorf("got %v", err)
					}
				}
				if w.open != 0 {
					t.Errorf("%d connections are open", w.open)
				}
			})
			if cfg.ServerName != before.ServerName || cfg.ClientSessionCache != nil || !slices.Equal(cfg.NextProtos, before.NextProtos) {
				t.Error("the caller's configuration was changed")
			}
		})
	}
}

// deaf is a server that does not reply, and counts the clients that have said something.
func deaf(t testing.TB) (addr string, heard *atomic.Int32) {
	heard = new(atomic.Int32)
	addr = serve(t, func(c net.Conn) {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			heard.Add(1)
			silent(c)
		}
	})
	return addr, heard
}

// The handshake has its own limit of time: netio's minute counts for nothing.
func TestTLSTimeout(t *testing.T) {
	quiet, heard := deaf(t)
	m := startMiddleman(t, &middleman{names: map[string]string{"example.com:443": quiet}})
	for _, proxy := range []string{"", "http://" + m.addr, "socks5://" + m.addr} {
		for _, limit := range []time.Duration{time.Second, time.Hour, -1} {
			t.Run(fmt.Sprint(proxy, limit), func(t *testing.T) {
				url := "https://" + quiet + "/"
				c := &client.Client{Timeouts: client.Timeouts{TLS: limit, Total: 24 * time.Hour}}
				if proxy != "" {
					url, c.Proxy = "https://example.com/", client.ProxyURL(proxy)
				}
				run(t, c, func(y *loop.Yielder, w *wire) {
					request := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, url) })
					for before := heard.Load(); heard.Load() == before; {
						turn(t, y)
					}
					if limit < 0 {
						limit = 24 * time.Hour
					}
					w.Advance(limit - 1)
					turn(t, y)
					turn(t, y)
					if request.Done() {
						t.Error("the request ends early")
					}
					w.Advance(1)
					_, err := request.Await(y)
					checkError(t, err, "GET", url, client.PhaseTLS, loop.ErrTimeout, "timeout")
				})
			})
		}
	}
}

// A corked connection sends what is written when it is told to.
type corked struct {
	net.Conn
	on   bool
	kept []byte
}

func (c *corked) Write(b []byte) (int, error) {
	if !c.on {
		return c.Conn.Write(b)
	}
	c.kept = append(c.kept, b...)
	return len(b), nil
}

// SetWriteDeadline keeps crypto/tls from ending all writing after the alert.
func (c *corked) SetWriteDeadline(time.Time) error { return nil }

// TestB1EndWithLastData has the end of TLS come in the segment of the last data. The reply is
// whole, and its connection is not used again, though it is open below.
func TestB1EndWithLastData(t *testing.T) {
	for name, text := range map[string]string{
		"length":  ok + "Content-Length: 5\r\n\r\nhello",
		"chunked": ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"close":   ok + "\r\nhello",
	} {
		for _, stream := range []bool{false, true} {
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				t.Run(fmt.Sprint(name, stream, version), func(t *testing.T) {
					server := certificate(t)
					server.MaxVersion = version
					url := "https://" + serve(t, func(c net.Conn) {
						below := &corked{Conn: c}
						s := tls.Server(below, server)
						if err := new(fasthttp.Request).Read(bufio.NewReader(s)); err != nil {
							return
						}
						below.on = true
						_, _ = io.WriteString(s, text)
						_ = s.CloseWrite()
						_, _ = c.Write(below.kept)
						silent(c)
					})
					c := &client.Client{TLSConfig: trusting(server)}
					run(t, c, func(y *loop.Yielder, w *wire) {
						for range 2 {
							resp, err := c.Do(y, &client.Request{Method: "POST", URL: url, Stream: stream})
							if err != nil {
								t.Error(err)
								return
							}
							if stream {
								resp.Body, err = io.ReadAll(resp.Stream)
							}
							if string(resp.Body) != "hello" || err != nil {
								t.Errorf("got %q, %v", resp.Body, err)
							}
							resp.Release()
						}
						if w.made != 2 {
							t.Errorf("%d connections were made", w.made)
						}
					})
				})
			}
		}
	}
}
