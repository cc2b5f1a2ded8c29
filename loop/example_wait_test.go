package loop_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"coloop/loop"
)

// Errors count as results.
func ExampleGatherResults() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	ok := func(y *loop.Yielder) (int, error) { return 1, loop.Sleep(y, time.Second) }
	bad := func(*loop.Yielder) (int, error) { return 0, errors.New("no luck") }
	results, err := loop.RunUntilComplete(l, loop.GatherResults(l, ok, bad, ok))
	for _, r := range results {
		fmt.Println(r.Value, r.Err)
	}
	fmt.Println(l.Time(), err)
	// Output:
	// 1 <nil>
	// 0 no luck
	// 1 <nil>
	// 1s <nil>
}

// Results are collected into something else than a slice.
func ExampleGatherFunc() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	n := func(n int) loop.Func[int] {
		return func(*loop.Yielder) (int, error) { return n, nil }
	}
	sum := func(ns []int) (sum int) {
		for _, n := range ns {
			sum += n
		}
		return sum
	}
	fmt.Println(loop.RunUntilComplete(l, loop.GatherFunc(l, sum, n(1), n(2), n(3))))
	// Output: 6 <nil>
}

// What is shielded goes on when who waits for it is cancelled.
func ExampleShield() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	saving := loop.Go(l, func(y *loop.Yielder) (string, error) {
		return "saved", loop.Sleep(y, 10*time.Second)
	})
	main := loop.Go(l, func(y *loop.Yielder) (string, error) {
		_, err := loop.WaitForFuture(y, time.Second, loop.ShieldFuture(y, saving))
		fmt.Println(l.Time(), err)
		return saving.Await(y)
	})
	s, err := loop.RunUntilComplete(l, main)
	fmt.Println(l.Time(), s, err)
	// Output:
	// 1s timeout
	// 10s saved <nil>
}

func ExampleWait() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (any, error) {
		var ts []*loop.Task[time.Duration]
		for _, d := range []time.Duration{3 * time.Second, time.Second, 2 * time.Second} {
			ts = append(ts, loop.Go(l, func(y *loop.Yielder) (time.Duration, error) {
				return d, loop.Sleep(y, d)
			}))
		}
		for len(ts) > 0 {
			done, left, err := loop.Wait(y, loop.NoTimeout, loop.FirstCompleted, ts...)
			if err != nil {
				return nil, err
			}
			fmt.Println(l.Time(), len(done), "done,", len(left), "left")
			ts = left
		}
		return nil, nil
	}))
	fmt.Println(err)
	// Output:
	// 1s 1 done, 2 left
	// 2s 1 done, 1 left
	// 3s 1 done, 0 left
	// <nil>
}

// Wait does not cancel what is not done when the time is up.
func ExampleWait_timeout() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	t := loop.Go(l, func(y *loop.Yielder) (string, error) { return "slow", loop.Sleep(y, time.Minute) })
	main := loop.Go(l, func(y *loop.Yielder) (string, error) {
		done, left, err := loop.Wait(y, time.Second, loop.AllCompleted, t)
		fmt.Println(len(done), len(left), err)
		return t.Await(y)
	})
	fmt.Println(loop.RunUntilComplete(l, main))
	// Output:
	// 0 1 <nil>
	// slow <nil>
}

// The future that is done tells which it is.
func ExampleCompleted_NextFuture() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (any, error) {
		name := make(map[*loop.Future[int]]string)
		var ts []*loop.Task[int]
		for i, s := range []string{"slow", "quick"} {
			t := loop.Go(l, func(y *loop.Yielder) (int, error) {
				return i, loop.Sleep(y, time.Duration(2-i)*time.Second)
			})
			name[&t.Future] = s
			ts = append(ts, t)
		}
		c := loop.AsCompletedFutures(y, loop.Awaitables(ts)...)
		for c.Left() > 0 {
			f, err := c.NextFuture(y)
			if err != nil {
				return nil, err
			}
			i, err := f.Result()
			fmt.Println(name[f], i, err)
		}
		return nil, nil
	}))
	fmt.Println(err)
	// Output:
	// quick 1 <nil>
	// slow 0 <nil>
	// <nil>
}

// WaitFor cancels what takes too long.
func ExampleWaitFor() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	slow := func(y *loop.Yielder) (string, error) {
		err := loop.Sleep(y, time.Hour)
		fmt.Println("slow:", err)
		return "done", err
	}
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (string, error) {
		return loop.WaitFor(y, time.Second, slow)
	}))
	fmt.Println(l.Time(), err == loop.ErrTimeout, errors.Is(err, os.ErrDeadlineExceeded))
	// Output:
	// slow: cancelled
	// 1s true true
}

