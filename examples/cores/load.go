package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// connections is how many clients there are, each with a connection and a goroutine.
const connections = 32

// load makes requests at the address and prints how many were answered each second.
func load(out io.Writer, address string, requests int) error {
	var left atomic.Int64
	left.Store(int64(requests))
	errs := make([]error, connections)
	var clients sync.WaitGroup
	start := time.Now()
	for i := range errs {
		clients.Go(func() { errs[i] = client(address, &left) })
	}
	clients.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%.0f\n", float64(requests)/time.Since(start).Seconds())
	return err
}

// client makes one request after the other until none are left.
func client(address string, left *atomic.Int64) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	in := bufio.NewReader(c)
	var resp fasthttp.Response
	for left.Add(-1) >= 0 {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			return err
		}
		if err := resp.Read(in); err != nil {
			return err
		}
		if resp.StatusCode() != fasthttp.StatusOK {
			return fmt.Errorf("status %d", resp.StatusCode())
		}
	}
	return nil
}
