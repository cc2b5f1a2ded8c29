package loop

import "errors"

// Errors of the synchronisation primitives.
var (
	// ErrNotAcquired is returned by Release of a lock that is not locked, and
	// by operations on a Condition without its lock.
	ErrNotAcquired = errors.New("lock is not acquired")

	// ErrReleased is returned by Release of a BoundedSemaphore that has all
	// its permits.
	ErrReleased = errors.New("BoundedSemaphore released too many times")

	// ErrSemaphoreValue is what NewSemaphore panics with if given a negative
	// value.
	ErrSemaphoreValue = errors.New("semaphore initial value must be >= 0")

	// ErrBrokenBarrier is returned to those who wait at a Barrier that is
	// aborted or reset (BrokenBarrierError).
	ErrBrokenBarrier = errors.New("barrier is broken")

	// ErrParties is what NewBarrier panics with if given less than one party.
	ErrParties = errors.New("parties must be >= 1")
)

// A Lock lets one task at a time pass, in the order of their coming
// (asyncio.Lock). The zero value is unlocked.
type Lock struct {
	locked  bool
	waiters waiters
}

// Locked reports whether the lock is locked.
func (l *Lock) Locked() bool { return l.locked }

// Waiting returns the number of tasks waiting for the lock.
func (l *Lock) Waiting() int { return l.waiters.n }

// Acquire locks the lock, suspending the task while others have it or were
// there before.
func (l *Lock) Acquire(y *Yielder) error {
	if !l.locked && l.waiters.n == l.waiters.cancelled {
		l.locked = true
		return nil
	}
	if _, err := l.waiters.wait(y); err != nil {
		if !l.locked {
			// It may have been this task's turn: it is the next one's now.
			// (CPython forgets that if the coroutine is closed.)
			l.wakeFirst()
		}
		return err
	}
	l.locked = true
	return nil
}

// Release unlocks the lock and wakes the first waiter, who takes it when it
// runs. It returns ErrNotAcquired if the lock is not locked.
func (l *Lock) Release() error {
	if !l.locked {
		return ErrNotAcquired
	}
	l.locked = false
	l.wakeFirst()
	return nil
}

func (l *Lock) wakeFirst() {
	if w := l.waiters.first; w != nil && w.state == pending {
		w.release()
	}
}

// With calls fn with the lock locked.
func (l *Lock) With(y *Yielder, fn func() error) error { return with(y, l, fn) }

// with is "async with" for what is acquired and released.
func with(y *Yielder, l interface {
	Acquire(*Yielder) error
	Release() error
}, fn func() error) (err error) {
	if err := l.Acquire(y); err != nil {
		return err
	}
	defer func() {
		if e := l.Release(); err == nil {
			err = e
		}
	}()
	return fn()
}

// An Event is a flag that tasks wait for (asyncio.Event). The zero value is not
// set.
type Event struct {
	set     bool
	waiters waiters
}

// IsSet reports whether the event is set.
func (e *Event) IsSet() bool { return e.set }

// Waiting returns the number of tasks waiting for the event.
func (e *Event) Waiting() int { return e.waiters.n }

// Set sets the event and wakes all who wait for it.
func (e *Event) Set() {
	if !e.set {
		e.set = true
		for e.waiters.wakeNext() {
		}
	}
}

// Clear makes those who come from now on wait.
func (e *Event) Clear() { e.set = false }

// Wait suspends the task until the event is set.
func (e *Event) Wait(y *Yielder) error {
	if e.set {
		return nil
	}
	_, err := e.waiters.wait(y)
	return err
}

// A Condition lets tasks that hold a lock wait for one another's notice
// (asyncio.Condition). The zero value has a lock of its own.
type Condition struct {
	lock    *Lock
	own     Lock
	waiters waiters
}

// NewCondition returns a Condition over a lock.
func NewCondition(l *Lock) *Condition { return &Condition{lock: l} }

func (c *Condition) mutex() *Lock {
	if c.lock == nil {
		c.lock = &c.own
	}
	return c.lock
}

