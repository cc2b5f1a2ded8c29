package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/valyala/fasthttp"
)

// elsewhere runs fn on a goroutine that the loop does not know, and parks the task meanwhile.
func elsewhere(y *loop.Yielder, fn func() string) (string, error) {
	return loop.ToThread(y, func(context.Context) (string, error) { return fn(), nil })
}

// TestHTTPTransportElsewhere makes requests on goroutines that run no task.
func TestHTTPTransportElsewhere(t *testing.T) {
	srv := httptest.NewServer(httpSite())
	defer srv.Close()
	srv.Config.ErrorLog = quietLog
	theirs := &http.Transport{}
	defer theirs.CloseIdleConnections()
	var wants []string
	for _, tt := range httpUses {
		wants = append(wants, tt.use(&http.Client{Transport: theirs}, srv.URL))
	}
	c := &client.Client{MaxConns: 1}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		h := &http.Client{Transport: &client.HTTPTransport{Client: c, Loop: loop.Running(y)}}
		for i, tt := range httpUses {
			want := wants[i]
			got, err := elsewhere(y, func() string { return tt.use(h, srv.URL) })
			if got != want || err != nil {
				t.Errorf("%s: got\n%s, %v\nwant\n%s", tt.name, got, err, want)
			}
		}
		if resp, err := c.Get(y, srv.URL+"/end"); err != nil || resp.Status != 200 {
			t.Errorf("then %v", err)
		}
	})
}

// TestHTTPTransportNowhere has the goroutines on which a request cannot be made.
func TestHTTPTransportNowhere(t *testing.T) {
	url := serveHTTP(t, func(*fasthttp.RequestCtx) {})
	c := &client.Client{}
	ask := func(l *loop.Loop) error {
		closed := 0
		r, _ := http.NewRequest("POST", url, reads{strings.NewReader("hello"), &closed})
		resp, err := (&client.HTTPTransport{Client: c, Loop: l}).RoundTrip(r)
		if resp != nil || closed != 1 {
			return fmt.Errorf("response %v, the body was closed %d times", resp, closed)
		}
		if e := (*client.Error)(nil); !errors.As(err, &e) || e.Phase != client.PhaseRequest {
			return fmt.Errorf("error %v", err)
		}
		return err
	}
	var gone *loop.Loop
	run(t, c, func(y *loop.Yielder, _ *wire) {
		l := loop.Running(y)
		gone = l
		if err := ask(nil); err == nil || strings.Contains(err.Error(), "Loop") {
			t.Errorf("in a task: %v", err)
		}
		if _, err := (&http.Client{Transport: &client.HTTPTransport{}}).Get(url); err == nil || !strings.Contains(err.Error(), "no Client") {
			t.Errorf("without a client: %v", err)
		}
		if _, err := elsewhere(y, func() string {
			if err := ask(nil); !errors.Is(err, loop.ErrNoTask) || !strings.Contains(err.Error(), "has no Loop") {
				t.Errorf("without a loop: %v", err)
			}
			next, stop := iter.Pull(func(yield func(error) bool) { yield(ask(l)) })
			defer stop()
			if err, _ := next(); !errors.Is(err, loop.ErrNoTask) {
				t.Errorf("within an iter.Pull: %v", err)
			}
			if _, err := loop.Run(func(*loop.Yielder) (int, error) {
				if err := ask(l); !errors.Is(err, loop.ErrForeignLoop) {
					t.Errorf("in a task of another loop: %v", err)
				}
				if err := ask(nil); !errors.Is(err, loop.ErrForeignLoop) {
					t.Errorf("with the client of another loop: %v", err)
				}
				return 0, nil
			}); err != nil {
				t.Error(err)
			}
			return ""
		}); err != nil {
			t.Error(err)
		}
		var called loop.Event
		l.CallSoon(func() {
			defer called.Set()
			if err := ask(nil); !errors.Is(err, loop.ErrNoTask) {
				t.Errorf("in a callback: %v", err)
			}
		})
		if err := called.Wait(y); err != nil {
			t.Error(err)
		}
	})
	if err := ask(gone); !errors.Is(err, loop.ErrClosed) {
		t.Errorf("after the loop: %v", err)
	}
}

