package loop_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// TestA5ClosedLoop: what cannot work on a closed loop says so.
func TestA5ClosedLoop(t *testing.T) {
	l, v := newLoop(t)
	pending, waited := loop.NewFuture[int](l), loop.NewFuture[int](l)
	completed := loop.AsCompletedFutures[int](l, waited)
	expectErr(t, "Close", l.Close(), nil)
	nothing := func() {}
	for name, do := range map[string]func(){
		"CallSoon":        func() { l.CallSoon(nothing) },
		"CallLater":       func() { l.CallLater(1, nothing) },
		"CallAt":          func() { l.CallAt(1, nothing) },
		"Event":           func() { v.Event(1, nothing) },
		"AddDoneCallback": func() { pending.AddDoneCallback(func(*loop.Future[int]) {}) },
		"at once":         func() { loop.Gather[int](l).AddDoneCallback(func(*loop.Future[[]int]) {}) },
	} {
		expectErr(t, name, panicOf(do), loop.ErrClosed)
	}
	for name, do := range map[string]func() error{
		"CallSoonThreadsafe": func() error { return l.CallSoonThreadsafe(nothing) },
		"RunForever":         l.RunForever,
		"RunUntilComplete":   func() error { _, err := loop.RunUntilComplete(l, loop.Func[string](forever)); return err },
		"RunIn":              func() error { _, err := loop.RunIn(loop.NewRunner(l), forever); return err },
		"Go":                 func() error { _, err := loop.Go(l, forever).Result(); return err },
		"Spawn":              func() error { _, err := loop.Spawn(l, noValue(forever)).Result(); return err },
		"CreateTask":         func() error { _, err := loop.CreateTask(l, failing{}).Result(); return err },
		"Gather":             func() error { _, err := loop.Gather(l, forever).Result(); return err },
		"RunInExecutor":      func() error { _, err := loop.RunInExecutor(l, nil, ran).Result(); return err },
		"SetDefaultExecutor": func() error { return l.SetDefaultExecutor(&loop.Executor{}) },
		"AddSignalHandler":   func() error { return l.AddSignalHandler(syscall.SIGUSR1, nothing) },
		"Watch":              func() error { return l.Watch(0, nil) },
		"RunCoroutineThreadsafe": func() error {
			_, err := loop.RunCoroutineThreadsafe(context.Background(), l, forever)()
			return err
		},
		// Somebody waits for this one.
		"SetResult": func() error { return waited.SetResult(1) },
	} {
		expectErr(t, name, do(), loop.ErrClosed)
	}
	expectErr(t, "SetResult that nobody waits for", pending.SetResult(1), nil)
	n, err := waited.Result()
	expect(t, "a result all the same", n, 1)
	expectErr(t, "a result all the same", err, nil)
	completed.Within(time.Second)
}

// TestA5ClosedLoopInTask does what parks while the task's loop is closed.
func TestA5ClosedLoopInTask(t *testing.T) {
	l, _ := newLoop(t)
	var s *things
	task := spawn(l, func(y *loop.Yielder) error {
		s = newThings(t, y)
		err := loop.Sleep(y, time.Hour)
		expectErr(t, "closed", err, coroutine.GeneratorExit)
		for name, park := range parking {
			switch name {
			case "Sleep of 0", "lock that is free", "event that is set", "permit", "Get of an item",
				"Put with room", "Join of nothing", "Lock.With", "Semaphore.With", "TaskGroup.Enter", "TaskGroup.Run",
				"TaskGroup.Exit", "Condition.Wait", "Condition.WaitFor", "All of a queue", "WaitFor of 0", "WaitForFuture",
				"Barrier.Reset", "Barrier.Abort", "Barrier.Wait", "Condition.Acquire",
				"Next", "NextFuture", "All of AsCompleted":
				continue // they need not park, or were cut short by one that could not
			}
			expectErr(t, name, park(s, y), loop.ErrClosed)
		}
		return err
	})
	for range 9 {
		turn(t, l)
	}
	expectErr(t, "Close", l.Close(), nil)
	exc, _ := task.Exception()
	expectErr(t, "task", exc, loop.ErrClosed)
}

// TestA5Nothing gives nothing where something is needed.
func TestA5Nothing(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		f := loop.NewFuture[int](l)
		expectErr(t, "SetException", f.SetException(nil), loop.ErrNoException)
		expect(t, "done", f.Done(), false)
		const nilCallback = "the callback is nil"
		for name, do := range map[string]func(){
			"CallSoon":        func() { l.CallSoon(nil) },
			"CallLater":       func() { l.CallLater(1, nil) },
			"CallAt":          func() { l.CallAt(1, nil) },
			"Event":           func() { l.System().(*loop.Virtual).Event(1, nil) },
			"AddDoneCallback": func() { f.AddDoneCallback(nil) },
		} {
			expect(t, name, panicOf(do).Error(), nilCallback)
		}
		expect(t, "CallSoonThreadsafe", l.CallSoonThreadsafe(nil).Error(),
			"call soon from another goroutine: "+nilCallback)
		expect(t, "Watch", l.Watch(0, nil).Error(), "watch descriptor 0: the watcher is nil")
		for name, do := range map[string]func(){
			"Go":         func() { loop.Go[int](l, nil) },
			"NewTimeout": func() { loop.NewTimeout[*loop.Loop](nil, time.Second) },
			"CancelWith": func() { loop.CancelWith(t.Context(), nil) },
		} {
			if panicOf(do) == nil {
				t.Errorf("%s of nothing: no panic", name)
			}
		}
		_, err := loop.Spawn(y, nil).Await(y)
		var p *coroutine.PanicError
		expect(t, "Spawn", errors.As(err, &p), true)
		_, err = loop.CreateTask[int](y, nil).Await(y)
		expect(t, "CreateTask", errors.As(err, &p), true)
		turns(y, 2)
	})
}

