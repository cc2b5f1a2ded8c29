package loop

import (
	"fmt"
	"time"
)

// Sleep suspends the task for d (asyncio.sleep). If d <= 0, every other ready task gets
// a turn first. If Sleep returns early, it returns an error, a cancellation as a rule.
func Sleep(y *Yielder, d time.Duration) error {
	if d <= 0 {
		return giveWay(y)
	}
	return sleep(y, d)
}

// sleep, lie and rise are apart from Sleep and from one another because their frames
// would be large. The stack of a task that waits should be short: what a switch touches
// of a thousand stacks competes for the processor's caches.
func sleep(y *Yielder, d time.Duration) error {
	t, s, err := lie(y, d)
	if err != nil {
		return err
	}
	return s.rise(t, s.await(y))
}

// lie starts the timer of a sleep of the task of y.
//
//go:noinline
func lie(y *Yielder, d time.Duration) (*task, *sleeper, error) {
	t, err := runningTask(y)
	if err != nil {
		return nil, nil, err
	}
	l := t.fut.loop
	if l.closed {
		return nil, nil, ErrClosed
	}
	s := l.getSleeper()
	l.timers.schedule(&s.timer, l.after(d))
	s.queued = true
	return t, s, nil
}

// rise ends the sleep of t, which has ended with err.
//
//go:noinline
func (s *sleeper) rise(t *task, err error) error {
	switch {
	case t.waiter == &s.future:
		// Something other than the task has resumed us, and the task still waits for s.
		s.timer.cb = nil // so that s is not reused
		s.timer.Cancel()
	case s.queued:
		s.timer.Cancel()
	default:
		t.fut.loop.putSleeper(s)
	}
	return err
}

// A sleeper is the future and the timer of one Sleep. Nobody else gets to see a sleeper,
// so it is reused once its timer has left the heap.
type sleeper struct {
	future
	timer  TimerHandle
	queued bool // the timer is in the heap, or in the ready queue
}

func (s *sleeper) run(*Loop) {
	s.queued = false
	if s.state == pending {
		s.settle(finished)
	}
}

// dropped is called when the timer was cancelled and has left the heap and the queue.
func (s *sleeper) dropped(l *Loop) { l.putSleeper(s) }

func (l *Loop) getSleeper() *sleeper {
	s := freeListIn[sleeper](&l.freeSleepers).get()
	if s == nil {
		s = &sleeper{}
		s.timer.cb = s
	} else {
		s.future = future{}
		s.timer.cancelled = false
	}
	s.init(l, s)
	return s
}

func (l *Loop) putSleeper(s *sleeper) {
	s.queued = false
	freeListIn[sleeper](&l.freeSleepers).put(s)
}

func (s *sleeper) explain() (string, []AnyFuture) {
	return fmt.Sprintf("Sleep until %v", s.timer.when), nil
}
