package loop

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"coloop/coroutine"
)

// A Loop is an event loop (asyncio.BaseEventLoop).
type Loop struct {
	ready     ring[*Handle]
	timers    timers
	current   *task
	inbox     atomic.Int32 // not 0 if incoming is not empty, if tidyDue, or in debug mode
	turn      uint32       // the number of turns begun
	yielding  bool         // what current has yielded is being looked at
	stepPanic any          // of a step of Drive, until Drive takes it
	debug     inspection   // nil but in debug mode
	watch     watching     // nil without a watchdog
	inspected bool         // debug or watch is not nil

	system   System
	report   func(fd int, read, write, hangup bool) (enough bool)
	watchers []Watcher // by descriptor number
	patience int       // how many turns may go by without asking for events
	unpolled int       // how many of the patience are left
	waits    uint      // counts the waits for events
	crowd    bool      // the last look found many events
	retire   func()    // undoes Adopt of the running goroutine
	leave    func()    // undoes Adopt of the system's goroutine

	tasks       taskList
	made        int // how many tasks got no name from the program
	stacks      coroutine.Pool
	unseen      unseenErrors
	onException func(*Loop, ExceptionContext)
	reporting   bool // onException is being called
	onTask      func(AnyTask)
	onGoexit    func(AnyTask)
	atClose     []func()
	eager       bool
	running     bool
	stopping    bool
	closed      bool
	gone        chan struct{} // closed with the loop

	// The files above this one keep these with the loop.
	executor     any     // an *Executor
	signals      any     // a signalHandlers
	freeSleepers trimmer // a *freeList[sleeper]
	freeParked   trimmer // a *freeList[parked]

	ran     bool        // something has run since the loop was tidied
	tidying bool        // the tidier is set
	tidyNow bool        // the tidier has gone off
	tidier  *time.Timer // nil until it is needed

	mu       sync.Mutex
	incoming []*Handle // from other goroutines
	shut     bool      // nothing more comes into incoming
	tidyDue  bool
	lost     map[any]func() // see callFrom
}

// inspection is what debug mode adds; see [Debug].
type inspection interface {
	onLoop()     // panics on a wrong goroutine
	run(*Handle) // runs a handle
	made(*task)
	whereMade(*task) []runtime.Frame
	coroutineMade(g interface{ State() coroutine.State }, name string)
	pending(*task) // when its loop is closed
	close()        // when its loop is closed
	end()          // when debug mode is switched off
}

// watching is what a watchdog adds; see [Watchdog].
type watching interface {
	begin()     // the loop is about to run, or to be closed, on the calling goroutine
	step(*task) // a step of a task begins; of a callback if the task is nil
	idle()      // no step is under way any more
	end()       // the loop has been closed, or the watchdog is switched off
}

// NewOn returns a loop on s. [Loop.Close] closes s.
func NewOn(s System) *Loop {
	return &Loop{system: s, patience: s.Patience(), gone: make(chan struct{})}
}

// System returns the [System] that the loop runs on.
func (l *Loop) System() System { return l.system }

// Time returns the time on the loop's clock, which starts at 0 and does not go
// back (loop.time).
func (l *Loop) Time() time.Duration { return l.system.Now() }

// CallSoon has fn called in the next turn of the loop, after all callbacks that
// are scheduled already (loop.call_soon). On a closed loop it panics with [ErrClosed].
func (l *Loop) CallSoon(fn func()) *Handle {
	l.mustTake(fn == nil)
	h := &Handle{cb: l.callback(fn)}
	l.enqueue(h)
	return h
}

// CallLater has fn called once d has passed (loop.call_later). On a closed loop it
// panics with [ErrClosed].
func (l *Loop) CallLater(d time.Duration, fn func()) *TimerHandle {
	return l.CallAt(l.after(d), fn)
}

// CallAt has fn called once the loop's clock shows when (loop.call_at). Timers
// of equal time run in the order that CPython's heap gives them. On a closed loop
// it panics with [ErrClosed].
func (l *Loop) CallAt(when time.Duration, fn func()) *TimerHandle {
	l.mustTake(fn == nil)
	h := &TimerHandle{Handle: Handle{cb: l.callback(fn)}}
	l.timers.schedule(h, when)
	return h
}

// check panics in debug mode if it is called on a wrong goroutine.
func (l *Loop) check() {
	if l.debug != nil {
		l.debug.onLoop()
	}
}

// Closed reports whether the loop is closed, or being closed (loop.is_closed). Then
// it takes no callbacks: [Loop.CallSoon] and the like would panic. It belongs to the
// goroutine of the loop; [Loop.CallSoonThreadsafe] says it on others.
func (l *Loop) Closed() bool { return l.closed }

// isClosed reports whether [Loop.Close] has ended. It may be called on any goroutine.
func (l *Loop) isClosed() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

// mustTake panics if the loop cannot take a callback now: it is closed, or the
// callback is nil, or in debug mode this is a wrong goroutine.
func (l *Loop) mustTake(isNil bool) {
	switch {
	case l.closed:
		panic(ErrClosed)
	case isNil:
		panic(errNilCallback)
	}
	l.check()
}

