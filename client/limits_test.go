package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// TestD1FirstByte: the time until the reply begins goes on when a 100 Continue has come.
func TestD1FirstByte(t *testing.T) {
	interim := make(chan struct{})
	either(t, "", func(t *host, c net.Conn) {
		reply("")(c)
		for {
			select {
			case <-interim:
				_, _ = io.WriteString(c, goOn)
			case <-t.over:
				return
			}
		}
	}, func(t *testing.T, e endpoint) {
		c := &client.Client{TLSConfig: e.tls, Timeouts: client.Timeouts{FirstByte: time.Hour, Silence: time.Minute}}
		run(t, c, func(y *loop.Yielder, w *wire) {
			defer e.end()
			request := loop.Spawn(y, func(y *loop.Yielder) error {
				_, err := c.Do(y, &client.Request{Method: "PUT", URL: e.url, Timeouts: &client.Timeouts{FirstByte: time.Hour, Silence: time.Minute, Total: -1}})
				return err
			})
			for range 3 {
				for sent := false; !sent; turn(t, y) {
					select {
					case interim <- struct{}{}:
						sent = true
					default:
					}
				}
				w.hear(t, y, w.heard+1)
				w.Advance(15 * time.Minute)
			}
			w.Advance(15*time.Minute - 1)
			for range 10 {
				turn(t, y)
			}
			parked(t, y, request, "Conn.Read")
			w.Advance(1)
			_, err := request.Await(y)
			checkError(t, err, "PUT", e.url, client.PhaseFirstByte, os.ErrDeadlineExceeded, "timeout")
		})
	})
}

// TestD2EndOfTime has limits that reach beyond the end of time.
func TestD2EndOfTime(t *testing.T) {
	const most = time.Duration(math.MaxInt64)
	plain := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.PostBody()) })
	secure, cfg := serveTLS(t, func(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.PostBody()) })
	for _, limit := range []time.Duration{most, most - 1, most / 2} {
		for _, now := range []time.Duration{0, time.Hour, most / 2} {
			for _, url := range []string{plain, secure, strings.Replace(plain, "127.0.0.1", "localhost", 1)} {
				t.Run(fmt.Sprint(limit, now, url), func(t *testing.T) {
					c := &client.Client{
						TLSConfig: cfg, MaxConns: 1, IdleTimeout: limit,
						Timeouts: client.Timeouts{Connect: limit, TLS: limit, FirstByte: limit, Silence: limit, Total: limit},
					}
					run(t, c, func(y *loop.Yielder, w *wire) {
						w.Advance(now)
						turn(t, y)
						if err := all(y, 3, func(y *loop.Yielder, i int) error {
							r := &client.Request{Method: "PUT", URL: url, Body: []byte("x"), Stream: i == 1}
							if i == 2 {
								r.Body, r.BodyStream = nil, strings.NewReader("x")
							}
							resp, err := c.Do(y, r)
							if err == nil && r.Stream {
								resp.Body, err = io.ReadAll(resp.Stream)
							}
							if err == nil && string(resp.Body) != "x" {
								err = fmt.Errorf("got %q", resp.Body)
							}
							return err
						}); err != nil {
							t.Error(err)
						}
						turn(t, y)
						if w.made != 1 || w.open != 1 {
							t.Errorf("%d connections were made, %d are open", w.made, w.open)
						}
					})
				})
			}
		}
	}
}

