package client_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// whence is a server that tells where a request comes from, and its Host.
func whence(ctx *fasthttp.RequestCtx) { fmt.Fprintf(ctx, "%s %s", ctx.RemoteAddr(), ctx.Host()) }

// With UnixSocket all connections go to a socket, whatever the URL says, which the server is told.
// No proxy is asked.
func TestUnixSocket(t *testing.T) {
	secure := certificate(t)
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s")
			ln, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			serveOn(t, ln, func(c net.Conn) {
				if scheme == "https" {
					c = tlsServer(c, secure)
				}
				httpConn(whence)(c)
			})
			c := &client.Client{UnixSocket: path, TLSConfig: trusting(secure), Proxy: client.ProxyURL("http://proxy.invalid")}
			run(t, c, func(y *loop.Yielder, w *wire) {
				for range 2 {
					resp, err := c.Get(y, scheme+"://example.com:8080/x")
					if err != nil || !strings.HasSuffix(string(resp.Body), " example.com:8080") {
						t.Errorf("got %v, %v", resp, err)
						return
					}
				}
				if w.made != 1 {
					t.Errorf("%d connections were made", w.made)
				}
				conn, err := c.Connect(y, scheme+"://example.com")
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: own\r\nConnection: close\r\n\r\n")
				if b, err := io.ReadAll(conn); !strings.HasSuffix(string(b), " own") || err != nil {
					t.Errorf("read %q, %v", b, err)
				}
				_ = conn.Close()
			})
		})
	}
	c := &client.Client{UnixSocket: "/nowhere/s"}
	run(t, c, func(y *loop.Yielder, w *wire) {
		checkError(t, get(y, c, "http://h/"), "GET", "http://h/", client.PhaseConnect, os.ErrNotExist, "dial unix /nowhere/s")
	})
}

// The Dialer's options count: the local address, and a resolver, which remembers.
func TestDialerOptions(t *testing.T) {
	addr := serve(t, httpConn(whence))
	lookups := 0
	c := &client.Client{
		MaxConnsPerHost: 2,
		Dialer: &netio.Dialer{
			LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 7)},
			Resolver: &netio.Resolver{Lookup: func(_ context.Context, _, host string) ([]netip.Addr, error) {
				lookups++
				if host != "flags.test" {
					return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
				}
				return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
			}},
		},
	}
	url := "http://flags.test" + addr[strings.LastIndex(addr, ":"):]
	run(t, c, func(y *loop.Yielder, w *wire) {
		err := all(y, 10, func(y *loop.Yielder, _ int) error {
			resp, err := c.Get(y, url)
			if err == nil && (!strings.HasPrefix(string(resp.Body), "127.0.0.7:") || !strings.HasSuffix(string(resp.Body), url[len("http://"):])) {
				err = fmt.Errorf("the server has seen %s", resp.Body)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if lookups != 1 || w.made != 2 {
			t.Errorf("%d look-ups for %d connections", lookups, w.made)
		}
		checkError(t, get(y, c, "http://unknown.test/"), "GET", "http://unknown.test/", client.PhaseResolve, nil, "no such host")
	})
}

// TestB13SilentAddress: the first address of the host does not answer, so that the second is
// tried a quarter of a second later.
func TestB13SilentAddress(t *testing.T) {
	full := backlogged(t)
	_, port, _ := net.SplitHostPort(full)
	ln, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Skip(err) // only Linux has all of 127.0.0.0/8
	}
	serveOn(t, ln, httpConn(whence))
	c := &client.Client{Dialer: &netio.Dialer{Resolver: &netio.Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")}, nil
	}}}}
	run(t, c, func(y *loop.Yielder, w *wire) {
		request := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "http://flags.test:"+port) })
		parked(t, y, request, "Dial of tcp "+full)
		w.Advance(250 * time.Millisecond)
		if _, err := request.Await(y); err != nil {
			t.Error(err)
		}
		if w.open != 1 || w.made != 2 {
			t.Errorf("%d of %d connections are open", w.open, w.made)
		}
	})
}

