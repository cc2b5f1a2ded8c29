//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// shout sends back each line in capitals, and says goodbye at the end.
func shout(_ *loop.Yielder, c *netio.Conn) error {
	in := bufio.NewScanner(c)
	for in.Scan() {
		fmt.Fprintln(c, strings.ToUpper(in.Text()))
	}
	if in.Err() == nil {
		fmt.Fprintln(c, "GOODBYE")
	}
	return in.Err()
}

// A server with limits, which is shut down while a client is connected. The client is idle, so
// its connection is ended at once, in an orderly way.
func ExampleServer() {
	err := loop.Main(func(y *loop.Yielder) error {
		s := netio.Server{
			Handle:       shout,
			MaxConns:     1000,
			IdleTimeout:  5 * time.Minute,
			ReadTimeout:  10 * time.Second,
			WriteTimeout: 10 * time.Second,
		}
		if err := s.Listen(y, "tcp", "localhost:0"); err != nil {
			return err
		}
		serving := loop.Spawn(y, s.ServeForever)
		c, err := netio.Dial(y, "tcp", s.Listeners()[0].Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprintln(c, "hello")
		in := bufio.NewReader(c)
		line, err := in.ReadString('\n')
		fmt.Print(line)
		if err != nil {
			return err
		}
		if err := s.Shutdown(y, time.Minute); err != nil {
			return err
		}
		rest, err := io.ReadAll(in)
		fmt.Print(string(rest))
		if err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
	fmt.Println(err)
	// Output:
	// HELLO
	// GOODBYE
	// <nil>
}

// A program whose clients have ten seconds to finish after Ctrl-C, which cancels the main
// task. A second Ctrl-C ends the program.
func ExampleServer_Shutdown() {
	serve := func(y *loop.Yielder) error {
		s := netio.Server{Handle: shout}
		if err := s.Listen(y, "tcp", "localhost:0"); err != nil {
			return err
		}
		if err := s.StartServing(y); err != nil {
			return err
		}
		err := s.WaitClosed(y)
		if loop.IsCancelled(err) {
			err = errors.Join(err, s.Shutdown(y, 10*time.Second))
		}
		return err
	}
	err := loop.Main(func(y *loop.Yielder) error {
		serving := loop.Spawn(y, serve)
		loop.Running(y).CallLater(time.Millisecond, func() { serving.Cancel() }) // the Ctrl-C
		_, err := serving.Await(y)
		fmt.Println(loop.IsCancelled(err))
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// A server at every address of a host, and at a Unix socket.
func ExampleServer_Listen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	err = loop.Main(func(y *loop.Yielder) error {
		s := netio.Server{Handle: shout}
		err := errors.Join(s.Listen(y, "tcp", "127.0.0.1:0", "127.0.0.1:0"), s.Listen(y, "unix", dir+"/socket"))
		for _, ln := range s.Listeners() {
			fmt.Println(ln.Addr().Network())
		}
		s.Close()
		return err
	})
	fmt.Println(err)
	// Output:
	// tcp
	// tcp
	// unix
	// <nil>
}

// The numbers of a server: one client waits, because the server takes one at a time.
func ExampleServerStats() {
	err := loop.Main(func(y *loop.Yielder) error {
		s := netio.Server{Handle: shout, MaxConns: 1}
		if err := s.Listen(y, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		if err := s.StartServing(y); err != nil {
			return err
		}
		for range 2 {
			if _, err := netio.Dial(y, "tcp", s.Listeners()[0].Addr().String()); err != nil {
				return err
			}
		}
		for s.Stats().Waiting == 0 || s.Stats().Idle == 0 {
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
		}
		stats := s.Stats()
		fmt.Println(stats.Conns, stats.Idle, stats.Waiting, stats.Accepted)
		s.Close()
		s.AbortClients()
		return s.WaitClosed(y)
	})
	fmt.Println(err)
	// Output:
	// 1 1 1 1
	// <nil>
}

// Two listeners share the connections to one port, as those of two processes would.
func ExampleListenConfig() {
	err := loop.Main(func(y *loop.Yielder) error {
		lc := netio.ListenConfig{
			ReusePort: true,
			Control: func(network, address string, c syscall.RawConn) error {
				fmt.Println("options of a socket for", network)
				return nil
			},
		}
		first, err := lc.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer first.Close()
		second, err := lc.Listen(y, "tcp", first.Addr().String())
		if err != nil {
			return err
		}
		defer second.Close()
		fmt.Println(first.Addr().String() == second.Addr().String())
		return nil
	})
	fmt.Println(err)
	// Output:
	// options of a socket for tcp
	// options of a socket for tcp
	// true
	// <nil>
}

// A server of fasthttp's, which tells ours what it knows of a connection. The one that is
// hijacked belongs to a goroutine of fasthttp's from then on.
func ExampleConn_Detach() {
	h := fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.Hijack(func(c net.Conn) { fmt.Fprintln(c, "no longer HTTP") })
		},
		ConnState: func(c net.Conn, state fasthttp.ConnState) {
			switch c := c.(*netio.Conn); state {
			case fasthttp.StateActive, fasthttp.StateIdle:
				c.SetIdle(state == fasthttp.StateIdle)
			case fasthttp.StateHijacked:
				c.Detach()
			}
		},
	}
	err := loop.Main(func(y *loop.Yielder) error {
		s := netio.Server{Handle: func(_ *loop.Yielder, c *netio.Conn) error { return h.ServeConn(c) }}
		if err := s.Listen(y, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		if err := s.StartServing(y); err != nil {
			return err
		}
		c, err := netio.Dial(y, "tcp", s.Listeners()[0].Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		all, err := io.ReadAll(c)
		fmt.Print(string(all[len(all)-len("no longer HTTP\n"):]))
		return errors.Join(err, s.Shutdown(y, time.Minute))
	})
	fmt.Println(err)
	// Output:
	// no longer HTTP
	// <nil>
}

// A protocol that answers in the middle of a request says when the request has ended.
func ExampleConn_SetIdle() {
	mail := func(_ *loop.Yielder, c *netio.Conn) error {
		in := bufio.NewScanner(c)
		c.SetIdle(true)
		for in.Scan() {
			c.SetIdle(false)
			fmt.Fprintln(c, "354 go ahead") // and a Shutdown still waits for the rest
			for in.Scan() && in.Text() != "." {
			}
			fmt.Fprintln(c, "250 got it")
			c.SetIdle(true)
		}
		return in.Err()
	}
	err := loop.Main(func(y *loop.Yielder) error {
		s := netio.Server{Handle: mail}
		if err := s.Listen(y, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		if err := s.StartServing(y); err != nil {
			return err
		}
		c, err := netio.Dial(y, "tcp", s.Listeners()[0].Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprintln(c, "DATA")
		in := bufio.NewReader(c)
		fmt.Println(in.ReadString('\n'))
		stopping := loop.Spawn(y, func(y *loop.Yielder) error { return s.Shutdown(y, time.Minute) })
		fmt.Fprintln(c, "hello\n.")
		fmt.Println(in.ReadString('\n'))
		_, err = stopping.Await(y)
		return err
	})
	fmt.Println(err)
	// Output:
	// 354 go ahead
	//  <nil>
	// 250 got it
	//  <nil>
	// <nil>
}

// pair calls fn with the two ends of a connection.
func pair(fn func(y *loop.Yielder, a, b *netio.Conn) error) error {
	return loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		a, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer a.Close()
		b, err := ln.Accept()
		if err != nil {
			return err
		}
		defer b.Close()
		return fn(y, a, b.(*netio.Conn))
	})
}

// A file goes to a connection; on Linux the system copies it.
func ExampleConn_ReadFrom() {
	f, err := os.CreateTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	fmt.Fprint(f, "hello from a file")
	err = pair(func(y *loop.Yielder, a, b *netio.Conn) error {
		if _, err := f.Seek(6, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(a, f); err != nil {
			return err
		}
		if err := a.CloseWrite(); err != nil {
			return err
		}
		_, err := io.Copy(os.Stdout, b)
		return err
	})
	fmt.Println()
	fmt.Println(err)
	// Output:
	// from a file
	// <nil>
}

// A connection is handed on to a writer until its end; while nothing comes, no
// buffer is held.
func ExampleConn_WriteTo() {
	err := pair(func(y *loop.Yielder, a, b *netio.Conn) error {
		fmt.Fprint(a, "hello")
		if err := a.CloseWrite(); err != nil {
			return err
		}
		n, err := b.WriteTo(os.Stdout)
		fmt.Println(":", n, "bytes")
		return err
	})
	fmt.Println(err)
	// Output:
	// hello: 5 bytes
	// <nil>
}

// The peer of a connection that is aborted finds it reset, where Close would be the end of file.
func ExampleConn_Abort() {
	err := pair(func(y *loop.Yielder, a, b *netio.Conn) error {
		if err := a.Abort(); err != nil {
			return err
		}
		_, err := b.Read(make([]byte, 1))
		fmt.Println(errors.Is(err, syscall.ECONNRESET))
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// A task that reads finds the end when another one ends the reading.
func ExampleConn_CloseRead() {
	err := pair(func(y *loop.Yielder, a, b *netio.Conn) error {
		loop.Running(y).CallSoon(func() {
			if err := a.CloseRead(); err != nil {
				fmt.Println(err)
			}
		})
		_, err := a.Read(make([]byte, 1))
		fmt.Println(err)
		_, err = fmt.Fprint(a, "still writing")
		return err
	})
	fmt.Println(err)
	// Output:
	// EOF
	// <nil>
}
