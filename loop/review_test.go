package loop_test

import (
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// TestTaskGroupCancelledTwice: a group that was cancelled passes on what somebody else
// asks of its parent while it waits for its tasks.
func TestTaskGroupCancelledTwice(t *testing.T) {
	for name, cancel := range map[string]func(g *loop.TaskGroup){
		"in the body": func(g *loop.TaskGroup) { g.Cancel() },
		"by a task": func(g *loop.TaskGroup) {
			g.Go(func(*loop.Yielder) error { g.Cancel(); return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				group := func(y *loop.Yielder) error {
					var g loop.TaskGroup
					return g.Run(y, func() error {
						g.Go(func(y *loop.Yielder) error {
							loop.Sleep(y, time.Hour)
							loop.Sleep(y, 5*time.Second) // to clear up
							return nil
						})
						loop.Sleep(y, 0)
						cancel(&g)
						return nil
					})
				}
				task := loop.Spawn(y, group)
				l.CallLater(time.Second, func() { task.Cancel("enough") })
				_, err := task.Await(y)
				expectErr(t, "group", err, loop.ErrCancelled)
				expectErr(t, "with a time-out", loop.NewTimeout(y, time.Second).Run(y, func() error { return group(y) }), loop.ErrTimeout)
			})
		})
	}
}

// TestTaskGroupContextError: the error of its context is a cancellation in the body of
// a group, as it is elsewhere.
func TestTaskGroupContextError(t *testing.T) {
	body := func(y *loop.Yielder) error {
		loop.Sleep(y, time.Hour)
		return y.Context().Err()
	}
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var g loop.TaskGroup
		err := g.Run(y, func() error {
			g.Go(func(*loop.Yielder) error { return errTest })
			return body(y)
		})
		group, ok := err.(*loop.GroupError)
		if !ok || len(group.Errors) != 1 {
			t.Errorf("a task that fails: %v", err)
		}
		var c loop.TaskGroup
		expect(t, "a group cancelled", c.Run(y, func() error { c.Cancel(); return body(y) }), nil)
	})
}

// TestGoexitHandlerPanics: the other tasks stay listed.
func TestGoexitHandlerPanics(t *testing.T) {
	l, _ := newLoop(t)
	var reports events
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { reports.add("%s", c.Message) })
	l.SetGoexitHandler(func(loop.AnyTask) { panic("boom") })
	complete(t, l, func(y *loop.Yielder) {
		others := []*loop.Task[string]{loop.Go(y, forever), loop.Go(y, forever)}
		failing := loop.Go(y, func(*loop.Yielder) (int, error) { return 0, coroutine.ErrGoexit }, loop.Eager())
		_, err := failing.Await(y)
		expectErr(t, "task", err, coroutine.ErrGoexit)
		expect(t, "tasks", len(l.AllTasks()), 3)
		for _, task := range others {
			task.Cancel()
		}
	})
	expect(t, "reports", reports, events{"panic at the end of a task"})
}

// TestUncancelAfterTheEnd: the context of a task that has ended stays done.
func TestUncancelAfterTheEnd(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var inner *loop.Yielder
		task := loop.Spawn(y, func(y *loop.Yielder) error { inner = y; return loop.Sleep(y, 1) })
		loop.Sleep(y, 0)
		task.Cancel()
		task.Await(y)
		task.Uncancel()
		if inner.Context().Err() == nil {
			t.Error("the context is not done")
		}
	})
}

// TestEventDuringJob: what is due on a virtual clock need not wait for jobs.
func TestEventDuringJob(t *testing.T) {
	l, v := newLoop(t)
	release := make(chan struct{})
	complete(t, l, func(y *loop.Yielder) {
		job := loop.RunInExecutor(y, nil, func() (int, error) { <-release; return 0, nil })
		v.Event(0, func() { close(release) })
		job.Await(y)
	})
}

// TestBarrierInRepr: a task that waits at a barrier says so.
func TestBarrierInRepr(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		b := loop.NewBarrier(2)
		b.Name = "start"
		task := loop.Spawn(y, func(y *loop.Yielder) error { _, err := b.Wait(y); return err })
		loop.Sleep(y, 0)
		if s := task.String(); s[len(s)-44:] != " wait_for=<Barrier.Wait of barrier 'start'>>" {
			t.Error(s)
		}
		task.Cancel()
	})
}
