package client_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/valyala/fasthttp"
)

// TestB5RoundTripSendsWhatIsSaid has requests in fasthttp's types, and what is on the wire.
func TestB5RoundTripSendsWhatIsSaid(t *testing.T) {
	got := make(chan string, 1)
	addr := serve(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		var head strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
			if line == "\r\n" {
				break
			}
		}
		var rest []byte
		chunked := strings.Contains(head.String(), "chunked")
		for !strings.HasPrefix(head.String(), "GET") && len(rest) < 4 || chunked && !bytes.HasSuffix(rest, []byte("\r\n\r\n")) {
			b, err := r.ReadByte()
			if err != nil {
				break
			}
			rest = append(rest, b)
		}
		got <- head.String() + string(rest)
		_, _ = io.WriteString(c, ok+"Content-Length: 0\r\nConnection: close\r\n\r\n")
	})
	for _, tt := range []struct {
		name string
		set  func(r *fasthttp.Request)
		want string // without Host and User-Agent, which are always there
	}{
		{"plain", func(r *fasthttp.Request) {}, "GET / HTTP/1.1"},
		{"path", func(r *fasthttp.Request) { r.SetRequestURI("http://" + addr + "/a%2Fb//c/../d?q=a+b&c") }, "GET /a%2Fb//c/../d?q=a+b&c HTTP/1.1"},
		{"path and query", func(r *fasthttp.Request) { r.URI().SetPath("/x"); r.URI().QueryArgs().Add("a", "b c") }, "GET /x?a=b+c HTTP/1.1"},
		{"body", func(r *fasthttp.Request) { r.Header.SetMethod("POST"); r.SetBodyString("body") }, "POST / HTTP/1.1|Content-Length: 4||body"},
		{"type", func(r *fasthttp.Request) {
			r.Header.SetMethod("PUT")
			r.SetBodyString("body")
			r.Header.SetContentType("x/y")
		}, "PUT / HTTP/1.1|Content-Type: x/y|Content-Length: 4||body"},
		{"form", func(r *fasthttp.Request) {
			r.Header.SetMethod("POST")
			r.Header.SetContentType("application/x-www-form-urlencoded")
			r.PostArgs().Add("a", "bc")
		}, "POST / HTTP/1.1|Content-Type: application/x-www-form-urlencoded|Content-Length: 4||a=bc"},
		{"stream", func(r *fasthttp.Request) { r.Header.SetMethod("PUT"); r.SetBodyStream(strings.NewReader("body"), 4) }, "PUT / HTTP/1.1|Content-Length: 4||body"},
		{"chunks", func(r *fasthttp.Request) {
			r.Header.SetMethod("PUT")
			r.SetBodyStream(strings.NewReader("body"), -1)
		}, "PUT / HTTP/1.1|Transfer-Encoding: chunked||4|body|0||"},
		{"trailer", func(r *fasthttp.Request) {
			r.Header.SetMethod("PUT")
			r.SetBodyString("body")
			_ = r.Header.SetTrailer("X-Sum")
			r.Header.Set("X-Sum", "4")
		}, "PUT / HTTP/1.1|Transfer-Encoding: chunked|Trailer: X-Sum||4|body|0|X-Sum: 4||"},
		{"fields", func(r *fasthttp.Request) {
			r.Header.Add("X-Two", "1")
			r.Header.Add("X-Two", "2")
			r.Header.SetCookie("a", "1")
			r.Header.SetCookie("b", "2")
		}, "GET / HTTP/1.1|Cookie: a=1; b=2|X-Two: 1|X-Two: 2"},
		{"cookie of JSON", func(r *fasthttp.Request) {
			r.Header.DisableSpecialHeader()
			r.Header.Set("Cookie", `{"a": "b", "c": 1}`)
		}, `GET / HTTP/1.1|Cookie: {"a": "b", "c": 1}`},
		{"raw fields", func(r *fasthttp.Request) {
			r.Header.DisableNormalizing()
			r.Header.Set("x-raw", "1")
		}, "GET / HTTP/1.1|x-raw: 1"},
		{"user", func(r *fasthttp.Request) { r.SetRequestURI("http://me:p%40ss@" + addr) }, "GET / HTTP/1.1|Authorization: Basic bWU6cEBzcw=="},
		{"user and field", func(r *fasthttp.Request) {
			r.SetRequestURI("http://me:pass@" + addr)
			r.Header.Set("Authorization", "mine")
		}, "GET / HTTP/1.1|Authorization: mine"},
		{"close", func(r *fasthttp.Request) { r.SetConnectionClose() }, "GET / HTTP/1.1|Connection: close"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				req, resp := &fasthttp.Request{}, &fasthttp.Response{}
				req.SetRequestURI("http://" + addr)
				tt.set(req)
				for range 2 { // what is used again says the same, but for a stream
					was := req.IsBodyStream()
					if err := c.RoundTrip(y, req, resp); err != nil {
						t.Error(err)
						return
					}
					sent := strings.ReplaceAll(<-got, "\r\n", "|")
					sent = strings.Replace(sent, "|Host: "+addr, "", 1)
					sent = strings.Replace(sent, "|User-Agent: coloop", "", 1)
					if want := tt.want; sent != want+"||" && sent != want {
						t.Errorf("sent %q, want %q", sent, want)
					}
					if was {
						break
					}
				}
				if ct := resp.Header.ContentType(); len(ct) > 0 {
					t.Errorf("Content-Type %q is made up", ct)
				}
			})
		})
	}
}

