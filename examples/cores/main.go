// Command cores is an HTTP server on several event loops, one for each core. Each request
// costs some work of the processor, so two loops answer more of them than one.
//
//	go run ./examples/cores                  # serves until Ctrl-C
//	go run ./examples/cores --loops 1
//	go run ./examples/cores --measure        # one loop, then one for each core
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"coloop/examples/internal/cli"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// serve serves HTTP at the address on several loops, and calls ready in a task of the first one when
// it listens. The first loop accepts the connections and hands them over to all loops in
// turn. When ready returns, the server ends.
func serve(loops int, address string, work int, ready func(y *loop.Yielder, addr net.Addr) error) error {
	server := newServer(work)
	return loop.MainEach(loops, func(y *loop.Yielder, e loop.Each) error {
		if e.Index > 0 {
			return nil // this loop does what the first one asks for
		}
		ln, err := netio.Listen(y, "tcp", address)
		if err != nil {
			return err
		}
		n := 0
		handle := func(y *loop.Yielder, c *netio.Conn) error {
			l := e.Loops[n%len(e.Loops)]
			n++
			c, err := c.HandOver(y, l)
			if err != nil {
				return err
			}
			_, err = loop.RunOn(y, l, func(*loop.Yielder) (any, error) {
				defer c.Close()
				return nil, server.ServeConn(c)
			})
			if loop.IsCancelled(err) {
				return err
			}
			return nil // another error is the client's
		}
		var group loop.TaskGroup
		return group.Run(y, func() error {
			group.Go(func(y *loop.Yielder) error { return netio.Serve(y, ln, handle) })
			err := ready(y, ln.Addr())
			group.Cancel()
			return err
		})
	})
}

// newServer returns a server each of whose requests costs so many hashes of a kilobyte.
func newServer(work int) *fasthttp.Server {
	return &fasthttp.Server{
		Name:               "cores",
		NoDefaultDate:      true,
		GetOnly:            true,
		MaxRequestBodySize: 1,
		ReadTimeout:        10 * time.Second,
		IdleTimeout:        time.Minute,
		ErrorHandler: func(ctx *fasthttp.RequestCtx, err error) {
			ctx.SetStatusCode(fasthttp.StatusBadRequest)
			ctx.SetConnectionClose()
		},
		Handler: func(ctx *fasthttp.RequestCtx) {
			var block [1024]byte
			for range work {
				sum := sha256.Sum256(block[:])
				copy(block[:], sum[:])
			}
			fmt.Fprintf(ctx, "%x\n", block[:8])
		},
	}
}

// measure prints how many requests a server answers with each number of loops. The clients are another process.
func measure(out io.Writer, numbers []int, work, requests int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, n := range numbers {
		err := serve(n, "127.0.0.1:0", work, func(y *loop.Yielder, addr net.Addr) error {
			rate, err := loop.Block(y, func(ctx context.Context) ([]byte, error) {
				clients := exec.CommandContext(ctx, self, "--load", addr.String(), "--requests", strconv.Itoa(requests))
				clients.Stderr = os.Stderr
				return clients.Output()
			})
			if err != nil {
				return fmt.Errorf("the clients: %w", err)
			}
			_, err = fmt.Fprintf(out, "%s on %d cores: %s requests/s\n", plural(n), runtime.NumCPU(), strings.TrimSpace(string(rate)))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("cores", `usage: cores [OPTION]...

Serve HTTP on several event loops, one for each core.

OPTIONS
`)
	loops := c.IntP("loops", "n", runtime.GOMAXPROCS(0), "run `N` loops")
	address := c.StringP("listen", "l", "127.0.0.1:8000", "listen at `ADDRESS`")
	work := c.IntP("work", "w", 300, "hash `N` kilobytes for each request")
	measures := c.Toggle("measure", "m", "measure one loop and then N, and end")
	requests := c.IntP("requests", "r", 30000, "make `N` requests to measure with")
	target := c.String("load", "", "be the clients of the server at `ADDRESS`, print the requests/s, and end")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		switch {
		case *loops < 1:
			return cli.Usagef("cannot run %d loops", *loops)
		case *work < 0:
			return cli.Usagef("cannot hash %d kilobytes", *work)
		case *requests < 1:
			return cli.Usagef("cannot measure with %d requests", *requests)
		case *target != "":
			return load(out, *target, *requests)
		case *measures:
			numbers := []int{1}
			if *loops > 1 {
				numbers = append(numbers, *loops)
			}
			return measure(out, numbers, *work, *requests)
		}
		return serve(*loops, *address, *work, func(y *loop.Yielder, addr net.Addr) error {
			if _, err := fmt.Fprintf(out, "http://%v/ is served by %s until Ctrl-C\n", addr, plural(*loops)); err != nil {
				return err
			}
			_, err := loop.NewFuture[any](y).Await(y)
			return err
		})
	})
}

func plural(loops int) string {
	if loops == 1 {
		return "1 loop"
	}
	return strconv.Itoa(loops) + " loops"
}