// TestA5Modes: a mode that there is not is no other mode.
func TestA5Modes(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		f := loop.NewFuture[int](l)
		for _, mode := range []loop.WaitMode{-1, 3, 99} {
			_, _, err := loop.Wait(y, loop.NoTimeout, mode, f)
			if err == nil || !strings.Contains(err.Error(), "there is no mode") {
				t.Errorf("mode %d: %v", mode, err)
			}
		}
	})
}

// TestA5Lives does things before or after their time.
func TestA5Lives(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var g loop.TaskGroup
		expectErr(t, "group not entered", g.Exit(y, errTest), loop.ErrNotEntered)
		expectErr(t, "its body's error", g.Exit(y, errTest), errTest)
		expectErr(t, "Go", panicOf(func() { g.Go(nil) }), loop.ErrNotEntered)
		_, err := loop.CreateTaskIn(&g, failing{})
		expectErr(t, "CreateTaskIn", err, loop.ErrNotEntered)
		expectErr(t, "Run", g.Run(y, func() error { return nil }), nil)
		expectErr(t, "Run again", g.Run(y, func() error { panic("runs") }), loop.ErrEntered)
		_, err = loop.GoIn(&g, forever).Await(y)
		expectErr(t, "GoIn of a finished one", err, loop.ErrGroupFinished)

		var state *loop.TimeoutStateError
		for _, d := range []time.Duration{time.Second, -1} {
			tm := loop.NewTimeout(l, d)
			expectErr(t, "timeout not entered", tm.Reschedule(1), loop.ErrNotEntered)
			expectErr(t, "Exit", tm.Exit(errTest), loop.ErrNotEntered)
			expectErr(t, "its body's error", tm.Exit(errTest), errTest)
			expect(t, "state", tm.State(), loop.TimeoutCreated)
			_ = tm.Run(y, func() error { return loop.Sleep(y, time.Millisecond) })
			over := tm.State()
			expect(t, "Reschedule after its end", errors.As(tm.Reschedule(1), &state), true)
			expect(t, "Exit after its end", errors.As(tm.Exit(errTest), &state), true)
			expect(t, "state", tm.State(), over)
			expectErr(t, "Run again", tm.Run(y, func() error { panic("runs") }), loop.ErrEntered)
		}

		c := loop.AsCompleted(l, after(1, 1, nil))
		_, err = c.Next(y)
		expectErr(t, "first", err, nil)
		_, err = c.Within(time.Second).Next(y)
		expectErr(t, "exhausted", err, loop.ErrExhausted)
		c = loop.AsCompleted(l, after(5, 1, nil)).Within(time.Second)
		loop.Sleep(y, 2*time.Second)
		_, err = c.Within(time.Hour).Next(y)
		expectErr(t, "out of time before", err, loop.ErrTimeout)
		cancelOthers(y)

		var q loop.Queue[int]
		expectErr(t, "TaskDone", panicOf(q.TaskDone), loop.ErrTaskDone)
		expectErr(t, "Release", panicOf(new(loop.Lock).Release), loop.ErrNotAcquired)
		expectErr(t, "Notify", panicOf(func() { new(loop.Condition).Notify(1) }), loop.ErrNotAcquired)
		expectErr(t, "permits", panicOf(loop.NewBoundedSemaphore(1).Release), loop.ErrReleased)
	})
}