// TestHTTPTransportCancelled cancels requests by their context, and tasks, at several places.
func TestHTTPTransportCancelled(t *testing.T) {
	url := "http://" + serve(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if req.URL.Path == "/body" {
			_, _ = io.WriteString(c, ok+"Content-Length: 10\r\n\r\nhalf")
		}
		_, _ = io.Copy(io.Discard, r) // until the client closes
	})
	for _, tt := range []struct {
		name, path string
		heard      int  // how often the client has heard from the server
		task       bool // the task is cancelled, and not the context
		own        bool // the context is that of the task
	}{
		{"header", "/header", 0, false, false},
		{"body", "/body", 1, false, false},
		{"task, header", "/header", 0, true, false},
		{"task, body", "/body", 1, true, false},
		{"task and its context, header", "/header", 0, true, true},
		{"task and its context, body", "/body", 1, true, true},
	} {
		for _, far := range []bool{false, true} {
			if far && tt.task {
				continue
			}
			t.Run(fmt.Sprintf("%s/elsewhere=%v", tt.name, far), func(t *testing.T) {
				c := &client.Client{MaxConns: 1, Timeouts: client.Timeouts{Total: -1, Silence: -1}}
				run(t, c, func(y *loop.Yielder, w *wire) {
					l := loop.Running(y)
					ctx, cancel := context.WithCancelCause(context.Background())
					defer cancel(nil)
					h := &http.Client{Transport: &client.HTTPTransport{Client: c, Loop: l}}
					ask := func() error {
						r, _ := http.NewRequestWithContext(ctx, "GET", url+tt.path, nil)
						resp, err := h.Do(r)
						if err != nil {
							return err
						}
						defer resp.Body.Close()
						_, err = io.ReadAll(resp.Body)
						return err
					}
					task := loop.Spawn(y, func(y *loop.Yielder) error {
						switch {
						case far:
							_, err := loop.Block(y, func(context.Context) (int, error) { return 0, ask() })
							return err
						case tt.own:
							ctx = y.Context()
						}
						return ask()
					})
					for w.made == 0 {
						turn(t, y)
					}
					w.hear(t, y, tt.heard)
					if tt.task {
						parked(t, y, task, "Conn.Read")
						task.Cancel()
					} else {
						cancel(errBroken)
					}
					_, err := task.Await(y)
					if loop.IsCancelled(err) != tt.task || errors.Is(err, errBroken) == tt.task {
						t.Errorf("got %v", err)
					}
					if w.open != 0 {
						t.Errorf("%d connections are open", w.open)
					}
				})
			})
		}
	}
}

// TestHTTPTransportBodyThatBlocks cancels a request whose body is a pipe that nobody writes to.
func TestHTTPTransportBodyThatBlocks(t *testing.T) {
	url := "http://" + serve(t, silent)
	for _, whole := range []bool{false, true} {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, w *wire) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			body, other := io.Pipe()
			task := loop.Spawn(y, func(y *loop.Yielder) error {
				h := &http.Client{Transport: &client.HTTPTransport{Client: c}}
				r, _ := http.NewRequestWithContext(ctx, "POST", url, body)
				_, err := h.Do(r)
				return err
			})
			parked(t, y, task, "Conn.Read")
			if whole {
				task.Cancel()
			} else {
				cancel()
			}
			_, err := task.Await(y)
			if loop.IsCancelled(err) != whole || !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if _, err := other.Write([]byte("x")); err != io.ErrClosedPipe || w.open != 0 {
				t.Errorf("the pipe: %v; %d connections", err, w.open)
			}
		})
	}
}