// TestD3Defaults: a client for which nothing was set has limits.
func TestD3Defaults(t *testing.T) {
	t.Run("connections", func(t *testing.T) {
		const most, more = 1000, 20
		url := "http://" + startServer(t, serveSilent)
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, w *wire) {
			var tasks []*loop.Task[struct{}]
			for range most + more {
				tasks = append(tasks, loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, url) }))
			}
			for _, task := range tasks[most:] {
				parked(t, y, task, "Client pool")
			}
			for w.open < most {
				turn(t, y)
			}
			if w.made != most {
				t.Errorf("%d connections were made", w.made)
			}
			for _, task := range tasks {
				task.Cancel()
			}
			for _, task := range tasks {
				if _, err := task.Await(y); !loop.IsCancelled(err) {
					t.Error(err)
				}
			}
		})
	})
	quiet := "http://" + serve(t, silent)
	for _, tt := range []struct {
		name, url string
		limit     time.Duration
		phase     client.Phase
		heard     int
		waits     string
	}{
		{"connect", "http://" + backlogged(t), 30 * time.Second, client.PhaseConnect, 0, "Dial"},
		{"TLS", "https" + strings.TrimPrefix(quiet, "http"), 30 * time.Second, client.PhaseTLS, 0, "Conn.Read"},
		{"total", quiet, 5 * time.Minute, client.PhaseFirstByte, 0, "Conn.Read"},
		{"silence", "http://" + serve(t, replySilent(ok)), time.Minute, client.PhaseHeader, 1, "Conn.Read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, w *wire) {
				task := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, tt.url) })
				w.hear(t, y, tt.heard)
				parked(t, y, task, tt.waits)
				w.Advance(tt.limit - 1)
				for range 5 {
					turn(t, y)
				}
				parked(t, y, task, tt.waits)
				w.Advance(1)
				_, err := task.Await(y)
				checkError(t, err, "GET", tt.url, tt.phase, os.ErrDeadlineExceeded, "timeout")
			})
		})
	}
	for name, tt := range map[string]struct {
		reply string
		is    error
	}{
		"body":             {ok + "Content-Length: 67108865\r\n\r\n", client.ErrBodyTooLarge},
		"header":           {ok + "X: " + strings.Repeat("x", 17<<10) + "\r\n\r\n", client.ErrHeaderTooLarge},
		"header in pieces": {ok + strings.Repeat("X: y\r\n", 17<<10/6) + "\r\n", client.ErrHeaderTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			c, url := &client.Client{}, "http://"+serve(t, replySilent(tt.reply))
			run(t, c, func(y *loop.Yielder, _ *wire) {
				if err := get(y, c, url); !errors.Is(err, tt.is) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// endless are what a server sends without end, and never comes to an end of.
var endless = map[string]struct{ head, again string }{
	"extension of a chunk":    {ok + "Transfer-Encoding: chunked\r\n\r\n5;", "extension;"},
	"extensions":              {ok + "Transfer-Encoding: chunked\r\n\r\n", "1;" + strings.Repeat("x", 1000) + "\r\nx\r\n"},
	"spaces behind a size":    {ok + "Transfer-Encoding: chunked\r\n\r\n5", "     "},
	"zeros of a size":         {ok + "Transfer-Encoding: chunked\r\n\r\n", "00000"},
	"trailer":                 {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"},
	"value of a trailer":      {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", "yyyyy"},
	"interim replies":         {"", "HTTP/1.1 102 Processing\r\n\r\n"},
	"100 Continue":            {"", goOn},
	"empty lines":             {"", "\r\n"},
	"bare line ends":          {"", "\n"},
	"status line":             {"HTTP/1.1 200 ", "very "},
	"fields":                  {ok, "X: y\r\n"},
	"fields with bare LF":     {ok, "X: y\n"},
	"value":                   {ok + "X: ", "yyyyy"},
	"folded value":            {ok + "X: y\r\n", " y\r\n"},
	"interim replies with LF": {"", "HTTP/1.1 102 Processing\nX: y\n\n"},
}

// TestD8Endless has a server send something without end that gives no result. The client counts it, and
// gives up before long.
func TestD8Endless(t *testing.T) {
	for name, tt := range endless {
		for _, stream := range []bool{false, true} {
			var sent atomic.Int64
			either(t, fmt.Sprintf("%s, streamed %v", name, stream), func(_ *host, c net.Conn) {
				reply(tt.head)(c)
				piece := bytes.Repeat([]byte(tt.again), 1+4000/len(tt.again))
				for {
					n, err := c.Write(piece)
					if sent.Add(int64(n)); err != nil {
						return
					}
				}
			}, func(t *testing.T, e endpoint) {
				sent.Store(0)
				c := &client.Client{TLSConfig: e.tls, MaxConns: 1}
				run(t, c, func(y *loop.Yielder, w *wire) {
					resp, err := c.Do(y, &client.Request{URL: e.url, Stream: stream})
					if err == nil && stream {
						_, err = io.Copy(io.Discard, resp.Stream)
					}
					if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("got %v", err)
					}
					if w.open != 0 {
						t.Errorf("%d connections are open", w.open)
					}
				})
				if n := sent.Load(); n > 16<<20 { // the buffers of the system take most of it
					t.Errorf("the server has sent %d bytes", n)
				}
			})
		}
	}
}

// TestD8TinyChunks has a body come in chunks of a byte. It costs, but is whole.
func TestD8TinyChunks(t *testing.T) {
	const size = 1 << 20
	for _, stream := range []bool{false, true} {
		either(t, fmt.Sprint("streamed ", stream), func(_ *host, c net.Conn) {
			reply(ok + "Transfer-Encoding: chunked\r\n\r\n")(c)
			_, _ = io.WriteString(c, strings.Repeat("1\r\nx\r\n", size)+"0\r\n\r\n")
			silent(c)
		}, func(t *testing.T, e endpoint) {
			c := &client.Client{TLSConfig: e.tls, MaxBody: size}
			run(t, c, func(y *loop.Yielder, w *wire) {
				resp, err := c.Do(y, &client.Request{URL: e.url, Stream: stream})
				if err == nil && stream {
					resp.Body, err = io.ReadAll(resp.Stream)
				}
				if err != nil || len(resp.Body) != size || bytes.Count(resp.Body, []byte("x")) != size {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// TestD8ManyInterimReplies has the header of the reply come behind many interim ones, so that it is
// cut where the buffer ends. Its fields are all there.
func TestD8ManyInterimReplies(t *testing.T) {
	const fields = "X-A: 1\r\nServer: a\r\nX-A: 2\r\nServer: b\r\n"
	for _, n := range []int{1, 652, 653, 654, 655, 656, 1309, 1310, 1311} { // 16 KiB are 655.36
		for _, stream := range []bool{false, true} {
			either(t, fmt.Sprintf("%d, streamed %v", n, stream), func(_ *host, c net.Conn) {
				reply(strings.Repeat(goOn, n) + ok + fields + "Content-Length: 5\r\n\r\nhello")(c)
				silent(c)
			}, func(t *testing.T, e endpoint) {
				c := &client.Client{TLSConfig: e.tls}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					resp, err := c.Do(y, &client.Request{URL: e.url, Stream: stream})
					if err == nil && stream {
						resp.Body, err = io.ReadAll(resp.Stream)
					}
					if err != nil || string(resp.Body) != "hello" {
						t.Errorf("got %v, %v", resp, err)
						return
					}
					var got strings.Builder
					for k, v := range resp.Headers() {
						fmt.Fprintf(&got, "%s: %s\r\n", k, v)
					}
					if want := fields + "Content-Length: 5\r\n"; got.String() != want {
						t.Errorf("got %q, want %q", got.String(), want)
					}
				})
			})
		}
	}
}
