package loop

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// An IdleError is the [ErrIdle] of a loop whose tasks can never go on. It says what each
// task waits for.
type IdleError struct {
	Tasks []string // each as its String method describes it, oldest first
}

func (e *IdleError) Error() string {
	const most = 10
	shown, more := e.Tasks, ""
	if len(shown) > most {
		more = fmt.Sprintf("; and %d more", len(shown)-most)
		shown = shown[:most]
	}
	return ErrIdle.Error() + ": " + strings.Join(shown, "; ") + more
}

// Is makes errors.Is(e, ErrIdle) true.
func (e *IdleError) Is(target error) bool { return target == ErrIdle }

// idle makes an IdleError of an ErrIdle, if there are tasks.
func (l *Loop) idle(err error) error {
	if !errors.Is(err, ErrIdle) || l.tasks.first == nil {
		return err
	}
	e := &IdleError{}
	for t := l.tasks.first; t != nil; t = t.next {
		e.Tasks = append(e.Tasks, fmt.Sprint(t.fut.self))
	}
	return e
}

// Dump writes to w, a line for each, the tasks of l that are not done. A task stands
// below the task that awaits it, directly or by way of a gathering or a group. The tasks
// that no task awaits stand at the margin, oldest first. It must be
// called on the goroutine of the loop, or while the loop does not run. The error is
// that of w.
func Dump(w io.Writer, l *Loop) error {
	d := dumper{w: bufio.NewWriter(w), awaited: make(map[*future]bool), shown: make(map[*future]bool)}
	n := 0
	for t := l.tasks.first; t != nil; t = t.next {
		n++
		for _, sub := range subtasks(t) {
			d.awaited[sub.fut] = true
		}
	}
	fmt.Fprintf(d.w, "%s, %s ready, %s\n", amount(n, "task"), amount(l.ready.n, "handle"),
		amount(len(l.timers.heap)-l.timers.cancelled, "timer"))
	for t := l.tasks.first; t != nil; t = t.next {
		if !d.awaited[t.fut] {
			d.task(t, "", "")
		}
	}
	for t := l.tasks.first; t != nil; t = t.next { // now the tasks that await one another in a circle
		d.task(t, "", "")
	}
	return d.w.Flush()
}

type dumper struct {
	w              *bufio.Writer
	awaited, shown map[*future]bool
}

// task writes t, unless it has been written, and the tasks that it awaits.
func (d *dumper) task(t *task, first, rest string) {
	if d.shown[t.fut] {
		if first != "" { // a task awaits it
			fmt.Fprintf(d.w, "%s<Task %s, see above>\n", first, quoted(t.Name()))
		}
		return
	}
	d.shown[t.fut] = true
	fmt.Fprintf(d.w, "%s%v\n", first, t.fut.self)
	subs := subtasks(t)
	for i, sub := range subs {
		if i < len(subs)-1 {
			d.task(sub, rest+"├─ ", rest+"│  ")
		} else {
			d.task(sub, rest+"└─ ", rest+"   ")
		}
	}
}

// subtasks returns the tasks that t awaits.
func subtasks(t *task) (subs []*task) {
	seen := map[AnyFuture]bool{}
	var add func(f AnyFuture)
	add = func(f AnyFuture) {
		if seen[f] || f.Done() {
			return
		}
		seen[f] = true
		switch f := f.(type) {
		case AnyTask:
			subs = append(subs, f.core())
		case explainer:
			_, of := f.explain()
			for _, f := range of {
				add(f)
			}
		}
	}
	if t.waiter != nil {
		add(t.waiter.self)
	}
	return subs
}

// Stats returns the number of ready handles, of timers, and of cancelled timers among
// the latter.
func (l *Loop) Stats() (ready, timers, cancelled int) {
	return l.ready.n, len(l.timers.heap), l.timers.cancelled
}

// TimerCancelledCount returns asyncio's _timer_cancelled_count, for comparisons: it
// also counts cancelled timers that have left the heap since it was last cleaned.
func (l *Loop) TimerCancelledCount() int { return l.timers.count() }