var errNilCallback = errors.New("the callback is nil")

// callback wraps fn for a Handle.
func (l *Loop) callback(fn func()) callback {
	if l.debug != nil {
		return &checkedCallback{fn, l}
	}
	return funcCallback(fn)
}

// after returns the time at which d will have passed; forever if the clock cannot show
// that.
func (l *Loop) after(d time.Duration) time.Duration { return addTime(l.Time(), d) }

// enqueue puts h at the end of the ready queue, behind all handles that other
// goroutines have scheduled before.
func (l *Loop) enqueue(h *Handle) {
	if l.inbox.Load() != 0 {
		l.attend()
	}
	l.ready.put(h)
}

//go:noinline
func (l *Loop) attend() {
	l.check()
	l.receive()
}

// CallSoonThreadsafe is CallSoon for any goroutine; it wakes the loop. Once the
// loop is closed it returns [ErrClosed], and fn is not called.
func (l *Loop) CallSoonThreadsafe(fn func()) error {
	if fn == nil {
		return fmt.Errorf("call soon from another goroutine: %w", errNilCallback)
	}
	return l.callFrom(nil, fn, nil)
}

// callFrom is CallSoonThreadsafe. If key is not nil, and the loop is closed before
// forget(key), Close calls lost.
func (l *Loop) callFrom(key any, fn, lost func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shut {
		return ErrClosed
	}
	if key != nil {
		if l.lost == nil {
			l.lost = make(map[any]func())
		}
		l.lost[key] = lost
	}
	l.incoming = append(l.incoming, &Handle{cb: funcCallback(fn)})
	l.inbox.Add(1)
	l.system.Wake()
	return nil
}

func (l *Loop) forget(key any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.lost, key)
}

// receive moves the handles that other goroutines have scheduled to the ready queue.
func (l *Loop) receive() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, h := range l.incoming {
		l.ready.put(h)
		l.incoming[i] = nil
	}
	l.incoming = l.incoming[:0]
	l.inbox.Store(0)
	if l.debug != nil {
		l.inbox.Store(1)
	}
	l.tidyNow = l.tidyNow || l.tidyDue
	l.tidyDue = false
}

// OnLoop reports whether the calling goroutine is the one that runs the loop,
// or a coroutine of one of its tasks. It may be called on any goroutine.
func (l *Loop) OnLoop() bool { return l.stacks.Owns() }

// Stop makes the loop return when the turn under way is over (loop.stop).
func (l *Loop) Stop() {
	l.check()
	l.stopping = true
}

// An ExceptionContext tells an exception handler what went wrong
// (loop.call_exception_handler).
type ExceptionContext struct {
	Message   string
	Exception error           // a *coroutine.PanicError for a panic; nil for a warning
	Task      AnyTask         // the task concerned; nil if there is none, or if it is garbage
	Frames    []runtime.Frame // in debug mode the calls concerned; else the function of the task

	// Unretrieved says that nobody has asked for the Exception: the future is
	// garbage, or the loop is closed.
	Unretrieved bool
}

// SetExceptionHandler has errors that nobody else can see reported to fn,
// instead of to slog.
func (l *Loop) SetExceptionHandler(fn func(*Loop, ExceptionContext)) { l.onException = fn }

// ExceptionHandler returns the handler that [Loop.SetExceptionHandler] has set; nil if
// there is none (loop.get_exception_handler).
func (l *Loop) ExceptionHandler() func(*Loop, ExceptionContext) { return l.onException }

// CallExceptionHandler reports an error that nobody else can see to the exception
// handler, or to slog if there is none. Called by the handler itself, it reports to slog,
// so a handler can hand on the reports that it does not want
// (loop.default_exception_handler). If the handler panics,
// the panic and the report both go to slog.
func (l *Loop) CallExceptionHandler(c ExceptionContext) {
	if l.onException == nil || l.reporting {
		c.log()
		return
	}
	l.reporting = true
	defer func() {
		l.reporting = false
		if r := recover(); r != nil {
			ExceptionContext{Message: "panic in the exception handler", Exception: panicError(r)}.log()
			c.log()
		}
	}()
	l.onException(l, c)
}

// log writes a report to slog.
func (c ExceptionContext) log() {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(os.Stderr, "panic in the logger: %v, while logging: %s: %v\n", r, c.Message, c.Exception)
		}
	}()
	var attrs []any
	p, panicked := c.Exception.(*coroutine.PanicError)
	switch {
	case panicked:
		attrs = append(attrs, "error", p.Error()) // slog would print the stack as part of p
	case c.Exception != nil:
		attrs = append(attrs, "error", c.Exception)
	}
	if c.Task != nil {
		attrs = append(attrs, "task", c.Task.Name())
	}
	if at := c.at(); at != "" {
		attrs = append(attrs, "at", at)
	}
	if panicked {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	slog.Error(c.Message, attrs...)
}

