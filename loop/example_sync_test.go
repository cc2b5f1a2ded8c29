package loop_test

import (
	"errors"
	"fmt"
	"time"

	"coloop/loop"
)

// The lock is held over a suspension; those who wait have it in the order of their
// coming.
func ExampleLock() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var lock loop.Lock
	visit := func(name string) func(*loop.Yielder) (any, error) {
		return func(y *loop.Yielder) (any, error) {
			return nil, lock.With(y, func() error {
				fmt.Println(l.Time(), name, "comes")
				defer fmt.Println(name, "goes")
				return loop.Sleep(y, time.Second)
			})
		}
	}
	_, err := loop.RunUntilComplete(l, loop.Gather(l, visit("Ann"), visit("Bob")))
	fmt.Println(err)
	// Output:
	// 0s Ann comes
	// Ann goes
	// 1s Bob comes
	// Bob goes
	// <nil>
}

func ExampleEvent() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var start loop.Event
	runner := func(name string) func(*loop.Yielder) (any, error) {
		return func(y *loop.Yielder) (any, error) {
			err := start.Wait(y)
			fmt.Println(name, "runs at", l.Time())
			return nil, err
		}
	}
	l.CallLater(3*time.Second, start.Set)
	_, err := loop.RunUntilComplete(l, loop.Gather(l, runner("Ann"), runner("Bob")))
	fmt.Println(err)
	// Output:
	// Ann runs at 3s
	// Bob runs at 3s
	// <nil>
}

// Those who wait look again, with the lock, whenever they are notified.
func ExampleCondition() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var change loop.Condition
	money := 0
	buyer := func(y *loop.Yielder) (any, error) {
		return nil, change.With(y, func() error {
			if err := change.WaitFor(y, func() bool { return money >= 3 }); err != nil {
				return err
			}
			fmt.Println(l.Time(), "there is enough:", money)
			return nil
		})
	}
	saver := func(y *loop.Yielder) (any, error) {
		for money < 3 {
			if err := loop.Sleep(y, time.Second); err != nil {
				return nil, err
			}
			err := change.With(y, func() error {
				money++
				change.NotifyAll()
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	_, err := loop.RunUntilComplete(l, loop.Gather(l, buyer, saver))
	fmt.Println(err)
	// Output:
	// 3s there is enough: 3
	// <nil>
}

// At most two at a time.
func ExampleSemaphore() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	sem := loop.NewSemaphore(2)
	var visits []func(*loop.Yielder) (any, error)
	for i := range 5 {
		visits = append(visits, func(y *loop.Yielder) (any, error) {
			return nil, sem.With(y, func() error {
				fmt.Println(l.Time(), i)
				return loop.Sleep(y, time.Second)
			})
		})
	}
	_, err := loop.RunUntilComplete(l, loop.Gather(l, visits...))
	fmt.Println(err)
	// Output:
	// 0s 0
	// 0s 1
	// 1s 2
	// 1s 3
	// 2s 4
	// <nil>
}

// One that is bounded finds a Release too many.
func ExampleNewBoundedSemaphore() {
	sem := loop.NewBoundedSemaphore(1)
	defer func() { fmt.Println(sem.Value(), recover()) }()
	sem.Release()
	// Output: 1 BoundedSemaphore released too many times
}

func ExampleBarrier() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	barrier := loop.NewBarrier(3)
	var hikers []func(*loop.Yielder) (int, error)
	for i := range 3 {
		hikers = append(hikers, func(y *loop.Yielder) (int, error) {
			if err := loop.Sleep(y, time.Duration(i)*time.Second); err != nil {
				return 0, err
			}
			fmt.Println("one comes at", l.Time())
			index, err := barrier.Wait(y)
			fmt.Println("one goes on at", l.Time())
			return index, err
		})
	}
	fmt.Println(loop.RunUntilComplete(l, loop.Gather(l, hikers...)))
	// Output:
	// one comes at 0s
	// one comes at 1s
	// one comes at 2s
	// one goes on at 2s
	// one goes on at 2s
	// one goes on at 2s
	// [0 1 2] <nil>
}

// A queue that is full holds up who puts; Join waits until all has been dealt with.
func ExampleNewQueue() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	q := loop.NewQueue[int](1)
	loop.Go(l, func(y *loop.Yielder) (any, error) {
		for {
			n, err := q.Get(y)
			if err != nil {
				return nil, err
			}
			if err := loop.Sleep(y, time.Second); err != nil {
				return nil, err
			}
			fmt.Println(l.Time(), "done with", n)
			q.TaskDone()
		}
	})
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (any, error) {
		for n := range 3 {
			if err := q.Put(y, n); err != nil {
				return nil, err
			}
			fmt.Println(l.Time(), "put", n)
		}
		return nil, q.Join(y)
	}))
	fmt.Println(err)
	// Output:
	// 0s put 0
	// 0s put 1
	// 1s done with 0
	// 1s put 2
	// 2s done with 1
	// 3s done with 2
	// <nil>
}

func ExampleNewPriorityQueue() {
	q := loop.NewPriorityQueue(0, func(a, b string) bool { return len(a) < len(b) })
	for _, s := range []string{"medium", "the longest", "low"} {
		_ = q.PutNowait(s)
	}
	for !q.Empty() {
		fmt.Println(q.GetNowait())
	}
	fmt.Println(q.GetNowait())
	// Output:
	// low <nil>
	// medium <nil>
	// the longest <nil>
	//  queue is empty
}

func ExampleNewLifoQueue() {
	q := loop.NewLifoQueue[int](2)
	fmt.Println(q.PutNowait(1), q.PutNowait(2), q.PutNowait(3))
	fmt.Println(q.GetNowait())
	// Output:
	// <nil> <nil> queue is full
	// 2 <nil>
}

// Shutdown lets who gets have what is left, and then ends it.
func ExampleQueue_Shutdown() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var q loop.Queue[string]
	getter := loop.Go(l, func(y *loop.Yielder) (any, error) {
		for {
			s, err := q.Get(y)
			if errors.Is(err, loop.ErrQueueShutDown) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			fmt.Println(s)
		}
	})
	l.CallLater(time.Second, func() {
		_ = q.PutNowait("last")
		q.Shutdown(false)
		fmt.Println(q.PutNowait("too late"))
	})
	_, err := loop.RunUntilComplete(l, getter)
	fmt.Println(err)
	// Output:
	// queue is shut down
	// last
	// <nil>
}
