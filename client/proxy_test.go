package client_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// origins are a plain and a TLS server that say what arrived, and a client's options for them.
func origins(t *testing.T) (names map[string]string, c *client.Client) {
	t.Helper()
	seen := func(ctx *fasthttp.RequestCtx) {
		fmt.Fprintf(ctx, "direct: %s host=%s", ctx.RequestURI(), ctx.Host())
		if p := ctx.Request.Header.Peek("Proxy-Authorization"); len(p) > 0 {
			fmt.Fprintf(ctx, " and %s", p)
		}
	}
	plain := serveHTTP(t, seen)
	secure, cfg := serveTLS(t, seen)
	names = map[string]string{}
	for _, host := range []string{"example.com", "www.example.com"} { // of httptest's certificate
		names[host+":80"], names[host+":443"] = plain[len("http://"):], secure[len("https://"):]
	}
	return names, &client.Client{TLSConfig: cfg}
}

// Each request goes by the proxy in the right way: what the proxy is asked for, what the server
// sees, and how many connections to the proxy are made.
func TestProxy(t *testing.T) {
	credentials := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:pass word"))
	for _, tt := range []struct {
		name, proxy string
		urls        []string
		want        []string // bodies
		asked       []string
		conns       int
	}{
		{"http", "http://me:pass%20word@", []string{"http://example.com/a?b", "http://www.example.com/b"},
			[]string{"by proxy: /a", "by proxy: /b"},
			[]string{"GET http://example.com/a?b host=example.com auth=" + credentials, "GET http://www.example.com/b host=www.example.com auth=" + credentials}, 1},
		{"http for https", "http://me:pass%20word@", []string{"https://example.com/a", "https://example.com/b"},
			[]string{"direct: /a host=example.com", "direct: /b host=example.com"},
			[]string{"CONNECT example.com:443 host=example.com:443 auth=" + credentials}, 1},
		{"a tunnel is for one host", "http://", []string{"https://example.com/a", "https://www.example.com/b", "https://example.com/c"},
			[]string{"direct: /a host=example.com", "direct: /b host=www.example.com", "direct: /c host=example.com"},
			[]string{"CONNECT example.com:443 host=example.com:443 auth=", "CONNECT www.example.com:443 host=www.example.com:443 auth="}, 2},
		{"https", "https://me:pass%20word@", []string{"http://example.com/a", "http://example.com/b"},
			[]string{"by proxy: /a", "by proxy: /b"},
			[]string{"GET http://example.com/a host=example.com auth=" + credentials, "GET http://example.com/b host=example.com auth=" + credentials}, 1},
		{"https for https", "https://me:pass%20word@", []string{"https://example.com/a", "https://example.com/b"},
			[]string{"direct: /a host=example.com", "direct: /b host=example.com"},
			[]string{"CONNECT example.com:443 host=example.com:443 auth=" + credentials}, 1},
		{"socks5", "socks5://me:pass%20word@", []string{"http://example.com/a", "http://example.com/b"},
			[]string{"direct: /a host=example.com", "direct: /b host=example.com"},
			[]string{"socks 3 example.com:80 auth=me:pass word"}, 1},
		{"socks5h for https", "socks5h://me:pass%20word@", []string{"https://example.com/a", "https://example.com/b"},
			[]string{"direct: /a host=example.com", "direct: /b host=example.com"},
			[]string{"socks 3 example.com:443 auth=me:pass word"}, 1},
		{"socks5 without a user", "socks5://", []string{"http://example.com/a", "https://www.example.com/b"},
			[]string{"direct: /a host=example.com", "direct: /b host=www.example.com"},
			[]string{"socks 3 example.com:80 auth=", "socks 3 www.example.com:443 auth="}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			names, c := origins(t)
			m := &middleman{names: names}
			if strings.Contains(tt.proxy, "socks5") && strings.Contains(tt.proxy, "@") {
				m.user = "me:pass word"
			}
			if strings.HasPrefix(tt.proxy, "https") {
				m.secure = certificate(t)
			}
			startMiddleman(t, m)
			c.Proxy = client.ProxyURL(tt.proxy + m.addr)
			run(t, c, func(y *loop.Yielder, w *wire) {
				for i, u := range tt.urls {
					resp, err := c.Get(y, u)
					if err != nil {
						t.Error(err)
						return
					}
					if string(resp.Body) != tt.want[i] {
						t.Errorf("%s: %q, want %q", u, resp.Body, tt.want[i])
					}
				}
				if w.made != tt.conns {
					t.Errorf("%d connections were made, want %d", w.made, tt.conns)
				}
			})
			if asked, _ := m.take(); !slices.Equal(asked, tt.asked) {
				t.Errorf("the proxy was asked for %q, want %q", asked, tt.asked)
			}
		})
	}
}

