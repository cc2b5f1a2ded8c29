//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/valyala/fasthttp"
)

// follow tells a Server what fasthttp knows of its connections.
func follow(c net.Conn, state fasthttp.ConnState) {
	switch c := c.(*Conn); state {
	case fasthttp.StateIdle:
		c.SetIdle(true)
	case fasthttp.StateHijacked:
		c.Detach()
	}
}

const hello = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

// reply reads the head of a reply and a body of n bytes.
func reply(c *Conn, n int) (body []byte, err error) {
	var head []byte
	for one := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, one...) {
		if _, err := io.ReadFull(c, one); err != nil {
			return nil, fmt.Errorf("head %q: %w", head, err)
		}
	}
	body = make([]byte, n)
	_, err = io.ReadFull(c, body)
	return body, err
}

// TestC9Hijack: a connection that is hijacked from fasthttp outlives its handler, and the
// server, which counts it. The hijacker uses it on a goroutine of fasthttp's.
func TestC9Hijack(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		h := &fasthttp.Server{ConnState: follow, Handler: func(ctx *fasthttp.RequestCtx) {
			if string(ctx.Path()) == "/hijack" {
				ctx.Hijack(func(c net.Conn) { _, _ = io.Copy(c, c) })
			}
			ctx.SetBodyString("hello")
		}}
		s := &Server{Handle: func(_ *loop.Yielder, c *Conn) error { return h.ServeConn(c) }}
		if err := start(y, s, network, address); err != nil {
			return err
		}
		hijacked, err := dialServer(y, s)
		if err != nil {
			return err
		}
		other, err := dialServer(y, s)
		if err != nil {
			return err
		}
		if err := errors.Join(say(hijacked, "GET /hijack HTTP/1.1\r\nHost: h\r\n\r\n"), say(other, hello)); err != nil {
			return err
		}
		for _, c := range []*Conn{hijacked, other} {
			if body, err := reply(c, 5); string(body) != "hello" {
				t.Errorf("the reply: %q, %v", body, err)
			}
		}
		for range 3 {
			if err := say(hijacked, "echo", "echo"); err != nil {
				return err
			}
		}
		if got := s.Stats(); got.Detached != 1 || got.Conns != 1 {
			t.Errorf("%+v", got)
		}
		if err := s.Shutdown(y, time.Minute); err != nil { // the other is idle
			return err
		}
		if _, err := other.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the other: %v", err)
		}
		if err := errors.Join(say(hijacked, "still", "still"), hijacked.CloseWrite()); err != nil {
			return err
		}
		if n, err := hijacked.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("read %d, %v", n, err)
		}
		return until(y, func() bool { return s.Stats().Detached == 0 })
	})
}

// TestC9Continue: a client that waits for 100-continue has not ended its request, which a server
// that stops waits for.
func TestC9Continue(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		h := &fasthttp.Server{
			ConnState: func(c net.Conn, state fasthttp.ConnState) {
				c.(*Conn).SetIdle(state == fasthttp.StateIdle)
			},
			Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.PostBody()) },
		}
		s := &Server{Handle: func(_ *loop.Yielder, c *Conn) error { return h.ServeConn(c) }}
		if err := start(y, s, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		c, err := dialServer(y, s)
		if err != nil {
			return err
		}
		if err := say(c, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return err
		}
		stopped := loop.Spawn(y, func(y *loop.Yielder) error { return s.Shutdown(y, time.Minute) })
		if err := until(y, func() bool { return s.ended.Len() == 1 }); err != nil {
			return err
		}
		if err := say(c, "hello"); err != nil {
			return err
		}
		if body, err := reply(c, 5); string(body) != "hello" {
			t.Errorf("the reply: %q, %v", body, err)
		}
		_, err = stopped.Await(y)
		return err
	})
}

