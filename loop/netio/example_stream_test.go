//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"coloop/loop"
	"coloop/loop/netio"
)

// talk runs server and client with a stream each, over one connection.
func talk(server, client func(y *loop.Yielder, s *netio.Stream) error) error {
	return loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "localhost:0")
		if err != nil {
			return err
		}
		serving := loop.Spawn(y, func(y *loop.Yielder) error {
			return netio.Serve(y, ln, func(y *loop.Yielder, c *netio.Conn) error { return server(y, netio.NewStream(y, c)) })
		})
		s, err := netio.OpenConnection(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		if err := errors.Join(client(y, s), s.Close(), ln.Close()); err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
}

// The echo server of asyncio's manual, and its client.
func ExampleStream() {
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		line, err := s.ReadLine(y)
		if err != nil {
			return err
		}
		s.Write(line)
		return s.Drain(y)
	}, func(y *loop.Yielder, s *netio.Stream) error {
		s.Write([]byte("Hello World!\n"))
		line, err := s.ReadLine(y)
		fmt.Printf("%s", line)
		return err
	})
	fmt.Println(err)
	// Output:
	// Hello World!
	// <nil>
}

// A Stream over a pipe: whatever is a Conn can be read by lines.
func ExampleNewStream() {
	err := loop.Main(func(y *loop.Yielder) error {
		r, w, err := netio.Pipe(y)
		if err != nil {
			return err
		}
		in, out := netio.NewStream(y, r), netio.NewStream(y, w)
		fmt.Fprintln(out, "through the pipe")
		line, err := in.ReadLine(y)
		fmt.Printf("%s", line)
		return errors.Join(err, in.Close(), out.Close())
	})
	fmt.Println(err)
	// Output:
	// through the pipe
	// <nil>
}

// Errors are those of Dial.
func ExampleOpenConnection() {
	err := loop.Main(func(y *loop.Yielder) error {
		_, err := netio.OpenConnection(y, "unix", "/nobody/listens/here")
		return err
	})
	fmt.Println(err)
	// Output: dial unix /nobody/listens/here: connect: no such file or directory
}

// A message with a length before it, and one that is cut off.
func ExampleStream_ReadExactly() {
	err := talk(func(_ *loop.Yielder, s *netio.Stream) error {
		s.Write([]byte("5:hello5:wor"))
		return nil // which closes the connection once that is written
	}, func(y *loop.Yielder, s *netio.Stream) error {
		for {
			length, err := s.ReadUntil(y, ":")
			if err != nil {
				return err
			}
			message, err := s.ReadExactly(y, int(length[0]-'0'))
			var incomplete *netio.IncompleteReadError
			if errors.As(err, &incomplete) {
				fmt.Printf("%q: %v\n", incomplete.Partial, err)
				return nil
			}
			fmt.Printf("%q\n", message)
		}
	})
	fmt.Println(err)
	// Output:
	// "hello"
	// "wor": 3 bytes read on a total of 5 expected bytes
	// <nil>
}

// Any of several separators may end what is read.
func ExampleStream_ReadUntil() {
	err := talk(func(_ *loop.Yielder, s *netio.Stream) error {
		s.Write([]byte("one,two;three"))
		return nil
	}, func(y *loop.Yielder, s *netio.Stream) error {
		for {
			part, err := s.ReadUntil(y, ",", ";")
			if errors.Is(err, io.ErrUnexpectedEOF) {
				fmt.Println(err)
				return nil
			}
			fmt.Printf("%s\n", part)
		}
	})
	fmt.Println(err)
	// Output:
	// one,
	// two;
	// 5 bytes read on a total of undefined expected bytes
	// <nil>
}

// The limit keeps a peer from filling the memory with a line that never ends.
func ExampleStream_SetLimit() {
	err := talk(func(_ *loop.Yielder, s *netio.Stream) error {
		s.Write([]byte("far too long\nshort\n"))
		return nil
	}, func(y *loop.Yielder, s *netio.Stream) error {
		s.SetLimit(8)
		for range 2 {
			line, err := s.ReadLine(y)
			var over *netio.LimitOverrunError
			fmt.Printf("%q %v\n", line, errors.As(err, &over))
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// "" true
	// "short\n" false
	// <nil>
}

func ExampleStream_Lines() {
	err := talk(func(_ *loop.Yielder, s *netio.Stream) error {
		s.Write([]byte("one\ntwo\nand a part"))
		return nil
	}, func(y *loop.Yielder, s *netio.Stream) error {
		for line, err := range s.Lines(y) {
			if err != nil {
				return err
			}
			fmt.Printf("%q\n", line)
		}
		fmt.Println(s.AtEOF())
		return nil
	})
	fmt.Println(err)
	// Output:
	// "one\n"
	// "two\n"
	// "and a part"
	// true
	// <nil>
}

// A task that sends much waits in Drain.
func ExampleStream_Drain() {
	block := bytes.Repeat([]byte("x"), 1<<20)
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		if err := s.SetWriteBufferLimits(256<<10, 64<<10); err != nil {
			return err
		}
		for range 20 {
			if _, err := s.Write(block); err != nil {
				return err
			}
			if err := s.Drain(y); err != nil {
				return err
			}
		}
		fmt.Println(s.WriteBufferSize() <= 256<<10)
		return nil
	}, func(y *loop.Yielder, s *netio.Stream) error {
		all, err := s.ReadAll(y)
		fmt.Println(len(all))
		return err
	})
	fmt.Println(err)
	// Output:
	// true
	// 20971520
	// <nil>
}

// A peer that does not read costs no more memory than the bound allows.
func ExampleStream_SetWriteBufferBound() {
	var aborted loop.Event
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		defer aborted.Set()
		if _, err := s.ReadLine(y); err != nil {
			return err
		}
		s.SetWriteBufferBound(1 << 20)
		for {
			if _, err := s.Write(make([]byte, 64<<10)); err != nil {
				fmt.Println(errors.Is(err, netio.ErrBufferFull))
				return s.Abort()
			}
		}
	}, func(y *loop.Yielder, s *netio.Stream) error {
		s.Write([]byte("send me all\n"))
		return aborted.Wait(y)
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// Close leaves it to the loop to write what is kept; WaitClosed waits for that.
func ExampleStream_WaitClosed() {
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		s.Write(bytes.Repeat([]byte("x"), 20<<20))
		if err := s.Close(); err != nil {
			return err
		}
		fmt.Println(s.IsClosing())
		return s.WaitClosed(y)
	}, func(y *loop.Yielder, s *netio.Stream) error {
		all, err := s.ReadAll(y)
		fmt.Println(len(all))
		return err
	})
	fmt.Println(err)
	// Output:
	// true
	// 20971520
	// <nil>
}