// hosted makes requests by a HostClient over c.
func hosted(t *testing.T, c *client.Client, hc *fasthttp.HostClient, fn func(y *loop.Yielder, do func(url string, resp *fasthttp.Response) error, w *wire)) {
	run(t, c, func(y *loop.Yielder, w *wire) {
		hc.Transport = c.Transport(y)
		fn(y, func(url string, resp *fasthttp.Response) error {
			req := &fasthttp.Request{}
			req.SetRequestURI(url)
			return hc.Do(req, resp)
		}, w)
	})
}

// TestB8TransportLimits has the limits of time and size of a HostClient.
func TestB8TransportLimits(t *testing.T) {
	const hour = time.Hour
	silentURL := "http://" + serve(t, silent)
	half := "http://" + serve(t, replySilent(ok+"Content-Length: 10\r\n\r\nhalf"))
	large := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.SetBody(make([]byte, 2000)) })
	fullURL := "http://" + full(t)
	never := client.Timeouts{Silence: -1, Total: -1}
	long := make([]byte, 64<<20)
	for _, tt := range []struct {
		name  string
		url   string
		hc    *fasthttp.HostClient
		set   func(r *fasthttp.Request)
		phase client.Phase
		like  error
		is    error
		waits string // what the task waits for; "": nothing
		heard int
	}{
		{"read, header", silentURL, &fasthttp.HostClient{ReadTimeout: hour}, nil, client.PhaseFirstByte, fasthttp.ErrTimeout, os.ErrDeadlineExceeded, "Conn.Read", 0},
		{"read, body", half, &fasthttp.HostClient{ReadTimeout: hour}, nil, client.PhaseBody, fasthttp.ErrTimeout, os.ErrDeadlineExceeded, "Conn.Read", 1},
		{"write", fullURL, &fasthttp.HostClient{WriteTimeout: hour}, func(r *fasthttp.Request) { r.Header.SetMethod("PUT"); r.SetBodyRaw(long) }, client.PhaseWrite, fasthttp.ErrTimeout, os.ErrDeadlineExceeded, "Conn.Read", 0},
		{"request", silentURL, &fasthttp.HostClient{ReadTimeout: 2 * hour}, func(r *fasthttp.Request) { r.SetTimeout(hour) }, client.PhaseFirstByte, fasthttp.ErrTimeout, os.ErrDeadlineExceeded, "Conn.Read", 0},
		{"size", large, &fasthttp.HostClient{MaxResponseBodySize: 1000}, nil, client.PhaseBody, fasthttp.ErrBodyTooLarge, client.ErrBodyTooLarge, "", 0},
		{"hung up", "http://" + serve(t, reply("")), &fasthttp.HostClient{}, nil, client.PhaseFirstByte, fasthttp.ErrConnectionClosed, io.ErrUnexpectedEOF, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{Timeouts: never}
			tt.hc.Addr = tt.url[len("http://"):]
			hosted(t, c, tt.hc, func(y *loop.Yielder, _ func(string, *fasthttp.Response) error, w *wire) {
				began := loop.Running(y).Time()
				task := loop.Spawn(y, func(y *loop.Yielder) error {
					tt.hc.Transport = c.Transport(y)
					req := &fasthttp.Request{}
					req.SetRequestURI(tt.url)
					if tt.set != nil {
						tt.set(req)
					}
					return tt.hc.Do(req, &fasthttp.Response{})
				})
				if tt.waits != "" {
					w.hear(t, y, tt.heard)
					parked(t, y, task, tt.waits)
					looptest.Advance(y, hour-1)
					turn(t, y)
					turn(t, y)
					if task.Done() {
						t.Error("too early")
					}
					looptest.Advance(y, 2)
				}
				_, err := task.Await(y)
				e := (*client.Error)(nil)
				if !errors.As(err, &e) || e.Phase != tt.phase || !errors.Is(err, tt.like) || !errors.Is(err, tt.is) {
					t.Errorf("after %v: %v", loop.Running(y).Time()-began, err)
				}
			})
		})
	}
}

