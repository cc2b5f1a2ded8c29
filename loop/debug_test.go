package loop_test

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/looptest"
)

// functions are the names of those that frames are in, without the packages.
func functions(frames []runtime.Frame) string {
	var names []string
	for _, f := range frames {
		names = append(names, f.Function[strings.LastIndex(f.Function, "/")+1:])
	}
	return strings.Join(names, " ")
}

// debugLoop notes in e what is reported.
func debugLoop(t *testing.T, e *events) (*loop.Loop, *loop.Virtual) {
	l, v := newLoop(t)
	l.SetDebug(&loop.Debug{Slow: time.Second})
	l.SetExceptionHandler(e.report)
	return l, v
}

func (e *events) report(_ *loop.Loop, c loop.ExceptionContext) {
	e.add("%s: %v at %s", c.Message, c.Exception, functions(c.Frames))
}

// debugPlay is play on a loop of debugLoop, and returns what is reported until that
// is closed.
func debugPlay(t *testing.T, fn func(y *loop.Yielder, l *loop.Loop)) (e events) {
	t.Helper()
	l, _ := debugLoop(t, &e)
	playOn(t, l, func(y *loop.Yielder) { fn(y, l) })
	return e
}

func slowly(y *loop.Yielder, v *loop.Virtual) error {
	v.Advance(2 * time.Second)
	return loop.Sleep(y, 0)
}

func TestDebugSlow(t *testing.T) {
	e := debugPlay(t, func(y *loop.Yielder, l *loop.Loop) {
		v := looptest.Clock(y)
		l.CallSoon(func() { v.Advance(3 * time.Second) })
		task := spawn(l, func(y *loop.Yielder) error { return slowly(y, v) })
		task.SetName("slow")
		task.Await(y)
		loop.Sleep(y, time.Hour)
	})
	expect(t, "reports", len(e), 2)
	expect(t, "callback", strings.HasPrefix(e[0], "callback coloop/loop_test.TestDebugSlow.func1.1 took 3s: <nil>"), true)
	expect(t, "task", strings.HasPrefix(e[1], "step of slow took 2s: <nil> at loop.giveWay loop.Sleep loop_test.slowly "), true)
}

func TestTaskStack(t *testing.T) {
	e := debugPlay(t, func(y *loop.Yielder, l *loop.Loop) {
		task := loop.Go(l, forever)
		expect(t, "before its start", len(task.Stack()), 0)
		loop.Sleep(y, 0)
		names := functions(task.Stack())
		expect(t, "stack", strings.Contains(names, "loop.Sleep loop_test.forever"), true)
		task.Cancel()
		task.Await(y)
		expect(t, "after its end", len(task.Stack()), 0)
	})
	expect(t, "reports", e, nil)
}

// TestDebugNeverRetrieved: an error nobody asks for is reported, with where its
// task was made; one that somebody asks for, in whatever way, is not.
func TestDebugNeverRetrieved(t *testing.T) {
	e := debugPlay(t, func(y *loop.Yielder, l *loop.Loop) {
		fail := func() *loop.Task[int] { return loop.Go(l, after(0, 0, errTest)) }
		fail().SetName("lost")
		fail().Await(y)
		loop.GatherFutures(l, fail()).Await(y)
		loop.GatherResultsFunc(l, func(rs []loop.Result[int]) any { return rs }, fail()).Await(y)
		loop.ShieldFuture(l, fail()).Await(y)
		loop.Wait(y, loop.NoTimeout, loop.FirstException, fail(), loop.Go(l, after(1, 0, nil)))
		new(loop.TaskGroup).Run(y, func() error { return errTest })
		task := fail()
		turns(y, 3)
		task.Exception()
		runtime.GC()
		runtime.GC()
		loop.Sleep(y, time.Hour) // whether the garbage collector finds it now or Close does
	})
	expect(t, "reports", len(e), 1)
	expect(t, "report", strings.HasPrefix(e[0], `error of task "lost" was never retrieved: test error at `), true)
	expect(t, "where it was made", strings.Contains(e[0], "loop_test.TestDebugNeverRetrieved"), true)
}

