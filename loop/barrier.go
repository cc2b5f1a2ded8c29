package loop

import "fmt"

// A BarrierState is what a Barrier is doing.
type BarrierState int

const (
	BarrierFilling BarrierState = iota
	BarrierDraining
	BarrierResetting
	BarrierBroken
)

func (s BarrierState) String() string {
	return enumString("BarrierState", int(s), "filling", "draining", "resetting", "broken")
}

// A Barrier holds tasks until a given number of them has come (asyncio.Barrier).
type Barrier struct {
	Name string // for those who look; see [Dump]

	parties int
	count   int
	state   BarrierState
	cond    Condition
}

// NewBarrier returns a barrier for that many tasks. It panics if they are less
// than one.
func NewBarrier(parties int) *Barrier {
	if parties < 1 {
		panic(ErrParties)
	}
	b := &Barrier{parties: parties}
	b.cond.kind, b.cond.owner = "Barrier.Wait", b
	return b
}

func (b *Barrier) label() string { return named("barrier", b.Name) }

// String describes the barrier.
//
//	<Barrier filling, 1 of 3 tasks>
func (b *Barrier) String() string {
	return object("Barrier", b.Name, b.state.String(), fmt.Sprintf("%d of %s", b.NWaiting(), amount(b.parties, "task")))
}

// Parties returns the number of tasks that the barrier waits for.
func (b *Barrier) Parties() int { return b.parties }

// NWaiting returns the number of tasks waiting while the barrier fills, else 0.
func (b *Barrier) NWaiting() int {
	if b.state != BarrierFilling {
		return 0
	}
	return b.count
}

// State returns what the barrier is doing.
func (b *Barrier) State() BarrierState { return b.state }

// Broken reports whether the barrier was aborted.
func (b *Barrier) Broken() bool { return b.state == BarrierBroken }

// Wait suspends the task until all parties wait, and returns a number from 0 to
// parties-1 that is different for each. It returns ErrBrokenBarrier if the
// barrier is aborted or reset meanwhile.
func (b *Barrier) Wait(y *Yielder) (index int, err error) {
	err = b.cond.With(y, func() (err error) {
		err = b.cond.WaitFor(y, func() bool {
			return b.state != BarrierDraining && b.state != BarrierResetting
		})
		if err != nil {
			return err
		}
		if b.state == BarrierBroken {
			return ErrBrokenBarrier
		}
		index = b.count
		b.count++
		defer func() {
			b.count--
			if b.count == 0 {
				if b.state == BarrierResetting || b.state == BarrierDraining {
					b.state = BarrierFilling
				}
				b.cond.NotifyAll()
			}
		}()
		if b.count == b.parties {
			b.state = BarrierDraining
			b.cond.NotifyAll()
			return nil
		}
		err = b.cond.WaitFor(y, func() bool { return b.state != BarrierFilling })
		if err == nil && (b.state == BarrierBroken || b.state == BarrierResetting) {
			err = ErrBrokenBarrier
		}
		return err
	})
	if err != nil {
		index = 0
	}
	return index, err
}

// Reset empties the barrier: those who wait get ErrBrokenBarrier.
func (b *Barrier) Reset(y *Yielder) error {
	return b.cond.With(y, func() error {
		b.state = BarrierFilling
		if b.count > 0 {
			b.state = BarrierResetting
		}
		b.cond.NotifyAll()
		return nil
	})
}

// Abort breaks the barrier: those who wait, and come, get ErrBrokenBarrier.
func (b *Barrier) Abort(y *Yielder) error {
	return b.cond.With(y, func() error {
		b.state = BarrierBroken
		b.cond.NotifyAll()
		return nil
	})
}
