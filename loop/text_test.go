package loop_test

import (
	"fmt"
	"testing"
	"time"

	"coloop/loop"
)

func callback() {}

// ended returns a Timeout without a limit that has been left.
func ended(y *loop.Yielder) *loop.Timeout {
	t := loop.NewTimeout(y, loop.NoTimeout)
	t.Run(y, func() error { return nil })
	return t
}

// TestA13Strings: what a user prints while looking for a fault says what it is doing.
func TestA13Strings(t *testing.T) {
	l, _ := newLoop(t)
	expect(t, "new loop", l.String(), "<Loop not running, 0 tasks, 0 ready handles, 0 timers>")
	playOn(t, l, func(y *loop.Yielder) {
		is := func(want string, thing fmt.Stringer) {
			t.Helper()
			expect(t, "description", fmt.Sprint(thing), want)
		}
		waits := func(fn func(y *loop.Yielder) error) { loop.Spawn(y, fn, loop.Named("w")); loop.Sleep(y, 0) }

		q := loop.NewQueue[int](10)
		q.Name = "jobs"
		is("<Queue 'jobs' 0 of 10 items>", q)
		waits(func(y *loop.Yielder) error { _, err := q.Get(y); return err })
		is("<Queue 'jobs' 0 of 10 items, 1 getter>", q)
		q.PutNowait(1)
		q.PutNowait(2)
		loop.Sleep(y, 0)
		is("<Queue 'jobs' 1 of 10 items, 1 not done>", q)
		q.Shutdown(false)
		is("<Queue 'jobs' 1 of 10 items, 1 not done, shut down>", q)
		is("<Queue 0 items>", new(loop.Queue[int]))
		full := loop.NewQueue[int](1)
		waits(func(y *loop.Yielder) error { full.Put(y, 1); return full.Put(y, 2) })
		is("<Queue 1 of 1 item, 1 putter>", full)

		s := loop.NewSemaphore(1)
		is("<Semaphore 1 permit>", s)
		b := loop.NewBoundedSemaphore(3)
		b.Name = "places"
		b.Acquire(y)
		is("<BoundedSemaphore 'places' 2 of 3 permits>", b)

		lock := loop.Lock{Name: "it's"}
		is(`<Lock "it's" unlocked>`, &lock)
		waits(func(y *loop.Yielder) error { return lock.With(y, func() error { return loop.Sleep(y, time.Hour) }) })
		waits(lock.Acquire)
		is(`<Lock "it's" held by 'w', 1 waiter>`, &lock)

		c := loop.Condition{Name: "news"}
		waits(func(y *loop.Yielder) error { return c.With(y, func() error { return c.Wait(y) }) })
		is("<Condition 'news' unlocked, 1 waiter>", &c)

		e := loop.Event{Name: "go"}
		waits(e.Wait)
		is("<Event 'go' not set, 1 waiter>", &e)
		e.Set()
		loop.Sleep(y, 0)
		is("<Event 'go' set>", &e)

		barrier := loop.NewBarrier(3)
		waits(func(y *loop.Yielder) error { _, err := barrier.Wait(y); return err })
		is("<Barrier filling, 1 of 3 tasks>", barrier)

		lot := loop.ParkingLot{Kind: "rowing", Owner: "a boat"}
		waits(func(y *loop.Yielder) error { _, err := lot.Park(y, nil); return err })
		is("<ParkingLot 'rowing' 1 waiter>", &lot)

		var g loop.TaskGroup
		is("<TaskGroup not entered>", &g)
		g.Enter(y)
		g.Go(func(y *loop.Yielder) error { return loop.Sleep(y, time.Hour) })
		is("<TaskGroup entered, 1 task>", &g)
		g.Cancel()
		is("<TaskGroup cancelling, 1 task>", &g)
		expectErr(t, "Exit", g.Exit(y, loop.Sleep(y, 0)), nil)

		timeout := loop.NewTimeoutAt(y, time.Hour)
		is("<Timeout created, up at 1h0m0s>", timeout)
		timeout.Run(y, func() error { is("<Timeout active, up at 1h0m0s>", timeout); return nil })
		is("<Timeout finished, never up>", ended(y))

		h := l.CallSoon(callback)
		is("<Handle loop_test.callback at text_test.go:11>", h)
		h.Cancel()
		is("<Handle cancelled>", h)
		at := l.CallAt(time.Hour, callback)
		is("<TimerHandle loop_test.callback at text_test.go:11, due at 1h0m0s>", at)
		l.SetDebug(&loop.Debug{})
		is("<Handle loop_test.callback at text_test.go:11>", l.CallSoon(callback))
		l.SetDebug(nil)
		at.Cancel()
		is("<TimerHandle cancelled, due at 1h0m0s>", at)

		is("<Loop running, 7 tasks, 2 ready handles, 1 timer>", l)
		for _, task := range l.AllTasks() {
			if task != l.CurrentTask() {
				task.Cancel()
			}
		}
	})
	l.Close()
	expect(t, "closed loop", l.String(), "<Loop closed>")
}
