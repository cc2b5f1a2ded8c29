package loop_test

import (
	"testing"
	"time"

	"coloop/loop"
)

func TestTaskGroupCancel(t *testing.T) {
	for name, tt := range map[string]struct {
		body func(y *loop.Yielder, g *loop.TaskGroup) error
		want error
	}{
		"from the body": {func(y *loop.Yielder, g *loop.TaskGroup) error {
			g.Cancel()
			g.Cancel()
			return loop.Sleep(y, time.Hour)
		}, nil},
		"at the end of the body": {func(y *loop.Yielder, g *loop.TaskGroup) error {
			g.Cancel()
			return nil
		}, nil},
		"from a task": {func(y *loop.Yielder, g *loop.TaskGroup) error {
			g.Go(func(*loop.Yielder) error { g.Cancel(); return nil })
			return loop.Sleep(y, time.Hour)
		}, nil},
		"while the group waits": {func(y *loop.Yielder, g *loop.TaskGroup) error {
			g.Go(func(y *loop.Yielder) error {
				if err := loop.Sleep(y, time.Second); err != nil {
					return err
				}
				g.Cancel()
				return nil
			})
			return nil
		}, nil},
		"and a task that fails": {func(y *loop.Yielder, g *loop.TaskGroup) error {
			g.Go(func(y *loop.Yielder) error { loop.Sleep(y, time.Hour); return errTest })
			loop.Sleep(y, 0)
			g.Cancel()
			return nil
		}, errTest},
		"and somebody else's cancellation": {func(y *loop.Yielder, g *loop.TaskGroup) error {
			loop.Running(y).CurrentTask().Cancel()
			g.Cancel()
			return loop.Sleep(y, time.Hour)
		}, loop.ErrCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				var child *loop.Task[string]
				task := loop.Spawn(l, func(y *loop.Yielder) error {
					var g loop.TaskGroup
					return g.Run(y, func() error {
						child = loop.GoIn(&g, forever)
						return tt.body(y, &g)
					})
				})
				_, err := task.Await(y)
				if tt.want == nil {
					expect(t, "group", err, nil)
				} else {
					expectErr(t, "group", err, tt.want)
				}
				expect(t, "child cancelled", child.Cancelled(), true)
				expect(t, "time", l.Time() < 2*time.Second, true)
			})
		})
	}
}
