package loop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
)

// A Runner runs functions on a loop of its own, one after the other, and clears
// up in the end (asyncio.Runner). The zero value makes its loop, with New, when
// it is first needed. It must be used by one goroutine.
type Runner struct {
	loop   *Loop
	closed bool
}

// NewRunner returns a Runner on l, which its Close closes.
func NewRunner(l *Loop) *Runner { return &Runner{loop: l} }

// Loop returns the loop of the runner.
func (r *Runner) Loop() (*Loop, error) {
	if r.closed {
		return nil, ErrClosed
	}
	if r.loop == nil {
		l, err := New()
		if err != nil {
			return nil, err
		}
		r.loop = l
	}
	return r.loop, nil
}

// RunIn runs main in a task of the runner's loop and returns its result. The
// first SIGINT meanwhile cancels the task: if it ends with that cancellation, or
// was about to end anyway, the error is ErrInterrupted. A second one ends the
// process, as it would without the runner. A program started with SIGINT ignored
// goes on ignoring it.
func RunIn[T any](r *Runner, main func(y *Yielder) (T, error)) (T, error) {
	var zero T
	l, err := r.Loop()
	if err != nil {
		return zero, err
	}
	if l.running {
		return zero, ErrRunning
	}
	t := Go(l, main)
	interrupted := false
	stop := onInterrupt(l, func() { interrupted = t.Cancel() })
	v, err := RunUntilComplete[T](l, t)
	switch came := stop(); {
	case interrupted && IsCancelled(err) && t.Uncancel() == 0:
		return zero, ErrInterrupted
	case came && !interrupted && err == nil:
		return v, ErrInterrupted
	}
	return v, err
}

// onInterrupt has fn called on the loop at the first SIGINT until stop, which
// reports whether there was one, be it too late for fn.
func onInterrupt(l *Loop, fn func()) (stop func() (came bool)) {
	if signal.Ignored(os.Interrupt) {
		return func() bool { return false }
	}
	came := false
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	over := make(chan struct{})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-signals:
			came = true
			signal.Stop(signals)
			_ = l.CallSoonThreadsafe(fn) // no use if the loop is closed
		case <-over:
		}
	}()
	return func() bool {
		signal.Stop(signals)
		close(over)
		<-gone
		return came || len(signals) > 0
	}
}

// Close cancels the tasks that are left, runs the loop until they have ended,
// waits for the executor's jobs, and closes the loop. Errors of those tasks, but
// for their cancellation, go to the loop's exception handler. While the loop runs
// Close returns ErrRunning and does nothing.
func (r *Runner) Close() error {
	if r.closed {
		return nil
	}
	l := r.loop
	if l != nil && l.running {
		return ErrRunning
	}
	r.closed = true
	if l == nil {
		return nil
	}
	err := cancelAll(l)
	if l.ownExecutor() != nil {
		err = errors.Join(err, awaitExecutor(l))
	}
	return errors.Join(err, l.Close())
}

// awaitExecutor runs the loop until the executor has ended, whose jobs may need
// it (loop.shutdown_default_executor).
func awaitExecutor(l *Loop) error {
	ended := NewFuture[struct{}](l)
	l.system.Expect(1)
	go func() {
		l.ownExecutor().Shutdown(true)
		_ = l.CallSoonThreadsafe(func() { // the loop is not closed meanwhile
			l.system.Expect(-1)
			ended.succeed(struct{}{})
		})
	}()
	_, err := RunUntilComplete[struct{}](l, ended)
	return err
}

// cancelAll is _cancel_all_tasks of asyncio's runners.
func cancelAll(l *Loop) error {
	left := l.AllTasks()
	if len(left) == 0 {
		return nil
	}
	for _, t := range left {
		t.Cancel()
	}
	w := &waiting{left: len(left)}
	w.init(l, w)
	for _, t := range left {
		t.base().addCallback(w)
	}
	_, err := RunUntilComplete(l, Func[struct{}](func(y *Yielder) (struct{}, error) {
		return struct{}{}, await(y, w)
	}))
	for _, t := range left {
		if exc, cancelled := t.Exception(); exc != nil && cancelled == nil {
			l.CallExceptionHandler(ExceptionContext{
				Message: "error of a task cancelled at shutdown", Exception: exc, Task: t})
		}
	}
	if err != nil {
		return fmt.Errorf("waiting for the tasks cancelled at shutdown: %w", err)
	}
	return nil
}

// Run runs main on a new loop and returns its result, when everything that it
// has started has ended or been cancelled (asyncio.run). SIGINT cancels it, see
// RunIn.
func Run[T any](main func(y *Yielder) (T, error)) (T, error) {
	var r Runner
	v, err := RunIn(&r, main)
	if closeErr := r.Close(); closeErr != nil && err == nil {
		err = closeErr
	}
	return v, err
}

// ToThread calls fn on the executor of the loop of y and suspends the task until
// it has returned (asyncio.to_thread). The context given to fn is done when
// ToThread returns: a cancelled ToThread does not wait for fn.
func ToThread[T any](y *Yielder, fn func(context.Context) (T, error)) (T, error) {
	t, err := taskOf(y)
	if err != nil {
		var zero T
		return zero, err
	}
	ctx, cancel := callContext(y)
	defer cancel()
	return RunInExecutor(t.fut.loop, nil, func() (T, error) { return fn(ctx) }).Await(y)
}

// RunCoroutineThreadsafe has fn run in a task of l, and returns at once; wait
// waits for its result (asyncio.run_coroutine_threadsafe). Both may be called on
// any goroutine but the loop's. When ctx is done before, the task is cancelled;
// when the loop is closed before, the error is ErrClosed.
func RunCoroutineThreadsafe[T any](ctx context.Context, l *Loop, fn func(y *Yielder) (T, error)) (wait func() (T, error)) {
	done := make(chan Result[T], 1)
	var stop func() bool
	err := l.CallSoonThreadsafe(func() {
		t := Go(l, fn)
		stop = CancelWith(ctx, t)
		t.AddDoneCallback(func(f *Future[T]) {
			stop()
			v, err := f.Result()
			done <- Result[T]{v, err}
		})
	})
	if err != nil {
		done <- Result[T]{Err: err}
	}
	return sync.OnceValues(func() (T, error) {
		select {
		case r := <-done:
			return r.Value, r.Err
		case <-l.gone:
		}
		select {
		case r := <-done: // just before
			return r.Value, r.Err
		default:
			var zero T
			return zero, ErrClosed
		}
	})
}

// CancelWith has f cancelled once ctx is done, unless stop is called before,
// which reports whether it was in time.
func CancelWith(ctx context.Context, f AnyFuture) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		_ = f.base().loop.CallSoonThreadsafe(func() { f.Cancel() })
	})
}

// Main is [Run] for a program without a result.
func Main(main func(y *Yielder) error) error {
	_, err := Run(func(y *Yielder) (struct{}, error) { return struct{}{}, main(y) })
	return err
}