// TestHTTPTransportDuplex has a conversation: the body of the request is written while that of
// the response is read.
func TestHTTPTransportDuplex(t *testing.T) {
	url := "http://" + serve(t, func(c net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, ok+"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
		lines := bufio.NewScanner(req.Body)
		for lines.Scan() {
			fmt.Fprintf(c, "%x\r\n%s!\n\r\n", len(lines.Text())+2, lines.Text())
		}
		_, _ = io.WriteString(c, "0\r\n\r\n")
	})
	c := &client.Client{MaxConns: 1}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		h := &http.Client{Transport: &client.HTTPTransport{Client: c, Loop: loop.Running(y)}}
		for name, talk := range map[string]func(func() string) (string, error){
			"in the task": func(fn func() string) (string, error) { return fn(), nil },
			"elsewhere":   func(fn func() string) (string, error) { return elsewhere(y, fn) },
		} {
			got, err := talk(func() string {
				r, w := io.Pipe()
				resp, err := h.Post(url, "text/plain", r)
				if err != nil {
					return err.Error()
				}
				defer resp.Body.Close()
				var all strings.Builder
				answers := bufio.NewReader(resp.Body)
				for i := range 3 {
					fmt.Fprintf(w, "line %d\n", i)
					s, err := answers.ReadString('\n')
					if err != nil {
						return err.Error()
					}
					all.WriteString(s)
				}
				w.Close()
				rest, err := io.ReadAll(answers)
				return fmt.Sprint(all.String(), string(rest), err)
			})
			if want := "line 0!\nline 1!\nline 2!\n<nil>"; got != want || err != nil {
				t.Errorf("%s: got %q, %v", name, got, err)
			}
		}
	})
}

// TestHTTPTransportUpgrades has another protocol on the connection, after a response 101.
func TestHTTPTransportUpgrades(t *testing.T) {
	url := "http://" + serve(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome ")
		_, _ = io.Copy(c, r)
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		h := &http.Client{Transport: &client.HTTPTransport{Client: c, Loop: loop.Running(y)}}
		talk := func() string {
			r, _ := http.NewRequest("GET", url, nil)
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "echo")
			resp, err := h.Do(r)
			if err != nil {
				return err.Error()
			}
			defer resp.Body.Close()
			rw, ok := resp.Body.(io.ReadWriter)
			if !ok {
				return "no io.ReadWriter"
			}
			_, err = io.WriteString(rw, "hello")
			answer := make([]byte, len("welcome hello"))
			if err == nil {
				_, err = io.ReadFull(rw, answer)
			}
			return fmt.Sprintf("%d %s %v", resp.StatusCode, answer, err)
		}
		far, err := elsewhere(y, talk)
		if near := talk(); near != "101 welcome hello <nil>" || far != near || err != nil {
			t.Errorf("%s; %s, %v", near, far, err)
		}
	})
}

// TestHTTPTransportPassesOn has the body of a response as that of a request.
func TestHTTPTransportPassesOn(t *testing.T) {
	srv := httptest.NewServer(httpSite())
	defer srv.Close()
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		h := &http.Client{Transport: &client.HTTPTransport{Client: c}}
		from, err := h.Get(srv.URL + "/fixed")
		if err != nil {
			t.Error(err)
			return
		}
		if got := show(h.Post(srv.URL, "", from.Body)); !strings.Contains(got, "[200000] <nil>") {
			t.Error(got)
		}
		direct, err := c.Do(y, &client.Request{URL: srv.URL + "/fixed", Stream: true})
		if err != nil {
			t.Error(err)
			return
		}
		if got := show(h.Post(srv.URL, "", direct.Stream)); !strings.Contains(got, "[200000] <nil>") {
			t.Error(got)
		}
	})
}

// TestHTTPTransportTLS has the state of a TLS connection in the response.
func TestHTTPTransportTLS(t *testing.T) {
	srv := httptest.NewTLSServer(httpSite())
	defer srv.Close()
	c := &client.Client{TLSConfig: srv.Client().Transport.(*http.Transport).TLSClientConfig}
	run(t, c, func(y *loop.Yielder, w *wire) {
		h := &http.Client{Transport: &client.HTTPTransport{Client: c}}
		for _, path := range []string{"/chunked", "/empty", "/fixed"} {
			resp, err := h.Get(srv.URL + path)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Error(err)
			}
			resp.Body.Close()
			if resp.TLS == nil || !resp.TLS.HandshakeComplete || len(resp.TLS.PeerCertificates) == 0 {
				t.Errorf("%s: %+v", path, resp.TLS)
			}
		}
		if w.made != 1 {
			t.Errorf("%d connections", w.made)
		}
	})
}

