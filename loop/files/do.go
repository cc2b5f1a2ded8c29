package files

import (
	"errors"

	"coloop/loop"
)

// piece is how many bytes one job of the executor reads or writes at most. A larger operation
// is several jobs, so that others get their turns between them.
const piece = 1 << 20

// on calls fn on the loop's executor. The package's documentation says what a cancellation does
// to it.
func on[T any](y *loop.Yielder, fn func() (T, error)) (T, error) {
	return loop.RunToEnd(y, nil, fn)
}

// do is on for what has no result.
func do(y *loop.Yielder, fn func() error) error {
	_, err := on(y, func() (struct{}, error) { return struct{}{}, fn() })
	return err
}

// inPieces has fn read or write one piece of b after the other, given where in b it begins. It
// returns how many bytes were read or written.
func inPieces(y *loop.Yielder, b []byte, fn func(p []byte, at int) (int, error)) (n int, err error) {
	for {
		p := b[n:min(len(b), n+piece)]
		m, err := on(y, func() (int, error) { return fn(p, n) })
		n += m
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

// surely calls fn, which clears something up, however often the task is cancelled meanwhile: on
// the executor, or, if that takes no jobs any more, on the goroutine of the loop.
func surely(y *loop.Yielder, fn func() error) error {
	var cancelled error
	for {
		called := false
		err := do(y, func() error {
			called = true
			return fn()
		})
		switch {
		case called:
		case loop.IsCancelled(err):
			cancelled = err
			continue
		case errors.Is(err, loop.ErrWrongGoroutine), errors.Is(err, loop.ErrNoTask):
			return err
		default: // the loop or the executor is closed
			err = fn()
		}
		if cancelled == nil || err == nil {
			return first(err, cancelled)
		}
		return errors.Join(cancelled, err)
	}
}

// first returns the first error that is not nil.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
