package client_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// The benchmarks measure the client alone: the server is another process, the
// test binary run again with serverEnv set. With two cores, give one to each:
//
//	go test -c -o client.test ./client
//	GOMAXPROCS=1 taskset -c 0 ./client.test -test.run '^$' -test.bench . -test.count 5
//
// The server puts itself on the last core. Ratios hold elsewhere, figures do not;
// compare interleaved runs (-test.count). System calls are counted by
//
//	GOMAXPROCS=1 strace -b execve -c -f ./client.test -test.run '^$' -test.bench '^BenchmarkRequest$/coloop/^64$' -test.benchtime 50000x
const serverEnv = "COLOOP_CLIENT_BENCH_SERVER"

// What the server process serves; it prints an address for each.
const (
	serveFast   = iota // a picture's worth of bytes, at once
	serveDelay         // the same after 50 ms
	serveSilent        // nothing
	serveKinds
)

const delay = 50 * time.Millisecond

func serveBenchmarks() {
	runtime.GOMAXPROCS(1)
	body := bytes.Repeat([]byte("flag"), 950)
	reply := func(ctx *fasthttp.RequestCtx) { ctx.SetBody(body) }
	handlers := [serveKinds]fasthttp.RequestHandler{
		serveFast:  reply,
		serveDelay: func(ctx *fasthttp.RequestCtx) { time.Sleep(delay); reply(ctx) },
	}
	for _, handler := range handlers {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(ln.Addr())
		if handler != nil {
			s := &fasthttp.Server{Handler: handler, Concurrency: 100_000, Logger: quiet{}}
			go func() { _ = s.Serve(ln) }()
			continue
		}
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				go func() { silent(c); c.Close() }()
			}
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark is over
}

// startServer returns the address of that kind of server in a process of its own.
func startServer(tb testing.TB, kind int) string {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	if path, err := exec.LookPath("taskset"); err == nil && runtime.GOMAXPROCS(0) == 1 {
		cmd = exec.Command(path, "-c", fmt.Sprint(onlineCPUs()-1), os.Args[0])
	}
	cmd.Env = append(os.Environ(), serverEnv+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait() // it has nothing to say
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if kind == 0 {
			return lines.Text()
		}
		kind--
	}
	tb.Fatal("the server has not started")
	return ""
}

// onlineCPUs counts the processors of the machine, whatever we may use of them.
func onlineCPUs() int {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return 1
	}
	return max(1, strings.Count(string(b), "processor\t"))
}

// cpuTime is what the process has used.
func cpuTime(tb testing.TB) (user, system time.Duration) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())
}

// reportCPU reports what n requests have cost since user and system were taken.
func reportCPU(b *testing.B, user, system time.Duration, n int) {
	u, s := cpuTime(b)
	u, s = u-user, s-system
	b.ReportMetric(float64(u+s)/float64(n)/1e3, "cpu-µs/request")
	b.ReportMetric(float64(u)/float64(n)/1e3, "user-µs/request")
}

// A contender makes n requests, so many at a time.
type contender struct {
	name string
	new  func(b *testing.B, url string) (do func(n, atOnce int), stop func())
}

var contenders = []contender{
	{"coloop", tasks},
	{"goroutines", goroutines},
	{"workers", workers},
	{"coloop-limited", limitedTasks},
	{"goroutines-limited", limitedGoroutines},
}

// tasks is one task of ours per request.
func tasks(b *testing.B, url string) (func(n, atOnce int), func()) {
	l, err := loop.New()
	if err != nil {
		b.Fatal(err)
	}
	c := &client.Client{MaxConns: -1}
	do := func(n, atOnce int) {
		done := loop.NewFuture[int](l)
		begun, ended := 0, 0
		var one func(y *loop.Yielder) (int, error)
		one = func(y *loop.Yielder) (int, error) {
			resp, err := c.Get(y, url)
			if err != nil {
				b.Error(err)
			} else {
				resp.Release()
			}
			if ended++; ended == n {
				done.SetResult(n)
			}
			if begun < n {
				begun++
				loop.Go(l, one)
			}
			return 0, nil
		}
		for range min(atOnce, n) {
			begun++
			loop.Go(l, one)
		}
		if _, err := loop.RunUntilComplete(l, done); err != nil {
			b.Error(err)
		}
	}
	return do, func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	}
}

