package client_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// echoing starts a server of net/http's that sends back what it gets while it gets it.
func echoing(t *testing.T, secure bool) endpoint {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := endpoint{url: "http://" + ln.Addr().String()}
	if secure {
		server := certificate(t)
		e = endpoint{url: "https://" + ln.Addr().String(), tls: trusting(server)}
		ln = tls.NewListener(ln, server)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", r.Header.Get("X-Length"))
		}
		_, _ = io.Copy(w, r.Body) // the client says if it is missing
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(ln) }()
	t.Cleanup(func() { s.Close(); <-done })
	return e
}

// TestB4Echo has a server send back what it gets, which is more than all buffers hold. The
// connection can be used again.
func TestB4Echo(t *testing.T) {
	const size = 33 << 20
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i >> 8)
	}
	sum := crc32.ChecksumIEEE(data)
	for _, secure := range []bool{false, true} {
		for name, with := range uploads {
			for _, path := range []string{"/length", "/chunked"} {
				for _, stream := range []bool{false, true} {
					if name == "parked" || (name == "chunked") == (stream == (path == "/length")) {
						continue
					}
					t.Run(fmt.Sprintf("%s, TLS %v, %s, streamed %v", name, secure, path, stream), func(t *testing.T) {
						e := echoing(t, secure)
						c := &client.Client{TLSConfig: e.tls}
						run(t, c, func(y *loop.Yielder, w *wire) {
							r, b := with(y, data)
							r.Method, r.URL, r.Stream = "POST", e.url+path, stream
							r.Header = map[string][]string{"X-Length": {fmt.Sprint(size)}}
							resp, err := c.Do(y, r)
							if err != nil {
								t.Error(err)
								return
							}
							n, got := int64(len(resp.Body)), crc32.NewIEEE()
							if stream {
								n, err = io.Copy(got, resp.Stream)
							} else {
								_, _ = got.Write(resp.Body)
							}
							if err != nil || n != size || got.Sum32() != sum {
								t.Errorf("%d bytes came back, %v", n, err)
							}
							resp.Release()
							if err := get(y, c, e.url); err != nil {
								t.Error(err)
							}
							most := 1
							if stream {
								most = 2 // its end may come before the task of the upload has ended
							}
							if w.made > most || b != nil && b.closed != 1 {
								t.Errorf("%d connections were made, the body is %+v", w.made, b)
							}
						})
					})
				}
			}
		}
	}
}

// TestB4StreamOutlivesExchange has a server whose reply begins before the body has come. It is
// streamed, so that the upload goes on when Do has returned, and the client makes other requests.
func TestB4StreamOutlivesExchange(t *testing.T) {
	const size = 24 << 20
	for name, with := range uploads {
		if name == "parked" {
			continue
		}
		either(t, name, func(_ *host, c net.Conn) {
			br := bufio.NewReader(c)
			for {
				r, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				if r.Method == "GET" {
					_, _ = io.WriteString(c, ok+"Content-Length: 3\r\n\r\nget")
					continue
				}
				_, _ = io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n")
				n, err := io.Copy(io.Discard, r.Body)
				if err != nil {
					return
				}
				text := fmt.Sprint(n)
				_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n0\r\n\r\n", len(text), text)
			}
		}, func(t *testing.T, e endpoint) {
			c := &client.Client{TLSConfig: e.tls}
			run(t, c, func(y *loop.Yielder, w *wire) {
				var streams []*client.Response
				var bodies []*body
				for range 3 {
					r, b := with(y, large[:size])
					r.Method, r.URL, r.Stream = "POST", e.url, true
					resp, err := c.Do(y, r)
					if err != nil {
						t.Error(err)
						return
					}
					if b != nil && b.closed > 0 {
						t.Errorf("the body is %+v", b)
					}
					streams, bodies = append(streams, resp), append(bodies, b)
					for range 5 {
						if err := get(y, c, e.url); err != nil {
							t.Error(err)
						}
					}
				}
				for i, resp := range streams {
					text, err := io.ReadAll(resp.Stream)
					if err != nil || string(text) != fmt.Sprint(size) {
						t.Errorf("the server got %q bytes, %v", text, err)
					}
					if b := bodies[i]; b != nil && b.closed != 1 {
						t.Errorf("the body is %+v", b)
					}
				}
				if w.made != 4 {
					t.Errorf("%d connections were made", w.made)
				}
			})
		})
	}
}
