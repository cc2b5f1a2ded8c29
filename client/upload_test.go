package client_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"coloop/client"
	"coloop/coroutine"
	"coloop/loop"
)

// An endpoint is a way to reach a server.
type endpoint struct {
	url string
	tls *tls.Config
	end func() // has servers end that wait for it
}

// A host is what a server has of its test.
type host struct {
	*testing.T
	over chan struct{} // closed at the end
}

// either runs a test with a server without TLS, and one with it.
func either(t *testing.T, name string, handle func(t *host, c net.Conn), test func(t *testing.T, e endpoint)) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("%s/TLS %v", name, secure), func(t *testing.T) {
			h, e := &host{t, make(chan struct{})}, endpoint{}
			e.end = sync.OnceFunc(func() { close(h.over) })
			if secure {
				server := certificate(t)
				e.url, e.tls = "https://"+serve(t, func(c net.Conn) { handle(h, tls.Server(c, server)) }), trusting(server)
			} else {
				e.url = "http://" + serve(t, func(c net.Conn) { handle(h, c) })
			}
			t.Cleanup(e.end)
			test(t, e)
		})
	}
}

// A body is a BodyStream that counts what becomes of it.
type body struct {
	io.Reader
	read   int
	closed int
}

func (b *body) Read(p []byte) (int, error) {
	if b.closed > 0 {
		return 0, errors.New("read after Close")
	}
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *body) Close() error { b.closed++; return nil }

// A waiting body parks until the task is cancelled.
type waiting struct{ l *loop.Loop }

func (w waiting) Read([]byte) (int, error) {
	y, err := w.l.Current()
	if err != nil {
		return 0, err
	}
	return 0, loop.Sleep(y, 1000*time.Hour)
}

// uploads are the ways to send a body of so many bytes. A task that waits for the body's bytes waits
// for ever in the last.
var uploads = map[string]func(y *loop.Yielder, data []byte) (*client.Request, *body){
	"Body": func(_ *loop.Yielder, data []byte) (*client.Request, *body) {
		return &client.Request{Body: data}, nil
	},
	"Length": func(_ *loop.Yielder, data []byte) (*client.Request, *body) {
		b := &body{Reader: bytes.NewReader(data)}
		return &client.Request{BodyStream: b, Length: int64(len(data))}, b
	},
	"chunked": func(_ *loop.Yielder, data []byte) (*client.Request, *body) {
		b := &body{Reader: bytes.NewReader(data)}
		return &client.Request{BodyStream: b}, b
	},
	"parked": func(y *loop.Yielder, data []byte) (*client.Request, *body) {
		b := &body{Reader: io.MultiReader(bytes.NewReader(data[:min(len(data), 100_000)]), waiting{loop.Running(y)})}
		return &client.Request{BodyStream: b}, b
	},
}

var large = make([]byte, 64<<20)

// TestB4EarlyReply has a server reply as soon as it has the header of a request whose body is
// large. The reply is the response, whatever the server does with the connection, and the upload
// is over.
func TestB4EarlyReply(t *testing.T) {
	for _, status := range []int{200, 401, 413, 417, 500} {
		for end, after := range map[string]func(*host, net.Conn){
			"kept":   func(t *host, _ net.Conn) { <-t.over },
			"closed": func(*host, net.Conn) {},
			"read":   func(_ *host, c net.Conn) { silent(c) },
		} {
			for name, with := range uploads {
				for _, stream := range []bool{false, true} {
					either(t, fmt.Sprintf("%d, %s, %s, streamed %v", status, end, name, stream), func(t *host, c net.Conn) {
						if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
							return
						}
						_, _ = fmt.Fprintf(c, "HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nno", status)
						after(t, c)
					}, func(t *testing.T, e endpoint) {
						c := &client.Client{TLSConfig: e.tls}
						run(t, c, func(y *loop.Yielder, w *wire) {
							defer e.end()
							r, b := with(y, large)
							r.Method, r.URL, r.Stream = "POST", e.url, stream
							resp, err := c.Do(y, r)
							if err == nil && stream {
								resp.Body, err = io.ReadAll(resp.Stream)
							}
							if err != nil || resp.Status != status || string(resp.Body) != "no" {
								t.Errorf("got %v, %v", resp, err)
							} else {
								resp.Release()
							}
							turn(t, y) // for the upload to end that a stream has cancelled
							turn(t, y)
							turn(t, y)
							if w.open != 0 || b != nil && b.closed != 1 {
								t.Errorf("%d connections are open, the body is %+v", w.open, b)
							}
						})
					})
				}
			}
		}
	}
}