// TestTransportOptions has the other options of a HostClient.
func TestTransportOptions(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("X-Conn", ctx.RemoteAddr().String())
		fmt.Fprintf(ctx, "%s %s %q", ctx.Host(), ctx.Request.Header.RequestURI(), ctx.UserAgent())
	})
	other := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("the other one") })
	addr, otherAddr := url[len("http://"):], other[len("http://"):]

	hosted(t, &client.Client{}, &fasthttp.HostClient{Addr: addr}, func(y *loop.Yielder, do func(string, *fasthttp.Response) error, w *wire) {
		for range 2 {
			resp := &fasthttp.Response{}
			if err := do("http://flags.test/a%2Fb", resp); err != nil || string(resp.Body()) != `flags.test /a%2Fb "fasthttp"` {
				t.Errorf("Addr: %s, %v", resp.Body(), err)
			}
		}
		if w.made != 1 {
			t.Errorf("Addr: %d connections", w.made)
		}
	})
	hosted(t, &client.Client{}, &fasthttp.HostClient{Addr: addr + "," + otherAddr, NoDefaultUserAgentHeader: true}, func(y *loop.Yielder, do func(string, *fasthttp.Response) error, _ *wire) {
		var all []string
		for range 4 {
			resp := &fasthttp.Response{}
			if err := do("http://flags.test/", resp); err != nil {
				t.Error(err)
			}
			all = append(all, string(resp.Body()))
		}
		if want := `[flags.test / "" the other one flags.test / "" the other one]`; fmt.Sprint(all) != want {
			t.Errorf("several: %v", all)
		}
	})
	hosted(t, &client.Client{}, &fasthttp.HostClient{Addr: addr, Name: "me", MaxConns: 1, StreamResponseBody: true}, func(y *loop.Yielder, do func(string, *fasthttp.Response) error, w *wire) {
		one, two := &fasthttp.Response{}, &fasthttp.Response{}
		if err := do(url, one); err != nil {
			t.Error(err)
		}
		if err := do(url, two); !errors.Is(err, fasthttp.ErrNoFreeConns) {
			t.Errorf("MaxConns: %v", err)
		}
		body, err := io.ReadAll(one.BodyStream())
		if want := addr + ` / "me"`; string(body) != want || err != nil || len(one.Header.Peek("X-Conn")) == 0 {
			t.Errorf("stream: %q, %v", body, err)
		}
		if err := do(url, two); err != nil {
			t.Error(err)
		}
		if err := two.CloseBodyStream(); err != nil || two.IsBodyStream() {
			t.Error(err)
		}
		if err := do(url, two); err != nil {
			t.Error(err)
		}
		if err := two.CloseBodyStream(); err != nil || w.open != 0 {
			t.Errorf("%v, %d connections", err, w.open)
		}
	})

	for _, tt := range []struct {
		hc   *fasthttp.HostClient
		want string // of the error; "": none
	}{
		{&fasthttp.HostClient{Addr: addr, Dial: fasthttp.Dial}, "Dial"},
		{&fasthttp.HostClient{Addr: addr, DialTimeout: fasthttp.DialTimeout}, "DialTimeout"},
		{&fasthttp.HostClient{Addr: addr, TLSConfig: &tls.Config{}}, "TLSConfig"},
		{&fasthttp.HostClient{Addr: addr, MaxConnDuration: 1}, "MaxConnDuration"},
		{&fasthttp.HostClient{Addr: addr, MaxIdleConnDuration: time.Second}, "MaxIdleConnDuration"},
		{&fasthttp.HostClient{Addr: addr, MaxIdleConnDuration: time.Minute}, ""},
		{&fasthttp.HostClient{Addr: addr, ReadBufferSize: 1000}, "ReadBufferSize"},
		{&fasthttp.HostClient{Addr: addr, ReadBufferSize: 32 << 10}, ""},
		{&fasthttp.HostClient{Addr: addr, DisableHeaderNamesNormalizing: true}, "DisableHeaderNamesNormalizing"},
		{&fasthttp.HostClient{}, "empty Addr"},
		{&fasthttp.HostClient{Addr: addr, WriteBufferSize: 1, ConnPoolStrategy: fasthttp.LIFO, DialDualStack: true, SecureErrorLogMessage: true}, ""},
	} {
		hosted(t, &client.Client{IdleTimeout: time.Minute, MaxHeader: 32 << 10}, tt.hc, func(y *loop.Yielder, do func(string, *fasthttp.Response) error, _ *wire) {
			err := do(url, &fasthttp.Response{})
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v: %v, want %q", tt.want, err, tt.want)
			}
		})
	}
}

