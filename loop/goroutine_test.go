package loop_test

import (
	"context"
	"os"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// things are some of everything that a task can wait for. What could be had at once is
// to be had.
type things struct {
	future     *loop.Future[int]
	done       *loop.Future[int]
	task       *loop.Task[string]
	gather     *loop.Future[[]int]
	completed  *loop.Completed[int]
	group      *loop.TaskGroup
	timeout    *loop.Timeout
	entered    *loop.Timeout
	lock, free loop.Lock
	cond       loop.Condition
	event, set loop.Event
	none, some *loop.Semaphore
	barrier    *loop.Barrier
	empty      loop.Queue[int]
	full       *loop.Queue[int]
	both       *loop.Queue[int]
	lot        loop.ParkingLot
	handle     *loop.Handle
	timer      *loop.TimerHandle
	remove     func() bool
}

func newThings(t testing.TB, y *loop.Yielder) *things {
	l := loop.Running(y)
	s := &things{
		future: loop.NewFuture[int](l), done: loop.NewFuture[int](l), task: loop.Go(y, forever),
		group: &loop.TaskGroup{}, timeout: loop.NewTimeout(l, time.Hour), entered: loop.NewTimeout(l, time.Hour),
		none: loop.NewSemaphore(0), some: loop.NewSemaphore(1), barrier: loop.NewBarrier(2),
		full: loop.NewQueue[int](1), both: loop.NewQueue[int](2),
		handle: l.CallSoon(func() {}), timer: l.CallLater(time.Hour, func() {}),
	}
	s.done.SetResult(1)
	s.gather = loop.GatherFutures[int](l, s.future)
	s.completed = loop.AsCompletedFutures[int](l, s.future)
	s.remove = s.future.AddDoneCallback(func(*loop.Future[int]) {})
	// Each belongs to the loop once it has been used there.
	for _, err := range []error{
		s.group.Enter(y), s.entered.Enter(y), s.lock.Acquire(y), s.free.With(y, func() error { return nil }),
		s.cond.Acquire(y), s.some.With(y, func() error { return nil }), s.full.Put(y, 1), s.both.Put(y, 1),
	} {
		expectErr(t, "preparing", err, nil)
	}
	s.set.Set()
	expectErr(t, "preparing", s.set.Wait(y), nil)
	waiter := loop.Spawn(y, s.event.Wait)
	turns(y, 1)
	waiter.Cancel()
	turns(y, 2)
	expect(t, "an end", waiter.Cancelled(), true)
	return s
}

// clearUp gives back what newThings has taken.
func (s *things) clearUp(t testing.TB, y *loop.Yielder) {
	s.task.Cancel()
	s.timer.Cancel()
	expectErr(t, "group", s.group.Exit(y, nil), nil)
	expectErr(t, "timeout", s.entered.Exit(nil), nil)
	s.cond.Release()
	turns(y, 3)
}

// parking are the operations that may park, each as nothing of a task. All are refused
// at a wrong place, even if they need not park this time; only a future that is done
// gives its result anywhere.
var parking = map[string]func(s *things, y *loop.Yielder) error{
	"Sleep":         func(s *things, y *loop.Yielder) error { return loop.Sleep(y, time.Second) },
	"Sleep of 0":    func(s *things, y *loop.Yielder) error { return loop.Sleep(y, 0) },
	"future":        func(s *things, y *loop.Yielder) error { _, err := s.future.Await(y); return err },
	"task":          func(s *things, y *loop.Yielder) error { _, err := s.task.Await(y); return err },
	"gather":        func(s *things, y *loop.Yielder) error { _, err := s.gather.Await(y); return err },
	"WaitFor":       func(s *things, y *loop.Yielder) error { _, err := loop.WaitFor(y, 1, forever); return err },
	"WaitFor of 0":  func(s *things, y *loop.Yielder) error { _, err := loop.WaitFor(y, 0, forever); return err },
	"WaitForFuture": func(s *things, y *loop.Yielder) error { _, err := loop.WaitForFuture(y, 0, s.future); return err },
	"WithTimeout":   func(s *things, y *loop.Yielder) error { _, err := loop.WithTimeout(y, 1, forever); return err },
	"Wait": func(s *things, y *loop.Yielder) error {
		_, _, err := loop.Wait(y, 1, loop.AllCompleted, s.future)
		return err
	},
	"Next":       func(s *things, y *loop.Yielder) error { _, err := s.completed.Next(y); return err },
	"NextFuture": func(s *things, y *loop.Yielder) error { _, err := s.completed.NextFuture(y); return err },
	"All of AsCompleted": func(s *things, y *loop.Yielder) (last error) {
		for _, last = range s.completed.All(y) {
		}
		return last
	},
	"TaskGroup.Enter": func(s *things, y *loop.Yielder) error { return new(loop.TaskGroup).Enter(y) },
	"TaskGroup.Exit":  func(s *things, y *loop.Yielder) error { return s.group.Exit(y, errTest) },
	"TaskGroup.Run": func(s *things, y *loop.Yielder) error {
		return new(loop.TaskGroup).Run(y, func() error { panic("runs") })
	},
	"Timeout.Enter":     func(s *things, y *loop.Yielder) error { return s.timeout.Enter(y) },
	"Timeout.Run":       func(s *things, y *loop.Yielder) error { return s.timeout.Run(y, func() error { panic("runs") }) },
	"lock":              func(s *things, y *loop.Yielder) error { return s.lock.Acquire(y) },
	"lock that is free": func(s *things, y *loop.Yielder) error { return s.free.Acquire(y) },
	"Lock.With":         func(s *things, y *loop.Yielder) error { return s.free.With(y, func() error { panic("runs") }) },
	"Condition.Acquire": func(s *things, y *loop.Yielder) error { return s.cond.Acquire(y) },
	"Condition.Wait":    func(s *things, y *loop.Yielder) error { return s.cond.Wait(y) },
	"Condition.WaitFor": func(s *things, y *loop.Yielder) error { return s.cond.WaitFor(y, func() bool { return false }) },
	"event":             func(s *things, y *loop.Yielder) error { return s.event.Wait(y) },
	"event that is set": func(s *things, y *loop.Yielder) error { return s.set.Wait(y) },
	"semaphore":         func(s *things, y *loop.Yielder) error { return s.none.Acquire(y) },
	"permit":            func(s *things, y *loop.Yielder) error { return s.some.Acquire(y) },
	"Semaphore.With":    func(s *things, y *loop.Yielder) error { return s.some.With(y, func() error { panic("runs") }) },
	"Barrier.Wait":      func(s *things, y *loop.Yielder) error { _, err := s.barrier.Wait(y); return err },
	"Barrier.Reset":     func(s *things, y *loop.Yielder) error { return s.barrier.Reset(y) },
	"Barrier.Abort":     func(s *things, y *loop.Yielder) error { return s.barrier.Abort(y) },
	"Get":               func(s *things, y *loop.Yielder) error { _, err := s.empty.Get(y); return err },
	"Get of an item":    func(s *things, y *loop.Yielder) error { _, err := s.both.Get(y); return err },
	"Put":               func(s *things, y *loop.Yielder) error { return s.full.Put(y, 1) },
	"Put with room":     func(s *things, y *loop.Yielder) error { return s.both.Put(y, 1) },
	"Join":              func(s *things, y *loop.Yielder) error { return s.full.Join(y) },
	"Join of nothing":   func(s *things, y *loop.Yielder) error { return s.empty.Join(y) },
	"All of a queue": func(s *things, y *loop.Yielder) (last error) {
		for _, last = range s.both.All(y) {
		}
		return last
	},
	"ParkingLot": func(s *things, y *loop.Yielder) error { _, err := s.lot.Park(y, nil); return err },
	"ToThread": func(s *things, y *loop.Yielder) error {
		_, err := loop.ToThread(y, func(context.Context) (int, error) { panic("runs") })
		return err
	},
}

// state is what an operation that is refused must not have changed.
func (s *things) state(l *loop.Loop) []any {
	ready, timers, cancelled := l.Stats()
	g, p := s.both.Waiting()
	return []any{len(l.AllTasks()), ready, timers, cancelled, s.future.Done(), s.task.Cancelling(),
		s.completed.Left(), s.group.Aborting(), s.group.Len(), s.timeout.State().String(),
		s.lock.Locked(), s.lock.Waiting(), s.free.Locked(), s.cond.Locked(), s.cond.Waiting(),
		s.event.IsSet(), s.event.Waiting(), s.some.Value(), s.none.Waiting(),
		s.barrier.NWaiting(), s.barrier.Broken(), s.empty.Len(), s.full.Len(), s.both.Len(), g, p,
		s.full.Unfinished(), s.lot.Len(), s.entered.State().String(), s.handle.Cancelled(), s.timer.Cancelled()}
}

// onAnother calls fn on another goroutine, while the loop does other things.
func onAnother(y *loop.Yielder, fn func()) {
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	for {
		select {
		case <-done:
			return
		default:
			loop.Sleep(y, 0)
		}
	}
}

// TestA3Parking parks on goroutines that are not the task's, while the loop runs and
// while the task blocks it.
func TestA3Parking(t *testing.T) {
	for name, park := range parking {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				s := newThings(t, y)
				before := s.state(l)
				onAnother(y, func() {
					expectErr(t, "while the loop runs", park(s, y), loop.ErrWrongGoroutine)
				})
				done := make(chan struct{})
				go func() {
					defer close(done)
					expectErr(t, "while the task blocks", park(s, y), loop.ErrWrongGoroutine)
				}()
				<-done
				expect(t, "state", s.state(l), before)
				other := loop.Spawn(l, func(*loop.Yielder) error { return park(s, y) })
				_, err := other.Await(y)
				expectErr(t, "in another task", err, loop.ErrWrongGoroutine)
				called := loop.NewFuture[error](l)
				l.CallSoon(func() { called.SetResult(park(s, y)) })
				err, _ = called.Await(y)
				expectErr(t, "in a callback", err, loop.ErrWrongGoroutine)
				expect(t, "state", s.state(l), before)
				s.clearUp(t, y)
			})
		})
	}
}

