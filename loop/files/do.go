package files

import (
	"errors"
	"sync"

	"coloop/loop"
)

// errWithdrawn is the result of work that was cancelled before it began. Nobody sees it.
var errWithdrawn = errors.New("cancelled before it began")

// Do calls fn on a goroutine of the loop's executor and parks the task of y until fn has
// returned. fn may block, and must not use the loop. If the task is cancelled before fn has
// begun, fn is not called. If the task is cancelled later, Do waits for fn all the same, and
// returns its result and the cancellation, on which an error of fn can be found.
//
// It is for work on files that this package has no function for. A panic of fn is an error, as
// that of [loop.RunInExecutor] is.
func Do[T any](y *loop.Yielder, fn func() (T, error)) (T, error) {
	var w work
	future := loop.RunInExecutor(y, nil, func() (r loop.Result[T], err error) {
		if !w.begin() {
			return r, errWithdrawn
		}
		defer w.end()
		r.Value, r.Err = fn() // a Read may return both
		return r, nil
	})
	var cancelled error
	for !future.Done() {
		_, _, err := loop.Wait(y, loop.NoTimeout, loop.AllCompleted, future)
		switch {
		case err == nil:
		case w.withdraw():
			future.Cancel()
			var zero T
			return zero, err
		case loop.IsCancelled(err):
			cancelled = err
		default: // the loop is closed and resumes no task any more
			w.ended.Wait()
			var zero T
			return zero, err
		}
	}
	r, err := future.Result()
	if err == nil {
		err = r.Err
	}
	switch {
	case cancelled == nil:
		return r.Value, err
	case err == nil:
		return r.Value, cancelled
	}
	return r.Value, &cancelledError{cancelled, err}
}

// cancelledError is the error of work that failed after its task was cancelled. It is a
// cancellation, on which the failure can be found.
type cancelledError struct{ cancelled, failed error }

func (e *cancelledError) Error() string {
	return e.cancelled.Error() + "; meanwhile: " + e.failed.Error()
}
func (e *cancelledError) Unwrap() error { return e.cancelled }

func (e *cancelledError) Is(target error) bool { return errors.Is(e.failed, target) }
func (e *cancelledError) As(target any) bool   { return errors.As(e.failed, target) }

// work is the state of what Do runs.
type work struct {
	mu    sync.Mutex
	begun bool
	over  bool // withdrawn or ended
	ended sync.WaitGroup
}

// begin reports whether the work is still wanted.
func (w *work) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return false
	}
	w.begun = true
	w.ended.Add(1)
	return true
}

func (w *work) end() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.ended.Done()
}

// withdraw keeps the work from beginning, and reports whether it was in time.
func (w *work) withdraw() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun {
		return false
	}
	w.over = true
	return true
}

// do is Do for what has no result.
func do(y *loop.Yielder, fn func() error) error {
	_, err := Do(y, func() (struct{}, error) { return struct{}{}, fn() })
	return err
}
