package loop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// Two tasks sleep at the same time, on a clock that does not wait.
func Example() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	say := func(what string, after time.Duration) func(*loop.Yielder) (any, error) {
		return func(y *loop.Yielder) (any, error) {
			if err := loop.Sleep(y, after); err != nil {
				return nil, err
			}
			fmt.Println(l.Time(), what)
			return nil, nil
		}
	}
	main := loop.Go(l, func(y *loop.Yielder) (any, error) {
		hello := loop.Go(l, say("hello", time.Second))
		world := loop.Go(l, say("world", 2*time.Second))
		if _, err := hello.Await(y); err != nil {
			return nil, err
		}
		return world.Await(y)
	})
	if _, err := loop.RunUntilComplete(l, main); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1s hello
	// 2s world
}

// A runner cancels what is left of the tasks when it is closed.
func ExampleRunner() {
	var r loop.Runner
	n, err := loop.RunIn(&r, func(y *loop.Yielder) (int, error) {
		loop.Go(y, func(y *loop.Yielder) (any, error) {
			defer fmt.Println("the other task ends")
			return nil, loop.Sleep(y, time.Hour)
		})
		return 1, loop.Sleep(y, 0)
	})
	fmt.Println(n, err)
	s, err := loop.RunIn(&r, func(*loop.Yielder) (string, error) { return "again", nil })
	fmt.Println(s, err)
	fmt.Println(r.Close())
	// Output:
	// 1 <nil>
	// again <nil>
	// the other task ends
	// <nil>
}

// On a virtual clock an hour takes no time, and a deadlock is an error.
func ExampleNewVirtual() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (any, error) {
		return nil, loop.Sleep(y, time.Hour)
	}))
	fmt.Println(l.Time(), err)
	_, err = loop.RunUntilComplete(l, loop.NewFuture[any](l))
	fmt.Println(err)
	// Output:
	// 1h0m0s <nil>
	// event loop has nothing left to wait for
}

// What blocks is said to take its time by moving the clock.
func ExampleVirtual_Advance() {
	l, clock := loop.NewVirtual()
	defer l.Close()
	l.CallLater(time.Second, func() { fmt.Println("late:", l.Time()) })
	l.CallSoon(func() { clock.Advance(5 * time.Second) })
	l.CallLater(10*time.Second, l.Stop)
	fmt.Println(l.RunForever())
	// Output:
	// late: 5s
	// <nil>
}

// A task begins at the next suspension of who makes it, not at once.
func ExampleGo() {
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		t := loop.Go(y, func(*loop.Yielder) (string, error) {
			fmt.Println("2: the task")
			return "its result", nil
		})
		fmt.Println("1: who made it")
		s, err := t.Await(y)
		fmt.Println("3:", s)
		return nil, err
	})
	fmt.Println(err)
	// Output:
	// 1: who made it
	// 2: the task
	// 3: its result
	// <nil>
}

// A doubler is a coroutine without a stack: it waits for a future and returns
// twice its result.
type doubler struct {
	of      *loop.Future[int]
	waiting bool
}

func (d *doubler) Send(any) (any, error) {
	if !d.of.Done() {
		if d.waiting {
			return nil, loop.ErrNotAwaited
		}
		d.waiting = true
		return d.of.Block(), nil
	}
	n, err := d.of.Result()
	if err != nil {
		return nil, err
	}
	return nil, &coroutine.StopIteration[int]{Value: 2 * n}
}

func (d *doubler) Throw(err error) (any, error) { return nil, err }

func (d *doubler) Close() (int, error) { return 0, nil }

// Anything with the methods of a generator can be a task.
func ExampleCreateTask() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	f := loop.NewFuture[int](l)
	l.CallLater(time.Second, func() { f.SetResult(21) })
	fmt.Println(loop.RunUntilComplete(l, loop.CreateTask(l, &doubler{of: f})))
	// Output: 42 <nil>
}

// A generator that was made elsewhere is delegated to.
func ExampleFrom() {
	gen := coroutine.New(func(y *loop.Yielder) (string, error) {
		return "of a generator", loop.Sleep(y, time.Microsecond)
	})
	fmt.Println(loop.Run(loop.From(gen)))
	// Output: of a generator <nil>
}

// Sleep for no time gives the other tasks a turn.
func ExampleSleep() {
	count := func(label string) func(*loop.Yielder) (any, error) {
		return func(y *loop.Yielder) (any, error) {
			for i := range 3 {
				fmt.Print(label, i, " ")
				if err := loop.Sleep(y, 0); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}
	}
	_, err := loop.Run(func(y *loop.Yielder) ([]any, error) {
		return loop.Gather(y, count("a"), count("b")).Await(y)
	})
	fmt.Println(err)
	// Output: a0 b0 a1 b1 a2 b2 <nil>
}

// A cancellation is an error that comes out of what the task waits for.
func ExampleTask_Cancel() {
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		t := loop.Go(y, func(y *loop.Yielder) (any, error) {
			err := loop.Sleep(y, time.Hour)
			fmt.Println("cleaning up after:", err)
			return nil, err
		})
		if err := loop.Sleep(y, 0); err != nil { // it begins
			return nil, err
		}
		fmt.Println(t.Cancel("too late"))
		_, err := t.Await(y)
		fmt.Println(errors.Is(err, loop.ErrCancelled), t.Cancelled())
		return nil, nil
	})
	fmt.Println(err)
	// Output:
	// true
	// cleaning up after: cancelled: too late
	// true true
	// <nil>
}