// TestC9UploadShared: others have their turns during an upload, however fast it is.
func TestC9UploadShared(t *testing.T) {
	const size, chunk = 8 << 20, 32 << 10
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		got, before := 0, 0
		h := &fasthttp.Server{StreamRequestBody: true, Handler: func(ctx *fasthttp.RequestCtx) {
			body, buf := ctx.RequestBodyStream(), make([]byte, 4<<10)
			for {
				n, err := body.Read(buf)
				if got += n; err != nil {
					break
				}
			}
			ctx.SetBodyString("hello")
		}}
		s := &Server{Handle: func(_ *loop.Yielder, c *Conn) error { return h.ServeConn(c) }}
		if err := start(y, s, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		other := loop.Spawn(y, func(y *loop.Yielder) error {
			return until(y, func() bool {
				if got-before > perTurn<<12+2*chunk {
					t.Errorf("%d bytes in one turn", got-before)
				}
				before = got
				return got == size
			})
		})
		c, err := dialServer(y, s)
		if err != nil {
			return err
		}
		if err := say(c, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
			return err
		}
		piece := fmt.Sprintf("%x\r\n%s\r\n", chunk, bytes.Repeat([]byte("x"), chunk))
		for range size / chunk {
			if err := say(c, piece); err != nil {
				return err
			}
		}
		if err := say(c, "0\r\n\r\n"); err != nil {
			return err
		}
		if body, err := reply(c, 5); string(body) != "hello" {
			t.Errorf("the reply: %q, %v", body, err)
		}
		if _, err := other.Await(y); err != nil {
			return err
		}
		return s.Shutdown(y, time.Minute)
	})
}

// TestC9SlowReader: a library that computes at each read gives way to others after a while, though
// it has not read much: at once if it reads a lot at a time.
func TestC9SlowReader(t *testing.T) {
	for _, tt := range []struct{ size, reads, most int }{{1, 200, 2*untimed + 3}, {4 << 10, 30, 1}} {
		eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
			writer := loop.Spawn(y, func(*loop.Yielder) error { return say(a, string(make([]byte, tt.size*tt.reads))) })
			looptest.Advance(y, time.Second)
			turn, inTurn := uint32(0), 0
			for buf, read := make([]byte, tt.size), 0; read < tt.reads; read++ {
				if _, err := io.ReadFull(b, buf); err != nil {
					return err
				}
				if now := b.d.loop.Turn(); now != turn {
					turn, inTurn = now, 0
				}
				if inTurn++; inTurn > tt.most {
					t.Errorf("%d reads of %d bytes in one turn", inTurn, tt.size)
				}
				looptest.Advance(y, 2*maxStep)
			}
			_, err := writer.Await(y)
			return err
		})
	}
}

// exact is a system on which a loop asks for events in every turn. It is tidied after so many
// of them, not by real time.
type exact struct{ *looptest.StandingClock }

func (exact) Patience() int { return 0 }

// TestC9GivenBack: when many connections have ended, so have their goroutines.
func TestC9GivenBack(t *testing.T) {
	open := func() (*loop.Loop, error) {
		c, err := looptest.NewStandingClock()
		if err != nil {
			return nil, err
		}
		return loop.NewOn(exact{c}), nil
	}
	looptest.Run(t, func(y *loop.Yielder) error {
		const conns, spare = 500, 100
		before := runtime.NumGoroutine()
		h := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("hello") }}
		s := &Server{Handle: func(_ *loop.Yielder, c *Conn) error { return h.ServeConn(c) }}
		if err := start(y, s, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		var cs []*Conn
		for range conns {
			c, err := dialServer(y, s)
			if err != nil {
				return err
			}
			if err := say(c, hello); err != nil {
				return err
			}
			if body, err := reply(c, 5); string(body) != "hello" {
				t.Errorf("the reply: %q, %v", body, err)
			}
			cs = append(cs, c)
		}
		if n := runtime.NumGoroutine() - before; n < conns {
			t.Errorf("%d goroutines for %d connections", n, conns)
		}
		for _, c := range cs[1:] {
			_ = c.Close()
		}
		// One more client keeps the loop waiting for events.
		for requests := 0; runtime.NumGoroutine() > before+spare; requests++ {
			if requests == 20*1024 {
				t.Errorf("%d goroutines are left", runtime.NumGoroutine()-before)
				break
			}
			if err := say(cs[0], hello); err != nil {
				return err
			}
			if _, err := reply(cs[0], 5); err != nil {
				return err
			}
		}
		return s.Shutdown(y, time.Minute)
	}, looptest.On(open))
}
