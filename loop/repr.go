package loop

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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
	function, file, line := g.Where()
	s := function[strings.LastIndexByte(function, '/')+1:]
	if file != "" {
		s += fmt.Sprintf(" at %s:%d", filepath.Base(file), line)
	}
	if d, ok := coro.(interface{ Delegate() any }); ok {
		if sub := d.Delegate(); sub != nil {
			s += " > " + coroText(sub)
		}
	}
	return s
}

// An explainer is a future that says what a task which awaits it waits for.
type explainer interface {
	// explain returns that, and the futures that will end the wait, if it knows.
	explain() (what string, of []AnyFuture)
}

// waitText says what a task that awaits f waits for.
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

// count says how many of fs are not done.
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

// amount says how many there are of what noun names.
func amount(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// quoted returns s in single quotes, as Python's repr does.
func quoted(s string) string {
	if strings.ContainsAny(s, "'\\") || strings.ContainsFunc(s, unicode.IsControl) {
		return strconv.Quote(s)
	}
	return "'" + s + "'"
}

// repr returns what describe does, and within a call of describe, which would not
// end otherwise, "..." (reprlib.recursive_repr).
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

// short returns v as fmt.Sprint does, but on one line and cut to a hundred
// characters (reprlib.repr).
func short(v any) string {
	s, cut := fmt.Sprint(v), ""
	for i, n := 0, 0; i < len(s); n++ {
		if n == 100 {
			s, cut = s[:i], "..."
			break
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		s = strconv.Quote(s)
	}
	return s + cut
}

// enumString returns the name of the i-th value of an enumeration, and something
// like "TimeoutState(9)" if it has none.
func enumString(enum string, i int, names ...string) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", enum, i)
	}
	return names[i]
}
