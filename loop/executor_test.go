package loop_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

func TestRunInExecutor(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		v, err := loop.RunInExecutor(l, nil, func() (int, error) { return 7, nil }).Await(y)
		expect(t, "value", v, 7)
		expectErr(t, "error", err, nil)
		_, err = loop.RunInExecutor(l, nil, func() (int, error) { return 0, errTest }).Await(y)
		expectErr(t, "error", err, errTest)
		_, err = loop.RunInExecutor(l, nil, func() (int, error) { return panicking(nil) }).Await(y)
		var p *coroutine.PanicError
		if !errors.As(err, &p) || !strings.Contains(string(p.Stack), "panicking") {
			t.Errorf("panic: got %v", err)
		}
		for range 50 { // more than there are workers
			_, err = loop.RunInExecutor(l, nil, func() (int, error) {
				runtime.Goexit()
				return 0, nil
			}).Await(y)
			expectErr(t, "Goexit", err, coroutine.ErrGoexit)
		}
		expect(t, "time does not pass", l.Time(), 0)
	})
}

// TestExecutorQueue: jobs beyond the number of workers wait in line, and the
// loop does not wait for any.
func TestExecutorQueue(t *testing.T) {
	l, _ := newLoop(t)
	ex, err := loop.NewExecutor(2)
	expectErr(t, "NewExecutor", err, nil)
	l.SetDefaultExecutor(ex)
	playOn(t, l, func(y *loop.Yielder) {
		var running, most atomic.Int32
		var mu sync.Mutex
		var order []int
		proceed := make(chan struct{})
		var jobs []*loop.Future[int]
		for i := range 10 {
			jobs = append(jobs, loop.RunInExecutor(l, nil, func() (int, error) {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				defer running.Add(-1)
				<-proceed
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
				return i, nil
			}))
		}
		turns(y, 100)
		expect(t, "done", jobs[0].Done(), false)
		close(proceed)
		vs, err := loop.GatherFutures(l, loop.Awaitables(jobs)...).Await(y)
		expectErr(t, "error", err, nil)
		expect(t, "values", vs, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
		expect(t, "all ran", len(order), 10)
		if n := most.Load(); n > 2 {
			t.Errorf("%d at a time", n)
		}
	})
}

// TestExecutorCancel: a future of a job can be cancelled, the job goes on.
func TestExecutorCancel(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		started, proceed, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		task := loop.Go(l, func(y *loop.Yielder) (int, error) {
			return loop.ToThread(y, func(ctx context.Context) (int, error) {
				close(started)
				<-ctx.Done() // the task was cancelled
				<-proceed
				close(ended)
				return 1, nil
			})
		})
		turns(y, 1)
		<-started
		task.Cancel()
		_, err := task.Await(y)
		expectErr(t, "task", err, loop.ErrCancelled)
		close(proceed)
		<-ended
		_, err = loop.RunInExecutor(l, nil, func() (int, error) { return 0, nil }).Await(y)
		expectErr(t, "another job", err, nil)
	})
}

func TestExecutorShutdown(t *testing.T) {
	ex, err := loop.NewExecutor(1)
	expectErr(t, "NewExecutor", err, nil)
	var done atomic.Int32
	for range 5 {
		expectErr(t, "Submit", ex.Submit(func() { done.Add(1) }), nil)
	}
	ex.Shutdown(true)
	expect(t, "jobs done", done.Load(), 5)
	expectErr(t, "Submit", ex.Submit(func() {}), loop.ErrExecutorShutdown)

	l, _ := newLoop(t)
	l.SetDefaultExecutor(ex)
	_, err = loop.RunInExecutor(l, nil, func() (int, error) { return 0, nil }).Result()
	expectErr(t, "RunInExecutor", err, loop.ErrExecutorShutdown)
}

// TestExecutorOutlivesLoop: a job that ends after its loop is closed has nobody
// to tell.
func TestExecutorOutlivesLoop(t *testing.T) {
	l, _ := loop.NewVirtual()
	proceed, ended := make(chan struct{}), make(chan struct{})
	loop.RunInExecutor(l, nil, func() (int, error) {
		defer close(ended)
		<-proceed
		return 0, l.CallSoonThreadsafe(func() { t.Error("called") })
	})

	expectErr(t, "Close", l.Close(), nil)
	close(proceed)
	<-ended
}

func ExampleToThread() {
	loop.Run(func(y *loop.Yielder) (any, error) {
		return loop.ToThread(y, func(ctx context.Context) (any, error) {
			time.Sleep(time.Millisecond) // blocks a goroutine of the executor, not the loop
			return nil, nil
		})
	})
	// Output:
}

func TestRunInExecutorClosed(t *testing.T) {
	l, _ := loop.NewVirtual()
	expectErr(t, "close", l.Close(), nil)
	_, err := loop.RunInExecutor(l, nil, func() (int, error) { return 7, nil }).Result()
	expectErr(t, "result", err, loop.ErrClosed)
}

// TestOwnExecutor has a job run on an executor of the caller's, which the loop
// leaves alone.
func TestOwnExecutor(t *testing.T) {
	e, err := loop.NewExecutor(1)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := newLoop(t)
	playOn(t, l, func(y *loop.Yielder) {
		v, err := loop.RunInExecutor(l, e, func() (int, error) { return 7, nil }).Await(y)
		expect(t, "result", v, 7)
		expectErr(t, "error", err, nil)
	})
	expectErr(t, "Close", l.Close(), nil)
	ran := make(chan struct{})
	expectErr(t, "Submit after Close of the loop", e.Submit(func() { close(ran) }), nil)
	<-ran
	e.Shutdown(true)
	expectErr(t, "Submit after Shutdown", e.Submit(func() {}), loop.ErrExecutorShutdown)
}