// TestDebugGathered: the first error of several is that of the gathering; the
// others count as asked for.
func TestDebugGathered(t *testing.T) {
	e := debugPlay(t, func(y *loop.Yielder, l *loop.Loop) {
		_, err := loop.Gather(l, after(1, 1, errTest), after(2, 2, errTest)).Await(y)
		expectErr(t, "error", err, errTest)
		loop.Sleep(y, 3*time.Second)
	})
	expect(t, "reports", e, nil)
}

// TestDebugSwitchedOff: a task on a stack that one of debug mode has left does
// not pass that one's calls off as its own.
func TestDebugSwitchedOff(t *testing.T) {
	e := debugPlay(t, func(y *loop.Yielder, l *loop.Loop) {
		loop.Go(l, after(1, 0, nil)).Await(y)
		l.SetDebug(nil)
		task := loop.Go(l, forever)
		loop.Sleep(y, 0)
		expect(t, "calls", len(task.Stack()), 0)
		task.Cancel()
		turns(y, 2)
	})
	expect(t, "reports", e, nil)
}

func TestDebugPending(t *testing.T) {
	var e events
	l, _ := debugLoop(t, &e)
	loop.Go(l, forever)
	turn(t, l)
	l.Close()
	expect(t, "reports", len(e), 1)
	expect(t, "report", strings.HasPrefix(e[0], "task was pending when its loop was closed: <nil> at "), true)
	expect(t, "where it was made", strings.Contains(e[0], "loop_test.TestDebugPending"), true)
}

func TestDebugWrongGoroutine(t *testing.T) {
	idle, _ := debugLoop(t, new(events))
	idle.CallSoon(func() {}) // a loop that does not run belongs to no goroutine
	e := debugPlay(t, func(y *loop.Yielder, l *loop.Loop) {
		for _, fn := range []func(){
			func() { l.CallSoon(func() {}) },
			func() { l.CallLater(1, func() {}) },
			func() { loop.Go(l, forever) },
		} {
			_, err := loop.RunInExecutor(l, nil, func() (any, error) {
				fn()
				return nil, nil
			}).Await(y)
			expectErr(t, "elsewhere", err, loop.ErrWrongGoroutine)
			fn()
		}
		cancelOthers(y)
	})
	expect(t, "reports", len(e), 0)
}

// TestReportsAreLogged, with their place, where there is no exception handler.
func TestReportsAreLogged(t *testing.T) {
	var out bytes.Buffer
	logTo(t, slog.NewTextHandler(&out, nil))
	l, _ := newLoop(t)
	l.SetExceptionHandler(nil)
	l.SetDebug(&loop.Debug{})
	loop.Go(l, forever).SetName("left")
	turn(t, l)
	l.Close()
	for _, want := range []string{"task was pending", "task=left", "debug_test.go:"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, &out)
		}
	}
}

func TestDebugNeverAwaited(t *testing.T) {
	e := debugPlay(t, func(y *loop.Yielder, l *loop.Loop) {
		for range 200 {
			if err := coroutineOf(l).run(y); err != nil {
				t.Error(err)
			}
		}
		cancelled := loop.CreateTask(l, coroutineOf(l).object)
		cancelled.Cancel()
		cancelled.Await(y)
		coroutineOf(l).object.Close()
		coroutineOf(l) // forgotten
	})
	expect(t, "reports", len(e), 1)
	expect(t, "message", strings.HasPrefix(e[0], "coroutine coloop/loop_test.nothing was never awaited: <nil> at loop_test.coroutineOf "), true)
}

func nothing(*loop.Yielder) (int, error) { return 0, nil }

type object struct {
	object *coroutine.Generator[any, any, int]
}

func coroutineOf(l *loop.Loop) object { return object{loop.NewCoroutine(l, nothing)} }

func (o object) run(y *loop.Yielder) error {
	_, err := coroutine.YieldFrom(y, o.object)
	return err
}
