package client_test

import (
	"cmp"
	"flag"
	"io"
	"net"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

const ok = "HTTP/1.1 200 OK\r\n"

// cancelTests has for each phase a server that leaves the client in it.
var cancelTests = []struct {
	name   string
	server func(net.Conn) // nil for one that does not accept
	scheme string
	req    client.Request
	phase  client.Phase
	waits  string // what the client waits for ...
	heard  int    // ... after having heard from the server so often
}{
	{"tls", silent, "https", client.Request{}, client.PhaseTLS, "Conn.Read", 0},
	{"write", nil, "http", client.Request{Method: "PUT", Body: make([]byte, 64<<20)}, client.PhaseWrite, "Conn.Read", 0},
	{"first byte", silent, "http", client.Request{}, client.PhaseFirstByte, "Conn.Read", 0},
	{"header", replySilent(ok), "http", client.Request{}, client.PhaseHeader, "Conn.Read", 1},
	{"body", replySilent(ok + "Content-Length: 10\r\n\r\n12345"), "http",
		client.Request{}, client.PhaseBody, "Conn.Read", 1},
	{"chunks", replySilent(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n123"), "http",
		client.Request{}, client.PhaseBody, "Conn.Read", 1},
	{"body to the end", replySilent(ok + "\r\n12345"), "http",
		client.Request{}, client.PhaseBody, "Conn.Read", 1},
	{"stream", replySilent(ok + "Content-Length: 10\r\n\r\n12345"), "http",
		client.Request{Stream: true}, client.PhaseBody, "Conn.Read", 1},
}

// replySilent is reply, and then silent.
func replySilent(raw string) func(net.Conn) {
	return func(c net.Conn) { reply(raw)(c); silent(c) }
}

// TestCancel cancels a request in each phase, and sees that its connection is
// closed, that no other is opened, and that the pool goes on.
func TestCancel(t *testing.T) {
	for _, tt := range cancelTests {
		t.Run(tt.name, func(t *testing.T) {
			addr := full(t)
			if tt.server != nil {
				addr = serve(t, tt.server)
			}
			good := serveHTTP(t, func(*fasthttp.RequestCtx) {})
			c := &client.Client{MaxConns: 1}
			run(t, c, func(y *loop.Yielder, w *wire) {
				tt.req.URL = tt.scheme + "://" + addr
				request := loop.Spawn(y, func(y *loop.Yielder) error {
					resp, err := c.Do(y, &tt.req)
					if err == nil && resp.Stream != nil {
						_, err = io.ReadAll(resp.Stream)
					}
					return err
				})
				w.hear(t, y, tt.heard)
				parked(t, y, request, tt.waits)
				request.Cancel("enough")
				_, err := request.Await(y)
				checkError(t, err, cmp.Or(tt.req.Method, "GET"), tt.req.URL, tt.phase, loop.ErrCancelled, "cancelled: enough")
				if !request.Cancelled() {
					t.Error("the task is not cancelled")
				}
				if w.open != 0 || w.made != 1 {
					t.Errorf("%d connections, of which %d are open", w.made, w.open)
				}
				if err := get(y, c, good); err != nil {
					t.Error(err)
				}
			})
		})
	}
	t.Run("connect", func(t *testing.T) {
		url := "http://" + backlogged(t)
		good := serveHTTP(t, func(*fasthttp.RequestCtx) {})
		c := &client.Client{MaxConns: 1}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			request := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, url) })
			parked(t, y, request, "Dial")
			request.Cancel()
			_, err := request.Await(y)
			checkError(t, err, "GET", url, client.PhaseConnect, loop.ErrCancelled, "cancelled")
			if err := get(y, c, good); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestCancelReused is about a request over a connection kept open, which would
// be sent once more if the server had closed that.
func TestCancelReused(t *testing.T) {
	url := "http://" + serve(t, func(c net.Conn) {
		reply(ok + "Content-Length: 0\r\n\r\n")(c)
		silent(c)
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		if err := get(y, c, url); err != nil {
			t.Error(err)
		}
		request := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, url) })
		parked(t, y, request, "Conn.Read")
		request.Cancel()
		_, err := request.Await(y)
		checkError(t, err, "GET", url, client.PhaseFirstByte, loop.ErrCancelled, "cancelled")
		if w.made != 1 {
			t.Errorf("%d connections", w.made)
		}
	})
}

var inFlight = flag.Int("inflight", 2000, "requests that TestCancelAll has in flight")

func TestCancelAll(t *testing.T) {
	url := "http://" + startServer(t, serveSilent)
	c := &client.Client{MaxConns: -1}
	run(t, c, func(y *loop.Yielder, w *wire) {
		tasks := make([]*loop.Task[struct{}], *inFlight)
		for i := range tasks {
			tasks[i] = loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, url) })
		}
		for w.open < len(tasks) {
			turn(t, y)
		}
		for _, task := range tasks {
			task.Cancel()
		}
		for _, task := range tasks {
			_, err := task.Await(y)
			checkError(t, err, "GET", url, err.(*client.Error).Phase, loop.ErrCancelled, "cancelled")
		}
		if w.open != 0 {
			t.Errorf("%d connections are open", w.open)
		}
	})
}

func TestTransport(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("flag") })
	c := &client.Client{}
	bad := "http://" + serve(t, reply(""))
	run(t, c, func(y *loop.Yielder, _ *wire) {
		hc := &fasthttp.HostClient{Addr: url[len("http://"):], Transport: c.Transport(y)}
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI(url)
		if err := hc.DoRedirects(req, resp, 3); err != nil || string(resp.Body()) != "flag" {
			t.Errorf("%q, %v", resp.Body(), err)
		}
		if err := c.RoundTrip(y, req, resp); err != nil || string(resp.Body()) != "flag" {
			t.Errorf("%q, %v", resp.Body(), err)
		}
		hc = &fasthttp.HostClient{Addr: bad[len("http://"):], Transport: c.Transport(y)}
		req.SetRequestURI(bad)
		checkError(t, hc.Do(req, resp), "GET", bad+"/", client.PhaseFirstByte, io.ErrUnexpectedEOF, "without a reply")
		req.SetRequestURI("http://")
		checkError(t, c.RoundTrip(y, req, resp), "GET", "http:///", client.PhaseRequest, nil, "no host")
	})
}
