package loop

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"coloop/coroutine"
)

type futureState uint8

const (
	pending futureState = iota
	finished
	cancelled
)

// future is the part of a Future that does not depend on its type.
type future struct {
	cancelMsg string
	callback  doneCallback    // the first
	more      *[]doneCallback // the others
	self      AnyFuture       // the Future, Task or gathering that this is part of
	loop      *Loop
	err       error // of a pending task: what its next step raises
	state     futureState
	awaiting  bool // yielded by Await (_asyncio_future_blocking)
	isTask    bool

	describing atomic.Bool // String is under way
}

// doneCallback is what AddDoneCallback schedules.
type doneCallback interface{ futureDone(*future) }

// AnyFuture is a Future, or Task, of any type.
type AnyFuture interface {
	// Done reports whether there is a result, an error or a cancellation.
	Done() bool
	// Cancelled reports whether the future was cancelled.
	Cancelled() bool
	// Cancel cancels the future and reports whether it could. Of a task it
	// requests that; see Task.
	Cancel(msg ...string) bool
	// Exception returns the error the future is done with, nil if it has a
	// result; [ErrInvalidState] if it is not done, a [CancelledError] if cancelled.
	Exception() (exc, err error)

	base() *future
	cancel(msg string) bool
	// cancelledError makes the error that awaiting a cancelled future raises.
	cancelledError() error
}

// A Future is a result of type T to come (asyncio.Future). It must be used on
// the goroutine of its loop.
type Future[T any] struct {
	future
	result T
}

func (f *future) init(l *Loop, self AnyFuture) {
	f.loop, f.self = l, self
}

func (f *future) base() *future { return f }

func (f *Future[T]) base() *future {
	if f == nil {
		return nil
	}
	return &f.future
}

// Loop returns the loop of the future.
func (f *future) Loop() *Loop { return f.loop }

// Done reports whether the future has a result or an error, or was cancelled.
func (f *future) Done() bool { return f.state != pending }

// Cancelled reports whether the future was cancelled.
func (f *future) Cancelled() bool { return f.state == cancelled }

// Cancel cancels the future, with at most one message, and schedules its callbacks;
// it reports false if the future was done. Of a task it requests that the coroutine
// be cancelled, and reports false if the task was done; see [Task].
func (f *future) Cancel(msg ...string) bool {
	m := ""
	if len(msg) > 0 {
		m = msg[0]
	}
	return f.self.cancel(m)
}

func (f *future) cancel(msg string) bool {
	if f.state != pending {
		return false
	}
	f.settle(cancelled)
	f.cancelMsg = msg
	return true
}

func (f *future) cancelledError() error { return &CancelledError{Msg: f.cancelMsg} }

// Exception returns the error the future is done with; nil if it has a result. err is
// [ErrInvalidState] if the future is not done, and a [CancelledError] if it was
// cancelled.
func (f *future) Exception() (exc, err error) {
	switch f.state {
	case pending:
		return nil, ErrInvalidState
	case cancelled:
		return nil, f.self.cancelledError()
	}
	return f.retrieve(), nil
}

// outcome returns the error that awaiting the future raises. The future must be done.
func (f *future) outcome() error {
	if f.state == cancelled {
		return f.self.cancelledError()
	}
	return f.retrieve()
}

// SetException completes the future with an error. It returns [ErrInvalidState]
// if the future was done, and [ErrNoException] if err is nil. A StopIteration is
// replaced, as CPython 3.13 does. For a closed loop see [Future.SetResult].
func (f *future) SetException(err error) error {
	if f.isTask {
		return ErrTaskException
	}
	deaf := f.deaf()
	return cmp.Or(f.fail(err), deaf)
}

// deaf returns the error of completing a future whose callbacks will not be called
// because its loop is closed.
func (f *future) deaf() error {
	if f.loop.closed && f.callback != nil {
		return ErrClosed
	}
	return nil
}

func (f *future) fail(err error) error {
	switch {
	case f.state != pending:
		return ErrInvalidState
	case err == nil:
		return ErrNoException
	case isStopIteration(err):
		err = ErrStopIteration
	}
	f.settle(finished)
	f.err = err
	f.watchFailure()
	return nil
}

func isStopIteration(err error) (is bool) {
	x, ok := err.(interface{ Is(error) bool })
	if !ok {
		return false
	}
	// A method of a nil pointer may panic.
	return recovered(func() error { is = x.Is(coroutine.ErrStopIteration); return nil }) == nil && is
}

// settle makes the future done and schedules its callbacks
// (Future.__schedule_callbacks). Callers call it before they change anything else,
// because in debug mode it panics on a wrong goroutine.
func (f *future) settle(s futureState) {
	f.loop.check()
	f.state = s
	cb, more := f.callback, f.more
	if cb == nil {
		return
	}
	f.callback, f.more = nil, nil
	f.schedule(cb)
	if more != nil {
		for _, cb := range *more {
			f.schedule(cb)
		}
	}
}

func (f *future) schedule(cb doneCallback) {
	if t, ok := cb.(*task); ok {
		f.loop.enqueue(&t.handle)
		return
	}
	f.loop.enqueue(&Handle{cb: &doneCall{cb, f}})
}

type doneCall struct {
	cb doneCallback
	f  *future
}

func (c *doneCall) run(*Loop) { c.cb.futureDone(c.f) }

// An outsider is a callback on behalf of another goroutine or loop, which waits for the future. It
// is called even if the loop is closed first, for the result is there.
type outsider interface {
	doneCallback
	outside()
}

