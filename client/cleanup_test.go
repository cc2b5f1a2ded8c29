package client_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"coloop/client"
	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// TestA5ReleaseInCleanUp reads a body to its end in a task that ends because its loop is
// closed: the connection, which nobody can use again, is closed.
func TestA5ReleaseInCleanUp(t *testing.T) {
	url := "http://" + serve(t, replySilent(ok+"Content-Length: 4\r\n\r\nflag"))
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := &client.Client{}
	var body []byte
	var cleanUp error
	parked := loop.NewFuture[struct{}](l)
	task := loop.Spawn(l, func(y *loop.Yielder) error {
		resp, err := c.Do(y, &client.Request{URL: url, Stream: true})
		if err != nil {
			return err
		}
		defer func() { body, cleanUp = io.ReadAll(resp.Stream) }()
		_ = parked.SetResult(struct{}{})
		_, err = loop.NewFuture[struct{}](l).Await(y)
		return err
	})
	if _, err := loop.RunUntilComplete(l, parked); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if string(body) != "flag" || cleanUp != nil {
		t.Errorf("the body in clean-up: %q, %v", body, cleanUp)
	}
	if !task.Done() {
		t.Error(task)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// A rogue is a body that ends in a way of its own.
type rogue func()

func (r rogue) Read([]byte) (int, error) { r(); return 0, io.EOF }

// A lateRogue is a body that does so when it is closed.
type lateRogue struct{ rogue }

func (lateRogue) Read([]byte) (int, error) { return 0, io.EOF }
func (r lateRogue) Close() error           { r.rogue(); return nil }

// A rogueCache is a cache of TLS sessions that does so.
type rogueCache struct{ rogue }

func (r rogueCache) Get(string) (*tls.ClientSessionState, bool) { r.rogue(); return nil, false }
func (r rogueCache) Put(string, *tls.ClientSessionState)        { r.rogue() }

// TestB2PlaceIsGivenBack has functions of the user's that panic or end the task in the
// middle of a request, which must not cost the pool its only place.
func TestB2PlaceIsGivenBack(t *testing.T) {
	plain := serveHTTP(t, func(*fasthttp.RequestCtx) {})
	secure, cfg := serveTLS(t, func(*fasthttp.RequestCtx) {})
	for _, tt := range []struct {
		name string
		url  string
		use  func(y *loop.Yielder, c *client.Client, end rogue) error
	}{
		{"Do", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			_, err := c.Do(y, &client.Request{Method: "PUT", URL: plain, BodyStream: end})
			return err
		}},
		{"RoundTrip", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			var req fasthttp.Request
			req.SetRequestURI(plain)
			req.SetBodyStream(end, -1)
			return c.RoundTrip(y, &req, &fasthttp.Response{})
		}},
		{"used", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			if err := get(y, c, plain); err != nil {
				return err
			}
			_, err := c.Do(y, &client.Request{Method: "PUT", URL: plain, BodyStream: end})
			return err
		}},
		{"with a length", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			_, err := c.Do(y, &client.Request{Method: "PUT", URL: plain, BodyStream: end, Length: 1 << 20})
			return err
		}},
		{"after 100 Continue", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			_, err := c.Do(y, &client.Request{Method: "PUT", URL: plain, BodyStream: end, Expect: true})
			return err
		}},
		{"TLS", secure, func(y *loop.Yielder, c *client.Client, end rogue) error {
			_, err := c.Do(y, &client.Request{Method: "PUT", URL: secure, BodyStream: end})
			return err
		}},
		{"Close", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			_, err := c.Do(y, &client.Request{Method: "PUT", URL: plain, BodyStream: lateRogue{end}})
			return err
		}},
		{"Close of a body that was not sent", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			_, err := c.Do(y, &client.Request{Method: "P T", URL: plain, BodyStream: lateRogue{end}})
			return err
		}},
		{"Dial", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			c.Dial = func(y *loop.Yielder, network, addr string) (*netio.Conn, error) {
				end()
				return netio.Dial(y, network, addr)
			}
			return get(y, c, plain)
		}},
		{"Proxy", plain, func(y *loop.Yielder, c *client.Client, end rogue) error {
			c.Proxy = func(*url.URL) (*url.URL, error) { end(); return nil, nil }
			return get(y, c, plain)
		}},
		{"session cache", secure, func(y *loop.Yielder, c *client.Client, end rogue) error {
			c.TLSConfig.ClientSessionCache = rogueCache{end}
			return get(y, c, secure)
		}},
		{"peer's certificate", secure, func(y *loop.Yielder, c *client.Client, end rogue) error {
			c.TLSConfig.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { end(); return nil }
			return get(y, c, secure)
		}},
		{"handshake", secure, func(y *loop.Yielder, c *client.Client, end rogue) error {
			c.TLSConfig.VerifyConnection = func(tls.ConnectionState) error { end(); return nil }
			return get(y, c, secure)
		}},
	} {
		for how, end := range map[string]rogue{"panic": func() { panic("rogue") }, "Goexit": runtime.Goexit} {
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				ended := false
				once := func() {
					if !ended {
						ended = true
						end()
					}
				}
				c := &client.Client{MaxConnsPerHost: 1, TLSConfig: cfg.Clone()}
				run(t, c, func(y *loop.Yielder, w *wire) {
					loop.Running(y).SetGoexitHandler(nil)
					request := loop.Spawn(y, func(y *loop.Yielder) error { return tt.use(y, c, once) })
					_, err := request.Await(y)
					var p *coroutine.PanicError
					if !ended || !errors.Is(err, coroutine.ErrGoexit) && !errors.As(err, &p) {
						t.Errorf("the task ended with %v", err)
					}
					if w.open != 0 && tt.name != "Close" { // by which time the connection is idle again
						t.Errorf("%d connections are open", w.open)
					}
					next := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, tt.url) })
					for !next.Done() {
						if strings.Contains(next.String(), "Client pool") {
							next.Cancel()
						}
						turn(t, y)
					}
					if _, err := next.Await(y); err != nil {
						t.Errorf("the next request: %v", err)
					}
				})
			})
		}
	}
}
