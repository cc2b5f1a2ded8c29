package loop

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"coloop/coroutine"
)

// task is the part of a Task that does not depend on its type. Its fields are
// those of CPython's Task.
type task struct {
	// The fields that a step needs stand close together.
	handle     Handle
	cancelling int32
	must       must
	inCancel   bool                         // cancel is under way
	waiter     *future                      // what it waits for (_fut_waiter)
	stepper    *coroutine.Stepper[any, any] // the coroutine, if it is Go's generator
	steps      Steps                        // are made instead of the coroutine's; see Drive
	coro       driver

	fut        *future
	number     uint32 // among the tasks of the loop that were given no name; 0 for one that was
	prev, next *task  // the tasks of the loop that are not done
	ctx        atomic.Pointer[scope]
	// notes, nil if there are none, are not changed: a watchdog reads them.
	notes atomic.Pointer[taskNotes]
}

// must is what a task must raise at its next step.
type must uint8

const (
	mustCancel must = 1 << iota
	mustRaise       // the future's err
)

// taskNotes is what few tasks have.
type taskNotes struct {
	name   string
	made   []uintptr       // the calls that made it, in debug mode
	handed *CancelledError // to code that knows no tasks; see Loop.NoteCancelled
}

// A Task drives a coroutine to its end and is the future of its result
// (asyncio.Task). It must be used on the goroutine of its loop.
//
// Cancel requests that a CancelledError be raised in the coroutine: at once in
// what it waits for, or else at its next step. The coroutine may handle that
// and go on; the task is cancelled when the error leaves it.
//
// Await, Result, Exception, Done and AddDoneCallback are those of its [Future].
type Task[T any] struct {
	task
	Future[T]
}

// AnyTask is a Task of any type.
type AnyTask interface {
	AnyFuture
	// Name returns the name given to the task, or made up for it.
	Name() string
	// SetName gives the task a name.
	SetName(string)
	// Cancelling returns the number of requests to cancel the task, less
	// those taken back by Uncancel.
	Cancelling() int
	// Uncancel takes one such request back and returns how many remain.
	Uncancel() int
	// Stack returns the calls in which the task is suspended, innermost
	// first, if it began in debug mode.
	Stack() []runtime.Frame

	core() *task
}

func (t *Task[T]) base() *future {
	if t == nil {
		return nil
	}
	return &t.future
}

func (t *Task[T]) cancel(msg string) bool { return t.task.cancel(msg) }
func (t *Task[T]) cancelledError() error  { return t.task.cancelledError() }
func (t *Task[T]) core() *task            { return &t.task }

// returned takes the result from what a coroutine's step returned as error,
// and reports whether that was its return.
func (t *Task[T]) returned(err error) bool {
	stop, ok := err.(*coroutine.StopIteration[T])
	if ok {
		t.result = stop.Value
	}
	return ok
}

// closeCoroutine ends a coroutine that will not be stepped any more.
func (t *Task[T]) closeCoroutine() error {
	_, err := t.coro.(Coroutine[T]).Close()
	return err
}

type typedTask interface {
	returned(error) bool
	closeCoroutine() error
}

// Name returns the name given to the task, or else Task-N for the N-th task of the
// loop that was given none when it was made.
func (t *task) Name() string {
	if n := t.notes.Load(); n != nil && (n.name != "" || t.number == 0) {
		return n.name
	}
	return fmt.Sprintf("Task-%d", t.number)
}

func (t *task) note() taskNotes {
	if n := t.notes.Load(); n != nil {
		return *n
	}
	return taskNotes{}
}

// SetName gives the task a name.
func (t *task) SetName(name string) {
	n := t.note()
	n.name = name
	t.notes.Store(&n)
}

// Stack returns the calls in which the task is suspended, innermost first, those
// of the generators it delegates to included (Task.get_stack). There are none
// unless the task began in debug mode, and of a hand-written coroutine none at
// all.
func (t *task) Stack() []runtime.Frame {
	if c, ok := t.coro.(interface{ Frames() []runtime.Frame }); ok {
		return c.Frames()
	}
	return nil
}

// Cancelling returns the number of requests to cancel the task, less those
// taken back by Uncancel (Task.cancelling).
func (t *task) Cancelling() int { return int(t.cancelling) }

// Uncancel takes back one request to cancel the task, and returns how many
// remain; with the last goes a cancellation not yet raised (Task.uncancel).
func (t *task) Uncancel() int {
	t.fut.loop.check()
	if t.cancelling > 0 {
		t.cancelling--
		if t.cancelling == 0 {
			t.must &^= mustCancel
			t.handed(nil)
			t.renewContext()
		}
	}
	return int(t.cancelling)
}

