package loop_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// logged has what is logged kept, and returns a function that takes it, without the
// places of panics.
func logged(t *testing.T) (take func() events) {
	c := make(logs, 99)
	logTo(t, c)
	return func() (e events) {
		for len(c) > 0 {
			e = append(e, withoutPlace(<-c))
		}
		return e
	}
}

// TestA2ExceptionHandlerPanics: the panic and the report are both logged, wherever
// the report was made, and the loop goes on, or is closed.
func TestA2ExceptionHandlerPanics(t *testing.T) {
	const panicked = "panic in the exception handler error=panic: boom"
	take := logged(t)
	l, _ := loop.NewVirtual()
	l.SetDebug(&loop.Debug{})
	l.SetExceptionHandler(func(*loop.Loop, loop.ExceptionContext) { panic("boom") })
	complete(t, l, func(y *loop.Yielder) {
		l.CallSoon(func() { panic(errTest) })
		l.CallSoon(func() { panic(errTest) })
		loop.Sleep(y, 0)
		expect(t, "in callbacks", take(), events{
			panicked, "panic in callback error=panic: test error",
			panicked, "panic in callback error=panic: test error"})
		l.CallExceptionHandler(loop.ExceptionContext{Message: "by hand"})
		expect(t, "in a task", take(), events{panicked, "by hand"})
		loop.Go(y, fails, loop.Named("a"))
		loop.Go(y, fails, loop.Named("b"))
		turns(y, 5)
		loop.Go(y, forever, loop.Named("c"))
	})
	expectErr(t, "Close", l.Close(), nil)
	var messages events
	for _, r := range take() {
		message, _, _ := strings.Cut(r, " error=")
		message, _, _ = strings.Cut(message, " task=")
		messages = append(messages, message)
	}
	message, _, _ := strings.Cut(panicked, " error=")
	expect(t, "in Close", messages, events{
		message, "task was pending when its loop was closed",
		message, `error of task "a" was never retrieved`,
		message, `error of task "b" was never retrieved`})
	expectErr(t, "closed", l.CallSoonThreadsafe(func() {}), loop.ErrClosed)
}

// TestA2ReportWithinReport: what the exception handler reports itself is logged, so
// that it can pass reports on, and does not call itself for ever.
func TestA2ReportWithinReport(t *testing.T) {
	take := logged(t)
	l, _ := newLoop(t)
	n := 0
	l.SetExceptionHandler(func(l *loop.Loop, c loop.ExceptionContext) {
		n++
		l.CallExceptionHandler(c)
		panic("boom")
	})
	for range 2 {
		l.CallExceptionHandler(loop.ExceptionContext{Message: "report"})
		expect(t, "logged", take(), events{"report",
			"panic in the exception handler error=panic: boom", "report"})
	}
	expect(t, "calls", n, 2)
}

// TestA2ExceptionHandlerExits: Close closes the loop even if the goroutine ends in
// the handler, as it does in a test that fails there.
func TestA2ExceptionHandlerExits(t *testing.T) {
	l, _ := loop.NewVirtual()
	l.SetExceptionHandler(func(*loop.Loop, loop.ExceptionContext) { runtime.Goexit() })
	loop.Go(l, fails)
	for range 5 {
		turn(t, l)
	}
	wait := loop.RunCoroutineThreadsafe(t.Context(), l, forever)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = l.Close()
		t.Error("the handler has not been called")
	}()
	<-ended
	_, err := wait()
	expectErr(t, "waiting", err, loop.ErrClosed)
	expectErr(t, "Close again", l.Close(), nil)
}

type panickingLogger struct{ slog.Handler }

// TestA2LoggerPanics: the last resort is the standard error.
func TestA2LoggerPanics(t *testing.T) {
	logTo(t, panickingLogger{}) // all methods of a nil Handler panic
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stderr := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = stderr }()
	l, _ := loop.NewVirtual()
	loop.Go(l, fails)
	for range 5 {
		turn(t, l)
	}
	expectErr(t, "Close", l.Close(), nil)
	expectErr(t, "closed", l.CallSoonThreadsafe(func() {}), loop.ErrClosed)
	file.Seek(0, io.SeekStart)
	text, _ := io.ReadAll(file)
	want := `while logging: error of task "Task-1" was never retrieved: test error`
	expect(t, "written", strings.Contains(string(text), want), true)
}

