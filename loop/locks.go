package loop

import "errors"

// Errors of the synchronisation primitives.
var (
	// ErrNotAcquired is what Release of a lock that is not locked panics with,
	// and Notify of a Condition without its lock. Wait of such a Condition
	// returns it.
	ErrNotAcquired = errors.New("lock is not acquired")

	// ErrReleased is what Release of a BoundedSemaphore that has all its permits
	// panics with.
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
// (asyncio.Lock). The zero value is unlocked. Tasks of one loop share it, and
// nobody else.
type Lock struct {
	Name string // for those who look; see [Dump]

	locked bool
	holder *task // the task that locked it
	lot    ParkingLot
}

// String describes the lock, who holds it and how many tasks wait.
//
//	<Lock 'door' held by 'ann', 1 waiter>
func (l *Lock) String() string {
	return object("Lock", l.Name, l.heldBy(), some(l.lot.n, "waiter"))
}

// label is the lock in the description of a task that waits for it.
func (l *Lock) label() string {
	s := named("lock", l.Name)
	if l.holder != nil {
		s += " " + l.heldBy()
	}
	return s
}

func (l *Lock) heldBy() string {
	if l.holder == nil {
		return "unlocked"
	}
	return "held by " + quoted(l.holder.Name())
}

// Locked reports whether the lock is locked.
func (l *Lock) Locked() bool { return l.locked }

// Waiting returns the number of tasks waiting for the lock.
func (l *Lock) Waiting() int { return l.lot.n }

// Acquire locks the lock, suspending the task while others have it or were
// there before.
func (l *Lock) Acquire(y *Yielder) error {
	t, err := l.lot.enter(y, "Lock.Acquire", l)
	if err != nil {
		return err
	}
	if l.locked || !l.lot.idle() {
		if _, err := l.lot.Park(y, nil); err != nil {
			if !l.locked {
				// It may have been this task's turn: it is the next one's now.
				l.lot.wakeFirst()
			}
			return err
		}
	}
	l.locked, l.holder = true, t
	return nil
}

// Release unlocks the lock and wakes the first waiter, who takes it when it
// runs. It panics with [ErrNotAcquired] if the lock is not locked, as
// sync.Mutex does.
func (l *Lock) Release() {
	l.lot.check()
	if !l.locked {
		panic(ErrNotAcquired)
	}
	l.locked, l.holder = false, nil
	l.lot.wakeFirst()
}

// With calls fn with the lock locked.
func (l *Lock) With(y *Yielder, fn func() error) error {
	if err := l.Acquire(y); err != nil {
		return err
	}
	holder := l.holder
	defer func() {
		// A task that waits for a Condition does not get its lock back if the
		// loop is closed meanwhile.
		if l.holder == holder || !l.lot.loop.closed {
			l.Release()
		}
	}()
	return fn()
}
