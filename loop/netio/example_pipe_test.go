//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"coloop/loop"
	"coloop/loop/netio"

	"golang.org/x/sys/unix"
)

// A pipe between two tasks.
func ExamplePipe() {
	err := loop.Main(func(y *loop.Yielder) error {
		r, w, err := netio.Pipe(y)
		if err != nil {
			return err
		}
		defer r.Close()
		loop.Spawn(y, func(y *loop.Yielder) error {
			defer w.Close()
			_, err := fmt.Fprintln(w, "through the pipe")
			return err
		})
		all, err := io.ReadAll(r)
		fmt.Print(string(all))
		return err
	})
	fmt.Println(err)
	// Output:
	// through the pipe
	// <nil>
}

// A named pipe, which the reader opens first.
func ExampleOpenPipe() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "fifo")
	err = loop.Main(func(y *loop.Yielder) error {
		if err := unix.Mkfifo(name, 0o600); err != nil {
			return err
		}
		r, err := netio.OpenPipe(y, name, os.O_RDONLY)
		if err != nil {
			return err
		}
		defer r.Close()
		w, err := netio.OpenPipe(y, name, os.O_WRONLY)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, "hello")
		w.Close()
		line, err := bufio.NewReader(r).ReadString('\n')
		fmt.Print(line)
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// The lines that a user types, or another program sends, are read without stopping the loop:
// for them, put os.Stdin in the place of stdin.
func ExampleFileConn() {
	stdin, keyboard, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(keyboard, "ls\nexit")
	keyboard.Close()
	err = loop.Main(func(y *loop.Yielder) error {
		c, err := netio.FileConn(y, stdin)
		if errors.Is(err, netio.ErrRegularFile) { // prog < file
			return err
		}
		if err != nil {
			return err
		}
		defer c.Close()
		lines := bufio.NewScanner(c)
		for lines.Scan() {
			fmt.Printf("%q\n", lines.Text())
		}
		return lines.Err()
	})
	fmt.Println(err)
	// Output:
	// "ls"
	// "exit"
	// <nil>
}

// Descriptors that a library has made.
func ExampleAdoptFd() {
	err := loop.Main(func(y *loop.Yielder) error {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		a, err := netio.AdoptFd(y, fds[0], "a")
		if err != nil {
			return err
		}
		defer a.Close()
		b, err := netio.AdoptFd(y, fds[1], "b")
		if err != nil {
			return err
		}
		defer b.Close()
		fmt.Fprintln(a, "hello")
		line, err := bufio.NewReader(b).ReadString('\n')
		fmt.Print(line)
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// A connection and a listener of package net, made before there was a loop.
func ExampleAdoptConn() {
	old, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	dialled, err := net.Dial("tcp", old.Addr().String())
	if err != nil {
		panic(err)
	}
	err = loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.AdoptListener(y, old)
		if err != nil {
			return err
		}
		defer ln.Close()
		c, err := netio.AdoptConn(y, dialled)
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprintln(c, "hello")
		accepted, err := ln.Accept()
		if err != nil {
			return err
		}
		defer accepted.Close()
		line, err := bufio.NewReader(accepted).ReadString('\n')
		fmt.Print(line)
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

func ExampleAdoptListener() {
	old, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	err = loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.AdoptListener(y, old)
		if err != nil {
			return err
		}
		fmt.Println(ln.Addr().String() == old.Addr().String())
		return ln.Close()
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// A service that systemd starts gets its sockets as descriptors from 3 on.
func ExampleFileListener() {
	old, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	f, err := old.(*net.TCPListener).File() // for systemd: os.NewFile(3, "http")
	if err != nil {
		panic(err)
	}
	old.Close()
	err = loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.FileListener(y, f)
		if err != nil {
			return err
		}
		f.Close()
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
		return accepted.Close()
	})
	fmt.Println(err)
	// Output: <nil>
}
