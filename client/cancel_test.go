package client_test

import (
	"errors"
	"flag"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// TestCancel cancels a request in each phase, and sees that its connection is
// closed, that no other is opened, and that the pool goes on.
func TestCancel(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct {
		name   string
		server func(reached func()) func(net.Conn)
		scheme string
		req    client.Request
		phase  client.Phase
	}{
		{"tls", func(reached func()) func(net.Conn) {
			return func(c net.Conn) {
				if _, err := c.Read(make([]byte, 1)); err == nil {
					reached()
				}
				silent(c)
			}
		}, "https", client.Request{}, client.PhaseTLS},
		{"write", func(reached func()) func(net.Conn) {
			return func(c net.Conn) {
				if _, err := c.Read(make([]byte, 1)); err == nil {
					reached()
				}
				silent(c)
			}
		}, "http", client.Request{Method: "PUT", Body: make([]byte, 256<<20)}, client.PhaseWrite},
		{"first byte", func(reached func()) func(net.Conn) {
			return func(c net.Conn) { reply("")(c); reached(); silent(c) }
		}, "http", client.Request{}, client.PhaseFirstByte},
		{"header", func(reached func()) func(net.Conn) {
			return func(c net.Conn) { reply(ok)(c); reached(); silent(c) }
		}, "http", client.Request{}, client.PhaseHeader},
		{"body", func(reached func()) func(net.Conn) {
			return func(c net.Conn) { reply(ok + "Content-Length: 10\r\n\r\n12345")(c); reached(); silent(c) }
		}, "http", client.Request{}, client.PhaseBody},
		{"chunks", func(reached func()) func(net.Conn) {
			return func(c net.Conn) { reply(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n123")(c); reached(); silent(c) }
		}, "http", client.Request{}, client.PhaseBody},
		{"body to the end", func(reached func()) func(net.Conn) {
			return func(c net.Conn) { reply(ok + "\r\n12345")(c); reached(); silent(c) }
		}, "http", client.Request{}, client.PhaseBody},
		{"stream", func(reached func()) func(net.Conn) {
			return func(c net.Conn) { reply(ok + "Content-Length: 10\r\n\r\n12345")(c); reached(); silent(c) }
		}, "http", client.Request{Stream: true}, client.PhaseBody},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var conns atomic.Int32
			arrived := make(chan struct{}, 1)
			closed := make(chan struct{}, 10)
			addr := serve(t, func(c net.Conn) {
				conns.Add(1)
				tt.server(func() { arrived <- struct{}{} })(c)
				closed <- struct{}{}
			})
			good := serveHTTP(t, func(*fasthttp.RequestCtx) {})
			c := &client.Client{MaxConns: 1}
			run(t, c, func(y *loop.Yielder) {
				l := loop.Running(y)
				tt.req.URL = tt.scheme + "://" + addr
				request := loop.Go(l, func(y *loop.Yielder) (int, error) {
					resp, err := c.Do(y, &tt.req)
					if err == nil && resp.Stream != nil {
						_, err = io.ReadAll(resp.Stream)
					}
					return 0, err
				})
				if _, err := loop.RunInExecutor(l, nil, func() (int, error) { <-arrived; return 0, nil }).Await(y); err != nil {
					t.Error(err)
				}
				// What the server has said by then may be on its way.
				for range 3 {
					if err := loop.Sleep(y, 0); err != nil {
						t.Error(err)
					}
				}
				request.Cancel("enough")
				_, err := request.Await(y)
				var e *client.Error
				var cancelled *loop.CancelledError
				if !errors.As(err, &e) || !errors.As(err, &cancelled) || cancelled.Msg != "enough" || !errors.Is(err, loop.ErrCancelled) {
					t.Errorf("got %v", err)
				} else if e.Phase != tt.phase {
					t.Errorf("got %v", err)
				}
				if !request.Cancelled() {
					t.Error("the task is not cancelled")
				}
				if err := get(y, c, good); err != nil {
					t.Error(err)
				}
			})
			<-closed
			if n := conns.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
	t.Run("connect", func(t *testing.T) {
		url := "http://" + backlogged(t)
		c := &client.Client{MaxConns: 1}
		run(t, c, func(y *loop.Yielder) {
			request := loop.Go(loop.Running(y), func(y *loop.Yielder) (int, error) { return 0, get(y, c, url) })
			for range 2 {
				if err := loop.Sleep(y, 0); err != nil {
					t.Error(err)
				}
			}
			request.Cancel()
			_, err := request.Await(y)
			checkError(t, err, "GET", url, client.PhaseConnect, loop.ErrCancelled, "cancelled")
			if err := get(y, c, serveHTTP(t, func(*fasthttp.RequestCtx) {})); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestCancelReused is about a request over a connection kept open, which would
// be sent once more if the server had closed that.
func TestCancelReused(t *testing.T) {
	var conns atomic.Int32
	arrived := make(chan struct{})
	url := "http://" + serve(t, func(c net.Conn) {
		conns.Add(1)
		reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(c)
		reply("")(c)
		close(arrived)
		silent(c)
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder) {
		if err := get(y, c, url); err != nil {
			t.Error(err)
		}
		l := loop.Running(y)
		request := loop.Go(l, func(y *loop.Yielder) (int, error) { return 0, get(y, c, url) })
		_, err := loop.RunInExecutor(l, nil, func() (int, error) { <-arrived; return 0, nil }).Await(y)
		if err != nil {
			t.Error(err)
		}
		request.Cancel()
		_, err = request.Await(y)
		checkError(t, err, "GET", url, client.PhaseFirstByte, loop.ErrCancelled, "cancelled")
	})
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

var inFlight = flag.Int("inflight", 2000, "requests that TestCancelAll has in flight")

func TestCancelAll(t *testing.T) {
	url := "http://" + startServer(t, serveSilent)
	fds, goroutines := descriptors(), runtime.NumGoroutine()
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	c := &client.Client{}
	_, err = loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (int, error) {
		open := descriptors()
		tasks := make([]*loop.Task[int], *inFlight)
		for i := range tasks {
			tasks[i] = loop.Go(l, func(y *loop.Yielder) (int, error) { return 0, get(y, c, url) })
		}
		for descriptors() < open+len(tasks) {
			if err := loop.Sleep(y, 0); err != nil {
				return 0, err
			}
		}
		for _, task := range tasks {
			task.Cancel()
		}
		for _, task := range tasks {
			_, err := task.Await(y)
			checkError(t, err, "GET", url, err.(*client.Error).Phase, loop.ErrCancelled, "cancelled")
		}
		if n := descriptors(); n != open {
			t.Errorf("%d descriptors before, %d after", open, n)
		}
		return 0, nil
	}))
	if err := errors.Join(err, c.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if n := descriptors(); n != fds {
		t.Errorf("%d descriptors before, %d in the end", fds, n)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines before, %d in the end", goroutines, n)
	}
}

func TestTransport(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("flag") })
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder) {
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
		bad := "http://" + serve(t, reply(""))
		req.SetRequestURI(bad)
		checkError(t, hc.Do(req, resp), "GET", bad+"/", client.PhaseFirstByte, io.ErrUnexpectedEOF, "without a reply")
		req.SetRequestURI("http://")
		checkError(t, c.RoundTrip(y, req, resp), "GET", "http:///", client.PhaseRequest, nil, "no host")
	})
}
