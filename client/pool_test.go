package client_test

import (
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

// A gauge is a server that counts the requests that it has at a time.
type gauge struct{ now, most atomic.Int32 }

func (g *gauge) serve(t testing.TB) (url string) {
	return serveHTTP(t, func(*fasthttp.RequestCtx) {
		n := g.now.Add(1)
		for m := g.most.Load(); n > m && !g.most.CompareAndSwap(m, n); m = g.most.Load() {
		}
		g.now.Add(-1)
	})
}

func httpConn(handler fasthttp.RequestHandler) func(net.Conn) {
	s := &fasthttp.Server{Handler: handler, Logger: quiet{}}
	return func(c net.Conn) { _ = s.ServeConn(c) }
}

// all makes n requests at once, each in a task, and waits for them.
func all(y *loop.Yielder, n int, do func(y *loop.Yielder, i int) error) error {
	l := loop.Running(y)
	tasks := make([]*loop.Task[int], n)
	for i := range tasks {
		tasks[i] = loop.Go(l, func(y *loop.Yielder) (int, error) { return i, do(y, i) })
	}
	var errs []error
	for _, t := range tasks {
		_, err := t.Await(y)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func get(y *loop.Yielder, c *client.Client, url string) error {
	resp, err := c.Get(y, url)
	if err == nil {
		resp.Release()
	}
	return err
}

func TestLimits(t *testing.T) {
	const hosts, requests = 3, 120
	for _, tt := range []struct {
		name        string
		inAll, host int
		most        int // connections of one host
		open        int // connections in all
	}{
		{"none", 0, 0, requests / hosts, requests},
		{"per host", 0, 3, 3, 3 * hosts},
		{"in all", 5, 0, 5, 5},
		{"both", 5, 4, 4, 5},
		{"one", 1, 1, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var gauges [hosts]gauge
			var urls [hosts]string
			for i := range urls {
				urls[i] = gauges[i].serve(t)
			}
			c := &client.Client{MaxConns: tt.inAll, MaxConnsPerHost: tt.host}
			run(t, c, func(y *loop.Yielder, w *wire) {
				if err := all(y, requests, func(y *loop.Yielder, i int) error { return get(y, c, urls[i%hosts]) }); err != nil {
					t.Error(err)
				}
				if w.most != tt.open {
					t.Errorf("%d connections at a time, want %d", w.most, tt.open)
				}
				if tt.inAll == 0 && w.made != tt.open {
					t.Errorf("%d connections were made, want %d", w.made, tt.open)
				}
			})
			for i := range gauges {
				if n := int(gauges[i].most.Load()); n > tt.most {
					t.Errorf("%d requests of one host at a time", n)
				}
			}
		})
	}
}

func TestWaitersAreServedInOrder(t *testing.T) {
	urls := []string{serveHTTP(t, func(*fasthttp.RequestCtx) {}), serveHTTP(t, func(*fasthttp.RequestCtx) {})}
	c := &client.Client{MaxConns: 1}
	var order, want []int
	run(t, c, func(y *loop.Yielder, w *wire) {
		err := all(y, 30, func(y *loop.Yielder, i int) error {
			err := get(y, c, urls[i/2%2])
			order = append(order, i)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	for i := range 30 {
		want = append(want, i)
	}
	if !slices.Equal(order, want) {
		t.Errorf("served in the order %v", order)
	}
}

// TestCancelledWaiter cancels waiters before their turn, and in the very turn of
// the loop in which it comes.
func TestCancelledWaiter(t *testing.T) {
	url := serveHTTP(t, func(*fasthttp.RequestCtx) {})
	for _, atTurn := range []bool{false, true} {
		t.Run(fmt.Sprintf("atTurn=%v", atTurn), func(t *testing.T) {
			c := &client.Client{MaxConns: 1}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				var waiter *loop.Task[struct{}]
				request := func(y *loop.Yielder) error { return get(y, c, url) }
				blocker := loop.Spawn(y, func(y *loop.Yielder) error {
					err := request(y)
					if atTurn {
						waiter.Cancel()
					}
					return err
				})
				waiter = loop.Spawn(y, request)
				last := loop.Spawn(y, request)
				parked(t, y, waiter, "Client pool")
				if !atTurn {
					waiter.Cancel()
				}
				if _, err := blocker.Await(y); err != nil {
					t.Error(err)
				}
				_, err := waiter.Await(y)
				checkError(t, err, "GET", url, client.PhasePool, loop.ErrCancelled, "cancelled")
				if !waiter.Cancelled() {
					t.Error("the waiter is not cancelled")
				}
				if _, err := last.Await(y); err != nil {
					t.Error(err)
				}
				if err := request(y); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestCloseEndsWaiting(t *testing.T) {
	url := "http://" + serve(t, silent)
	c := &client.Client{MaxConns: 1}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		request := func(y *loop.Yielder) error { return get(y, c, url) }
		busy, waiter := loop.Spawn(y, request), loop.Spawn(y, request)
		parked(t, y, busy, "Conn.Read")
		parked(t, y, waiter, "Client pool")
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		_, err := waiter.Await(y)
		checkError(t, err, "GET", url, client.PhasePool, client.ErrClosed, "closed")
		checkError(t, request(y), "GET", url, client.PhaseRequest, client.ErrClosed, "closed")
		_, err = busy.Await(y)
		checkError(t, err, "GET", url, client.PhaseFirstByte, client.ErrClosed, "closed")
	})
}

func TestIdleExpiry(t *testing.T) {
	url := serveHTTP(t, func(*fasthttp.RequestCtx) {})
	c := &client.Client{IdleTimeout: time.Hour}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for round := 1; round <= 2; round++ {
			if err := all(y, 3, func(y *loop.Yielder, _ int) error { return get(y, c, url) }); err != nil {
				t.Error(err)
			}
			w.Advance(time.Hour - 1)
			turn(t, y)
			turn(t, y)
			if w.open != 3 || w.made != 3*round {
				t.Errorf("round %d: %d connections are open, %d were made", round, w.open, w.made)
			}
			w.Advance(1)
			for w.open > 0 {
				turn(t, y)
			}
		}
	})
}

// TestStale has a server that closes connections after a number of requests,
// without saying so.
func TestStale(t *testing.T) {
	const ok = ok + "Content-Length: 0\r\n\r\n"
	for _, tt := range []struct {
		name  string
		first func(net.Conn) // what the first connection does after one reply
		req   client.Request
		phase client.Phase // "" if the second request succeeds
		conns int32
	}{
		{"closed on request", reply(""), client.Request{}, "", 2},
		{"reset on request", reset(""), client.Request{}, "", 2},
		{"closed on PUT", reply(""), client.Request{Method: "PUT", Body: []byte("x")}, "", 2},
		{"closed on POST", reply(""), client.Request{Method: "POST", Body: []byte("x")}, client.PhaseFirstByte, 1},
		{"closed on stream", reply(""), client.Request{Method: "PUT", BodyStream: io.MultiReader(strings.NewReader("x"))}, client.PhaseFirstByte, 1},
		{"closed on stream that can be read again", reply(""), client.Request{Method: "PUT", BodyStream: strings.NewReader("x")}, "", 2},
		{"closed on stream that can be had again", reply(""), client.Request{Method: "PUT", BodyStream: io.MultiReader(strings.NewReader("x")),
			GetBody: func() (io.Reader, error) { return strings.NewReader("x"), nil }}, "", 2},
		{"closed on POST of a stream", reply(""), client.Request{Method: "POST", BodyStream: strings.NewReader("x")}, client.PhaseFirstByte, 1},
		{"closed on long PUT", reply(""), client.Request{Method: "PUT", Body: make([]byte, 8<<20)}, "", 2},
		{"closed during long PUT", func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }, client.Request{Method: "PUT", Body: make([]byte, 8<<20)}, "", 2},
		{"closed on long POST", reply(""), client.Request{Method: "POST", Body: make([]byte, 8<<20)}, client.PhaseFirstByte, 1},
		{"partial reply", reply("HTTP/1"), client.Request{}, client.PhaseHeader, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var conns atomic.Int32
			url := "http://" + serve(t, func(c net.Conn) {
				if conns.Add(1) == 1 {
					reply(ok)(c)
					tt.first(c)
				} else {
					reply(ok)(c)
				}
			})
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, w *wire) {
				if err := get(y, c, url); err != nil {
					t.Error(err)
				}
				tt.req.URL = url
				_, err := c.Do(y, &tt.req)
				if tt.phase == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				var e *client.Error
				if !errors.As(err, &e) || e.Phase != tt.phase || !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("got %v", err)
				}
			})
			if n := conns.Load(); n != tt.conns {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestRetriedOnce has a server that hangs up on every request but the first.
func TestRetriedOnce(t *testing.T) {
	var conns atomic.Int32
	url := "http://" + serve(t, func(c net.Conn) {
		if conns.Add(1) == 1 {
			reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(c)
		}
		reply("")(c)
	})
	c := &client.Client{MaxConns: 1}
	run(t, c, func(y *loop.Yielder, w *wire) {
		if err := get(y, c, url); err != nil {
			t.Error(err)
		}
		checkError(t, get(y, c, url), "GET", url, client.PhaseFirstByte, io.ErrUnexpectedEOF, "without a reply")
	})
	if n := conns.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// TestKilledServer has a server that is gone, with its port, after one reply.
func TestKilledServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, ln, func(c net.Conn) {
		reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(c)
		ln.Close()
		reply("")(c)
	})
	url := "http://" + ln.Addr().String()
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		if err := get(y, c, url); err != nil {
			t.Error(err)
		}
		for range 2 {
			checkError(t, get(y, c, url), "GET", url, client.PhaseConnect, nil, "connection refused")
		}
	})
}

// TestUnsolicitedBytes has a server that says more than it was asked.
func TestUnsolicitedBytes(t *testing.T) {
	var conns atomic.Int32
	url := "http://" + serve(t, func(c net.Conn) {
		conns.Add(1)
		for range 2 {
			reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 smuggled\r\nContent-Length: 0\r\n\r\n")(c)
		}
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for range 3 {
			if resp, err := c.Get(y, url); err != nil || resp.Status != 200 {
				t.Error(resp, err)
			}
		}
	})
	if n := conns.Load(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

// TestLargeBodyKeepsConnection is about bodies whose last read fills the buffer.
func TestLargeBodyKeepsConnection(t *testing.T) {
	body := make([]byte, 1<<20)
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.SetBody(body) })
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for range 20 {
			if err := get(y, c, url); err != nil {
				t.Error(err)
			}
		}
		if w.made != 1 {
			t.Errorf("%d connections", w.made)
		}
	})
}
