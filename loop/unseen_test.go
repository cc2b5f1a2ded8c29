package loop_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// reports are what the exception handler of l is told, in order, without the places
// of panics.
func reports(l *loop.Loop) *events {
	var e events
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
		e.add("%s", withoutPlace(fmt.Sprintf("%s: %v", c.Message, c.Exception)))
	})
	return &e
}

var place = regexp.MustCompile(` \(\S+ at \S+\.go:\d+\)`)

func withoutPlace(text string) string { return place.ReplaceAllString(text, "") }

// fails fails after some turns.
func fails(y *loop.Yielder) (int, error) {
	turns(y, 2)
	return 0, errTest
}

func add(m map[string]int) error {
	m["a"] = 1
	return nil
}

func nilMap(*loop.Yielder) (int, error) {
	return 0, add(nil)
}

const (
	lost     = `error of task "t" was never retrieved: test error`
	lostTask = "error of a future was never retrieved: test error"
	mapPanic = `panic of task "t" was never retrieved: panic: assignment to entry in nil map`
)

// TestA1NobodyAsks: an error that nobody asks for is reported when the loop is
// closed at the latest, without debug mode.
func TestA1NobodyAsks(t *testing.T) {
	named := loop.Named("t")
	for _, tc := range []struct {
		name string
		do   func(y *loop.Yielder, l *loop.Loop)
		want events
	}{
		{"task", func(y *loop.Yielder, l *loop.Loop) { loop.Go(y, fails, named) }, events{lost}},
		{"panic", func(y *loop.Yielder, l *loop.Loop) { loop.Go(y, nilMap, named) }, events{mapPanic}},
		{"Spawn", func(y *loop.Yielder, l *loop.Loop) {
			loop.Spawn(y, func(*loop.Yielder) error { return errTest }, named)
		}, events{lost}},
		{"eager", func(y *loop.Yielder, l *loop.Loop) {
			loop.Spawn(y, func(*loop.Yielder) error { return errTest }, named, loop.Eager())
		}, events{lost}},
		{"future", func(y *loop.Yielder, l *loop.Loop) {
			loop.NewFuture[int](l).SetException(errTest)
		}, events{lostTask}},
		{"stackless", func(y *loop.Yielder, l *loop.Loop) {
			loop.CreateTask(y, failing{}, named)
		}, events{lost}},
		{"a coroutine that cannot be a task", func(y *loop.Yielder, l *loop.Loop) {
			g := loop.NewCoroutine(l, forever)
			loop.CreateTask(y, g)
			loop.CreateTask(y, g)
		}, events{`error of task "Task-3" was never retrieved: ` + coroutine.ErrAwaited.Error()}},
		{"shield whose future was cancelled", func(y *loop.Yielder, l *loop.Loop) {
			outer := loop.ShieldFuture(y, loop.Go(y, fails, named))
			turns(y, 1)
			outer.Cancel()
			_, err := outer.Await(y)
			expectErr(t, "outer", err, loop.ErrCancelled)
		}, events{lost}},
		{"shield whose future is cancelled in the same turn", func(y *loop.Yielder, l *loop.Loop) {
			inner := loop.NewFuture[int](l)
			outer := loop.ShieldFuture(y, inner)
			inner.SetException(errTest)
			outer.Cancel()
		}, events{lostTask}},
		{"shield dropped", func(y *loop.Yielder, l *loop.Loop) { loop.Shield(y, fails) }, events{lostTask}},
		{"gathering dropped", func(y *loop.Yielder, l *loop.Loop) {
			loop.Gather(y, fails, after(0, 1, nil))
		}, events{lostTask}},
		{"gathering completed by somebody else", func(y *loop.Yielder, l *loop.Loop) {
			g := loop.GatherFutures[int](y, loop.Go(y, fails, named))
			g.SetResult(nil)
		}, events{lost}},
		{"panic after the gathering has failed", func(y *loop.Yielder, l *loop.Loop) {
			late := loop.Go(y, func(y *loop.Yielder) (int, error) { turns(y, 5); return nilMap(y) }, named)
			_, err := loop.GatherFutures[int](y, loop.Func[int](fails), late).Await(y)
			expectErr(t, "gathering", err, errTest)
			turns(y, 7)
		}, events{mapPanic}},
		{"panic in a gathering that was cancelled", func(y *loop.Yielder, l *loop.Loop) {
			stubborn := loop.Go(y, func(y *loop.Yielder) (int, error) { loop.Sleep(y, time.Hour); return nilMap(y) }, named)
			g := loop.GatherResultsFunc(y, func(rs []loop.Result[int]) any { return rs }, stubborn)
			turns(y, 1)
			g.Cancel()
			_, err := g.Await(y)
			expectErr(t, "gathering", err, loop.ErrCancelled)
		}, events{mapPanic}},
		{"AsCompleted dropped half-way", func(y *loop.Yielder, l *loop.Loop) {
			second := loop.Go(y, func(y *loop.Yielder) (int, error) { turns(y, 3); return 0, errTest }, named)
			c := loop.AsCompletedFutures[int](y, after(0, 1, nil), second)
			_, err := c.Next(y)
			expectErr(t, "first", err, nil)
			turns(y, 4)
		}, events{lost}},
		{"AsCompleted out of time", func(y *loop.Yielder, l *loop.Loop) {
			late := loop.Go(y, after(2, 0, errTest), named)
			_, err := loop.AsCompletedFutures[int](y, late).Within(time.Second).Next(y)
			expectErr(t, "first", err, loop.ErrTimeout)
			loop.Sleep(y, 2*time.Second)
		}, events{lost}},
		{"Wait", func(y *loop.Yielder, l *loop.Loop) {
			loop.Wait(y, loop.NoTimeout, loop.AllCompleted, loop.Go(y, fails, named))
		}, events{lost}},
		{"cancelled in the turn in which it was to be told", func(y *loop.Yielder, l *loop.Loop) {
			failed := loop.Go(y, fails, named)
			waiter := spawn(l, func(y *loop.Yielder) error { _, err := failed.Await(y); return err })
			for !failed.Done() {
				loop.Sleep(y, 0)
			}
			waiter.Cancel()
			_, err := waiter.Await(y)
			expectErr(t, "waiter", err, loop.ErrCancelled)
		}, events{lost}},
		{"group without its Exit", func(y *loop.Yielder, l *loop.Loop) {
			spawn(l, func(y *loop.Yielder) error {
				var g loop.TaskGroup
				if err := g.Enter(y); err != nil {
					return err
				}
				loop.GoIn(&g, fails, named)
				return loop.Sleep(y, time.Hour)
			})
			turns(y, 6)
		}, events{lost}},
		{"group whose loop is closed meanwhile", func(y *loop.Yielder, l *loop.Loop) {
			spawn(l, func(y *loop.Yielder) error {
				var g loop.TaskGroup
				return g.Run(y, func() error {
					loop.GoIn(&g, fails, named)
					g.Go(func(y *loop.Yielder) error { loop.Sleep(y, time.Hour); return loop.Sleep(y, time.Hour) })
					return nil
				})
			})
			turns(y, 6)
		}, events{lost}},
		{"child of a group whose parent has ended", func(y *loop.Yielder, l *loop.Loop) {
			spawn(l, func(y *loop.Yielder) error {
				var g loop.TaskGroup
				err := g.Enter(y)
				loop.GoIn(&g, fails, named)
				return err
			})
			turns(y, 6)
		}, events{"task failed after the parent task of its group had ended: test error"}},
		{"job", func(y *loop.Yielder, l *loop.Loop) {
			f := loop.RunInExecutor(l, nil, func() (int, error) { return 0, errTest })
			for !f.Done() {
				loop.Sleep(y, 0)
			}
		}, events{lostTask}},
		{"RunCoroutineThreadsafe", func(y *loop.Yielder, l *loop.Loop) {
			loop.RunCoroutineThreadsafe(context.Background(), l, fails)
		}, events{`error of task "Task-2" was never retrieved: test error`}},
		{"callback", func(y *loop.Yielder, l *loop.Loop) {
			f := loop.NewFuture[int](l)
			f.AddDoneCallback(func(*loop.Future[int]) { panic(errTest) })
			f.SetResult(1)
		}, events{"panic in callback: panic: test error"}},
		{"task of a closed loop", func(y *loop.Yielder, l *loop.Loop) {
			spawn(l, func(y *loop.Yielder) error {
				defer loop.Go(l, forever, named)
				return loop.Sleep(y, time.Hour)
			})
			turns(y, 1)
		}, events{`error of task "t" was never retrieved: event loop is closed`}},
		{"clean-up that fails", func(y *loop.Yielder, l *loop.Loop) {
			loop.Go(y, func(y *loop.Yielder) (int, error) {
				return 0, errors.Join(loop.Sleep(y, time.Hour), loop.Sleep(y, time.Hour), errTest)
			}, named)
			turns(y, 1)
		}, events{`error of task "t" was never retrieved: ` +
			errors.Join(coroutine.GeneratorExit, loop.ErrClosed, errTest).Error()}},
		{"in the order of failure", func(y *loop.Yielder, l *loop.Loop) {
			for i, n := range []int{3, 1, 2} {
				loop.Go(y, func(y *loop.Yielder) (int, error) { turns(y, n); return 0, errTest },
					loop.Named(fmt.Sprint(i)))
			}
		}, events{
			`error of task "1" was never retrieved: test error`,
			`error of task "2" was never retrieved: test error`,
			`error of task "0" was never retrieved: test error`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, _ := newLoop(t)
			got := reports(l)
			complete(t, l, func(y *loop.Yielder) { tc.do(y, l); turns(y, 10) })
			expectErr(t, "Close", l.Close(), nil)
			expect(t, "reports", *got, tc.want)
		})
	}
}

