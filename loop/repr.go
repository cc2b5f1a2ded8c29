package loop

import "fmt"

// String describes the future as Python's repr does (base_futures._future_repr_info).
func (f *Future[T]) String() string { return "<Future " + f.describe(f.result) + ">" }

// String describes the task as Python's repr does (base_tasks._task_repr_info).
func (t *Task[T]) String() string {
	state := t.describe(t.result)
	if t.state == pending && t.cancelling > 0 {
		state = "cancelling"
	}
	return fmt.Sprintf("<Task %s name=%q>", state, t.Name())
}

func (f *future) describe(result any) string {
	switch {
	case f.state == pending:
		return "pending"
	case f.state == cancelled:
		return "cancelled"
	case f.err != nil:
		return fmt.Sprintf("finished exception=%v", f.err)
	}
	return fmt.Sprintf("finished result=%v", result)
}

// enumString returns the name of the i-th value of an enumeration, and something
// like "TimeoutState(9)" if it has none.
func enumString(enum string, i int, names ...string) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", enum, i)
	}
	return names[i]
}