// handed notes the cancellation that was handed to code which knows no tasks, nil if it was
// dealt with.
func (t *task) handed(c *CancelledError) {
	if n := t.notes.Load(); c != nil || n != nil && n.handed != nil {
		n := t.note()
		n.handed = c
		t.notes.Store(&n)
	}
}

func (t *task) cancel(msg string) bool {
	if t.fut.state != pending {
		return false
	}
	t.fut.loop.check()
	t.cancelling++
	t.cancelContext()
	if t.waiter != nil && !t.inCancel {
		// Tasks that wait for one another hand the request round in a circle;
		// CPython ends that with a RecursionError.
		t.inCancel = true
		accepted := t.waiter.self.cancel(msg)
		t.inCancel = false
		if accepted {
			// It comes back as the error of what the task waits for.
			return true
		}
	}
	t.must |= mustCancel
	t.fut.cancelMsg = msg
	return true
}

// cancelledError returns the error that ended the task the first time it is
// asked, so that its wrapping and message are not lost.
func (t *task) cancelledError() error {
	if err := t.fut.err; err != nil && t.fut.state == cancelled {
		t.fut.err = nil
		return err
	}
	return t.fut.cancelledError()
}

// cancellation returns err, which t or a part of its code ends with, as a cancellation; nil
// if it is none.
func (t *task) cancellation(err error) error {
	var handed *CancelledError
	if n := t.notes.Load(); n != nil && !t.fut.loop.closed {
		handed = n.handed
	}
	return cancellationIn(err, t.cancelling > 0, handed)
}

// run is a step of the task (Task.__step): its first, one that follows a bare
// yield, or the wake-up by what it waited for (Task.__wakeup).
func (t *task) run(l *Loop) {
	var exc error
	if w := t.waiter; w != nil {
		if w.state == cancelled || w.err != nil {
			exc = t.awaited()
		}
		t.waiter = nil
	}
	if t.must != 0 {
		exc = t.due(exc)
	}
	l.current = t
	var y any
	var err error
	switch {
	case t.steps != nil:
		if y = t.step(l, exc); y == nil {
			y, err = t.resume()
		}
	case exc != nil:
		y, err = t.coro.Throw(exc)
	case t.stepper != nil:
		if resume := t.stepper.Begin(); resume != nil {
			resume()
			y, err = t.stepper.End()
		} else {
			y, err = t.stepper.Step()
		}
	default:
		y, err = t.coro.Send(nil)
	}
decide:
	switch {
	case err != nil:
		l.current = nil
		t.end(err)
	case y != nil:
		if _, ok := y.(driven); ok && t.steps != nil {
			if y = t.step(l, nil); y == nil {
				y, err = t.resume()
			}
			goto decide
		}
		l.yielding = true
		t.wait(y)
		l.yielding, l.current = false, nil
	default: // enqueue, written out
		l.current = nil
		if l.inbox.Load() != 0 {
			l.attend()
		}
		l.ready.put(&t.handle)
	}
}

// step makes a step of Drive. If the steps are over, it returns nil. It keeps a panic for Drive.
func (t *task) step(l *Loop, exc error) (wait any) {
	steps := t.steps
	t.steps = nil // if it panics
	defer func() {
		if wait == nil {
			l.stepPanic = recover()
		}
	}()
	if wait = steps.Step(exc); wait != nil {
		t.steps = steps
	}
	return wait
}

// resume steps the coroutine again after the steps of Drive.
func (t *task) resume() (any, error) {
	if t.stepper != nil {
		return t.stepper.Step()
	}
	return t.coro.Send(nil)
}

// due returns the error that the task must raise, exc if that is one already.
//
//go:noinline
func (t *task) due(exc error) error {
	if t.must&mustRaise != 0 {
		exc = t.fut.err
		t.fut.err = nil
	}
	if t.must&mustCancel != 0 && !IsCancelled(exc) {
		exc = t.fut.cancelledError()
	}
	t.must = 0
	return exc
}

// awaited returns the error of what the task waited for. One that a cancellation is
// going to take the place of is left for others to ask for, or to be reported.
func (t *task) awaited() error {
	w := t.waiter
	if t.must&mustCancel != 0 && w.state != cancelled && !IsCancelled(w.peek()) {
		return nil
	}
	return w.outcome()
}

// wait suspends the task until what its coroutine has yielded is done.
func (t *task) wait(y any) {
	f, ok := y.(AnyFuture)
	if !ok {
		t.raiseBadYield(y)
		return
	}
	b := f.base()
	if b == nil || b.loop != t.fut.loop || !b.awaiting || b == t.fut {
		t.refuse(f, b)
		return
	}
	b.awaiting = false
	t.waiter = b
	if b.callback == nil && b.state == pending { // addCallback, written out
		b.callback = t
	} else {
		b.addCallback(t)
	}
	if t.must&mustCancel != 0 && f.cancel(t.fut.cancelMsg) {
		t.must &^= mustCancel
	}
}

