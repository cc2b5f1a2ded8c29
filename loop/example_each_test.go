package loop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"coloop/loop"
)

// A function that blocks has a goroutine to itself, and the other tasks go on.
func ExampleBlock() {
	answer := make(chan string)
	_ = loop.Main(func(y *loop.Yielder) error {
		loop.Spawn(y, func(y *loop.Yielder) error {
			fmt.Println("another task runs")
			answer <- "hello"
			return nil
		})
		s, err := loop.Block(y, func(context.Context) (string, error) { return <-answer, nil })
		fmt.Println(s, err)
		return nil
	})
	// Output:
	// another task runs
	// hello <nil>
}

// The function is told when the task is cancelled, here by a time-out, and Block waits for it.
func ExampleBlock_cancel() {
	_ = loop.Main(func(y *loop.Yielder) error {
		_, err := loop.WithTimeout(y, time.Millisecond, func(y *loop.Yielder) (int, error) {
			return loop.Block(y, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				fmt.Println("clearing up:", context.Cause(ctx))
				return 0, ctx.Err()
			})
		})
		fmt.Println(err)
		return nil
	})
	// Output:
	// clearing up: cancelled
	// timeout: cancelled
}

// One function for each loop.
func ExampleRunEach() {
	squares, err := loop.RunEach(3, func(y *loop.Yielder, e loop.Each) (int, error) {
		return e.Index * e.Index, loop.Sleep(y, time.Millisecond)
	})
	fmt.Println(squares, err)
	// Output: [0 1 4] <nil>
}

// The first loop has the others work for it. They have nothing else to do.
func ExampleMainEach() {
	err := loop.MainEach(3, func(y *loop.Yielder, e loop.Each) error {
		if e.Index > 0 {
			return nil
		}
		var words []func(y *loop.Yielder) (string, error)
		for i, word := range []string{"one", "two", "three"} {
			words = append(words, func(y *loop.Yielder) (string, error) {
				return loop.RunOn(y, e.Loops[i], func(*loop.Yielder) (string, error) { return strings.ToUpper(word), nil })
			})
		}
		all, err := loop.Gather(y, words...).Await(y)
		fmt.Println(all)
		return err
	})
	fmt.Println(err)
	// Output:
	// [ONE TWO THREE]
	// <nil>
}

// One Ctrl-C ends all loops.
func ExampleMainEach_interrupt() {
	err := loop.MainEach(2, func(y *loop.Yielder, e loop.Each) error {
		if e.Index == 1 {
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil { // as Ctrl-C does
				return err
			}
		}
		return loop.Sleep(y, time.Hour)
	})
	fmt.Println(err)
	// Output: interrupted
}

// A function runs on another loop, and its result comes back.
func ExampleRunOn() {
	_ = loop.MainEach(2, func(y *loop.Yielder, e loop.Each) error {
		if e.Index > 0 {
			return nil
		}
		name, err := loop.RunOn(y, e.Loops[1], func(y *loop.Yielder) (string, error) {
			return loop.Running(y).CurrentTask().Name(), loop.Sleep(y, time.Millisecond)
		}, loop.Named("guest"))
		fmt.Println(name, err)
		return err
	})
	// Output: guest <nil>
}

// A method without a y waits in the task that runs.
func ExampleParkingLot_ParkCurrent() {
	_ = loop.Main(func(y *loop.Yielder) error {
		l := loop.Running(y)
		lot := loop.ParkingLot{Kind: "Read"}
		read := func() (string, error) { // as a method of a net.Conn
			_, err := lot.ParkCurrent(l, nil)
			return "data", err
		}
		l.CallSoon(func() { lot.Unpark() })
		fmt.Println(read())
		return nil
	})
	// Output: data <nil>
}

// A library has an error of its own for everything. The task is cancelled all the same.
func ExampleLoop_NoteCancelled() {
	_ = loop.Main(func(y *loop.Yielder) error {
		l := loop.Running(y)
		read := func() error { // as a method of a net.Conn
			y, err := l.Current()
			if err != nil {
				return err
			}
			return l.NoteCancelled(loop.Sleep(y, time.Hour))
		}
		query := func() error { // of a library
			if read() != nil {
				return errors.New("conn closed")
			}
			return nil
		}
		task := loop.Spawn(y, func(*loop.Yielder) error { return query() })
		l.CallSoon(func() { task.Cancel() })
		_, err := task.Await(y)
		fmt.Println(err)
		fmt.Println(task.Cancelled(), loop.IsCancelled(err))
		return nil
	})
	// Output:
	// cancelled: conn closed
	// true true
}
