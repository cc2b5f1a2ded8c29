package loop

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// unseen stands in a future for an error that nobody has retrieved yet. The error is
// reported when the future is garbage, or its loop is closed.
type unseen struct {
	error
	in   *unseenErrors
	what string
	made []runtime.Frame // the calls that made the task, if they are known, or else its function
	n    int             // the order of failures
	seen atomic.Bool     // the error has been retrieved or reported

	cleanup runtime.Cleanup
}

// unseenErrors has the unseen errors of a loop.
type unseenErrors struct {
	mu    sync.Mutex
	all   map[*unseen]struct{}
	count int // how many there have ever been
}

func (e *unseenErrors) add(u *unseen) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.all == nil {
		e.all = make(map[*unseen]struct{})
	}
	u.in, u.n = e, e.count
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

// oldestFirst returns the unseen errors in the order of the failures.
func (e *unseenErrors) oldestFirst() (all []*unseen) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for u := range e.all {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *unseen) int { return a.n - b.n })
	return all
}

// take marks u as seen and reports whether it was unseen before. It may be called on any
// goroutine.
func (u *unseen) take() bool {
	if u.seen.Swap(true) {
		return false
	}
	u.cleanup.Stop()
	u.in.mu.Lock()
	defer u.in.mu.Unlock()
	delete(u.in.all, u)
	return true
}
