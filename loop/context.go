package loop

import (
	"context"
	"sync"
	"time"
)

type taskKey struct{}

// A scope is the context of a task until a request to cancel the task is taken back.
// Such a scope stays done, as contexts must, and the task gets another one. If the task
// inherits no values, a scope is made only when the context is asked for. A scope may be
// used on any goroutine.
type scope struct {
	task   any             // the *task
	values context.Context // the inherited ones; nil for none
	done   chan struct{}

	mu    sync.Mutex
	over  bool
	after map[*func()]struct{} // the functions to call when it is done
}

func (s *scope) Deadline() (time.Time, bool) { return time.Time{}, false }
func (s *scope) Done() <-chan struct{}       { return s.done }

// Value returns the value that the task has inherited, or was given by [WithValues]. It
// also returns the task itself, for contexts derived from this one.
func (s *scope) Value(key any) any {
	switch {
	case key == taskKey{}:
		return s.task
	case s.values != nil:
		return s.values.Value(key)
	}
	return nil
}

func (s *scope) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return context.Canceled
	}
	return nil
}

// AfterFunc is for package context. Without it, package context would start a goroutine
// for each context derived from s, and the derived context would be done only once that
// goroutine has run.
func (s *scope) AfterFunc(f func()) (stop func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		go f() // the caller has locks that f wants
		return func() bool { return false }
	}
	if s.after == nil {
		s.after = make(map[*func()]struct{})
	}
	s.after[&f] = struct{}{}
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, ok := s.after[&f]
		delete(s.after, &f)
		return ok
	}
}

func (s *scope) end() {
	s.mu.Lock()
	after := s.after
	if !s.over {
		s.over, s.after = true, nil
		close(s.done)
	}
	s.mu.Unlock()
	for f := range after {
		(*f)()
	}
}

func (s *scope) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// overAlready stands for the scope of a task whose context became done before anybody
// asked for it.
var overAlready = &scope{over: true}
