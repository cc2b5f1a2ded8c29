package loop

import (
	"context"
	"errors"
)

// Block calls fn on a goroutine of its own and suspends the task until fn has returned.
// However many calls are under way, none waits for another; [ToThread] has the limit of the
// loop's executor. It is for code that blocks where it is called, or that has goroutines of
// its own: a library that works on connections of this loop may do so within fn.
//
// The context of fn has the values of y.Context(). If the task is cancelled, that context is
// done, with the [CancelledError] as its cause, and Block goes on waiting, so fn never runs on
// alone. The error is a cancellation then, which unwraps to the error of fn; if fn succeeds
// nevertheless, Block returns its value as well. Once Block has returned, the context
// is done.
//
// A panic of fn becomes a [coroutine.PanicError], and runtime.Goexit in fn becomes
// [coroutine.ErrGoexit]. On a virtual clock no time passes until fn has returned.
//
// If the loop is closed while fn runs, the context is done and Block returns without waiting;
// [Runner.Close] cancels the task first, and waits. On a closed loop fn is not called, and the
// error is [ErrClosed].
func Block[T any](y *Yielder, fn func(ctx context.Context) (T, error)) (T, error) {
	var zero T
	t, err := runningTask(y)
	if err != nil {
		return zero, err
	}
	l := t.fut.loop
	switch {
	case l.closed:
		return zero, ErrClosed
	case fn == nil:
		return zero, errors.New("block: the function is nil")
	}
	ctx, cancel := callContext(y)
	defer cancel(nil)
	a := &abroad[T]{kind: "Block", pc: codeOf(fn), pass: cancel}
	a.init(l, a)
	l.system.Expect(1)
	go perform(l, func() (T, error) { return fn(ctx) }, func(v T, err error) { a.arrive(v, err, 0) })
	return a.outcome(y)
}
