package loop

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
)

// String describes the future as Python's repr does (base_futures._future_repr).
// The result or error is cut to a hundred characters.
func (f *Future[T]) String() string {
	return f.repr(func() string { return "<Future " + f.describe(f.result) + ">" })
}

// String describes the task as Python's repr does (base_tasks._task_repr): its
// state, name and coroutine, and what it waits for. The result or error is cut to a
// hundred characters. It must be called on the goroutine of the loop.
//
//	<Task pending name='w' coro=main.worker at main.go:31 wait_for=<Queue.Get of queue 'jobs'>>
func (t *Task[T]) String() string {
	return t.repr(func() string {
		state := t.describe(t.result)
		if t.state != pending {
			return fmt.Sprintf("<Task %s name=%s>", state, quoted(t.Name()))
		}
		if t.cancelling > 0 {
			state = "cancelling"
		}
		s := fmt.Sprintf("<Task %s name=%s coro=%s", state, quoted(t.Name()), coroText(t.coro))
		if t.waiter != nil {
			s += " wait_for=<" + waitText(t.waiter.self) + ">"
		}
		return s + ">"
	})
}

// coroText describes a coroutine: its function and a place in it, and those of the
// coroutines that it delegates to.
func coroText(coro any) string {
	g, ok := coro.(interface{ Where() (string, string, int) })
	if !ok {
		return fmt.Sprintf("%T", coro)
	}
	s := placeText(g.Where())
	if d, ok := coro.(interface{ Delegate() any }); ok {
		if sub := d.Delegate(); sub != nil {
			s += " > " + coroText(sub)
		}
	}
	return s
}

// placeText describes a place in the program.
func placeText(function, file string, line int) string {
	s := function[strings.LastIndexByte(function, '/')+1:]
	if file != "" {
		s += fmt.Sprintf(" at %s:%d", filepath.Base(file), line)
	}
	return s
}

// An explainer is a future that can describe the wait of a task that awaits it.
type explainer interface {
	// explain returns the description, and the futures that will end the wait if it
	// knows them.
	explain() (what string, of []AnyFuture)
}

// waitText describes the wait of a task that awaits f.
func waitText(f AnyFuture) string {
	switch f := f.(type) {
	case explainer:
		what, _ := f.explain()
		return what
	case AnyTask:
		return "Task " + quoted(f.Name())
	}
	return "Future"
}

// count describes how many of fs are not done.
func count(fs []AnyFuture) string {
	n := 0
	for _, f := range fs {
		if !f.Done() {
			n++
		}
	}
	if n == len(fs) {
		return fmt.Sprintf("%d futures", n)
	}
	return fmt.Sprintf("%d of %d futures", n, len(fs))
}

// repr returns the result of describe. If describe calls repr of the same future, that
// inner call returns "...", or the recursion would not end (reprlib.recursive_repr).
func (f *future) repr(describe func() string) string {
	if !f.describing.CompareAndSwap(false, true) {
		return "..."
	}
	defer f.describing.Store(false)
	return describe()
}

func (f *future) describe(result any) string {
	switch {
	case f.state == pending:
		return "pending"
	case f.state == cancelled:
		return "cancelled"
	case f.err != nil:
		return "finished exception=" + short(f.err)
	}
	return "finished result=" + short(result)
}

// String says whether the loop is running, and how much there is to do. It must be
// called on the goroutine of the loop, or while the loop does not run.
//
//	<Loop running, 3 tasks, 0 ready handles, 2 timers>
func (l *Loop) String() string {
	if l.closed {
		return object("Loop", "", "closed")
	}
	tasks := 0
	for t := l.tasks.first; t != nil; t = t.next {
		tasks++
	}
	state := "not running"
	if l.running {
		state = "running"
	}
	return object("Loop", "", state, amount(tasks, "task"), amount(l.ready.n, "ready handle"),
		amount(len(l.timers.heap)-l.timers.cancelled, "timer"))
}

// String names the callback and the place where it is written, or says that the handle
// was cancelled. It
// must be called on the goroutine of the loop.
//
//	<Handle main.main.func1 at main.go:13>
func (h *Handle) String() string { return object("Handle", "", h.callbackText()) }

// String is [Handle.String] with the time on the loop's clock at which the callback is
// due.
//
//	<TimerHandle main.main.func1 at main.go:13, due at 1s>
func (h *TimerHandle) String() string {
	return object("TimerHandle", "", h.callbackText(), "due at "+h.when.String())
}

func (h *Handle) callbackText() string {
	var fn func()
	switch cb := h.cb.(type) {
	case funcCallback:
		fn = cb
	case *checkedCallback:
		fn = cb.fn
	default:
		if h.cancelled {
			return "cancelled"
		}
		return ""
	}
	f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
	file, line := f.FileLine(f.Entry())
	return placeText(f.Name(), file, line)
}