// TestA14OneObjectTwice: the second who wants a coroutine object gets an error, and
// the first is unharmed.
func TestA14OneObjectTwice(t *testing.T) {
	type generator = *coroutine.Generator[any, any, int]
	await := func(g generator) func(*loop.Yielder) (int, error) { return loop.From[int](g) }
	delegate := func(g generator) func(*loop.Yielder) (int, error) {
		return func(y *loop.Yielder) (int, error) { return coroutine.YieldFrom(y, g) }
	}
	task := func(g generator) func(*loop.Yielder) (int, error) {
		return func(y *loop.Yielder) (int, error) { return loop.CreateTask(y, g).Await(y) }
	}
	ways := map[string]func(g generator) func(*loop.Yielder) (int, error){
		"From": await, "YieldFrom": delegate, "CreateTask": task,
		"Gather": func(g generator) func(*loop.Yielder) (int, error) {
			return func(y *loop.Yielder) (int, error) {
				vs, err := loop.GatherFutures[int](y, loop.From[int](g)).Await(y)
				return append(vs, 0)[0], err
			}
		},
		"group": func(g generator) func(*loop.Yielder) (int, error) {
			return func(y *loop.Yielder) (int, error) {
				var group loop.TaskGroup
				var t *loop.Task[int]
				err := group.Run(y, func() (err error) { t, err = loop.CreateTaskIn(&group, g); return err })
				if err != nil {
					return 0, err.(*loop.GroupError).Errors[0]
				}
				return t.Result()
			}
		},
	}
	for name1, first := range ways {
		for name2, second := range ways {
			t.Run(name1+" then "+name2, func(t *testing.T) {
				play(t, func(y *loop.Yielder, l *loop.Loop) {
					g := loop.NewCoroutine(l, after(1, 7, nil))
					one := loop.Go(y, first(g))
					turns(y, 3)
					_, err := loop.Go(y, second(g)).Await(y)
					expectErr(t, "while the first awaits it", err, coroutine.ErrAwaited)
					v, err := one.Await(y)
					expect(t, "the first", v, 7)
					expectErr(t, "the first", err, nil)
					_, err = loop.Go(y, second(g)).Await(y)
					expectErr(t, "when it has ended", err, coroutine.ErrReused)
				})
			})
		}
	}
	t.Run("in one gathering", func(t *testing.T) {
		play(t, func(y *loop.Yielder, l *loop.Loop) {
			g := loop.NewCoroutine(l, after(1, 7, nil))
			rs, err := loop.GatherResults(y, loop.From[int](g), loop.From[int](g)).Await(y)
			expectErr(t, "gathering", err, nil)
			expect(t, "the first", rs[0], loop.Result[int]{Value: 7})
			expectErr(t, "the second", rs[1].Err, coroutine.ErrAwaited)
		})
	})
}

// TestA15BadYields: a task gets an error for whatever it yields that it cannot wait
// for, and goes on.
func TestA15BadYields(t *testing.T) {
	other, _ := newLoop(t)
	done := func(l *loop.Loop) *loop.Future[int] {
		f := loop.NewFuture[int](l)
		f.SetResult(1)
		return f
	}
	for name, tc := range map[string]struct {
		yield func(l *loop.Loop) any
		want  error
	}{
		"nil future":                      {func(*loop.Loop) any { return (*loop.Future[int])(nil) }, loop.ErrBadYield},
		"nil task":                        {func(*loop.Loop) any { return (*loop.Task[int])(nil) }, loop.ErrBadYield},
		"AnyFuture that is a nil future":  {func(*loop.Loop) any { return loop.AnyFuture((*loop.Future[any])(nil)) }, loop.ErrBadYield},
		"AnyTask that is a nil task":      {func(*loop.Loop) any { return loop.AnyTask((*loop.Task[any])(nil)) }, loop.ErrBadYield},
		"nil future within another type":  {func(*loop.Loop) any { return struct{ *loop.Future[int] }{} }, loop.ErrBadYield},
		"nothing within another type":     {func(*loop.Loop) any { return struct{ loop.AnyFuture }{} }, loop.ErrBadYield},
		"number":                          {func(*loop.Loop) any { return 7 }, loop.ErrBadYield},
		"nil error":                       {func(*loop.Loop) any { return (*loop.CancelledError)(nil) }, loop.ErrBadYield},
		"function":                        {func(*loop.Loop) any { return loop.Func[string](forever) }, loop.ErrBadYield},
		"coroutine object":                {func(l *loop.Loop) any { return loop.NewCoroutine(l, forever) }, loop.ErrBadYield},
		"future, bare":                    {func(l *loop.Loop) any { return loop.NewFuture[int](l) }, loop.ErrYieldFuture},
		"future that is done, bare":       {func(l *loop.Loop) any { return done(l) }, loop.ErrYieldFuture},
		"future of another loop":          {func(*loop.Loop) any { return loop.NewFuture[int](other) }, loop.ErrForeignLoop},
		"future of another loop, awaited": {func(*loop.Loop) any { return loop.NewFuture[int](other).Block() }, loop.ErrForeignLoop},
		"future within another type":      {func(l *loop.Loop) any { return struct{ *loop.Future[int] }{done(l)} }, loop.ErrYieldFuture},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				v := tc.yield(l)
				_, err := y.Yield(v)
				expectErr(t, "in a generator", err, tc.want)
				task := loop.CreateTask(l, &yieldsOnce{v: v})
				_, err = task.Await(y)
				expectErr(t, "in a hand-written coroutine", err, tc.want)
				expectErr(t, "the task goes on", loop.Sleep(y, time.Second), nil)
				if g, ok := v.(*coroutine.Generator[any, any, string]); ok {
					g.Close()
				}
			})
		})
	}
}

// yieldsOnce is a coroutine that yields v and ends with what that brings.
type yieldsOnce struct {
	v    any
	done bool
}

func (c *yieldsOnce) Send(any) (any, error) {
	if c.done {
		return nil, &coroutine.StopIteration[int]{}
	}
	c.done = true
	return c.v, nil
}
func (c *yieldsOnce) Throw(err error) (any, error) { return nil, err }
func (c *yieldsOnce) Close() (int, error)          { return 0, nil }