// TestA3NoTask: so it is in a coroutine that no task runs.
func TestA3NoTask(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		s := newThings(t, y)
		before := s.state(l)
		for name, park := range parking {
			switch name {
			case "Sleep of 0", "future", "task", "gather":
				continue // they yield to whoever drives the generator
			}
			g := coroutine.New(func(y *loop.Yielder) (any, error) { return nil, park(s, y) })
			_, err := g.Next()
			expectErr(t, name, err, loop.ErrNoTask)
		}
		expect(t, "state", s.state(l), before)
		s.clearUp(t, y)
	})
}

// scheduling are the operations that schedule something, or change what belongs to the
// loop.
var scheduling = map[string]func(s *things, y *loop.Yielder, l *loop.Loop){
	"CallSoon":           func(s *things, y *loop.Yielder, l *loop.Loop) { l.CallSoon(func() {}) },
	"CallLater":          func(s *things, y *loop.Yielder, l *loop.Loop) { l.CallLater(1, func() {}) },
	"CallAt":             func(s *things, y *loop.Yielder, l *loop.Loop) { l.CallAt(1, func() {}) },
	"Stop":               func(s *things, y *loop.Yielder, l *loop.Loop) { l.Stop() },
	"Go":                 func(s *things, y *loop.Yielder, l *loop.Loop) { loop.Go(l, forever) },
	"Go at y":            func(s *things, y *loop.Yielder, l *loop.Loop) { loop.Go(y, forever) },
	"Spawn":              func(s *things, y *loop.Yielder, l *loop.Loop) { loop.Spawn(l, s.event.Wait) },
	"Eager":              func(s *things, y *loop.Yielder, l *loop.Loop) { loop.Go(l, forever, loop.Eager()) },
	"CreateTask":         func(s *things, y *loop.Yielder, l *loop.Loop) { loop.CreateTask(l, failing{}) },
	"NewCoroutine":       func(s *things, y *loop.Yielder, l *loop.Loop) { loop.NewCoroutine(l, forever) },
	"Gather":             func(s *things, y *loop.Yielder, l *loop.Loop) { loop.Gather(l, forever) },
	"Shield":             func(s *things, y *loop.Yielder, l *loop.Loop) { loop.Shield(l, forever) },
	"AsCompleted":        func(s *things, y *loop.Yielder, l *loop.Loop) { loop.AsCompleted(l, forever) },
	"Within":             func(s *things, y *loop.Yielder, l *loop.Loop) { s.completed.Within(1) },
	"RunInExecutor":      func(s *things, y *loop.Yielder, l *loop.Loop) { loop.RunInExecutor(l, nil, ran) },
	"SetResult":          func(s *things, y *loop.Yielder, l *loop.Loop) { s.future.SetResult(1) },
	"SetException":       func(s *things, y *loop.Yielder, l *loop.Loop) { s.future.SetException(errTest) },
	"Future.Cancel":      func(s *things, y *loop.Yielder, l *loop.Loop) { s.future.Cancel("no") },
	"Task.Cancel":        func(s *things, y *loop.Yielder, l *loop.Loop) { s.task.Cancel() },
	"Task.Uncancel":      func(s *things, y *loop.Yielder, l *loop.Loop) { s.task.Uncancel() },
	"cancel gathering":   func(s *things, y *loop.Yielder, l *loop.Loop) { s.gather.Cancel() },
	"AddDoneCallback":    func(s *things, y *loop.Yielder, l *loop.Loop) { s.future.AddDoneCallback(func(*loop.Future[int]) {}) },
	"remove callback":    func(s *things, y *loop.Yielder, l *loop.Loop) { s.remove() },
	"Handle.Cancel":      func(s *things, y *loop.Yielder, l *loop.Loop) { s.handle.Cancel() },
	"TimerHandle.Cancel": func(s *things, y *loop.Yielder, l *loop.Loop) { s.timer.Cancel() },
	"Reschedule":         func(s *things, y *loop.Yielder, l *loop.Loop) { s.entered.Reschedule(1) },
	"Timeout.Exit":       func(s *things, y *loop.Yielder, l *loop.Loop) { s.entered.Exit(nil) },
	"TaskGroup.Go":       func(s *things, y *loop.Yielder, l *loop.Loop) { s.group.Go(s.event.Wait) },
	"GoIn":               func(s *things, y *loop.Yielder, l *loop.Loop) { loop.GoIn(s.group, forever) },
	"CreateTaskIn":       func(s *things, y *loop.Yielder, l *loop.Loop) { loop.CreateTaskIn(s.group, failing{}) },
	"Lock.Release":       func(s *things, y *loop.Yielder, l *loop.Loop) { s.lock.Release() },
	"Condition.Release":  func(s *things, y *loop.Yielder, l *loop.Loop) { s.cond.Release() },
	"Condition.Notify":   func(s *things, y *loop.Yielder, l *loop.Loop) { s.cond.Notify(1) },
	"NotifyAll":          func(s *things, y *loop.Yielder, l *loop.Loop) { s.cond.NotifyAll() },
	"Event.Set":          func(s *things, y *loop.Yielder, l *loop.Loop) { s.event.Set() },
	"Event.Clear":        func(s *things, y *loop.Yielder, l *loop.Loop) { s.set.Clear() },
	"Semaphore.Release":  func(s *things, y *loop.Yielder, l *loop.Loop) { s.some.Release() },
	"PutNowait":          func(s *things, y *loop.Yielder, l *loop.Loop) { s.both.PutNowait(1) },
	"GetNowait":          func(s *things, y *loop.Yielder, l *loop.Loop) { s.both.GetNowait() },
	"TaskDone":           func(s *things, y *loop.Yielder, l *loop.Loop) { s.full.TaskDone() },
	"Shutdown":           func(s *things, y *loop.Yielder, l *loop.Loop) { s.full.Shutdown(true) },
	"AddSignalHandler":   func(s *things, y *loop.Yielder, l *loop.Loop) { l.AddSignalHandler(os.Interrupt, func() {}) },
	"RemoveSignalHandler": func(s *things, y *loop.Yielder, l *loop.Loop) {
		l.RemoveSignalHandler(os.Interrupt)
	},
	"Watch":   func(s *things, y *loop.Yielder, l *loop.Loop) { _ = l.Watch(0, nil) },
	"Unwatch": func(s *things, y *loop.Yielder, l *loop.Loop) { l.Unwatch(0) },
	"Virtual.Event": func(s *things, y *loop.Yielder, l *loop.Loop) {
		l.System().(*loop.Virtual).Event(1, func() {})
	},
	"Virtual.Advance": func(s *things, y *loop.Yielder, l *loop.Loop) { l.System().(*loop.Virtual).Advance(1) },
}

