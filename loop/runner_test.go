package loop_test

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
)

func TestRun(t *testing.T) {
	v, err := loop.Run(func(y *loop.Yielder) (int, error) { return 7, loop.Sleep(y, 0) })
	expect(t, "value", v, 7)
	expectErr(t, "error", err, nil)
	_, err = loop.Run(func(y *loop.Yielder) (int, error) { return 0, errTest })
	expectErr(t, "error", err, errTest)
	_, err = loop.Run(panicking)
	expectErr(t, "panic", err, errTest)
	_, err = loop.Run(func(y *loop.Yielder) (int, error) {
		loop.Running(y).Stop()
		return 0, loop.Sleep(y, time.Hour)
	})
	expectErr(t, "stopped", err, loop.ErrStopped)
}

// TestRunnerCleansUp: what main has left is cancelled and waited for, and so is
// the executor.
func TestRunnerCleansUp(t *testing.T) {
	var e events
	tasksEnded := make(chan struct{})
	l, _ := loop.NewVirtual()
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
		e.add("%s: %s: %v", c.Task.Name(), c.Message, c.Exception)
		close(tasksEnded)
	})
	r := loop.NewRunner(l)
	for i := range 2 { // two programs on one loop
		v, err := loop.RunIn(r, func(y *loop.Yielder) (int, error) {
			loop.Go(l, e.sleeper(fmt.Sprint(i), 1))
			return i, loop.Sleep(y, 0)
		})
		expect(t, "value", v, i)
		expectErr(t, "error", err, nil)
	}
	loop.Go(l, func(y *loop.Yielder) (int, error) {
		loop.Sleep(y, time.Hour)
		return 0, errTest
	}).SetName("failing")
	loop.Go(l, func(y *loop.Yielder) (int, error) {
		loop.Sleep(y, time.Hour)
		turns(y, 3)
		e.add("slow to end")
		return 0, nil
	})
	loop.RunInExecutor(l, nil, func() (int, error) {
		<-tasksEnded
		wait := loop.RunCoroutineThreadsafe(t.Context(), l, func(*loop.Yielder) (int, error) {
			e.add("job")
			return 0, nil
		})
		return wait()
	})
	turn(t, l)
	expectErr(t, "Close", r.Close(), nil)
	expectErr(t, "Close again", r.Close(), nil)
	expect(t, "events", e, events{"0 begins", "1 begins", "0: cancelled", "1: cancelled", "slow to end",
		"failing: error of a task cancelled at shutdown: test error", "job"})
	_, err := r.Loop()
	expectErr(t, "Loop", err, loop.ErrClosed)
	_, err = loop.RunIn(r, func(y *loop.Yielder) (int, error) { return 0, nil })
	expectErr(t, "RunIn", err, loop.ErrClosed)
}

func TestRunnerCloseRunning(t *testing.T) {
	var r loop.Runner
	_, err := loop.RunIn(&r, func(y *loop.Yielder) (any, error) {
		expectErr(t, "close inside", r.Close(), loop.ErrRunning)
		return nil, loop.Sleep(y, 0)
	})
	expectErr(t, "run", err, nil)
	expectErr(t, "close", r.Close(), nil)
}

func TestRunnerUnused(t *testing.T) {
	var r loop.Runner
	expectErr(t, "Close", r.Close(), nil)
}

func interrupt(t *testing.T) {
	t.Helper()
	expectErr(t, "kill", syscall.Kill(os.Getpid(), syscall.SIGINT), nil)
}

// TestInterrupt: SIGINT cancels main.
func TestInterrupt(t *testing.T) {
	var e events
	_, err := loop.Run(func(y *loop.Yielder) (int, error) {
		loop.Go(loop.Running(y), e.sleeper("other", 3600))
		loop.Sleep(y, 0)
		interrupt(t)
		err := loop.Sleep(y, time.Hour)
		e.add("main: %v", err)
		return 0, err
	})
	expectErr(t, "error", err, loop.ErrInterrupted)
	expect(t, "events", e, events{"other begins", "main: cancelled", "other: cancelled"})
}

// TestInterruptHandled: a main that ends otherwise than by that cancellation has
// dealt with it.
func TestInterruptHandled(t *testing.T) {
	v, err := loop.Run(func(y *loop.Yielder) (int, error) {
		interrupt(t)
		loop.Sleep(y, time.Hour)
		return 7, nil
	})
	expect(t, "value", v, 7)
	expectErr(t, "error", err, nil)
}

func ExampleRun() {
	greeting, err := loop.Run(func(y *loop.Yielder) (string, error) {
		return "hello", loop.Sleep(y, time.Millisecond)
	})
	fmt.Println(greeting, err)
	// Output: hello <nil>
}

// TestInterruptLate has SIGINT arrive while main is about to return.
func TestInterruptLate(t *testing.T) {
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, os.Interrupt)
	defer signal.Stop(arrived)
	v, err := loop.Run(func(*loop.Yielder) (int, error) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			return 0, err
		}
		<-arrived
		return 7, nil
	})
	expect(t, "result", v, 7)
	expectErr(t, "error", err, loop.ErrInterrupted)
}
