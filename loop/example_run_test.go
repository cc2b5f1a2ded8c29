package loop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// A program without a result. Main returns when everything has ended that it has
// started.
func ExampleMain() {
	err := loop.Main(func(y *loop.Yielder) error {
		fmt.Println("hello")
		return loop.Sleep(y, time.Millisecond)
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// A runner keeps its loop, and the tasks of it, from one call to the next.
func ExampleRunIn() {
	var r loop.Runner
	task, err := loop.RunIn(&r, func(y *loop.Yielder) (*loop.Task[string], error) {
		return loop.Go(y, func(y *loop.Yielder) (string, error) {
			return "begun in the first call", loop.Sleep(y, time.Millisecond)
		}), nil
	})
	fmt.Println(task.Done(), err)
	fmt.Println(loop.RunIn(&r, task.Await))
	fmt.Println(r.Close())
	// Output:
	// false <nil>
	// begun in the first call <nil>
	// <nil>
}

// A runner on a virtual clock ends its tasks as a real one does.
func ExampleNewRunner() {
	l, _ := loop.NewVirtual()
	r := loop.NewRunner(l)
	r.Interrupt = loop.InterruptNever
	s, err := loop.RunIn(r, func(y *loop.Yielder) (string, error) {
		loop.Spawn(y, func(y *loop.Yielder) error {
			defer func() { fmt.Println("the other task ends at", l.Time()) }()
			return loop.Sleep(y, time.Hour)
		})
		return "done", loop.Sleep(y, time.Minute)
	})
	fmt.Println(s, err)
	fmt.Println(r.Close())
	// Output:
	// done <nil>
	// the other task ends at 1m0s
	// <nil>
}

func ExampleRunUntilComplete() {
	l, err := loop.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	fmt.Println(loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (string, error) {
		return "done", loop.Sleep(y, time.Millisecond)
	})))
	// Output: done <nil>
}

// A loop runs until it is stopped; callbacks need no task.
func ExampleLoop_RunForever() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var tick func()
	tick = func() {
		fmt.Println(l.Time())
		if l.Time() == 3*time.Second {
			l.Stop()
			return
		}
		l.CallLater(time.Second, tick)
	}
	l.CallSoon(tick)
	fmt.Println(l.RunForever())
	// Output:
	// 0s
	// 1s
	// 2s
	// 3s
	// <nil>
}

// What needs a loop takes y, or the loop itself.
func ExampleRunning() {
	err := loop.Main(func(y *loop.Yielder) error {
		l := loop.Running(y)
		future := loop.NewFuture[string](l)
		l.CallSoon(func() { future.SetResult("called") })
		fmt.Println(future.Await(y))
		return nil
	})
	fmt.Println(err)
	// Output:
	// called <nil>
	// <nil>
}

// A task of a function that returns no more than an error.
func ExampleSpawn() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	backup := loop.Spawn(l, func(y *loop.Yielder) error {
		return errors.Join(loop.Sleep(y, time.Second), errors.New("disk full"))
	})
	_, err := loop.RunUntilComplete(l, backup)
	fmt.Println(l.Time(), err)
	// Output: 1s disk full
}

func ExampleNamed() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	pause := func(y *loop.Yielder) error { return loop.Sleep(y, time.Second) }
	fmt.Println(loop.Spawn(l, pause, loop.Named("backup")).Name())
	fmt.Println(loop.Spawn(l, pause).Name())
	// Output:
	// backup
	// Task-1
}

// A value that a task and all that it starts can see.
func ExampleWithValues() {
	type user struct{}
	ctx := context.WithValue(context.Background(), user{}, "Ann")
	greet := func(y *loop.Yielder) error {
		fmt.Println("hello", y.Context().Value(user{}))
		return nil
	}
	err := loop.Main(func(y *loop.Yielder) error {
		_, err := loop.Spawn(y, func(y *loop.Yielder) error {
			_, err := loop.Spawn(y, greet).Await(y)
			return err
		}, loop.WithValues(ctx)).Await(y)
		return err
	})
	fmt.Println(err)
	// Output:
	// hello Ann
	// <nil>
}

// A coroutine object can be made now and awaited later, once.
func ExampleNewCoroutine() {
	err := loop.Main(func(y *loop.Yielder) error {
		coro := loop.NewCoroutine(loop.Running(y), func(y *loop.Yielder) (string, error) {
			return "awaited", loop.Sleep(y, 0)
		})
		fmt.Println(coroutine.YieldFrom(y, coro))
		fmt.Println(coroutine.YieldFrom(y, coro))
		return nil
	})
	fmt.Println(err)
	// Output:
	// awaited <nil>
	//  cannot reuse already awaited coroutine
	// <nil>
}

func ExampleNewFuture() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	price := loop.NewFuture[int](l)
	fmt.Println(price)
	_, err := price.Result()
	fmt.Println(err)
	l.CallLater(time.Second, func() { price.SetResult(7) })
	fmt.Println(loop.RunUntilComplete(l, price))
	fmt.Println(price, price.SetResult(8))
	// Output:
	// <Future pending>
	// invalid state
	// 7 <nil>
	// <Future finished result=7> invalid state
}

// A virtual event comes as one from a descriptor would, before the timers.
func ExampleVirtual_Event() {
	l, clock := loop.NewVirtual()
	defer l.Close()
	l.CallLater(time.Second, func() {
		fmt.Println("timer")
		l.Stop()
	})
	clock.Event(time.Second, func() { fmt.Println("event") })
	fmt.Println(l.RunForever())
	// Output:
	// event
	// timer
	// <nil>
}

// A handle is a callback that can be taken back.
func ExampleHandle() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	h := l.CallSoon(func() { fmt.Println("never") })
	h.Cancel()
	fmt.Println(h.Cancelled())
	l.CallSoon(l.Stop)
	fmt.Println(l.RunForever())
	// Output:
	// true
	// <nil>
}
