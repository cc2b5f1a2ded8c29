// Command charfinder finds Unicode characters by the words of their names, and
// shows what a server on an event loop is: a task for each connection, each
// written as if it were alone. It is the server of chapter 18 of "Fluent Python"
// (21 of the second edition), first for telnet, then for a browser.
//
//	go run ./examples/charfinder tcp
//	telnet localhost 2323
//
//	go run ./examples/charfinder http
//	xdg-open http://localhost:8888/
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"coloop/loop"
	"coloop/loop/netio"

	"github.com/spf13/pflag"
)

// A handler serves one connection, in a task of its own.
type handler func(y *loop.Yielder, c *netio.Conn) error

// protocols are what the server can speak.
var protocols = map[string]struct {
	address string // by default
	where   string // how to get there, given its address
	handler func(index Index, log io.Writer) handler
}{
	"tcp":  {"127.0.0.1:2323", "%v", tcp},
	"http": {"127.0.0.1:8888", "http://%v/", http},
}

// serve serves connections until it is cancelled.
func serve(y *loop.Yielder, address string, handle handler, listening func(net.Addr)) error {
	ln, err := netio.Listen(y, "tcp", address)
	if err != nil {
		return err
	}
	listening(ln.Addr())
	return netio.Serve(y, ln, handle)
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	fs := pflag.NewFlagSet("charfinder", pflag.ContinueOnError)
	address := fs.StringP("address", "a", "", "listen at `HOST:PORT`")
	fs.Usage = func() {
		fmt.Fprint(stdout, `usage: charfinder [OPTION]... PROTOCOL

Find Unicode characters by the words of their names.

Protocols:
  tcp     for telnet or nc: a query a line; at 127.0.0.1:2323 by default
  http    for a browser: a page to search with; at 127.0.0.1:8888 by default

Options:
`, fs.FlagUsages(), "\nCtrl-C stops the server.\n")
	}
	err := fs.Parse(args)
	protocol, ok := protocols[fs.Arg(0)]
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
	case fs.NArg() == 0:
		err = errors.New("which PROTOCOL, tcp or http?")
	case fs.NArg() > 1:
		err = fmt.Errorf("unexpected argument %q", fs.Arg(1))
	case !ok:
		err = fmt.Errorf("there is no protocol %q, only tcp and http", fs.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "charfinder: %v (see charfinder --help)\n", err)
		return 2
	}
	if *address == "" {
		*address = protocol.address
	}
	// A loop listens at addresses, not at names.
	a, err := net.ResolveTCPAddr("tcp", *address)
	if err != nil {
		fmt.Fprintf(stderr, "charfinder: looking up where to listen: %v\n", err)
		return 1
	}
	handle := protocol.handler(NewFullIndex(), stdout)
	_, err = loop.Run(func(y *loop.Yielder) (struct{}, error) {
		return struct{}{}, serve(y, a.String(), handle, func(a net.Addr) {
			fmt.Fprintf(stdout, "Serving at "+protocol.where+", until Ctrl-C.\n", a)
		})
	})
	if err != nil && !errors.Is(err, loop.ErrInterrupted) {
		fmt.Fprintln(stderr, "charfinder:", err)
		return 1
	}
	fmt.Fprintln(stdout, "Server shut down.")
	return 0
}
