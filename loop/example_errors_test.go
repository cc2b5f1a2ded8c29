package loop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"coloop/loop"
)

// A cancellation is found whoever has wrapped it, under asyncio's name and under
// that of package context.
func ExampleCancelledError() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	t := loop.Go(l, func(y *loop.Yielder) (any, error) {
		if err := loop.Sleep(y, time.Hour); err != nil {
			return nil, fmt.Errorf("save: %w", err)
		}
		return nil, nil
	})
	l.CallLater(time.Second, func() { t.Cancel("the user has left") })
	_, err := loop.RunUntilComplete(l, t)
	fmt.Println(err)
	fmt.Println(errors.Is(err, loop.ErrCancelled), errors.Is(err, context.Canceled), t.Cancelled())
	// Output:
	// save: cancelled: the user has left
	// true true true
}

// Clearing up that succeeds leaves a cancellation what it is; a failure is not lost
// in it.
func ExampleIsCancelled() {
	cancelled := error(&loop.CancelledError{})
	var closed error
	fmt.Println(loop.IsCancelled(errors.Join(cancelled, closed)))
	closed = errors.New("close: disk full")
	fmt.Println(loop.IsCancelled(errors.Join(cancelled, closed)))
	// Output:
	// true
	// false
}

// What ran out of time may say what it was doing.
func ExampleTimeoutError() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (any, error) {
		return loop.WithTimeout(y, time.Second, func(y *loop.Yielder) (any, error) {
			return nil, fmt.Errorf("save page 3: %w", loop.Sleep(y, time.Hour))
		})
	}))
	fmt.Println(err)
	fmt.Println(errors.Is(err, loop.ErrTimeout), errors.Is(err, os.ErrDeadlineExceeded))
	// Output:
	// timeout: save page 3: cancelled
	// true true
}

// errors.Is and errors.As see each error of a group.
func ExampleGroupError() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	fail := func(err error) func(*loop.Yielder) error {
		return func(y *loop.Yielder) error { return errors.Join(loop.Sleep(y, time.Second), err) }
	}
	_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		var group loop.TaskGroup
		return group.Run(y, func() error {
			group.Go(fail(os.ErrNotExist))
			group.Go(fail(syscall.ENOSPC))
			return nil
		})
	}))
	fmt.Println(err)
	fmt.Println(errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOSPC))
	// Output:
	// 2 errors in a TaskGroup: file does not exist; no space left on device
	// true true
}

// An error that nobody asks for is reported.
func ExampleExceptionContext() {
	l, _ := loop.NewVirtual()
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
		fmt.Println(c.Message)
		fmt.Println(c.Exception, c.Unretrieved)
	})
	loop.Spawn(l, func(*loop.Yielder) error { return errors.New("disk full") }, loop.Named("backup"))
	l.CallLater(time.Second, l.Stop)
	fmt.Println(l.RunForever())
	fmt.Println(l.Close())
	// Output:
	// <nil>
	// error of task "backup" was never retrieved
	// disk full true
	// <nil>
}

// A deadlock on a virtual clock says who waits for what.
func ExampleIdleError() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	jobs := loop.Queue[int]{Name: "jobs"}
	_, err := loop.RunUntilComplete(l, loop.Go(l, jobs.Get, loop.Named("worker")))
	var idle *loop.IdleError
	fmt.Println(errors.Is(err, loop.ErrIdle), errors.As(err, &idle), len(idle.Tasks))
	// Output: true true 1
}

// Debug mode reports a step that holds up the others.
func ExampleDebug() {
	l, clock := loop.NewVirtual()
	defer l.Close()
	l.SetDebug(&loop.Debug{Slow: 2 * time.Second})
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { fmt.Println(c.Message) })
	_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(*loop.Yielder) error {
		clock.Advance(3 * time.Second) // in place of a computation
		return nil
	}, loop.Named("computing")))
	fmt.Println(err)
	// Output:
	// step of computing took 3s
	// <nil>
}

// A signal is handled on the loop, between two steps.
func ExampleLoop_AddSignalHandler() {
	err := loop.Main(func(y *loop.Yielder) error {
		l := loop.Running(y)
		var reload loop.Event
		if err := l.AddSignalHandler(syscall.SIGHUP, reload.Set); err != nil {
			return err
		}
		defer l.RemoveSignalHandler(syscall.SIGHUP)
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
			return err
		}
		err := reload.Wait(y)
		fmt.Println("reload the configuration")
		return err
	})
	fmt.Println(err)
	// Output:
	// reload the configuration
	// <nil>
}
