package loop_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

func TestTaskGroup(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var g loop.TaskGroup
		expectErr(t, "not entered", panicOf(func() { loop.GoIn(&g, forever) }), loop.ErrNotEntered)
		var a, b *loop.Task[int]
		err := g.Run(y, func() error {
			expectErr(t, "entered", g.Enter(y), loop.ErrEntered)
			a = loop.GoIn(&g, after(2, 1, nil))
			b, _ = loop.CreateTaskIn(&g, coroutine.New(after(1, 2, nil)))
			expect(t, "tasks", g.Len(), 2)
			return nil
		})
		expectErr(t, "error", err, nil)
		expect(t, "done", a.Done() && b.Done(), true)
		gen := coroutine.New(after(1, 2, nil))
		_, err = loop.CreateTaskIn(&g, gen)
		expectErr(t, "finished", err, loop.ErrGroupFinished)
		expect(t, "refused coroutine", gen.State(), coroutine.Closed)
	})
}

type testError struct{ n int }

func (e *testError) Error() string { return fmt.Sprint("test error ", e.n) }

func TestTaskGroupErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		body func(y *loop.Yielder, g *loop.TaskGroup) error
		want string
	}{
		{"child", func(y *loop.Yielder, g *loop.TaskGroup) error {
			loop.GoIn(g, after(1, 0, errTest))
			_, err := forever(y)
			return err
		}, "1 error in a TaskGroup: test error"},
		{"body", func(y *loop.Yielder, g *loop.TaskGroup) error { return errTest }, "1 error in a TaskGroup: test error"},
		{"several", func(y *loop.Yielder, g *loop.TaskGroup) error {
			loop.GoIn(g, func(y *loop.Yielder) (int, error) {
				forever(y)
				_, err := loop.GoIn(g, forever).Result()
				expectErr(t, "aborting", err, loop.ErrGroupShuttingDown)
				expect(t, "aborting", g.Aborting(), true)
				return 0, &testError{1}
			})
			loop.GoIn(g, after(1, 0, errTest))
			return loop.Sleep(y, time.Second)
		}, "2 errors in a TaskGroup: test error; test error 1"},
		{"panic of a child", func(y *loop.Yielder, g *loop.TaskGroup) error {
			loop.GoIn(g, panicking)
			return nil
		}, "panic"},
		{"panic of the body", func(y *loop.Yielder, g *loop.TaskGroup) error {
			loop.GoIn(g, forever)
			panic(errTest)
		}, "panic"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				var g loop.TaskGroup
				err := g.Run(y, func() error { return tc.body(y, &g) })
				expectErr(t, "errors.Is", err, errTest)
				var p *coroutine.PanicError
				if tc.want == "panic" {
					expect(t, "errors.As", errors.As(err, &p), true)
				} else {
					expect(t, "error", err.Error(), tc.want)
				}
				var e *testError
				if errors.As(err, &e) {
					expect(t, "errors.As", e.n, 1)
				}
				expect(t, "children left", len(l.AllTasks()), 1)
				expect(t, "requests to cancel left", l.CurrentTask().Cancelling(), 0)
			})
		})
	}
}

// TestTaskGroupCancelled: a cancellation from outside goes through the group,
// after its tasks have ended.
func TestTaskGroupCancelled(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var child *loop.Task[string]
		task := loop.Go(l, func(y *loop.Yielder) (any, error) {
			var g loop.TaskGroup
			return nil, g.Run(y, func() error {
				child = loop.GoIn(&g, forever)
				return nil
			})
		})
		loop.Sleep(y, 1)
		task.Cancel("outside")
		_, err := task.Await(y)
		expect(t, "error", err.Error(), "cancelled: outside")
		expect(t, "child", child.Cancelled(), true)
	})
}

func ExampleTaskGroup() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	loop.RunUntilComplete(l, loop.Func[any](func(y *loop.Yielder) (any, error) {
		var group loop.TaskGroup
		err := group.Run(y, func() error {
			for _, d := range []time.Duration{1, 2, 3} {
				loop.GoIn(&group, func(y *loop.Yielder) (any, error) {
					if err := loop.Sleep(y, d*time.Second); err != nil {
						fmt.Println(int(d), err)
						return nil, err
					}
					if d == 2 {
						return nil, errors.New("even")
					}
					fmt.Println(int(d), "done")
					return nil, nil
				})
			}
			return nil
		})
		fmt.Println(err)
		return nil, nil
	}))
	// Output:
	// 1 done
	// 3 cancelled
	// 1 error in a TaskGroup: even
}
