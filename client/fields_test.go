package client_test

import (
	"fmt"
	"io"
	"net"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// TestB5FieldsBesideTheHidden has headers that fasthttp refuses, or misunderstands, though nothing is wrong
// with them, or takes though something is: the other fields and the connection are not harmed.
func TestB5FieldsBesideTheHidden(t *testing.T) {
	for _, tt := range []struct {
		name, method, reply string
		want                string // "" for an error
		kept                bool
	}{
		{"Trailer", "GET", ok + "X-A: 1\r\nTrailer: X-T,\r\nX-B: 2\r\nContent-Length: 2\r\nX-C: 3\r\n\r\nab", "ab 1 2 3 [X-T,] []", true},
		{"Trailer behind an empty line", "GET", "\r\n" + ok + "X-A: 1\r\nTrailer: Host\r\nX-B: 2\r\nContent-Length: 2\r\nX-C: 3\r\n\r\nab", "ab 1 2 3 [Host] []", true},
		{"two lengths", "GET", ok + "X-A: 1\r\nContent-Length: 2\r\nX-B: 2\r\nContent-Length:2 \r\nX-C: 3\r\n\r\nab", "ab 1 2 3 [] []", true},
		{"three lengths and Trailer", "GET", ok + "content-length : 2\r\nX-A: 1\r\nTrailer: ,\r\nContent-Length: 2\r\nX-B: 2\r\nContent-Length: 2\r\nX-C: 3\r\n\r\nab", "ab 1 2 3 [,] []", true},
		{"two lengths that differ", "GET", ok + "Content-Length: 2\r\nX-A: 1\r\nContent-Length: 02\r\n\r\nab", "", false},
		{"one of two lengths is none", "GET", ok + "Content-Length: 2\r\nContent-Length:\r\n\r\nab", "", false},
		{"HEAD", "HEAD", ok + "X-A: 1\r\nX-B: 2\r\nX-C: 3\r\n\r\n", " 1 2 3 [] []", true},
		{"HEAD and close", "HEAD", ok + "X-A: 1\r\nConnection: close\r\nX-B: 2\r\nX-C: 3\r\n\r\n", " 1 2 3 [] [close]", false},
		{"HEAD of HTTP/1.0", "HEAD", "HTTP/1.0 200 OK\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n\r\n", " 1 2 3 [] []", false},
		{"000", "GET", "HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nab", "", false},
		{"000 with spaces", "GET", "\r\nHTTP/1.1  000\r\nContent-Length: 2\r\n\r\nab", "", false},
		{"099", "GET", "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nab", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calmly(t, func(y *loop.Yielder, _ *calm) {
				conns := 0
				s := newStand(t, y, nil, func(_ *loop.Yielder, c *torn, _ net.Conn) error {
					conns++
					for {
						if _, _, err := c.request(c); err != nil {
							return err
						}
						if _, err := io.WriteString(c, tt.reply); err != nil {
							return err
						}
					}
				})
				c := &client.Client{}
				for range 2 {
					got := ""
					resp, err := c.Do(y, &client.Request{Method: tt.method, URL: s.url("/")})
					if err == nil {
						got = fmt.Sprintf("%s %s %s %s %v %v", resp.Body, resp.Header("X-A"), resp.Header("X-B"), resp.Header("X-C"),
							resp.Values("Trailer"), resp.Values("Connection"))
					}
					if got != tt.want {
						t.Errorf("got %q, %v", got, err)
					}
				}
				if kept := conns == 1; kept != tt.kept {
					t.Errorf("%d connections", conns)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				s.close(t, y)
			})
		})
	}
}
