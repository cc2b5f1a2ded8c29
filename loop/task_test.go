package loop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// forever is a suspending function that ends with what it is cancelled with.
func forever(y *loop.Yielder) (string, error) { return "", loop.Sleep(y, time.Hour) }

func TestTask(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		task := loop.Go(l, e.sleeper("a", 1))
		expect(t, "names", task.Name(), "Task-1") // the test's own has another
		task.SetName("other")
		expect(t, "name", task.Name(), "other")
		expectErr(t, "SetResult", task.SetResult(""), loop.ErrTaskResult)
		expectErr(t, "SetException", task.SetException(errTest), loop.ErrTaskException)
		expect(t, "tasks", len(l.AllTasks()), 2)
		e.add("created")
		v, err := task.Await(y)
		e.add("%s %v", v, err)
		expect(t, "cancel", task.Cancel(), false)
		expect(t, "tasks left", len(l.AllTasks()), 1)
	})
	expect(t, "events", e, events{"created", "a begins", "a ends", "a <nil>"})
}

func TestTaskCancel(t *testing.T) {
	for _, tc := range []struct {
		name  string
		body  func(y *loop.Yielder) (string, error)
		turns int // before Cancel
		want  string
	}{
		{"not started", func(*loop.Yielder) (string, error) { panic("started") }, 0, "cancelled: stop"},
		{"waiting", forever, 1, "cancelled: stop"},
		{"wrapped", func(y *loop.Yielder) (string, error) {
			_, err := forever(y)
			return "", fmt.Errorf("sleeping: %w", err)
		}, 1, "sleeping: cancelled: stop"},
		{"suppressed", func(y *loop.Yielder) (string, error) {
			forever(y)
			return "suppressed", loop.Sleep(y, 1)
		}, 1, "suppressed"},
		{"ready", func(y *loop.Yielder) (string, error) { return "", loop.Sleep(y, 0) }, 1, "cancelled: stop"},
		{"turned into another error", func(y *loop.Yielder) (string, error) {
			forever(y)
			return "", errTest
		}, 1, "test error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				task := loop.Go(l, tc.body)
				for range tc.turns {
					loop.Sleep(y, 0)
				}
				expect(t, "Cancel", task.Cancel("stop"), true)
				expect(t, "done at once", task.Done(), false)
				expect(t, "cancelling", task.Cancelling(), 1)
				got, err := task.Await(y)
				if err != nil {
					got = err.Error()
				}
				expect(t, "outcome", got, tc.want)
				expect(t, "cancelled", task.Cancelled(), strings.Contains(tc.want, "cancelled"))
			})
		})
	}
}

// TestCancelMessageOnce: the error that ended a task goes to the first who asks.
func TestCancelMessageOnce(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		task := loop.Go(l, forever)
		loop.Sleep(y, 0)
		task.Cancel("first")
		_, err := task.Await(y)
		expect(t, "first", err.Error(), "cancelled: first")
		_, err = task.Result()
		expect(t, "second", err.Error(), "cancelled")
	})
}

func TestUncancel(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		task := loop.Go(l, func(y *loop.Yielder) (int, error) { return 3, nil })
		expect(t, "without a request", task.Uncancel(), 0)
		task.Cancel()
		task.Cancel()
		expect(t, "one of two", task.Uncancel(), 1)
		expect(t, "two of two", task.Uncancel(), 0)
		v, err := task.Await(y)
		expect(t, "value", v, 3)
		expectErr(t, "error", err, nil)
	})
}

// TestCancelSelf: a task that cancels itself is cancelled when it next suspends,
// or, if it does not, when it returns.
func TestCancelSelf(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		task := loop.Go(l, func(y *loop.Yielder) (string, error) {
			l.CurrentTask().Cancel("self")
			return "returned", nil
		})
		_, err := task.Await(y)
		expect(t, "error", err.Error(), "cancelled: self")
		task = loop.Go(l, func(y *loop.Yielder) (string, error) {
			l.CurrentTask().Cancel()
			_, err := loop.NewFuture[int](l).Await(y)
			return err.Error(), nil
		})
		v, _ := task.Await(y)
		expect(t, "value", v, "cancelled")
	})
}

