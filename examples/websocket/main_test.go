package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"coloop/client"
	"coloop/examples/internal/cli/clitest"
	"coloop/loop"
	"coloop/loop/looptest"
	"coloop/loop/netio"

	"github.com/gorilla/websocket"
)

// serving runs an act with the address of a server.
func serving(t *testing.T, act func(y *loop.Yielder, address string) error) {
	t.Helper()
	looptest.Run(t, func(y *loop.Yielder) error {
		server := netio.Server{Handle: echo}
		if err := server.Listen(y, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		if err := server.StartServing(y); err != nil {
			return err
		}
		err := act(y, server.Listeners()[0].Addr().String())
		server.Close()
		if err == nil {
			err = server.WaitClosed(y)
		}
		return err
	}, looptest.OnNetwork())
}

// Large messages go both ways at once, and come back in order. No library starts a goroutine.
func TestTalk(t *testing.T) {
	var messages []string
	for i := range 20 {
		messages = append(messages, strings.Repeat(fmt.Sprint(i), 1<<uint(i)))
	}
	serving(t, func(y *loop.Yielder, address string) error {
		var out bytes.Buffer
		if err := talk(y, &out, "ws://"+address, messages); err != nil {
			return err
		}
		if want := strings.Join(messages, "\n") + "\n"; out.String() != want {
			t.Errorf("%d bytes came back, want %d", out.Len(), len(want))
		}
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if bytes.Contains(stacks, []byte("created by github.com/gorilla")) {
			t.Errorf("the goroutines are\n%s", stacks)
		}
		return nil
	})
}

// A request that is not one for a WebSocket is refused, and a ping is answered.
func TestOtherRequests(t *testing.T) {
	serving(t, func(y *loop.Yielder, address string) error {
		var c client.Client
		defer c.Close()
		resp, err := c.Get(y, "http://"+address)
		if err != nil {
			return err
		}
		if resp.Status != http.StatusBadRequest || string(resp.Body) != "Bad Request\n" {
			t.Errorf("the reply is %d %q", resp.Status, resp.Body)
		}
		conn, err := c.Connect(y, "http://"+address)
		if err != nil {
			return err
		}
		fmt.Fprint(conn, "what?\r\n\r\n")
		if reply, err := io.ReadAll(conn); len(reply) > 0 || err != nil {
			t.Errorf("the reply is %q, %v", reply, err)
		}
		_ = conn.Close()

		s, err := dial(y, &c, "ws://"+address)
		if err != nil {
			return err
		}
		pong := ""
		s.SetPongHandler(func(text string) error { pong = text; return nil })
		if err := s.say(y, websocket.PingMessage, []byte("here?")); err != nil {
			return err
		}
		if err := s.say(y, websocket.TextMessage, []byte("hello")); err != nil {
			return err
		}
		if _, message, err := s.hear(y); err != nil || string(message) != "hello" || pong != "here?" {
			t.Errorf("heard %q and the pong %q, %v", message, pong, err)
		}
		return s.Close()
	})
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{
		"hello world":                 0,
		"":                            2,
		"--url ws://127.0.0.1:1 x":    1,
		"--url http://127.0.0.1:1 x":  1,
		"--url ws://127.0.0.1:1 -x x": 2,
	})
	var out, errs bytes.Buffer
	if exit := run([]string{"hello", "world"}, &out, &errs); exit != 0 || out.String() != "hello\nworld\n" {
		t.Errorf("it prints %q, %q", &out, &errs)
	}
}
