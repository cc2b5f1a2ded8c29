package client_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/valyala/fasthttp"
)

// traced is a client that takes down its events.
func traced(c *client.Client) *[]client.TraceEvent {
	var all []client.TraceEvent
	c.Trace = func(y *loop.Yielder, e client.TraceEvent) {
		if !y.Here() {
			panic("not in the task")
		}
		all = append(all, e)
	}
	return &all
}

// describe describes events, and forgets them. The address of the server is left out where it should be.
func describe(all *[]client.TraceEvent, addr string) string {
	hide := strings.NewReplacer()
	if addr != "" {
		hide = strings.NewReplacer(addr, "addr")
	}
	var s []string
	for _, e := range *all {
		d := string(e.Kind)
		switch e.Kind {
		case client.TraceStart, client.TraceRedirect:
			d += fmt.Sprintf(" %d.%d %s %s", e.Request, e.Exchange, e.Method, hide.Replace(e.URL))
		case client.TraceConn:
			d += fmt.Sprintf(" reused=%v idle=%v", e.Reused, e.Idle)
		case client.TraceHeader, client.TraceInterim:
			d += fmt.Sprintf(" %d", e.Status)
		}
		if e.Err != nil {
			d += " " + hide.Replace(e.Err.Error())
		}
		if wants := e.Kind != client.TraceStart && e.Kind != client.TraceWait; wants && e.Addr != addr {
			d += fmt.Sprintf(" of %q", e.Addr)
		}
		s = append(s, d)
	}
	*all = nil
	return strings.Join(s, "; ")
}

// TestTrace has the events of requests of many kinds.
func TestTrace(t *testing.T) {
	srv := httptest.NewServer(httpSite())
	defer srv.Close()
	secure := httptest.NewTLSServer(httpSite())
	defer secure.Close()
	addr := srv.Listener.Addr().String()
	fresh := "dial; connected; connection reused=false idle=0s; "
	again := "connection reused=true idle=1m0s; "
	reply := "written; first byte; header 200"
	for _, tt := range []struct {
		name, first, second string // the events of the first request, and if it is made once more
		r                   client.Request
		read                bool
	}{
		{"get", "start 1.1 GET http://addr/empty; " + fresh + reply + "; body", "start 2.1 GET http://addr/empty; " + again + reply + "; body",
			client.Request{URL: "/empty"}, false},
		{"redirect", "start 1.1 GET http://addr/hop/1/302; " + fresh + "written; first byte; header 302; redirect 1.1 GET http://addr/end; " +
			"start 1.2 GET http://addr/end; connection reused=true idle=0s; " + reply + "; body", "",
			client.Request{URL: "/hop/1/302"}, false},
		{"interim", "start 1.1 GET http://addr/hints; " + fresh + "written; first byte; interim 103; header 200; body", "",
			client.Request{URL: "/hints"}, false},
		{"upload", "start 1.1 PUT http://addr/; " + fresh + reply + "; body", "",
			client.Request{Method: "PUT", URL: "/", BodyStream: strings.NewReader("hello")}, false},
		{"expect", "start 1.1 PUT http://addr/; " + fresh + "first byte; interim 100; written; header 200; body", "",
			client.Request{Method: "PUT", URL: "/", Body: []byte("hello"), Expect: true}, false},
		{"stream", "start 1.1 GET http://addr/fixed; " + fresh + reply + "; body", "start 2.1 GET http://addr/fixed; " + again + reply + "; body",
			client.Request{URL: "/fixed", Stream: true}, true},
		{"stream closed", "start 1.1 GET http://addr/fixed; " + fresh + reply + "; body GET http://addr/fixed: body: use of closed network connection", "",
			client.Request{URL: "/fixed", Stream: true}, false},
		{"cut", "start 1.1 GET http://addr/cut; " + fresh + reply + "; failed GET http://addr/cut: body: server closed the connection: unexpected EOF", "",
			client.Request{URL: "/cut"}, false},
		{"cut stream", "start 1.1 GET http://addr/cut; " + fresh + reply + "; body GET http://addr/cut: body: server closed the connection: unexpected EOF", "",
			client.Request{URL: "/cut", Stream: true}, true},
		{"no scheme", `start 1.1 GET ftp://h; failed GET ftp://h: request: unsupported scheme "ftp" of ""`, "",
			client.Request{URL: "ftp://h"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{MaxConns: 1, IdleTimeout: time.Hour}
			events := traced(c)
			run(t, c, func(y *loop.Yielder, _ *wire) {
				for _, want := range []string{tt.first, tt.second} {
					if want == "" {
						break
					}
					r := tt.r
					if strings.HasPrefix(r.URL, "/") {
						r.URL = srv.URL + r.URL
					}
					resp, err := c.Do(y, &r)
					if err == nil && tt.read {
						_, _ = io.ReadAll(resp.Stream)
					}
					if err == nil {
						resp.Release()
					}
					if got := describe(events, addr); got != want {
						t.Errorf("got\n%s\nwant\n%s", got, want)
					}
					looptest.Advance(y, time.Minute)
				}
			})
		})
	}
}

