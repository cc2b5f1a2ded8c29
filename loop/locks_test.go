package loop_test

import (
	"slices"
	"testing"
	"time"

	"coloop/loop"
)

// spawn starts a task that calls fn.
func spawn(l *loop.Loop, fn func(y *loop.Yielder) error) *loop.Task[any] {
	return loop.Go(l, func(y *loop.Yielder) (any, error) { return nil, fn(y) })
}

// turns lets the other tasks have n turns.
func turns(y *loop.Yielder, n int) {
	for range n {
		loop.Sleep(y, 0)
	}
}

func TestLock(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var lock loop.Lock
		expectErr(t, "Release", panicOf(lock.Release), loop.ErrNotAcquired)
		expectErr(t, "Acquire", lock.Acquire(y), nil)
		var tasks []*loop.Task[any]
		for i := range 4 {
			tasks = append(tasks, spawn(l, func(y *loop.Yielder) error {
				return lock.With(y, func() error {
					e.add("%d", i)
					return loop.Sleep(y, 0)
				})
			}))
		}
		turns(y, 1)
		expect(t, "Locked", lock.Locked(), true)
		expect(t, "Waiting", lock.Waiting(), 4)
		tasks[1].Cancel()
		lock.Release()
		expectErr(t, "a newcomer", lock.Acquire(y), nil)
		e.add("main")
		lock.Release()
		expect(t, "Locked", lock.Locked(), false)
		_, err := tasks[1].Await(y)
		expectErr(t, "cancelled", err, loop.ErrCancelled)
	})
	expect(t, "order", e, events{"0", "2", "3", "main"})
}

// TestLockCancelledWaiter: the turn of a waiter that is cancelled when it has
// been woken goes to the next.
func TestLockCancelledWaiter(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var lock loop.Lock
		lock.Acquire(y)
		first := spawn(l, func(y *loop.Yielder) error { return lock.Acquire(y) })
		second := spawn(l, func(y *loop.Yielder) error {
			err := lock.Acquire(y)
			e.add("second: %v", err)
			return err
		})
		turns(y, 1)
		lock.Release()
		first.Cancel()
		second.Await(y)
		_, err := first.Result()
		expectErr(t, "first", err, loop.ErrCancelled)
		expect(t, "Waiting", lock.Waiting(), 0)
	})
	expect(t, "events", e, events{"second: <nil>"})
}

func TestEvent(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var ev loop.Event
		woken := 0
		for range 3 {
			spawn(l, func(y *loop.Yielder) error {
				err := ev.Wait(y)
				woken++
				return err
			})
		}
		turns(y, 1)
		expect(t, "Waiting", ev.Waiting(), 3)
		ev.Set()
		ev.Clear()
		expect(t, "IsSet", ev.IsSet(), false)
		turns(y, 1)
		expect(t, "woken", woken, 3)
		ev.Set()
		expectErr(t, "set already", ev.Wait(y), nil)
	})
}

func TestCondition(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var lock loop.Lock
		for name, c := range map[string]*loop.Condition{"own lock": {}, "given lock": loop.NewCondition(&lock)} {
			expectErr(t, "Wait without the lock", c.Wait(y), loop.ErrNotAcquired)
			expectErr(t, "Notify without the lock", panicOf(func() { c.Notify(1) }), loop.ErrNotAcquired)
			ready, through := 0, 0
			for range 3 {
				spawn(l, func(y *loop.Yielder) error {
					return c.With(y, func() error {
						err := c.WaitFor(y, func() bool { return ready > through })
						expect(t, name+": locked", c.Locked(), true)
						through++
						return err
					})
				})
			}
			turns(y, 3)
			expect(t, name+": Waiting", c.Waiting(), 3)
			c.With(y, func() error {
				ready = 2
				c.NotifyAll()
				return nil
			})
			turns(y, 5)
			expect(t, name+": through", through, 2)
			expect(t, name+": Waiting", c.Waiting(), 1)
			c.With(y, func() error {
				ready = 3
				c.Notify(1)
				return nil
			})
			turns(y, 3)
			expect(t, name+": through", through, 3)
			expect(t, name+": locked", c.Locked(), false)
		}
	})
}

