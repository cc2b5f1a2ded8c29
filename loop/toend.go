package loop

import (
	"errors"
	"sync"
)

// RunToEnd calls fn on a goroutine of e, or with nil of the loop's own executor, and suspends
// the task of y until fn has returned. fn is never left behind: if the task is cancelled while
// fn waits in line, fn is not called; if it is cancelled while fn runs, RunToEnd returns
// once fn has returned, with the result of fn and the cancellation, on which the error of fn
// can be found by errors.Is and errors.As. So fn may use memory of its caller, which
// [ToThread] and [RunInExecutor] do not allow.
//
// A panic of fn becomes a [coroutine.PanicError]. [Loop.Close] waits for fn. Otherwise it is
// as [RunInExecutor].
func RunToEnd[T any](y *Yielder, e *Executor, fn func() (T, error)) (T, error) {
	var zero T
	t, err := runningTask(y)
	switch {
	case err != nil:
		return zero, err
	case fn == nil:
		return zero, errors.New("run to its end in an executor: the function is nil")
	}
	var r Result[T]
	f := &jobFuture[struct{}]{executor: e, toEnd: new(sync.WaitGroup)}
	f.init(t.fut.loop, f)
	f.toEnd.Add(1)
	if err := f.submit(func() (none struct{}, _ error) {
		defer f.toEnd.Done()
		r.Value, r.Err = fn() // both: a write may be a part of one
		return none, nil
	}); err != nil {
		return zero, err
	}
	_, err = f.Await(y)
	if f.state == pending { // the loop is closed, and resumes no task any more
		if f.withdraw() {
			return zero, err
		}
		f.toEnd.Wait()
	}
	failed := r.Err
	if f.state == finished && f.err != nil {
		failed = f.retrieve() // a panic
	}
	switch {
	case err == nil, err == failed:
		return r.Value, failed
	case failed == nil:
		return r.Value, err
	}
	return r.Value, &endedError{err, failed}
}

// endedError is the error of a job that failed after its task was cancelled. It is a
// cancellation, on which the failure can be found.
type endedError struct{ cancelled, failed error }

func (e *endedError) Error() string { return e.cancelled.Error() + "; meanwhile: " + e.failed.Error() }
func (e *endedError) Unwrap() error { return e.cancelled }

func (e *endedError) Is(target error) bool { return errors.Is(e.failed, target) }
func (e *endedError) As(target any) bool   { return errors.As(e.failed, target) }
