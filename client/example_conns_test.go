package client_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"coloop/client"
	"coloop/loop"
)

// one serves a single connection on network, at an address that it returns, for an example.
func one(network, address string, serve func(c net.Conn, req *http.Request)) (at string, stop func()) {
	ln, err := net.Listen(network, address)
	if err != nil {
		panic(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			serve(c, req)
		}
	})
	return ln.Addr().String(), func() { ln.Close(); served.Wait() }
}

// All requests go by a proxy, which refuses. The error has no password.
func ExampleProxyURL() {
	proxy, stop := one("tcp", "127.0.0.1:0", func(c net.Conn, req *http.Request) {
		fmt.Fprint(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
	})
	defer stop()
	err := loop.Main(func(y *loop.Yielder) error {
		c := client.Client{Proxy: client.ProxyURL("http://me:password@" + proxy)}
		defer c.Close()
		_, err := c.Get(y, "https://example.com/")
		return err
	})
	var refused *client.ProxyError
	if errors.As(err, &refused) {
		fmt.Println(refused.Status, err.(*client.Error).Phase)
	}
	// Output: 407 proxy
}

// A proxy for some hosts, and the environment's for the others.
func ExampleProxyFromEnvironment() {
	inside := client.ProxyURL("socks5h://localhost:9050")
	c := client.Client{Proxy: func(u *url.URL) (*url.URL, error) {
		if u.Hostname() == "inside.example" {
			return inside(u)
		}
		return client.ProxyFromEnvironment(u)
	}}
	u, _ := url.Parse("http://inside.example/")
	fmt.Println(c.Proxy(u))
	// Output: socks5h://localhost:9050 <nil>
}

// A server at a Unix socket, as Docker's is.
func ExampleClient_unixSocket() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path, stop := one("unix", filepath.Join(dir, "sock"), func(c net.Conn, req *http.Request) {
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(req.Host), req.Host)
	})
	defer stop()
	err = loop.Main(func(y *loop.Yielder) error {
		c := client.Client{UnixSocket: path}
		defer c.Close()
		resp, err := c.Get(y, "http://docker/info")
		if err != nil {
			return err
		}
		fmt.Printf("%d %s\n", resp.Status, resp.Body)
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: 200 docker
}

// A connection for a protocol that is not HTTP.
func ExampleClient_Connect() {
	server, stop := one("tcp", "127.0.0.1:0", func(c net.Conn, req *http.Request) { fmt.Fprintln(c, "hello,", req.URL) })
	defer stop()
	err := loop.Main(func(y *loop.Yielder) error {
		var c client.Client
		defer c.Close()
		conn, err := c.Connect(y, "http://"+server)
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /world HTTP/1.1\r\nHost: h\r\n\r\n")
		line, err := bufio.NewReader(conn).ReadString('\n')
		fmt.Print(line)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hello, /world
}