// TestTransportWaitsForConnection has MaxConnWaitTimeout, with a client at its limit.
func TestTransportWaitsForConnection(t *testing.T) {
	silentURL := "http://" + serve(t, silent)
	for _, tt := range []struct {
		wait, whole time.Duration
		like        error
	}{
		{time.Minute, 0, fasthttp.ErrNoFreeConns},
		{time.Minute, time.Hour, fasthttp.ErrNoFreeConns},
		{time.Hour, time.Minute, fasthttp.ErrTimeout},
		{0, time.Minute, fasthttp.ErrTimeout},
	} {
		c := &client.Client{MaxConns: 1, Timeouts: client.Timeouts{Silence: -1, Total: -1}}
		run(t, c, func(y *loop.Yielder, w *wire) {
			busy := loop.Spawn(y, func(y *loop.Yielder) error { _, err := c.Get(y, silentURL); return err })
			parked(t, y, busy, "Conn.Read")
			waiter := loop.Spawn(y, func(y *loop.Yielder) error {
				hc := &fasthttp.HostClient{Addr: silentURL[len("http://"):], MaxConnWaitTimeout: tt.wait, Transport: c.Transport(y)}
				req := &fasthttp.Request{}
				req.SetRequestURI(silentURL)
				req.SetTimeout(tt.whole)
				return hc.Do(req, &fasthttp.Response{})
			})
			parked(t, y, waiter, "Client pool")
			looptest.Advance(y, time.Minute)
			_, err := waiter.Await(y)
			if e := (*client.Error)(nil); !errors.As(err, &e) || e.Phase != client.PhasePool || !errors.Is(err, tt.like) {
				t.Errorf("%+v: %v", tt, err)
			}
			busy.Cancel()
			_, _ = busy.Await(y)
		})
	}
}

func retryIf(hc *fasthttp.HostClient, f func(*fasthttp.Request) bool) *fasthttp.HostClient {
	//lint:ignore SA1019 it is honoured as long as there is one
	hc.RetryIf = f
	return hc
}