// TestHTTPTransportClosesIdle closes connections that are kept open.
func TestHTTPTransportClosesIdle(t *testing.T) {
	srv := httptest.NewServer(httpSite())
	defer srv.Close()
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for _, l := range []*loop.Loop{nil, loop.Running(y)} {
			h := &http.Client{Transport: &client.HTTPTransport{Client: c, Loop: l}}
			if got := show(h.Get(srv.URL + "/empty")); w.open != 1 {
				t.Errorf("%d connections after %s", w.open, got)
			}
			if l == nil {
				h.CloseIdleConnections()
			} else if _, err := elsewhere(y, func() string { h.CloseIdleConnections(); return "" }); err != nil {
				t.Error(err)
			}
			if w.open != 0 {
				t.Errorf("%d connections are left", w.open)
			}
		}
	})
}

// TestHTTPTransportMocked has an http.Client whose requests a mock answers.
func TestHTTPTransportMocked(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("GET /hello", clienttest.Text(200, "hello").Header("X-Two", "1").Header("X-Two", "2").Trailer("X-Sum", "5"))
	m.On("/moved", clienttest.Status(302).Header("Location", "/hello"))
	m.On("/late", clienttest.Hang())
	looptest.Run(t, func(y *loop.Yielder) error {
		c := &client.Client{Sender: m}
		h := &http.Client{Transport: &client.HTTPTransport{Client: c}}
		got := show(h.Get("https://h/moved"))
		want := "200 OK HTTP/1.1 1.1 length=-1 te=[chunked] close=false unpacked=false of=https://h/hello nobody=false\n" +
			"Content-Type: [\"text/plain; charset=utf-8\"]\nX-Two: [\"1\" \"2\"]\nhello[5] <nil>\nmap[], then map[X-Sum:[5]]"
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		_, err := h.Get("https://h/late")
		if ue, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](err); !ok || !ue.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		return c.Close()
	})
}

// TestExpectContinue asks a server before it sends a body.
func TestExpectContinue(t *testing.T) {
	srv := httptest.NewServer(httpSite())
	defer srv.Close()
	c := &client.Client{MaxConns: 1}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		for _, r := range []client.Request{
			{Body: []byte("hello")},
			{BodyStream: strings.NewReader("hello"), Length: 5},
			{BodyStream: strings.NewReader("hello")},
		} {
			r.Method, r.URL, r.Expect = "PUT", srv.URL, true
			resp, err := c.Do(y, &r)
			if err != nil {
				t.Error(err)
			} else if !strings.Contains(string(resp.Body), `body="hello"[5] <nil>`) {
				t.Errorf("%s", resp.Body)
			}
		}
	})
}

// TestRequestTrailer has fields after a body.
func TestRequestTrailer(t *testing.T) {
	srv := httptest.NewServer(httpSite())
	defer srv.Close()
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		trailer := map[string][]string{"X-Sum": nil, "X-Two": {"1", "2"}}
		body := io.MultiReader(strings.NewReader("hello"), atEOF(func() { trailer["X-Sum"] = []string{"5"} }))
		resp, err := c.Do(y, &client.Request{Method: "PUT", URL: srv.URL, BodyStream: body, Trailer: trailer})
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(resp.Body), `body="hello"[5] <nil> trailer=map[X-Sum:[5] X-Two:[1 2]]`) {
			t.Errorf("%s", resp.Body)
		}
		for _, r := range []client.Request{
			{Body: []byte("hello"), Trailer: map[string][]string{"X-Sum": {"5"}}},
			{BodyStream: strings.NewReader("hello"), Length: 5, Trailer: map[string][]string{"X-Sum": {"5"}}},
			{BodyStream: strings.NewReader("hello"), Trailer: map[string][]string{"X y": {"5"}}},
			{BodyStream: strings.NewReader("hello"), Trailer: map[string][]string{"Content-Length": {"5"}}},
			{BodyStream: strings.NewReader("hello"), Trailer: map[string][]string{"Authorization": {"5"}}},
			{BodyStream: strings.NewReader("hello"), Trailer: map[string][]string{"X": {"5\r\nY: 6"}}},
		} {
			r.Method, r.URL = "PUT", srv.URL
			if _, err := c.Do(y, &r); err == nil {
				t.Errorf("trailer %v: no error", r.Trailer)
			}
		}
	})
}
