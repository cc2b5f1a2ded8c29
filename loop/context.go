package loop

import (
	"context"
	"sync"
	"time"
)

type taskKey struct{}

// A scope is the context of a task until a request to cancel the task is taken back. It
// stays done then, as contexts must, and the task gets another one. There is none until
// somebody asks for it, unless the task inherits values. It may be used on any
// goroutine.
type scope struct {
	task   any             // the *task
	values context.Context // the inherited ones; nil for none
	done   chan struct{}

	mu    sync.Mutex
	over  bool
	after map[*func()]struct{} // what to call when it is done
}

func (s *scope) Deadline() (time.Time, bool) { return time.Time{}, false }
func (s *scope) Done() <-chan struct{}       { return s.done }

// Value returns what the task has inherited, or was given by [WithValues]. It knows
// the task itself, for contexts derived from this one.
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

// AfterFunc is for package context. Without it, there would be a goroutine for each
// context derived from s, which would be done only when that has run.
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

// overAlready stands for the scope of a task whose context is done, and that nobody
// has asked for.
var overAlready = &scope{over: true}