// TestTransportRetries has the functions by which a HostClient asks whether to try again.
func TestTransportRetries(t *testing.T) {
	addr := serve(t, reply(""))
	asked := 0
	again := func(*fasthttp.Request) bool { asked++; return true }
	for _, tt := range []struct {
		name string
		hc   *fasthttp.HostClient
		want int // connections
	}{
		{"nothing", &fasthttp.HostClient{}, 1},
		{"attempts", &fasthttp.HostClient{MaxIdemponentCallAttempts: 3}, 3},
		{"RetryIf", retryIf(&fasthttp.HostClient{}, again), 5},
		{"RetryIf, not", retryIf(&fasthttp.HostClient{}, func(*fasthttp.Request) bool { return false }), 1},
		{"RetryIfErr", &fasthttp.HostClient{RetryIfErr: func(_ *fasthttp.Request, n int, err error) (bool, bool) {
			return false, n < 3 && errors.Is(err, fasthttp.ErrConnectionClosed)
		}}, 3},
		{"RetryIfErrUpstream", &fasthttp.HostClient{RetryIfErrUpstream: func(_ *fasthttp.Request, n int, _ error, _ string) (bool, bool) { return false, n < 2 }}, 2},
	} {
		tt.hc.Addr = addr
		hosted(t, &client.Client{}, tt.hc, func(y *loop.Yielder, do func(string, *fasthttp.Response) error, w *wire) {
			if err := do("http://"+addr, &fasthttp.Response{}); !errors.Is(err, fasthttp.ErrConnectionClosed) {
				t.Errorf("%s: %v", tt.name, err)
			}
			if w.made != tt.want {
				t.Errorf("%s: %d connections, want %d", tt.name, w.made, tt.want)
			}
		})
	}

	asked = 0
	c := &client.Client{}
	silentAddr := serve(t, silent)
	run(t, c, func(y *loop.Yielder, w *wire) {
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			hc := retryIf(&fasthttp.HostClient{Addr: silentAddr, Transport: c.Transport(y)}, again)
			req := &fasthttp.Request{}
			req.SetRequestURI("http://" + silentAddr)
			return hc.Do(req, &fasthttp.Response{})
		})
		parked(t, y, task, "Conn.Read")
		task.Cancel()
		if _, err := task.Await(y); !loop.IsCancelled(err) || asked != 0 || w.made != 1 {
			t.Errorf("cancelled: %v, asked %d times, %d connections", err, asked, w.made)
		}
	})
}

// TestTransportElsewhere uses a HostClient where its task does not run.
func TestTransportElsewhere(t *testing.T) {
	url := serveHTTP(t, func(*fasthttp.RequestCtx) {})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		hc := &fasthttp.HostClient{Addr: url[len("http://"):], Transport: c.Transport(y)}
		if _, err := loop.Block(y, func(context.Context) (int, error) {
			status, _, err := hc.Get(nil, url)
			return status, err
		}); !errors.Is(err, loop.ErrWrongGoroutine) {
			t.Error(err)
		}
	})
}

// TestRoundTripStreams has bodies that the caller reads.
func TestRoundTripStreams(t *testing.T) {
	srv := httptest.NewServer(httpSite())
	defer srv.Close()
	c := &client.Client{MaxConns: 1}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for _, tt := range []struct{ method, path, want, field string }{
			{"GET", "/fixed", "200000 bytes", "Content-Length: 200000"},
			{"GET", "/chunked", "18 bytes", "Transfer-Encoding: chunked"},
			{"GET", "/empty", "no stream", "Content-Length: 0"},
			{"GET", "/status/204", "no stream", ""},
			{"HEAD", "/fixed", "no stream", "Content-Length: 200000"},
		} {
			req, resp := &fasthttp.Request{}, &fasthttp.Response{StreamBody: true}
			req.SetRequestURI(srv.URL + tt.path)
			req.Header.SetMethod(tt.method)
			if err := c.RoundTrip(y, req, resp); err != nil {
				t.Error(err)
				continue
			}
			got := "no stream"
			if resp.IsBodyStream() {
				body, err := io.ReadAll(resp.BodyStream())
				got = fmt.Sprintf("%d bytes", len(body))
				if err != nil {
					t.Error(err)
				}
			}
			head := new(bytes.Buffer)
			for k, v := range resp.Header.All() {
				fmt.Fprintf(head, "%s: %s\n", k, v)
			}
			if got != tt.want || !strings.Contains(head.String(), tt.field) {
				t.Errorf("%s %s: %s, want %s, with %s in\n%s", tt.method, tt.path, got, tt.want, tt.field, head)
			}
			if tt.path == "/chunked" && string(resp.Header.Peek("X-Sum")) != "3" && !strings.Contains(string(resp.Header.TrailerHeader()), "X-Sum: 3") {
				t.Errorf("trailer %q", resp.Header.TrailerHeader())
			}
		}
		if w.made != 1 {
			t.Errorf("%d connections", w.made)
		}
	})
}