// TestConditionCancelled: a waiter has the lock again when its cancellation is
// raised, and the notice it had got goes to another.
func TestConditionCancelled(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var c loop.Condition
		wait := func(name string) *loop.Task[any] {
			return spawn(l, func(y *loop.Yielder) error {
				return c.With(y, func() error {
					err := c.Wait(y)
					e.add("%s: %v, locked: %v", name, err, c.Locked())
					return err
				})
			})
		}
		a, b := wait("a"), wait("b")
		turns(y, 1)
		c.Acquire(y)
		c.Notify(1)
		a.Cancel()
		turns(y, 2)
		a.Cancel() // while it waits for the lock
		c.Release()
		a.Await(y)
		b.Await(y)
	})
	expect(t, "events", e, events{"a: cancelled, locked: true", "b: <nil>, locked: true"})
}

// TestSemaphore: permits are given in the order of asking, whoever is cancelled.
func TestSemaphore(t *testing.T) {
	for _, cancelled := range [][]int{nil, {0}, {2}, {1, 3}, {4}} {
		play(t, func(y *loop.Yielder, l *loop.Loop) {
			s := loop.NewBoundedSemaphore(2)
			var order []int
			most, inside := 0, 0
			var tasks []*loop.Task[any]
			for i := range 6 {
				tasks = append(tasks, spawn(l, func(y *loop.Yielder) error {
					return s.With(y, func() error {
						order = append(order, i)
						inside++
						most = max(most, inside)
						defer func() { inside-- }()
						return loop.Sleep(y, time.Second)
					})
				}))
			}
			turns(y, 1)
			expect(t, "Waiting", s.Waiting(), 4)
			expect(t, "Locked", s.Locked(), true)
			for _, i := range cancelled {
				tasks[i].Cancel()
			}
			loop.Wait(y, loop.NoTimeout, loop.AllCompleted, tasks...)
			want := slices.DeleteFunc([]int{0, 1, 2, 3, 4, 5}, func(i int) bool {
				return i > 1 && slices.Contains(cancelled, i)
			})
			expect(t, "order", order, want)
			expect(t, "at a time", most, 2)
			expect(t, "permits", s.Value(), 2)
			expectErr(t, "Release", panicOf(s.Release), loop.ErrReleased)
		})
	}
	expectPanic(t, loop.ErrSemaphoreValue, func() { loop.NewSemaphore(-1) })
}

func expectPanic(t *testing.T, want error, fn func()) {
	t.Helper()
	if got := panicOf(fn); got != want {
		t.Errorf("panic: got %v, want %v", got, want)
	}
}

// TestSemaphoreCancelledWaiter: a permit given to a waiter that is cancelled
// goes to the next one.
func TestSemaphoreCancelledWaiter(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		s := loop.NewSemaphore(1)
		s.Acquire(y)
		first := spawn(l, s.Acquire)
		second := spawn(l, s.Acquire)
		turns(y, 1)
		s.Release()
		first.Cancel()
		_, err := second.Await(y)
		expectErr(t, "second", err, nil)
		_, err = first.Result()
		expectErr(t, "first", err, loop.ErrCancelled)
		expect(t, "permits", s.Value(), 0)
	})
}

func TestBarrier(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		b := loop.NewBarrier(3)
		expect(t, "Parties", b.Parties(), 3)
		for range 2 { // it can be used again
			var got []int
			for range 3 {
				spawn(l, func(y *loop.Yielder) error {
					i, err := b.Wait(y)
					got = append(got, i)
					return err
				})
			}
			turns(y, 10)
			slices.Sort(got)
			expect(t, "indices", got, []int{0, 1, 2})
			expect(t, "State", b.State(), loop.BarrierFilling)
		}
		for name, end := range map[string]func(*loop.Yielder) error{"reset": b.Reset, "abort": b.Abort} {
			waiter := spawn(l, func(y *loop.Yielder) error { _, err := b.Wait(y); return err })
			turns(y, 2)
			expect(t, "NWaiting", b.NWaiting(), 1)
			expectErr(t, name, end(y), nil)
			_, err := waiter.Await(y)
			expectErr(t, name, err, loop.ErrBrokenBarrier)
			expect(t, "Broken", b.Broken(), name == "abort")
			b.Reset(y)
			expect(t, "NWaiting", b.NWaiting(), 0)
		}
	})
	expectPanic(t, loop.ErrParties, func() { loop.NewBarrier(0) })
}
