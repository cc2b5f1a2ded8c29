package loop

import (
	"cmp"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"time"

	"coloop/coroutine"
)

// Debug is what the debug mode does (asyncio's, PYTHONASYNCIODEBUG). What it
// finds goes to the exception handler. It is switched on by [Loop.SetDebug], by the
// Debug of a [Runner], or for every loop by the environment variable COLOOP_DEBUG, if
// that is not empty:
//
//   - a step of a task, or a callback, that took Slow or longer, with the place
//     at which the task was suspended in the end
//   - a task pending when the loop is closed, with the place at which it was made
//   - a coroutine of NewCoroutine that was never awaited, once the loop is
//     closed, with the place at which it was made
//
// Whatever schedules something (CallSoon, Go, SetResult, Cancel, Event.Set and so on)
// panics with [ErrWrongGoroutine] on another goroutine than the running loop's.
//
// On SIGQUIT (Ctrl-\) the tasks of the loop are written to standard error, as [Dump]
// does, before Go's own stacks, unless a loop has a handler for SIGQUIT.
type Debug struct {
	Slow time.Duration // 100 ms if it is 0 (loop.slow_callback_duration)

	// Watchdog reports a step that blocks the loop while it does, unless the loop has
	// another watchdog already. A negative Limit switches it off.
	Watchdog Watchdog
}

// SetDebug switches the debug mode on, or with nil off (loop.set_debug). It is
// complete for tasks made from then on.
func (l *Loop) SetDebug(d *Debug) {
	l.stacks.Trace = d != nil
	l.inbox.Add(1) // see enqueue
	if l.debug != nil {
		l.debug.end()
		l.debug = nil
	}
	l.inspected = d != nil || l.watch != nil
	if d == nil {
		return
	}
	mode := &debugging{loop: l, slow: cmp.Or(d.Slow, 100*time.Millisecond), quit: l.dumpOnQuit()}
	l.debug = mode
	if l.watch == nil {
		l.SetWatchdog(&d.Watchdog)
		mode.watch = l.watch
	}
}

// end takes back what switching the mode on began.
func (d *debugging) end() {
	d.quit.stop()
	if d.watch != nil && d.watch == d.loop.watch {
		d.loop.SetWatchdog(nil)
	}
}

// Debugging reports whether the loop is in debug mode (loop.get_debug).
func (l *Loop) Debugging() bool { return l.debug != nil }

type debugging struct {
	quit       *quitting
	watch      watching // the watchdog that the mode has brought; nil if it has not
	loop       *Loop
	slow       time.Duration
	coroutines []unstarted
	sweepAt    int // the length of coroutines at which to look which have started
}

func (d *debugging) onLoop() {
	if d.loop.running && !d.loop.OnLoop() {
		panic(ErrWrongGoroutine)
	}
}

// run runs a handle and reports it if that took long.
func (d *debugging) run(h *Handle) {
	l := d.loop
	start, cb := l.Time(), h.cb // which may cancel its handle
	cb.run(l)
	took := l.Time() - start
	if took < d.slow {
		return
	}
	c := ExceptionContext{Message: fmt.Sprintf("%s took %v", describe(cb), took)}
	if t, ok := cb.(*task); ok {
		c.Task = t.fut.self.(AnyTask)
		c.Frames = t.Stack()
	}
	l.CallExceptionHandler(c)
}

func describe(cb callback) string {
	switch cb := cb.(type) {
	case *task:
		return "step of " + cb.Name()
	case funcCallback:
		return "callback " + funcName(cb)
	case *checkedCallback:
		return "callback " + funcName(cb.fn)
	case *readyCall:
		return "callback " + funcName(cb.fn)
	}
	return fmt.Sprintf("callback of %T", cb)
}

func funcName(fn any) string { return runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name() }

// NewCoroutine makes a coroutine object of fn, for CreateTask, From or
// coroutine.YieldFrom: a generator that will run on a stack of the loop. It can be
// awaited once. In debug mode one that is never started is reported.
func NewCoroutine[T any, W Where](w W, fn func(*Yielder) (T, error)) *coroutine.Generator[any, any, T] {
	l := loopOf(w)
	g := coroutine.NewCoroutine(&l.stacks, fn)
	if l.debug != nil {
		l.debug.coroutineMade(g, funcName(fn))
	}
	return g
}

// unstarted is a coroutine that had not been started when it was last checked.
type unstarted struct {
	object interface{ State() coroutine.State }
	name   string
	made   []uintptr
}

func (u unstarted) started() bool { return u.object.State() != coroutine.Created }

// coroutineMade notes who makes a coroutine object.
func (d *debugging) coroutineMade(g interface{ State() coroutine.State }, name string) {
	d.onLoop()
	if len(d.coroutines) >= d.sweepAt {
		d.coroutines = slices.DeleteFunc(d.coroutines, unstarted.started)
		d.sweepAt = max(64, 2*len(d.coroutines))
	}
	d.coroutines = append(d.coroutines, unstarted{g, name, calls(3)})
}

// calls returns the calls under way, without the innermost.
func calls(skip int) []uintptr {
	pcs := make([]uintptr, 32)
	return pcs[:runtime.Callers(skip+1, pcs)]
}

// made notes who makes a task.
func (d *debugging) made(t *task) {
	d.onLoop()
	n := t.note()
	n.made = calls(3)
	t.notes.Store(&n)
}

func (d *debugging) whereMade(t *task) []runtime.Frame {
	if made := t.note().made; len(made) > 0 {
		return frames(made)
	}
	return nil
}

func frames(pcs []uintptr) (all []runtime.Frame) {
	for frames := runtime.CallersFrames(pcs); ; {
		f, more := frames.Next()
		all = append(all, f)
		if !more {
			return all
		}
	}
}

// pending reports a task that the closed loop abandons.
func (d *debugging) pending(t *task) {
	d.loop.CallExceptionHandler(ExceptionContext{
		Message: "task was pending when its loop was closed",
		Task:    t.fut.self.(AnyTask), Frames: d.whereMade(t)})
}

// close reports what nobody can ask for any more.
func (d *debugging) close() {
	defer d.end()
	for _, u := range d.coroutines {
		if !u.started() {
			d.loop.CallExceptionHandler(ExceptionContext{
				Message: "coroutine " + u.name + " was never awaited", Frames: frames(u.made)})
		}
	}
}
