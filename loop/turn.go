package loop

import (
	"fmt"
	"time"
)

// RunForever runs the loop until Stop is called (loop.run_forever). It returns an
// [IdleError] if nothing can call Stop any more, which only a virtual clock can tell,
// [ErrRunning] within a running loop, this one or another, and [ErrClosed] on a closed
// loop. Any other error is one of the [System].
func (l *Loop) RunForever() error {
	if err := l.mayRun(); err != nil {
		return err
	}
	l.begin()
	defer l.end()
	for {
		if err := l.runOnce(); err != nil {
			return l.idle(err)
		}
		if l.stopping {
			return nil
		}
	}
}

// mayRun returns an error if the loop cannot be run here.
func (l *Loop) mayRun() error {
	switch {
	case l.closed:
		return ErrClosed
	case l.running:
		return ErrRunning
	case Here() != nil:
		return fmt.Errorf("cannot run within another event loop: %w", ErrRunning)
	}
	return nil
}

// begin makes the calling goroutine the loop's.
func (l *Loop) begin() {
	running.Store(l, nil)
	l.running, l.unpolled, l.report = true, 0, l.event
	l.retire = l.stacks.Adopt()
	if l.watch != nil {
		l.watch.begin()
	}
}

func (l *Loop) end() {
	running.Delete(l)
	l.running, l.stopping = false, false
	l.retire()
	if l.watch != nil {
		l.watch.idle()
	}
}

// runOnce is one turn of the loop (BaseEventLoop._run_once): wait for I/O and
// timers if nothing is ready, then run the callbacks that are ready.
func (l *Loop) runOnce() error {
	l.timers.dropCancelled(l)
	until := forever
	switch {
	case l.ready.n > 0 || l.stopping:
		until = 0
	case len(l.timers.heap) > 0:
		until = max(0, l.timers.heap[0].when)
	}
	if err := l.poll(until); err != nil {
		return err
	}
	if l.inbox.Load() != 0 {
		l.receive()
	}
	if l.tidyNow {
		l.tidy()
	}
	if len(l.timers.heap) > 0 {
		for now := l.Time(); len(l.timers.heap) > 0 && l.timers.heap[0].when <= now; {
			l.ready.put(&l.timers.due().Handle)
		}
	}
	// This is the only place where callbacks are called. A callback that they
	// schedule waits for the next turn, so that I/O is never starved.
	n := l.ready.n
	l.ran = l.ran || n > 0
	l.ready.peak = max(l.ready.peak, n)
	for n > 0 {
		n = l.runReady(n)
	}
	if l.watch != nil {
		l.watch.idle()
	}
	return nil
}

// crowd is the number of events at once from which it is cheaper to look for all events
// than to take one after the other.
const crowd = 8

// poll asks the system for events and puts the tasks that they wake at the end of the
// ready queue. If until has not come and nothing is ready, it waits.
//
// A look that does not wait costs the system more than a wait that ends with its
// first event, so there are three ways:
//
//   - wait for one event
//   - look for all events without waiting, if many came at once the last time, and now
//     and then to find out
//   - do not ask at all, for some turns after a wait
func (l *Loop) poll(until time.Duration) error {
	l.turn++
	if until > 0 {
		l.waits++
		if l.ran {
			l.untidied()
		}
	}
	switch {
	case l.patience == 0:
	case until > 0:
		if l.crowd || l.waits%64 == 0 {
			err := l.system.Wait(0, l.report)
			// Even without events this turn does not wait: the look may have been
			// ended by a timer or another goroutine.
			l.crowd = l.ready.n >= crowd
			return err
		}
		l.unpolled = l.patience
	case l.unpolled > 0:
		l.unpolled--
		return nil
	}
	return l.system.Wait(until, l.report)
}

// event hands the readiness of a descriptor to its Watcher. The system calls it, perhaps
// on a goroutine of its own.
func (l *Loop) event(fd int, read, write, hangup bool) (enough bool) {
	if l.leave == nil || l.debug != nil && !l.OnLoop() {
		before, leave := l.leave, l.stacks.Adopt()
		l.leave = func() {
			leave()
			if before != nil {
				before()
			}
		}
	}
	// The descriptor may have been closed since the event came.
	if fd < len(l.watchers) && l.watchers[fd] != nil {
		l.watchers[fd].Ready(read, write, hangup)
	}
	return l.ready.n > 0
}

// runReady runs n handles, or fewer if one panics, and returns how many are left.
func (l *Loop) runReady(n int) (left int) {
	left = n
	defer func() {
		if r := recover(); r != nil {
			l.panicked(r)
		}
	}()
	for left > 0 {
		left--
		h := l.ready.get()
		if l.inspected && l.inspect(h) {
			continue
		}
		t, ok := h.cb.(*task) // most are, and a direct call is faster
		switch {
		case h.cancelled:
			h.drop(l)
		case ok:
			t.run(l)
		default:
			h.cb.run(l)
		}
	}
	return left
}

// inspect tells the watchdog that h is about to run. In debug mode it runs h, and returns
// true. Otherwise it leaves that to its caller, because each call that lies below a switch of
// stacks makes the switch slower.
//
//go:noinline
func (l *Loop) inspect(h *Handle) (ran bool) {
	if h.cancelled {
		return false
	}
	if l.watch != nil {
		t, _ := h.cb.(*task)
		l.watch.step(t)
	}
	if l.debug == nil {
		return false
	}
	l.debug.run(h)
	return true
}

// panicked deals with a panic of a callback: in a task it becomes the task's
// error, elsewhere it goes to the exception handler.
func (l *Loop) panicked(r any) {
	if l.badYield(r) {
		return
	}
	p := panicError(r)
	if t := l.current; t != nil {
		l.current = nil
		t.end(p)
		return
	}
	l.CallExceptionHandler(ExceptionContext{Message: "panic in callback", Exception: p})
}
