// Command charfinder finds Unicode characters by the words of their names, and
// shows what a server on an event loop is: a task for each connection, each
// written as if it were alone. It is the server of chapter 18 of "Fluent Python"
// (21 of the second edition), first for lines of text, then for a browser.
//
//	go run ./examples/charfinder tcp
//	go run ./examples/charfinder ask chess white
//
//	go run ./examples/charfinder http
//	curl 'http://127.0.0.1:8888/search?q=chess+white'
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"coloop/examples/internal/cli"
	"coloop/loop"
	"coloop/loop/netio"
)

// A handler serves one connection, in a task of its own.
type handler func(y *loop.Yielder, c *netio.Conn) error

// limits are what a server grants its clients.
type limits struct {
	clients int           // at a time
	idle    time.Duration // to say something, and to take what they are told
	request time.Duration // to send a request of HTTP, once it has begun
}

var usual = limits{clients: 500, idle: 5 * time.Minute, request: 10 * time.Second}

// maxQuery is the length of a query in bytes. The longest name has 83.
const maxQuery = 250

// A protocol is what the server can speak.
type protocol struct {
	address string // by default
	hints   string // how to talk to the server, given its address and port
	full    string // what a client is told that is one too many
	handler func(Index, io.Writer, limits) handler
}

var protocols = map[string]protocol{
	"tcp": {
		address: "127.0.0.1:2323",
		hints: `Serving at %[1]s, until Ctrl-C. In another terminal:
  go run ./examples/charfinder ask --address %[1]s chess white
  nc %[2]s %[3]s
`,
		full:    "There are too many clients. Please try again later.\r\n",
		handler: tcp,
	},
	"http": {
		address: "127.0.0.1:8888",
		hints: `Serving at http://%[1]s/, until Ctrl-C. Open that in a browser, or in another terminal:
  curl 'http://%[1]s/search?q=chess+white'
`,
		full:    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		handler: http,
	},
}

// serve serves connections until it is cancelled. It calls listening once it has
// an address.
func (p protocol) serve(y *loop.Yielder, address string, most int, handle handler, listening func(net.Addr) error) error {
	ln, err := netio.Listen(y, "tcp", address)
	if err != nil {
		return err
	}
	if err := listening(ln.Addr()); err != nil {
		return errors.Join(err, ln.Close())
	}
	clients := 0
	return netio.Serve(y, ln, func(y *loop.Yielder, c *netio.Conn) error {
		if clients == most {
			// A client that is gone already need not be told.
			_, _ = io.WriteString(c, p.full)
			return nil
		}
		clients++
		defer func() { clients-- }()
		return handle(y, c)
	})
}

// listening prints how to talk to the server.
func (p protocol) listening(w io.Writer, a net.Addr) error {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return fmt.Errorf("telling the address of the server: %w", err)
	}
	_, err = fmt.Fprintf(w, p.hints, a, host, port)
	return err
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("charfinder", `usage: charfinder [OPTION]... tcp|http
       charfinder [OPTION]... ask WORD...

Find Unicode characters by the words of their names.

  tcp     serve lines of text: a query a line; at 127.0.0.1:2323 by default
  http    serve a page to search with; at 127.0.0.1:8888 by default
  ask     ask a server of lines of text

OPTIONS

Ctrl-C stops a server.
`)
	c.MaxArgs = -1
	address := c.StringP("address", "a", "", "serve, or ask, at `HOST:PORT`")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		what, words := c.Arg(0), c.Args()
		p, ok := protocols[what]
		switch {
		case what == "":
			return cli.Usagef("what shall it do: tcp, http or ask?")
		case what == "ask" && len(words) == 1:
			return cli.Usagef("ask for which WORD?")
		case what == "ask":
			p = protocols["tcp"]
		case !ok:
			return cli.Usagef("there is no protocol %q, only tcp and http", what)
		case len(words) > 1:
			return cli.Usagef("unexpected argument %q", words[1])
		}
		if *address == "" {
			*address = p.address
		}
		if what == "ask" {
			_, err := loop.Run(func(y *loop.Yielder) (struct{}, error) {
				return struct{}{}, ask(y, *address, strings.Join(words[1:], " "), out)
			})
			return err
		}
		// A loop listens at addresses, not at names.
		a, err := net.ResolveTCPAddr("tcp", *address)
		if err != nil {
			return fmt.Errorf("looking up where to listen: %w", err)
		}
		handle := p.handler(NewFullIndex(), out, usual)
		_, err = loop.Run(func(y *loop.Yielder) (struct{}, error) {
			return struct{}{}, p.serve(y, a.String(), usual.clients, handle, func(a net.Addr) error {
				return p.listening(out, a)
			})
		})
		if errors.Is(err, loop.ErrInterrupted) {
			fmt.Fprintln(out, "Server shut down.")
			return nil
		}
		return err
	})
}
