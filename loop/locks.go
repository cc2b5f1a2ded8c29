package loop

import "errors"

// Errors of the synchronisation primitives.
var (
	// ErrNotAcquired says that a lock is not locked. Release of the lock, and Notify
	// of a Condition over it, panic with it; Wait of the Condition returns it.
	ErrNotAcquired = errors.New("lock is not acquired")

	// ErrReleased says that a BoundedSemaphore has all its permits. Release panics
	// with it.
	ErrReleased = errors.New("BoundedSemaphore released too many times")

	// ErrSemaphoreValue says that the value of a semaphore is negative. NewSemaphore
	// panics with it.
	ErrSemaphoreValue = errors.New("semaphore initial value must be >= 0")

	// ErrBrokenBarrier is returned by Wait of a Barrier that is aborted or reset
	// (BrokenBarrierError).
	ErrBrokenBarrier = errors.New("barrier is broken")

	// ErrParties says that a barrier has less than one party. NewBarrier panics with
	// it.
	ErrParties = errors.New("parties must be >= 1")
)

// A Lock is held by one task at a time; tasks get it in the order in which they asked
// (asyncio.Lock). The zero value is unlocked. All its tasks must belong to one loop.
type Lock struct {
	Name string // for descriptions; see [Dump]

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

// label names the lock in the description of a task that waits for it.
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

// Acquire locks the lock. It suspends the task while another one holds the lock or
// has waited longer.
func (l *Lock) Acquire(y *Yielder) error {
	t, err := l.lot.enter(y, "Lock.Acquire", l)
	if err != nil {
		return err
	}
	if l.locked || !l.lot.idle() {
		if _, err := l.lot.park(y, t, nil); err != nil {
			if !l.locked {
				// This task may have been woken; the next one must then be woken instead.
				l.lot.wakeFirst()
			}
			return err
		}
	}
	l.locked, l.holder = true, t
	return nil
}

// Release unlocks the lock and wakes the first waiter, which takes the lock when it
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