// failing is a coroutine that raises errTest.
type failing struct{}

func (failing) Send(any) (any, error)      { return nil, errTest }
func (failing) Throw(e error) (any, error) { return nil, e }
func (failing) Close() (int, error)        { return 0, nil }

// TestA1Garbage: the report comes while the loop runs, once the task is garbage,
// and only once.
func TestA1Garbage(t *testing.T) {
	l, _ := newLoop(t)
	got := reports(l)
	playOn(t, l, func(y *loop.Yielder) {
		loop.Go(y, fails, loop.Named("t"))
		for len(*got) == 0 {
			runtime.GC()
			loop.Sleep(y, 0)
		}
	})
	expectErr(t, "Close", l.Close(), nil)
	expect(t, "reports", *got, events{lost})
}

// TestA1ClosedLoop: what fails once the loop is closed is logged when it is garbage.
func TestA1ClosedLoop(t *testing.T) {
	logged := make(logs, 9)
	logTo(t, logged)
	l, _ := loop.NewVirtual()
	expectErr(t, "Close", l.Close(), nil)
	loop.Go(l, forever, loop.Named("never"))
	for {
		runtime.GC()
		select {
		case r := <-logged:
			expect(t, "message", strings.HasPrefix(r,
				`error of task "never" was never retrieved error=event loop is closed at=`), true)
			return
		default:
			runtime.Gosched()
		}
	}
}

