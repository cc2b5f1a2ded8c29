package client_test

import (
	"errors"
	"fmt"
	"net"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// visitSite has handler serve for as long as do runs in a task.
func visitSite(handler fasthttp.RequestHandler, do func(y *loop.Yielder, url string) error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &fasthttp.Server{Handler: handler, Logger: quiet{}}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { _ = s.ServeConn(c) }) // until the client closes
		}
	})
	err = loop.Main(func(y *loop.Yielder) error { return do(y, "http://"+ln.Addr().String()) })
	ln.Close()
	conns.Wait()
	if err != nil {
		fmt.Println(err)
	}
}

// tellAsked answers with what it is asked, and by whom.
func tellAsked(ctx *fasthttp.RequestCtx) {
	fmt.Fprintf(ctx, "%s %s %s", ctx.Method(), ctx.RequestURI(), ctx.Request.Header.Peek("Authorization"))
}

func ExampleClient_session() {
	visitSite(tellAsked, func(y *loop.Yielder, site string) error {
		c := &client.Client{
			BaseURL: site + "/v1/",
			Header:  map[string][]string{"Authorization": {"Bearer t0ken"}},
		}
		defer c.Close()
		resp, err := c.Do(y, &client.Request{URL: "users", Query: url.Values{"page": {"2"}}})
		if err != nil {
			return err
		}
		fmt.Println(string(resp.Body))
		return nil
	})
	// Output: GET /v1/users?page=2 Bearer t0ken
}

func ExampleBasic() {
	visitSite(tellAsked, func(y *loop.Yielder, site string) error {
		c := &client.Client{Auth: client.Basic("Aladdin", "open sesame")}
		defer c.Close()
		resp, err := c.Get(y, site)
		if err != nil {
			return err
		}
		fmt.Println(string(resp.Body))
		return nil
	})
	// Output: GET / Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==
}

func ExampleDigest() {
	handler := func(ctx *fasthttp.RequestCtx) {
		if proof := ctx.Request.Header.Peek("Authorization"); !strings.HasPrefix(string(proof), `Digest username="Mufasa", realm="lions"`) {
			ctx.SetStatusCode(401)
			ctx.Response.Header.Set("WWW-Authenticate", `Digest realm="lions", nonce="7ypf", qop="auth", algorithm=SHA-256`)
			return
		}
		fmt.Fprint(ctx, "welcome")
	}
	visitSite(handler, func(y *loop.Yielder, site string) error {
		c := &client.Client{}
		defer c.Close()
		resp, err := c.Do(y, &client.Request{URL: site, Auth: client.Digest("Mufasa", "Circle of Life")})
		if err != nil {
			return err
		}
		fmt.Println(resp.Status, string(resp.Body))
		return nil
	})
	// Output: 200 welcome
}

func ExampleNetrc() {
	name := filepath.Join(os.TempDir(), "coloop-example.netrc")
	if err := os.WriteFile(name, []byte("machine 127.0.0.1 login me password mine"), 0o600); err != nil {
		fmt.Println(err)
	}
	defer os.Remove(name)
	visitSite(tellAsked, func(y *loop.Yielder, site string) error {
		c := &client.Client{Auth: client.Netrc(name)} // Netrc("") is ~/.netrc
		defer c.Close()
		resp, err := c.Get(y, site)
		if err != nil {
			return err
		}
		fmt.Println(string(resp.Body))
		return nil
	})
	// Output: GET / Basic bWU6bWluZQ==
}

// A badge is an Auth of one's own: a token that is fetched when the server asks for one.
type badge struct{ value string }

func (b *badge) Authorization(y *loop.Yielder, r *client.AuthRequest) (string, error) {
	if r.Challenges != nil && r.Answered > 0 {
		return "", nil // not even the new one will do
	}
	if r.Challenges != nil {
		b.value = "Bearer new" // a request to another server, most likely
	}
	return b.value, nil
}

func ExampleAuth() {
	handler := func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Request.Header.Peek("Authorization")) != "Bearer new" {
			ctx.SetStatusCode(401)
			ctx.Response.Header.Set("WWW-Authenticate", "Bearer")
			return
		}
		tellAsked(ctx)
	}
	visitSite(handler, func(y *loop.Yielder, site string) error {
		c := &client.Client{Auth: &badge{"Bearer old"}}
		defer c.Close()
		resp, err := c.Get(y, site)
		if err != nil {
			return err
		}
		fmt.Println(string(resp.Body))
		return nil
	})
	// Output: GET / Bearer new
}

func ExampleClient_jar() {
	handler := func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) == "/login" {
			ctx.Response.Header.Add("Set-Cookie", "session=4711; Path=/; HttpOnly")
			ctx.Redirect("/home", 303)
			return
		}
		fmt.Fprintf(ctx, "Cookie: %s", ctx.Request.Header.Peek("Cookie"))
	}
	visitSite(handler, func(y *loop.Yielder, site string) error {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return err
		}
		c := &client.Client{Jar: jar}
		defer c.Close()
		resp, err := c.Post(y, site+"/login", "text/plain", []byte("me"))
		if err != nil {
			return err
		}
		fmt.Println(string(resp.Body))
		return nil
	})
	// Output: Cookie: session=4711
}

func ExampleClient_checkRedirect() {
	handler := func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Path()) {
		case "/1":
			ctx.Response.Header.Set("Location", "/2")
			ctx.SetStatusCode(302)
		case "/2":
			ctx.Response.Header.Set("Location", "http://elsewhere.example/")
			ctx.SetStatusCode(302)
		}
	}
	visitSite(handler, func(y *loop.Yielder, site string) error {
		c := &client.Client{CheckRedirect: func(_ *loop.Yielder, next *client.Request, _ []client.Redirect) error {
			if !strings.HasPrefix(next.URL, site) {
				return client.ErrUseLastResponse
			}
			return nil
		}}
		defer c.Close()
		resp, err := c.Get(y, site+"/1")
		if err != nil {
			return err
		}
		for _, r := range resp.History {
			fmt.Println(r.Status, r.Method, strings.TrimPrefix(r.URL, site))
		}
		fmt.Println(resp.Status, "to", resp.Header("Location"))
		return nil
	})
	// Output:
	// 302 GET /1
	// 302 to http://elsewhere.example/
}

func ExampleRetry() {
	busy := 2
	handler := func(ctx *fasthttp.RequestCtx) {
		if busy > 0 {
			busy--
			ctx.SetStatusCode(503)
			return
		}
		fmt.Fprint(ctx, "at last")
	}
	visitSite(handler, func(y *loop.Yielder, site string) error {
		c := &client.Client{Retry: &client.Retry{
			Attempts: 5,
			Backoff:  time.Millisecond,
			OnRetry: func(_ *loop.Yielder, a client.Attempt) {
				fmt.Println("attempt", a.N, "was answered by", a.Status)
			},
		}}
		defer c.Close()
		resp, err := c.Get(y, site)
		if err != nil {
			return err
		}
		fmt.Println(string(resp.Body))
		return nil
	})
	// Output:
	// attempt 1 was answered by 503
	// attempt 2 was answered by 503
	// at last
}

func ExampleTemporaryError() {
	err := loop.Main(func(y *loop.Yielder) error {
		c := &client.Client{}
		defer c.Close()
		_, err := c.Get(y, "http://127.0.0.1:1/")
		return err
	})
	if e := (*client.Error)(nil); errors.As(err, &e) {
		fmt.Println(client.TemporaryError(e))
	}
	// Output: true
}
