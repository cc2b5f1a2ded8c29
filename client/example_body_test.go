package client_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// serving serves handler for as long as the example runs fn, in a task with a client.
func serving(handler fasthttp.RequestHandler, fn func(y *loop.Yielder, c *client.Client, url string) error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	s := &fasthttp.Server{Handler: handler, NoDefaultServerHeader: true}
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
	defer func() { ln.Close(); conns.Wait() }()
	err = loop.Main(func(y *loop.Yielder) error {
		c := &client.Client{}
		defer c.Close()
		return fn(y, c, "http://"+ln.Addr().String())
	})
	if err != nil {
		fmt.Println(err)
	}
}

// echo serves the method, type and body of the request.
func echo(ctx *fasthttp.RequestCtx) {
	ctx.Response.Header.Set("X-Method", string(ctx.Method()))
	ctx.SetContentTypeBytes(ctx.Request.Header.ContentType())
	ctx.SetBody(ctx.PostBody())
}

func ExampleClient_PostJSON() {
	serving(echo, func(y *loop.Yielder, c *client.Client, url string) error {
		resp, err := c.PostJSON(y, url, map[string]int{"flags": 3})
		if err != nil {
			return err
		}
		defer resp.Release()
		var reply struct{ Flags int }
		if err := resp.JSON(&reply); err != nil {
			return err
		}
		fmt.Println(resp.Header("Content-Type"), reply.Flags)
		return nil
	})
	// Output: application/json 3
}

func ExampleResponse_JSON() {
	serving(func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("text/html")
		ctx.SetBodyString("<p>no such thing")
	}, func(y *loop.Yielder, c *client.Client, url string) error {
		resp, err := c.Get(y, url)
		if err != nil {
			return err
		}
		var reply struct{ Flags int }
		err = resp.JSON(&reply)
		fmt.Println(errors.Unwrap(err))
		return nil
	})
	// Output: JSON at line 1, column 1: invalid character '<' looking for beginning of value, Content-Type is "text/html"
}

func ExampleResponse_Text() {
	serving(func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("text/plain; charset=iso-8859-1")
		ctx.SetBodyString("caf\xe9")
	}, func(y *loop.Yielder, c *client.Client, url string) error {
		resp, err := c.Get(y, url)
		if err != nil {
			return err
		}
		text, err := resp.Text()
		fmt.Println(text)
		return err
	})
	// Output: café
}

func ExampleClient_PostForm() {
	serving(echo, func(y *loop.Yielder, c *client.Client, to string) error {
		resp, err := c.PostForm(y, to, url.Values{"name": {"Brazil"}, "code": {"BR"}})
		if err != nil {
			return err
		}
		fmt.Println(resp.Header("Content-Type"))
		fmt.Printf("%s\n", resp.Body)
		return nil
	})
	// Output:
	// application/x-www-form-urlencoded
	// code=BR&name=Brazil
}

// The methods that have a function of their own; Client.Do takes any.
func ExampleClient_Put() {
	serving(echo, func(y *loop.Yielder, c *client.Client, url string) error {
		for _, do := range []func() (*client.Response, error){
			func() (*client.Response, error) { return c.Put(y, url, "text/plain", []byte("all of it")) },
			func() (*client.Response, error) { return c.Patch(y, url, "text/plain", []byte("a part")) },
			func() (*client.Response, error) { return c.Delete(y, url) },
			func() (*client.Response, error) { return c.Head(y, url) },
		} {
			resp, err := do()
			if err != nil {
				return err
			}
			fmt.Printf("%s %q\n", resp.Header("X-Method"), resp.Body)
		}
		return nil
	})
	// Output:
	// PUT "all of it"
	// PATCH "a part"
	// DELETE ""
	// HEAD ""
}

