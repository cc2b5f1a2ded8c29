package loop

// An Event is a flag that tasks wait for (asyncio.Event). The zero value is not
// set.
type Event struct {
	Name string // for descriptions; see [Dump]

	set bool
	lot ParkingLot
}

// String describes the event.
//
//	<Event 'go' not set, 2 waiters>
func (e *Event) String() string {
	state := "not set"
	if e.set {
		state = "set"
	}
	return object("Event", e.Name, state, some(e.lot.n, "waiter"))
}

func (e *Event) label() string { return named("event", e.Name) }

// IsSet reports whether the event is set.
func (e *Event) IsSet() bool { return e.set }

// Waiting returns the number of tasks waiting for the event.
func (e *Event) Waiting() int { return e.lot.n }

// Set sets the event and wakes all tasks that wait for it.
func (e *Event) Set() {
	e.lot.check()
	if !e.set {
		e.set = true
		for e.lot.wakeNext() {
		}
	}
}

// Clear unsets the event: tasks that call Wait from now on wait.
func (e *Event) Clear() {
	e.lot.check()
	e.set = false
}

// Wait suspends the task until the event is set.
func (e *Event) Wait(y *Yielder) error {
	t, err := e.lot.enter(y, "Event.Wait", e)
	if err != nil || e.set {
		return err
	}
	_, err = e.lot.park(y, t, nil)
	return err
}
