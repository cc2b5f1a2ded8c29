package loop_test

import (
	"fmt"
	"testing"
	"time"

	"coloop/loop"
)

func TestWait(t *testing.T) {
	for _, tc := range []struct {
		name     string
		mode     loop.WaitMode
		timeout  time.Duration
		err      error // of the first, which takes 1 s; the others take 2 and 3 s
		done     int
		duration time.Duration
	}{
		{"all", loop.AllCompleted, loop.NoTimeout, nil, 3, 3 * time.Second},
		{"first", loop.FirstCompleted, loop.NoTimeout, nil, 1, time.Second},
		{"exception", loop.FirstException, loop.NoTimeout, errTest, 1, time.Second},
		{"no exception", loop.FirstException, loop.NoTimeout, nil, 3, 3 * time.Second},
		{"cancellation is none", loop.FirstException, loop.NoTimeout, &loop.CancelledError{}, 3, 3 * time.Second},
		{"timeout", loop.AllCompleted, 2500 * time.Millisecond, nil, 2, 2500 * time.Millisecond},
		{"no time", loop.AllCompleted, 0, nil, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				first, second := loop.Go(l, after(1, 1, tc.err)), loop.Go(l, after(2, 2, nil))
				third := loop.Go(l, after(3, 3, nil))
				done, rest, err := loop.Wait(y, tc.timeout, tc.mode, first, second, third, first)
				expectErr(t, "error", err, nil)
				expect(t, "done", len(done), tc.done)
				expect(t, "not done", len(rest), 3-tc.done)
				expect(t, "time", l.Time(), tc.duration)
				_, timers, cancelled := l.Stats()
				expect(t, "timers of its own left", timers-cancelled, len(rest))
				cancelOthers(y)
			})
		})
	}
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		_, _, err := loop.Wait[loop.AnyFuture](y, 1, loop.AllCompleted)
		expectErr(t, "of nothing", err, loop.ErrWaitEmpty)
		task := loop.Go(l, forever)
		waiter := loop.Go(l, func(y *loop.Yielder) (any, error) {
			_, _, err := loop.Wait(y, loop.NoTimeout, loop.AllCompleted, task)
			return nil, err
		})
		loop.Sleep(y, 0)
		waiter.Cancel()
		_, err = waiter.Await(y)
		expectErr(t, "cancelled", err, loop.ErrCancelled)
		expect(t, "what it waited for goes on", task.Done() || task.Cancelling() > 0, false)
		cancelOthers(y)
	})
}

func TestAsCompleted(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		slow, quick := loop.Go(l, after(3, "slow", nil)), loop.Go(l, after(1, "quick", nil))
		c := loop.AsCompletedFutures(l, slow, quick, slow, after(2, "", errTest))
		expect(t, "left", c.Left(), 3)
		f, err := c.NextFuture(y)
		expectErr(t, "error", err, nil)
		expect(t, "first", f == &quick.Future, true)
		var got events
		for v, err := range c.All(y) {
			got.add("%s %v at %v", v, err, l.Time())
		}
		expect(t, "rest", got, events{" test error at 2s", "slow <nil> at 3s"})
		_, err = c.Next(y)
		expectErr(t, "after the last", err, loop.ErrExhausted)

		c = loop.AsCompleted(l, after(0, "in time", nil), forever, forever).Within(time.Second)
		v, _ := c.Next(y)
		expect(t, "in time", v, "in time")
		for range c.All(y) {
			break
		}
		_, err = c.Next(y)
		expectErr(t, "too late", err, loop.ErrTimeout)
		cancelOthers(y)
	})
}

func ExampleAsCompleted() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	job := func(name string, d time.Duration) loop.Func[string] {
		return func(y *loop.Yielder) (string, error) { return name, loop.Sleep(y, d) }
	}
	loop.RunUntilComplete(l, loop.Func[any](func(y *loop.Yielder) (any, error) {
		jobs := loop.AsCompleted(l, job("slow", time.Minute), job("quick", time.Second))
		for name, err := range jobs.All(y) {
			fmt.Println(name, err)
		}
		return nil, nil
	}))
	// Output:
	// quick <nil>
	// slow <nil>
}
