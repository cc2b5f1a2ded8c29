package loop

import (
	"errors"
	"fmt"
	"time"
)

// A TimeoutState is a stage in the life of a Timeout.
type TimeoutState int

const (
	TimeoutCreated TimeoutState = iota
	TimeoutActive
	TimeoutExpiring
	TimeoutExpired
	TimeoutFinished
)

func (s TimeoutState) String() string {
	return enumString("TimeoutState", int(s), "created", "active", "expiring", "expired", "finished")
}

// Errors of Timeout and TaskGroup, which are entered once.
var (
	ErrEntered    = errors.New("has already been entered")
	ErrNotEntered = errors.New("has not been entered")

	errTimeoutNotEntered = fmt.Errorf("Timeout %w", ErrNotEntered)
)

// A TimeoutStateError is returned by [Timeout.Reschedule] if the Timeout is not active.
type TimeoutStateError struct{ State TimeoutState }

func (e *TimeoutStateError) Error() string {
	return fmt.Sprintf("cannot change state of %v Timeout", e.State)
}

// A Timeout cancels the code that runs in it when its time is up, and turns that
// cancellation into [ErrTimeout] (asyncio.Timeout).
type Timeout struct {
	_ noCopy

	loop       *Loop
	task       *task
	when       time.Duration
	timer      *TimerHandle
	soon       *Handle
	state      TimeoutState
	cancelling int32
}

// NewTimeout returns a Timeout that is up d from now (asyncio.timeout); never,
// until rescheduled, for NoTimeout.
func NewTimeout[W Where](w W, d time.Duration) *Timeout {
	l := loopOf(w)
	if d == NoTimeout {
		return NewTimeoutAt(l, NoTimeout)
	}
	return NewTimeoutAt(l, l.after(d))
}

// NewTimeoutAt returns a Timeout that is up at a time of the loop's clock
// (asyncio.timeout_at).
func NewTimeoutAt[W Where](w W, when time.Duration) *Timeout {
	return &Timeout{loop: loopOf(w), when: when}
}

// When returns the time on the loop's clock at which the Timeout is up; [NoTimeout] if
// that is never.
func (t *Timeout) When() time.Duration { return t.when }

// State returns the stage of its life that the Timeout is in.
func (t *Timeout) State() TimeoutState { return t.state }

// Expired reports whether the time was up before the end.
func (t *Timeout) Expired() bool {
	return t.state == TimeoutExpiring || t.state == TimeoutExpired
}

// Reschedule changes the time at which the Timeout is up. If the Timeout was not
// entered, the error is [ErrNotEntered]; if its time was up, or it was left, the error is
// a [TimeoutStateError].
func (t *Timeout) Reschedule(when time.Duration) error {
	switch t.state {
	case TimeoutActive:
	case TimeoutCreated:
		return errTimeoutNotEntered
	default:
		return &TimeoutStateError{t.state}
	}
	t.loop.check()
	if t.loop.closed {
		return ErrClosed
	}
	t.when = when
	t.stop()
	switch {
	case when == NoTimeout:
	case when <= t.loop.Time():
		t.soon = t.loop.CallSoon(t.expire)
	default:
		t.timer = t.loop.CallAt(when, t.expire)
	}
	return nil
}

func (t *Timeout) stop() {
	if t.timer != nil {
		t.timer.Cancel()
	}
	if t.soon != nil {
		t.soon.Cancel()
	}
	t.timer, t.soon = nil, nil
}

func (t *Timeout) expire() {
	t.task.cancel("")
	t.state, t.timer, t.soon = TimeoutExpiring, nil, nil
}

