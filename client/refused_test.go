package client_test

import (
	"fmt"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// TestB7Refused: what cannot be sent as it stands, or would say something else to the server than to
// the caller, is refused before anything is done, with an error that gives no value away.
func TestB7Refused(t *testing.T) {
	type fields = map[string][]string
	requests := map[string]client.Request{}
	field := func(name, value string) {
		requests[fmt.Sprintf("field %q: %q", name, value)] = client.Request{Header: fields{"A": {"b"}, name: {value}}}
	}
	for _, name := range []string{
		"", " ", "X Y", "X:", "X: y, Evil", "X\r\nEvil", "X\n", "X\x00", "X\t", "\xff", "Ä", "X(", "X/", "X@", strings.Repeat("X ", 5000),
		"Content-Length", "content-length", "CONTENT-LENGTH", "Transfer-Encoding", "transfer-encoding", "Trailer", "trailer", "Expect", "expect",
		"Proxy-Authorization",
	} {
		field(name, "5")
	}
	for _, value := range []string{
		"secret\r\nEvil: y", "secret\ny", "secret\ry", "secret\r\n", "\nsecret", "secret\x00", "secret\x01", "secret\x7f", "secret\x1b[0m",
	} {
		for _, name := range []string{"X", "Cookie", "Authorization", "User-Agent", "Host", "Content-Type", "Connection"} {
			field(name, value)
		}
	}
	for _, host := range []string{"", " ", "secret secret", "a\tb", "é"} {
		field("Host", host)
		field("host", host)
	}
	requests["two Hosts"] = client.Request{Header: fields{"Host": {"a", "b"}}}
	requests["Host and host"] = client.Request{Header: fields{"Host": {"a"}, "host": {"b"}}}
	requests["no Host"] = client.Request{Header: fields{"Host": {}}}
	for _, method := range []string{
		" ", "GET ", " GET", "G T", "GET\r\n", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "GET\x00", "GÉT", "G/T", "G:T", "(", "CONNECT", strings.Repeat("G\n", 5000),
	} {
		requests[fmt.Sprintf("method %q", method)] = client.Request{Method: method}
	}
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for name, r := range requests {
			for _, text := range []string{"", "hello"} {
				b := &body{Reader: strings.NewReader(text)}
				if r.URL = "http://example.com/"; text != "" {
					r.BodyStream = b
				}
				_, err := c.Do(y, &r)
				e, ok := err.(*client.Error)
				if !ok || e.Phase != client.PhaseRequest {
					t.Errorf("%.100s: %v", name, err)
					continue
				}
				if said := err.Error(); len(said) > 300 || strings.ContainsAny(said, "\r\n\x00\x1b") || strings.Contains(said, "secret") {
					t.Errorf("%.100s: %q", name, said)
				}
				if text != "" && b.closed != 1 {
					t.Errorf("%.100s: the body is %+v", name, b)
				}
			}
		}
		if w.made > 0 {
			t.Errorf("%d connections were made", w.made)
		}
	})
}

// TestB7ConnectionClose: a request that says so has its connection closed, and no other.
func TestB7ConnectionClose(t *testing.T) {
	url := serveHTTP(t, func(*fasthttp.RequestCtx) {})
	for value, conns := range map[string]int{"close": 3, "CLOSE": 3, "x, close": 3, "keep-alive": 1, "closed": 1, "": 1} {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, w *wire) {
			for range 3 {
				if _, err := c.Do(y, &client.Request{URL: url, Header: map[string][]string{"connection": {"x", value}}}); err != nil {
					t.Errorf("%q: %v", value, err)
				}
			}
			if w.made != conns {
				t.Errorf("%q: %d connections were made", value, w.made)
			}
		})
	}
}