// Requests in fasthttp's types go by a proxy as all others do, and connections of the caller's have
// it connect.
func TestProxyOfOtherTypes(t *testing.T) {
	names, c := origins(t)
	m := startMiddleman(t, &middleman{names: names})
	c.Proxy = client.ProxyURL(m.addr)
	run(t, c, func(y *loop.Yielder, w *wire) {
		var req fasthttp.Request
		var resp fasthttp.Response
		req.SetRequestURI("http://example.com/raw")
		if err := c.RoundTrip(y, &req, &resp); err != nil || string(resp.Body()) != "by proxy: /raw" {
			t.Errorf("RoundTrip: %q, %v", resp.Body(), err)
		}
		conn, err := c.Connect(y, "ws://example.com/")
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /own HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		if b, err := io.ReadAll(conn); err != nil || !bytes.HasSuffix(b, []byte("direct: /own host=h")) {
			t.Errorf("Connect: %q, %v", b, err)
		}
	})
	want := []string{"GET http://example.com/raw host=example.com auth=", "CONNECT example.com:80 host=example.com:80 auth="}
	if asked, _ := m.take(); !slices.Equal(asked, want) {
		t.Errorf("the proxy was asked for %q", asked)
	}
}

// A proxy sees the fields that are for it, and nobody else does.
func TestProxyHeader(t *testing.T) {
	names, c := origins(t)
	m := startMiddleman(t, &middleman{names: names})
	c.Proxy = client.ProxyURL("http://me:password@" + m.addr)
	c.ProxyHeader = map[string][]string{"proxy-authorization": {"Bearer token"}}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for u, want := range map[string]string{"http://example.com/a": "by proxy: /a", "https://example.com/b": "direct: /b host=example.com"} {
			if resp, err := c.Get(y, u); err != nil || string(resp.Body) != want {
				t.Errorf("%s: %v", u, err)
			}
		}
		own := &client.Request{URL: "https://example.com/", Header: map[string][]string{"Proxy-authorization": {"secret"}}}
		_, err := c.Do(y, own)
		checkError(t, err, "GET", own.URL, client.PhaseRequest, nil, "Proxy-Authorization")
		var req fasthttp.Request
		req.SetRequestURI("http://example.com/")
		req.Header.Set("Proxy-Authorization", "secret")
		checkError(t, c.RoundTrip(y, &req, &fasthttp.Response{}), "GET", "http://example.com/", client.PhaseRequest, nil, "Proxy-Authorization")
	})
	asked, _ := m.take()
	slices.Sort(asked)
	if !slices.Equal(asked, []string{"CONNECT example.com:443 host=example.com:443 auth=Bearer token", "GET http://example.com/a host=example.com auth=Bearer token"}) {
		t.Errorf("the proxy was asked for %q", asked)
	}
}

func TestProxyFor(t *testing.T) {
	names, c := origins(t)
	m := startMiddleman(t, &middleman{names: names})
	var asked []string
	c.Proxy = func(u *url.URL) (*url.URL, error) {
		asked = append(asked, u.String())
		switch u.Path {
		case "/by":
			return url.Parse("http://" + m.addr)
		case "/error":
			return nil, io.ErrUnexpectedEOF
		}
		return nil, nil
	}
	direct := "http://" + names["example.com:80"]
	run(t, c, func(y *loop.Yielder, w *wire) {
		for path, want := range map[string]string{"/by": "by proxy: /by", "/": "direct: / host=" + names["example.com:80"]} {
			if resp, err := c.Get(y, direct+path); err != nil || string(resp.Body) != want {
				t.Errorf("%s: %v", path, err)
			}
		}
		checkError(t, get(y, c, direct+"/error"), "GET", direct+"/error", client.PhaseProxy, io.ErrUnexpectedEOF, "unexpected EOF")
		checkError(t, get(y, c, "ftp://h/"), "GET", "ftp://h/", client.PhaseRequest, nil, "unsupported scheme")
	})
	if len(asked) != 3 {
		t.Errorf("the function was asked for %q", asked)
	}
}

