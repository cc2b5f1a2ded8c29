package loop_test

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// turn runs what is ready, once.
func turn(t testing.TB, l *loop.Loop) {
	t.Helper()
	l.Stop()
	expectErr(t, "RunForever", l.RunForever(), nil)
}

func TestCallSoon(t *testing.T) {
	l, _ := newLoop(t)
	var e events
	l.CallSoon(func() {
		e.add("a")
		l.CallSoon(func() { e.add("next turn") })
	})
	h := l.CallSoon(func() { e.add("cancelled") })
	l.CallSoon(func() { e.add("b") })
	h.Cancel()
	expect(t, "Cancelled", h.Cancelled(), true)
	turn(t, l)
	expect(t, "first turn", e, events{"a", "b"})
	turn(t, l)
	expect(t, "second turn", e, events{"a", "b", "next turn"})
}

func TestTimers(t *testing.T) {
	l, v := newLoop(t)
	var e events
	for _, s := range []int{3, 1, 2} {
		l.CallLater(time.Duration(s)*time.Second, func() { e.add("%d at %v", s, l.Time()) })
	}
	at := l.CallAt(2500*time.Millisecond, func() { e.add("at %v", l.Time()) })
	expect(t, "When", at.When(), 2500*time.Millisecond)
	l.CallLater(time.Second, func() { e.add("cancelled") }).Cancel()
	v.Event(1500*time.Millisecond, func() { e.add("event at %v", l.Time()) })
	expectErr(t, "RunForever", l.RunForever(), loop.ErrIdle)
	expect(t, "events", e, events{"1 at 1s", "event at 1.5s", "2 at 2s", "at 2.5s", "3 at 3s"})
}

// TestBusyCallback: what became due during a long callback is run after it, in
// the order of deadlines.
func TestBusyCallback(t *testing.T) {
	l, v := newLoop(t)
	var e events
	l.CallSoon(func() {
		e.add("busy")
		v.Advance(5 * time.Second)
		l.CallSoon(func() { e.add("soon") })
	})
	l.CallLater(4*time.Second, func() { e.add("4s") })
	l.CallLater(2*time.Second, func() { e.add("2s") })
	l.RunForever()
	expect(t, "events", e, events{"busy", "soon", "2s", "4s"})
}

// TestManyCancelledTimers: they leave the heap once they are the majority.
func TestManyCancelledTimers(t *testing.T) {
	l, _ := newLoop(t)
	last := l.CallLater(time.Hour, func() {})
	var all []*loop.TimerHandle
	for i := range 200 {
		all = append(all, l.CallLater(time.Hour+time.Duration(i), func() {}))
	}
	for _, h := range all[:101] {
		h.Cancel()
		h.Cancel()
	}
	_, timers, cancelled := l.Stats()
	expect(t, "timers", timers, 201)
	expect(t, "cancelled", cancelled, 101)
	turn(t, l)
	_, timers, cancelled = l.Stats()
	expect(t, "timers", timers, 100)
	expect(t, "cancelled", cancelled, 0)
	all[0].Cancel()
	last.Cancel()
	_, _, cancelled = l.Stats()
	expect(t, "cancelled in the heap", cancelled, 1)
}

func TestStop(t *testing.T) {
	l, _ := newLoop(t)
	var e events
	l.CallSoon(func() {
		l.Stop()
		l.CallSoon(func() { e.add("next run") })
		e.add("stop")
	})
	l.CallSoon(func() { e.add("same turn") })
	expectErr(t, "RunForever", l.RunForever(), nil)
	expect(t, "events", e, events{"stop", "same turn"})
	expectErr(t, "RunForever", l.RunForever(), loop.ErrIdle)
	expect(t, "events", e, events{"stop", "same turn", "next run"})
	_, err := loop.RunUntilComplete(l, loop.Func[int](func(y *loop.Yielder) (int, error) {
		l.Stop()
		return 0, loop.Sleep(y, 1)
	}))
	expectErr(t, "stopped before the end", err, loop.ErrStopped)
	_, err = loop.RunUntilComplete(l, loop.NewFuture[int](l))
	expectErr(t, "deadlock", err, loop.ErrIdle)
}

func TestCallbackPanic(t *testing.T) {
	logTo(t, slog.DiscardHandler) // where a panic of the handler goes
	l, _ := newLoop(t)
	var e events
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
		var p *coroutine.PanicError
		e.add("%s: %v, a panic: %v", c.Message, errors.Is(c.Exception, errTest), errors.As(c.Exception, &p))
		if len(e) > 3 {
			panic("in the handler")
		}
	})
	l.CallSoon(func() { panic(errTest) })
	l.CallSoon(func() { e.add("others go on") })
	f := loop.NewFuture[int](l)
	f.AddDoneCallback(func(*loop.Future[int]) { panic(errTest) })
	f.SetResult(1)
	l.CallSoon(func() { panic("again") })
	l.CallSoon(func() { e.add("and on") })
	l.RunForever()
	const report = "panic in callback: true, a panic: true"
	expect(t, "events", e, events{report, "others go on", report, "panic in callback: false, a panic: true", "and on"})
}

