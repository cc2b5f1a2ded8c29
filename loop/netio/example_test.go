//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"slices"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// A server that sends back what it gets, in a task for each connection, and its
// client, in the same loop.
func ExampleServe() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "localhost:0")
		if err != nil {
			return err
		}
		server := loop.Spawn(y, func(y *loop.Yielder) error {
			return netio.Serve(y, ln, func(_ *loop.Yielder, c *netio.Conn) error {
				_, err := io.Copy(c, c)
				return err
			})
		})
		c, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprintln(c, "hello")
		fmt.Println(bufio.NewReader(c).ReadString('\n'))

		server.Cancel() // and with it what it serves
		_, err = server.Await(y)
		fmt.Println(errors.Is(err, loop.ErrCancelled))
		return nil
	})
	fmt.Println(err)
	// Output:
	// hello
	//  <nil>
	// true
	// <nil>
}

// Errors are those of package net.
func ExampleDial() {
	err := loop.Main(func(y *loop.Yielder) error {
		_, err := netio.Dial(y, "unix", "/nobody/listens/here")
		return err
	})
	var op *net.OpError
	fmt.Println(errors.As(err, &op), errors.Is(err, os.ErrNotExist))
	fmt.Println(err)
	// Output:
	// true true
	// dial unix /nobody/listens/here: connect: no such file or directory
}

// Accept parks the task, not the loop.
func ExampleListen() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "localhost:0") // any port
		if err != nil {
			return err
		}
		defer ln.Close()
		dialled := loop.Go(y, func(y *loop.Yielder) (*netio.Conn, error) {
			return netio.Dial(y, "tcp", ln.Addr().String())
		})
		accepted, err := ln.Accept()
		if err != nil {
			return err
		}
		defer accepted.Close()
		c, err := dialled.Await(y)
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Println(accepted.LocalAddr().String() == c.RemoteAddr().String())
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// A deadline ends a Read that has nothing to read.
func ExampleConn_SetReadDeadline() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		c, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
		_, err = c.Read(make([]byte, 1))
		return err
	})
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))
	// Output: true
}

// A protocol library that knows nothing of loops runs on a Conn: here both ends of a
// conversation, in two tasks of one goroutine.
func ExampleConn() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "localhost:0")
		if err != nil {
			return err
		}
		loop.Spawn(y, func(y *loop.Yielder) error {
			return netio.Serve(y, ln, func(y *loop.Yielder, c *netio.Conn) error {
				name, err := textproto.NewReader(bufio.NewReader(c)).ReadLine()
				if err != nil {
					return err
				}
				return textproto.NewWriter(bufio.NewWriter(c)).PrintfLine("250 hello %s", name)
			})
		})
		c, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		client := textproto.NewConn(c)
		defer client.Close()
		if err := client.PrintfLine("Ann"); err != nil {
			return err
		}
		code, message, err := client.ReadResponse(250)
		fmt.Println(code, message)
		return err
	})
	fmt.Println(err)
	// Output:
	// 250 hello Ann
	// <nil>
}

// One direction can end while the other goes on.
func ExampleConn_CloseWrite() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "localhost:0")
		if err != nil {
			return err
		}
		loop.Spawn(y, func(y *loop.Yielder) error {
			return netio.Serve(y, ln, func(y *loop.Yielder, c *netio.Conn) error {
				all, err := io.ReadAll(c) // until the client says that this is all
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c, "%d bytes", len(all))
				return err
			})
		})
		c, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprint(c, "hello")
		if err := c.CloseWrite(); err != nil {
			return err
		}
		answer, err := io.ReadAll(c)
		fmt.Println(string(answer))
		return err
	})
	fmt.Println(err)
	// Output:
	// 5 bytes
	// <nil>
}

// A listener hands out connections itself, where Serve would make a task for each.
func ExampleListener() {
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "localhost:0")
		if err != nil {
			return err
		}
		loop.Running(y).CallSoon(func() { ln.Close() })
		_, err = ln.Accept()
		fmt.Println(errors.Is(err, net.ErrClosed))
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleLookupHost() {
	err := loop.Main(func(y *loop.Yielder) error {
		addrs, err := netio.LookupHost(y, "tcp", "localhost")
		fmt.Println(slices.ContainsFunc(addrs, netip.Addr.IsLoopback))
		return err
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// The first loop accepts a connection, and the second one serves it.
func ExampleConn_HandOver() {
	err := loop.MainEach(2, func(y *loop.Yielder, e loop.Each) error {
		if e.Index > 0 {
			return nil // this loop does what the first one asks for
		}
		ln, err := netio.Listen(y, "tcp", "localhost:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		c, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		accepted, err := ln.Accept()
		if err != nil {
			return err
		}
		moved, err := accepted.(*netio.Conn).HandOver(y, e.Loops[1])
		if err != nil {
			return err
		}
		_, err = loop.RunOn(y, e.Loops[1], func(*loop.Yielder) (int, error) {
			defer moved.Close()
			return io.WriteString(moved, "hello from the second loop")
		})
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(c)
		fmt.Println(string(answer))
		return err
	})
	fmt.Println(err)
	// Output:
	// hello from the second loop
	// <nil>
}