// A brokenError is an error all of whose methods panic if it is a nil pointer, as one
// is that a function returns as the result of an inner one.
type brokenError struct{ err error }

func (e *brokenError) Error() string        { return e.err.Error() }
func (e *brokenError) Unwrap() error        { return e.err }
func (e *brokenError) Is(target error) bool { return target == e.err }

// TestA2ErrorsThatPanic: whoever waits is told all the same.
func TestA2ErrorsThatPanic(t *testing.T) {
	var broken error = (*brokenError)(nil)
	breaks := func(y *loop.Yielder) (int, error) { turns(y, 1); return 0, broken }
	for name, do := range map[string]func(y *loop.Yielder, l *loop.Loop) error{
		"task":   func(y *loop.Yielder, l *loop.Loop) error { _, err := loop.Go(y, breaks).Await(y); return err },
		"gather": func(y *loop.Yielder, l *loop.Loop) error { _, err := loop.Gather(y, breaks).Await(y); return err },
		"shield": func(y *loop.Yielder, l *loop.Loop) error { _, err := loop.Shield(y, breaks).Await(y); return err },
		"joined": func(y *loop.Yielder, l *loop.Loop) error {
			_, err := loop.Go(y, func(*loop.Yielder) (int, error) {
				return 0, errors.Join(&loop.CancelledError{}, broken)
			}).Await(y)
			return err.(interface{ Unwrap() []error }).Unwrap()[1]
		},
		"timeout": func(y *loop.Yielder, l *loop.Loop) error {
			_, err := loop.WithTimeout(y, time.Second, func(y *loop.Yielder) (int, error) {
				_ = loop.Sleep(y, time.Hour)
				return 0, broken
			})
			return err
		},
		"no time": func(y *loop.Yielder, l *loop.Loop) error {
			_, err := loop.WaitFor(y, 0, func(y *loop.Yielder) (int, error) { return breaks(y) })
			expectErr(t, "not begun", err, loop.ErrTimeout)
			return broken
		},
		"group": func(y *loop.Yielder, l *loop.Loop) error {
			var g loop.TaskGroup
			err := g.Run(y, func() error { loop.GoIn(&g, breaks); return loop.Sleep(y, time.Hour) })
			return err.(*loop.GroupError).Errors[0]
		},
		"body of a group": func(y *loop.Yielder, l *loop.Loop) error {
			return new(loop.TaskGroup).Run(y, func() error { return broken }).(*loop.GroupError).Errors[0]
		},
		"future": func(y *loop.Yielder, l *loop.Loop) error {
			f := loop.NewFuture[int](l)
			expectErr(t, "SetException", f.SetException(broken), nil)
			_, err := f.Await(y)
			return err
		},
		"cancelled too": func(y *loop.Yielder, l *loop.Loop) error {
			f := loop.NewFuture[int](l)
			task := spawn(l, func(y *loop.Yielder) error { _, err := f.Await(y); return err })
			turns(y, 1)
			f.SetException(broken)
			task.Cancel()
			_, err := task.Await(y)
			expectErr(t, "task", err, loop.ErrCancelled)
			exc, _ := f.Exception()
			return exc
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				if err := do(y, l); err != broken {
					t.Errorf("error: got a %T, want a nil *brokenError", err)
				}
				expect(t, "tasks left", len(l.AllTasks()), 1)
				expect(t, "Cancelling", l.CurrentTask().Cancelling(), 0)
			})
		})
	}
}

type panickingText struct{}

func (panickingText) String() string { panic("boom") }

// TestA2TextsThatPanic: a String method of the user's spoils the text, and nothing
// else.
func TestA2TextsThatPanic(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		_, err := y.Yield(panickingText{})
		expectErr(t, "yielded", err, loop.ErrBadYield)
		f := loop.NewFuture[panickingText](l)
		f.SetResult(panickingText{})
		expect(t, "printed", strings.HasPrefix(fmt.Sprint(f), "<Future finished result="), true)
		expect(t, "again", strings.HasPrefix(fmt.Sprint(f), "<Future finished result="), true)
		_, err = f.Await(y)
		expectErr(t, "awaited", err, nil)
	})
}

