package loop

import (
	"context"
	"errors"
)

// RunOn runs fn in a task of the loop l and suspends the task of y until that has ended: it
// returns the result or the error of fn. l may be run by another goroutine; it need not run
// yet. It is [RunCoroutineThreadsafe] for tasks. If l is the loop of y, RunOn is Go(y, fn)
// and the Await of that.
//
// As with the Await of a task, a cancellation of the task of y cancels the task of fn, and
// RunOn goes on waiting until that has ended. If the cancellation comes when fn has ended
// already, RunOn returns the value of fn and the cancellation.
//
// The context of fn has the values of y.Context(). If l is closed, before or meanwhile, the
// error is [ErrClosed]. If the loop of y is closed meanwhile, the task of fn is cancelled.
func RunOn[T any](y *Yielder, l *Loop, fn func(y *Yielder) (T, error), opts ...TaskOption) (T, error) {
	var zero T
	t, err := runningTask(y)
	if err != nil {
		return zero, err
	}
	home := t.fut.loop
	switch {
	case home.closed:
		return zero, ErrClosed
	case l == nil:
		return zero, errors.New("run on another loop: the loop is nil")
	case fn == nil:
		return zero, errors.New("run on another loop: the function is nil")
	case l == home:
		return Go(y, fn, opts...).Await(y)
	}
	v := &visit[T]{away: l}
	v.kind, v.pc, v.pass = "RunOn", codeOf(fn), v.passOn
	v.init(home, v)
	if err := l.callFrom(v, v.begin(fn, home.valuesAt(y), opts), v.lost); err != nil {
		return zero, err
	}
	home.system.Expect(1)
	return v.outcome(y)
}

// A visit is a task of one loop that a task of another awaits.
type visit[T any] struct {
	abroad[T]
	away *Loop

	// These belong to the goroutine of the loop away.
	task  *Task[T]
	taken int // how many requests to cancel the task were accepted
}

// begin returns the function that makes the task, on the loop away.
func (v *visit[T]) begin(fn func(y *Yielder) (T, error), values context.Context, opts []TaskOption) func() {
	return func() {
		// An option of the caller's that has the same effect comes later.
		opts = append([]TaskOption{{values: values}}, opts...)
		if err := recovered(func() error {
			v.task = Go(v.away, fn, opts...)
			return nil
		}); err != nil {
			v.end(Result[T]{Err: err})
			return
		}
		v.task.addCallback(v)
	}
}

// passOn is called on the loop that the visit comes from.
func (v *visit[T]) passOn(cancellation error) {
	msg := ""
	if c, ok := cancellation.(*CancelledError); ok {
		msg = c.Msg
	}
	_ = v.away.CallSoonThreadsafe(func() { // a closed loop has told us so
		if v.task != nil && v.task.Cancel(msg) {
			v.taken++
		}
	})
}

// futureDone is called when the task has ended.
func (v *visit[T]) futureDone(*future) {
	value, err := v.task.Result()
	v.end(Result[T]{value, err})
}

func (*visit[T]) outside() {}

// lost is called when the loop away is closed.
func (v *visit[T]) lost() { v.tell(Result[T]{Err: ErrClosed}) }

func (v *visit[T]) end(r Result[T]) {
	v.away.forget(v)
	if v.tell(r) == nil || r.Err == nil || IsCancelled(r.Err) {
		return
	}
	c := ExceptionContext{Message: "error of a task that was run for a loop which has been closed", Exception: r.Err}
	if v.task != nil {
		c.Task = v.task
	}
	v.away.CallExceptionHandler(c)
}

// tell has the result arrive.
func (v *visit[T]) tell(r Result[T]) error {
	taken := v.taken
	return v.loop.CallSoonThreadsafe(func() {
		v.loop.system.Expect(-1)
		v.arrive(r.Value, r.Err, taken)
	})
}
