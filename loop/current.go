package loop

import (
	"context"
	"errors"
	"fmt"
)

// Where is the place of a call that needs a loop: the running coroutine, or the loop
// itself. [Go], for example, takes either.
type Where interface{ *Loop | *Yielder }

// loopOf returns the loop at w. It panics with [ErrNoTask] if w is a Yielder that
// no task runs.
func loopOf[W Where](w W) *Loop {
	l, _ := at(w)
	return l
}

// at returns the loop at w, and the coroutine if w is a Yielder.
func at[W Where](w W) (*Loop, *Yielder) {
	l, ok := any(w).(*Loop)
	if ok {
		return l, nil
	}
	y := any(w).(*Yielder)
	t, err := taskOf(y)
	if err != nil {
		panic(err)
	}
	return t.fut.loop, y
}

// Running returns the loop whose task runs the coroutine of y
// (asyncio.get_running_loop); nil if no task does.
func Running(y *Yielder) *Loop {
	t, err := taskOf(y)
	if err != nil {
		return nil
	}
	return t.fut.loop
}

// taskOf returns the task that the coroutine of y runs in.
func taskOf(y *Yielder) (*task, error) { return taskIn(y.Given()) }

// taskIn returns the task that the coroutine runs in which was given ctx. It may be called
// on any goroutine.
func taskIn(ctx context.Context) (*task, error) {
	switch c := ctx.(type) {
	case *taskContext:
		return (*task)(c), nil
	case nil:
	default:
		if t, ok := c.Value(taskKey{}).(*task); ok {
			return t, nil
		}
	}
	return nil, ErrNoTask
}

// runningTask is taskOf for an operation that may suspend: it must be called on the
// goroutine of the coroutine, before it changes anything.
func runningTask(y *Yielder) (*task, error) {
	t, err := taskOf(y)
	switch {
	case y.Here():
		return t, err
	case err != nil:
		return nil, ErrWrongGoroutine
	}
	return nil, t.notHere()
}

// notHere is the error of using the y of t at a place where its coroutine does not run.
func (t *task) notHere() error {
	l := Here()
	if l == nil {
		return ErrWrongGoroutine
	}
	place := "a callback"
	if other := l.current; other != nil {
		place = "task " + quoted(other.Name())
	}
	return fmt.Errorf("%w: the y of task %s is used in %s; use the y that was given to the function that runs",
		ErrWrongGoroutine, quoted(t.Name()), place)
}

// callContext returns a context for one call made in the coroutine of y. The context of
// y is no good here if it was derived from that of the task: once the task has been
// cancelled it stays done, even if the task has dealt with the cancellation, with a
// Timeout for example.
func callContext(y *Yielder) (context.Context, context.CancelCauseFunc) {
	ctx := y.Context()
	if _, ok := ctx.(*scope); ok || ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	return context.WithCancelCause(ctx)
}

// Current returns the running coroutine of l, for methods whose signature has no
// Yielder, such as those of a net.Conn. It must be called on the goroutine of that
// coroutine. Elsewhere, and if the coroutine cannot be suspended, the error is
// [ErrNoTask], or [ErrForeignLoop] within a task of another loop.
func (l *Loop) Current() (*Yielder, error) {
	if t := l.current; t != nil {
		if c, ok := t.coro.(interface{ Innermost() *Yielder }); ok {
			if y := c.Innermost(); y != nil && y.Here() {
				return y, nil
			}
		}
	}
	if other := Here(); other != nil && other != l {
		return nil, ErrForeignLoop
	}
	return nil, ErrNoTask
}

// NoteCancelled returns err. It is for methods without a Yielder, and is called with what
// their wait in the running task of l has ended with. The caller of such a method is often a
// library that knows no tasks and answers a cancellation with an error of its own: "connection
// closed", say. So if err is a cancellation of the task, the task remembers that it was
// returned here. If the task then ends with any such error, and nobody has taken back the
// request to cancel it ([Task.Uncancel]), it counts as cancelled: its error is a
// [CancelledError] that unwraps to the library's. [Timeout] and [TaskGroup] take such an error
// for the cancellation too. A panic, or a [GroupError], stays what it is.
//
//go:noinline
func (l *Loop) NoteCancelled(err error) error {
	var c *CancelledError
	if t := l.current; t != nil && t.cancelling > 0 && errors.As(err, &c) {
		t.handed(c)
	}
	return err
}

// Turn returns the number of turns that the loop has begun.
func (l *Loop) Turn() uint32 { return l.turn }
