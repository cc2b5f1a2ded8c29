package loop

import "fmt"

// A ParkingLot is a line of waiting tasks, first in, first out (trio's ParkingLot).
// Locks, queues, connections and pools are made of it. It knows no condition: its
// owner decides when a task may go on, and wakes it.
//
// Kind and Owner are descriptions: [Task.String], [Dump] and the report of a deadlock
// ([IdleError]) print them. The zero value is ready for use. It must not be copied, and
// belongs to the goroutine of the loop whose tasks park in it; tasks of a second loop
// get [ErrForeignLoop] unless the first is closed.
type ParkingLot struct {
	_ noCopy

	// Kind is what a task does here: "Queue.Get", say.
	Kind string

	// Owner is the object of that, the queue in this case. It is printed with %v, but
	// the locks, queues and so on of this package are printed in a short form.
	Owner any

	loop        *Loop
	first, last *parked
	undone      *parked // the first waiter that may still be pending; nil if there is none
	n           int
	cancelled   int // how many of the n were cancelled
}

// noCopy has go vet report copies of a struct that it is part of.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// parked is a waiter: the future that a task in a lot awaits. As in asyncio, it stays
// in the lot until the task runs again, so a waiter in the lot may be done already.
type parked struct {
	future
	lot        *ParkingLot // nil once it has left
	data       any
	prev, next *parked
}

// Park suspends the task of y until [ParkingLot.Unpark] wakes it or it is cancelled.
// woken reports whether Unpark has woken it. If woken is true and err is not nil, the
// task was cancelled between its wake-up and its next step; the caller must then hand
// the wake-up on if another task needs it. Unpark and Next return data to their caller.
func (lot *ParkingLot) Park(y *Yielder, data any) (woken bool, err error) {
	t, err := lot.enter(y, "ParkingLot.Park", nil)
	if err != nil {
		return false, err
	}
	return lot.park(y, t, data)
}

// ParkCurrent is [ParkingLot.Park] of the running task of l, for methods whose signature has
// no Yielder, such as those of a net.Conn. Where no task can be parked, it returns the errors
// of [Loop.Current]. An error of the wait goes through [Loop.NoteCancelled].
func (lot *ParkingLot) ParkCurrent(l *Loop, data any) (woken bool, err error) {
	y, err := l.Current()
	if err == nil {
		err = lot.admit(l, "ParkingLot.ParkCurrent", nil)
	}
	if err != nil {
		return false, err
	}
	if woken, err = lot.park(y, l.current, data); err != nil {
		err = l.NoteCancelled(err)
	}
	return woken, err
}

// park is Park after enter.
func (lot *ParkingLot) park(y *Yielder, t *task, data any) (woken bool, err error) {
	p := lot.join(t.fut.loop, data)
	err = p.await(y)
	return lot.leave(p, t), err
}

// leave ends the wait of t, and reports whether t was woken. Like enter and join it is
// not part of park, so that the stack of a parked task is short.
//
//go:noinline
func (lot *ParkingLot) leave(p *parked, t *task) (woken bool) {
	woken = p.state == finished
	lot.remove(p)
	if t.waiter != &p.future { // if it still is, something other than the task has resumed us
		*p = parked{}
		freeListIn[parked](&t.fut.loop.freeParked).put(p)
	}
	return woken
}

// Enter puts the running task of l into the lot, for a hand-written coroutine or a [Steps]. That has
// to return [Parked.Block] next, and to call [Parked.Leave] when it is called again.
func (lot *ParkingLot) Enter(l *Loop, data any) (*Parked, error) {
	if err := lot.admit(l, "ParkingLot.Enter", nil); err != nil {
		return nil, err
	}
	return (*Parked)(lot.join(l, data)), nil
}

// Parked is the stay of a task in a [ParkingLot].
type Parked parked

// Block returns the value that the coroutine must yield, or the step return, to be resumed when
// the task is woken or cancelled.
func (p *Parked) Block() any { return p.future.Block() }

// Leave ends the stay, and reports whether the task was woken, as [ParkingLot.Park] does.
func (p *Parked) Leave() (woken bool) {
	lot := p.lot
	if t := lot.loop.current; t != nil {
		return lot.leave((*parked)(p), t)
	}
	lot.remove((*parked)(p)) // the loop is being closed
	return false
}

// Unpark wakes the task that has waited longest and was not woken yet. It returns the
// data that this task gave to Park, and whether there was such a task.
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

// Next returns the data of the task that Unpark would wake next, and whether there is
// such a task.
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

// enter returns the task of y and binds the lot to its loop. An operation on a lot
// calls it first, so that a refused operation changes nothing.
//
//go:noinline
func (lot *ParkingLot) enter(y *Yielder, kind string, owner any) (*task, error) {
	t, err := runningTask(y)
	if err != nil {
		return nil, err
	}
	if err := lot.admit(t.fut.loop, kind, owner); err != nil {
		return nil, err
	}
	return t, nil
}

// admit binds the lot to l.
func (lot *ParkingLot) admit(l *Loop, kind string, owner any) error {
	if err := lot.bind(l); err != nil {
		return err
	}
	if lot.Kind == "" {
		lot.Kind, lot.Owner = kind, owner
	}
	return nil
}

// check panics in debug mode if it is called on a wrong goroutine.
func (lot *ParkingLot) check() {
	if lot.loop != nil {
		lot.loop.check()
	}
}

// bind binds the lot to l, or returns ErrForeignLoop if it is bound to another loop
// that is open.
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

// describe describes the wait of a task in the lot.
func (lot *ParkingLot) describe() string {
	switch o := lot.Owner.(type) {
	case nil:
		return lot.Kind
	case interface{ label() string }:
		return lot.Kind + " of " + o.label()
	}
	return fmt.Sprintf("%s of %v", lot.Kind, lot.Owner)
}

// cancel also counts the cancelled waiters, so that idle need not look at each.
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
//
//go:noinline
func (lot *ParkingLot) join(l *Loop, data any) *parked {
	free := freeListIn[parked](&l.freeParked)
	p := free.get()
	if p == nil {
		some := new([16]parked)
		for i := range some[1:] {
			free.put(&some[1+i])
		}
		p = &some[0]
	}
	p.init(l, p)
	p.lot, p.prev, p.data = lot, lot.last, data
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

// remove takes p out of the line. If p has left already, it does nothing.
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

// next returns the first pending waiter; nil if there is none.
func (lot *ParkingLot) next() *parked {
	for lot.undone != nil && lot.undone.state != pending {
		lot.undone = lot.undone.next
	}
	return lot.undone
}

// idle reports whether all waiters were cancelled, or there are none.
func (lot *ParkingLot) idle() bool { return lot.n == lot.cancelled }

// wakeFirst wakes the first waiter in the line if it is pending.
func (lot *ParkingLot) wakeFirst() {
	if p := lot.first; p != nil && p.state == pending {
		p.settle(finished)
	}
}

// wakeNext wakes the first pending waiter, and reports whether there was one.
func (lot *ParkingLot) wakeNext() bool {
	_, ok := lot.Unpark()
	return ok
}

// wakeOff takes waiters out of the line up to the first pending one, and wakes that.
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
