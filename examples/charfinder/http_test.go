package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// An exchange is a request, as it is on the wire, and what is answered.
type exchange struct {
	request string
	status  int
	body    string
}

// exchanges makes requests on one connection.
func exchanges(t *testing.T, y *loop.Yielder, address string, all ...exchange) error {
	c, err := netio.Dial(y, "tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for _, want := range all {
		if _, err := io.WriteString(c, want.request); err != nil {
			return err
		}
		var resp fasthttp.Response
		if err := resp.Read(in); err != nil {
			return fmt.Errorf("%.40q: %w", want.request, err)
		}
		if resp.StatusCode() != want.status || string(resp.Body()) != want.body {
			t.Errorf("%.40q: %d %q", want.request, resp.StatusCode(), resp.Body())
		}
	}
	return nil
}

func get(uri string) string { return "GET " + uri + " HTTP/1.1\r\nHost: h\r\n\r\n" }

// The connection is kept open for one request after the other, and parked when
// the server is cancelled.
func TestHTTP(t *testing.T) {
	served(t, "http", usual, io.Discard, func(y *loop.Yielder, address string) error {
		return exchanges(t, y, address,
			exchange{get("/search?q=capital+a"), 200, `[{"char":"A","code":"U+0041","name":"LATIN CAPITAL LETTER A"}]`},
			exchange{get("/search?q=%3Cb%3E"), 200, `[]`},
			exchange{get("/search"), 200, `[]`},
			exchange{get("/search?q=" + strings.Repeat("a", maxQuery)), 200, `[]`},
			exchange{get("/search?q=" + strings.Repeat("a", maxQuery+1)), 400, "a query has at most 250 bytes\n"},
			exchange{get("/"), 200, string(page)},
			exchange{get("/more"), 404, "there is nothing here; the page is at /\n"},
		)
	})
}

// A request that announces much, or has a large header, is refused before any
// more of it comes.
func TestD4Announced(t *testing.T) {
	const million = "Content-Length: 4000000\r\n\r\n"
	served(t, "http", usual, io.Discard, func(y *loop.Yielder, address string) error {
		for _, x := range []exchange{
			{"POST /search HTTP/1.1\r\nHost: h\r\n" + million, 405, "only GET and HEAD are answered\n"},
			{"GET /search HTTP/1.1\r\nHost: h\r\n" + million, 413, "a request has no body here\n"},
			{"GET /search HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n" + million, 413, "a request has no body here\n"},
			{"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3d0900\r\n", 413, "a request has no body here\n"},
			{"GET /" + strings.Repeat("a", 8<<10-len("GET /")), 431, "the header is too large\n"},
			{"What?\r\n\r\n", 400, "this is no request of HTTP\n"},
		} {
			if err := exchanges(t, y, address, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// A request that has begun must come to its end.
func TestD4SlowRequest(t *testing.T) {
	hurried := usual
	hurried.request = 1
	served(t, "http", hurried, io.Discard, func(y *loop.Yielder, address string) error {
		slow, err := visit(y, address)
		if err != nil {
			return err
		}
		defer slow.Close()
		if _, err := io.WriteString(slow, "GET / HT"); err != nil {
			return err
		}
		said, err := io.ReadAll(slow)
		if len(said) > 0 && !strings.HasPrefix(string(said), "HTTP/1.1 408 ") {
			t.Errorf("the client is told %q", said)
		}
		if errors.Is(err, syscall.ECONNRESET) {
			return nil // the server has not read what was there
		}
		return err
	})
}

// A server that shuts down says nothing to a client that has not asked anything.
func TestHTTPUnused(t *testing.T) {
	handle := http(nil, io.Discard, usual)
	looptest.Run(t, func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		serving := new(loop.Event)
		server := loop.Spawn(y, func(y *loop.Yielder) error {
			return netio.Serve(y, ln, func(y *loop.Yielder, c *netio.Conn) error {
				serving.Set()
				return handle(y, c)
			})
		})
		unused, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer unused.Close()
		if err := serving.Wait(y); err != nil {
			return err
		}
		server.Cancel()
		said, err := io.ReadAll(unused)
		if len(said) > 0 {
			t.Errorf("%q", said)
		}
		if _, err := server.Await(y); !errors.Is(err, loop.ErrCancelled) {
			t.Errorf("the server ended with %v", err)
		}
		return err
	}, looptest.OnNetwork())
}
