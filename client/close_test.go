package client_test

import (
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/netio"
)

// TestB8CloseEndsRequests closes the client while a request is in each of its phases. The request
// fails at once, with ErrClosed, and no connection is left.
func TestB8CloseEndsRequests(t *testing.T) {
	type start struct {
		name, url string
		client    *client.Client
		request   client.Request
		phase     client.Phase
		waits     string
		heard     int
	}
	_, port, _ := net.SplitHostPort(backlogged(t))
	quiet := serve(t, silent)
	starts := []start{
		{"connecting", "http://" + backlogged(t), &client.Client{}, client.Request{}, client.PhaseConnect, "Dial", 0},
		{"connecting to a name", "http://localhost:" + port, &client.Client{}, client.Request{}, client.PhaseConnect, "", 0},
		{"own Dial", "http://x", &client.Client{Dial: func(y *loop.Yielder, _, _ string) (*netio.Conn, error) {
			return nil, loop.Sleep(y, time.Hour)
		}}, client.Request{}, client.PhaseConnect, "", 0},
		{"proxy", "https://x", &client.Client{Proxy: client.ProxyURL(quiet)}, client.Request{}, client.PhaseProxy, "Conn.Read", 0},
		{"SOCKS proxy", "http://x", &client.Client{Proxy: client.ProxyURL("socks5://" + quiet)}, client.Request{}, client.PhaseProxy, "Conn.Read", 0},
		{"parked reader", "http://" + quiet, &client.Client{}, client.Request{Method: "PUT", BodyStream: waiting{}}, client.PhaseWrite, "Conn.Read", 0},
		{"expectation", "http://" + quiet, &client.Client{}, client.Request{Method: "PUT", Body: []byte("x"), Expect: true}, client.PhaseWrite, "Conn.Read", 0},
	}
	for _, tt := range cancelTests {
		addr := full(t)
		if tt.server != nil {
			addr = serve(t, tt.server)
		}
		starts = append(starts, start{tt.name, tt.scheme + "://" + addr, &client.Client{}, tt.req, tt.phase, tt.waits, tt.heard})
	}
	for _, tt := range starts {
		t.Run(tt.name, func(t *testing.T) {
			run(t, tt.client, func(y *loop.Yielder, w *wire) {
				if tt.request.BodyStream != nil {
					tt.request.BodyStream = waiting{loop.Running(y)}
				}
				tt.request.URL = tt.url
				request := loop.Spawn(y, func(y *loop.Yielder) error {
					resp, err := tt.client.Do(y, &tt.request)
					if err == nil && resp.Stream != nil {
						_, err = io.ReadAll(resp.Stream)
					}
					return err
				})
				w.hear(t, y, tt.heard)
				parked(t, y, request, tt.waits)
				if err := tt.client.Close(); err != nil {
					t.Error(err)
				}
				for range 10 {
					turn(t, y)
				}
				if !request.Done() {
					request.Cancel()
				}
				_, err := request.Await(y)
				checkError(t, err, cmp.Or(tt.request.Method, "GET"), tt.url, tt.phase, client.ErrClosed, "client is closed")
				if w.open != 0 {
					t.Errorf("%d connections are open", w.open)
				}
			})
		})
	}
}

// TestB8UnreadStream leaves a stream unread. It loses its connection when the time of the request
// is up, or the client is closed, and Read says why.
func TestB8UnreadStream(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for _, end := range []string{"Total", "Close"} {
			t.Run(end, func(t *testing.T) {
				url, c := unfinished(t, secure)
				run(t, c, func(y *loop.Yielder, w *wire) {
					resp, err := c.Do(y, &client.Request{URL: url, Stream: true, Timeouts: &client.Timeouts{Total: time.Hour}})
					if err != nil {
						t.Error(err)
						return
					}
					want := os.ErrDeadlineExceeded
					if end == "Total" {
						w.Advance(time.Hour - 1)
						turn(t, y)
						if w.open != 1 {
							t.Error("the connection is closed early")
						}
						w.Advance(1)
						turn(t, y)
						turn(t, y)
					} else {
						want = client.ErrClosed
						_ = c.Close()
					}
					if w.open != 0 {
						t.Errorf("%d connections are open", w.open)
					}
					for range 2 {
						_, err = io.ReadAll(resp.Stream)
						if !errors.Is(err, want) {
							t.Errorf("got %v", err)
						}
					}
					resp.Release()
					if end == "Total" { // the place is free
						if resp, err = c.Do(y, &client.Request{URL: url, Stream: true}); err == nil {
							err = resp.Stream.Close()
						}
						if err != nil {
							t.Error(err)
						}
					}
				})
			})
		}
	}
}

// arrived waits until the other side's system has all that was written to c.
func arrived(c net.Conn) {
	if s, ok := c.(*tls.Conn); ok {
		c = s.NetConn()
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	for left := true; left && err == nil; runtime.Gosched() {
		err = raw.Control(func(fd uintptr) { left = unacked(int(fd)) })
	}
}

// TestB8Silence has a server, of TLS above all, be silent in each phase.
func TestB8Silence(t *testing.T) {
	const limit = time.Hour
	for _, tt := range []struct {
		name, reply string
		stream      bool
		phase       client.Phase
	}{
		{"first byte", "", false, client.PhaseFirstByte},
		{"first byte after 100 Continue", goOn, false, client.PhaseFirstByte},
		{"header", ok + "Content-Le", false, client.PhaseHeader},
		{"header after 100 Continue", goOn + ok, false, client.PhaseHeader},
		{"body", ok + "Content-Length: 10\r\n\r\n12345", false, client.PhaseBody},
		{"chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n123", false, client.PhaseBody},
		{"trailer", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y", false, client.PhaseBody},
		{"stream", ok + "Content-Length: 10\r\n\r\n12345", true, client.PhaseBody},
	} {
		var replied atomic.Bool
		either(t, tt.name, func(_ *testing.T, c net.Conn) {
			reply(tt.reply)(c)
			arrived(c)
			replied.Store(true)
			silent(c)
		}, func(t *testing.T, e endpoint) {
			replied.Store(false)
			c := &client.Client{TLSConfig: e.tls, Timeouts: client.Timeouts{FirstByte: limit, Silence: limit, Total: -1}}
			run(t, c, func(y *loop.Yielder, w *wire) {
				request := loop.Spawn(y, func(y *loop.Yielder) error {
					resp, err := c.Do(y, &client.Request{URL: e.url, Stream: tt.stream})
					if err == nil && tt.stream {
						_, err = io.ReadAll(resp.Stream)
					}
					return err
				})
				for !replied.Load() {
					turn(t, y)
				}
				for range 10 {
					turn(t, y)
				}
				w.Advance(limit - 1)
				for range 5 {
					turn(t, y)
				}
				parked(t, y, request, "Conn.Read")
				w.Advance(1)
				_, err := request.Await(y)
				checkError(t, err, "GET", e.url, tt.phase, os.ErrDeadlineExceeded, "timeout")
			})
		})
	}
}