// Connections belong to the user and password that they were made with, which nobody sees.
func TestProxyPasswords(t *testing.T) {
	names, c := origins(t)
	m := startMiddleman(t, &middleman{names: names})
	password := "first"
	c.MaxConnsPerHost = 1
	c.Proxy = func(*url.URL) (*url.URL, error) {
		return &url.URL{Scheme: "http", Host: m.addr, User: url.UserPassword("me", password)}, nil
	}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for _, password = range []string{"first", "second", "first", "second"} {
			if err := get(y, c, "https://example.com/"); err != nil {
				t.Error(err)
			}
		}
		if w.made != 2 {
			t.Errorf("%d connections were made", w.made)
		}
		resp, err := c.Do(y, &client.Request{URL: "https://example.com/", Stream: true})
		if err != nil {
			t.Error(err)
			return
		}
		waiter := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "https://example.com/") })
		parked(t, y, waiter, "Client pool of https://example.com via http://me@"+m.addr+"#")
		if strings.Contains(waiter.String(), password) {
			t.Error(waiter)
		}
		resp.Release()
		if _, err := waiter.Await(y); err != nil {
			t.Error(err)
		}
	})
}

// An IPv6 address keeps its brackets, and loses its zone, which means nothing to a proxy.
func TestProxyIPv6(t *testing.T) {
	m := startMiddleman(t, &middleman{names: map[string]string{"[fe80::1]:443": "127.0.0.1:1", "[::1]:80": "127.0.0.1:1"}})
	for scheme, want := range map[string]string{
		"http":   "CONNECT [fe80::1]:443 host=[fe80::1]:443 auth= GET http://[::1]/x host=[::1] auth=",
		"socks5": "socks 4 [fe80::1]:443 auth= socks 4 [::1]:80 auth=",
	} {
		c := &client.Client{Proxy: client.ProxyURL(scheme + "://" + m.addr)}
		before, _ := m.take()
		run(t, c, func(y *loop.Yielder, w *wire) {
			_ = get(y, c, "https://[fe80::1%25eth0]/x")
			_ = get(y, c, "http://[::1]/x")
		})
		if asked, _ := m.take(); strings.Join(asked[len(before):], " ") != want {
			t.Errorf("the proxy was asked for %q", asked[len(before):])
		}
	}
}

func TestProxyFromEnvironment(t *testing.T) {
	for _, tt := range []struct {
		env  string
		url  string
		want string // the proxy, or a part of the error
	}{
		{"", "http://h/", ""},
		{"HTTP_PROXY=http://a:1", "http://h/", "http://a:1"},
		{"HTTP_PROXY=http://a:1", "https://h/", ""},
		{"HTTP_PROXY=a:1", "http://h/", "http://a:1"},
		{"HTTPS_PROXY=http://a:1", "https://h/", "http://a:1"},
		{"HTTP_PROXY=http://a:1 http_proxy=http://b:1", "http://h/", "http://b:1"},
		{"ALL_PROXY=socks5://a:1", "http://h/", "socks5://a:1"},
		{"ALL_PROXY=socks5://a:1", "https://h/", "socks5://a:1"},
		{"ALL_PROXY=socks5://a:1 all_proxy=socks5://c:1 HTTP_PROXY=http://b:1", "http://h/", "http://b:1"},
		{"ALL_PROXY=socks5://a:1 all_proxy=socks5://c:1 HTTP_PROXY=http://b:1", "https://h/", "socks5://c:1"},
		{"ALL_PROXY=socks5://a:1 NO_PROXY=x,.h.test,10.0.0.0/8", "http://a.h.test/", ""},
		{"ALL_PROXY=socks5://a:1 NO_PROXY=x,.h.test,10.0.0.0/8", "http://h.test/", "socks5://a:1"},
		{"ALL_PROXY=socks5://a:1 NO_PROXY=x,.h.test,10.0.0.0/8", "http://10.1.2.3:80/", ""},
		{"ALL_PROXY=socks5://a:1 NO_PROXY=h:8080", "http://h:8080/", ""},
		{"ALL_PROXY=socks5://a:1 NO_PROXY=h:8080", "http://h/", "socks5://a:1"},
		{"ALL_PROXY=socks5://a:1 no_proxy=*", "http://h/", ""},
		{"ALL_PROXY=socks5://a:1", "http://localhost:8080/", ""},
		{"ALL_PROXY=socks5://a:1", "http://127.0.0.1:8080/", ""},
		{"ALL_PROXY=socks5://a:1", "http://[::1]:8080/", ""},
		{"HTTP_PROXY=http://a:1 REQUEST_METHOD=GET", "http://h/", "CGI"},
		{"ALL_PROXY=http://a:1 REQUEST_METHOD=GET", "http://h/", "http://a:1"},
		{"HTTPS_PROXY=http://me:se%zzcret@a:1", "https://h/", "unusable://environment"}, // see TestProxyFailures
		{"HTTPS_PROXY=http://me:se%zzcret@a:1", "http://h/", ""},
	} {
		t.Run(tt.env+" "+tt.url, func(t *testing.T) {
			for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"} {
				t.Setenv(name, "")
			}
			for _, entry := range strings.Fields(tt.env) {
				name, value, _ := strings.Cut(entry, "=")
				t.Setenv(name, value)
			}
			u, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.ProxyFromEnvironment(u)
			switch {
			case err != nil:
				if !strings.Contains(err.Error(), tt.want) {
					t.Error(err)
				}
			case got == nil && tt.want != "", got != nil && got.String() != tt.want:
				t.Errorf("the proxy is %v, want %s", got, tt.want)
			}
		})
	}
}

