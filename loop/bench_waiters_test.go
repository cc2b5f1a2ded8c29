package loop_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"coloop/loop"
)

// BenchmarkWaiters has many tasks wait for one thing, and cancels or wakes them,
// in an order that is no help. The time is that of one of them, from its
// creation to its end: it must not grow with how many they are, but for the depth
// of a heap, and for what a hundred thousand stacks cost the caches.
func BenchmarkWaiters(b *testing.B) {
	waits := map[string]func() (wait func(y *loop.Yielder) error, wake func()){
		"lock": func() (func(y *loop.Yielder) error, func()) {
			// The first has it, and never gives it back.
			return new(loop.Lock).Acquire, nil
		},
		"semaphore": func() (func(y *loop.Yielder) error, func()) {
			sem := loop.NewSemaphore(0)
			return sem.Acquire, sem.Release
		},
		"event": func() (func(y *loop.Yielder) error, func()) {
			var event loop.Event
			return event.Wait, event.Set
		},
		"queue": func() (func(y *loop.Yielder) error, func()) {
			var q loop.Queue[int]
			return func(y *loop.Yielder) error { _, err := q.Get(y); return err },
				func() { _ = q.PutNowait(1) } // it has no limit
		},
		"timer": func() (func(y *loop.Yielder) error, func()) {
			return func(y *loop.Yielder) error {
				return loop.Sleep(y, time.Hour+rand.N(time.Hour))
			}, nil
		},
	}
	for _, what := range []string{"lock", "semaphore", "event", "queue", "timer"} {
		for _, n := range []int{1_000, 100_000} {
			for _, how := range []string{"cancel", "wake"} {
				wait, wake := waits[what]()
				if how == "wake" && wake == nil {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s/%d", what, how, n), func(b *testing.B) {
					for b.Loop() {
						wait, wake = waits[what]()
						if how == "cancel" {
							wake = nil
						}
						waiters(b, n, wait, wake)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/waiter")
				})
			}
		}
	}
}

func waiters(b *testing.B, n int, wait func(y *loop.Yielder) error, wake func()) {
	l, _ := loop.NewVirtual()
	defer l.Close()
	_, err := loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (int, error) {
		tasks := make([]*loop.Task[int], n)
		for i := range tasks {
			tasks[i] = loop.Go(l, func(y *loop.Yielder) (int, error) { return 0, wait(y) })
		}
		if err := loop.Sleep(y, 0); err != nil {
			return 0, err
		}
		for _, i := range rand.Perm(n) {
			if wake != nil {
				wake()
			} else {
				tasks[i].Cancel()
			}
		}
		return 0, loop.Sleep(y, 0)
	}))
	if err != nil {
		b.Fatal(err)
	}
	if left := len(l.AllTasks()); left > 0 {
		b.Fatalf("%d tasks are left", left)
	}
}
