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

// Drive has the task of y make the steps of s, and returns when they are over. They are made on
// the stack of the loop, and the coroutine is not resumed in between.
//
// A stack that has once grown stays so while its task is parked. If tasks park for long and in great
// number, encoders and parsers, which need much stack, can be kept off theirs this way. It also
// saves the switches of a wait. A panic in Step is that of Drive. If the coroutine is closed
// meanwhile, Step is called with that error, and Drive returns it; it waits for nothing any more.
func Drive(y *Yielder, s Steps) error {
	t, err := runningTask(y)
	if err != nil {
		return err
	}
	l := t.fut.loop
	if l.closed {
		return ErrClosed
	}
	t.steps = s
	_, err = y.Yield(driven{})
	if t.steps == nil { // they are over
		if r := l.stepPanic; r != nil {
			l.stepPanic = nil
			panic(r)
		}
		return nil
	}
	// Something other than the task has resumed the coroutine.
	return driveHere(y, t, err)
}

// driveHere makes steps in the coroutine itself.
//
//go:noinline
func driveHere(y *Yielder, t *task, err error) error {
	s := t.steps
	t.steps = nil
	for closed := err; ; {
		wait := t.stepHere(s, err)
		if wait == nil || closed != nil {
			return closed
		}
		_, err = y.Yield(wait)
		if err != nil && !IsCancelled(err) {
			closed = err
		}
	}
}

// stepHere makes a step of t for whoever has resumed its coroutine. To Parked.Leave t is the task
// that runs: t may still wait for what Leave would use again otherwise.
func (t *task) stepHere(s Steps, err error) (wait any) {
	l := t.fut.loop
	defer func(current *task) { l.current = current }(l.current)
	l.current = t
	return s.Step(err)
}
