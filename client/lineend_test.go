package client_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// TestB8LineEnds has servers end lines with LF alone. A header of such lines is read, whatever comes
// behind it and however it is cut; a trailer is refused. Nothing waits.
func TestB8LineEnds(t *testing.T) {
	long := strings.Repeat("hello\r\n\r\n", 10_000)
	for name, tt := range map[string]struct {
		header, body string
		refused      bool
	}{
		"everywhere":            {"HTTP/1.1 200 OK\nContent-Length: 5\n\n", "hello", false},
		"no body":               {"HTTP/1.1 204 X\n\n", "", false},
		"status line":           {"HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n", "hello", false},
		"empty line":            {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\n", "hello", false},
		"last field":            {"HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\n", "hello", false},
		"after empty lines":     {"\n\n\r\nHTTP/1.1 200 OK\nContent-Length: 5\n\n", "hello", false},
		"interim reply":         {"HTTP/1.1 102 X\n\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "hello", false},
		"after a proper one":    {"HTTP/1.1 102 X\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 5\n\n", "hello", false},
		"two interim replies":   {"HTTP/1.1 102 X\n\nHTTP/1.1 103 X\nA: b\n\nHTTP/1.1 200 OK\nContent-Length: 5\n\n", "hello", false},
		"body with line ends":   {"HTTP/1.1 200 OK\nContent-Length: 100000\n\n", long + long[:10_000], false},
		"body to the end":       {"HTTP/1.1 200 OK\nConnection: close\n\n", long, false},
		"body of line ends":     {"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n", "\n\n\n\r\n\r\n\n", false},
		"chunks behind":         {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\r\nhello\r\n0\r\n\r\n", "", false},
		"size of a chunk":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n", "", true},
		"end of a chunk":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n", "", true},
		"last chunk":            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\n", "", true},
		"end of the chunks":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\n", "", true},
		"lone CR at the end":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\rX", "", true},
		"trailer":               {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\n\n", "", true},
		"last field of trailer": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\n\r\n", "", true},
	} {
		for _, cut := range []bool{false, true} {
			for _, stream := range []bool{false, true} {
				either(t, fmt.Sprintf("%s, cut %v, streamed %v", name, cut, stream), func(_ *testing.T, c net.Conn) {
					reply("")(c)
					text := tt.header + tt.body
					for cut && len(text) > 0 && len(tt.header)+len(tt.body)-len(text) < len(tt.header) {
						_, _ = io.WriteString(c, text[:1])
						text = text[1:]
					}
					_, _ = io.WriteString(c, text)
					if !strings.Contains(tt.header, "close") {
						silent(c)
					}
				}, func(t *testing.T, e endpoint) {
					c := &client.Client{TLSConfig: e.tls}
					run(t, c, func(y *loop.Yielder, _ *wire) {
						resp, err := c.Do(y, &client.Request{URL: e.url, Stream: stream})
						if err == nil && stream {
							resp.Body, err = io.ReadAll(resp.Stream)
						}
						want := tt.body
						if strings.Contains(tt.header, "chunked") {
							want = "hello"
						}
						switch {
						case tt.refused && err == nil, !tt.refused && err != nil:
							t.Errorf("got %v, %v", resp, err)
						case err == nil && string(resp.Body) != want:
							t.Errorf("got %d bytes, want %d", len(resp.Body), len(want))
						}
					})
				})
			}
		}
	}
}
