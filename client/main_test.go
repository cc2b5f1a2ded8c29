package client_test

import (
	"flag"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"

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
	goleak.VerifyTestMain(m,
		// The clock of the servers never stops.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
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

// A wire is the system's network, on a clock that stands, and watches the client.
type wire struct {
	*looptest.StandingClock
	made, open, most int   // connections
	heard            int   // how often there was something to read
	added, removed   []int // the descriptors
}

func (w *wire) Add(fd int) error {
	w.made++
	w.open++
	w.most = max(w.most, w.open)
	w.added = append(w.added, fd)
	return w.StandingClock.Add(fd)
}

func (w *wire) Remove(fd int) {
	w.open--
	w.removed = append(w.removed, fd)
	w.StandingClock.Remove(fd)
}

func (w *wire) Wait(until time.Duration, report func(fd int, read, write, hangup bool) (enough bool)) error {
	return w.StandingClock.Wait(until, func(fd int, read, write, hangup bool) bool {
		if read {
			w.heard++
		}
		return report(fd, read, write, hangup)
	})
}

// run runs fn as [looptest.Run] does, on a wire, and closes c.
func run(t testing.TB, c *client.Client, fn func(y *loop.Yielder, w *wire)) {
	t.Helper()
	w := &wire{}
	looptest.Run(t, func(y *loop.Yielder) error {
		fn(y, w)
		return c.Close()
	}, looptest.On(func() (l *loop.Loop, err error) {
		w.StandingClock, err = looptest.NewStandingClock()
		return loop.NewOn(w), err
	}))
}

// hear waits until the client has been told that often that there is something to
// read, and has read it.
func (w *wire) hear(t testing.TB, y *loop.Yielder, times int) {
	t.Helper()
	for w.heard < times {
		turn(t, y)
	}
	turn(t, y)
}

// parked waits until a task waits for what, as its String says.
func parked(t testing.TB, y *loop.Yielder, task *loop.Task[struct{}], what string) {
	t.Helper()
	for !strings.Contains(task.String(), " wait_for=<"+what) {
		if task.Done() {
			t.Fatalf("%v did not wait for %s", task, what)
		}
		turn(t, y)
	}
}

// turn lets the other tasks have a turn.
func turn(t testing.TB, y *loop.Yielder) {
	t.Helper()
	if err := loop.Sleep(y, 0); err != nil {
		t.Fatal(err)
	}
}

// A readerFunc is a reader.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
