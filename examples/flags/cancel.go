package main

import (
	"context"
	"errors"

	"coloop/loop"
)

// seeThrough waits for f to be done, however often the task of y is cancelled
// meanwhile.
func seeThrough[T any](y *loop.Yielder, f *loop.Future[T]) (T, error) {
	for {
		v, err := loop.ShieldFuture(y, f).Await(y)
		switch {
		case f.Done():
			return f.Result()
		case !errors.Is(err, loop.ErrCancelled):
			return v, err
		}
	}
}

// cancelWith has tasks of l cancelled, all in one step, once ctx is done, unless
// stop is called before.
func cancelWith[T any](ctx context.Context, l *loop.Loop, tasks []*loop.Task[T]) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		_ = l.CallSoonThreadsafe(func() { // no use if the loop is closed
			for _, t := range tasks {
				t.Cancel()
			}
		})
	})
}
