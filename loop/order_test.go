package loop_test

import (
	"testing"

	"coloop/loop"
)

// TestA12Order: what is scheduled by CallSoonThreadsafe on the loop's own goroutine
// comes in its place among the rest.
func TestA12Order(t *testing.T) {
	l, _ := newLoop(t)
	var e events
	note := func(s string) func() { return func() { e.add("%s", s) } }
	schedule := func(by string, l *loop.Loop) {
		f := loop.NewFuture[int](l)
		f.AddDoneCallback(func(*loop.Future[int]) { e.add("%s future", by) })
		e.add("%s schedules", by)
		l.CallSoonThreadsafe(note(by + " 1"))
		l.CallSoon(note(by + " 2"))
		l.CallSoonThreadsafe(note(by + " 3"))
		f.SetResult(1)
		l.CallSoonThreadsafe(note(by + " 4"))
		spawn(l, func(*loop.Yielder) error { e.add("%s task", by); return nil })
		l.CallSoonThreadsafe(note(by + " 5"))
	}
	order := func(by string) events {
		return events{by + " schedules", by + " 1", by + " 2", by + " 3", by + " future", by + " 4", by + " task", by + " 5"}
	}
	schedule("before", l)
	l.CallSoon(func() { schedule("callback", l) })
	for range 3 {
		turn(t, l)
	}
	expect(t, "order", e, append(order("before"), order("callback")...))
	e = nil
	playOn(t, l, func(y *loop.Yielder) {
		schedule("task", l)
		loop.Sleep(y, 0) // behind all that
		e.add("slept")
		l.CallSoonThreadsafe(note("threadsafe"))
		loop.Sleep(y, 0)
		e.add("slept again")
	})
	expect(t, "order", e, append(order("task"), "slept", "threadsafe", "slept again"))
}

// TestA12Names: tasks are numbered as they are made, whoever asks first, and one that
// is given a name takes no number.
func TestA12Names(t *testing.T) {
	l, _ := newLoop(t)
	var seen events
	l.SetTaskObserver(func(task loop.AnyTask) { seen.add("%s", task.Name()) })
	playOn(t, l, func(y *loop.Yielder) {
		tasks := []loop.AnyTask{
			loop.Go(y, forever),
			loop.Go(y, forever, loop.Named("a")),
			loop.Spawn(y, noValue(forever)),
			loop.CreateTask(y, failing{}, loop.Named("b"), loop.Eager()),
			loop.Go(y, after(0, 1, nil), loop.Eager()),
			loop.Go(y, after(0, 1, nil), loop.Named("x"), loop.Named("y")),
		}
		var names events
		for i := len(tasks) - 1; i >= 0; i-- {
			names.add("%s", tasks[i].Name())
		}
		expect(t, "names", names, events{"y", "Task-3", "b", "Task-2", "a", "Task-1"})
		tasks[1].SetName("c")
		tasks[2].SetName("d")
		expect(t, "renamed", tasks[1].Name()+tasks[2].Name(), "cd")
		tasks[1].SetName("")
		tasks[2].SetName("")
		expect(t, "names taken back", tasks[1].Name()+tasks[2].Name(), "Task-2")
		_, _ = tasks[3].Exception()
		for _, task := range tasks {
			task.Cancel()
		}
		turns(y, 2)
	})
	expect(t, "seen by the observer", seen, events{"test", "Task-1", "a", "Task-2", "b", "Task-3", "y"})
}
