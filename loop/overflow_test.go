package loop_test

import (
	"errors"
	"testing"
	"time"

	"coloop/loop"
)

// TestA16EndOfTime: times that do not fit are for ever, and nothing is over at once.
func TestA16EndOfTime(t *testing.T) {
	const most = time.Duration(1<<63 - 1)
	for name, wait := range map[string]func(y *loop.Yielder, l *loop.Loop, d time.Duration) error{
		"Sleep": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error { return loop.Sleep(y, d) },
		"CallLater": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			l.CallLater(d, func() { t.Error("called") })
			return new(loop.Event).Wait(y)
		},
		"CallAt": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			l.CallAt(most, func() { t.Error("called") })
			return new(loop.Event).Wait(y)
		},
		"Event": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			l.System().(*loop.Virtual).Event(d, func() { t.Error("called") })
			return new(loop.Event).Wait(y)
		},
		"Timeout": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			return loop.NewTimeout(l, d).Run(y, func() error { return new(loop.Event).Wait(y) })
		},
		"Reschedule": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			tm := loop.NewTimeout(l, 1)
			return tm.Run(y, func() error {
				expectErr(t, "Reschedule", tm.Reschedule(most), nil)
				return new(loop.Event).Wait(y)
			})
		},
		"WithTimeout": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			_, err := loop.WithTimeout(y, d, loop.NewFuture[int](l).Await)
			return err
		},
		"WaitFor": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			_, err := loop.WaitForFuture(y, d, loop.NewFuture[int](l))
			return err
		},
		"Wait": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			_, _, err := loop.Wait(y, d, loop.AllCompleted, loop.NewFuture[int](l))
			return err
		},
		"Within": func(y *loop.Yielder, l *loop.Loop, d time.Duration) error {
			_, err := loop.AsCompletedFutures[int](y, loop.NewFuture[int](l)).Within(d).Next(y)
			return err
		},
	} {
		for _, d := range []time.Duration{most, most - 1, most - time.Hour} {
			for _, now := range []time.Duration{2 * time.Hour, most / 2, most} {
				l, v := newLoop(t)
				v.Advance(now)
				task := spawn(l, func(y *loop.Yielder) error { return wait(y, l, d) })
				_, err := loop.RunUntilComplete(l, task)
				if !errors.Is(err, loop.ErrIdle) || task.Done() {
					t.Errorf("%s of %v at %v: %v", name, d, now, err)
				}
				expect(t, "time", l.Time() >= min(now, most-1), true)
			}
		}
	}
}

// TestA16Backwards: the clock does not go back, and what is to be long ago is now.
func TestA16Backwards(t *testing.T) {
	const least = time.Duration(-1 << 63)
	l, v := newLoop(t)
	v.Advance(time.Hour)
	v.Advance(-time.Minute)
	v.Advance(least)
	expect(t, "time", l.Time(), time.Hour)
	var e events
	for _, d := range []time.Duration{least, -1, 0} {
		v.Event(d, func() { e.add("event %d", d) })
		l.CallLater(d, func() { e.add("timer %d", d) })
	}
	l.CallAt(least, func() { e.add("at %d", least) })
	complete(t, l, func(y *loop.Yielder) {
		for _, d := range []time.Duration{least, -1, 0} {
			expectErr(t, "Sleep", loop.Sleep(y, d), nil)
			_, err := loop.WithTimeout(y, d, forever)
			expectErr(t, "WithTimeout", err, loop.ErrTimeout)
			_, err = loop.WaitFor(y, d, forever)
			expectErr(t, "WaitFor", err, loop.ErrTimeout)
		}
	})
	expect(t, "called", len(e), 7)
	expect(t, "time", l.Time(), time.Hour)
	expectErr(t, "no time to pass", l.RunForever(), loop.ErrIdle)
}