// The environment is asked unless the client is told otherwise.
func TestProxyDefault(t *testing.T) {
	names, _ := origins(t)
	m := startMiddleman(t, &middleman{names: names})
	for _, name := range []string{"http_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTP_PROXY", m.addr)
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		if resp, err := c.Get(y, "http://example.com/x"); err != nil || string(resp.Body) != "by proxy: /x" {
			t.Error(err)
		}
	})
	c = &client.Client{Proxy: client.NoProxy}
	run(t, c, func(y *loop.Yielder, w *wire) {
		if resp, err := c.Get(y, "http://"+names["example.com:80"]+"/x"); err != nil || !strings.HasPrefix(string(resp.Body), "direct: /x") {
			t.Error(err)
		}
	})
	if asked, _ := m.take(); len(asked) != 1 {
		t.Errorf("the proxy was asked for %q", asked)
	}
}

// TestProxyFailures has proxies fail in each way. No error has the password.
func TestProxyFailures(t *testing.T) {
	const refusal = "HTTP/1.1 %d No\r\nContent-Length: 6\r\nX: secret\r\n\r\nsecret"
	_, refused := bound(t)
	for _, tt := range []struct {
		name, proxy string // without a host
		server      func(net.Conn)
		is          error
		status      int
		text        string
	}{
		{"407", "http", reply(fmt.Sprintf(refusal, 407)), nil, 407, "replied to CONNECT with 407 Proxy Authentication Required"},
		{"403", "http", reply(fmt.Sprintf(refusal, 403)), nil, 403, "replied to CONNECT with 403 Forbidden"},
		{"502", "http", reply(fmt.Sprintf(refusal, 502)), nil, 502, "502"},
		{"302", "http", reply(fmt.Sprintf(refusal, 302)), nil, 302, "302"},
		{"101", "http", reply(strings.Repeat("HTTP/1.1 101 No\r\n\r\n", 4000)), nil, 0, "more framing than body"},
		{"status 99", "http", reply("HTTP/1.1 099 No\r\n\r\n"), nil, 0, "invalid status"},
		{"no HTTP", "http", reply("220 smtp ready secret\r\n\r\n"), nil, 0, "malformed"},
		{"closed", "http", reply(""), io.ErrUnexpectedEOF, 0, "closed the connection without a reply"},
		{"cut", "http", reply("HTTP/1.1 200"), io.ErrUnexpectedEOF, 0, "unexpected EOF"},
		{"reset", "http", reset("HTTP/1.1 200 OK\r\nX: y"), syscall.ECONNRESET, 0, "reset"},
		{"huge", "http", reply("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("secret", 5000)), client.ErrHeaderTooLarge, 0, "header is too large"},
		{"silent", "http", silent, os.ErrDeadlineExceeded, 0, "connects to example.com:443: timeout"},
		{"refused", "http", nil, syscall.ECONNREFUSED, 0, "dial tcp"},
		{"socks refuses", "socks5", stepwise("\x05\xff"), nil, 0, "no acceptable authentication methods"},
		{"socks wants another password", "socks5", stepwise("\x05\x02", "\x01\x01"), nil, 0, "username/password authentication failed"},
		{"socks cannot reach it", "socks5", stepwise("\x05\x00", "\x05\x04\x00\x01"), nil, 0, "host unreachable"},
		{"no socks", "socks5", stepwise(ok), nil, 0, "unexpected protocol version"},
		{"socks closed", "socks5", func(net.Conn) {}, nil, 0, "socks connect"},
		{"socks silent", "socks5h", silent, os.ErrDeadlineExceeded, 0, "connects to example.com:443: timeout"},
		{"no TLS", "https", reply(ok), nil, 0, "TLS with"},
		{"TLS silent", "https", silent, os.ErrDeadlineExceeded, 0, "connects to example.com:443: timeout"},
		{"scheme", "gopher", silent, nil, 0, `unsupported scheme "gopher" of a proxy`},
		{"port", "http://me:secret@h:99999/?", silent, nil, 0, "the URL of the proxy is invalid"},
		{"no URL", "http://secret%zz", silent, nil, 0, "the URL of the proxy is invalid"},
		{"unusable", "unusable://environment?", silent, nil, 0, "unsupported scheme"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := refused
			if tt.server != nil {
				addr = serve(t, tt.server)
			}
			c := &client.Client{Proxy: client.ProxyURL(tt.proxy + "://me:secret@" + addr), Timeouts: client.Timeouts{Connect: time.Hour, Total: 2 * time.Hour}}
			if strings.Contains(tt.proxy, "://") {
				c.Proxy = client.ProxyURL(tt.proxy)
			}
			run(t, c, func(y *loop.Yielder, w *wire) {
				request := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "https://example.com/") })
				if tt.is == os.ErrDeadlineExceeded {
					parked(t, y, request, "Conn.Read")
					w.Advance(time.Hour)
				}
				_, err := request.Await(y)
				checkError(t, err, "GET", "https://example.com/", client.PhaseProxy, tt.is, tt.text)
				if strings.Contains(fmt.Sprint(err), "secret") {
					t.Errorf("the error has a secret: %v", err)
				}
				var e *client.ProxyError
				if errors.As(err, &e) != (tt.status != 0) || e != nil && (e.Status != tt.status || e.Proxy != addr) {
					t.Errorf("the refusal is %+v", e)
				}
				if w.open != 0 {
					t.Errorf("%d connections are open", w.open)
				}
			})
		})
	}
}

