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

// A phase is a request that has come to one of its phases, and waits there.
type phase struct {
	name, url string
	client    client.Client
	request   client.Request
	phase     client.Phase
	waits     string // for what, as the String of the task says
	heard     int    // how often it has heard from the server
}

// phases returns requests for all phases.
func phases(t *testing.T) (all []*phase) {
	crowded := backlogged(t)
	_, port, _ := net.SplitHostPort(crowded)
	quiet := serve(t, silent)
	put := func(expect bool, body io.Reader) client.Request {
		r := client.Request{Method: "PUT", Expect: expect, BodyStream: body}
		if body == nil {
			r.Body = []byte("x")
		}
		return r
	}
	all = []*phase{
		{name: "connecting", url: "http://" + crowded, phase: client.PhaseConnect, waits: "Dial"},
		{name: "connecting to a name", url: "http://localhost:" + port, phase: client.PhaseConnect},
		{name: "own Dial", url: "http://x", phase: client.PhaseConnect, waits: "Sleep"},
		{name: "proxy", url: "https://x", phase: client.PhaseProxy, waits: "Conn.Read"},
		{name: "SOCKS proxy", url: "http://x", phase: client.PhaseProxy, waits: "Conn.Read"},
		{name: "parked reader", url: "http://" + quiet, request: put(false, waiting{}), phase: client.PhaseWrite, waits: "Conn.Read"},
		{name: "expectation", url: "http://" + quiet, request: put(true, nil), phase: client.PhaseWrite, waits: "Conn.Read"},
	}
	all[2].client.Dial = func(y *loop.Yielder, _, _ string) (*netio.Conn, error) { return nil, loop.Sleep(y, 1000*time.Hour) }
	all[3].client.Proxy = client.ProxyURL(quiet)
	all[4].client.Proxy = client.ProxyURL("socks5://" + quiet)
	for _, tt := range cancelTests {
		addr := full(t)
		if tt.server != nil {
			addr = serve(t, tt.server)
		}
		all = append(all, &phase{name: tt.name, url: tt.scheme + "://" + addr, request: tt.req, phase: tt.phase, waits: tt.waits, heard: tt.heard})
	}
	return all
}

// start has a task make the request, and waits until it is in the phase.
func (p *phase) start(t *testing.T, y *loop.Yielder, w *wire) *loop.Task[struct{}] {
	if p.request.BodyStream != nil {
		p.request.BodyStream = waiting{loop.Running(y)}
	}
	p.request.URL = p.url
	task := loop.Spawn(y, func(y *loop.Yielder) error {
		resp, err := p.client.Do(y, &p.request)
		if err == nil && resp.Stream != nil {
			_, err = io.ReadAll(resp.Stream)
		}
		return err
	})
	w.hear(t, y, p.heard)
	parked(t, y, task, p.waits)
	for range 5 { // for the upload to begin
		turn(t, y)
	}
	return task
}

// ended checks that the request ends soon, as it should.
func (p *phase) ended(t *testing.T, y *loop.Yielder, task *loop.Task[struct{}], w *wire, is error, text string) {
	for range 10 {
		turn(t, y)
	}
	if !task.Done() {
		task.Cancel()
	}
	_, err := task.Await(y)
	checkError(t, err, cmp.Or(p.request.Method, "GET"), p.url, p.phase, is, text)
	if w.open != 0 {
		t.Errorf("%d connections are open", w.open)
	}
}

// TestB8CloseEndsRequests closes the client while a request is in each of its phases. The request
// fails at once, with ErrClosed, and no connection is left.
func TestB8CloseEndsRequests(t *testing.T) {
	for _, p := range phases(t) {
		t.Run(p.name, func(t *testing.T) {
			run(t, &p.client, func(y *loop.Yielder, w *wire) {
				task := p.start(t, y, w)
				if err := p.client.Close(); err != nil {
					t.Error(err)
				}
				p.ended(t, y, task, w, client.ErrClosed, "client is closed")
			})
		})
	}
}

// TestD1TotalEndsRequests: the time in all ends a request, whatever it waits for.
func TestD1TotalEndsRequests(t *testing.T) {
	const total = 100 * time.Hour
	for _, p := range phases(t) {
		t.Run(p.name, func(t *testing.T) {
			p.client.Timeouts = client.Timeouts{Connect: -1, TLS: -1, FirstByte: -1, Silence: -1, Total: total}
			run(t, &p.client, func(y *loop.Yielder, w *wire) {
				task := p.start(t, y, w)
				w.Advance(total - 1 - w.Now())
				for range 10 {
					turn(t, y)
				}
				if task.Done() {
					t.Error("the request is over early")
				}
				if p.request.Expect { // the second for that has passed
					p.phase = client.PhaseFirstByte
				}
				w.Advance(1)
				p.ended(t, y, task, w, os.ErrDeadlineExceeded, "timeout")
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