// Locked reports whether the condition's lock is locked.
func (c *Condition) Locked() bool { return c.mutex().Locked() }

// Waiting returns the number of tasks waiting for notice.
func (c *Condition) Waiting() int { return c.waiters.n }

// Acquire locks the condition's lock.
func (c *Condition) Acquire(y *Yielder) error { return c.mutex().Acquire(y) }

// Release unlocks the condition's lock.
func (c *Condition) Release() error { return c.mutex().Release() }

// With calls fn with the condition's lock locked.
func (c *Condition) With(y *Yielder, fn func() error) error { return with(y, c.mutex(), fn) }

// Wait releases the lock, suspends the task until it is notified and locks the
// lock again, whatever has happened. It returns ErrNotAcquired without the lock.
// A wait that is cancelled passes on the notice that it may have had.
func (c *Condition) Wait(y *Yielder) error {
	if err := c.mutex().Release(); err != nil {
		return err
	}
	_, err := c.waiters.wait(y)
	var again error
	for {
		e := c.mutex().Acquire(y)
		if e == nil {
			break
		}
		again = e
		if !isCancelled(e) {
			break
		}
	}
	if again != nil {
		err = again
	}
	if err != nil {
		c.waiters.wakeNext()
	}
	return err
}

// WaitFor waits until predicate is true; it is called with the lock locked.
func (c *Condition) WaitFor(y *Yielder, predicate func() bool) error {
	for !predicate() {
		if err := c.Wait(y); err != nil {
			return err
		}
	}
	return nil
}

// Notify wakes n of those who wait. It returns ErrNotAcquired without the lock.
func (c *Condition) Notify(n int) error {
	if !c.Locked() {
		return ErrNotAcquired
	}
	for ; n > 0 && c.waiters.wakeNext(); n-- {
	}
	return nil
}

// NotifyAll wakes all who wait. It returns ErrNotAcquired without the lock.
func (c *Condition) NotifyAll() error { return c.Notify(c.waiters.n) }

// A Semaphore has a number of permits (asyncio.Semaphore). The zero value has
// none.
type Semaphore struct {
	value   int
	bound   int // of a BoundedSemaphore
	bounded bool
	waiters waiters
}

// NewSemaphore returns a semaphore of n permits. It panics if n < 0.
func NewSemaphore(n int) *Semaphore {
	if n < 0 {
		panic(ErrSemaphoreValue)
	}
	return &Semaphore{value: n}
}

// NewBoundedSemaphore returns a semaphore that never has more than n permits
// (asyncio.BoundedSemaphore). It panics if n < 0.
func NewBoundedSemaphore(n int) *Semaphore {
	s := NewSemaphore(n)
	s.bound, s.bounded = n, true
	return s
}

// Locked reports whether an Acquire would have to wait.
func (s *Semaphore) Locked() bool { return s.value == 0 || s.waiters.n > s.waiters.cancelled }

// Value returns the number of permits left.
func (s *Semaphore) Value() int { return s.value }

// Waiting returns the number of tasks waiting for a permit.
func (s *Semaphore) Waiting() int { return s.waiters.n }

// Acquire takes a permit, suspending the task until there is one for it.
func (s *Semaphore) Acquire(y *Yielder) error {
	if !s.Locked() {
		s.value--
		return nil
	}
	granted, err := s.waiters.wait(y)
	if err != nil && granted {
		s.value++ // CPython forgets that if the coroutine is closed
	}
	for s.value > 0 && s.wakeNext() {
	}
	return err
}

func (s *Semaphore) wakeNext() bool {
	if !s.waiters.wakeNext() {
		return false
	}
	s.value--
	return true
}

// Release gives a permit back. It returns ErrReleased if a BoundedSemaphore has
// them all.
func (s *Semaphore) Release() error {
	if s.bounded && s.value >= s.bound {
		return ErrReleased
	}
	s.value++
	s.wakeNext()
	return nil
}

// With calls fn with a permit taken.
func (s *Semaphore) With(y *Yielder, fn func() error) error { return with(y, s, fn) }