// seal has a loop that is being closed take no more calls, and calls the outsiders of futures that
// were done when it stopped.
func (l *Loop) seal() {
	l.mu.Lock()
	l.shut, l.incoming = true, nil
	l.mu.Unlock()
	for i := range l.ready.n {
		h := l.ready.items[(l.ready.head+i)&(len(l.ready.items)-1)]
		if done, ok := h.cb.(*doneCall); ok {
			if o, ok := done.cb.(outsider); ok {
				o.futureDone(done.f)
			}
		}
	}
}

func (f *future) addCallback(cb doneCallback) {
	switch {
	case f.state != pending:
		f.schedule(cb)
	case f.callback == nil:
		f.callback = cb
	case f.more == nil:
		f.more = &[]doneCallback{cb}
	default:
		*f.more = append(*f.more, cb)
	}
}

// removeCallback removes a callback that has not been scheduled.
func (f *future) removeCallback(cb doneCallback) bool {
	i := -1
	if f.more != nil {
		i = slices.Index(*f.more, cb)
	}
	switch {
	case f.callback == cb && f.more != nil:
		f.callback = (*f.more)[0]
		i = 0
	case f.callback == cb:
		f.callback = nil
		return true
	case i < 0:
		return false
	}
	if *f.more = slices.Delete(*f.more, i, i+1); len(*f.more) == 0 {
		f.more = nil
	}
	return true
}

// watchFailure is called when f has failed. It has the error reported if f becomes
// garbage, or its loop is closed, before anybody retrieves the error.
func (f *future) watchFailure() {
	l := f.loop
	kind := "error"
	if isPanic(f.err) {
		kind = "panic"
	}
	u := &unseen{error: f.err, what: kind + " of a future was never retrieved"}
	if t, ok := f.self.(AnyTask); ok {
		u.what = fmt.Sprintf("%s of task %q was never retrieved", kind, t.Name())
		if l.debug != nil {
			u.made = l.debug.whereMade(t.core())
		} else {
			u.made = t.core().runs()
		}
	}
	l.unseen.add(u)
	f.err = u
	u.cleanup = runtime.AddCleanup(f, func(u *unseen) {
		switch {
		case u.seen.Load():
		case l.CallSoonThreadsafe(func() { l.reportOne(u) }) != nil && u.take():
			unretrieved(u).log() // no loop is left whose handler could be called
		}
	}, u)
}

// retrieve returns the error that the future is done with, nil if it has a result. The
// caller deals with the error, so it will not be reported.
func (f *future) retrieve() error {
	if u, ok := f.err.(*unseen); ok {
		u.take()
		f.err = u.error
	}
	return f.err
}

// peek is retrieve for a caller that only looks: the error may still be reported.
func (f *future) peek() error {
	if u, ok := f.err.(*unseen); ok {
		return u.error
	}
	return f.err
}

// passOver drops the error, in the cases in which asyncio does. A panic is not dropped:
// it may still be reported.
func (f *future) passOver() {
	if !isPanic(f.peek()) {
		f.retrieve()
	}
}

// SetResult completes the future. It returns [ErrInvalidState] if the future was
// done. If the loop is closed, the callbacks of the future cannot be called: if there are
// any, SetResult returns [ErrClosed], but the future has its result.
func (f *Future[T]) SetResult(v T) error {
	if f.isTask {
		return ErrTaskResult
	}
	if f.loop.closed {
		return f.succeedDeaf(v)
	}
	return f.succeed(v)
}

//go:noinline
func (f *Future[T]) succeedDeaf(v T) error {
	deaf := f.deaf()
	return cmp.Or(f.succeed(v), deaf)
}

func (f *Future[T]) succeed(v T) error {
	if f.state != pending {
		return ErrInvalidState
	}
	f.settle(finished)
	f.result = v
	return nil
}

// Result returns the result, or the error that the future was completed with. The error
// is a [CancelledError] if the future was cancelled, and [ErrInvalidState] if it is not
// done.
func (f *Future[T]) Result() (T, error) {
	var zero T
	if f.state == pending {
		return zero, ErrInvalidState
	}
	if err := f.outcome(); err != nil {
		return zero, err
	}
	return f.result, nil
}

// AddDoneCallback has fn called on the loop soon after the future is done. remove takes
// that back and reports true; if the call was scheduled before, it reports false. On a
// closed loop, where fn would never be called, AddDoneCallback panics with [ErrClosed].
func (f *Future[T]) AddDoneCallback(fn func(*Future[T])) (remove func() bool) {
	f.loop.mustTake(fn == nil)
	cb := &userCallback[T]{f, fn}
	f.addCallback(cb)
	return func() bool {
		f.loop.check()
		return f.removeCallback(cb)
	}
}

// OnDone is [Future.AddDoneCallback] for a future or task of any type.
func OnDone(f AnyFuture, fn func()) (remove func() bool) {
	b := f.base()
	b.loop.mustTake(fn == nil)
	cb := &anyCallback{fn}
	b.addCallback(cb)
	return func() bool {
		b.loop.check()
		return b.removeCallback(cb)
	}
}

type anyCallback struct{ fn func() }

func (c *anyCallback) futureDone(*future) { c.fn() }

type userCallback[T any] struct {
	f  *Future[T]
	fn func(*Future[T])
}

func (c *userCallback[T]) futureDone(*future) { c.fn(c.f) }
