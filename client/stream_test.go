package client_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

func TestStream(t *testing.T) {
	body := strings.Repeat("0123456789", 20_000)
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("X-Conn", ctx.RemoteAddr().String())
		switch string(ctx.Path()) {
		case "/fixed":
			ctx.SetBodyString(body)
		case "/chunked":
			ctx.SetBodyStream(strings.NewReader(body), -1)
		case "/end":
			ctx.SetConnectionClose()
			ctx.Response.ImmediateHeaderFlush = true
			ctx.SetBodyString(body)
		case "/none":
			ctx.SetStatusCode(fasthttp.StatusNoContent)
		}
	})
	for _, tt := range []struct {
		path, method string
		size         int
		reused       bool
	}{
		{"/fixed", "GET", len(body), true},
		{"/chunked", "GET", len(body), true},
		{"/end", "GET", len(body), false},
		{"/none", "GET", 0, true},
		{"/empty", "GET", 0, true},
		{"/fixed", "HEAD", 0, true},
	} {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				var conns [2]string
				for i := range conns {
					resp, err := c.Do(y, &client.Request{Method: tt.method, URL: url + tt.path, Stream: true})
					if err != nil {
						t.Error(err)
						return
					}
					conns[i] = resp.Header("X-Conn")
					got, err := io.ReadAll(resp.Stream)
					if err != nil || len(got) != tt.size || string(got) != body[:tt.size] {
						t.Errorf("%d bytes, %v", len(got), err)
					}
					if n, err := resp.Stream.Read(make([]byte, 1)); n != 0 || err != io.EOF {
						t.Errorf("after the end: %d, %v", n, err)
					}
					resp.Release()
				}
				if (conns[0] == conns[1]) != tt.reused {
					t.Errorf("connections %v", conns)
				}
			})
		})
	}
}

// TestStreamBackPressure has a server that never stops.
func TestStreamBackPressure(t *testing.T) {
	const asked = 1 << 20
	sent := make(chan int, 1)
	url := "http://" + serve(t, func(c net.Conn) {
		reply("HTTP/1.1 200 OK\r\n\r\n")(c)
		n := 0
		for b := make([]byte, 64<<10); ; {
			m, err := c.Write(b)
			if n += m; err != nil {
				sent <- n
				return
			}
		}
	})
	c := &client.Client{MaxConns: 1}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		resp, err := c.Do(y, &client.Request{URL: url, Stream: true})
		if err != nil {
			t.Error(err)
			return
		}
		if n, err := io.CopyN(io.Discard, resp.Stream, asked); err != nil {
			t.Error(n, err)
		}
		if err := resp.Stream.Close(); err != nil {
			t.Error(err)
		}
		if _, err := resp.Stream.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
	// What the sockets' buffers take, and no more.
	if n := <-sent; n > asked+64<<20 {
		t.Errorf("the server sent %d bytes to a reader of %d", n, asked)
	}
}
