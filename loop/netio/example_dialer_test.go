//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"syscall"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// net/http's client has goroutines of its own. On connections of the loop it is called apart.
func ExampleDialer_DialContext() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello")
	}))
	defer server.Close()
	err := loop.Main(func(y *loop.Yielder) error {
		d := netio.Dialer{Loop: loop.Running(y)}
		transport := &http.Transport{DialContext: d.DialContext}
		defer transport.CloseIdleConnections()
		body, err := loop.ToThread(y, func(ctx context.Context) ([]byte, error) {
			req, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
			if err != nil {
				return nil, err
			}
			resp, err := (&http.Client{Transport: transport}).Do(req)
			if err != nil {
				return nil, err
			}
			defer resp.Body.Close()
			return io.ReadAll(resp.Body)
		})
		fmt.Printf("%s\n", body)
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// In a task, Dial parks it. A library that dials where it is called, redigo for example, takes
// the method as it is.
func ExampleDialer_Dial() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		connect := func(dial func(network, address string) (net.Conn, error)) error {
			c, err := dial("tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			return c.Close()
		}
		return connect(new(netio.Dialer).Dial)
	})
	fmt.Println(err)
	// Output: <nil>
}

// Time-outs are on the loop's clock, and their errors are those of package net.
func ExampleDialer_Connect() {
	err := loop.Main(func(y *loop.Yielder) error {
		silent := &netio.Resolver{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		d := netio.Dialer{Timeout: 10 * time.Millisecond, Resolver: silent}
		_, err := d.Connect(y, "tcp", "example.com:http")
		return err
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output:
	// dial tcp: lookup example.com: i/o timeout
	// true
}

// One Dialer serves many dials, each with a time of its own.
func ExampleDialer_ConnectBy() {
	silent := &netio.Resolver{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	d := netio.Dialer{Resolver: silent}
	err := loop.Main(func(y *loop.Yielder) error {
		_, err := d.ConnectBy(y, "tcp", "example.com:http", loop.Running(y).Time()+10*time.Millisecond)
		return err
	})
	fmt.Println(err)
	var dns *net.DNSError
	fmt.Println(errors.As(err, &dns))
	// Output:
	// dial tcp: lookup example.com: i/o timeout
	// true
}

// The Timeout is that of the dial and the handshake together.
func ExampleDialer_ConnectTLS() {
	serverConfig, clientConfig := exampleConfigs()
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.ListenTLS(y, "tcp", "127.0.0.1:0", serverConfig)
		if err != nil {
			return err
		}
		serving := loop.Spawn(y, func(y *loop.Yielder) error {
			return ln.Serve(y, func(_ *loop.Yielder, c *netio.TLSConn) error {
				_, err := fmt.Fprint(c, "hello")
				return err
			})
		})
		d := netio.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}
		c, err := d.ConnectTLS(y, "tcp", ln.Addr().String(), clientConfig)
		if err != nil {
			return err
		}
		defer c.Close()
		all, err := io.ReadAll(c)
		fmt.Println(string(all), err)
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
	fmt.Println(err)
	// Output:
	// hello <nil>
	// <nil>
}

// The Dialer tries the second address at once, because nobody listens at the first.
func ExampleDialer() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		d := netio.Dialer{
			Timeout:   10 * time.Second,
			KeepAlive: time.Minute,
			Resolver: &netio.Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}, nil
			}},
		}
		c, err := d.Connect(y, "tcp", "www.example.com:"+port)
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Println(c.RemoteAddr().String() == ln.Addr().String())
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// A Resolver that knows some names by heart, and asks a name server of its own for the others.
func ExampleResolver() {
	own := &net.Resolver{PreferGo: true}
	r := &netio.Resolver{
		TTL: time.Minute,
		Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
			if host == "db" {
				return []netip.Addr{netip.MustParseAddr("10.0.0.7")}, nil
			}
			return own.LookupNetIP(ctx, network, host)
		},
	}
	err := loop.Main(func(y *loop.Yielder) error {
		ips, err := r.LookupHost(y, "tcp", "db")
		fmt.Println(ips)
		return err
	})
	fmt.Println(err)
	// Output:
	// [10.0.0.7]
	// <nil>
}

func ExampleLookupPort() {
	err := loop.Main(func(y *loop.Yielder) error {
		port, err := netio.LookupPort(y, "tcp", "https")
		fmt.Println(port)
		return err
	})
	fmt.Println(err)
	// Output:
	// 443
	// <nil>
}

func ExampleLookupAddr() {
	err := loop.Main(func(y *loop.Yielder) error {
		_, err := netio.LookupAddr(y, "not an address")
		return err
	})
	fmt.Println(err)
	// Output: lookup not an address: unrecognized address
}

// An idle connection is looked at before it is used again, as go-sql-driver/mysql does it.
func ExampleConn_SyscallConn() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		c, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		raw, err := c.SyscallConn()
		if err != nil {
			return err
		}
		return raw.Read(func(fd uintptr) bool {
			_, err := syscall.Read(int(fd), make([]byte, 1))
			fmt.Println("nothing has come:", err == syscall.EAGAIN)
			return true // false would wait until something comes
		})
	})
	fmt.Println(err)
	// Output:
	// nothing has come: true
	// <nil>
}

// A peer that says nothing for a minute is asked every ten seconds, and given up after three.
func ExampleConn_SetKeepAliveConfig() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		c, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		return c.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: time.Minute, Interval: 10 * time.Second, Count: 3,
		})
	})
	fmt.Println(err)
	// Output: <nil>
}
