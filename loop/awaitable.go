package loop

import "coloop/coroutine"

// An Awaitable is something that a task can wait for and that has a result of type T:
// a [Future], a [Task], or a [Func] that has not begun.
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

func (f *Future[T]) ensureFuture(*Loop) *Future[T] { return f }

// From makes a Func that delegates to a coroutine object. If that is a generator that
// has ended already, the error is [coroutine.ErrReused].
func From[T any](coro Coroutine[T]) Func[T] {
	return func(y *Yielder) (T, error) {
		if g, ok := coro.(*coroutine.Generator[any, any, T]); ok && g.State() == coroutine.Closed {
			var zero T
			return zero, coroutine.ErrReused
		}
		return coroutine.YieldFrom(y, coro)
	}
}

// RunUntilComplete runs the loop until aw is done and returns its result
// (loop.run_until_complete). If the loop ends before that, the error is [ErrStopped] or
// [ErrIdle]; for a future of another loop it is [ErrForeignLoop].
func RunUntilComplete[T any](l *Loop, aw Awaitable[T]) (T, error) {
	var zero T
	if err := l.mayRun(); err != nil {
		return zero, err
	}
	f := aw.ensureFuture(l)
	if f.loop != l {
		return zero, ErrForeignLoop
	}
	err := l.runUntil(&f.future)
	switch {
	case f.Done():
		return f.Result()
	case err == nil:
		err = ErrStopped
	}
	return zero, err
}

// runUntil runs the loop until f is done, or the loop ends before that.
func (l *Loop) runUntil(f *future) error {
	f.addCallback(stopper{l})
	err := l.RunForever()
	f.removeCallback(stopper{l})
	return err
}

type stopper struct{ l *Loop }

func (s stopper) futureDone(*future) { s.l.Stop() }

// Awaitables converts a list of futures or of tasks, for [GatherFutures] and
// [AsCompletedFutures].
func Awaitables[T any, A Awaitable[T]](aws []A) []Awaitable[T] {
	all := make([]Awaitable[T], len(aws))
	for i, aw := range aws {
		all[i] = aw
	}
	return all
}

// funcs makes awaitables of functions.
func funcs[T any](fns []func(*Yielder) (T, error)) []Awaitable[T] {
	all := make([]Awaitable[T], len(fns))
	for i, fn := range fns {
		all[i] = Func[T](fn)
	}
	return all
}
