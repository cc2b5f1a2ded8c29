package loop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

func TestRunCoroutineThreadsafe(t *testing.T) {
	l, _ := newLoop(t)
	playOn(t, l, func(y *loop.Yielder) {
		job := func(fn func(y *loop.Yielder) (int, error), ctx context.Context) (int, error) {
			return loop.RunInExecutor(l, nil, func() (int, error) {
				wait := loop.RunCoroutineThreadsafe(ctx, l, fn)
				wait()
				return wait()
			}).Await(y)
		}
		v, err := job(after(0, 7, nil), t.Context())
		expect(t, "value", v, 7)
		expectErr(t, "error", err, nil)
		_, err = job(panicking, t.Context())
		expectErr(t, "panic", err, errTest)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		_, err = job(func(y *loop.Yielder) (int, error) {
			defer close(ended)
			cancel()
			return 0, loop.NewTimeout(l, loop.NoTimeout).Run(y, func() error { // waits for ever
				_, err := loop.NewFuture[int](l).Await(y)
				return err
			})
		}, ctx)
		expectErr(t, "context", err, context.Canceled)
		// The task, for which wait does not, is cancelled from another goroutine.
		loop.RunInExecutor(y, nil, func() (any, error) { <-ended; return nil, nil }).Await(y)
	})
}

// TestRunCoroutineThreadsafeClosed: nobody waits for a loop that is gone.
func TestRunCoroutineThreadsafeClosed(t *testing.T) {
	l, _ := loop.NewVirtual()
	before := loop.RunCoroutineThreadsafe(t.Context(), l, forever)
	expectErr(t, "Close", l.Close(), nil)
	after := loop.RunCoroutineThreadsafe(t.Context(), l, forever)
	for _, wait := range []func() (string, error){before, after} {
		_, err := wait()
		expectErr(t, "error", err, loop.ErrClosed)
	}
}

// TestRunCoroutineThreadsafeLastTurn: the loop runs a few turns and is closed. If the task has ended
// in them, its result is there, though the callback of the task had no turn any more.
func TestRunCoroutineThreadsafeLastTurn(t *testing.T) {
	for turns, want := range []error{loop.ErrClosed, loop.ErrClosed, nil, nil, nil} {
		l, _ := loop.NewVirtual()
		wait := loop.RunCoroutineThreadsafe(t.Context(), l, func(*loop.Yielder) (string, error) { return "done", nil })
		for range turns {
			l.Stop()
			expectErr(t, "RunForever", l.RunForever(), nil)
		}
		expectErr(t, "Close", l.Close(), nil)
		v, err := wait()
		expectErr(t, fmt.Sprint(turns, " turns"), err, want)
		if err == nil {
			expect(t, "result", v, "done")
		}
	}
}

// TestToThreadAfterTimeout: a cancellation that the task has dealt with does not
// reach what it calls afterwards.
func TestToThreadAfterTimeout(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		_, err := loop.WithTimeout(y, time.Second, forever)
		expectErr(t, "time-out", err, loop.ErrTimeout)
		_, err = loop.ToThread(y, func(ctx context.Context) (any, error) { return nil, ctx.Err() })
		expectErr(t, "context", err, nil)
	})
}

// standing returns a loop that stands, in a callback, until free is called, which
// returns when the loop has ended.
func standing(t *testing.T) (l *loop.Loop, free func()) {
	t.Helper()
	l, _ = loop.NewVirtual()
	stands, proceed, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	l.CallSoon(func() {
		close(stands)
		<-proceed
		l.CallLater(1, l.Stop) // when nothing is left to do
	})
	go func() {
		defer close(ended)
		expectErr(t, "RunForever", l.RunForever(), nil)
		expectErr(t, "Close", l.Close(), nil)
	}()
	<-stands
	return l, func() {
		close(proceed)
		<-ended
	}
}

// TestA11BoundedWait: once its context is done, a call from another goroutine is
// over, though the loop stands, and if it had not begun, it does not.
func TestA11BoundedWait(t *testing.T) {
	never := func(*loop.Yielder) (int, error) {
		t.Error("fn was called")
		return 0, nil
	}
	for name, ends := range map[string]func(cancel func(), wait func() (int, error)) (int, error){
		"while wait waits, or before": func(cancel func(), wait func() (int, error)) (int, error) {
			go cancel()
			return wait()
		},
		"before wait": func(cancel func(), wait func() (int, error)) (int, error) {
			cancel()
			return wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, free := standing(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			_, err := ends(func() { cancel(errTest) }, loop.RunCoroutineThreadsafe(ctx, l, never))
			expectErr(t, "wait", err, errTest)
			free()
		})
	}
	t.Run("before the call", func(t *testing.T) {
		l, free := standing(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := loop.RunCoroutineThreadsafe(ctx, l, never)()
		expectErr(t, "wait", err, context.Canceled)
		free()
	})
	t.Run("while fn runs", func(t *testing.T) {
		l, free := standing(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		begun, proceed := make(chan struct{}), make(chan struct{})
		wait := loop.RunCoroutineThreadsafe(ctx, l, func(*loop.Yielder) (int, error) {
			close(begun)
			<-proceed // the loop stands again
			return 7, nil
		})
		freed := make(chan struct{})
		go func() {
			defer close(freed)
			free()
		}()
		<-begun
		cancel(errTest)
		_, err := wait()
		expectErr(t, "wait", err, errTest)
		close(proceed)
		<-freed
		v, err := wait()
		expect(t, "result that is there by now", v, 7)
		expectErr(t, "error", err, nil)
	})
	t.Run("after the result", func(t *testing.T) {
		l, free := standing(t)
		ctx, cancel := context.WithCancel(t.Context())
		wait := loop.RunCoroutineThreadsafe(ctx, l, after(0, 7, nil))
		free()
		cancel()
		v, err := wait()
		expect(t, "result", v, 7)
		expectErr(t, "error", err, nil)
	})
}

// TestA11WaitOnTheLoop: a loop does not wait for itself.
func TestA11WaitOnTheLoop(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		wait := loop.RunCoroutineThreadsafe(t.Context(), l, after(0, 7, nil))
		_, err := wait()
		expectErr(t, "too early", err, loop.ErrWrongGoroutine)
		turns(y, 5)
		v, err := wait()
		expect(t, "result", v, 7)
		expectErr(t, "error", err, nil)
	})
}

// TestA2ThreadsafeObserverPanics: nobody waits for ever for a task that was not
// made.
func TestA2ThreadsafeObserverPanics(t *testing.T) {
	l, free := standing(t)
	l.SetTaskObserver(func(loop.AnyTask) { panic(errTest) }) // while it stands
	wait := loop.RunCoroutineThreadsafe(t.Context(), l, after(0, 7, nil))
	free()
	_, err := wait()
	var p *coroutine.PanicError
	expect(t, "a PanicError", errors.As(err, &p), true)
	expectErr(t, "error", err, errTest)
}

// TestA5RunCoroutineThreadsafe: a function that is nil is an error.
func TestA5RunCoroutineThreadsafe(t *testing.T) {
	l, _ := newLoop(t)
	_, err := loop.RunCoroutineThreadsafe[int](t.Context(), l, nil)()
	expect(t, "wait", err.Error(), "run on a loop: the function is nil")
}
