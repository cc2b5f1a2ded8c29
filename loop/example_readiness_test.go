//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop_test

import (
	"fmt"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// pair returns two connected sockets, which an example takes for the descriptors of a
// library.
func pair() (a, b int) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		panic(err)
	}
	_, _ = unix.SetNonblock(fds[0], true), unix.SetNonblock(fds[1], true)
	return fds[0], fds[1]
}

// The function is called as long as there is something to read.
func ExampleLoop_AddReader() {
	err := loop.Main(func(y *loop.Yielder) error {
		l := loop.Running(y)
		a, b := pair()
		defer unix.Close(a)
		defer unix.Close(b)
		over := loop.NewFuture[string](l)
		if err := l.AddReader(a, func() {
			buf := make([]byte, 3)
			n, err := unix.Read(a, buf)
			fmt.Println(string(buf[:n]), err)
			if n < len(buf) {
				fmt.Println(l.RemoveReader(a))
				_ = over.SetResult("over")
			}
		}); err != nil {
			return err
		}
		if _, err := unix.Write(b, []byte("twelve")); err != nil {
			return err
		}
		if _, err := unix.Write(b, []byte("!")); err != nil {
			return err
		}
		fmt.Println(over.Await(y))
		return nil
	})
	fmt.Println(err)
	// Output:
	// twe <nil>
	// lve <nil>
	// ! <nil>
	// true
	// over <nil>
	// <nil>
}

// A writer is called until it is removed, because a descriptor can be written to most of the
// time.
func ExampleLoop_AddWriter() {
	err := loop.Main(func(y *loop.Yielder) error {
		l := loop.Running(y)
		a, b := pair()
		defer unix.Close(a)
		defer unix.Close(b)
		over := loop.NewFuture[bool](l)
		if err := l.AddWriter(a, func() { _ = over.SetResult(l.RemoveWriter(a)) }); err != nil {
			return err
		}
		fmt.Println(over.Await(y))
		return nil
	})
	fmt.Println(err)
	// Output:
	// true <nil>
	// <nil>
}

// A task waits for a descriptor of some library's, which does the reading itself.
func ExampleWaitReadable() {
	err := loop.Main(func(y *loop.Yielder) error {
		a, b := pair()
		defer unix.Close(a)
		defer unix.Close(b)
		loop.Spawn(y, func(y *loop.Yielder) error {
			if err := loop.WaitWritable(y, b); err != nil {
				return err
			}
			_, err := unix.Write(b, []byte("hello"))
			return err
		})
		if err := loop.WaitReadable(y, a); err != nil {
			return err
		}
		buf := make([]byte, 10)
		n, err := unix.Read(a, buf)
		fmt.Println(string(buf[:n]))
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}
