// Package loop is asyncio's event loop: a single goroutine that runs callbacks
// and steps tasks in turn, and waits for timers and sockets when none is ready.
// Order is asyncio's, as of CPython 3.13, step for step.
//
// Everything of a loop (its handles, futures, tasks, connections) belongs to
// the goroutine that runs it and to the coroutines that this switches to, of
// which one runs at a time. What may be used on other goroutines says so;
// CallSoonThreadsafe is the way in.
package loop

import (
	"log/slog"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"coloop/coroutine"
)

// A Loop is an event loop (asyncio.BaseEventLoop).
type Loop struct {
	ready           fifo[*Handle]
	timers          []*TimerHandle // a heap
	timersCancelled int            // of them
	timersMissed    int            // see dropCancelledTimers
	turn            uint32         // counts them, for descriptors
	unpolled        int            // turns that may go by without asking for events
	poller          poller
	current         *task
	tasks           taskList
	sleepers        *sleeper  // free ones
	waitNodes       *waitNode // likewise
	stacks          coroutine.Pool
	executor        *Executor
	outstanding     int // jobs given to other goroutines
	named           int // tasks given a name
	onException     func(*Loop, ExceptionContext)
	onTask          func(AnyTask)
	signals         map[os.Signal]*signalHandler
	debug           *debugging // nil but in debug mode
	eager           bool
	running         bool
	stopping        bool
	closed          bool
	gone            chan struct{} // closed with the loop

	mu       sync.Mutex
	incoming []*Handle // from other goroutines; nil and refused when shut
	shut     bool
	pendingN atomic.Int32 // len(incoming)
}

// forever is a time that never comes.
const forever = time.Duration(math.MaxInt64)

// A poller tells the time and waits for descriptors (asyncio's selector).
type poller interface {
	// now is the time on the loop's clock.
	now() time.Duration
	// poll hands what has become ready to the loop's ready queue. If nothing
	// has, it waits for that, for wake, or until the given time; not at all if
	// that time has come. ErrIdle means that it would wait for ever.
	poll(until time.Duration) error
	// wake ends a poll that waits. It may be called on any goroutine.
	wake()
	// add has d told of readiness of its descriptor until remove.
	add(d *descriptor) error
	remove(d *descriptor)
	close() error
}

// New returns a loop on the system's clock and poller. It must be closed.
func New() (*Loop, error) {
	l := &Loop{gone: make(chan struct{})}
	p, err := newNetPoller(l)
	if err != nil {
		return nil, err
	}
	l.poller = p
	return l, nil
}

// Time returns the time on the loop's clock, which starts at 0 and does not go
// back (loop.time).
func (l *Loop) Time() time.Duration { return l.poller.now() }

// CallSoon has fn called in the next turn of the loop, after what is scheduled
// already (loop.call_soon).
func (l *Loop) CallSoon(fn func()) *Handle {
	if l.debug != nil {
		l.debug.onLoop()
	}
	h := &Handle{cb: funcCallback(fn)}
	l.ready.put(h)
	return h
}

// CallLater has fn called once d has passed (loop.call_later).
func (l *Loop) CallLater(d time.Duration, fn func()) *TimerHandle {
	return l.CallAt(l.after(d), fn)
}

// after is the time at which d will have passed, forever for more than there is.
func (l *Loop) after(d time.Duration) time.Duration {
	t := l.Time() + d
	if d > 0 && t < 0 {
		return forever
	}
	return t
}

// CallAt has fn called once the loop's clock shows when (loop.call_at). Timers
// of equal time run in the order that CPython's heap gives them.
func (l *Loop) CallAt(when time.Duration, fn func()) *TimerHandle {
	if l.debug != nil {
		l.debug.onLoop()
	}
	h := &TimerHandle{Handle: Handle{cb: funcCallback(fn)}, loop: l}
	l.schedule(h, when)
	return h
}

func (l *Loop) schedule(h *TimerHandle, when time.Duration) {
	h.when, h.scheduled = when, true
	l.timers = heapPush(l.timers, h, earlier)
}

func earlier(a, b *TimerHandle) bool { return a.when < b.when }