func TestCallSoonThreadsafe(t *testing.T) {
	l, _ := newLoop(t)
	const goroutines, calls = 20, 50
	var next [goroutines]int
	sum := 0
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range calls {
				err := l.CallSoonThreadsafe(func() {
					if next[g] != i {
						t.Errorf("%d: call %d came as number %d", g, i, next[g])
					}
					next[g]++
					sum++
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	playOn(t, l, func(y *loop.Yielder) {
		_, err := loop.RunInExecutor(l, nil, func() (int, error) {
			wg.Wait()
			return 0, nil
		}).Await(y)
		expectErr(t, "job", err, nil)
	})
	expect(t, "calls", sum, goroutines*calls)
}

func TestOnLoop(t *testing.T) {
	l, _ := newLoop(t)
	expect(t, "before", l.OnLoop(), false)
	l.CallSoon(func() { expect(t, "callback", l.OnLoop(), true) })
	playOn(t, l, func(y *loop.Yielder) {
		expect(t, "task", l.OnLoop(), true)
		expect(t, "running loop", loop.Running(y) == l, true)
		elsewhere, _ := loop.RunInExecutor(l, nil, func() (bool, error) { return l.OnLoop(), nil }).Await(y)
		expect(t, "executor", elsewhere, false)
	})
	expect(t, "after", l.OnLoop(), false)
}

// TestClose: tasks that are left are closed, once each, and what is done to the
// loop afterwards is refused.
func TestClose(t *testing.T) {
	l, _ := loop.NewVirtual()
	var e events
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { e.add("%s", c.Message) })
	for i := range 3 {
		loop.Go(l, func(y *loop.Yielder) (int, error) {
			defer e.add("%d ends", i)
			err := loop.Sleep(y, time.Hour)
			expectErr(t, "raised", err, coroutine.GeneratorExit)
			expectErr(t, "waiting again", loop.Sleep(y, time.Hour), loop.ErrClosed)
			loop.Sleep(y, 0) // is not heeded
			return 0, err
		})
	}
	var group loop.TaskGroup
	loop.Go(l, func(y *loop.Yielder) (any, error) {
		err := group.Run(y, func() error {
			loop.GoIn(&group, forever)
			return nil
		})
		e.add("group: %v", errors.Is(err, coroutine.GeneratorExit))
		return nil, err
	})
	stackless := &countdown{l: l, n: 1}
	loop.CreateTask(l, stackless)
	failed := loop.Go(l, panicking)
	turn(t, l)
	notStarted := loop.Go(l, panicking)
	expectErr(t, "Close", l.Close(), nil)
	expect(t, "events", e, events{"0 ends", "1 ends", "2 ends", "group: true",
		`panic of task "Task-6" was never retrieved`})
	expect(t, "stackless closed", stackless.closed, true)
	_, err := failed.Result()
	expectErr(t, "done before", err, errTest)
	_, err = notStarted.Result()
	expectErr(t, "not started", err, loop.ErrClosed)

	expectErr(t, "Close again", l.Close(), nil)
	expectErr(t, "RunForever", l.RunForever(), loop.ErrClosed)
	expectErr(t, "CallSoonThreadsafe", l.CallSoonThreadsafe(func() {}), loop.ErrClosed)
	_, err = loop.Go(l, panicking).Result()
	expectErr(t, "Go", err, loop.ErrClosed)
	_, err = loop.RunUntilComplete(l, loop.NewFuture[int](l))
	expectErr(t, "RunUntilComplete", err, loop.ErrClosed)
}

// TestCloseStubborn: a task that cannot be closed is reported, not waited for.
func TestCloseStubborn(t *testing.T) {
	l, _ := loop.NewVirtual()
	var e events
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
		e.add("%s: %v, %v", c.Message, c.Exception, c.Task != nil && c.Task.Name() == "stubborn")
	})
	task := loop.CreateTask(l, stubborn{&countdown{l: l, n: 1}})
	task.SetName("stubborn")
	turn(t, l)
	expectErr(t, "Close", l.Close(), nil)
	expect(t, "events", e, events{"task cannot be closed: " + coroutine.ErrIgnoredExit.Error() + ", true"})
	_, err := task.Result()
	expectErr(t, "error", err, coroutine.ErrIgnoredExit)
}

type stubborn struct{ *countdown }

func (stubborn) Close() (string, error) { return "", coroutine.ErrIgnoredExit }

func TestSleep(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		tasks := []*loop.Task[string]{
			loop.Go(l, e.sleeper("two", 2)), loop.Go(l, e.sleeper("none", 0)), loop.Go(l, e.sleeper("one", 1)),
		}
		v, err := loop.GatherFutures(l, loop.Awaitables(tasks)...).Await(y)
		expect(t, "values", v, []string{"two", "none", "one"})
		expectErr(t, "error", err, nil)
		expect(t, "time", l.Time(), 2*time.Second)
	})
	expect(t, "events", e, events{"two begins", "none begins", "one begins", "none ends", "one ends", "two ends"})
}

// TestSleepCancelled: the timers of sleeps that were cancelled do not wake those
// that come after them, whose memory they share.
func TestSleepCancelled(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		for range 300 {
			task := loop.Go(l, func(y *loop.Yielder) (any, error) { return nil, loop.Sleep(y, 3*time.Second) })
			loop.Sleep(y, 0)
			task.Cancel()
			start := l.Time()
			loop.Sleep(y, time.Second)
			expect(t, "slept", l.Time()-start, time.Second)
		}
	})
}

func ExampleLoop_CallLater() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	l.CallLater(2*time.Second, func() { fmt.Println("world", l.Time()) })
	l.CallLater(time.Second, func() { fmt.Println("hello", l.Time()) })
	fmt.Println(l.RunForever())
	// Output:
	// hello 1s
	// world 2s
	// event loop has nothing left to wait for
}