func TestTaskPanic(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		for name, body := range map[string]func(y *loop.Yielder) (int, error){
			"at once": panicking,
			"later": func(y *loop.Yielder) (int, error) {
				loop.Sleep(y, 0)
				return panicking(y)
			},
			"in a delegate": func(y *loop.Yielder) (int, error) {
				return coroutine.YieldFrom(y, coroutine.New(panicking))
			},
		} {
			_, err := loop.Go(l, body).Await(y)
			var p *coroutine.PanicError
			if !errors.As(err, &p) || !strings.Contains(string(p.Stack), "panicking") {
				t.Errorf("%s: got %v", name, err)
			}
			expectErr(t, name, err, errTest)
			expect(t, "current task", l.CurrentTask() != nil, true)
		}
		_, err := loop.Go(l, func(*loop.Yielder) (int, error) {
			runtime.Goexit()
			return 0, nil
		}).Await(y)
		expectErr(t, "Goexit", err, coroutine.ErrGoexit)
	})
}

func panicking(*loop.Yielder) (int, error) { panic(errTest) }

// TestStopIteration: it would be taken for a return, so it is replaced (PEP 479).
func TestStopIteration(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		_, err := loop.Go(l, func(*loop.Yielder) (int, error) {
			return 0, &coroutine.StopIteration[int]{Value: 1}
		}).Await(y)
		var raised *coroutine.RaisedStopError
		expect(t, "raised", errors.As(err, &raised), true)
	})
}

// countdown is a stackless coroutine: it waits for a timer n times.
type countdown struct {
	l      *loop.Loop
	n      int
	waited *loop.Future[int]
	closed bool
}

func (c *countdown) Send(any) (any, error) {
	if c.n == 0 {
		return nil, &coroutine.StopIteration[string]{Value: "lift-off"}
	}
	c.n--
	c.waited = loop.NewFuture[int](c.l)
	c.l.CallLater(time.Second, func() { c.waited.SetResult(1) })
	return c.waited.Block(), nil
}
func (c *countdown) Throw(err error) (any, error) { return nil, err }
func (c *countdown) Close() (string, error) {
	c.closed = true
	return "", nil
}

func TestStackless(t *testing.T) {
	l, _ := newLoop(t)
	v, err := loop.RunUntilComplete(l, loop.CreateTask(l, &countdown{l: l, n: 3}))
	expect(t, "value", v, "lift-off")
	expectErr(t, "error", err, nil)
	expect(t, "time", l.Time(), 3*time.Second)
	playOn(t, l, func(y *loop.Yielder) {
		task := loop.CreateTask(l, &countdown{l: l, n: 3})
		loop.Sleep(y, 0)
		task.Cancel()
		_, err := task.Await(y)
		expectErr(t, "cancelled", err, loop.ErrCancelled)
		v, err := loop.From(&countdown{l: l, n: 1}).Await(y)
		expect(t, "delegated to", v, "lift-off")
		expectErr(t, "error", err, nil)
	})
}

// TestGeneratorTask makes a task of a generator that knows nothing of loops.
func TestGeneratorTask(t *testing.T) {
	l, _ := newLoop(t)
	body := func(y *loop.Yielder) (string, error) { return "done", loop.Sleep(y, time.Second) }
	v, err := loop.RunUntilComplete(l, loop.CreateTask(l, coroutine.New(body)))
	expect(t, "value", v, "done")
	expectErr(t, "error", err, nil)
	v, err = loop.RunUntilComplete(l, loop.From(coroutine.New(body)))
	expect(t, "value", v, "done")
	expectErr(t, "error", err, nil)
	expect(t, "time", l.Time(), 2*time.Second)
}

func TestTaskContext(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var ctx context.Context
		task := loop.Go(l, func(y *loop.Yielder) (string, error) {
			ctx = y.Context()
			return forever(y)
		})
		loop.Sleep(y, 0)
		expectErr(t, "while it runs", ctx.Err(), nil)
		derived, stop := context.WithTimeout(ctx, time.Hour)
		defer stop()
		task.Cancel()
		<-ctx.Done()
		<-derived.Done()
		expectErr(t, "cancelled", ctx.Err(), context.Canceled)
		task.Await(y)

		quick := loop.Go(l, func(y *loop.Yielder) (string, error) {
			ctx = y.Context()
			return "", nil
		})
		quick.Await(y)
		<-ctx.Done()
		expectErr(t, "ended", ctx.Err(), context.Canceled)
	})
}

