package loop_test

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"coloop/coroutine"
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

func ExampleRun() {
	greeting, err := loop.Run(func(y *loop.Yielder) (string, error) {
		return "hello", loop.Sleep(y, time.Millisecond)
	})
	fmt.Println(greeting, err)
	// Output: hello <nil>
}

// elsewhere calls fn on a goroutine of its own and reports whether it returned,
// or else left by way of runtime.Goexit.
func elsewhere(fn func()) (returned bool) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		fn()
		returned = true
	}()
	<-over
	return returned
}

// TestA17Goexit: a main function that ends by way of runtime.Goexit, as t.FailNow
// does, ends the goroutine that runs it, once everything else has ended.
func TestA17Goexit(t *testing.T) {
	exits := func(*loop.Yielder) (int, error) {
		runtime.Goexit()
		return 0, nil
	}
	t.Run("Run", func(t *testing.T) {
		var e events
		var l *loop.Loop
		returned := elsewhere(func() {
			defer func() { e.add("the goroutine ends") }()
			loop.Run(func(y *loop.Yielder) (int, error) {
				l = loop.Running(y)
				loop.Go(l, e.sleeper("child", 3600))
				loop.Sleep(y, 0)
				return exits(y)
			})
		})
		expect(t, "returned", returned, false)
		expect(t, "events", e, events{"child begins", "child: cancelled", "the goroutine ends"})
		expectErr(t, "loop", l.RunForever(), loop.ErrClosed)
	})
	t.Run("RunIn", func(t *testing.T) {
		l, _ := newLoop(t)
		r := loop.NewRunner(l)
		expect(t, "returned", elsewhere(func() { loop.RunIn(r, exits) }), false)
		v, err := loop.RunIn(r, after(1, 7, nil))
		expect(t, "another main", v, 7)
		expectErr(t, "another main", err, nil)
	})
	t.Run("of a task", func(t *testing.T) {
		l, _ := newLoop(t)
		r := loop.NewRunner(l)
		expect(t, "returned", elsewhere(func() {
			_, err := loop.RunIn(r, func(y *loop.Yielder) (int, error) { return loop.Go(l, exits).Await(y) })
			expectErr(t, "of the task", err, coroutine.ErrGoexit)
		}), true)
		handled := false
		expect(t, "returned", elsewhere(func() {
			loop.RunIn(r, func(y *loop.Yielder) (int, error) {
				_, err := loop.Go(l, exits).Await(y)
				handled = err == coroutine.ErrGoexit
				return 0, nil
			})
		}), true)
		expect(t, "handled", handled, true)
	})
	t.Run("panic", func(t *testing.T) {
		var p *coroutine.PanicError
		expect(t, "returned", elsewhere(func() {
			_, err := loop.Run(panicking)
			expect(t, "a PanicError", errors.As(err, &p), true)
		}), true)
	})
}

// TestA2RunnerClose: the loop is closed in the end though hooks of the user's
// panic, or leave by way of runtime.Goexit.
func TestA2RunnerClose(t *testing.T) {
	logTo(t, slog.DiscardHandler) // where a panic of the handler goes
	for name, bad := range map[string]func(){
		"panic":  func() { panic(errTest) },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := loop.NewVirtual()
			r := loop.NewRunner(l)
			job := make(chan struct{})
			for range 2 {
				loop.Go(l, func(y *loop.Yielder) (int, error) {
					defer bad() // a cleanup
					return 0, loop.Sleep(y, time.Hour)
				})
			}
			loop.RunInExecutor(l, nil, func() (int, error) { close(job); return 0, nil })
			turn(t, l)
			l.SetTaskObserver(func(loop.AnyTask) { bad() })
			l.SetExceptionHandler(func(*loop.Loop, loop.ExceptionContext) { bad() })
			elsewhere(func() { r.Close() })
			expect(t, "tasks left", len(l.AllTasks()), 0)
			expectErr(t, "loop", l.RunForever(), loop.ErrClosed)
			<-job
		})
	}
}

// TestA2RunObserverPanics: a panic of a hook goes through Run, which closes the
// loop.
func TestA2RunObserverPanics(t *testing.T) {
	l, _ := newLoop(t)
	l.SetTaskObserver(func(loop.AnyTask) { panic(errTest) })
	r := loop.NewRunner(l)
	func() {
		defer func() { expect(t, "panic", recover() == any(errTest), true) }()
		loop.RunIn(r, after(0, 0, nil))
	}()
	l.SetTaskObserver(nil)
	expectErr(t, "Close", r.Close(), nil)
	expectErr(t, "loop", l.RunForever(), loop.ErrClosed)
}

// TestRunnerCloseObserved: Close makes no task that an observer would see.
func TestRunnerCloseObserved(t *testing.T) {
	l, _ := loop.NewVirtual()
	loop.Go(l, forever)
	turn(t, l)
	l.SetTaskObserver(func(task loop.AnyTask) { t.Errorf("%v was made", task) })
	expectErr(t, "Close", loop.NewRunner(l).Close(), nil)
}

// TestD6RunnerCloseWaitsForJobs: when Close returns, the executor's jobs have
// ended, those in line included.
func TestD6RunnerCloseWaitsForJobs(t *testing.T) {
	var r loop.Runner
	ended := 0
	_, err := loop.RunIn(&r, func(y *loop.Yielder) (int, error) {
		l := loop.Running(y)
		e, free := busy(t)
		expectErr(t, "SetDefaultExecutor", l.SetDefaultExecutor(e), nil)
		for range 3 {
			loop.RunInExecutor(l, nil, func() (int, error) { ended++; return 0, nil })
		}
		l.CallSoonThreadsafe(free)
		return 0, nil
	})
	expectErr(t, "RunIn", err, nil)
	expectErr(t, "Close", r.Close(), nil)
	expect(t, "jobs that have ended", ended, 3)
}

// TestA5Run: a function that is nil is an error.
func TestA5Run(t *testing.T) {
	_, err := loop.Run[int](nil)
	expect(t, "Run", fmt.Sprint(err), "run on a loop: the function is nil")
}
