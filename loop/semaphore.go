package loop

import "fmt"

// A Semaphore has a number of permits (asyncio.Semaphore). The zero value has
// none.
type Semaphore struct {
	Name string // for descriptions; see [Dump]

	value   int
	bound   int // of a BoundedSemaphore
	bounded bool
	lot     ParkingLot
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

// String describes the semaphore: the permits that are left, and the tasks that wait.
//
//	<BoundedSemaphore 'places' 0 of 3 permits, 2 waiters>
func (s *Semaphore) String() string {
	kind, permits := "Semaphore", amount(s.value, "permit")
	if s.bounded {
		kind, permits = "BoundedSemaphore", fmt.Sprintf("%d of %s", s.value, amount(s.bound, "permit"))
	}
	return object(kind, s.Name, permits, some(s.lot.n, "waiter"))
}

func (s *Semaphore) label() string { return named("semaphore", s.Name) }

// Locked reports whether an Acquire would have to wait.
func (s *Semaphore) Locked() bool { return s.value == 0 || !s.lot.idle() }

// Value returns the number of permits left.
func (s *Semaphore) Value() int { return s.value }

// Waiting returns the number of tasks waiting for a permit.
func (s *Semaphore) Waiting() int { return s.lot.n }

// Acquire takes a permit. It suspends the task until there is one for it.
func (s *Semaphore) Acquire(y *Yielder) error {
	t, err := s.lot.enter(y, "Semaphore.Acquire", s)
	if err != nil {
		return err
	}
	if !s.Locked() {
		s.value--
		return nil
	}
	granted, err := s.lot.park(y, t, nil)
	if err != nil && granted {
		s.value++ // nobody else would give back the permit of a wait that has failed
	}
	for s.value > 0 && s.wakeNext() {
	}
	return err
}

func (s *Semaphore) wakeNext() bool {
	if !s.lot.wakeNext() {
		return false
	}
	s.value--
	return true
}

// Release gives a permit back. It panics with [ErrReleased] if the semaphore is a
// BoundedSemaphore and no permit is taken.
func (s *Semaphore) Release() {
	s.lot.check()
	if s.bounded && s.value >= s.bound {
		panic(ErrReleased)
	}
	s.value++
	s.wakeNext()
}

// With calls fn with a permit taken.
func (s *Semaphore) With(y *Yielder, fn func() error) error {
	if err := s.Acquire(y); err != nil {
		return err
	}
	defer s.Release()
	return fn()
}
