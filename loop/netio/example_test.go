//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// A server that sends back what it gets, in a task for each connection, and its
// client, in the same loop.
func ExampleServe() {
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		l := loop.Running(y)
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		server := loop.Go(l, func(y *loop.Yielder) (any, error) {
			return nil, netio.Serve(y, ln, func(_ *loop.Yielder, c *netio.Conn) error {
				_, err := io.Copy(c, c)
				return err
			})
		})
		c, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return nil, err
		}
		defer c.Close()
		fmt.Fprintln(c, "hello")
		fmt.Println(bufio.NewReader(c).ReadString('\n'))

		server.Cancel() // and with it what it serves
		_, err = server.Await(y)
		fmt.Println(errors.Is(err, loop.ErrCancelled))
		return nil, nil
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
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		_, err := netio.Dial(y, "unix", "/nobody/listens/here")
		return nil, err
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
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		l := loop.Running(y)
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close()
		dialled := loop.Go(l, func(y *loop.Yielder) (*netio.Conn, error) {
			return netio.Dial(y, "tcp", ln.Addr().String())
		})
		accepted, err := ln.Accept()
		if err != nil {
			return nil, err
		}
		defer accepted.Close()
		c, err := dialled.Await(y)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		fmt.Println(accepted.LocalAddr().String() == c.RemoteAddr().String())
		return nil, nil
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
