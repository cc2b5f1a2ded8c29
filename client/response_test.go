package client_test

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// respond serves raw, as it is, and gives the response to it to fn.
func respond(t *testing.T, raw string, r client.Request, fn func(y *loop.Yielder, resp *client.Response)) {
	t.Helper()
	c := &client.Client{}
	r.URL = "http://" + serve(t, replySilent(raw))
	run(t, c, func(y *loop.Yielder, _ *wire) {
		resp, err := c.Do(y, &r)
		if err != nil {
			t.Error(err)
			return
		}
		fn(y, resp)
		resp.Release()
	})
}

// TestB5FieldsAreAsSent has fields that fasthttp joins, drops, or makes up.
func TestB5FieldsAreAsSent(t *testing.T) {
	for _, tt := range []struct {
		name, fields string
		want         []string // in order; "=" between name and value
	}{
		{"two cookies", "Set-Cookie: a=1; Path=/\r\nset-cookie: b=2, 3\r\n", []string{"Set-Cookie=a=1; Path=/", "Set-Cookie=b=2, 3"}},
		{"two types", "Content-Type: text/html\r\nContent-Type: text/plain\r\n", []string{"Content-Type=text/html", "Content-Type=text/plain"}},
		{"two servers", "Server: a\r\nX: y\r\nServer: b\r\n", []string{"Server=a", "X=y", "Server=b"}},
		{"empty type", "Content-Type:\r\n", []string{"Content-Type="}},
		{"empty server", "Server: \r\nx-a:\r\n", []string{"Server=", "X-A="}},
		{"no type", "X-A: b\r\n", []string{"X-A=b"}},
		{"connection", "Connection: Close, te\r\n", []string{"Connection=Close, te"}},
		{"folded", "X-A: one\r\n\t two\r\n  three\r\nX-B: c\r\n", []string{"X-A=one two three", "X-B=c"}},
		{"folded type", "Content-Type: text/html;\r\n charset=x\r\nX-B: c\r\n", []string{"Content-Type=text/html; charset=x", "X-B=c"}},
		{"folded, two types", "Content-Type: a/b\r\nContent-Type: text/html;\r\n charset=x\r\n", []string{"Content-Type=a/b", "Content-Type=text/html; charset=x"}},
		{"spaces", "X-A :  b \t\r\n", []string{"X-A=b"}},
		{"trailer", "Trailer: Set-Cookie\r\n", []string{"Trailer=Set-Cookie"}}, // which is forbidden
		{"colons", "X-A: b: c:\r\n", []string{"X-A=b: c:"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, before := range []string{"", "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"} {
				respond(t, before+ok+tt.fields+"Content-Length: 0\r\n\r\n", client.Request{}, func(_ *loop.Yielder, resp *client.Response) {
					var got []string
					for k, v := range resp.Headers() {
						if got = append(got, k+"="+v); !slices.Contains(resp.Values(strings.ToLower(k)), v) {
							t.Errorf("Values(%q) has no %q", k, v)
						}
					}
					if want := append(tt.want, "Content-Length=0"); !slices.Equal(got, want) {
						t.Errorf("got %q, want %q", got, want)
					}
					key, value, _ := strings.Cut(tt.want[0], "=")
					if v := resp.Header(strings.ToUpper(key)); v != value {
						t.Errorf("Header(%q) is %q", key, v)
					}
				})
			}
		})
	}
}

// TestB5NoConnectionIsMadeUp has a response without a length: that the connection will be closed is not
// said by a field.
func TestB5NoConnectionIsMadeUp(t *testing.T) {
	c := &client.Client{}
	url := "http://" + serve(t, reply("HTTP/1.0 200 OK\r\n\r\nhello"))
	run(t, c, func(y *loop.Yielder, _ *wire) {
		resp, err := c.Get(y, url)
		if err != nil {
			t.Error(err)
			return
		}
		if all := maps.Collect(resp.Headers()); len(all) > 0 || string(resp.Body) != "hello" || resp.Proto() != "HTTP/1.0" {
			t.Errorf("%s %q with the fields %v", resp.Proto(), resp.Body, all)
		}
	})
}

