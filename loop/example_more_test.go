package loop_test

import (
	"fmt"
	"time"

	"coloop/loop"
)

// Tasks and futures together.
func ExampleGatherFutures() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	task := loop.Go(l, func(y *loop.Yielder) (string, error) { return "of a task", loop.Sleep(y, time.Second) })
	future := loop.NewFuture[string](l)
	l.CallLater(2*time.Second, func() { future.SetResult("of a future") })
	fmt.Println(loop.RunUntilComplete(l, loop.GatherFutures(l, task, future)))
	// Output: [of a task of a future] <nil>
}

// A slice of tasks as awaitables.
func ExampleAwaitables() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var tasks []*loop.Task[int]
	for n := range 3 {
		tasks = append(tasks, loop.Go(l, func(*loop.Yielder) (int, error) { return n * n, nil }))
	}
	fmt.Println(loop.RunUntilComplete(l, loop.GatherFutures(l, loop.Awaitables(tasks)...)))
	// Output: [0 1 4] <nil>
}

// What has not come when the time is up is given as a time-out.
func ExampleCompleted_Within() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	after := func(d time.Duration) func(y *loop.Yielder) (time.Duration, error) {
		return func(y *loop.Yielder) (time.Duration, error) { return d, loop.Sleep(y, d) }
	}
	_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		pages := loop.AsCompleted(y, after(3*time.Second), after(time.Second), after(time.Hour))
		for d, err := range pages.Within(time.Minute).All(y) {
			fmt.Println(l.Time(), d, err)
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 1s 1s <nil>
	// 3s 3s <nil>
	// 1m0s 0s timeout
	// <nil>
}

// A task that takes too long is cancelled.
func ExampleWaitForFuture() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	slow := loop.Spawn(l, func(y *loop.Yielder) error { return loop.Sleep(y, time.Hour) })
	_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		_, err := loop.WaitForFuture(y, time.Second, slow)
		return err
	}))
	fmt.Println(l.Time(), err, slow.Cancelled())
	// Output: 1s timeout true
}

// Whoever waits for a shield can be cancelled; the task behind it goes on.
func ExampleShieldFuture() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	saving := loop.Go(l, func(y *loop.Yielder) (string, error) { return "saved", loop.Sleep(y, time.Minute) })
	waiting := loop.ShieldFuture(l, saving)
	l.CallLater(time.Second, func() { waiting.Cancel() })
	_, err := loop.RunUntilComplete(l, waiting)
	fmt.Println(l.Time(), err)
	s, err := loop.RunUntilComplete(l, saving)
	fmt.Println(l.Time(), s, err)
	// Output:
	// 1s cancelled
	// 1m0s saved <nil>
}

// A group of tasks ends as a whole.
func ExampleTaskGroup_Go() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		var group loop.TaskGroup
		err := group.Run(y, func() error {
			for n := range 3 {
				group.Go(func(y *loop.Yielder) error { return loop.Sleep(y, time.Duration(n)*time.Second) })
			}
			return nil
		})
		fmt.Println("all have ended at", l.Time())
		return err
	}))
	fmt.Println(err)
	// Output:
	// all have ended at 2s
	// <nil>
}

// A worker takes items until the queue is shut down and empty.
func ExampleQueue_All() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var jobs loop.Queue[string]
	worker := loop.Spawn(l, func(y *loop.Yielder) error {
		for job, err := range jobs.All(y) {
			if err != nil {
				return err
			}
			fmt.Println("do", job)
		}
		return nil
	})
	for _, job := range []string{"this", "that"} {
		_ = jobs.PutNowait(job)
	}
	jobs.Shutdown(false)
	_, err := loop.RunUntilComplete(l, worker)
	fmt.Println(err)
	// Output:
	// do this
	// do that
	// <nil>
}

// A latch is a primitive of one's own: tasks wait until it is opened.
type latch struct {
	open bool
	lot  loop.ParkingLot
}

func (l *latch) Wait(y *loop.Yielder) error {
	if l.open {
		return nil
	}
	l.lot.Kind, l.lot.Owner = "latch.Wait", "the front door"
	_, err := l.lot.Park(y, nil)
	return err
}

func (l *latch) Open() {
	l.open = true
	for more := true; more; {
		_, more = l.lot.Unpark()
	}
}

// Locks of one's own are made of parking lots.
func ExampleParkingLot() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var door latch
	for n := range 2 {
		loop.Spawn(l, func(y *loop.Yielder) error {
			err := door.Wait(y)
			fmt.Println(l.Time(), "guest", n)
			return err
		})
	}
	l.CallLater(time.Second, func() {
		fmt.Println(door.lot.Len(), "wait")
		door.Open()
	})
	l.CallLater(2*time.Second, l.Stop)
	fmt.Println(l.RunForever())
	// Output:
	// 2 wait
	// 1s guest 0
	// 1s guest 1
	// <nil>
}

// A watched is the system below with an eye on it.
type watched struct {
	loop.System
	waits int
}

func (w *watched) Wait(until time.Duration, report func(fd int, read, write, hangup bool) bool) error {
	w.waits++
	return w.System.Wait(until, report)
}

// A loop runs on whatever has the methods of a System: here a clock that jumps,
// with a count of the turns on top.
func ExampleNewOn() {
	below, clock := loop.NewVirtual()
	defer below.Close()
	w := &watched{System: clock}
	l := loop.NewOn(w)
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		return loop.Sleep(y, time.Hour)
	}))
	fmt.Println(l.Time(), err, w.waits)
	// Output: 1h0m0s <nil> 4
}

// An executor of one's own limits how many jobs run at a time.
func ExampleExecutor() {
	e, err := loop.NewExecutor(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Shutdown(true)
	fmt.Println(loop.Run(func(y *loop.Yielder) ([]string, error) {
		l := loop.Running(y)
		job := func() (string, error) { return "done", nil }
		return loop.GatherFutures(y, loop.RunInExecutor(l, e, job), loop.RunInExecutor(l, e, job)).Await(y)
	}))
	// Output: [done done] <nil>
}
