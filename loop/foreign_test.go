package loop_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"coloop/loop"
)

// inOtherLoop runs fn in a task of a second loop, on a goroutine of its own, while the
// first loop, that of y, runs.
func inOtherLoop(t testing.TB, y *loop.Yielder, fn func(y *loop.Yielder)) {
	onAnother(y, func() {
		l, _ := loop.NewVirtual()
		_, err := loop.RunUntilComplete(l, loop.Func[any](func(y *loop.Yielder) (any, error) { fn(y); return nil, nil }))
		expectErr(t, "the other loop", errors.Join(err, l.Close()), nil)
	})
}

// TestA8Shared uses what belongs to one running loop in a task of another.
func TestA8Shared(t *testing.T) {
	for name, park := range parking {
		switch name {
		case "Sleep", "Sleep of 0", "WaitFor", "WaitFor of 0", "WithTimeout", "ToThread",
			"TaskGroup.Enter", "TaskGroup.Run", "TaskGroup.Exit", "Barrier.Wait", "Barrier.Reset", "Barrier.Abort",
			"semaphore", "ParkingLot", "Get", "Join of nothing":
			continue // they belong to no loop yet, or are below
		}
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				s := newThings(t, y)
				before := s.state(l)
				inOtherLoop(t, y, func(y *loop.Yielder) {
					expectErr(t, "error", park(s, y), loop.ErrForeignLoop)
				})
				expect(t, "state", s.state(l), before)
				s.clearUp(t, y)
			})
		})
	}
	t.Run("in a gathering", func(t *testing.T) {
		play(t, func(y *loop.Yielder, l *loop.Loop) {
			s := newThings(t, y)
			before := s.state(l)
			inOtherLoop(t, y, func(y *loop.Yielder) {
				_, err := loop.GatherFutures[int](y, s.future).Await(y)
				expectErr(t, "Gather", err, loop.ErrForeignLoop)
				_, err = loop.ShieldFuture(y, s.future).Await(y)
				expectErr(t, "Shield", err, loop.ErrForeignLoop)
				_, err = loop.AsCompletedFutures[int](y, s.future).Next(y)
				expectErr(t, "AsCompleted", err, loop.ErrForeignLoop)
			})
			expect(t, "state", s.state(l), before)
			s.clearUp(t, y)
		})
	})
	t.Run("with a task waiting", func(t *testing.T) {
		play(t, func(y *loop.Yielder, l *loop.Loop) {
			b, lot, q := loop.NewBarrier(2), new(loop.ParkingLot), new(loop.Queue[int])
			waits := []yielding{noValue(b.Wait), noValue(func(y *loop.Yielder) (bool, error) { return lot.Park(y, nil) }), noValue(q.Get)}
			var tasks []loop.AnyTask
			for _, wait := range waits {
				tasks = append(tasks, loop.Spawn(y, wait))
			}
			turns(y, 3)
			inOtherLoop(t, y, func(y *loop.Yielder) {
				for i, wait := range waits {
					if err := wait(y); !errors.Is(err, loop.ErrForeignLoop) {
						t.Errorf("%d: %v", i, err)
					}
				}
				expectErr(t, "the other end of a queue", q.Put(y, 1), loop.ErrForeignLoop)
			})
			for _, task := range tasks {
				task.Cancel()
			}
			turns(y, 4)
		})
	})
}

// TestA8Reused: what belonged to a loop that is closed can be used in the next one.
func TestA8Reused(t *testing.T) {
	var lock loop.Lock
	var cond loop.Condition
	var event loop.Event
	var q loop.Queue[int]
	sem, b := loop.NewSemaphore(1), loop.NewBarrier(1)
	for range 3 {
		l, _ := loop.NewVirtual()
		playOn(t, l, func(y *loop.Yielder) {
			waiter := loop.Spawn(y, event.Wait)
			getter := loop.Go(y, q.Get)
			turns(y, 2)
			_, err := b.Wait(y)
			expectErr(t, "use", errors.Join(err, lock.Acquire(y), sem.Acquire(y), cond.Acquire(y), q.Put(y, 7)), nil)
			event.Set()
			n, err := getter.Await(y)
			expect(t, "item", n, 7)
			_, err2 := waiter.Await(y)
			expectErr(t, "waiting", errors.Join(err, err2), nil)
			event.Clear()
			lock.Release()
			sem.Release()
			cond.Release()
		})
		expectErr(t, "Close", l.Close(), nil)
	}
}

// TestA8DoneFuture: the result of a loop that is closed can be had in another.
func TestA8DoneFuture(t *testing.T) {
	l, _ := loop.NewVirtual()
	task := loop.Go(l, after(0, 7, nil))
	turn(t, l)
	turn(t, l)
	left := loop.NewFuture[int](l)
	expectErr(t, "Close", l.Close(), nil)
	play(t, func(y *loop.Yielder, _ *loop.Loop) {
		v, err := task.Await(y)
		expect(t, "result", v, 7)
		expectErr(t, "error", err, nil)
		_, err = left.Await(y)
		expectErr(t, "one that will never be done", err, loop.ErrClosed)
	})
}

// TestA8RunWithin: no loop runs within another, nor within itself, and the attempt
// leaves nothing.
func TestA8RunWithin(t *testing.T) {
	other, _ := newLoop(t)
	for name, run := range map[string]func(l *loop.Loop) error{
		"RunForever":       func(l *loop.Loop) error { return l.RunForever() },
		"RunUntilComplete": func(l *loop.Loop) error { _, err := loop.RunUntilComplete(l, loop.Func[string](forever)); return err },
		"its own future":   func(l *loop.Loop) error { _, err := loop.RunUntilComplete(l, loop.NewFuture[int](l)); return err },
		"RunIn":            func(l *loop.Loop) error { _, err := loop.RunIn(loop.NewRunner(l), forever); return err },
		"Run":              func(*loop.Loop) error { _, err := loop.Run(forever); return err },
		"Main":             func(*loop.Loop) error { return loop.Main(noValue(forever)) },
		"Runner.Close":     func(l *loop.Loop) error { return loop.NewRunner(l).Close() },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				before := runtime.NumGoroutine()
				for range 20 {
					if name != "Runner.Close" {
						expectErr(t, "another", run(other), loop.ErrRunning)
					}
					expectErr(t, "the same", run(l), loop.ErrRunning)
				}
				called := loop.NewFuture[error](l)
				l.CallSoon(func() { called.SetResult(run(l)) })
				err, _ := called.Await(y)
				expectErr(t, "in a callback", err, loop.ErrRunning)
				expect(t, "tasks", len(l.AllTasks()), 1)
				expect(t, "tasks of the other", len(other.AllTasks()), 0)
				ready, timers, _ := other.Stats()
				expect(t, "handles of the other", ready+timers, 0)
				if n := runtime.NumGoroutine(); n > before+10 {
					t.Errorf("%d goroutines, before %d", n, before)
				}
			})
		})
	}
	playOn(t, other, func(y *loop.Yielder) {}) // it is none the worse
}

// TestA8Timeout: a time on the clock of one loop means nothing in another.
func TestA8Timeout(t *testing.T) {
	other, _ := newLoop(t)
	tm := loop.NewTimeout(other, time.Second)
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		expectErr(t, "Run", tm.Run(y, func() error { panic("runs") }), loop.ErrForeignLoop)
		expect(t, "state", tm.State(), loop.TimeoutCreated)
	})
	playOn(t, other, func(y *loop.Yielder) {
		expectErr(t, "in its own loop", tm.Run(y, func() error { return nil }), nil)
	})
}