// TestB4SlowReader has a server take far more than the time of silence for a body, but never
// be silent for so long.
func TestB4SlowReader(t *testing.T) {
	const step = 8 << 20
	next := make(chan struct{})
	either(t, "", func(t *host, c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		for err == nil {
			select {
			case <-next:
			case <-t.over:
				return
			}
			_, err = io.CopyN(io.Discard, r.Body, step)
		}
		_, _ = io.WriteString(c, ok+"Content-Length: 0\r\n\r\n")
	}, func(t *testing.T, e endpoint) {
		c := &client.Client{TLSConfig: e.tls, Timeouts: client.Timeouts{Total: -1}}
		run(t, c, func(y *loop.Yielder, w *wire) {
			defer e.end()
			b := &body{Reader: bytes.NewReader(large)}
			request := loop.Spawn(y, func(y *loop.Yielder) error {
				_, err := c.Do(y, &client.Request{Method: "PUT", URL: e.url, BodyStream: b})
				return err
			})
			for round := 0; !request.Done(); round++ {
				for before := b.read; !request.Done() && b.read < min(before+step/2, len(large)); turn(t, y) {
					select {
					case next <- struct{}{}:
					default: // the server is still at it
					}
				}
				if b.read < len(large) {
					w.Advance(59 * time.Second)
				}
				select {
				case next <- struct{}{}:
				default:
				}
				turn(t, y)
			}
			if _, err := request.Await(y); err != nil || b.closed != 1 {
				t.Errorf("%v, the body is %+v", err, b)
			}
			if w.Now() < 5*time.Minute {
				t.Errorf("it took no more than %v", w.Now())
			}
		})
	})
}

var errReader = errors.New("disk on fire")

// A brokenReader reader returns its error.
type brokenReader struct{ err error }

func (f brokenReader) Read([]byte) (int, error) { return 0, f.err }

// failures are how uploads end in the middle.
var failures = []struct {
	name   string
	follow func(l *loop.Loop) io.Reader // on a first part of the body
	length int64
	is     error
	text   string
}{
	{"reader fails", func(*loop.Loop) io.Reader { return brokenReader{errReader} }, 0, errReader, "disk on fire"},
	{"reader fails, length", func(*loop.Loop) io.Reader { return brokenReader{errReader} }, 1 << 20, errReader, "disk on fire"},
	{"reader is cut short", func(*loop.Loop) io.Reader { return brokenReader{io.ErrUnexpectedEOF} }, 0, io.ErrUnexpectedEOF, "unexpected EOF"},
	{"reader ends early", func(*loop.Loop) io.Reader { return brokenReader{io.EOF} }, 1 << 20, nil, "100000 bytes"},
	{"reader has too much", func(*loop.Loop) io.Reader { return bytes.NewReader(large) }, 1 << 20, nil, "body"},
	{"reader panics", func(*loop.Loop) io.Reader { return rogue(func() { panic("rogue") }) }, 0, nil, "rogue"},
	{"reader returns nothing", func(*loop.Loop) io.Reader { return brokenReader{} }, 0, io.ErrNoProgress, ""},
	{"reader returns nothing, length", func(*loop.Loop) io.Reader { return brokenReader{} }, 1 << 20, io.ErrNoProgress, ""},
	{"task is cancelled", func(l *loop.Loop) io.Reader { return waiting{l} }, 0, loop.ErrCancelled, "cancelled"},
}

// TestB4UploadFails: the request fails with the reason, in the phase in which it is written.
func TestB4UploadFails(t *testing.T) {
	for _, tt := range failures {
		for _, stream := range []bool{false, true} {
			either(t, fmt.Sprintf("%s, streamed %v", tt.name, stream), func(_ *host, c net.Conn) { silent(c) }, func(t *testing.T, e endpoint) {
				c := &client.Client{TLSConfig: e.tls}
				run(t, c, func(y *loop.Yielder, w *wire) {
					b := &body{Reader: io.MultiReader(bytes.NewReader(large[:100_000]), tt.follow(loop.Running(y)))}
					request := loop.Spawn(y, func(y *loop.Yielder) error {
						_, err := c.Do(y, &client.Request{Method: "PUT", URL: e.url, BodyStream: b, Length: tt.length, Stream: stream})
						return err
					})
					if tt.is == loop.ErrCancelled {
						for b.read < 100_000 {
							turn(t, y)
						}
						parked(t, y, request, "Conn.Read")
						request.Cancel()
					}
					_, err := request.Await(y)
					checkError(t, err, "PUT", e.url, client.PhaseWrite, tt.is, tt.text)
					if p := (*coroutine.PanicError)(nil); tt.name == "reader panics" && !errors.As(err, &p) {
						t.Errorf("%v is no panic", err)
					}
					if w.open != 0 || b.closed != 1 {
						t.Errorf("%d connections are open, the body is %+v", w.open, b)
					}
				})
			})
		}
	}
}