// Enter begins the Timeout in the task of y (__aenter__). Each Enter without error
// needs a [Timeout.Exit]. [Timeout.Run] does both.
func (t *Timeout) Enter(y *Yielder) error {
	if t.state != TimeoutCreated {
		return fmt.Errorf("Timeout %w", ErrEntered)
	}
	task, err := runningTask(y)
	if err != nil {
		return err
	}
	switch l := task.fut.loop; {
	case l.closed:
		return ErrClosed
	case t.loop != nil && t.loop != l:
		return fmt.Errorf("Timeout: %w", ErrForeignLoop)
	}
	t.state, t.task, t.cancelling = TimeoutActive, task, task.cancelling
	t.loop = task.fut.loop
	return t.Reschedule(t.when)
}

// Exit ends the Timeout (__aexit__). It is given the error of the code between Enter
// and Exit, and returns it, or [ErrTimeout] if that error is a cancellation that only
// this Timeout has asked for. Without an Enter, or a second time, it joins to the error
// the one that [Timeout.Reschedule] returns.
func (t *Timeout) Exit(err error) error {
	switch t.state {
	case TimeoutExpiring:
	case TimeoutActive:
		t.stop()
		t.state = TimeoutFinished
		return err
	case TimeoutCreated:
		return errors.Join(err, errTimeoutNotEntered)
	default:
		return errors.Join(err, &TimeoutStateError{t.state})
	}
	t.state = TimeoutExpired
	cancelled := t.task.cancellation(err) != nil
	if int32(t.task.Uncancel()) <= t.cancelling && cancelled {
		t.task.handed(nil)
		return timedOut(err)
	}
	return err
}

// Run calls fn between Enter and Exit, and returns what [Timeout.Exit] returns.
func (t *Timeout) Run(y *Yielder, fn func() error) error {
	if err := t.Enter(y); err != nil {
		return err
	}
	left := false
	defer func() {
		if !left {
			t.Exit(nil) // a panic goes through
		}
	}()
	err := fn()
	left = true
	return t.Exit(err)
}

// WithTimeout calls fn, in the task of y, and cancels what it waits for when d has
// passed: the error is [ErrTimeout] then, and the result zero.
func WithTimeout[T any](y *Yielder, d time.Duration, fn func(*Yielder) (T, error)) (T, error) {
	var v T
	t, err := runningTask(y)
	if err != nil {
		return v, err
	}
	err = NewTimeout(t.fut.loop, d).Run(y, func() (err error) {
		v, err = fn(y)
		return err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

// WaitFor is [WithTimeout], but for d <= 0 it runs fn in a task that is cancelled at
// once (asyncio.wait_for).
func WaitFor[T any](y *Yielder, d time.Duration, fn func(*Yielder) (T, error)) (T, error) {
	return WaitForFuture(y, d, Func[T](fn))
}

// WaitForFuture waits for aw, in the task of y, and cancels aw when d has passed:
// the error is [ErrTimeout] then. If d <= 0 and aw is done, its result is returned;
// otherwise aw is cancelled, and WaitForFuture returns once the cancellation has
// finished.
func WaitForFuture[T any](y *Yielder, d time.Duration, aw Awaitable[T]) (v T, err error) {
	if d > 0 {
		return WithTimeout(y, d, aw.Await)
	}
	t, err := runningTask(y)
	if err != nil {
		return v, err
	}
	f := aw.ensureFuture(t.fut.loop)
	if f.loop != t.fut.loop {
		return v, ErrForeignLoop
	}
	if f.state != pending {
		return f.Result()
	}
	if err := cancelAndWait(y, f.self); err != nil {
		return v, err
	}
	if v, err = f.Result(); IsCancelled(err) {
		err = timedOut(err)
	}
	return v, err
}

// cancelAndWait cancels f and waits until it is done (_cancel_and_wait).
func cancelAndWait(y *Yielder, f AnyFuture) error {
	w := &waiting{left: 1, of: func() []AnyFuture { return []AnyFuture{f} }}
	w.init(f.base().loop, w)
	f.base().addCallback(w)
	f.cancel("")
	err := w.await(y)
	f.base().removeCallback(w)
	return err
}
