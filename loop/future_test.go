package loop_test

import (
	"errors"
	"fmt"
	"testing"

	"coloop/coroutine"
	"coloop/loop"
)

func TestFuture(t *testing.T) {
	l, _ := newLoop(t)
	for _, tc := range []struct {
		name      string
		settle    func(f *loop.Future[int]) error
		cancelled bool
		v         int
		err       error // of Result
		exc       error // of Exception, if not err
	}{
		{"result", func(f *loop.Future[int]) error { return f.SetResult(7) }, false, 7, nil, nil},
		{"error", func(f *loop.Future[int]) error { return f.SetException(errTest) }, false, 0, errTest, nil},
		{"cancel", func(f *loop.Future[int]) error {
			if !f.Cancel() {
				return errTest
			}
			return nil
		}, true, 0, loop.ErrCancelled, loop.ErrCancelled},
		{"StopIteration", func(f *loop.Future[int]) error {
			return f.SetException(&coroutine.StopIteration[int]{Value: 1})
		}, false, 0, loop.ErrStopIteration, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := loop.NewFuture[int](l)
			_, err := f.Result()
			expectErr(t, "result of a pending future", err, loop.ErrInvalidState)
			_, err = f.Exception()
			expectErr(t, "exception of a pending future", err, loop.ErrInvalidState)
			expectErr(t, "settling", tc.settle(f), nil)
			expect(t, "done", f.Done(), true)
			expect(t, "cancelled", f.Cancelled(), tc.cancelled)
			v, err := f.Result()
			expect(t, "result", v, tc.v)
			expectErr(t, "error", err, tc.err)
			exc, err := f.Exception()
			if tc.exc == nil {
				expectErr(t, "exception", exc, tc.err)
			}
			expectErr(t, "error of Exception", err, tc.exc)
			expectErr(t, "second result", f.SetResult(1), loop.ErrInvalidState)
			expectErr(t, "second error", f.SetException(errTest), loop.ErrInvalidState)
			expect(t, "second cancel", f.Cancel(), false)
		})
	}
}

func TestCancelMessage(t *testing.T) {
	l, _ := newLoop(t)
	f := loop.NewFuture[int](l)
	f.Cancel("no more")
	for range 2 {
		_, err := f.Result()
		var c *loop.CancelledError
		if !errors.As(err, &c) || c.Msg != "no more" {
			t.Errorf("got %v", err)
		}
		expect(t, "text", err.Error(), "cancelled: no more")
	}
}

func TestDoneCallbacks(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		f := loop.NewFuture[int](l)
		note := func(name string) func(*loop.Future[int]) {
			return func(done *loop.Future[int]) { e.add("%s %v", name, done == f) }
		}
		f.AddDoneCallback(note("a"))
		remove := f.AddDoneCallback(note("b"))
		late := f.AddDoneCallback(note("c"))
		expect(t, "removed", remove(), true)
		expect(t, "removed again", remove(), false)
		f.SetResult(1)
		expect(t, "removed when scheduled", late(), false)
		e.add("set")
		f.AddDoneCallback(note("d"))
		loop.Sleep(y, 0)
		e.add("end")
	})
	expect(t, "events", e, events{"set", "a true", "c true", "d true", "end"})
}

// TestCallbackRemovesAnother: the callbacks of a future that is done are
// scheduled already.
func TestCallbackRemovesAnother(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		f := loop.NewFuture[int](l)
		var remove func() bool
		f.AddDoneCallback(func(*loop.Future[int]) { e.add("removed: %v", remove()) })
		remove = f.AddDoneCallback(func(*loop.Future[int]) { e.add("called") })
		f.SetResult(1)
		loop.Sleep(y, 0)
	})
	expect(t, "events", e, events{"removed: false", "called"})
}

func TestAwaitFuture(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		f := loop.NewFuture[int](l)
		for i := range 3 {
			loop.Go(l, func(y *loop.Yielder) (any, error) {
				v, err := f.Await(y)
				e.add("%d: %d %v", i, v, err)
				return nil, nil
			})
		}
		loop.Sleep(y, 0)
		f.SetResult(5)
		v, err := f.Await(y) // does not suspend
		e.add("main: %d %v", v, err)
		loop.Sleep(y, 0)
	})
	expect(t, "events", e, events{"main: 5 <nil>", "0: 5 <nil>", "1: 5 <nil>", "2: 5 <nil>"})
}

