package loop

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"
	"weak"

	"coloop/coroutine"
)

// Debug is what the debug mode does (asyncio's, PYTHONASYNCIODEBUG). What it
// finds goes to the exception handler:
//
//   - a step of a task, or a callback, that took Slow or longer, with the place
//     at which the task was suspended in the end
//   - a task whose error nobody has asked for, once it is garbage or the loop
//     is closed, with the place at which the task was made
//   - a task pending when the loop is closed, with the place at which it was made
//   - a coroutine of NewCoroutine that was never awaited, once the loop is
//     closed, with the place at which it was made
//
// CallSoon, CallAt, CallLater and whatever makes a task panic with
// ErrWrongGoroutine on another goroutine than the running loop's.
type Debug struct {
	Slow time.Duration // 100 ms if it is 0 (loop.slow_callback_duration)
}

// SetDebug switches the debug mode on, or with nil off (loop.set_debug). It is
// complete for tasks made from then on.
func (l *Loop) SetDebug(d *Debug) {
	l.stacks.Trace = d != nil
	if d == nil {
		l.debug = nil
		return
	}
	l.debug = &debugging{loop: l, slow: d.Slow, unseen: make(map[weak.Pointer[future]]failure)}
	if l.debug.slow == 0 {
		l.debug.slow = 100 * time.Millisecond
	}
}

// at is the place in the user's program that a report concerns.
func (c *ExceptionContext) at() string {
	for _, f := range c.Frames {
		if !strings.HasPrefix(f.Function, "coloop/loop.") {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
	}
	return ""
}

type debugging struct {
	loop       *Loop
	slow       time.Duration
	unseen     map[weak.Pointer[future]]failure
	coroutines []unstarted
	sweepAt    int // the length of coroutines at which to look which have started
}

// failure is the error of a future that nobody has asked for it.
type failure struct {
	err  error
	what string
	made []runtime.Frame
}

func (d *debugging) onLoop() {
	if d.loop.running && !d.loop.OnLoop() {
		panic(ErrWrongGoroutine)
	}
}

// run runs a handle and reports it if that took long.
func (d *debugging) run(h *Handle) {
	l := d.loop
	start := l.Time()
	h.cb.run(l)
	took := l.Time() - start
	if took < d.slow {
		return
	}
	c := ExceptionContext{Message: fmt.Sprintf("%s took %v", describe(h.cb), took)}
	if t, ok := h.cb.(*task); ok {
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
		return "callback " + runtime.FuncForPC(reflect.ValueOf(cb).Pointer()).Name()
	}
	return fmt.Sprintf("callback of %T", cb)
}

// NewCoroutine makes a coroutine object of fn, for CreateTask, From or
// coroutine.YieldFrom: a generator that will run on a stack of the loop. In debug
// mode one that is never started is reported.
func NewCoroutine[T any](l *Loop, fn func(*Yielder) (T, error)) *coroutine.Generator[any, any, T] {
	g := coroutine.NewIn(&l.stacks, fn)
	if l.debug != nil {
		l.debug.coroutine(g, runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name())
	}
	return g
}

// unstarted is a coroutine that was when it was last looked at.
type unstarted struct {
	object interface{ State() coroutine.State }
	name   string
	made   []uintptr
}

func (u unstarted) started() bool { return u.object.State() != coroutine.Created }

// coroutine notes who makes a coroutine object.
func (d *debugging) coroutine(g interface{ State() coroutine.State }, name string) {
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
	t.note().made = calls(3)
}

func (t *task) whereMade() []runtime.Frame {
	if t.notes == nil || len(t.notes.made) == 0 {
		return nil
	}
	return frames(t.notes.made)
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
		Task:    t.fut.self.(AnyTask), Frames: t.whereMade()})
}

// failed remembers the error of f until somebody asks for it.
func (d *debugging) failed(f *future) {
	if f.err == ErrClosed || errors.Is(f.err, coroutine.GeneratorExit) {
		return // of a task abandoned
	}
	what := "error of a future was never retrieved"
	var made []runtime.Frame
	if t, ok := f.self.(AnyTask); ok {
		what = "error of " + t.Name() + " was never retrieved"
		made = t.core().whereMade()
	}
	key := weak.Make(f)
	d.unseen[key] = failure{f.err, what, made}
	runtime.AddCleanup(f, func(key weak.Pointer[future]) {
		_ = d.loop.CallSoonThreadsafe(func() { d.report(key) }) // a closed loop has reported it
	}, key)
}

func (d *debugging) retrieved(f *future) { delete(d.unseen, weak.Make(f)) }

func (d *debugging) report(key weak.Pointer[future]) {
	f, ok := d.unseen[key]
	if !ok {
		return
	}
	delete(d.unseen, key)
	d.loop.CallExceptionHandler(ExceptionContext{Message: f.what, Exception: f.err, Frames: f.made})
}

// close reports what nobody can ask for any more.
func (d *debugging) close() {
	for key := range d.unseen {
		d.report(key)
	}
	for _, u := range d.coroutines {
		if !u.started() {
			d.loop.CallExceptionHandler(ExceptionContext{
				Message: "coroutine " + u.name + " was never awaited", Frames: frames(u.made)})
		}
	}
}