// A form with a field, a file, and something that is read from elsewhere, with the progress of the upload.
func ExamplePart() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	flag := filepath.Join(dir, "br.gif")
	if err := os.WriteFile(flag, []byte("GIF89a"), 0o600); err != nil {
		log.Fatal(err)
	}
	serving(func(ctx *fasthttp.RequestCtx) {
		form, err := ctx.MultipartForm()
		if err != nil {
			ctx.Error(err.Error(), 400)
			return
		}
		f := form.File["flag"][0]
		fmt.Fprintf(ctx, "%s, %s of %d bytes, %s", form.Value["country"][0], f.Filename, f.Size, form.Value["notes"][0])
	}, func(y *loop.Yielder, c *client.Client, url string) error {
		all := false
		resp, err := c.Do(y, &client.Request{
			Method: "POST",
			URL:    url,
			Multipart: []client.Part{
				{Name: "country", Value: "Brazil"},
				{Name: "flag", Path: flag, ContentType: "image/gif"},
				{Name: "notes", Reader: strings.NewReader("green")},
			},
			OnUpload: func(done, total int64) { all = done == total },
		})
		if err != nil {
			return err
		}
		fmt.Printf("%s\nall was sent: %v\n", resp.Body, all)
		return nil
	})
	// Output:
	// Brazil, br.gif of 6 bytes, green
	// all was sent: true
}

func ExampleResponse_Err() {
	serving(func(ctx *fasthttp.RequestCtx) { ctx.Error("the flag of Atlantis is not known", 404) },
		func(y *loop.Yielder, c *client.Client, url string) error {
			resp, err := c.Get(y, url)
			if err != nil {
				return err // there was no response
			}
			fmt.Println(resp.Status, resp.OK())
			var status *client.StatusError
			if errors.As(resp.Err(), &status) {
				fmt.Printf("%v: %s\n", status, status.Body)
			}
			return nil
		})
	// Output:
	// 404 false
	// 404 Not Found: the flag of Atlantis is not known
}

func ExampleResponse_Headers() {
	serving(func(ctx *fasthttp.RequestCtx) {
		h := &ctx.Response.Header
		h.Add("X-Flag", "BR")
		h.Add("X-Flag", "IN")
		h.Add("Set-Cookie", "seen=1; Path=/")
		ctx.SetStatusCode(204)
	}, func(y *loop.Yielder, c *client.Client, url string) error {
		resp, err := c.Get(y, url)
		if err != nil {
			return err
		}
		fmt.Println(resp.Proto(), resp.Status, resp.Reason())
		fmt.Println(resp.Header("x-flag"), resp.Values("x-flag"))
		for _, cookie := range resp.Cookies() {
			fmt.Println(cookie.Name, cookie.Value)
		}
		for name, value := range resp.Headers() {
			if strings.HasPrefix(name, "X-") {
				fmt.Println(name, value)
			}
		}
		return nil
	})
	// Output:
	// HTTP/1.1 204 No Content
	// BR [BR IN]
	// seen 1
	// X-Flag BR
	// X-Flag IN
}

func ExampleResponse_Trailer() {
	serving(func(ctx *fasthttp.RequestCtx) {
		_ = ctx.Response.Header.SetTrailer("X-Sum") // the name is right
		ctx.SetBodyStream(strings.NewReader("flag"), -1)
		ctx.Response.Header.Set("X-Sum", "42")
	}, func(y *loop.Yielder, c *client.Client, url string) error {
		resp, err := c.Do(y, &client.Request{URL: url, Stream: true})
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Stream)
		fmt.Printf("%s %s\n", body, resp.Trailer("X-Sum"))
		return err
	})
	// Output: flag 42
}

// events serves two of them.
func events(ctx *fasthttp.RequestCtx) {
	if len(ctx.Request.Header.Peek("Last-Event-ID")) > 0 {
		ctx.SetStatusCode(204) // that was all
		return
	}
	ctx.SetContentType("text/event-stream")
	ctx.SetBodyString("retry: 1\n\ndata: ready\n\nid: 1\nevent: flag\ndata: Brazil\ndata: BR\n\n")
}

func ExampleClient_Events() {
	serving(events, func(y *loop.Yielder, c *client.Client, url string) error {
		for event, err := range c.Events(y, &client.Request{URL: url}) {
			if err != nil {
				return err
			}
			fmt.Printf("%s %q\n", event.Type, event.Data)
		}
		return nil
	})
	// Output:
	// message "ready"
	// flag "Brazil\nBR"
}

// An EventSource connects again, and says where it was. Here the server says then that there are no more.
func ExampleEventSource() {
	serving(events, func(y *loop.Yielder, c *client.Client, url string) error {
		source := client.EventSource{Client: c, Request: client.Request{URL: url}}
		for event, err := range source.Events(y) {
			if err != nil {
				return err
			}
			fmt.Printf("%s %q\n", event.Type, event.ID)
		}
		fmt.Println("the last was", source.LastEventID)
		return nil
	})
	// Output:
	// message ""
	// flag "1"
	// the last was 1
}
