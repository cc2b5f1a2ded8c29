package client_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// TestB9BodyIsClosed has requests with a BodyStream take every way out there is. The body is closed
// once, and is not read after that.
func TestB9BodyIsClosed(t *testing.T) {
	_, refused := bound(t)
	plain := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		if to := string(ctx.QueryArgs().Peek("status")); to != "" {
			ctx.Response.Header.Set("Location", "/")
			ctx.SetStatusCode(ctx.QueryArgs().GetUintOrZero("status"))
		}
	})
	secure, cfg := serveTLS(t, func(*fasthttp.RequestCtx) {})
	loops := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("Location", "/")
		ctx.SetStatusCode(fasthttp.StatusSeeOther)
	})
	quiet := "http://" + serve(t, silent)
	once := "http://" + serve(t, func(c net.Conn) {
		reply(ok + "Content-Length: 0\r\n\r\n")(c)
		reply("")(c)
	})
	early := "http://" + serve(t, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, ok+"Content-Length: 5\r\n\r\n1")
			silent(c)
		}
	})
	// An act does the request r, and returns whether it may succeed.
	type act func(y *loop.Yielder, c *client.Client, r *client.Request, w *wire) (mayFail bool)
	do := func(y *loop.Yielder, c *client.Client, r *client.Request) *loop.Task[struct{}] {
		return loop.Spawn(y, func(y *loop.Yielder) error {
			resp, err := c.Do(y, r)
			if err == nil {
				resp.Release()
			}
			return err
		})
	}
	fails := func(url string) act {
		return func(y *loop.Yielder, c *client.Client, r *client.Request, _ *wire) bool {
			r.URL = url
			if _, err := do(y, c, r).Await(y); err == nil {
				t.Errorf("%s: no error", url)
			}
			return true
		}
	}
	succeeds := func(url string) act {
		return func(y *loop.Yielder, c *client.Client, r *client.Request, _ *wire) bool {
			r.URL = url
			if _, err := do(y, c, r).Await(y); err != nil {
				t.Error(err)
			}
			return false
		}
	}
	// interrupted ends a request that waits for the only place of the pool, or for the server.
	interrupted := func(inPool bool, end func(c *client.Client, task *loop.Task[struct{}], w *wire)) act {
		return func(y *loop.Yielder, c *client.Client, r *client.Request, w *wire) bool {
			waits := "Conn.Read"
			if r.URL = quiet; inPool {
				holder := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, quiet) })
				parked(t, y, holder, "Conn.Read")
				defer func() {
					holder.Cancel()
					_, _ = holder.Await(y)
				}()
				waits = "Client pool"
			}
			task := do(y, c, r)
			parked(t, y, task, waits)
			end(c, task, w)
			if _, err := task.Await(y); err == nil {
				t.Error("no error")
			}
			return true
		}
	}
	cancel := func(_ *client.Client, task *loop.Task[struct{}], _ *wire) { task.Cancel() }
	closeClient := func(c *client.Client, _ *loop.Task[struct{}], _ *wire) { _ = c.Close() }
	timeOut := func(_ *client.Client, _ *loop.Task[struct{}], w *wire) { w.Advance(time.Hour) }
	for name, tt := range map[string]act{
		"success":                  succeeds(plain),
		"success with TLS":         succeeds(secure),
		"connection refused":       fails("http://" + refused),
		"no such host":             fails("http://no..such.host/"),
		"no TLS":                   fails("https" + strings.TrimPrefix(plain, "http")),
		"bad URL":                  fails("http://a b/"),
		"bad scheme":               fails("ftp://host/"),
		"no reply":                 fails("http://" + serve(t, reply(""))),
		"reset":                    fails("http://" + serve(t, reset(""))),
		"bad reply":                fails("http://" + serve(t, reply("HTTP/2 hello\r\n\r\n"))),
		"cut reply":                fails("http://" + serve(t, reply(ok+"Content-Length: 5\r\n\r\n1"))),
		"redirect without a body":  succeeds(plain + "/?status=303"),
		"redirect that makes GET":  succeeds(plain + "/?status=302"),
		"redirect with the body":   fails(plain + "/?status=307"),
		"too many redirects":       fails(loops),
		"waiting in the pool":      interrupted(true, cancel),
		"too long in the pool":     interrupted(true, timeOut),
		"closed in the pool":       interrupted(true, closeClient),
		"waiting for the server":   interrupted(false, cancel),
		"too long with the server": interrupted(false, timeOut),
		"closed with the server":   interrupted(false, closeClient),
		"bad field": func(y *loop.Yielder, c *client.Client, r *client.Request, w *wire) bool {
			r.Header = map[string][]string{"X": {"\n"}}
			return fails(plain)(y, c, r, w)
		},
		"bad method": func(y *loop.Yielder, c *client.Client, r *client.Request, w *wire) bool {
			r.Method = "P T"
			return fails(plain)(y, c, r, w)
		},
		"closed client": func(y *loop.Yielder, c *client.Client, r *client.Request, w *wire) bool {
			_ = c.Close()
			return fails(plain)(y, c, r, w)
		},
		"stale connection": func(y *loop.Yielder, c *client.Client, r *client.Request, w *wire) bool {
			if err := get(y, c, once); err != nil {
				t.Error(err)
			}
			return fails(once)(y, c, r, w)
		},
		"another loop": func(y *loop.Yielder, c *client.Client, r *client.Request, w *wire) bool {
			if err := get(y, c, plain); err != nil {
				t.Error(err)
			}
			_, err := loop.ToThread(y, func(context.Context) (struct{}, error) {
				return loop.Run(func(y *loop.Yielder) (struct{}, error) {
					_, err := c.Do(y, r)
					return struct{}{}, err
				})
			})
			if err == nil {
				t.Error("no error")
			}
			return true
		},
		"stream closed at once": func(y *loop.Yielder, c *client.Client, r *client.Request, w *wire) bool {
			r.URL, r.Stream = early, true
			b := r.BodyStream.(*body)
			b.Reader = io.MultiReader(io.LimitReader(b.Reader, 50_000), waiting{loop.Running(y)})
			resp, err := c.Do(y, r)
			if err != nil {
				t.Error(err)
				return false
			}
			resp.Release()
			turn(t, y) // for the upload to end
			turn(t, y)
			turn(t, y)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, length := range []int64{0, 100_000} {
				b := &body{Reader: strings.NewReader(strings.Repeat("x", 100_000))}
				c := &client.Client{TLSConfig: cfg, MaxConns: 1, MaxRedirects: 3, Timeouts: client.Timeouts{Total: time.Minute}}
				run(t, c, func(y *loop.Yielder, w *wire) {
					r := &client.Request{Method: "POST", URL: plain, BodyStream: b, Length: length}
					whole := !tt(y, c, r, w)
					if b.closed != 1 || whole && b.read != 100_000 {
						t.Errorf("the body is %+v", b)
					}
				})
			}
		})
	}
}