func newHostClient(url string) *fasthttp.HostClient {
	return &fasthttp.HostClient{Addr: strings.TrimPrefix(url, "http://"), MaxConns: 100_000, MaxIdleConnDuration: time.Hour}
}

func fasthttpGet(b *testing.B, hc *fasthttp.HostClient, url string) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	req.SetRequestURI(url)
	if err := hc.Do(req, resp); err != nil {
		b.Error(err)
	}
	fasthttp.ReleaseRequest(req)
	fasthttp.ReleaseResponse(resp)
}

// goroutines is a goroutine per request and fasthttp.
func goroutines(_ *testing.B, url string) (func(n, atOnce int), func()) {
	hc := newHostClient(url)
	return func(n, atOnce int) {
		var begun atomic.Int64
		var wg sync.WaitGroup
		wg.Add(n)
		var one func()
		one = func() {
			fasthttpGet(nil, hc, url)
			if begun.Add(1) <= int64(n) {
				go one()
			}
			wg.Done()
		}
		for range min(atOnce, n) {
			begun.Add(1)
			go one()
		}
		wg.Wait()
	}, hc.CloseIdleConnections
}

// workers is as many goroutines as requests at a time, and fasthttp.
func workers(_ *testing.B, url string) (func(n, atOnce int), func()) {
	hc := newHostClient(url)
	return func(n, atOnce int) {
		var begun atomic.Int64
		var wg sync.WaitGroup
		for range min(atOnce, n) {
			wg.Go(func() {
				for begun.Add(1) <= int64(n) {
					fasthttpGet(nil, hc, url)
				}
			})
		}
		wg.Wait()
	}, hc.CloseIdleConnections
}

// limitedTasks is tasks, made by one that waits for a semaphore before each.
func limitedTasks(b *testing.B, url string) (func(n, atOnce int), func()) {
	l, err := loop.New()
	if err != nil {
		b.Fatal(err)
	}
	c := &client.Client{MaxConns: -1}
	do := func(n, atOnce int) {
		sem := loop.NewSemaphore(atOnce)
		one := func(y *loop.Yielder) (int, error) {
			resp, err := c.Get(y, url)
			if err != nil {
				b.Error(err)
			} else {
				resp.Release()
			}
			sem.Release()
			return 0, nil
		}
		_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (int, error) {
			for i := range n + atOnce { // the last of these wait for the others
				if err := sem.Acquire(y); err != nil {
					return 0, err
				}
				if i < n {
					loop.Go(l, one)
				}
			}
			return n, nil
		}))
		if err != nil {
			b.Error(err)
		}
	}
	return do, func() {
		if err := errors.Join(c.Close(), l.Close()); err != nil {
			b.Error(err)
		}
	}
}

// limitedGoroutines is goroutines, likewise.
func limitedGoroutines(_ *testing.B, url string) (func(n, atOnce int), func()) {
	hc := newHostClient(url)
	return func(n, atOnce int) {
		sem := make(chan struct{}, atOnce)
		var wg sync.WaitGroup
		for range n {
			sem <- struct{}{}
			wg.Go(func() {
				fasthttpGet(nil, hc, url)
				<-sem
			})
		}
		wg.Wait()
	}, hc.CloseIdleConnections
}

// BenchmarkRequest is the processor time of a request for 3.8 KB over an open
// connection.
func BenchmarkRequest(b *testing.B) {
	url := "http://" + startServer(b, serveFast)
	for _, c := range contenders {
		for _, atOnce := range []int{1, 64, 1000} {
			b.Run(fmt.Sprintf("%s/%d", c.name, atOnce), func(b *testing.B) {
				do, stop := c.new(b, url)
				defer stop()
				do(4*atOnce, atOnce)
				runtime.GC()
				b.ReportAllocs()
				b.ResetTimer()
				user, system := cpuTime(b)
				do(b.N, atOnce)
				reportCPU(b, user, system, b.N)
			})
		}
	}
}