// TestAwaitMisuse has what a task must not yield or await: the error is raised
// where it does.
func TestAwaitMisuse(t *testing.T) {
	other, _ := newLoop(t)
	for _, tc := range []struct {
		name string
		do   func(y *loop.Yielder, l *loop.Loop) error
		want error
	}{
		{"another loop", func(y *loop.Yielder, l *loop.Loop) error {
			_, err := loop.NewFuture[int](other).Await(y)
			return err
		}, loop.ErrForeignLoop},
		{"gather of another loop", func(y *loop.Yielder, l *loop.Loop) error {
			_, err := loop.GatherFutures(l, loop.NewFuture[int](l), loop.NewFuture[int](other)).Await(y)
			return err
		}, loop.ErrForeignLoop},
		{"wait for another loop", func(y *loop.Yielder, l *loop.Loop) error {
			_, _, err := loop.Wait(y, loop.NoTimeout, loop.AllCompleted, loop.NewFuture[int](other))
			return err
		}, loop.ErrForeignLoop},
		{"as completed of another loop", func(y *loop.Yielder, l *loop.Loop) error {
			_, err := loop.AsCompletedFutures(l, loop.NewFuture[int](l), loop.NewFuture[int](other)).Next(y)
			return err
		}, loop.ErrForeignLoop},
		{"zero Timeout", func(y *loop.Yielder, l *loop.Loop) error {
			return new(loop.Timeout).Run(y, func() error { return loop.Sleep(y, 1) })
		}, loop.ErrTimeout},
		{"itself", func(y *loop.Yielder, l *loop.Loop) error {
			_, err := l.CurrentTask().(*loop.Task[struct{}]).Await(y)
			return err
		}, loop.ErrAwaitSelf},
		{"bare future", func(y *loop.Yielder, l *loop.Loop) error {
			_, err := y.Yield(loop.NewFuture[int](l))
			return err
		}, loop.ErrYieldFuture},
		{"number", func(y *loop.Yielder, l *loop.Loop) error {
			_, err := y.Yield(1)
			return err
		}, loop.ErrBadYield},
		{"run", func(y *loop.Yielder, l *loop.Loop) error { return l.RunForever() }, loop.ErrRunning},
		{"run until complete", func(y *loop.Yielder, l *loop.Loop) error {
			_, err := loop.RunUntilComplete(l, loop.NewFuture[int](l))
			return err
		}, loop.ErrRunning},
		{"close", func(y *loop.Yielder, l *loop.Loop) error { return l.Close() }, loop.ErrRunning},
	} {
		t.Run(tc.name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				expectErr(t, "error", tc.do(y, l), tc.want)
				expectErr(t, "the task goes on", loop.Sleep(y, 0), nil)
			})
		})
	}
	_, err := loop.RunUntilComplete(other, loop.NewFuture[int](func() *loop.Loop { l, _ := newLoop(t); return l }()))
	expectErr(t, "running another loop's future", err, loop.ErrForeignLoop)
}

// TestOutsideTask calls suspending functions in a generator that no task runs.
func TestOutsideTask(t *testing.T) {
	l, _ := newLoop(t)
	for name, fn := range map[string]func(y *loop.Yielder) error{
		"sleep":    func(y *loop.Yielder) error { return loop.Sleep(y, 1) },
		"wait for": func(y *loop.Yielder) error { _, err := loop.WaitForFuture(y, 1, loop.NewFuture[int](l)); return err },
		"timeout":  func(y *loop.Yielder) error { return loop.NewTimeout(l, 1).Enter(y) },
		"group":    func(y *loop.Yielder) error { return new(loop.TaskGroup).Enter(y) },
		"event":    func(y *loop.Yielder) error { return new(loop.Event).Wait(y) },
		"queue":    func(y *loop.Yielder) error { _, err := new(loop.Queue[int]).Get(y); return err },
	} {
		t.Run(name, func(t *testing.T) {
			g := coroutine.New(func(y *loop.Yielder) (any, error) { return nil, fn(y) })
			_, err := g.Next()
			expectErr(t, "error", err, loop.ErrNoTask)
		})
	}
	t.Run("future", func(t *testing.T) {
		g := coroutine.New(func(y *loop.Yielder) (any, error) { return loop.NewFuture[int](l).Await(y) })
		_, err := g.Next()
		expectErr(t, "yield", err, nil)
		_, err = g.Next()
		expectErr(t, "resumed too early", err, loop.ErrNotAwaited)
	})
}

func ExampleFuture() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	f := loop.NewFuture[string](l)
	l.CallLater(1, func() { f.SetResult("ready") })
	fmt.Println(loop.RunUntilComplete(l, f))
	// Output: ready <nil>
}
