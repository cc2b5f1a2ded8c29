package client_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// serveTLS is serveHTTP for https, with a configuration that trusts it.
func serveTLS(t testing.TB, handler fasthttp.RequestHandler) (url string, cfg *tls.Config) {
	t.Helper()
	server := certificate(t)
	handle := httpConn(handler)
	addr := serve(t, func(c net.Conn) { handle(tls.Server(c, server)) })
	return "https://" + addr, &tls.Config{RootCAs: server.ClientCAs}
}

// certificate returns the configuration of a server, for example.com and 127.0.0.1. Its ClientCAs
// are what trusts it.
func certificate(t testing.TB) *tls.Config {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS() // for its certificate
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, ClientCAs: roots}
}

func TestRedirects(t *testing.T) {
	// What arrived: method, body, content type, authorization, cookie.
	seen := func(ctx *fasthttp.RequestCtx) {
		h := &ctx.Request.Header
		ctx.SetBodyString(strings.Join([]string{string(h.Method()), string(ctx.PostBody()), string(h.ContentType()),
			string(h.Peek("Authorization")), string(h.Peek("Cookie")), string(h.Peek("X-Mine"))}, "|"))
	}
	other := serveHTTP(t, seen)
	secure, cfg := serveTLS(t, seen)
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		status := ctx.QueryArgs().GetUintOrZero("status")
		if status == 0 {
			seen(ctx)
			return
		}
		if to := ctx.QueryArgs().Peek("to"); len(to) > 0 {
			ctx.Response.Header.SetBytesV("Location", to)
		}
		ctx.SetStatusCode(status)
		ctx.SetBodyString("moved")
	})
	loopback := "http://localhost" + url[strings.LastIndex(url, ":"):]
	header := map[string][]string{"Content-Type": {"text/plain"}, "Authorization": {"Basic x"}, "Cookie": {"a=1"}, "X-Mine": {"yes"}}
	const post, got = "POST|body|text/plain|Basic x|a=1|yes", "GET|||Basic x|a=1|yes"
	for _, tt := range []struct {
		name, method, path, want, from string
		limit                          int
	}{
		{"301", "POST", "?status=301&to=/x", got, url + "/x", 0},
		{"302", "POST", "?status=302&to=/x", got, url + "/x", 0},
		{"303", "POST", "?status=303&to=/x", got, url + "/x", 0},
		{"303 of PUT", "PUT", "?status=303&to=/x", got, url + "/x", 0},
		{"302 of PUT", "PUT", "?status=302&to=/x", got, url + "/x", 0},
		{"307", "POST", "?status=307&to=/x", post, url + "/x", 0},
		{"308", "POST", "?status=308&to=/x", post, url + "/x", 0},
		{"relative", "POST", "/a/b?status=307&to=c%23d", post, url + "/a/c#d", 0},
		{"other host", "POST", "?status=307&to=" + other + "/x", "POST|body|text/plain|||yes", other + "/x", 0},
		{"other name", "POST", "?status=307&to=" + loopback + "/x", "POST|body|text/plain|||yes", loopback + "/x", 0},
		{"to https", "POST", "?status=307&to=" + secure + "/x", "POST|body|text/plain|||yes", secure + "/x", 0},
		{"no location", "GET", "?status=302", "moved", url + "?status=302", 0},
		{"not modified", "GET", "?status=304&to=/x", "", url + "?status=304&to=/x", 0},
		{"off", "GET", "?status=302&to=/x", "moved", url + "?status=302&to=/x", -1},
	} {
		for _, stream := range []bool{false, true} {
			name := tt.name
			if stream {
				name += " streamed"
			}
			t.Run(name, func(t *testing.T) {
				c := &client.Client{TLSConfig: cfg, MaxRedirects: tt.limit, MaxConns: 1}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					r := &client.Request{Method: tt.method, URL: url + tt.path, Header: header, Stream: stream}
					if tt.method != "GET" {
						r.Body = []byte("body")
					}
					resp, err := c.Do(y, r)
					if err != nil {
						t.Error(err)
						return
					}
					body := resp.Body
					if stream {
						if body, err = io.ReadAll(resp.Stream); err != nil {
							t.Error(err)
						}
					}
					if string(body) != tt.want || resp.URL != tt.from {
						t.Errorf("got %q from %s", body, resp.URL)
					}
				})
			})
		}
	}
	t.Run("limit", func(t *testing.T) {
		c := &client.Client{MaxRedirects: 3}
		self := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.Redirect("/again", 302) })
		run(t, c, func(y *loop.Yielder, _ *wire) {
			twice := strings.NewReplacer("&", "%26", "?", "%3f").Replace("/?status=302&to=/x")
			if err := get(y, c, url+"/?status=302&to="+twice); err != nil {
				t.Error("two redirects:", err)
			}
			err := get(y, c, self)
			checkError(t, err, "GET", self+"/again", client.PhaseRedirect, client.ErrTooManyRedirects, "too many redirects")
		})
	})
	t.Run("nowhere", func(t *testing.T) {
		for _, to := range []string{"ftp://host/", "http://[::1", "mailto:me"} {
			bad := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
				ctx.Response.Header.Set("Location", to)
				ctx.SetStatusCode(302)
			})
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				_, err := c.Get(y, bad)
				checkError(t, err, "GET", bad, client.PhaseRedirect, nil, "")
			})
		}
	})
	t.Run("stream cannot be sent again", func(t *testing.T) {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			at := url + "?status=307&to=/x"
			_, err := c.Do(y, &client.Request{Method: "PUT", URL: at, BodyStream: io.MultiReader(strings.NewReader("x"))})
			checkError(t, err, "PUT", at, client.PhaseRedirect, nil, "cannot be sent again")
		})
	})
}

func TestTLS(t *testing.T) {
	url, cfg := serveTLS(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("X-Conn", ctx.RemoteAddr().String())
		ctx.SetBody(make([]byte, 100_000))
	})
	t.Run("reuse", func(t *testing.T) {
		c := &client.Client{TLSConfig: cfg}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			var first string
			for range 3 {
				resp, err := c.Get(y, url)
				if err != nil {
					t.Error(err)
					return
				}
				if conn := resp.Header("X-Conn"); len(resp.Body) != 100_000 || first != "" && conn != first {
					t.Errorf("%d bytes over %s after %s", len(resp.Body), conn, first)
				} else {
					first = conn
				}
			}
		})
	})
	t.Run("many", func(t *testing.T) {
		c := &client.Client{TLSConfig: cfg, MaxConns: 10}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			if err := all(y, 50, func(y *loop.Yielder, _ int) error { return get(y, c, url) }); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("unknown authority", func(t *testing.T) {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			err := get(y, c, url)
			checkError(t, err, "GET", url, client.PhaseTLS, nil, "certificate")
			if e := new(tls.CertificateVerificationError); !errors.As(err, &e) {
				t.Errorf("got %T", errors.Unwrap(err))
			}
		})
	})
	t.Run("no TLS", func(t *testing.T) {
		plain := "https" + serveHTTP(t, func(*fasthttp.RequestCtx) {})[len("http"):]
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			checkError(t, get(y, c, plain), "GET", plain, client.PhaseTLS, nil, "tls")
		})
	})
}