// TestA2TaskObserverPanics: whoever makes a task gets the panic, and no task.
func TestA2TaskObserverPanics(t *testing.T) {
	never := func(*loop.Yielder) (int, error) { t.Error("runs"); return 0, nil }
	var g loop.TaskGroup
	for name, makes := range map[string]func(y *loop.Yielder, l *loop.Loop){
		"Go":     func(y *loop.Yielder, l *loop.Loop) { loop.Go(y, never) },
		"Eager":  func(y *loop.Yielder, l *loop.Loop) { loop.Go(y, never, loop.Eager()) },
		"Spawn":  func(y *loop.Yielder, l *loop.Loop) { loop.Spawn(y, noValue(never)) },
		"Gather": func(y *loop.Yielder, l *loop.Loop) { loop.Gather(y, never, never) },
		"Shield": func(y *loop.Yielder, l *loop.Loop) { loop.Shield(l, never) },
		"AsCompleted": func(y *loop.Yielder, l *loop.Loop) {
			loop.AsCompleted(l, never)
		},
		"CreateTask": func(y *loop.Yielder, l *loop.Loop) {
			g := loop.NewCoroutine(l, never)
			defer g.Close()
			loop.CreateTask(l, g)
		},
		"WaitFor": func(y *loop.Yielder, l *loop.Loop) { loop.WaitFor(y, 0, never) },
		"group":   func(y *loop.Yielder, l *loop.Loop) { g.Go(noValue(never)) },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				g = loop.TaskGroup{}
				expectErr(t, "Enter", g.Enter(y), nil)
				l.SetTaskObserver(func(loop.AnyTask) { panic(errTest) })
				expectErr(t, "panic", panicOf(func() { makes(y, l) }), errTest)
				l.SetTaskObserver(nil)
				expect(t, "tasks", len(l.AllTasks()), 1)
				ready, _, _ := l.Stats()
				expect(t, "handles", ready, 0)
				expect(t, "children", g.Len(), 0)
				expectErr(t, "Exit", g.Exit(y, nil), nil)
				expect(t, "current task", l.CurrentTask() == l.AllTasks()[0], true)
			})
		})
	}
}

// TestA2HooksOfWaiting: a function of the user's that panics where others wait leaves
// them their turn.
func TestA2HooksOfWaiting(t *testing.T) {
	var lock loop.Lock
	var cond loop.Condition
	sem := loop.NewSemaphore(1)
	boom := func() error { panic(errTest) }
	for name, do := range map[string]func(y *loop.Yielder) error{
		"lock":      func(y *loop.Yielder) error { return lock.With(y, boom) },
		"semaphore": func(y *loop.Yielder) error { return sem.With(y, boom) },
		"condition": func(y *loop.Yielder) error { return cond.With(y, boom) },
		"predicate": func(y *loop.Yielder) error {
			return cond.With(y, func() error { return cond.WaitFor(y, func() bool { panic(errTest) }) })
		},
		"timeout": func(y *loop.Yielder) error {
			defer func() { loop.Sleep(y, time.Hour) }() // longer than the timeout
			return loop.NewTimeout(loop.Running(y), time.Minute).Run(y, boom)
		},
		"collect": func(y *loop.Yielder) error {
			_, err := loop.GatherFunc(y, func([]int) int { panic(errTest) }, after(1, 1, nil)).Await(y)
			return err
		},
		"collect of nothing": func(y *loop.Yielder) error {
			_, err := loop.GatherFunc[int](y, func([]int) int { panic(errTest) }).Await(y)
			return err
		},
		"collect of results": func(y *loop.Yielder) error {
			_, err := loop.GatherResultsFunc(y, func([]loop.Result[int]) int { panic(errTest) }, after(1, 1, errTest)).Await(y)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				for range 2 {
					_, err := spawn(l, do).Await(y)
					var p *coroutine.PanicError
					expect(t, "a panic", errors.As(err, &p), true)
					expectErr(t, "of", err, errTest)
				}
			})
		})
	}
}

// TestA2DoneCallbacksPanic: each is reported, and those behind it are called.
func TestA2DoneCallbacksPanic(t *testing.T) {
	l, _ := newLoop(t)
	e := reports(l)
	playOn(t, l, func(y *loop.Yielder) {
		task := loop.Go(y, after(1, 1, nil))
		for i := range 3 {
			task.AddDoneCallback(func(*loop.Future[int]) { e.add("%d", i); panic(errTest) })
		}
		_, err := task.Await(y)
		expectErr(t, "task", err, nil)
	})
	const report = "panic in callback: panic: test error"
	expect(t, "events", *e, events{"0", report, "1", report, "2", report})
}
