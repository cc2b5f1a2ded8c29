package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// A senderFunc is a Sender.
type senderFunc func(y *loop.Yielder, r *client.Request) (*client.Response, error)

func (f senderFunc) Send(y *loop.Yielder, r *client.Request) (*client.Response, error) {
	return f(y, r)
}

// between is a sender between a client and the network, which takes down what passes.
func between(c *client.Client, passed *[]string) client.Sender {
	return senderFunc(func(y *loop.Yielder, r *client.Request) (*client.Response, error) {
		resp, err := c.Send(y, r)
		if err == nil {
			*passed = append(*passed, fmt.Sprintf("%s %s %d", r.Method, r.URL[strings.LastIndex(r.URL, "/"):], resp.Status))
		}
		return resp, err
	})
}

// TestSenderOverTheNetwork has the same exchanges with a sender that passes them on to the
// network, and without one.
func TestSenderOverTheNetwork(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Path()) {
		case "/moved":
			ctx.Redirect("/end", fasthttp.StatusTemporaryRedirect)
			ctx.SetBodyString("elsewhere")
		case "/long":
			ctx.SetBodyStream(strings.NewReader(strings.Repeat("x", 100_000)), -1)
		default:
			fmt.Fprintf(ctx, "%s %s %q", ctx.Method(), ctx.Host(), ctx.PostBody())
			var fields []string // in whatever order they come
			for k, v := range ctx.Request.Header.All() {
				fields = append(fields, fmt.Sprintf("%s: %s", k, v))
			}
			slices.Sort(fields)
			fmt.Fprint(ctx, fields)
		}
	})
	for _, tt := range []struct {
		r      client.Request
		passed string
	}{
		{client.Request{URL: "/end"}, "[GET /end 200]"},
		{client.Request{URL: "/moved"}, "[GET /moved 307 GET /end 200]"},
		{client.Request{URL: "/moved", Method: "PUT", Body: []byte("body"), Header: map[string][]string{"X": {"1", "2"}, "User-Agent": {""}}}, "[PUT /moved 307 PUT /end 200]"},
		{client.Request{URL: "/end", Method: "POST", Body: []byte("body"), Expect: true, Header: map[string][]string{"Host": {"other"}, "User-Agent": {"mine"}}}, "[POST /end 200]"},
		{client.Request{URL: "/long"}, "[GET /long 200]"},
		{client.Request{URL: "/end", Method: "HEAD"}, "[HEAD /end 200]"},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s%s/stream=%v", tt.r.Method, tt.r.URL, stream), func(t *testing.T) {
				c := &client.Client{MaxConns: 1}
				var passed, got []string
				run(t, c, func(y *loop.Yielder, _ *wire) {
					r := tt.r
					r.URL, r.Stream = strings.Replace(url, "http://", "http://me:pass@", 1)+r.URL, stream
					for _, c.Sender = range []client.Sender{nil, between(c, &passed)} {
						resp, err := c.Do(y, &r)
						if err != nil {
							t.Error(err)
							return
						}
						body := resp.Body
						if stream {
							if body, err = io.ReadAll(resp.Stream); err != nil {
								t.Error(err)
							}
						}
						got = append(got, fmt.Sprintf("%d %s %q", resp.Status, resp.Header("Content-Type"), body))
						resp.Release()
					}
				})
				if len(got) != 2 || got[0] != got[1] {
					t.Errorf("without a sender %.500q,\nwith one %.500q", got[:1], got[1:])
				}
				if fmt.Sprint(passed) != tt.passed {
					t.Errorf("passed %v, want %v", passed, tt.passed)
				}
			})
		}
	}
}

// TestSendFollowsNothing has a Client that is a sender itself.
func TestSendFollowsNothing(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.Redirect("/end", fasthttp.StatusFound) })
	c := &client.Client{Sender: senderFunc(func(*loop.Yielder, *client.Request) (*client.Response, error) {
		return nil, errors.New("the Sender of a client makes exchanges of that client's Send")
	})}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		resp, err := c.Send(y, &client.Request{URL: url})
		if err != nil {
			t.Error(err)
		} else if resp.Status != fasthttp.StatusFound {
			t.Errorf("status %d", resp.Status)
		}
	})
}

// TestSenderOfRoundTrip has a request in fasthttp's types answered by a sender.
func TestSenderOfRoundTrip(t *testing.T) {
	c := &client.Client{Sender: senderFunc(func(_ *loop.Yielder, r *client.Request) (*client.Response, error) {
		h := http.Header(r.Header)
		body := fmt.Sprintf("%s %s %s %s %q %s %q", r.Method, r.URL, h.Get("Host"), h.Get("User-Agent"), h.Values("X"), h.Get("Content-Length"), r.Body)
		return client.NewResponse(203, map[string][]string{"Set-Cookie": {"a=1", "b=2"}, "Content-Type": {"x/y"}}, []byte(body)), nil
	})}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		req.SetRequestURI("http://h/x?q=1")
		req.Header.SetMethod("POST")
		req.Header.Add("X", "1")
		req.Header.Add("X", "2")
		req.SetBodyString("body")
		if err := c.RoundTrip(y, req, resp); err != nil {
			t.Error(err)
			return
		}
		want := `POST http://h/x?q=1 h coloop ["1" "2"]  "body"`
		if got := string(resp.Body()); got != want || resp.StatusCode() != 203 || string(resp.Header.ContentType()) != "x/y" {
			t.Errorf("got %s", resp)
		}
		var cookies []string
		for _, v := range resp.Header.Cookies() {
			cookies = append(cookies, string(v))
		}
		if fmt.Sprint(cookies) != "[a=1 b=2]" {
			t.Errorf("cookies %q", cookies)
		}
	})
}

// TestSenderPanics has a sender that panics, and one that ends the task.
func TestSenderPanics(t *testing.T) {
	closed := 0
	body := &closes{Reader: strings.NewReader("body"), n: &closed}
	c := &client.Client{Sender: senderFunc(func(*loop.Yielder, *client.Request) (*client.Response, error) { panic("broken") })}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		defer func() {
			if r := recover(); r != "broken" || closed != 1 {
				t.Errorf("panic %v; the body was closed %d times", r, closed)
			}
		}()
		_, _ = c.Do(y, &client.Request{Method: "PUT", URL: "http://h/", BodyStream: body})
	})
}

// closes counts how often it is closed.
type closes struct {
	io.Reader
	n *int
}

func (c *closes) Close() error {
	*c.n++
	return nil
}