// TestContextCancelsTask is the other way.
func TestContextCancelsTask(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		ctx, cancel := context.WithCancel(t.Context())
		task := loop.Go(l, forever)
		stop := loop.CancelWith(ctx, task)
		cancel()
		_, err := loop.RunInExecutor(l, nil, func() (int, error) { return 0, nil }).Await(y) // time passes
		expectErr(t, "job", err, nil)
		for !task.Done() {
			loop.Sleep(y, 0)
		}
		expect(t, "cancelled", task.Cancelled(), true)
		expect(t, "stop", stop(), false)
	})
}

func TestTaskObserver(t *testing.T) {
	l, _ := newLoop(t)
	var e events
	l.SetTaskObserver(func(task loop.AnyTask) { e.add("%s done=%v", task.Name(), task.Done()) })
	playOn(t, l, func(y *loop.Yielder) {
		e.add("runs")
		loop.Gather(l, e.sleeper("a", 0)).Await(y)
	})
	expect(t, "events", e, events{"test done=false", "runs", "Task-1 done=false", "a begins", "a ends"})
}

// TestClosePanic: a task that panics while its loop is closed keeps neither the
// loop nor the other tasks from ending.
func TestClosePanic(t *testing.T) {
	l, _ := loop.NewVirtual()
	var e events
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { e.add("%s", c.Message) })
	panics := spawn(l, func(y *loop.Yielder) error {
		defer panic("boom")
		return loop.Sleep(y, time.Hour)
	})
	other := loop.Go(l, forever)
	l.CallSoon(l.Stop)
	expectErr(t, "run", l.RunForever(), nil)
	expectErr(t, "close", l.Close(), nil)
	expect(t, "reports", e, events{`panic of task "Task-1" was never retrieved`})
	var p *coroutine.PanicError
	exc, err := panics.Exception()
	expect(t, "is its error", err == nil && errors.As(exc, &p), true)
	expect(t, "the other one has ended", other.Done(), true)
}

// TestCloseDelegateOfTask: a task whose delegate somebody else closes waits for
// what the delegate waited for, which nobody else must get to wait for.
func TestCloseDelegateOfTask(t *testing.T) {
	var e loop.Event
	for _, tt := range []struct {
		name string
		wait func(y *loop.Yielder) error
	}{
		{"sleep", func(y *loop.Yielder) error { return loop.Sleep(y, time.Second) }},
		{"event", e.Wait},
	} {
		t.Run(tt.name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				body := func(y *loop.Yielder) (any, error) { return nil, tt.wait(y) }
				sub := coroutine.New(body)
				task := loop.Go(l, func(y *loop.Yielder) (any, error) { return coroutine.YieldFrom(y, sub) })
				turns(y, 1)
				_, err := sub.Close()
				expectErr(t, "close", err, nil)
				loop.Sleep(y, 2*time.Second) // the timer has left the heap
				others := []*loop.Task[any]{loop.Go(l, body), loop.Go(l, body), loop.Go(l, body)}
				turns(y, 1)
				task.Cancel()
				turns(y, 2)
				expect(t, "cancelled", task.Cancelled(), true)
				for _, o := range others {
					expect(t, "another one done", o.Done(), false)
					o.Cancel()
				}
				turns(y, 2)
			})
		})
	}
}

// TestCancelCircle cancels tasks that wait for one another.
func TestCancelCircle(t *testing.T) {
	l, _ := newLoop(t)
	var a, b *loop.Task[int]
	a = loop.Go(l, func(y *loop.Yielder) (int, error) { return b.Await(y) })
	b = loop.Go(l, func(y *loop.Yielder) (int, error) { return a.Await(y) })
	turn(t, l)
	expect(t, "Cancel", a.Cancel(), true)
	turn(t, l)
	expect(t, "done", a.Done() || b.Done(), false)
	expectErr(t, "Close", l.Close(), nil)
}
