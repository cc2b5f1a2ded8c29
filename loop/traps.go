package loop

// Everything that suspends a task does so by way of these.

// pause gives the other tasks a turn: a bare yield.
func pause(y *Yielder) error {
	_, err := y.Yield(nil)
	return err
}

// await suspends until f, which is pending, is done (Future.__await__). The
// error is that of f, raised by the task's wake-up.
func await(y *Yielder, f AnyFuture) error {
	b := f.base()
	b.awaiting = true
	if _, err := y.Yield(f); err != nil {
		return err
	}
	if b.state == pending {
		return ErrNotAwaited
	}
	return nil
}