// CallSoonThreadsafe is CallSoon for other goroutines; it wakes the loop. Once
// the loop is closed it returns ErrClosed, and fn is not called.
func (l *Loop) CallSoonThreadsafe(fn func()) error {
	l.mu.Lock()
	if l.shut {
		l.mu.Unlock()
		return ErrClosed
	}
	l.incoming = append(l.incoming, &Handle{cb: funcCallback(fn)})
	l.pendingN.Store(int32(len(l.incoming)))
	l.poller.wake()
	l.mu.Unlock()
	return nil
}

// receive takes over what other goroutines have scheduled.
func (l *Loop) receive() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, h := range l.incoming {
		l.ready.put(h)
		l.incoming[i] = nil
	}
	l.incoming = l.incoming[:0]
	l.pendingN.Store(0)
}

// OnLoop reports whether the calling goroutine is the one that runs the loop,
// or a coroutine of one of its tasks. It may be called on any goroutine.
func (l *Loop) OnLoop() bool { return l.stacks.Owns() }

// Stop makes the loop return when the turn under way is over (loop.stop).
func (l *Loop) Stop() { l.stopping = true }

// RunForever runs the loop until Stop is called (loop.run_forever). It returns
// ErrIdle if that cannot happen any more, which only a virtual clock can tell.
func (l *Loop) RunForever() error {
	switch {
	case l.closed:
		return ErrClosed
	case l.running:
		return ErrRunning
	}
	l.running, l.unpolled = true, 0
	release := l.stacks.Adopt()
	defer func() {
		l.running, l.stopping = false, false
		release()
	}()
	for {
		if err := l.runOnce(); err != nil {
			return err
		}
		if l.stopping {
			return nil
		}
	}
}

// runOnce is one turn of the loop (BaseEventLoop._run_once): wait for I/O and
// timers, as long as nothing is ready, then run what is.
func (l *Loop) runOnce() error {
	l.dropCancelledTimers()
	until := forever
	switch {
	case l.ready.n > 0 || l.stopping:
		until = 0
	case len(l.timers) > 0:
		until = max(0, l.timers[0].when)
	}
	if err := l.poller.poll(until); err != nil {
		return err
	}
	if l.pendingN.Load() > 0 {
		l.receive()
	}
	if len(l.timers) > 0 {
		for now := l.poller.now(); len(l.timers) > 0 && l.timers[0].when <= now; {
			h := l.popTimer()
			if h.cancelled {
				l.timersMissed++
			}
			l.ready.put(&h.Handle)
		}
	}
	// This is the only place where callbacks are called. What they schedule
	// waits for the next turn, so that I/O is never starved.
	for n := l.ready.n; n > 0; {
		n = l.runReady(n)
	}
	return nil
}

// runReady runs n handles, or fewer if one panics, and returns how many are left.
func (l *Loop) runReady(n int) (left int) {
	left = n
	defer func() {
		if r := recover(); r != nil {
			l.panicked(r)
		}
	}()
	for left > 0 {
		left--
		h := l.ready.get()
		if !h.cancelled {
			if l.debug != nil {
				l.debug.run(h)
			} else {
				h.cb.run(l)
			}
		} else if s, ok := h.cb.(*sleeper); ok {
			l.putSleeper(s)
		}
	}
	return left
}

func (l *Loop) popTimer() *TimerHandle {
	var h *TimerHandle
	l.timers, h = heapPop(l.timers, earlier)
	h.scheduled = false
	if h.cancelled {
		l.timersCancelled--
	}
	return h
}

// dropCancelledTimers removes cancelled timers from the top of the heap, or all
// of them where they are the majority of more than a hundred.
//
// CPython goes on counting the cancelled timers that came due together with
// others. That decides when the heap is built anew, and so the order of timers
// of equal time; timersMissed are the ones so counted.
func (l *Loop) dropCancelledTimers() {
	if l.timersCancelled+l.timersMissed == 0 {
		return
	}
	if n := len(l.timers); n > 100 && 2*(l.timersCancelled+l.timersMissed) > n {
		kept := l.timers[:0]
		for _, h := range l.timers {
			if h.cancelled {
				l.dropTimer(h)
			} else {
				kept = append(kept, h)
			}
		}
		clear(l.timers[len(kept):])
		l.timers = kept
		heapify(l.timers, earlier)
		l.timersCancelled, l.timersMissed = 0, 0
		return
	}
	for len(l.timers) > 0 && l.timers[0].cancelled {
		l.dropTimer(l.popTimer())
	}
}

