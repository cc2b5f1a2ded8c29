package loop_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"coloop/loop"
)

func TestTimeoutError(t *testing.T) {
	var n net.Error
	expect(t, "net.Error", errors.As(loop.ErrTimeout, &n) && n.Timeout(), true)
	expectErr(t, "os", loop.ErrTimeout, os.ErrDeadlineExceeded)
}

func TestTimeout(t *testing.T) {
	for _, tc := range []struct {
		name     string
		d        time.Duration
		fn       func(y *loop.Yielder, l *loop.Loop) error
		want     error
		duration time.Duration
	}{
		{"in time", 2, func(y *loop.Yielder, l *loop.Loop) error { return loop.Sleep(y, 1) }, nil, 1},
		{"expired", 2, func(y *loop.Yielder, l *loop.Loop) error { return loop.Sleep(y, 3) }, loop.ErrTimeout, 2},
		{"wrapped", 2, func(y *loop.Yielder, l *loop.Loop) error { return fmt.Errorf("x: %w", loop.Sleep(y, 3)) }, loop.ErrTimeout, 2},
		{"no time", 0, func(y *loop.Yielder, l *loop.Loop) error { return loop.Sleep(y, 3) }, loop.ErrTimeout, 0},
		{"any time", loop.NoTimeout, func(y *loop.Yielder, l *loop.Loop) error { return loop.Sleep(y, 3) }, nil, 3},
		{"other error", 2, func(y *loop.Yielder, l *loop.Loop) error {
			loop.Sleep(y, 3)
			return errTest
		}, errTest, 2},
		{"cancelled by others", 2, func(y *loop.Yielder, l *loop.Loop) error {
			l.CurrentTask().Cancel()
			return loop.Sleep(y, 1)
		}, loop.ErrCancelled, 0},
		{"cancelled by others too", 2, func(y *loop.Yielder, l *loop.Loop) error {
			self := l.CurrentTask()
			err := loop.Sleep(y, 3)
			self.Cancel()
			return err
		}, loop.ErrCancelled, 2},
		{"nested, inner", 3, func(y *loop.Yielder, l *loop.Loop) error {
			err := loop.NewTimeout(l, 1).Run(y, func() error { return loop.Sleep(y, 5) })
			expectErr(t, "inner", err, loop.ErrTimeout)
			return loop.Sleep(y, 1)
		}, nil, 2},
		{"nested, outer", 1, func(y *loop.Yielder, l *loop.Loop) error {
			err := loop.NewTimeout(l, 3).Run(y, func() error { return loop.Sleep(y, 5) })
			expectErr(t, "inner", err, loop.ErrCancelled)
			return err
		}, loop.ErrTimeout, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, _ := newLoop(t)
			_, err := loop.RunUntilComplete(l, loop.Func[any](func(y *loop.Yielder) (any, error) {
				return loop.WithTimeout(y, tc.d, func(y *loop.Yielder) (any, error) { return nil, tc.fn(y, l) })
			}))
			expectErr(t, "error", err, tc.want)
			expect(t, "time", l.Time(), tc.duration)
		})
	}
}

func TestTimeoutStates(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var e events
		to := loop.NewTimeout(l, 5)
		note := func() { e.add("%v when=%d expired=%v", to.State(), to.When(), to.Expired()) }
		note()
		expectErr(t, "not entered", to.Reschedule(1), loop.ErrNotEntered)
		err := to.Run(y, func() error {
			expectErr(t, "entered", to.Enter(y), loop.ErrEntered)
			expectErr(t, "later", to.Reschedule(9), nil)
			note()
			expectErr(t, "sleep", loop.Sleep(y, 6), nil)
			expectErr(t, "never", to.Reschedule(loop.NoTimeout), nil)
			expectErr(t, "sleep", loop.Sleep(y, 6), nil)
			expectErr(t, "now", to.Reschedule(3), nil)
			err := loop.Sleep(y, 6)
			note()
			var state *loop.TimeoutStateError
			expect(t, "expiring", errors.As(to.Reschedule(100), &state), true)
			return err
		})
		expectErr(t, "error", err, loop.ErrTimeout)
		note()
		expect(t, "reschedule", to.Reschedule(1).Error(), "cannot change state of expired Timeout")
		expect(t, "time", l.Time(), 12)
		expect(t, "states", e, events{"created when=5 expired=false", "active when=9 expired=false",
			"expiring when=3 expired=true", "expired when=3 expired=true"})
		to = loop.NewTimeoutAt(l, 20)
		func() {
			defer func() { recover() }()
			to.Run(y, func() error { panic(errTest) })
		}()
		expect(t, "after a panic", to.State(), loop.TimeoutFinished)
	})
}

func TestWaitFor(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		v, err := loop.WaitFor(y, 2*time.Second, after(1, 7, nil))
		expect(t, "value", v, 7)
		expectErr(t, "error", err, nil)
		expect(t, "no task was made", len(l.AllTasks()), 1)
		_, err = loop.WaitFor(y, loop.NoTimeout, after(1, 7, errTest))
		expectErr(t, "error", err, errTest)
		task := loop.Go(l, forever)
		_, err = loop.WaitForFuture(y, time.Second, task)
		expectErr(t, "too late", err, loop.ErrTimeout)
		expect(t, "cancelled", task.Cancelled(), true)
		f := loop.NewFuture[int](l)
		f.SetResult(3)
		v, err = loop.WaitForFuture(y, 0, f)
		expect(t, "done already", v, 3)
		expectErr(t, "done already", err, nil)
		_, err = loop.WaitForFuture(y, -1, loop.NewFuture[int](l))
		expectErr(t, "no time", err, loop.ErrTimeout)
		stoic := loop.Go(l, func(y *loop.Yielder) (int, error) {
			loop.Sleep(y, time.Second)
			return 4, nil
		})
		loop.Sleep(y, 0)
		v, err = loop.WaitForFuture(y, 0, stoic)
		expect(t, "one that does not let itself be cancelled", v, 4)
		expectErr(t, "one that does not let itself be cancelled", err, nil)
	})
}
