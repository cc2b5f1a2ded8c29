package loop

import "coloop/coroutine"

// An Awaitable is what a task can wait for, for a result of type T: a Future, a
// Task, or a Func that has not begun.
type Awaitable[T any] interface {
	// Await suspends the task of y until there is a result or an error.
	Await(y *Yielder) (T, error)

	ensureFuture(l *Loop) *Future[T]
}

// A Func is a suspending function as an Awaitable, as a coroutine object is one
// in Python. Awaited, it runs in the task that awaits it; where a future is
// needed (Gather, Shield), a task is made for it.
type Func[T any] func(y *Yielder) (T, error)

// Await calls the function.
func (fn Func[T]) Await(y *Yielder) (T, error) { return fn(y) }

func (fn Func[T]) ensureFuture(l *Loop) *Future[T] { return &Go(l, fn).Future }

// From makes a Func of a coroutine object, which is delegated to.
func From[T any](coro Coroutine[T]) Func[T] {
	return func(y *Yielder) (T, error) { return coroutine.YieldFrom(y, coro) }
}

// RunUntilComplete runs the loop until aw is done and returns its result
// (loop.run_until_complete). If the loop ends before, the error is ErrStopped or
// ErrIdle; for a future of another loop it is ErrForeignLoop.
func RunUntilComplete[T any](l *Loop, aw Awaitable[T]) (T, error) {
	var zero T
	if l.closed {
		return zero, ErrClosed
	}
	if l.running {
		return zero, ErrRunning
	}
	f := aw.ensureFuture(l)
	if f.loop != l {
		return zero, ErrForeignLoop
	}
	remove := f.AddDoneCallback(func(*Future[T]) { l.Stop() })
	err := l.RunForever()
	remove()
	switch {
	case f.Done():
		return f.Result()
	case err == nil:
		err = ErrStopped
	}
	return zero, err
}
