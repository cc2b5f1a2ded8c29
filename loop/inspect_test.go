package loop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// bothLocks takes one lock, and a second later the other.
//
//go:noinline
func bothLocks(first, second *loop.Lock) func(y *loop.Yielder) error {
	return func(y *loop.Yielder) error {
		return first.With(y, func() error {
			if err := loop.Sleep(y, time.Second); err != nil {
				return err
			}
			return second.With(y, func() error { return nil })
		})
	}
}

// TestA21DeadlockNamesWhoWaits: two tasks, two locks.
func TestA21DeadlockNamesWhoWaits(t *testing.T) {
	l, _ := newLoop(t)
	a, b := &loop.Lock{Name: "a"}, &loop.Lock{Name: "b"}
	loop.Spawn(l, bothLocks(a, b), loop.Named("ann"))
	loop.Spawn(l, bothLocks(b, a), loop.Named("bob"))
	err := l.RunForever()
	expectErr(t, "run", err, loop.ErrIdle)
	var idle *loop.IdleError
	if !errors.As(err, &idle) {
		t.Fatalf("the error is a %T", err)
	}
	expect(t, "tasks", idle.Tasks, []string{
		"<Task pending name='ann' coro=loop_test.bothLocks.func1 at inspect_test.go:17 wait_for=<Lock.Acquire of lock 'b' held by 'bob'>>",
		"<Task pending name='bob' coro=loop_test.bothLocks.func1 at inspect_test.go:17 wait_for=<Lock.Acquire of lock 'a' held by 'ann'>>",
	})
	expect(t, "one line", strings.Count(err.Error(), "\n"), 0)
}

func worker(jobs *loop.Queue[int]) func(y *loop.Yielder) error {
	return func(y *loop.Yielder) error {
		for _, err := range jobs.All(y) {
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// waits are the ways to wait, and what a task says of each.
var waits = map[string]struct {
	wait func(y *loop.Yielder) error
	want string
}{
	"sleep":  {func(y *loop.Yielder) error { return loop.Sleep(y, time.Hour) }, "Sleep until 1h0m0s"},
	"queue":  {worker(&loop.Queue[int]{Name: "jobs"}), "Queue.Get of queue 'jobs'"},
	"event":  {(&loop.Event{Name: "go"}).Wait, "Event.Wait of event 'go'"},
	"permit": {loop.NewSemaphore(0).Acquire, "Semaphore.Acquire of semaphore"},
	"lot": {func(y *loop.Yielder) error {
		_, err := (&loop.ParkingLot{Kind: "rowing", Owner: "a boat"}).Park(y, nil)
		return err
	}, "rowing of a boat"},
	"lot that is its own owner": {func(y *loop.Yielder) error {
		var boat struct{ loop.ParkingLot }
		boat.Kind, boat.Owner = "rowing", &boat
		_, err := boat.Park(y, nil)
		return err
	}, "rowing of <ParkingLot 'rowing' 1 waiter>"},
	"future": {func(y *loop.Yielder) error {
		_, err := loop.NewFuture[int](loop.Running(y)).Await(y)
		return err
	}, "Future"},
	"task": {func(y *loop.Yielder) error {
		_, err := loop.Go(y, forever, loop.Named("child")).Await(y)
		return err
	}, "Task 'child'"},
	"gather": {func(y *loop.Yielder) error {
		_, err := loop.Gather(y, forever, forever).Await(y)
		return err
	}, "Gather of 2 futures"},
	"shield": {func(y *loop.Yielder) error {
		_, err := loop.ShieldFuture(y, loop.Go(y, forever, loop.Named("precious"))).Await(y)
		return err
	}, "Shield of Task 'precious'"},
	"wait": {func(y *loop.Yielder) error {
		_, _, err := loop.Wait(y, loop.NoTimeout, loop.AllCompleted, loop.Go(y, forever), loop.Go(y, after(1, "", nil)))
		return err
	}, "Wait for 1 of 2 futures"},
	"as completed": {func(y *loop.Yielder) error {
		_, err := loop.AsCompleted(y, forever, forever).Next(y)
		return err
	}, "AsCompleted of 2 of 2 futures"},
	"group": {func(y *loop.Yielder) error {
		var g loop.TaskGroup
		return g.Run(y, func() error { loop.GoIn(&g, forever); return nil })
	}, "TaskGroup of 1 futures"},
}

func TestWaitText(t *testing.T) {
	for name, tt := range waits {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				task := loop.Spawn(l, tt.wait)
				loop.Sleep(y, 2*time.Second)
				if s := task.String(); !strings.HasSuffix(s, " wait_for=<"+tt.want+">>") {
					t.Errorf("%s, want wait_for=<%s>", s, tt.want)
				}
				cancelOthers(y)
			})
		})
	}
}