// TestTraceConnections has new connections of other kinds, and what can happen to old ones.
func TestTraceConnections(t *testing.T) {
	secure := httptest.NewTLSServer(httpSite())
	defer secure.Close()
	addr := secure.Listener.Addr().String()
	c := &client.Client{MaxConns: 1, TLSConfig: &tls.Config{InsecureSkipVerify: true}}
	events := traced(c)
	run(t, c, func(y *loop.Yielder, _ *wire) {
		if _, err := c.Get(y, secure.URL+"/empty"); err != nil {
			t.Error(err)
		}
		want := "start 1.1 GET https://addr/empty; resolve; dial; connected; tls; connection reused=false idle=0s; written; first byte; header 200; body"
		if got := describe(events, addr); got != want {
			t.Errorf("TLS: got\n%s\nwant\n%s", got, want)
		}
		held, err := c.Do(y, &client.Request{URL: secure.URL + "/fixed", Stream: true})
		if err != nil {
			t.Error(err)
			return
		}
		*events = nil
		waiter := loop.Spawn(y, func(y *loop.Yielder) error {
			_, err := c.Get(y, secure.URL+"/empty")
			return err
		})
		parked(t, y, waiter, "Client pool")
		if got, want := describe(events, addr), "start 3.1 GET https://addr/empty; wait"; got != want {
			t.Errorf("waiting: got\n%s\nwant\n%s", got, want)
		}
		looptest.Advance(y, time.Second)
		if _, err := io.Copy(io.Discard, held.Stream); err != nil {
			t.Error(err)
		}
		if _, err := waiter.Await(y); err != nil {
			t.Error(err)
		}
		want = "body; connection reused=true idle=0s; written; first byte; header 200; body"
		if got := describe(events, addr); got != want {
			t.Errorf("waited: got\n%s\nwant\n%s", got, want)
		}
	})

	_, refused := bound(t)
	named := serve(t, reply(ok+"Content-Length: 0\r\n\r\n"))
	c = &client.Client{MaxConns: 1}
	events = traced(c)
	run(t, c, func(y *loop.Yielder, w *wire) {
		if _, err := c.Get(y, "http://me:secret@"+refused+"/"); err == nil {
			t.Error("connected")
		}
		want := "start 1.1 GET http://me:xxxxx@addr/; dial; failed GET http://me:xxxxx@addr/: connect: dial tcp addr: connect: connection refused"
		if got := describe(events, refused); got != want {
			t.Errorf("refused: got\n%s\nwant\n%s", got, want)
		}
		_, port, _ := net.SplitHostPort(named)
		if _, err := c.Get(y, "http://localhost:"+port); err != nil {
			t.Error(err)
		}
		var kinds []string
		for _, e := range *events {
			kinds = append(kinds, string(e.Kind))
		}
		if got := strings.Join(kinds, "; "); !strings.HasPrefix(got, "start; resolve; dial; ") || !strings.HasSuffix(got, "; connected; connection; written; first byte; header; body") {
			t.Errorf("by name: got %s", got)
		}
	})
}

