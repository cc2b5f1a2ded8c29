package client_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// unfinished is a server whose body of 100 bytes stops after five.
func unfinished(t testing.TB, secure bool) (url string, c *client.Client) {
	c = &client.Client{MaxConns: 1}
	handle, scheme := replySilent(ok+"Content-Length: 100\r\n\r\n12345"), "http"
	if secure {
		server := certificate(t)
		plain := handle
		handle, scheme = func(c net.Conn) { plain(tlsServer(c, server)) }, "https"
		c.TLSConfig = trusting(server)
	}
	return scheme + "://" + serve(t, handle), c
}

// endedBy is how a Read says that the stream was ended, by the name of the test.
var endedBy = map[string]error{
	"Client.Close": client.ErrClosed, "cancelled": loop.ErrCancelled, "Total": os.ErrDeadlineExceeded,
	"Close": net.ErrClosed, "Close twice": net.ErrClosed, "Release": net.ErrClosed, "Release twice": net.ErrClosed,
}

// TestB3StreamInUse has a task wait in Read while another ends the stream, in every way there is. The
// reader gets an error, once and again, and the place is given back.
func TestB3StreamUsedByTwo(t *testing.T) {
	for name, end := range map[string]func(y *loop.Yielder, c *client.Client, resp *client.Response, reader *loop.Task[struct{}], w *wire){
		"Close": func(_ *loop.Yielder, _ *client.Client, resp *client.Response, _ *loop.Task[struct{}], _ *wire) {
			_ = resp.Stream.Close()
		},
		"Close twice": func(_ *loop.Yielder, _ *client.Client, resp *client.Response, _ *loop.Task[struct{}], _ *wire) {
			_, _ = resp.Stream.Close(), resp.Stream.Close()
		},
		"Release": func(_ *loop.Yielder, _ *client.Client, resp *client.Response, _ *loop.Task[struct{}], _ *wire) {
			resp.Release()
		},
		"Release twice": func(_ *loop.Yielder, _ *client.Client, resp *client.Response, _ *loop.Task[struct{}], _ *wire) {
			resp.Release()
			resp.Release()
		},
		"cancelled": func(_ *loop.Yielder, _ *client.Client, _ *client.Response, reader *loop.Task[struct{}], _ *wire) {
			reader.Cancel()
		},
		"cancelled, then Release": func(_ *loop.Yielder, _ *client.Client, resp *client.Response, reader *loop.Task[struct{}], _ *wire) {
			reader.Cancel()
			resp.Release()
		},
		"Client.Close": func(_ *loop.Yielder, c *client.Client, _ *client.Response, _ *loop.Task[struct{}], _ *wire) {
			_ = c.Close()
		},
		"Total": func(_ *loop.Yielder, _ *client.Client, _ *client.Response, _ *loop.Task[struct{}], w *wire) {
			w.Advance(time.Hour)
		},
		"Total and Release": func(_ *loop.Yielder, _ *client.Client, resp *client.Response, _ *loop.Task[struct{}], w *wire) {
			w.Advance(time.Hour)
			resp.Release()
		},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS %v", name, secure), func(t *testing.T) {
				url, c := unfinished(t, secure)
				run(t, c, func(y *loop.Yielder, w *wire) {
					resp, err := c.Do(y, &client.Request{URL: url, Stream: true})
					if err != nil {
						t.Error(err)
						return
					}
					body := resp.Stream
					var got []byte
					reader := loop.Spawn(y, func(y *loop.Yielder) (err error) {
						got, err = io.ReadAll(body)
						return err
					})
					parked(t, y, reader, "Conn.Read")
					end(y, c, resp, reader, w)
					_, err = reader.Await(y)
					if e := (*client.Error)(nil); !errors.As(err, &e) || string(got) != "12345" {
						t.Errorf("the reader got %q, %v", got, err)
					}
					if want := endedBy[name]; want != nil && !errors.Is(err, want) {
						t.Errorf("the reader got %v, want %v", err, want)
					}
					if n, again := body.Read(make([]byte, 1)); n != 0 || again == nil || again == io.EOF {
						t.Errorf("a further Read: %d, %v", n, again)
					}
					_ = body.Close()
					resp.Release()
					if w.open != 0 {
						t.Errorf("%d connections are open", w.open)
					}
				})
			})
		}
	}
}

// TestB3TwoReaders has two tasks read one body. The second gets an error at once, and the first
// is unharmed.
func TestB3TwoReaders(t *testing.T) {
	more := make(chan struct{})
	url := "http://" + serve(t, func(c net.Conn) {
		reply(ok + "Content-Length: 5\r\n\r\n12")(c)
		<-more
		_, _ = io.WriteString(c, "345")
		silent(c)
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		resp, err := c.Do(y, &client.Request{URL: url, Stream: true})
		if err != nil {
			t.Error(err)
			close(more)
			return
		}
		var got []byte
		first := loop.Spawn(y, func(y *loop.Yielder) (err error) {
			got, err = io.ReadAll(resp.Stream)
			return err
		})
		parked(t, y, first, "Conn.Read")
		for range 2 {
			n, err := resp.Stream.Read(make([]byte, 1))
			if n != 0 {
				t.Errorf("the second reader got %d bytes", n)
			}
			checkError(t, err, "GET", url, client.PhaseBody, nil, "another task")
		}
		close(more)
		if _, err := first.Await(y); err != nil || string(got) != "12345" {
			t.Errorf("the first reader got %q, %v", got, err)
		}
	})
}

// TestB3Released uses responses after Release, or twice. None of them shows anything of another
// response.
func TestB3ReleasedTwice(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("X-Path", string(ctx.Path()))
		ctx.SetBodyString(strings.Repeat(string(ctx.Path()), 1000))
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		ask := func(path string, stream bool) *client.Response {
			resp, err := c.Do(y, &client.Request{URL: url + path, Stream: stream})
			if err != nil {
				t.Fatal(err)
			}
			return resp
		}
		old, stream := ask("/old", false), ask("/stream", true)
		body := stream.Stream
		for range 3 {
			old.Release()
			stream.Release()
		}
		a, b := ask("/a", false), ask("/b", false)
		old.Release()
		stream.Release()
		d := ask("/d", true)
		for _, r := range []*client.Response{old, stream} {
			if r.Body != nil || r.Header("X-Path") != "" {
				t.Errorf("after Release: %q, %q", r.Body, r.Header("X-Path"))
			}
			for k, v := range r.Headers() {
				t.Errorf("after Release: %s: %s", k, v)
			}
		}
		if n, err := body.Read(make([]byte, 10)); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("the stream after Release: %d, %v", n, err)
		}
		for r, path := range map[*client.Response]string{a: "/a", b: "/b", d: "/d"} {
			if r.Stream != nil {
				var err error
				if r.Body, err = io.ReadAll(r.Stream); err != nil {
					t.Error(err)
				}
			}
			if string(r.Body) != strings.Repeat(path, 1000) || r.Header("X-Path") != path {
				t.Errorf("of %s: %.20q, %q", path, r.Body, r.Header("X-Path"))
			}
		}
	})
}