func TestResponseTrailers(t *testing.T) {
	const raw = ok + "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\nX-Sum: no\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\nx-more: a: b\r\nX-More: c\r\n\r\n"
	var none []string
	collect := func(resp *client.Response) (all []string) {
		for k, v := range resp.Trailers() {
			all = append(all, k+"="+v)
		}
		return all
	}
	want := []string{"X-Sum=42", "X-More=a: b", "X-More=c"}
	respond(t, raw, client.Request{}, func(_ *loop.Yielder, resp *client.Response) {
		if got := collect(resp); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
		if v, h := resp.Trailer("x-more"), resp.Header("X-Sum"); v != "a: b" || h != "no" || resp.Trailer("X-None") != "" {
			t.Errorf("trailer %q, header %q", v, h)
		}
	})
	respond(t, raw, client.Request{Stream: true}, func(_ *loop.Yielder, resp *client.Response) {
		if got := collect(resp); !slices.Equal(got, none) {
			t.Errorf("before the body: %q", got)
		}
		if _, err := io.ReadAll(resp.Stream); err != nil {
			t.Error(err)
		}
		if got := collect(resp); !slices.Equal(got, want) {
			t.Errorf("after it: %q", got)
		}
	})
}

func TestResponseCookies(t *testing.T) {
	respond(t, ok+"Set-Cookie: a=1; Path=/; HttpOnly\r\nSet-Cookie: b=\"x y\"\r\nSet-Cookie: bad\r\nContent-Length: 0\r\n\r\n", client.Request{},
		func(_ *loop.Yielder, resp *client.Response) {
			var got []string
			for _, c := range resp.Cookies() {
				got = append(got, c.String())
			}
			if !slices.Equal(got, []string{"a=1; Path=/; HttpOnly", `b="x y"`}) {
				t.Errorf("got %q", got)
			}
		})
	respond(t, ok+"Content-Length: 0\r\n\r\n", client.Request{}, func(_ *loop.Yielder, resp *client.Response) {
		if got := resp.Cookies(); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
}

func TestResponseReason(t *testing.T) {
	for raw, want := range map[string]string{
		"HTTP/1.1 200 OK\r\n": "OK", "HTTP/1.1 404 Gone fishing\r\n": "Gone fishing",
		"HTTP/1.1 299\r\n": "", "HTTP/1.1 299 \r\n": "", "HTTP/1.1 200 \u00fc\r\n": "\u00fc",
	} {
		respond(t, raw+"Content-Length: 0\r\n\r\n", client.Request{}, func(_ *loop.Yielder, resp *client.Response) {
			if got := resp.Reason(); got != want || resp.Proto() != "HTTP/1.1" {
				t.Errorf("%q: %q in %s", raw, got, resp.Proto())
			}
		})
	}
}

// again serves raw to every request of a connection.
func again(raw string) func(net.Conn) {
	return func(c net.Conn) {
		br := bufio.NewReader(c)
		for new(fasthttp.Request).Read(br) == nil {
			_, _ = io.WriteString(c, raw) // the client says if it is missing
		}
	}
}

// TestRaiseForStatus has an error made of a status: by Err, or at once. The connection is used again.
func TestRaiseForStatus(t *testing.T) {
	const body = "no such\r\nthing"
	url := "http://" + serve(t, again("HTTP/1.1 404 Not Here\r\nX-A: b\r\nX-A: c\r\nContent-Length: 14\r\n\r\n"+body))
	check := func(err error, of string) {
		t.Helper()
		checkError(t, err, "GET", url, client.PhaseStatus, nil, "404 Not Here")
		if err == nil || err.Error() != "GET "+url+": status: 404 Not Here" {
			t.Errorf("the error is %q", err)
		}
		e, ok := errors.AsType[*client.StatusError](err)
		if !ok || e.Status != 404 || string(e.Body) != of || !slices.Equal(e.Header["X-A"], []string{"b", "c"}) {
			t.Errorf("got %+v", e)
		}
	}
	for _, raise := range []bool{false, true} {
		for _, r := range []client.Request{{}, {RaiseForStatus: true}, {Stream: true}, {Stream: true, RaiseForStatus: true}} {
			c := &client.Client{RaiseForStatus: raise}
			run(t, c, func(y *loop.Yielder, w *wire) {
				for range 2 {
					r.URL = url
					resp, err := c.Do(y, &r)
					switch {
					case c.RaiseForStatus || r.RaiseForStatus:
						check(err, body)
					case err != nil:
						t.Error(err)
					default:
						of := string(resp.Body)
						err := resp.Err()
						if r.Stream {
							_, _ = io.Copy(io.Discard, resp.Stream)
						}
						resp.Release()
						check(err, of)
					}
				}
				if w.made != 1 {
					t.Errorf("%d connections", w.made)
				}
			})
		}
	}
	respond(t, "HTTP/1.1 399 \r\nContent-Length: 0\r\n\r\n", client.Request{RaiseForStatus: true}, func(_ *loop.Yielder, resp *client.Response) {
		if !resp.OK() || resp.Err() != nil {
			t.Error(resp.Err())
		}
	})
	respond(t, "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", client.Request{}, func(_ *loop.Yielder, resp *client.Response) {
		if err := resp.Err(); resp.OK() || err == nil || !strings.HasSuffix(err.Error(), "status: 500 Internal Server Error") {
			t.Error(err)
		}
	})
	long := strings.Repeat("long ", 30)
	respond(t, "HTTP/1.1 500 "+long+"\r\nContent-Length: 0\r\n\r\n", client.Request{}, func(_ *loop.Yielder, resp *client.Response) {
		if err := resp.Err(); len(err.Error()) > 130 {
			t.Error(err)
		}
	})
}

// TestB3Released uses responses that are released: everything is as if there were nothing, and the
// next response is not touched.
func TestB3Released(t *testing.T) {
	url := "http://" + serve(t, again(ok+"Set-Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\nX-T: 1\r\n\r\n"))
	for _, stream := range []bool{false, true} {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			ask := func() *client.Response {
				resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
				if err != nil {
					t.Fatal(err)
				}
				return resp
			}
			old := ask()
			body, kept := old.Body, old.Stream
			if stream {
				if _, err := io.ReadAll(kept); err != nil {
					t.Error(err)
				}
			}
			old.Release()
			if strings.ContainsAny(string(body), "12345") {
				t.Errorf("the body is not overwritten: %q", body)
			}
			next := ask()
			old.Release()
			other := ask()
			if stream {
				if n, err := kept.Read(make([]byte, 9)); n != 0 || err != io.EOF {
					t.Errorf("a stream that was read: %d, %v", n, err)
				}
				for _, resp := range []*client.Response{next, other} {
					if b, err := io.ReadAll(resp.Stream); err != nil || string(b) != "12345" {
						t.Errorf("%q, %v", b, err)
					}
				}
			} else if string(next.Body) != "12345" || string(other.Body) != "12345" || &next.Body[0] == &other.Body[0] {
				t.Errorf("%q, %q", next.Body, other.Body)
			}
			if n := len(maps.Collect(old.Headers())) + len(maps.Collect(old.Trailers())) + len(old.Values("Set-Cookie")) + len(old.Cookies()); n > 0 {
				t.Errorf("%d fields", n)
			}
			if s := old.Header("Set-Cookie") + old.Trailer("X-T") + old.Reason() + old.Proto() + string(old.Body); s != "" {
				t.Errorf("%q", s)
			}
			if old.Status != 200 || old.URL != url || old.Err() != nil {
				t.Errorf("%d %s", old.Status, old.URL)
			}
			_, err := old.Text()
			checkError(t, err, "GET", url, client.PhaseBody, nil, "released")
			checkError(t, old.JSON(new(int)), "GET", url, client.PhaseBody, nil, "released")
		})
	}
}
