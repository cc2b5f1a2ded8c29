package loop

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"coloop/coroutine"
)

// An Each is one of the loops that [RunEach] or [MainEach] runs.
type Each struct {
	// Index is the number of this loop. The first one, 0, runs on the goroutine that
	// called RunEach.
	Index int

	// Loops are all of the loops, for [RunOn] and [Loop.CallSoonThreadsafe]. They must not
	// be changed.
	Loops []*Loop
}

// RunEach runs fn on n new loops at once, each on a goroutine of its own, and returns the
// results in the order of the loops. It is [Run] for a program that needs more than one
// core. If n <= 0, there are as many loops as GOMAXPROCS allows cores.
//
// Tasks of different loops run in parallel. What they share needs locks of package sync, and
// futures, locks, queues and connections belong to one loop each. [RunOn] calls a function on
// another loop.
//
// The functions end together. The first that fails, or panics, has the tasks of the others
// cancelled. A loop whose function has returned goes on running, so that it can serve the
// others, until all functions have ended. Then, on each loop, the tasks that are left are
// cancelled and seen to their end, and the loop is closed, as by [Runner.Close].
//
// The error joins those of the functions, but for the cancellations that RunEach has asked
// for, and those of closing the loops. A function that fails leaves a zero result. If a
// function ends with runtime.Goexit, RunEach does so too, when everything has ended.
//
// SIGINT does what [RunIn] says, if RunEach is called on the main goroutine: the first
// cancels all functions, and the error is [ErrInterrupted]. A handler for SIGINT that is
// to take the place of that must be added to the first loop.
func RunEach[T any](n int, fn func(y *Yielder, e Each) (T, error)) ([]T, error) {
	return runEach(n, fn, codeOf(fn))
}

// MainEach is [RunEach] for a program without a result.
func MainEach(n int, fn func(y *Yielder, e Each) error) error {
	if fn == nil {
		return errNilMain
	}
	_, err := runEach(n, func(y *Yielder, e Each) (struct{}, error) { return struct{}{}, fn(y, e) }, codeOf(fn))
	return err
}

func runEach[T any](n int, fn func(y *Yielder, e Each) (T, error), pc uintptr) ([]T, error) {
	switch {
	case fn == nil:
		return nil, errNilMain
	case Here() != nil:
		return nil, fmt.Errorf("cannot run within another event loop: %w", ErrRunning)
	case n <= 0:
		n = runtime.GOMAXPROCS(0)
	}
	g := &team[T]{members: make([]member[T], n)}
	loops := make([]*Loop, n)
	for i := range loops {
		l, err := New()
		if err != nil {
			for _, l := range loops[:i] {
				err = errors.Join(err, l.Close())
			}
			return nil, fmt.Errorf("loop %d of %d: %w", i+1, n, err)
		}
		loops[i] = l
	}
	g.left.Store(int32(n))
	for i := range g.members {
		g.members[i].prepare(g, loops[i], func(y *Yielder) (T, error) { return fn(y, Each{i, loops}) }, pc)
	}
	return g.run()
}

// A team is one call of RunEach.
type team[T any] struct {
	members []member[T]
	left    atomic.Int32 // how many functions have not ended
}

// A member is a loop of a team. It belongs to the goroutine of the loop until the team has
// ended.
type member[T any] struct {
	team      *team[T]
	loop      *Loop
	main      *Task[T]
	returned  bool              // the function of main has returned
	ended     bool              // the team knows that main has ended
	cancelled bool              // by the team
	over      *Future[struct{}] // done when all functions have ended
	result    Result[T]         // of main
	closed    error             // the error of closing the loop
}

func (m *member[T]) prepare(g *team[T], l *Loop, fn func(y *Yielder) (T, error), pc uintptr) {
	m.team, m.loop, m.over = g, l, NewFuture[struct{}](l)
	m.main = goTask(l, nil, func(y *Yielder) (T, error) {
		v, err := fn(y)
		m.returned = true
		return v, err
	}, pc, nil)
	m.main.addCallback(m)
}

// futureDone is called when main has ended.
func (m *member[T]) futureDone(f *future) { m.end(f.state == cancelled || f.err != nil) }

// end tells the team that main has ended, or that its loop does not run any more.
func (m *member[T]) end(failed bool) {
	if m.ended {
		return
	}
	m.ended = true
	if failed {
		m.team.cancel()
	}
	if m.team.left.Add(-1) == 0 {
		m.team.onEach(func(m *member[T]) { m.over.succeed(struct{}{}) })
	}
}

// onEach has fn called for each member on its loop.
func (g *team[T]) onEach(fn func(*member[T])) {
	for i := range g.members {
		m := &g.members[i]
		_ = m.loop.CallSoonThreadsafe(func() { fn(m) }) // a closed loop is over
	}
}

// cancel cancels the functions that have not ended.
func (g *team[T]) cancel() {
	g.onEach(func(m *member[T]) { m.cancelled = m.main.Cancel() || m.cancelled })
}

// run runs the loops, the first on the calling goroutine.
func (g *team[T]) run() ([]T, error) {
	interrupted := false
	stop := func() (came bool) { return false }
	if InterruptMain.takes() {
		stop = sync.OnceValue(g.members[0].loop.onInterrupt(func() {
			interrupted = true
			g.cancel()
		}))
	}
	var others sync.WaitGroup
	for i := range g.members[1:] {
		others.Go(g.members[1+i].run)
	}
	came := false
	func() {
		defer others.Wait()
		defer g.members[0].close()
		defer func() { came = stop() }()
		g.members[0].untilOver()
	}()
	return g.outcome(interrupted, came)
}

func (m *member[T]) run() {
	defer m.close()
	m.untilOver()
}

// untilOver runs the loop until all functions have ended, or it is stopped.
func (m *member[T]) untilOver() {
	m.result.Err = coroutine.ErrGoexit // a hook of the user's may call it
	_, err := RunUntilComplete(m.loop, m.over)
	if m.main.Done() {
		var own error
		m.result.Value, own = m.main.Result()
		if err == nil || err == ErrStopped {
			err = own
		} else {
			err = errors.Join(own, err)
		}
	}
	m.result.Err = err
}

// close ends the loop.
func (m *member[T]) close() {
	m.end(m.result.Err != nil)
	m.closed = NewRunner(m.loop).Close()
}

// outcome returns the results of all functions.
func (g *team[T]) outcome(interrupted, came bool) ([]T, error) {
	var vs []T
	var errs []error
	obeyed, exits := false, false
	for i := range g.members {
		m := &g.members[i]
		vs = append(vs, m.result.Value)
		switch err := m.result.Err; {
		case err == nil:
		case m.cancelled && IsCancelled(err):
			obeyed = true
		default:
			errs = append(errs, err)
			exits = exits || err == coroutine.ErrGoexit && !m.returned
		}
		if m.closed != nil {
			errs = append(errs, m.closed)
		}
	}
	switch {
	case exits:
		runtime.Goexit()
	case interrupted && obeyed, came && !interrupted && errs == nil:
		errs = append([]error{ErrInterrupted}, errs...)
	}
	if len(errs) == 1 {
		return vs, errs[0]
	}
	return vs, errors.Join(errs...)
}
