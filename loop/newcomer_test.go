package loop_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"coloop/loop"
)

// TestYOfAnotherTask: the y of one function used in another is told so.
func TestYOfAnotherTask(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		l.CurrentTask().SetName("outer")
		_, err := loop.Spawn(y, func(*loop.Yielder) error { return loop.Sleep(y, 1) }, loop.Named("inner")).Await(y)
		expectErr(t, "in a task", err, loop.ErrWrongGoroutine)
		const says = "the y of task 'outer' is used in "
		if !strings.Contains(err.Error(), says+"task 'inner'") {
			t.Error(err)
		}
		called := loop.NewFuture[error](y)
		l.CallSoon(func() { called.SetResult(loop.Sleep(y, 0)) })
		err, _ = called.Await(y)
		if !strings.Contains(err.Error(), says+"a callback") {
			t.Error(err)
		}
	})
}

// TestTaskOfMain: a task is described by the function that its user wrote.
func TestTaskOfMain(t *testing.T) {
	want := "coro=loop_test.TestTaskOfMain.func"
	describe := func(y *loop.Yielder) string { return loop.Running(y).CurrentTask().(*loop.Task[struct{}]).String() }
	err := loop.Main(func(y *loop.Yielder) error {
		if s := describe(y); !strings.Contains(s, want) {
			t.Error(s)
		}
		task := loop.Spawn(y, func(y *loop.Yielder) error { return nil }, loop.Doing(forever))
		if s := task.String(); !strings.Contains(s, "coro=loop_test.forever at task_test.go:") {
			t.Error(s)
		}
		return nil
	})
	expectErr(t, "Main", err, nil)
}

// TestUnretrievedNamesFunction: a task without a name is found by its function.
func TestUnretrievedNamesFunction(t *testing.T) {
	l, _ := newLoop(t)
	var got []string
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
		for _, f := range c.Frames {
			got = append(got, f.Function)
		}
	})
	loop.Go(l, panicking)
	l.CallLater(1, l.Stop)
	expectErr(t, "run", l.RunForever(), nil)
	expectErr(t, "Close", l.Close(), nil)
	expect(t, "function", got, []string{"coloop/loop_test.panicking"})
}

// TestDebugFromTheStart: debug mode can be switched on before the first task.
func TestDebugFromTheStart(t *testing.T) {
	main := func(y *loop.Yielder) (any, error) {
		task := loop.Go(y, forever)
		loop.Sleep(y, 0)
		n := len(task.Stack())
		task.Cancel()
		return n > 0, nil
	}
	v, err := loop.Run(main)
	expect(t, "not asked for", v, any(os.Getenv("COLOOP_DEBUG") != ""))
	expectErr(t, "Run", err, nil)
	r := loop.Runner{Debug: &loop.Debug{}}
	v, err = loop.RunIn(&r, main)
	expect(t, "of the runner", v, any(true))
	expectErr(t, "RunIn", errors.Join(err, r.Close()), nil)
	t.Setenv("COLOOP_DEBUG", "1")
	v, err = loop.Run(main)
	expect(t, "of the environment", v, any(true))
	expectErr(t, "Run", err, nil)
}

// TestTimeoutIsEveryDeadline: a time-out is found by whichever name one knows.
func TestTimeoutIsEveryDeadline(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		_, err := loop.WithTimeout(y, time.Second, forever)
		for _, target := range []error{loop.ErrTimeout, os.ErrDeadlineExceeded, context.DeadlineExceeded} {
			expectErr(t, "time-out", err, target)
		}
	})
}
