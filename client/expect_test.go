package client_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
)

const goOn, refused = "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 417 X\r\nContent-Length: 2\r\n\r\nno"

// expectTests have a server for each way to answer Expect: 100-continue.
var expectTests = []struct {
	name   string
	first  string        // the server says once it has the header
	pass   time.Duration // passes then
	status int
	sent   bool // the server gets the body
}{
	{"continue", goOn, 0, 200, true},
	{"continue twice", goOn + goOn, 0, 200, true},
	{"other interim replies, then continue", "HTTP/1.1 102 X\r\n\r\nHTTP/1.1 103 X\r\nLink: </x>\r\n\r\n" + goOn, 0, 200, true},
	{"refused", refused, 0, 417, false},
	{"continue and refused", goOn + refused, 0, 417, false},
	{"success at once", "HTTP/1.1 204 X\r\n\r\n", 0, 204, false},
	{"nothing", "", time.Second, 200, true},
	{"another interim reply, then nothing", "HTTP/1.1 102 X\r\n\r\n", time.Second, 200, true},
}

// TestB4Expect: the body is sent if the server wants it or says nothing for a second, and not
// if it has given its reply.
func TestB4Expect(t *testing.T) {
	for _, tt := range expectTests {
		for name, with := range uploads {
			for _, size := range []int{1, 100_000} {
				if name == "parked" {
					continue
				}
				var header atomic.Bool
				var sent atomic.Int32
				either(t, fmt.Sprint(tt.name, "/", name, size), func(t *testing.T, c net.Conn) {
					br := bufio.NewReader(c)
					r, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					if br.Buffered() > 0 || r.Header.Get("Expect") != "100-continue" {
						t.Errorf("%d bytes came with the header %v", br.Buffered(), r.Header)
					}
					header.Store(true)
					_, _ = io.WriteString(c, tt.first)
					if !tt.sent {
						n, _ := io.Copy(io.Discard, br)
						sent.Store(int32(n))
						return
					}
					n, err := io.Copy(io.Discard, r.Body)
					if err != nil {
						t.Error(err)
					}
					sent.Store(int32(n))
					_, _ = io.WriteString(c, ok+"Content-Length: 0\r\n\r\n")
				}, func(t *testing.T, e endpoint) {
					header.Store(false)
					sent.Store(0)
					c := &client.Client{TLSConfig: e.tls}
					run(t, c, func(y *loop.Yielder, w *wire) {
						status := 0
						request := loop.Spawn(y, func(y *loop.Yielder) error {
							r, _ := with(y, large[:size])
							r.Method, r.URL, r.Expect = "PUT", e.url, true
							resp, err := c.Do(y, r)
							if err == nil {
								status = resp.Status
							}
							return err
						})
						for !header.Load() {
							turn(t, y)
						}
						if tt.pass > 0 {
							parked(t, y, request, "Conn.Read")
							w.Advance(tt.pass - 1)
							for range 10 {
								turn(t, y)
							}
							if sent.Load() > 0 || request.Done() {
								t.Error("the body was sent too early")
							}
							w.Advance(1)
						}
						if _, err := request.Await(y); err != nil || status != tt.status {
							t.Errorf("status %d, %v", status, err)
						}
						switch {
						case tt.sent && sent.Load() != int32(size):
							t.Errorf("%d bytes were sent", sent.Load())
						case !tt.sent && w.open != 0:
							t.Errorf("%d connections are open", w.open)
						}
					})
					if !tt.sent && !strings.Contains(tt.first, goOn) && sent.Load() > 0 {
						t.Errorf("%d bytes were sent", sent.Load())
					}
				})
			}
		}
	}
}

// TestB4NoExpectation: without a body there is nothing to ask for.
func TestB4NoExpectation(t *testing.T) {
	var got atomic.Value
	url := "http://" + serve(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err == nil {
			got.Store(r.Header.Get("Expect"))
			_, _ = io.WriteString(c, ok+"Content-Length: 0\r\n\r\n")
		}
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		if _, err := c.Do(y, &client.Request{Method: "PUT", URL: url, Expect: true}); err != nil || got.Load() != "" {
			t.Errorf("Expect: %v, %v", got.Load(), err)
		}
	})
}
