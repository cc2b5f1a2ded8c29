package loop

// A Condition lets tasks that hold a lock wait to be notified by one another
// (asyncio.Condition). The zero value has a lock of its own.
type Condition struct {
	Name string // for descriptions; see [Dump]

	lock  *Lock
	own   Lock
	lot   ParkingLot
	kind  string // of a condition that is part of something else
	owner any    // that
}

// NewCondition returns a Condition over a lock.
func NewCondition(l *Lock) *Condition { return &Condition{lock: l} }

// String describes the condition: whether its lock is locked, and by whom, and the tasks
// that wait to be notified.
//
//	<Condition 'news' unlocked, 2 waiters>
func (c *Condition) String() string {
	return object("Condition", c.Name, c.mutex().heldBy(), some(c.lot.n, "waiter"))
}

func (c *Condition) label() string { return named("condition", c.Name) }

func (c *Condition) mutex() *Lock {
	if c.lock == nil {
		c.lock = &c.own
	}
	return c.lock
}

// Locked reports whether the condition's lock is locked.
func (c *Condition) Locked() bool { return c.mutex().Locked() }

// Waiting returns the number of tasks that wait to be notified.
func (c *Condition) Waiting() int { return c.lot.n }

// Acquire locks the condition's lock.
func (c *Condition) Acquire(y *Yielder) error { return c.mutex().Acquire(y) }

// Release unlocks the condition's lock; see [Lock.Release].
func (c *Condition) Release() { c.mutex().Release() }

// With calls fn with the condition's lock locked.
func (c *Condition) With(y *Yielder, fn func() error) error { return c.mutex().With(y, fn) }

// Wait releases the lock, suspends the task until it is notified, and locks the lock
// again, even if the wait ends with an error. If the lock is not locked, it returns
// [ErrNotAcquired]. If a task is notified and then cancelled before it runs, Wait
// notifies another one.
func (c *Condition) Wait(y *Yielder) error {
	mutex := c.mutex()
	if _, err := mutex.lot.enter(y, "Lock.Acquire", mutex); err != nil {
		return err
	}
	if !c.Locked() {
		return ErrNotAcquired
	}
	c.Release()
	c.lot.Kind, c.lot.Owner = "Condition.Wait", c
	if c.owner != nil {
		c.lot.Kind, c.lot.Owner = c.kind, c.owner
	}
	_, err := c.lot.Park(y, nil)
	var again error
	for {
		e := c.mutex().Acquire(y)
		if e == nil {
			break
		}
		again = e
		if !IsCancelled(e) {
			break
		}
	}
	if again != nil {
		err = again
	}
	if err != nil {
		c.lot.wakeNext()
	}
	return err
}

// WaitFor waits until predicate returns true. predicate is called with the lock locked.
func (c *Condition) WaitFor(y *Yielder, predicate func() bool) error {
	for !predicate() {
		if err := c.Wait(y); err != nil {
			return err
		}
	}
	return nil
}

// Notify wakes n of the tasks that wait. It panics with [ErrNotAcquired] if
// the lock is not locked.
func (c *Condition) Notify(n int) {
	c.mutex().lot.check()
	if !c.Locked() {
		panic(ErrNotAcquired)
	}
	for ; n > 0 && c.lot.wakeNext(); n-- {
	}
}

// NotifyAll wakes all tasks that wait. It panics with [ErrNotAcquired] if the
// lock is not locked.
func (c *Condition) NotifyAll() { c.Notify(c.lot.n) }