func (l *Loop) dropTimer(h *TimerHandle) {
	h.scheduled = false
	if s, ok := h.cb.(*sleeper); ok {
		l.putSleeper(s)
	}
}

// panicked deals with a panic of a callback: in a task it becomes the task's
// error, elsewhere it goes to the exception handler.
func (l *Loop) panicked(r any) {
	p := panicError(r)
	if t := l.current; t != nil {
		l.current = nil
		t.end(p)
		return
	}
	l.CallExceptionHandler(ExceptionContext{Message: "panic in callback", Exception: p})
}

// panicError makes what was recovered an error, with the stack it came from.
func panicError(r any) *coroutine.PanicError {
	p, ok := r.(*coroutine.PanicError)
	if !ok {
		p = &coroutine.PanicError{Value: r, Stack: debug.Stack()}
	}
	return p
}

// An ExceptionContext tells an exception handler what went wrong
// (loop.call_exception_handler).
type ExceptionContext struct {
	Message   string
	Exception error           // a *coroutine.PanicError for a panic; nil for a warning
	Task      AnyTask         // if it concerns one
	Frames    []runtime.Frame // the calls it concerns, in debug mode
}

// SetExceptionHandler has errors that nobody else can see reported to fn,
// instead of to slog.
func (l *Loop) SetExceptionHandler(fn func(*Loop, ExceptionContext)) { l.onException = fn }

// CallExceptionHandler reports an error that nobody else can see.
func (l *Loop) CallExceptionHandler(c ExceptionContext) {
	if l.onException == nil {
		attrs := []any{"error", c.Exception}
		if c.Task != nil {
			attrs = append(attrs, "task", c.Task.Name())
		}
		if at := c.at(); at != "" {
			attrs = append(attrs, "at", at)
		}
		slog.Error(c.Message, attrs...)
		return
	}
	defer func() {
		if r := recover(); r != nil {
			slog.Error("panic in exception handler", "panic", r, "message", c.Message, "error", c.Exception)
		}
	}()
	l.onException(l, c)
}

// SetTaskObserver has fn called with every task made from now on, before its
// first step, nil for none; it is where Python has a task factory.
func (l *Loop) SetTaskObserver(fn func(AnyTask)) { l.onTask = fn }

// Running returns the loop whose task runs the coroutine of y
// (asyncio.get_running_loop); nil if none does.
func Running(y *Yielder) *Loop {
	t, err := taskOf(y)
	if err != nil {
		return nil
	}
	return t.fut.loop
}

// CurrentTask returns the task that runs, nil in a callback.
func (l *Loop) CurrentTask() AnyTask {
	if l.current == nil {
		return nil
	}
	return l.current.fut.self.(AnyTask)
}

// AllTasks returns the tasks that are not done, oldest first.
func (l *Loop) AllTasks() []AnyTask {
	var all []AnyTask
	for t := l.tasks.first; t != nil; t = t.next {
		all = append(all, t.fut.self.(AnyTask))
	}
	return all
}

// Stats returns the number of ready handles, of timers, and of those among them
// that were cancelled.
func (l *Loop) Stats() (ready, timers, cancelled int) {
	return l.ready.n, len(l.timers), l.timersCancelled
}

// Close ends the loop: pending tasks are closed (GeneratorExit is thrown into
// their coroutines), the executor is shut down without waiting, descriptors and
// stacks are released. It returns ErrRunning if the loop is running.
func (l *Loop) Close() error {
	if l.running {
		return ErrRunning
	}
	if l.closed {
		return nil
	}
	l.closed = true
	for sig := range l.signals {
		l.RemoveSignalHandler(sig)
	}
	l.mu.Lock()
	l.shut, l.incoming = true, nil
	l.mu.Unlock()
	for t := l.tasks.first; t != nil; t = l.tasks.first {
		if l.debug != nil {
			l.debug.pending(t)
		}
		t.abandon()
	}
	if l.debug != nil {
		l.debug.close()
	}
	if l.executor != nil {
		l.executor.Shutdown(false)
	}
	for _, h := range l.timers {
		h.scheduled = false
	}
	l.ready, l.timers, l.timersCancelled = fifo[*Handle]{}, nil, 0
	l.stacks.Close()
	close(l.gone)
	return l.poller.close()
}
