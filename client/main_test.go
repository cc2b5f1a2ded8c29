package client_test

import (
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(serverEnv) != "" {
		serveBenchmarks()
		return
	}
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() != "" {
		os.Exit(m.Run()) // fasthttp's own client leaves goroutines behind
	}
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		ln.Close() // and the runtime has its own poller now
	}
	before := descriptors()
	// The clock of the servers never stops.
	clock := goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")
	goleak.VerifyTestMain(m, clock, goleak.Cleanup(func(code int) {
		if after := descriptors(); code == 0 && after != before {
			fmt.Fprintf(os.Stderr, "%d descriptors open before the tests, %d after\n", before, after)
			code = 1
		}
		os.Exit(code)
	}))
}

// serve accepts connections on loopback and gives each to handle, on a goroutine
// of its own, until the test is over. It returns the address.
func serve(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, ln, handle)
	return ln.Addr().String()
}

func serveOn(t testing.TB, ln net.Listener, handle func(net.Conn)) {
	var (
		mu    sync.Mutex
		conns []net.Conn
		wg    sync.WaitGroup
	)
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
}

// serveHTTP is serve for a handler, and returns the URL.
func serveHTTP(t testing.TB, handler fasthttp.RequestHandler) string {
	t.Helper()
	s := &fasthttp.Server{Handler: handler, NoDefaultServerHeader: true, Logger: quiet{}}
	return "http://" + serve(t, func(c net.Conn) { _ = s.ServeConn(c) })
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// run runs fn as a task of a new loop, and closes that and c.
func run(t testing.TB, c *client.Client, fn func(y *loop.Yielder)) {
	t.Helper()
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	_, err = loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (int, error) {
		fn(y)
		return 0, nil
	}))
	if err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// descriptors counts what the process has open; 0 if the system does not say.
func descriptors() int {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(files)
}
