package loop

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"coloop/coroutine"
)

// unseen is the error of a future that nobody has asked for yet, in place of that
// error. It is reported when the future is garbage, or its loop is closed.
type unseen struct {
	error
	loop *Loop
	what string
	made []runtime.Frame // the calls that made the task, in debug mode
	n    int             // the order of failures
	seen atomic.Bool     // somebody has asked for it, or it has been reported

	cleanup runtime.Cleanup
}

// unseenErrors are those of a loop.
type unseenErrors struct {
	mu    sync.Mutex
	all   map[*unseen]struct{}
	count int // of all there have been
}

func (e *unseenErrors) add(u *unseen) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.all == nil {
		e.all = make(map[*unseen]struct{})
	}
	u.n = e.count
	e.count++
	e.all[u] = struct{}{}
}

// trim gives back room that a map does not give back by itself.
func (e *unseenErrors) trim() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) == 0 {
		e.all = nil
	}
}

// oldestFirst returns those there are.
func (e *unseenErrors) oldestFirst() (all []*unseen) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for u := range e.all {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *unseen) int { return a.n - b.n })
	return all
}

// take makes u seen and reports whether it was not before. It may be called on any
// goroutine.
func (u *unseen) take() bool {
	if u.seen.Swap(true) {
		return false
	}
	u.cleanup.Stop()
	e := &u.loop.unseen
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.all, u)
	return true
}

func (u *unseen) report() {
	if u.take() {
		u.loop.CallExceptionHandler(u.context())
	}
}

func (u *unseen) context() ExceptionContext {
	return ExceptionContext{Message: u.what, Exception: u.error, Frames: u.made, Unretrieved: true}
}

// watchFailure has the error of f, which has just failed, reported if f becomes
// garbage, or its loop is closed, before somebody asks for it.
func (f *future) watchFailure() {
	l := f.loop
	kind := "error"
	if isPanic(f.err) {
		kind = "panic"
	}
	u := &unseen{error: f.err, loop: l, what: kind + " of a future was never retrieved"}
	if t, ok := f.self.(AnyTask); ok {
		u.what = fmt.Sprintf("%s of task %q was never retrieved", kind, t.Name())
		if l.debug != nil {
			u.made = l.debug.whereMade(t.core())
		}
	}
	l.unseen.add(u)
	f.err = u
	u.cleanup = runtime.AddCleanup(f, func(u *unseen) {
		switch {
		case u.seen.Load():
		case u.loop.CallSoonThreadsafe(u.report) != nil && u.take():
			u.context().log() // no loop is left whose handler could be called
		}
	}, u)
}

// retrieve returns the error that the future is done with, nil if it is a
// result, for somebody to deal with.
func (f *future) retrieve() error {
	if u, ok := f.err.(*unseen); ok {
		u.take()
		f.err = u.error
	}
	return f.err
}

// peek is retrieve for somebody who only looks.
func (f *future) peek() error {
	if u, ok := f.err.(*unseen); ok {
		return u.error
	}
	return f.err
}

// passOver is retrieve by somebody who has no use for an error any more, as asyncio
// has none; but nobody passes over a panic.
func (f *future) passOver() {
	if !isPanic(f.peek()) {
		f.retrieve()
	}
}

func isPanic(err error) bool {
	_, ok := err.(*coroutine.PanicError)
	return ok
}
