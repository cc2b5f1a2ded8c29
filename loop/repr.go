package loop

import (
	"fmt"
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

// String describes the task as Python's repr does (base_tasks._task_repr). The
// result or error is cut to a hundred characters.
func (t *Task[T]) String() string {
	return t.repr(func() string {
		state := t.describe(t.result)
		if t.state == pending && t.cancelling > 0 {
			state = "cancelling"
		}
		return fmt.Sprintf("<Task %s name=%q>", state, t.Name())
	})
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
