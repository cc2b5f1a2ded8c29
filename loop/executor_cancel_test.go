package loop_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"weak"

	"coloop/coroutine"
	"coloop/loop"
)

// busy returns an executor of one worker that has a job, which ends once free is
// called.
func busy(t *testing.T) (e *loop.Executor, free func()) {
	t.Helper()
	e, err := loop.NewExecutor(1)
	expectErr(t, "NewExecutor", err, nil)
	proceed := make(chan struct{})
	expectErr(t, "Submit", e.Submit(func() { <-proceed }), nil)
	return e, func() { close(proceed) }
}

// jobThatHolds has a job run, if it is, that refers to the object returned.
func jobThatHolds(l *loop.Loop, e *loop.Executor) (*loop.Future[byte], weak.Pointer[[1 << 16]byte]) {
	object := new([1 << 16]byte)
	return loop.RunInExecutor(l, e, func() (byte, error) { return object[0], nil }), weak.Make(object)
}

// collected reports whether nothing refers to p any more.
func collected[T any](p weak.Pointer[T]) bool {
	runtime.GC()
	return p.Value() == nil
}

// TestA6CancelledJob: a job whose future, or whose task, is cancelled while it
// waits in line is not run, and lets go of its function at once.
func TestA6CancelledJob(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		e, free := busy(t)
		expectErr(t, "SetDefaultExecutor", l.SetDefaultExecutor(e), nil)
		var ran []string
		job := func(name string) *loop.Future[int] {
			return loop.RunInExecutor(l, nil, func() (int, error) {
				ran = append(ran, name)
				return len(ran), nil
			})
		}
		future, held := jobThatHolds(l, e)
		first := job("first")
		task := loop.Go(l, func(y *loop.Yielder) (int, error) { return job("task").Await(y) })
		last := job("last")
		turns(y, 1)

		expect(t, "the function is held", collected(held), false)
		expect(t, "Cancel", future.Cancel("enough"), true)
		expect(t, "Cancel again", future.Cancel(), false)
		expect(t, "the function is let go of", collected(held), true)
		task.Cancel()
		free()
		for _, f := range []*loop.Future[int]{first, last} {
			_, err := f.Await(y)
			expectErr(t, "another job", err, nil)
		}
		expect(t, "jobs that ran", ran, []string{"first", "last"})
		_, err := future.Result()
		expect(t, "future", err.Error(), "cancelled: enough")
		_, err = task.Result()
		expectErr(t, "task", err, loop.ErrCancelled)
	})
}

// TestA6ClockOfCancelledJob: a virtual clock does not wait for a job that will
// not be run.
func TestA6ClockOfCancelledJob(t *testing.T) {
	e, free := busy(t)
	defer free()
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		loop.RunInExecutor(l, e, func() (int, error) { return 0, nil }).Cancel()
		expectErr(t, "Sleep", loop.Sleep(y, 1), nil)
	})
}

// TestExecutorCancelPending: jobs in line are dropped, their futures cancelled.
func TestExecutorCancelPending(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		e, free := busy(t)
		fs := make([]*loop.Future[int], 3)
		for i := range fs {
			fs[i] = loop.RunInExecutor(l, e, func() (int, error) { return i, errTest })
		}
		expectErr(t, "Submit", e.Submit(func() { t.Error("job was called") }), nil)
		fs[1].Cancel()
		e.Shutdown(false)
		expect(t, "dropped", e.CancelPending(), 3)
		expect(t, "dropped again", e.CancelPending(), 0)
		fs[2].Cancel() // which is on its way
		turns(y, 2)
		for _, f := range fs {
			expect(t, "cancelled", f.Cancelled(), true)
		}
		free()
		e.Shutdown(true)
		expectErr(t, "the clock goes on", loop.Sleep(y, 1), nil)
	})
}

// TestA22JobOfCompletedFuture: a job that ends after somebody else has completed
// its future is not passed over in silence, nor is a panic of a job that was
// cancelled.
func TestA22JobOfCompletedFuture(t *testing.T) {
	for _, tc := range []struct {
		name     string
		complete func(*loop.Future[int])
		job      func() (int, error)
		want     []error // what the error reported is; none for no report
	}{
		{"set, result", func(f *loop.Future[int]) { f.SetResult(1) },
			func() (int, error) { return 2, nil }, []error{loop.ErrInvalidState}},
		{"set, error", func(f *loop.Future[int]) { f.SetResult(1) },
			func() (int, error) { return 0, errTest }, []error{loop.ErrInvalidState, errTest}},
		{"set, Goexit", func(f *loop.Future[int]) { f.SetResult(1) },
			func() (int, error) { runtime.Goexit(); return 0, nil }, []error{loop.ErrInvalidState, coroutine.ErrGoexit}},
		{"set, panic", func(f *loop.Future[int]) { f.SetResult(1) },
			func() (int, error) { panic(errTest) }, []error{errTest}},
		{"cancelled, result", func(f *loop.Future[int]) { f.Cancel() },
			func() (int, error) { return 2, nil }, nil},
		{"cancelled, error", func(f *loop.Future[int]) { f.Cancel() },
			func() (int, error) { return 0, errTest }, nil},
		{"cancelled, panic", func(f *loop.Future[int]) { f.Cancel() },
			func() (int, error) { panic(errTest) }, []error{errTest}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				var reported []error
				l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
					reported = append(reported, c.Exception)
				})
				running, proceed := make(chan struct{}), make(chan struct{})
				f := loop.RunInExecutor(l, nil, func() (int, error) {
					close(running)
					<-proceed
					return tc.job()
				})
				<-running
				tc.complete(f)
				close(proceed)
				loop.Sleep(y, 1) // the clock waits for the job
				for _, want := range tc.want {
					if !slices.ContainsFunc(reported, func(err error) bool { return errors.Is(err, want) }) {
						t.Errorf("%v is not in %v", want, reported)
					}
				}
				expect(t, "reports", len(reported), min(1, len(tc.want)))
			})
		})
	}
}

// TestA5Executor: what cannot work says so.
func TestA5Executor(t *testing.T) {
	_, err := loop.NewExecutor(-1)
	expect(t, "NewExecutor", err.Error(), "new executor: -1 workers")
	var e loop.Executor // the zero value works
	expect(t, "Submit", e.Submit(nil).Error(), "submit to an executor: the function is nil")
	l, _ := newLoop(t)
	_, err = loop.RunInExecutor[int](l, &e, nil).Result()
	expect(t, "RunInExecutor", err.Error(), "run in an executor: the function is nil")
	expect(t, "SetDefaultExecutor", l.SetDefaultExecutor(nil).Error(),
		"set the default executor of a loop: the executor is nil")
	expectErr(t, "SetDefaultExecutor", l.SetDefaultExecutor(&e), nil)
	expectErr(t, "Close", l.Close(), nil)
	expectErr(t, "SetDefaultExecutor of a closed loop", l.SetDefaultExecutor(new(loop.Executor)), loop.ErrClosed)
}

// TestExecutorGoexit: a job that ends by way of runtime.Goexit leaves its worker's
// place to the next.
func TestExecutorGoexit(t *testing.T) {
	e, free := busy(t)
	ran := make(chan int, 2)
	for i := range 2 {
		expectErr(t, "Submit", e.Submit(func() {
			ran <- i
			runtime.Goexit()
		}), nil)
	}
	free()
	e.Shutdown(true)
	expect(t, "jobs that ran", len(ran), 2)
}