// Dial is asked for every connection, and what it does wrong is an error.
func TestDialOfTheUsers(t *testing.T) {
	addr := serve(t, httpConn(whence))
	for _, tt := range []struct {
		name string
		dial func(y *loop.Yielder, network, addr string) (*netio.Conn, error)
		is   error
		text string
	}{
		{"another address", func(y *loop.Yielder, network, to string) (*netio.Conn, error) {
			if network != "tcp" || to != "flags.test:80" {
				t.Errorf("Dial was called for %s %s", network, to)
			}
			return netio.Dial(y, network, addr)
		}, nil, ""},
		{"error", func(*loop.Yielder, string, string) (*netio.Conn, error) { return nil, io.ErrClosedPipe }, io.ErrClosedPipe, "closed pipe"},
		{"nil", func(*loop.Yielder, string, string) (*netio.Conn, error) { return nil, nil }, nil, "Dial returned no connection"},
		{"time is up", func(y *loop.Yielder, _, _ string) (*netio.Conn, error) {
			_, err := loop.NewFuture[int](y).Await(y)
			return nil, err
		}, loop.ErrTimeout, "dial tcp flags.test:80: timeout"},
		{"too late", func(y *loop.Yielder, network, _ string) (*netio.Conn, error) {
			_, _ = loop.NewFuture[int](y).Await(y)
			loop.Running(y).CurrentTask().Uncancel()
			return netio.Dial(y, network, addr)
		}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{Dial: tt.dial, Timeouts: client.Timeouts{Connect: time.Minute}}
			run(t, c, func(y *loop.Yielder, w *wire) {
				request := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "http://flags.test/") })
				turn(t, y)
				turn(t, y)
				if strings.Contains(request.String(), "Future") {
					w.Advance(time.Minute)
				}
				_, err := request.Await(y)
				if tt.text == "" && err != nil {
					t.Error(err)
				} else if tt.text != "" {
					checkError(t, err, "GET", "http://flags.test/", client.PhaseConnect, tt.is, tt.text)
				}
			})
		})
	}
}

// TestD3NoDescriptorLeft has far fewer descriptors than requests. Those that find none wait for the
// connection of another request.
func TestD3NoDescriptorLeft(t *testing.T) {
	const requests, descriptors = 200, 10
	for _, hosts := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d hosts", hosts), func(t *testing.T) {
			var urls []string
			for range hosts {
				urls = append(urls, serveHTTP(t, whence))
			}
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, w *wire) {
				refused := 0
				c.Dial = func(y *loop.Yielder, network, addr string) (*netio.Conn, error) {
					if w.open == descriptors {
						refused++
						return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", syscall.EMFILE)}
					}
					return netio.Dial(y, network, addr)
				}
				if err := all(y, requests, func(y *loop.Yielder, i int) error { return get(y, c, urls[i%hosts]) }); err != nil {
					t.Error(err)
				}
				if w.most != descriptors || refused < requests-descriptors {
					t.Errorf("%d connections at a time, %d refused", w.most, refused)
				}
			})
		})
	}
	t.Run("alone", func(t *testing.T) {
		c := &client.Client{Dial: func(*loop.Yielder, string, string) (*netio.Conn, error) { return nil, syscall.ENFILE }}
		run(t, c, func(y *loop.Yielder, w *wire) {
			checkError(t, get(y, c, "http://h/"), "GET", "http://h/", client.PhaseConnect, syscall.ENFILE, "too many open files")
		})
	})
	t.Run("system", func(t *testing.T) {
		url := "http://" + startServer(t, serveFast)
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, w *wire) {
			if err := get(y, c, url); err != nil { // all else has its descriptors now
				t.Error(err)
			}
			defer limitDescriptors(t, descriptors)()
			if err := all(y, requests, func(y *loop.Yielder, i int) error { return get(y, c, url) }); err != nil {
				t.Error(err)
			}
			if w.most < 2 || w.most > descriptors+1 {
				t.Errorf("%d connections at a time", w.most)
			}
		})
	})
}

// limitDescriptors has the system refuse more than n further descriptors. The function that it
// returns takes that back.
func limitDescriptors(t *testing.T, n int) (undo func()) {
	t.Helper()
	lowest, err := syscall.Dup(0)
	if err == nil {
		err = syscall.Close(lowest)
	}
	var old syscall.Rlimit
	if err == nil {
		err = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old)
	}
	limit := old
	limit.Cur = 0 // of a type that is not the same on all systems
	for range lowest + n {
		limit.Cur++
	}
	if err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Error(err)
		}
	}
}