// stepwise says each of steps once it has read something, and then is silent.
func stepwise(steps ...string) func(net.Conn) {
	return func(c net.Conn) {
		b := make([]byte, 1000)
		for _, step := range steps {
			if _, err := c.Read(b); err != nil {
				return
			}
			_, _ = io.WriteString(c, step)
		}
		silent(c)
	}
}

// Without CONNECT a refusal of the proxy is a response.
func TestProxyRefusesRequest(t *testing.T) {
	addr := serve(t, reply("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"))
	c := &client.Client{Proxy: client.ProxyURL(addr)}
	run(t, c, func(y *loop.Yielder, w *wire) {
		if resp, err := c.Get(y, "http://example.com/"); err != nil || resp.Status != 407 || string(resp.Body) != "no" {
			t.Error(resp, err)
		}
	})
}

// A server may speak first: the byte after the proxy's reply is the connection's. A request is
// not answered by one.
func TestConnectLeavesWhatFollows(t *testing.T) {
	addr := serve(t, reply("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	c := &client.Client{Proxy: client.ProxyURL(addr)}
	run(t, c, func(y *loop.Yielder, w *wire) {
		conn, err := c.Connect(y, "http://example.com:22")
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if b, err := io.ReadAll(conn); string(b) != "hello" || err != nil {
			t.Errorf("the server says %q, %v", b, err)
		}
		checkError(t, get(y, c, "https://example.com/"), "GET", "https://example.com/", client.PhaseTLS, nil, "record")
	})
}

// SOCKS is spoken by the task itself. Were it another goroutine, that would block on the loop.
func TestSOCKSMakesNoGoroutine(t *testing.T) {
	addr := serve(t, silent)
	c := &client.Client{Proxy: client.ProxyURL("socks5://" + addr)}
	run(t, c, func(y *loop.Yielder, w *wire) {
		request := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "http://example.com/") })
		parked(t, y, request, "Conn.Read")
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if !bytes.Contains(stacks, []byte("socks.(*Dialer).connect")) || bytes.Contains(stacks, []byte("created by golang.org/x/net")) {
			t.Errorf("the goroutines are\n%s", stacks)
		}
		request.Cancel()
		if _, err := request.Await(y); !loop.IsCancelled(err) {
			t.Error(err)
		}
		if w.open != 0 {
			t.Errorf("%d connections are open", w.open)
		}
	})
}
