package loop

import "fmt"

// A ParkingLot is a line of tasks that wait, first in, first out: what locks,
// queues, connections and pools are made of (trio's ParkingLot). It says nothing
// about what they wait for; whoever owns it keeps that, and wakes them.
//
// Kind and Owner are for those who look: [Task.String], [Dump] and the report of a
// deadlock print them. The zero value is ready for use. It must not be copied, and
// belongs to the goroutine of the loop whose tasks park in it; tasks of a second
// loop get [ErrForeignLoop] unless the first is closed.
type ParkingLot struct {
	_ noCopy

	// Kind is what a task does here: "Queue.Get", say.
	Kind string

	// Owner is what it does that to. It is printed with %v, but locks, queues and the
	// like are printed shorter than their String methods have it.
	Owner any

	loop        *Loop
	first, last *parked
	undone      *parked // those before it are done; nil if all are
	n           int
	cancelled   int // of the n
}

// noCopy has go vet report copies of what it is part of.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// parked is a task in a lot: the future that it awaits. It stays in the lot from
// when the task begins to wait until the task runs again, as in asyncio, so some
// of them may be done already.
type parked struct {
	future
	lot        *ParkingLot // nil once it has left
	data       any
	prev, next *parked
}

// Park suspends the task of y until it is woken. woken reports whether it was; if
// err is not nil all the same, the task was cancelled between its wake-up and its
// step, and what it was woken for may have to be handed on. data is what Unpark
// and Next give to those who choose whom to wake.
func (lot *ParkingLot) Park(y *Yielder, data any) (woken bool, err error) {
	t, err := lot.enter(y, "ParkingLot.Park", nil)
	if err != nil {
		return false, err
	}
	p := lot.join(t.fut.loop)
	p.data = data
	err = await(y, p)
	woken = p.state == finished
	lot.remove(p)
	if t.waiter != &p.future { // else it was not the task that resumed us
		p.data = nil
		freeListIn[parked](&t.fut.loop.freeParked).put(p)
	}
	return woken, err
}

// Unpark wakes the task that has waited longest and not been woken. It returns
// what that gave to Park, and whether there was one.
func (lot *ParkingLot) Unpark() (data any, ok bool) {
	lot.check()
	p := lot.next()
	if p == nil {
		return nil, false
	}
	data = p.data
	p.settle(finished)
	return data, true
}

// Next returns what the task that Unpark would wake gave to Park, and whether
// there is one.
func (lot *ParkingLot) Next() (data any, ok bool) {
	p := lot.next()
	if p == nil {
		return nil, false
	}
	return p.data, true
}

// Len returns the number of tasks in the lot. A task counts until it runs again.
func (lot *ParkingLot) Len() int { return lot.n }

// String says how many tasks are in the lot, and what they do there.
//
//	<ParkingLot 'Queue.Get' 2 waiters>
func (lot *ParkingLot) String() string {
	return object("ParkingLot", lot.Kind, amount(lot.n, "waiter"))
}

// enter returns the task of y, in whose loop the lot is from then on. It is the first
// that an operation on a lot does, so that one that is refused changes nothing.
func (lot *ParkingLot) enter(y *Yielder, kind string, owner any) (*task, error) {
	t, err := runningTask(y)
	if err != nil {
		return nil, err
	}
	if err := lot.bind(t.fut.loop); err != nil {
		return nil, err
	}
	if lot.Kind == "" {
		lot.Kind, lot.Owner = kind, owner
	}
	return t, nil
}

// check panics in debug mode if it is called on a wrong goroutine.
func (lot *ParkingLot) check() {
	if lot.loop != nil {
		lot.loop.check()
	}
}

// bind makes the lot one of l, or reports that it is another loop's.
func (lot *ParkingLot) bind(l *Loop) error {
	if lot.loop == l {
		return nil
	}
	if lot.loop != nil && !lot.loop.isClosed() {
		return fmt.Errorf("%s: %w", lot.describe(), ErrForeignLoop)
	}
	lot.loop = l
	return nil
}

// describe says what a task in the lot waits for.
func (lot *ParkingLot) describe() string {
	switch o := lot.Owner.(type) {
	case nil:
		return lot.Kind
	case interface{ label() string }:
		return lot.Kind + " of " + o.label()
	}
	return fmt.Sprintf("%s of %v", lot.Kind, lot.Owner)
}

// cancel counts, so that a lock knows without looking whether any task is in its
// lot that was not cancelled.
func (p *parked) cancel(msg string) bool {
	if !p.future.cancel(msg) {
		return false
	}
	if p.lot != nil {
		p.lot.cancelled++
	}
	return true
}

// join puts a new waiter at the end of the line.
func (lot *ParkingLot) join(l *Loop) *parked {
	p := freeListIn[parked](&l.freeParked).get()
	if p == nil {
		p = &parked{}
	} else {
		*p = parked{}
	}
	p.init(l, p)
	p.lot, p.prev = lot, lot.last
	if lot.last == nil {
		lot.first = p
	} else {
		lot.last.next = p
	}
	lot.last = p
	if lot.undone == nil {
		lot.undone = p
	}
	lot.n++
	return p
}

// remove takes p out of the line, if it is in it.
func (lot *ParkingLot) remove(p *parked) {
	if p.lot == nil {
		return
	}
	if lot.undone == p {
		lot.undone = p.next
	}
	if p.prev == nil {
		lot.first = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		lot.last = p.prev
	} else {
		p.next.prev = p.prev
	}
	lot.n--
	if p.state == cancelled {
		lot.cancelled--
	}
	p.lot, p.prev, p.next = nil, nil, nil
}

// next returns the first waiter that is not done.
func (lot *ParkingLot) next() *parked {
	for lot.undone != nil && lot.undone.state != pending {
		lot.undone = lot.undone.next
	}
	return lot.undone
}

// idle reports whether nobody waits who was not cancelled.
func (lot *ParkingLot) idle() bool { return lot.n == lot.cancelled }

// wakeFirst wakes the first in the line if that is not done.
func (lot *ParkingLot) wakeFirst() {
	if p := lot.first; p != nil && p.state == pending {
		p.settle(finished)
	}
}

// wakeNext wakes the first who is not done, and reports whether there was one.
func (lot *ParkingLot) wakeNext() bool {
	_, ok := lot.Unpark()
	return ok
}

// wakeOff takes waiters out of the line until one is not done, and wakes that.
func (lot *ParkingLot) wakeOff() {
	for p := lot.first; p != nil; p = lot.first {
		lot.remove(p)
		if p.state == pending {
			p.settle(finished)
			return
		}
	}
}

func (p *parked) explain() (string, []AnyFuture) {
	if p.lot == nil {
		return "its turn", nil
	}
	var of []AnyFuture
	if o, ok := p.lot.Owner.(interface{ undone() []AnyFuture }); ok {
		of = o.undone()
	}
	return p.lot.describe(), of
}
