//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bufio"
	"context"
	stdflag "flag"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

var load = stdflag.Int("load", 50, "how many connections TestLoad makes at once")
var loadFor = stdflag.Duration("loadfor", 0, "how long TestLoad goes on, by wrk if it is installed; 0 means for a few requests")

// TestLoad has a server under load, while other clients send their requests byte by byte, reset
// their connections and close them half. Nothing is left when it has been shut down. It needs
// no time unless it is told to.
//
//	go test ./loop/netio -run TestLoad -v -args -load 1000 -loadfor 10s
func TestLoad(t *testing.T) {
	realTime(t, func(y *loop.Yielder, l *loop.Loop) error {
		l.SetExceptionHandler(func(*loop.Loop, loop.ExceptionContext) {}) // of clients that are gone
		h := &fasthttp.Server{ConnState: follow, Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("hello") }, Logger: noLog{}}
		s := &Server{
			Handle:      func(_ *loop.Yielder, c *Conn) error { return h.ServeConn(c) },
			MaxConns:    *load + 100,
			ReadTimeout: *loadFor / 2,
			IdleTimeout: time.Minute,
		}
		if err := start(y, s, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		address := s.Listeners()[0].Addr().String()
		wrk, err := exec.LookPath("wrk")
		alone := err == nil && *loadFor > 0
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		if *loadFor > 0 {
			time.AfterFunc(*loadFor, stop)
		}
		var clients sync.WaitGroup
		var requests, nasty atomic.Int64
		for i := range 30 {
			clients.Go(func() { nasty.Add(misbehave(ctx, i, address)) })
		}
		if !alone {
			for range *load {
				clients.Go(func() { requests.Add(behave(ctx, address)) })
			}
		}
		var report []byte
		err = elsewhere(y, func() (err error) {
			if alone {
				report, err = exec.Command(wrk, "-t1", fmt.Sprint("-c", *load), fmt.Sprintf("-d%ds", *loadFor/time.Second), "http://"+address+"/").CombinedOutput()
				if m := regexp.MustCompile(`(\d+) requests in`).FindSubmatch(report); m != nil {
					n, _ := strconv.Atoi(string(m[1]))
					requests.Add(int64(n))
				}
			}
			clients.Wait()
			return err
		})
		if err != nil {
			return fmt.Errorf("%w: %s", err, report)
		}
		t.Logf("%d connections: %d requests in %v; %d by clients that misbehave; %+v\n%s",
			*load, requests.Load(), *loadFor, nasty.Load(), s.Stats(), report)
		if requests.Load() == 0 || nasty.Load() == 0 {
			t.Error("there was no load")
		}
		if err := s.Shutdown(y, time.Minute); err != nil {
			return err
		}
		if got := s.Stats(); got.Conns+got.Idle+got.Waiting+got.Cancelled != 0 {
			t.Errorf("afterwards: %+v", got)
		}
		return nil
	})
}

type noLog struct{}

func (noLog) Printf(string, ...any) {}

// behave sends requests on one connection, and returns how many were answered.
func behave(ctx context.Context, address string) (n int64) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return 0
	}
	defer c.Close()
	for in := bufio.NewReader(c); ctx.Err() == nil && (*loadFor > 0 || n < 20); n++ {
		if _, err := io.WriteString(c, hello); err != nil {
			return n
		}
		var res fasthttp.Response
		if err := res.Read(in); err != nil {
			return n
		}
	}
	return n
}

// misbehave makes one connection after the other, and treats them badly.
func misbehave(ctx context.Context, kind int, address string) (n int64) {
	for ; ctx.Err() == nil && (*loadFor > 0 || n < 5); n++ {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return n
		}
		switch kind % 3 {
		case 0: // byte by byte
			for i := 0; i < len(hello)-1 && ctx.Err() == nil; i++ {
				if _, err := io.WriteString(c, hello[i:i+1]); err != nil {
					break
				}
				if *loadFor > 0 {
					select {
					case <-ctx.Done():
					case <-time.After(20 * time.Millisecond):
					}
				}
			}
		case 1: // in the middle of the reply
			_, _ = io.WriteString(c, hello+hello+hello)
			_ = c.(*net.TCPConn).SetLinger(0)
		case 2:
			_, _ = io.WriteString(c, hello)
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
		}
		_ = c.Close()
	}
	return n
}