// TestTraceRetry has a connection that turns out to be closed.
func TestTraceRetry(t *testing.T) {
	addr := serve(t, func(c net.Conn) {
		reply(ok + "Content-Length: 0\r\n\r\n")(c)
		reply("")(c)
	})
	c := &client.Client{MaxConns: 1}
	events := traced(c)
	run(t, c, func(y *loop.Yielder, _ *wire) {
		for range 2 {
			if _, err := c.Get(y, "http://"+addr); err != nil {
				t.Error(err)
			}
		}
		want := "start 2.1 GET http://addr; connection reused=true idle=0s; written; " +
			"retry server closed the connection without a reply: unexpected EOF; " +
			"resolve; dial; connected; connection reused=false idle=0s; written; first byte; header 200; body"
		if got := describe(events, addr); !strings.HasSuffix(got, want) {
			t.Errorf("got\n%s\nwant at the end\n%s", got, want)
		}
	})
}

// TestTracePanics has a hook that panics, at each event in turn: the connection is given back.
func TestTracePanics(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {})
	for n := range 8 {
		c := &client.Client{MaxConns: 1}
		seen := 0
		c.Trace = func(*loop.Yielder, client.TraceEvent) {
			if seen++; seen == n+1 {
				panic("broken")
			}
		}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			func() {
				defer func() {
					if r := recover(); r != "broken" {
						t.Errorf("event %d: %v", n, r)
					}
				}()
				_, _ = c.Get(y, url)
			}()
			if _, err := c.Get(y, url); err != nil {
				t.Errorf("event %d: %v", n, err)
			}
		})
	}
}

// TestTraceOfSender has what there is to tell if a sender makes the exchanges.
func TestTraceOfSender(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/moved", clienttest.Delay(time.Second, clienttest.Status(302).Header("Location", "/end")))
	m.On("/end", clienttest.Delay(time.Second, clienttest.Text(200, "end")))
	c := &client.Client{Sender: m}
	events := traced(c)
	looptest.Run(t, func(y *loop.Yielder) error {
		resp, err := c.Do(y, &client.Request{URL: "http://h/moved", Stream: true})
		if err != nil {
			return err
		}
		if _, err := io.ReadAll(resp.Stream); err != nil {
			return err
		}
		last := (*events)[len(*events)-1]
		want := "start 1.1 GET http://h/moved; header 302; redirect 1.1 GET http://h/end; start 1.2 GET http://h/end; header 200; body"
		if got := describe(events, ""); got != want || last.Time != 2*time.Second {
			t.Errorf("at %v, got\n%s\nwant\n%s", last.Time, got, want)
		}
		_, err = c.Get(y, "http://h/none")
		if err == nil || !strings.Contains(describe(events, ""), "failed GET http://h/none") {
			t.Error(err)
		}
		return c.Close()
	})
}

// TestTraceElsewhere has the events of requests through http.Client.
func TestTraceElsewhere(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/", clienttest.Text(200, "end"))
	c := &client.Client{Sender: m}
	events := traced(c)
	looptest.Run(t, func(y *loop.Yielder) error {
		h := &http.Client{Transport: &client.HTTPTransport{Client: c, Loop: loop.Running(y)}}
		got, err := elsewhere(y, func() string { return show(h.Get("http://h/x")) })
		if err != nil || !strings.HasPrefix(got, "200") {
			t.Errorf("%s, %v", got, err)
		}
		if got := describe(events, ""); got != "start 1.1 GET http://h/x; header 200; body" {
			t.Error(got)
		}
		return errors.Join(c.Close())
	})
}