func ran() (int, error) { panic("runs") }

// TestA3Scheduling: debug mode finds what is scheduled on a wrong goroutine, before it
// has changed anything.
func TestA3Scheduling(t *testing.T) {
	for name, schedule := range scheduling {
		t.Run(name, func(t *testing.T) {
			l, _ := newLoop(t)
			l.SetDebug(&loop.Debug{})
			playOn(t, l, func(y *loop.Yielder) {
				s := newThings(t, y)

				before := s.state(l)
				onAnother(y, func() {
					expectErr(t, "panic", panicOf(func() { schedule(s, y, l) }), loop.ErrWrongGoroutine)
				})
				expect(t, "state", s.state(l), before)
				s.clearUp(t, y)
			})
		})
	}
}

// TestA3Eager: a task cannot begin on a goroutine that is not the loop's, in debug mode
// or not.
func TestA3Eager(t *testing.T) {
	for name, begin := range map[string]func(l *loop.Loop){
		"option":     func(l *loop.Loop) { loop.Go(l, forever, loop.Eager()) },
		"loop":       func(l *loop.Loop) { l.SetEager(true); loop.Go(l, forever) },
		"coroutine":  func(l *loop.Loop) { loop.CreateTask(l, failing{}, loop.Eager()) },
		"in another": func(l *loop.Loop) { loop.Go(l, forever, loop.Eager(), loop.Named("a")) },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					expectErr(t, "panic", panicOf(func() { begin(l) }), loop.ErrWrongGoroutine)
				}()
				<-done
				expect(t, "tasks", len(l.AllTasks()), 1)
				l.SetEager(false)
				expect(t, "the next one's name", loop.Go(l, after(0, 1, nil)).Name(), "Task-1")
				turns(y, 2)
			})
		})
	}
}
