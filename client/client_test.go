package client_test

import (
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

func TestGet(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("X-Path", string(ctx.Path())+"?"+ctx.QueryArgs().String())
		ctx.Response.Header.Set("X-Agent", string(ctx.UserAgent()))
		ctx.SetStatusCode(fasthttp.StatusTeapot)
		ctx.SetBodyString("short and stout")
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		for range 2 {
			resp, err := c.Get(y, url+"/tea/pot?a=1")
			if err != nil {
				t.Error(err)
				return
			}
			if resp.Status != 418 || string(resp.Body) != "short and stout" || resp.URL != url+"/tea/pot?a=1" {
				t.Errorf("got %d %q from %s", resp.Status, resp.Body, resp.URL)
			}
			if p, a := resp.Header("x-path"), resp.Header("X-Agent"); p != "/tea/pot?a=1" || a != "coloop" {
				t.Errorf("path %q, agent %q", p, a)
			}
			resp.Release()
		}
	})
}

func TestMethods(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("X-Got", string(ctx.Method())+" "+string(ctx.Request.Header.ContentType())+" "+
			string(ctx.Request.Header.Peek("X-Mine"))+" "+string(ctx.Host()))
		ctx.SetBody(ctx.PostBody())
	})
	big := strings.Repeat("0123456789", 100_000)
	mine := map[string][]string{"Content-Type": {"text/plain"}, "X-Mine": {"yes"}, "Host": {"elsewhere"}}
	for _, tt := range []struct {
		req       client.Request
		got, body string
	}{
		{client.Request{Method: "HEAD", Header: mine}, "HEAD text/plain yes elsewhere", ""},
		{client.Request{Method: "PUT", Header: mine, Body: []byte("x")}, "PUT text/plain yes elsewhere", "x"},
		{client.Request{Method: "PATCH", Header: mine, Body: []byte(big)}, "PATCH text/plain yes elsewhere", big},
		{client.Request{Method: "POST", Header: mine, BodyStream: strings.NewReader(big)}, "POST text/plain yes elsewhere", big},
		{client.Request{Method: "DELETE", Header: mine}, "DELETE text/plain yes elsewhere", ""},
		{client.Request{Method: "OPTIONS", Header: mine}, "OPTIONS text/plain yes elsewhere", ""},
	} {
		t.Run(tt.req.Method, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				for range 2 {
					tt.req.URL = url
					if tt.req.BodyStream != nil {
						tt.req.BodyStream = strings.NewReader(big)
					}
					resp, err := c.Do(y, &tt.req)
					if err != nil {
						t.Error(err)
						return
					}
					if got := resp.Header("X-Got"); got != tt.got || string(resp.Body) != tt.body {
						t.Errorf("got %q, %d bytes", got, len(resp.Body))
					}
				}
			})
		})
	}
}