// TestDump has a task for each way to await others.
func TestDump(t *testing.T) {
	l, _ := newLoop(t)
	main := loop.Spawn(l, func(y *loop.Yielder) error {
		var g loop.TaskGroup
		return g.Run(y, func() error {
			g.Go(func(y *loop.Yielder) error {
				_, err := loop.GatherFutures(y, loop.Go(y, forever, loop.Named("left")), loop.Go(y, forever, loop.Named("right"))).Await(y)
				return err
			}, loop.Named("gatherer"))
			g.Go(func(y *loop.Yielder) error { return loop.Sleep(y, time.Hour) }, loop.Named("sleeper"))
			return nil
		})
	}, loop.Named("main"))
	l.CallLater(time.Second, l.Stop)
	expectErr(t, "run", l.RunForever(), nil)
	var b strings.Builder
	expectErr(t, "Dump", loop.Dump(&b, l), nil)
	var names []string
	for line := range strings.Lines(b.String()) {
		margin, rest, ok := strings.Cut(line, "<Task ")
		if !ok {
			continue
		}
		_, name, _ := strings.Cut(rest, "name='")
		name, _, _ = strings.Cut(name, "'")
		names = append(names, margin+name)
	}
	expect(t, "tree", names, []string{"main", "├─ gatherer", "│  ├─ left", "│  └─ right", "└─ sleeper"})
	if first, _, _ := strings.Cut(b.String(), "\n"); first != "5 tasks, 0 handles ready, 3 timers" {
		t.Errorf("the heading is %q", first)
	}
	main.Cancel()
	_, err := loop.RunUntilComplete(l, main)
	expectErr(t, "main", err, loop.ErrCancelled)
	expectErr(t, "Dump to a full device", loop.Dump(full{}, l), errTest)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errTest }

// TestDumpCircle: tasks that await one another are all shown, once.
func TestDumpCircle(t *testing.T) {
	l, _ := newLoop(t)
	var a, b *loop.Task[struct{}]
	awaiting := func(other **loop.Task[struct{}]) func(y *loop.Yielder) error {
		return func(y *loop.Yielder) error { _, err := (*other).Await(y); return err }
	}
	a = loop.Spawn(l, awaiting(&b), loop.Named("a"))
	b = loop.Spawn(l, awaiting(&a), loop.Named("b"))
	expectErr(t, "run", l.RunForever(), loop.ErrIdle)
	var out strings.Builder
	expectErr(t, "Dump", loop.Dump(&out, l), nil)
	for _, want := range []string{"<Task pending name='a'", "\n└─ <Task pending name='b'", "   └─ <Task 'a', see above>"} {
		if strings.Count(out.String(), want) != 1 {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// TestChainInRepr: a coroutine that delegates is shown with its delegates.
func TestChainInRepr(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		inner := loop.NewCoroutine(l, forever)
		task := loop.Go(l, func(y *loop.Yielder) (string, error) { return coroutine.YieldFrom(y, inner) })
		loop.Sleep(y, 0)
		if s := task.String(); !strings.Contains(s, " > loop_test.forever at ") {
			t.Error(s)
		}
		task.Cancel()
	})
}
