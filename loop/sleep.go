package loop

import "time"

func sleep(y *Yielder, d time.Duration) error {
	t, err := taskOf(y)
	if err != nil {
		return err
	}
	l := t.fut.loop
	s := l.getSleeper()
	l.schedule(&s.timer, l.after(d))
	s.queued = true
	err = await(y, s)
	if t.waiter == &s.future {
		// It was not the task that resumed us, which waits for s still.
		s.timer.cb = nil // so s is not used again
		s.timer.Cancel()
		return err
	}
	if s.queued {
		s.timer.Cancel()
	} else {
		l.putSleeper(s)
	}
	return err
}

// A sleeper is the future and the timer of one Sleep. Nobody else gets to see
// them, so they are used again once the timer has left the heap.
type sleeper struct {
	future
	timer  TimerHandle
	queued bool // the timer is in the heap, or in the ready queue
	next   *sleeper
}

func (s *sleeper) run(*Loop) {
	s.queued = false
	if s.state == pending {
		s.settle(finished)
	}
}

func (l *Loop) getSleeper() *sleeper {
	s := l.sleepers
	if s == nil {
		s = &sleeper{}
		s.timer.cb, s.timer.loop = s, l
	} else {
		l.sleepers = s.next
		s.future = future{}
		s.timer.cancelled, s.next = false, nil
	}
	s.init(l, s)
	return s
}

func (l *Loop) putSleeper(s *sleeper) {
	s.queued = false
	s.next, l.sleepers = l.sleepers, s
}
