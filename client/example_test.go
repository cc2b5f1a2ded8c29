package client_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// hello serves a greeting for as long as the example runs.
func hello() (url string, stop func()) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		fmt.Fprintf(ctx, "hello %s", ctx.Path()[1:])
	}}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { _ = s.ServeConn(c) }) // until the client closes
		}
	})
	return "http://" + ln.Addr().String(), func() { ln.Close(); conns.Wait() }
}

func ExampleClient_Get() {
	url, stop := hello()
	defer stop()
	_, err := loop.Run(func(y *loop.Yielder) (int, error) {
		c := &client.Client{MaxConns: 10, Timeouts: client.Timeouts{Total: time.Minute}}
		defer c.Close()
		var tasks []*loop.Task[string]
		for _, name := range []string{"Brazil", "India", "Japan"} {
			tasks = append(tasks, loop.Go(y, func(y *loop.Yielder) (string, error) {
				resp, err := c.Get(y, url+"/"+name)
				if err != nil {
					return "", err
				}
				defer resp.Release()
				return string(resp.Body), nil
			}))
		}
		for _, t := range tasks {
			greeting, err := t.Await(y)
			if err != nil {
				return 0, err
			}
			fmt.Println(greeting)
		}
		return 0, nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// hello Brazil
	// hello India
	// hello Japan
}

func ExampleClient_Do_stream() {
	url, stop := hello()
	defer stop()
	_, err := loop.Run(func(y *loop.Yielder) (int64, error) {
		c := &client.Client{}
		defer c.Close()
		resp, err := c.Do(y, &client.Request{URL: url + "/world", Stream: true})
		if err != nil {
			return 0, err
		}
		defer resp.Stream.Close()
		n, err := io.Copy(io.Discard, resp.Stream)
		fmt.Println(resp.Status, n, "bytes")
		return n, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: 200 11 bytes
}

func ExampleError() {
	_, err := loop.Run(func(y *loop.Yielder) (int, error) {
		c := &client.Client{}
		defer c.Close()
		_, err := c.Get(y, "http://127.0.0.1:1/flag.gif")
		return 0, err
	})
	var e *client.Error
	if errors.As(err, &e) {
		fmt.Println(e.Phase)
		fmt.Println(e)
	}
	// Output:
	// connect
	// GET http://127.0.0.1:1/flag.gif: connect: dial tcp 127.0.0.1:1: connect: connection refused
}
