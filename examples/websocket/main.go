// Command websocket says something over a WebSocket, and prints what comes back. The
// protocol is gorilla/websocket's; the server and the client run on one loop, and no
// goroutine is started.
//
//	go run ./examples/websocket hello world
//	go run ./examples/websocket --url wss://echo.example.com hello
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"coloop/client"
	"coloop/examples/internal/cli"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/gorilla/websocket"
)

// A peer may take so long to answer.
const patience = time.Minute

// A socket is a WebSocket of a task's. Gorilla's holds a lock while it writes, and so it is given a
// Stream, whose Write never parks: the task waits in Drain, where it holds no lock.
type socket struct {
	*websocket.Conn
	stream *netio.Stream
}

func (s *socket) say(y *loop.Yielder, kind int, message []byte) error {
	if err := s.WriteMessage(kind, message); err != nil {
		return err
	}
	_, err := loop.WithTimeout(y, patience, func(y *loop.Yielder) (any, error) { return nil, s.stream.Drain(y) })
	return err
}

// hear waits for a message. At the end of the conversation the error is io.EOF.
func (s *socket) hear(y *loop.Yielder) (kind int, message []byte, err error) {
	if err := s.stream.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	kind, message, err = s.ReadMessage()
	if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		err = io.EOF
	}
	return kind, message, err
}

// echo serves a client, in a task of its own.
func echo(y *loop.Yielder, c *netio.Conn) error {
	w := &responder{stream: netio.NewStream(y, c), header: http.Header{}}
	w.in = bufio.NewReader(w.stream)
	if err := c.ReadBy(loop.Running(y).Time() + patience); err != nil {
		return err
	}
	req, err := http.ReadRequest(w.in)
	if err != nil {
		return nil // the client does not speak HTTP, or is gone
	}
	ws, err := new(websocket.Upgrader).Upgrade(w, req, nil)
	if err != nil {
		return w.stream.Drain(y) // it has been told
	}
	s := &socket{ws, w.stream}
	for err == nil {
		var kind int
		var message []byte
		if kind, message, err = s.hear(y); err == nil {
			err = s.say(y, kind, message)
		}
	}
	if loop.IsCancelled(err) {
		return err
	}
	return nil
}

// A responder is the connection as net/http presents it. It refuses a request, or it is
// hijacked.
type responder struct {
	stream *netio.Stream
	in     *bufio.Reader
	header http.Header
}

func (w *responder) Header() http.Header         { return w.header }
func (w *responder) Write(b []byte) (int, error) { return w.stream.Write(b) }

func (w *responder) WriteHeader(status int) {
	w.header.Set("Connection", "close")
	fmt.Fprintf(w.stream, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	_ = w.header.Write(w.stream) // an error comes again, in Drain
	fmt.Fprint(w.stream, "\r\n")
}

func (w *responder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.stream, bufio.NewReadWriter(w.in, bufio.NewWriter(w.stream)), nil
}

// dial opens a WebSocket on a connection of the client's: by a proxy if there is one, and
// with its TLS.
func dial(y *loop.Yielder, c *client.Client, url string) (*socket, error) {
	var s socket
	connect := func(context.Context, string, string) (net.Conn, error) {
		conn, err := c.Connect(y, url)
		if err != nil {
			return nil, err
		}
		s.stream = netio.NewStream(y, conn)
		return s.stream, s.stream.SetReadDeadline(time.Now().Add(patience))
	}
	dialer := websocket.Dialer{NetDialContext: connect, NetDialTLSContext: connect}
	var err error
	s.Conn, _, err = dialer.Dial(url, nil)
	return &s, err
}

// converse says each of messages, and prints what comes back, at the same time.
func converse(y *loop.Yielder, out io.Writer, s *socket, messages []string) error {
	var tasks loop.TaskGroup
	return tasks.Run(y, func() error {
		tasks.Go(func(y *loop.Yielder) error {
			for _, m := range messages {
				if err := s.say(y, websocket.TextMessage, []byte(m)); err != nil {
					return err
				}
			}
			return s.say(y, websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
		})
		for {
			_, message, err := s.hear(y)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(out, "%s\n", message); err != nil {
				return err
			}
		}
	})
}

// talk says messages to the server at url.
func talk(y *loop.Yielder, out io.Writer, url string, messages []string) error {
	var c client.Client
	s, err := dial(y, &c, url)
	if err == nil {
		err = errors.Join(converse(y, out, s, messages), s.Close())
	}
	return errors.Join(err, c.Close())
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("websocket", `usage: websocket [OPTION]... MESSAGE...

Say each MESSAGE over a WebSocket and print what comes back. Without --url, the
other end is an echo server on the same loop.

OPTIONS
`)
	c.MaxArgs = -1
	url := c.StringP("url", "u", "", "talk to `URL`, ws or wss")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		if c.NArg() == 0 {
			return cli.Usagef("no MESSAGE to say")
		}
		return loop.Main(func(y *loop.Yielder) error {
			if *url != "" {
				return talk(y, out, *url, c.Args())
			}
			server := netio.Server{Handle: echo, MaxConns: 100}
			if err := server.Listen(y, "tcp", "127.0.0.1:0"); err != nil {
				return err
			}
			if err := server.StartServing(y); err != nil {
				return err
			}
			err := talk(y, out, fmt.Sprintf("ws://%v/", server.Listeners()[0].Addr()), c.Args())
			return errors.Join(err, server.Shutdown(y, time.Second))
		})
	})
}
