package loop_test

import (
	"fmt"
	"testing"
	"time"

	"coloop/loop"
)

func TestEager(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		self := l.CurrentTask()
		waiting := loop.Go(l, e.sleeper("a", 1), loop.Eager())
		e.add("made")
		quick := loop.Go(l, func(*loop.Yielder) (int, error) {
			expect(t, "a task of its own", l.CurrentTask() != self, true)
			return 7, nil
		}, loop.Eager())
		expect(t, "current task", l.CurrentTask() == self, true)
		expect(t, "done at once", quick.Done(), true)
		expect(t, "one that waits", waiting.Done(), false)
		expect(t, "tasks", len(l.AllTasks()), 2)
		ready, _, _ := l.Stats()
		expect(t, "turns that it takes", ready, 0)
		v, err := loop.GatherFutures(l, quick, quick).Await(y)
		expect(t, "values", v, []int{7, 7})
		expectErr(t, "error", err, nil)
		waiting.Await(y)

		failed := loop.Go(l, panicking, loop.Eager())
		_, err = failed.Result()
		expectErr(t, "panic", err, errTest)
		expect(t, "current task", l.CurrentTask() == self, true)
		loop.Go(l, func(y *loop.Yielder) (any, error) { // one in another
			inner := l.CurrentTask()
			loop.Go(l, e.sleeper("b", 0), loop.Eager())
			expect(t, "current task", l.CurrentTask() == inner, true)
			return nil, loop.Sleep(y, 0)
		}, loop.Eager())
		loop.Sleep(y, 0)
	})
	expect(t, "events", e, events{"a begins", "made", "a ends", "b begins", "b ends"})
}

func TestEagerLoop(t *testing.T) {
	l, _ := newLoop(t)
	l.SetEager(true)
	var e events
	before := loop.Go(l, e.sleeper("before", 0))
	expect(t, "nothing runs yet", len(e), 0)
	playOn(t, l, func(y *loop.Yielder) {
		expect(t, "created without the loop", before.Done(), false)
		loop.Go(l, e.sleeper("now", 0))
		e.add("made")
		l.SetEager(false)
		loop.Go(l, e.sleeper("later", 0))
		e.add("made")
		turns(y, 2)
	})
	expect(t, "events", e, events{"before begins", "now begins", "made", "made", "before ends",
		"now ends", "later begins", "later ends"})
}

// TestEagerGroup: a task that fails before it belongs to its group fails no
// differently.
func TestEagerGroup(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		l.SetEager(true)
		var g loop.TaskGroup
		var other *loop.Task[string]
		err := g.Run(y, func() error {
			other = loop.GoIn(&g, forever)
			expect(t, "refused", loop.GoIn(&g, after(-1, 0, nil)).Done(), false)
			loop.GoIn(&g, func(*loop.Yielder) (int, error) { return 0, errTest })
			expect(t, "not aborted yet", g.Aborting(), false)
			return loop.Sleep(y, time.Hour)
		})
		expectErr(t, "error", err, errTest)
		expect(t, "the other", other.Cancelled(), true)
		expect(t, "time", l.Time(), 0)
	})
}

func ExampleEager() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	cache := map[string]int{"answer": 42}
	lookUp := func(key string) loop.Func[int] {
		return func(y *loop.Yielder) (int, error) {
			if v, ok := cache[key]; ok {
				return v, nil // without a turn of the loop
			}
			return 0, loop.Sleep(y, time.Second)
		}
	}
	l.CallSoon(func() {
		fmt.Println(loop.Go(l, lookUp("answer"), loop.Eager()).Done())
		fmt.Println(loop.Go(l, lookUp("question"), loop.Eager()).Done())
	})
	l.RunForever()
	// Output:
	// true
	// false
}
