package loop

// Everything that suspends a task does so by way of the three functions here that
// call Yield. Their callers check first that they are on the goroutine of the
// coroutine: another goroutine would suspend the task from outside.

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

// Block returns the value that a hand-written coroutine must yield in order to be
// resumed when f is done: f, marked as Await marks it (_asyncio_future_blocking). f must
// be pending.
func (f *future) Block() any {
	f.awaiting = true
	return f.self
}

// await suspends the task until f is done (Future.__await__). f must be pending. The
// error is that of f, raised by the task's wake-up. await must be called on the
// goroutine of y, which runningTask ensures. On a closed loop nothing wakes
// a task: a coroutine that still runs there, to clean up, gets ErrClosed.
func (f *future) await(y *Yielder) error {
	if f.loop.closed {
		return ErrClosed
	}
	f.awaiting = true
	if _, err := y.Yield(f.self); err != nil {
		return err
	}
	if f.state == pending {
		return ErrNotAwaited
	}
	return nil
}

// foreign returns the error of a wait for f on a wrong goroutine, or in a task of another
// loop.
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
// or error (Future.__await__). It does not suspend if the future is done. If the future
// is pending and belongs to another loop, the error is [ErrForeignLoop], or [ErrClosed]
// if that loop is closed.
func (f *Future[T]) Await(y *Yielder) (T, error) {
	if f.state == pending {
		var err error
		if c, ok := y.Given().(*taskContext); !ok || c.fut.loop != f.loop || !y.Here() {
			err = f.foreign(y)
		}
		if err == nil {
			err = f.await(y)
		}
		if err != nil {
			var zero T
			return zero, err
		}
	}
	return f.Result()
}

// OnLoopStack calls fn on the stack of the loop instead of that of the coroutine of y, and
// returns when fn has returned (the runtime's systemstack is alike). No other task runs
// meanwhile. fn must not suspend, nor use y: in it no task can be parked.
//
// A stack that has once grown stays so while its task is parked. If a task parks for long
// and in great number, calls that need much stack, such as those of encoders and parsers, can
// be made this way; that takes about as long as two switches. A panic of fn is that of
// OnLoopStack. If no task runs the coroutine of y, or its loop is closed, OnLoopStack is a
// plain call.
func OnLoopStack(y *Yielder, fn func()) {
	t, err := runningTask(y)
	if err != nil || t.fut.loop.closed {
		fn()
		return
	}
	l := t.fut.loop
	calls := l.stackCalls
	_, _ = y.Yield(stackCall(fn)) // the task throws nothing here
	if l.stackCalls == calls {
		fn() // something other than the task has resumed the coroutine
		return
	}
	if r := l.stackPanic; r != nil {
		l.stackPanic = nil
		panic(r)
	}
}