// TestA1Asked: no way of asking for an error leaves a report, nor a wake-up of the
// loop when the garbage collector finds the task.
func TestA1Asked(t *testing.T) {
	_, v := loop.NewVirtual()
	wakes := &countWakes{System: v}
	l := loop.NewOn(wakes)
	got := reports(l)
	asked := 0
	ask := func(what string, err error) {
		t.Helper()
		expectErr(t, what, err, errTest)
		asked++
	}
	complete(t, l, func(y *loop.Yielder) {
		fail := func() *loop.Task[int] { return loop.Go(y, fails) }
		failed := func() *loop.Task[int] {
			task := fail()
			for !task.Done() {
				loop.Sleep(y, 0)
			}
			return task
		}
		_, err := fail().Await(y)
		ask("Await", err)
		_, err = failed().Await(y)
		ask("Await when done", err)
		_, err = failed().Result()
		ask("Result", err)
		exc, _ := failed().Exception()
		ask("Exception", exc)
		_, err = loop.Gather(y, fails, fails, fails).Await(y)
		ask("Gather", err)
		turns(y, 5)
		rs, _ := loop.GatherResults(y, fails).Await(y)
		ask("GatherResults", rs[0].Err)
		_, err = loop.Shield(y, fails).Await(y)
		ask("Shield", err)
		_, err = loop.ShieldFuture(y, failed()).Await(y)
		ask("ShieldFuture", err)
		_, err = loop.AsCompleted(y, fails).Next(y)
		ask("AsCompleted", err)
		f, _ := loop.AsCompleted(y, fails).NextFuture(y)
		_, err = f.Result()
		ask("NextFuture", err)
		for _, err := range loop.AsCompleted(y, fails).All(y) {
			ask("All", err)
		}
		_, err = loop.WaitForFuture(y, time.Hour, fail())
		ask("WaitForFuture", err)
		_, err = loop.WaitForFuture(y, 0, failed())
		ask("WaitForFuture without time", err)
		_, err = loop.WaitFor(y, time.Hour, fails)
		ask("WaitFor", err)
		_, err = loop.WithTimeout(y, time.Hour, fail().Await)
		ask("WithTimeout", err)
		var g loop.TaskGroup
		ask("group", g.Run(y, func() error { loop.GoIn(&g, fails); g.Go(noValue(fails)); return nil }))
		_, err = coroutine.YieldFrom(y, loop.NewCoroutine(l, fails))
		ask("YieldFrom", err)
		fail().AddDoneCallback(func(f *loop.Future[int]) { _, err := f.Result(); ask("callback", err) })
		turns(y, 5)
		_, err = loop.RunInExecutor(l, nil, func() (int, error) { return 0, errTest }).Await(y)
		ask("RunInExecutor", err)
		_, err = loop.ToThread(y, func(context.Context) (int, error) { return 0, errTest })
		ask("ToThread", err)
		wait := loop.RunCoroutineThreadsafe(context.Background(), l, fails)
		turns(y, 6)
		_, err = wait() // it has a result by now
		ask("RunCoroutineThreadsafe", err)
		wait = loop.RunCoroutineThreadsafe(context.Background(), l, fails)
		_, err = loop.ToThread(y, func(context.Context) (int, error) { return wait() })
		ask("RunCoroutineThreadsafe, while it runs", err)
		turns(y, 2)
	})
	_, err := loop.RunUntilComplete(l, loop.Func[int](fails))
	ask("RunUntilComplete", err)
	_, err = loop.RunIn(loop.NewRunner(l), fails)
	ask("RunIn", err)
	before := wakes.n
	for range 3 {
		collected := make(chan struct{})
		runtime.AddCleanup(new(*int), func(int) { close(collected) }, 0)
		for done := false; !done; {
			runtime.GC()
			select {
			case <-collected:
				done = true
			default:
				runtime.Gosched()
			}
		}
	}
	turn(t, l)
	expect(t, "wake-ups by the garbage collector", wakes.n-before, 0)
	expectErr(t, "Close", l.Close(), nil)
	expect(t, "reports", *got, nil)
	expect(t, "askings", asked, 24)
}

func noValue[T any](fn func(*loop.Yielder) (T, error)) func(*loop.Yielder) error {
	return func(y *loop.Yielder) error { _, err := fn(y); return err }
}

// countWakes counts the calls of Wake.
type countWakes struct {
	loop.System
	n int
}

func (c *countWakes) Wake() { c.n++; c.System.Wake() }

// logs is a slog.Handler that sends on what is logged.
type logs chan string

func (c logs) Enabled(context.Context, slog.Level) bool { return true }
func (c logs) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c logs) WithGroup(string) slog.Handler            { return c }
func (c logs) Handle(_ context.Context, r slog.Record) error {
	s := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "stack" {
			s += " " + a.String()
		}
		return true
	})
	c <- s
	return nil
}
