package client_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"
)

// odd is a reply with a body that is not to be read, and what becomes of its connection.
type odd struct {
	name  string
	reply string
	hold  bool // the connection stays open after it
	wait  bool // the body is waited for, for a moment
	kept  bool // the connection is used again
}

// odds are replies with the status line that is given.
func odds(status string) []odd {
	head := "HTTP/1.1 " + status + "\r\nLocation: /there\r\nWWW-Authenticate: Digest realm=r, nonce=n\r\n"
	const chunked = "Transfer-Encoding: chunked\r\n\r\n"
	return []odd{
		{"none", head + "Content-Length: 0\r\n\r\n", true, false, true},
		{"short", head + "Content-Length: 5\r\n\r\nmoved", true, false, true},
		{"64 KiB", head + "Content-Length: 65536\r\n\r\n" + strings.Repeat("x", 64<<10), true, false, true},
		{"chunked", head + chunked + "5\r\nmoved\r\n0\r\n\r\n", true, false, true},
		{"never", head + "Content-Length: 5\r\n\r\n", true, true, false},
		{"a part", head + "Content-Length: 5\r\n\r\nmov", true, true, false},
		{"chunked never", head + chunked, true, true, false},
		{"last chunk never", head + chunked + "5\r\nmoved\r\n", true, true, false},
		{"cut", head + "Content-Length: 5\r\n\r\nmov", false, false, false},
		{"chunked cut", head + chunked + "5\r\nmov", false, false, false},
		{"malformed", head + chunked + "what\r\n", true, false, false},
		{"to the end", head + "Connection: close\r\n\r\nmoved", false, false, false},
		{"to an end that never comes", head + "Connection: close\r\n\r\nmoved", true, false, false},
		{"100 MiB announced", head + "Content-Length: 104857600\r\n\r\nmoved", true, false, false},
		{"without end", head + chunked + strings.Repeat("5\r\nmoved\r\n", 20_000), true, false, false},
		{"more than said", head + "Content-Length: 5\r\n\r\nmoved" + says("planted"), true, false, false},
	}
}

// TestB10BodyThatNobodyWants has replies of which only the header counts.
func TestB10BodyThatNobodyWants(t *testing.T) {
	for _, kind := range []struct {
		name, status string
		auth         client.Auth
		retry        *client.Retry
		tls          bool
	}{
		{"redirect", "302 Found", nil, nil, false},
		{"redirect over TLS", "302 Found", nil, nil, true},
		{"challenge", "401 Unauthorized", client.Digest("me", "mine"), nil, false},
		{"retry", "503 Service Unavailable", nil, &client.Retry{Backoff: -1}, false},
	} {
		for _, o := range odds(kind.status) {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/%v", kind.name, o.name, stream), func(t *testing.T) {
					asked := 0
					answer := func(v *visit) string {
						if asked++; asked == 1 && o.hold {
							return o.reply
						} else if asked == 1 {
							return "-" + o.reply
						}
						return says(fmt.Sprint("connection ", v.conn))
					}
					addr, cfg := "http://", (*tls.Config)(nil)
					if kind.tls {
						addr, cfg = converseTLS(t, answer)
						addr = "https://" + addr
					} else {
						addr += converse(t, answer)
					}
					c := &client.Client{TLSConfig: cfg, Auth: kind.auth, Retry: kind.retry, MaxConns: 1}
					c.Timeouts = client.Timeouts{Connect: -1, TLS: -1, Silence: -1, Total: -1}
					run(t, c, func(y *loop.Yielder, w *wire) {
						var body []byte
						task := loop.Spawn(y, func(y *loop.Yielder) error {
							resp, err := c.Do(y, &client.Request{URL: addr, Stream: stream, OnDownload: func(done, total int64) {
								if total != 12 {
									t.Errorf("told of %d of %d bytes", done, total)
								}
							}})
							if err != nil {
								return err
							}
							if body = resp.Body; stream {
								body, err = io.ReadAll(resp.Stream)
							}
							return err
						})
						switch {
						case o.wait && kind.tls: // how often there is something to read is not known
							for !task.Done() {
								looptest.Advance(y, time.Millisecond)
								turn(t, y)
							}
						case o.wait:
							w.hear(t, y, 1)
							parked(t, y, task, "Conn.Read")
							looptest.Advance(y, 100*time.Millisecond-1)
							turn(t, y)
							parked(t, y, task, "Conn.Read")
							looptest.Advance(y, 1)
						}
						_, err := task.Await(y)
						want := "connection 2"
						if o.kept {
							want = "connection 1"
						}
						if err != nil || string(body) != want {
							t.Errorf("got %q, %v; want %s", body, err, want)
						}
					})
				})
			}
		}
	}
}

// TestB10CancelledMeanwhile cancels a request that reads a body which nobody wants. It is over then.
func TestB10CancelledMeanwhile(t *testing.T) {
	addr := converse(t, func(v *visit) string { return "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 5\r\n\r\n" })
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		task := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "http://"+addr) })
		w.hear(t, y, 1)
		parked(t, y, task, "Conn.Read")
		task.Cancel()
		_, err := task.Await(y)
		checkError(t, err, "GET", "http://"+addr, client.PhaseBody, context.Canceled, "cancelled")
		if w.open != 0 || w.made != 1 {
			t.Errorf("%d connections were made, %d are open", w.made, w.open)
		}
	})
}