// at is the place in the user's program that a report concerns.
func (c ExceptionContext) at() string {
	for _, f := range c.Frames {
		if !strings.HasPrefix(f.Function, "coloop/loop.") {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
	}
	return ""
}

// SetTaskObserver has fn called with every task made from now on, before the first
// step of the task; it stands in the place of Python's task factory. A nil fn removes
// the observer. If fn panics, the task is not made, and its maker gets the panic.
func (l *Loop) SetTaskObserver(fn func(AnyTask)) { l.onTask = fn }

// SetGoexitHandler has fn called, outside of any task, when a task ends with
// runtime.Goexit, as testing's FailNow does. A nil fn removes the handler. It is for
// packages that run tests; anybody else sees that the task has failed with
// [coroutine.ErrGoexit].
func (l *Loop) SetGoexitHandler(fn func(AnyTask)) { l.onGoexit = fn }

// CurrentTask returns the running task (asyncio.current_task); nil in a callback.
func (l *Loop) CurrentTask() AnyTask {
	if l.current == nil {
		return nil
	}
	return l.current.fut.self.(AnyTask)
}

// AllTasks returns the tasks that are not done, oldest first (asyncio.all_tasks).
func (l *Loop) AllTasks() []AnyTask {
	var all []AnyTask
	for t := l.tasks.first; t != nil; t = t.next {
		all = append(all, t.fut.self.(AnyTask))
	}
	return all
}

// Close ends the loop: pending tasks are closed (GeneratorExit is thrown into
// their coroutines), the executor is shut down without waiting, watchers and
// stacks are released, and errors that nobody has asked for are reported. It
// returns [ErrRunning] if the loop is running.
func (l *Loop) Close() (err error) {
	if l.running {
		return ErrRunning
	}
	if l.closed {
		return nil
	}
	l.closed = true
	if l.watch != nil {
		l.watch.begin()
		defer l.watch.end()
		l.watch.step(nil)
	}
	// Deferred, because a hook of the user's may call runtime.Goexit.
	defer func() { err = l.release() }()
	defer l.reportUnseen()
	if l.tidier != nil {
		l.tidier.Stop()
	}
	for _, fn := range l.atClose {
		fn()
	}
	l.seal()
	for t := l.tasks.first; t != nil; t = l.tasks.first {
		if l.debug != nil {
			l.debug.pending(t)
		}
		if l.watch != nil {
			l.watch.step(t)
		}
		t.abandon()
		if l.watch != nil {
			l.watch.step(nil)
		}
	}
	if l.debug != nil {
		l.debug.close()
	}
	return nil
}

// reportUnseen reports the errors that nobody has retrieved, oldest first.
func (l *Loop) reportUnseen() {
	for _, u := range l.unseen.oldestFirst() {
		l.reportOne(u)
	}
}

func (l *Loop) reportOne(u *unseen) {
	if u.take() {
		l.CallExceptionHandler(unretrieved(u))
	}
}

func unretrieved(u *unseen) ExceptionContext {
	return ExceptionContext{Message: u.what, Exception: u.error, Frames: u.made, Unretrieved: true}
}

// release gives up everything that the loop holds.
func (l *Loop) release() error {
	l.ready = ring[*Handle]{}
	l.timers.clear()
	l.stacks.Close()
	close(l.gone)
	for _, lost := range l.lost { // nothing comes into it any more
		lost()
	}
	l.lost = nil
	for _, w := range l.watchers {
		if w != nil {
			_ = w.Close() // there is nobody left to tell
		}
	}
	l.watchers = nil
	if l.leave != nil {
		l.leave()
	}
	return l.system.Close()
}

// abandon ends a task because its loop is closed. That it says so is no error that
// anybody must be told of.
func (t *task) abandon() {
	err := t.shut()
	t.end(err)
	switch {
	case err == coroutine.ErrIgnoredExit:
		t.fut.loop.CallExceptionHandler(ExceptionContext{
			Message: "task cannot be closed", Exception: t.fut.retrieve(), Task: t.fut.self.(AnyTask)})
	case coroutine.Every(err, func(err error) bool { return err == ErrClosed || err == coroutine.GeneratorExit }):
		t.fut.retrieve()
	}
}

// shut closes the coroutine of a task whose loop is closed, and returns what the task
// is to end with. A coroutine that yields in reply to GeneratorExit gets some more of
// them; a panic becomes the task's error, so that the other tasks are ended too.
func (t *task) shut() error {
	shut := t.fut.self.(typedTask).closeCoroutine
	err := recovered(shut)
	for n := 0; err == coroutine.ErrIgnoredExit && n < 100; n++ {
		err = recovered(shut)
	}
	return cmp.Or(err, ErrClosed)
}

// taskList is a list of tasks in the order of their creation.
type taskList struct{ first, last *task }

func (s *taskList) add(t *task) {
	t.prev = s.last
	if s.last == nil {
		s.first = t
	} else {
		s.last.next = t
	}
	s.last = t
}

func (s *taskList) remove(t *task) {
	if t.prev == nil {
		s.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		s.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
}
