package loop_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// after returns a suspending function that returns v after d, or err.
func after[T any](d time.Duration, v T, err error) loop.Func[T] {
	return func(y *loop.Yielder) (T, error) {
		if e := loop.Sleep(y, d*time.Second); e != nil {
			return v, e
		}
		return v, err
	}
}

func TestGather(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		v, err := loop.Gather(l, after(2, 20, nil), after(1, 10, nil)).Await(y)
		expect(t, "values", v, []int{20, 10})
		expectErr(t, "error", err, nil)
		f := loop.Gather[int](l)
		v, err = f.Result()
		expect(t, "values of nothing", v, []int{})
		expectErr(t, "error of nothing", err, nil)
		task := loop.Go(l, after(1, 1, nil))
		v, _ = loop.GatherFutures[int](l, task, task, after(0, 2, nil)).Await(y)
		expect(t, "a task twice", v, []int{1, 1, 2})
		sum := loop.GatherFunc(l, func(vs []int) string { return fmt.Sprint(vs) }, after(1, 3, nil), after(0, 4, nil))
		text, _ := sum.Await(y)
		expect(t, "collected", text, "[3 4]")
	})
}

// TestGatherError: the first error ends the gathering, not the others.
func TestGatherError(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		slow := loop.Go(l, after(5, 1, nil))
		v, err := loop.GatherFutures[int](l, slow, after(1, 0, errTest)).Await(y)
		expect(t, "values", len(v), 0)
		expectErr(t, "error", err, errTest)
		expect(t, "time", l.Time(), time.Second)
		n, err := slow.Await(y)
		expect(t, "the other", n, 1)
		expectErr(t, "its error", err, nil)
	})
}

// results is what GatherResultsFunc collects if it is to be like GatherResults.
func results(rs []loop.Result[int]) []loop.Result[int] { return rs }

func TestGatherResults(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		doomed := loop.Go(l, after(5, 1, nil))
		l.CallLater(time.Second, func() { doomed.Cancel() })
		rs, err := loop.GatherResultsFunc(l, results, doomed, after(2, 2, nil), after(1, 0, errTest)).Await(y)
		expectErr(t, "error", err, nil)
		expectErr(t, "first", rs[0].Err, loop.ErrCancelled)
		expect(t, "second", rs[1], loop.Result[int]{Value: 2})
		expectErr(t, "third", rs[2].Err, errTest)
	})
}

func TestGatherCancel(t *testing.T) {
	for name, gather := range map[string]func(l *loop.Loop, tasks ...*loop.Task[int]) loop.AnyFuture{
		"values": func(l *loop.Loop, tasks ...*loop.Task[int]) loop.AnyFuture {
			return loop.GatherFutures(l, loop.Awaitables(tasks)...)
		},
		"results": func(l *loop.Loop, tasks ...*loop.Task[int]) loop.AnyFuture {
			return loop.GatherResultsFunc(l, results, loop.Awaitables(tasks)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				a, b := loop.Go(l, after(5, 1, nil)), loop.Go(l, after(5, 2, nil))
				g := gather(l, a, b)
				loop.Sleep(y, time.Second)
				expect(t, "Cancel", g.Cancel("enough"), true)
				for !g.Done() {
					loop.Sleep(y, 0)
				}
				expect(t, "children", a.Cancelled() && b.Cancelled(), true)
				exc, _ := g.Exception()
				expectErr(t, "error", exc, loop.ErrCancelled)
				expect(t, "Cancel when done", g.Cancel(), false)
			})
		})
	}
}

func TestShield(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		inner := loop.Go(l, after(2, 7, nil))
		outer := loop.ShieldFuture(l, inner)
		l.CallLater(time.Second, func() { outer.Cancel("impatient") })
		_, err := outer.Await(y)
		expect(t, "outer", err.Error(), "cancelled: impatient")
		v, err := inner.Await(y)
		expect(t, "inner", v, 7)
		expectErr(t, "inner", err, nil)
		expect(t, "of one that is done", loop.ShieldFuture(l, inner) == &inner.Future, true)
		_, err = loop.Shield(l, after(0, 0, errTest)).Await(y)
		expectErr(t, "error", err, errTest)
		inner = loop.Go(l, after(2, 7, nil))
		outer = loop.ShieldFuture(l, inner)
		inner.Cancel()
		_, err = outer.Await(y)
		expectErr(t, "cancelled inside", err, loop.ErrCancelled)
	})
}

func TestGatherFuncPanic(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		sum := loop.GatherFunc(l, func([]int) int { panic("boom") }, after(1, 1, nil))
		_, err := sum.Await(y)
		var p *coroutine.PanicError
		expect(t, "is the error", errors.As(err, &p), true)
	})
}

func ExampleGather() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	square := func(n int) loop.Func[int] {
		return func(y *loop.Yielder) (int, error) { return n * n, loop.Sleep(y, time.Second) }
	}
	fmt.Println(loop.RunUntilComplete(l, loop.Gather(l, square(1), square(2), square(3))))
	fmt.Println(l.Time())
	// Output:
	// [1 4 9] <nil>
	// 1s
}