// A task that has dealt with a request to cancel it, and goes on, takes it back.
func ExampleTask_Uncancel() {
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		var t *loop.Task[string]
		t = loop.Go(y, func(y *loop.Yielder) (string, error) {
			err := loop.Sleep(y, time.Hour)
			fmt.Println(err, t.Cancelling())
			fmt.Println(t.Uncancel())
			return "went on", nil
		})
		if err := loop.Sleep(y, 0); err != nil {
			return nil, err
		}
		t.Cancel()
		fmt.Println(t.Await(y))
		return nil, nil
	})
	fmt.Println(err)
	// Output:
	// cancelled 1
	// 0
	// went on <nil>
	// <nil>
}

func ExampleFuture_AddDoneCallback() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	f := loop.NewFuture[int](l)
	f.AddDoneCallback(func(f *loop.Future[int]) { fmt.Println(f.Result()) })
	remove := f.AddDoneCallback(func(*loop.Future[int]) { fmt.Println("never") })
	fmt.Println(remove())
	f.SetResult(7)
	fmt.Println("callbacks are called by the loop")
	l.CallSoon(l.Stop)
	fmt.Println(l.RunForever())
	// Output:
	// true
	// callbacks are called by the loop
	// 7 <nil>
	// <nil>
}

// What a callback schedules waits for the next turn.
func ExampleLoop_CallSoon() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	l.CallSoon(func() {
		fmt.Println("first")
		l.CallSoon(func() { fmt.Println("third") })
		l.CallSoon(l.Stop)
	})
	l.CallSoon(func() { fmt.Println("second") })
	l.CallSoon(func() { fmt.Println("never") }).Cancel()
	fmt.Println(l.RunForever())
	// Output:
	// first
	// second
	// third
	// <nil>
}

func ExampleLoop_CallAt() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	t := l.CallAt(3*time.Second, func() { fmt.Println("called at", l.Time()) })
	fmt.Println("due at", t.When())
	l.CallAt(time.Second, func() { fmt.Println("never") }).Cancel()
	l.CallAt(4*time.Second, l.Stop)
	fmt.Println(l.RunForever())
	// Output:
	// due at 3s
	// called at 3s
	// <nil>
}

// Other goroutines come in by way of CallSoonThreadsafe.
func ExampleLoop_CallSoonThreadsafe() {
	fmt.Println(loop.Run(func(y *loop.Yielder) (string, error) {
		l := loop.Running(y)
		f := loop.NewFuture[string](l)
		go func() {
			_ = l.CallSoonThreadsafe(func() { f.SetResult("from another goroutine") })
		}()
		return f.Await(y)
	}))
	// Output: from another goroutine <nil>
}

// Another goroutine has a function run in a task, and waits for its result.
func ExampleRunCoroutineThreadsafe() {
	l, err := loop.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- l.RunForever() }()

	wait := loop.RunCoroutineThreadsafe(context.Background(), l, func(y *loop.Yielder) (int, error) {
		return 42, loop.Sleep(y, time.Microsecond)
	})
	fmt.Println(wait())

	_ = l.CallSoonThreadsafe(l.Stop)
	fmt.Println(<-ended, l.Close())
	// Output:
	// 42 <nil>
	// <nil> <nil>
}

// A context cancels a task.
func ExampleCancelWith() {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		t := loop.Go(y, func(y *loop.Yielder) (any, error) {
			return nil, loop.Sleep(y, time.Hour)
		})
		defer loop.CancelWith(ctx, t)()
		cancel()
		return t.Await(y)
	})
	fmt.Println(err)
	// Output: cancelled
}

// Errors that nobody waits for go to the exception handler.
func ExampleLoop_SetExceptionHandler() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
		var p *coroutine.PanicError
		fmt.Println("handled:", errors.As(c.Exception, &p) && p.Value == "oops")
	})
	l.CallSoon(func() { panic("oops") })
	l.CallSoon(func() { fmt.Println("the loop goes on") })
	l.CallLater(time.Second, l.Stop)
	fmt.Println(l.RunForever())
	// Output:
	// handled: true
	// the loop goes on
	// <nil>
}

func ExampleLoop_AllTasks() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	names := func() (s []string) {
		for _, t := range l.AllTasks() {
			s = append(s, t.Name())
		}
		return s
	}
	main := loop.Go(l, func(y *loop.Yielder) (any, error) {
		t := loop.Go(l, func(y *loop.Yielder) (any, error) { return nil, loop.Sleep(y, time.Second) })
		t.SetName("sleeper")
		fmt.Println(names())
		return t.Await(y)
	})
	main.SetName("main")
	_, err := loop.RunUntilComplete(l, main)
	fmt.Println(names(), err)
	// Output:
	// [main sleeper]
	// [] <nil>
}

// A callback runs in no task.
func ExampleLoop_CurrentTask() {
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		l := loop.Running(y)
		l.CurrentTask().SetName("main")
		fmt.Println(l.CurrentTask().Name())
		l.CallSoon(func() { fmt.Println(l.CurrentTask()) })
		return nil, loop.Sleep(y, 0)
	})
	fmt.Println(err)
	// Output:
	// main
	// <nil>
	// <nil>
}

func ExampleLoop_SetTaskObserver() {
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		l := loop.Running(y)
		n := 0
		l.SetTaskObserver(func(t loop.AnyTask) {
			n++
			t.SetName(fmt.Sprint("worker ", n))
		})
		t := loop.Go(l, func(y *loop.Yielder) (any, error) { return nil, nil })
		fmt.Println(t.Name())
		return t.Await(y)
	})
	fmt.Println(err)
	// Output:
	// worker 1
	// <nil>
}