// One time for several steps.
func ExampleWithTimeout() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (any, error) {
		return loop.WithTimeout(y, 5*time.Second, func(y *loop.Yielder) (any, error) {
			for step := 1; ; step++ {
				if err := loop.Sleep(y, 2*time.Second); err != nil {
					return nil, err
				}
				fmt.Println("step", step, "at", l.Time())
			}
		})
	}))
	fmt.Println(l.Time(), err)
	// Output:
	// step 1 at 2s
	// step 2 at 4s
	// 5s timeout
}

// Whoever makes progress gets more time.
func ExampleTimeout_Reschedule() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (any, error) {
		timeout := loop.NewTimeout(l, 3*time.Second)
		err := timeout.Run(y, func() error {
			for _, pause := range []time.Duration{2, 2, 2, 4} {
				if err := loop.Sleep(y, pause*time.Second); err != nil {
					return err
				}
				fmt.Println("progress at", l.Time())
				if err := timeout.Reschedule(l.Time() + 3*time.Second); err != nil {
					return err
				}
			}
			return nil
		})
		fmt.Println(timeout.State(), "at", l.Time())
		return nil, err
	}))
	fmt.Println(err)
	// Output:
	// progress at 2s
	// progress at 4s
	// progress at 6s
	// expired at 9s
	// timeout
}

// The first failure cancels the rest of the group, and its body.
func ExampleGoIn() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	full := errors.New("disk full")
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (any, error) {
		var g loop.TaskGroup
		return nil, g.Run(y, func() error {
			loop.GoIn(&g, func(y *loop.Yielder) (any, error) {
				err := loop.Sleep(y, time.Hour)
				fmt.Println(l.Time(), "the other task:", err)
				return nil, err
			})
			loop.GoIn(&g, func(y *loop.Yielder) (any, error) {
				_ = loop.Sleep(y, time.Second)
				return nil, full
			})
			err := loop.Sleep(y, time.Minute)
			fmt.Println(l.Time(), "the body:", err)
			return err
		})
	}))
	fmt.Println(err)
	fmt.Println(errors.Is(err, full))
	// Output:
	// 1s the other task: cancelled
	// 1s the body: cancelled
	// 1 error in a TaskGroup: disk full
	// true
}

// What blocks runs on another goroutine; the loop goes on meanwhile.
func ExampleRunInExecutor() {
	fmt.Println(loop.Run(func(y *loop.Yielder) (string, error) {
		l := loop.Running(y)
		blocked := make(chan string)
		f := loop.RunInExecutor(l, nil, func() (string, error) { return <-blocked, nil })
		l.CallSoon(func() { blocked <- "released by the loop" })
		return f.Await(y)
	}))
	// Output: released by the loop <nil>
}

// A cancelled task gives up its buffer only once the job that fills it has ended.
func ExampleRunToEnd() {
	err := loop.Main(func(y *loop.Yielder) error {
		begun, proceed := make(chan struct{}), make(chan struct{})
		buffer := make([]byte, 5)
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			n, err := loop.RunToEnd(y, nil, func() (int, error) {
				close(begun)
				<-proceed
				return copy(buffer, "hello"), nil
			})
			fmt.Println(n, string(buffer))
			return err
		})
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		<-begun
		task.Cancel("enough")
		close(proceed)
		_, err := task.Await(y)
		return err
	})
	fmt.Println(err)
	// Output:
	// 5 hello
	// cancelled: enough
}

// An executor of one goroutine does one job after the other.
func ExampleLoop_SetDefaultExecutor() {
	e, err := loop.NewExecutor(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(loop.Run(func(y *loop.Yielder) ([]int, error) {
		l := loop.Running(y)
		l.SetDefaultExecutor(e)
		jobs := 0
		job := func() (int, error) { jobs++; return jobs, nil }
		return loop.GatherFutures(l, loop.RunInExecutor(l, nil, job), loop.RunInExecutor(l, nil, job)).Await(y)
	}))
	// Output: [1 2] <nil>
}

// A callback for a task whose type does not matter.
func ExampleOnDone() {
	err := loop.Main(func(y *loop.Yielder) error {
		task := loop.Go(y, func(y *loop.Yielder) (int, error) { return 7, nil })
		loop.OnDone(task, func() { fmt.Println("the task has ended") })
		if _, err := task.Await(y); err != nil {
			return err
		}
		return loop.Sleep(y, 0)
	})
	fmt.Println(err)
	// Output:
	// the task has ended
	// <nil>
}