// BenchmarkColdRequest is the same with the connection opened for it, 1,000 at a
// time.
func BenchmarkColdRequest(b *testing.B) {
	const atOnce = 1000
	url := "http://" + startServer(b, serveFast)
	for _, c := range contenders {
		b.Run(c.name, func(b *testing.B) {
			user, system := cpuTime(b)
			n := 0
			for b.Loop() {
				do, stop := c.new(b, url)
				do(10*atOnce, atOnce)
				n += 10 * atOnce
				stop()
			}
			reportCPU(b, user, system, n)
		})
	}
}

// BenchmarkAtOnce is 600 requests of 50 ms each at once, as the speed-up over one
// after the other, with connections to be opened and with open ones.
func BenchmarkAtOnce(b *testing.B) {
	const n = 600
	url := "http://" + startServer(b, serveDelay)
	for _, c := range contenders {
		b.Run(c.name, func(b *testing.B) {
			var cold, warm time.Duration
			rounds := 0
			for b.Loop() {
				do, stop := c.new(b, url)
				start := time.Now()
				do(n, n)
				cold += time.Since(start)
				start = time.Now()
				do(n, n)
				warm += time.Since(start)
				stop()
				rounds++
			}
			alone := float64(n*rounds) * float64(delay)
			b.ReportMetric(alone/float64(cold), "×cold")
			b.ReportMetric(alone/float64(warm), "×open")
		})
	}
}

// BenchmarkInFlight is the memory of a request that waits for its first byte,
// with its connection. Heap and stack are what is in use; what the process has
// grown by, garbage included, is right only for the first run in a process.
func BenchmarkInFlight(b *testing.B) {
	url := "http://" + startServer(b, serveSilent)
	const n = 10_000
	b.Run("coloop", func(b *testing.B) {
		for b.Loop() {
			l, err := loop.New()
			if err != nil {
				b.Fatal(err)
			}
			c := &client.Client{MaxConns: -1}
			before := memory(b)
			all := make([]*loop.Task[int], n)
			for i := range all {
				all[i] = loop.Go(l, func(y *loop.Yielder) (int, error) {
					_, err := c.Get(y, url)
					return 0, err
				})
			}
			_, _ = loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (int, error) {
				return 0, loop.Sleep(y, 500*time.Millisecond)
			}))
			after := memory(b)
			report(b, before, after, n)
			for _, t := range all {
				t.Cancel()
			}
			_, _ = loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (int, error) {
				return 0, loop.Sleep(y, 0)
			}))
			c.Close()
			l.Close()
		}
	})
	b.Run("goroutines", func(b *testing.B) {
		for b.Loop() {
			hc := newHostClient(url)
			hc.ReadTimeout = 2 * time.Second
			before := memory(b)
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
					req.SetRequestURI(url)
					req.Header.SetMethod("POST")
					_ = hc.Do(req, resp)
				})
			}
			time.Sleep(time.Second)
			after := memory(b)
			report(b, before, after, n)
			wg.Wait()
			hc.CloseIdleConnections()
		}
	})
}

type footprint struct{ heap, stack, resident int }

func report(b *testing.B, before, after footprint, n int) {
	b.ReportMetric(float64(after.heap-before.heap)/float64(n), "heap-B/req")
	b.ReportMetric(float64(after.stack-before.stack)/float64(n), "stack-B/req")
	b.ReportMetric(float64(after.resident-before.resident)/float64(n), "resident-B/req")
}

func memory(b *testing.B) footprint {
	b.Helper()
	var m runtime.MemStats
	f := footprint{resident: resident(b)}
	runtime.GC()
	runtime.ReadMemStats(&m)
	f.heap, f.stack = int(m.HeapAlloc), int(m.StackInuse)
	return f
}

// resident is the memory that the process occupies, in bytes.
func resident(b *testing.B) int {
	s, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("no /proc/self/statm")
	}
	var size, pages int
	if _, err := fmt.Sscan(string(s), &size, &pages); err != nil {
		b.Fatal(err)
	}
	return pages * os.Getpagesize()
}
