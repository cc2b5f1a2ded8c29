package client_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// transports are the ways in which the tests of planted bytes reach a server.
var transports = map[string]uint16{"plain": 0, "TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

// TestB1Planted has a server send something nobody has asked for after its first reply: with it,
// behind it in the same segment, or later. Whatever it is, the second request does not go over that
// connection, and its answer is its own.
func TestB1Planted(t *testing.T) {
	const planted = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nplanted"
	for _, tt := range []struct {
		name, method, reply, extra string
	}{
		{"a reply", "GET", ok + "Content-Length: 1\r\n\r\n1", planted},
		{"a reply behind chunks", "GET", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n", planted},
		{"a reply behind nothing", "GET", ok + "Content-Length: 0\r\n\r\n", planted},
		{"a byte", "GET", ok + "Content-Length: 1\r\n\r\n1", "\n"},
		{"a line end", "POST", ok + "Content-Length: 1\r\n\r\n1", "\r\n"},
		{"an interim reply", "GET", ok + "Content-Length: 1\r\n\r\n1", "HTTP/1.1 100 Continue\r\n\r\n"},
		{"a body behind HEAD", "HEAD", ok + "Content-Length: 5\r\n\r\n", "hello"},
		{"a reply behind HEAD", "HEAD", ok + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(planted)), planted},
		{"a body behind 204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", "hello"},
		{"a body behind 304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "hello"},
		{"chunks behind 304", "GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n"},
		{"the end", "GET", ok + "Content-Length: 1\r\n\r\n1", ""},
	} {
		for transport, version := range transports {
			for _, when := range []string{"in the same write", "in the same segment", "later"} {
				for _, stream := range []bool{false, true} {
					if tt.extra == "" && when == "in the same write" || when == "in the same segment" && version == 0 {
						continue // there is no such thing
					}
					t.Run(fmt.Sprintf("%s/%s %s, streamed %v", tt.name, transport, when, stream), func(t *testing.T) {
						p := plant{reply: tt.reply, extra: tt.extra, when: when, later: make(chan struct{})}
						c := &client.Client{}
						scheme := "http"
						if version != 0 {
							scheme, p.tls = "https", certificate(t)
							p.tls.MaxVersion = version
							c.TLSConfig = trusting(p.tls)
						}
						url := scheme + "://" + serve(t, p.serve)
						t.Cleanup(p.release)
						run(t, c, func(y *loop.Yielder, w *wire) {
							ask := func(method string) string {
								resp, err := c.Do(y, &client.Request{Method: method, URL: url, Stream: stream})
								if err != nil {
									t.Error(method, err)
									return ""
								}
								defer resp.Release()
								if stream {
									if resp.Body, err = io.ReadAll(resp.Stream); err != nil {
										t.Error(err)
									}
								}
								return string(resp.Body)
							}
							ask(tt.method)
							if when == "later" {
								before := w.heard
								p.release()
								w.hear(t, y, before+1)
							}
							if got := ask("GET"); got != "conn 2" {
								t.Errorf("the second request got %q", got)
							}
							if w.made != 2 {
								t.Errorf("%d connections were made", w.made)
							}
						})
					})
				}
			}
		}
	}
}

// A plant is a server of TestB1Planted. Its second connection is honest.
type plant struct {
	reply, extra, when string
	tls                *tls.Config
	later              chan struct{} // closed when it is later
	once               sync.Once
	conns              atomic.Int32
}

func (p *plant) release() { p.once.Do(func() { close(p.later) }) }

func (p *plant) serve(c net.Conn) {
	n := p.conns.Add(1)
	below := &corked{Conn: c}
	c = below
	if p.tls != nil {
		c = tls.Server(below, p.tls)
	}
	br := bufio.NewReader(c)
	asked := func() bool { return new(fasthttp.Request).Read(br) == nil }
	if !asked() {
		return
	}
	if n > 1 {
		text := "conn " + strconv.Itoa(int(n))
		_, _ = fmt.Fprintf(c, ok+"Content-Length: %d\r\n\r\n%s", len(text), text)
		return
	}
	if p.when == "in the same write" {
		_, _ = io.WriteString(c, p.reply+p.extra)
	} else {
		below.on = p.when == "in the same segment"
		_, _ = io.WriteString(c, p.reply)
		if p.when == "later" {
			<-p.later
		}
		if p.extra != "" {
			_, _ = io.WriteString(c, p.extra)
		} else if end, ok := c.(interface{ CloseWrite() error }); ok {
			_ = end.CloseWrite()
		} else {
			_ = below.Conn.(*net.TCPConn).CloseWrite()
		}
		_, _ = below.Conn.Write(below.kept)
	}
	for asked() { // a second request here is answered, too, and counts as none
		_, _ = io.WriteString(c, ok+"Content-Length: 6\r\n\r\nconn 1")
	}
}
