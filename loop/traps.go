package loop

// Everything that suspends a task does so by way of the two functions here that
// call Yield. Whoever calls them looks first whether this is the goroutine of the
// coroutine: another one would suspend the task from outside.

// giveWay suspends until the next turn of the loop.
func giveWay(y *Yielder) error {
	if !y.Here() {
		return misplaced(y)
	}
	_, err := y.Yield(nil)
	return err
}

// misplaced is the error of using y where its coroutine does not run.
//
//go:noinline
func misplaced(y *Yielder) error {
	_, err := runningTask(y)
	return err
}

// Block returns what a hand-written coroutine yields to be resumed when f, which
// is pending, is done: f, marked as Await marks it (_asyncio_future_blocking).
func (f *future) Block() any {
	f.awaiting = true
	return f.self
}

// await suspends until f, which is pending, is done (Future.__await__). The
// error is that of f, raised by the task's wake-up. It must be called on the
// goroutine of y, of which runningTask makes sure. On a closed loop nothing wakes
// a task: a coroutine that still runs there, to clean up, gets ErrClosed.
func await(y *Yielder, f AnyFuture) error {
	b := f.base()
	if b.loop.closed {
		return ErrClosed
	}
	b.awaiting = true
	if _, err := y.Yield(f); err != nil {
		return err
	}
	if b.state == pending {
		return ErrNotAwaited
	}
	return nil
}

// foreign is the error of a wait for f at a wrong place.
func (f *future) foreign(y *Yielder) error {
	if !y.Here() {
		return misplaced(y)
	}
	if t, err := taskOf(y); err == nil && t.fut.loop != f.loop && !f.loop.isClosed() {
		return ErrForeignLoop
	}
	return nil
}

// Await suspends the task of y until the future is done and returns its result
// or error (Future.__await__). It does not suspend if the future is done. If
// it is not, and is one of another loop, the error is [ErrForeignLoop], or [ErrClosed].
func (f *Future[T]) Await(y *Yielder) (T, error) {
	if f.state == pending {
		var err error
		if c, ok := y.Given().(*taskContext); !ok || c.fut.loop != f.loop || !y.Here() {
			err = f.foreign(y)
		}
		if err == nil {
			err = await(y, f.self)
		}
		if err != nil {
			var zero T
			return zero, err
		}
	}
	return f.Result()
}