//go:noinline
func (t *task) raiseBadYield(y any) { t.raiseSoon(fmt.Errorf("%w: %v", ErrBadYield, y)) }

// refuse has the task raise the reason why it cannot wait for f.
//
//go:noinline
func (t *task) refuse(f AnyFuture, b *future) {
	switch {
	case b == nil:
		t.raiseSoon(fmt.Errorf("%w: a nil %T", ErrBadYield, f))
	case b.loop != t.fut.loop:
		t.raiseSoon(ErrForeignLoop)
	case !b.awaiting:
		t.raiseSoon(ErrYieldFuture)
	default:
		t.raiseSoon(ErrAwaitSelf)
	}
}

// futureDone is never called: a future that a task waits for schedules the
// task's own handle.
func (t *task) futureDone(*future) {}

// badYield reports whether r is the panic of a future which is part of a user's type
// that has none. The task that has yielded it gets an error.
func (l *Loop) badYield(r any) bool {
	if !l.yielding {
		return false
	}
	t := l.current
	l.yielding, l.current = false, nil
	t.raiseSoon(fmt.Errorf("%w: %v", ErrBadYield, r))
	return true
}

func (t *task) raiseSoon(err error) {
	t.must |= mustRaise
	t.fut.err = err
	t.fut.loop.enqueue(&t.handle)
}

// end completes the task with what its coroutine returned or raised.
func (t *task) end(err error) {
	f := t.fut
	f.loop.tasks.remove(t)
	switch {
	case f.self.(typedTask).returned(err):
		if t.must&mustCancel != 0 {
			// It was cancelled in its last step.
			t.must &^= mustCancel
			f.cancel(f.cancelMsg)
		} else {
			f.settle(finished)
		}
	default:
		if c := t.cancellation(err); c != nil {
			f.err, f.cancelMsg = c, ""
			f.settle(cancelled)
			break
		}
		f.fail(err)
		if err == coroutine.ErrGoexit && f.loop.onGoexit != nil {
			f.loop.onGoexit(f.self.(AnyTask))
		}
	}
	t.coro, t.stepper = done{}, nil
	t.cancelContext()
}

// runs returns the function that the coroutine of t runs, if that is known.
func (t *task) runs() []runtime.Frame {
	g, ok := t.coro.(interface{ Where() (string, string, int) })
	if !ok {
		return nil
	}
	function, file, line := g.Where()
	return []runtime.Frame{{Function: function, File: file, Line: line}}
}

// taskContext is a task as that from which its coroutine has its context. It may be
// used on any goroutine.
type taskContext task

// Context returns the context that is not done unless a request to cancel the task
// stands, or the task has ended.
func (c *taskContext) Context() context.Context { return (*task)(c).context() }

func (c *taskContext) Deadline() (time.Time, bool) { return c.Context().Deadline() }
func (c *taskContext) Done() <-chan struct{}       { return c.Context().Done() }
func (c *taskContext) Err() error                  { return c.Context().Err() }

func (c *taskContext) Value(key any) any { return c.Context().Value(key) }

func (t *task) newScope() *scope { return &scope{task: t, done: make(chan struct{})} }

func (t *task) context() *scope {
	for {
		s := t.ctx.Load()
		if s != nil && s != overAlready {
			return s
		}
		asked := t.newScope()
		if s == overAlready {
			asked.end()
		}
		if t.ctx.CompareAndSwap(s, asked) {
			return asked
		}
	}
}

// cancelContext makes the task's context done.
func (t *task) cancelContext() {
	if t.ctx.Load() != overAlready && !t.ctx.CompareAndSwap(nil, overAlready) {
		t.ctx.Load().end()
	}
}

// renewContext has the task get another context if its own is done.
func (t *task) renewContext() {
	if s := t.ctx.Load(); s != nil && s.isOver() && t.fut.state == pending {
		t.setValues(s.values)
	}
}

// values returns the context whose values the task has inherited, nil if there are
// none.
func (t *task) values() context.Context {
	if s := t.ctx.Load(); s != nil {
		return s.values
	}
	return nil
}

// setValues gives the task a context that is not done.
func (t *task) setValues(values context.Context) {
	if values == nil {
		t.ctx.Store(nil)
		return
	}
	s := t.newScope()
	s.values = values
	t.ctx.Store(s)
}

// runNow is the first step of an eager task, in the midst of that of another or
// of a callback (Task.__eager_start).
func (t *task) runNow() {
	l := t.fut.loop
	outer := l.current
	defer func() {
		r := recover()
		bad := r != nil && l.badYield(r)
		l.current = outer
		switch {
		case r == nil, bad:
		case t.fut.state == pending:
			t.end(panicError(r))
		default:
			l.CallExceptionHandler(ExceptionContext{Message: "panic at the end of a task", Exception: panicError(r)})
		}
	}()
	t.run(l)
}
