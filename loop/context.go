package loop

import (
	"context"
	"sync"
	"time"
)

// taskContext is a task as that from which its coroutine has its context. It may be
// used on any goroutine.
type taskContext task

type taskKey struct{}

// Context returns the context that is not done unless a request to cancel the task
// stands, or the task has ended.
func (c *taskContext) Context() context.Context { return (*task)(c).context() }

func (c *taskContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c *taskContext) Done() <-chan struct{}       { return c.Context().Done() }
func (c *taskContext) Err() error                  { return c.Context().Err() }

// Value returns what the task has inherited, or was given by [WithValues]. It knows
// the task itself, for contexts derived from this one.
func (c *taskContext) Value(key any) any {
	switch {
	case key == taskKey{}:
		return (*task)(c)
	case c.values != nil:
		return c.values.Value(key)
	}
	return nil
}

// A scope is the context of a task until a request to cancel the task is taken back. It
// stays done then, as contexts must, and the task gets another one. It may be used on
// any goroutine.
type scope struct {
	task *taskContext
	done chan struct{}

	mu    sync.Mutex
	over  bool
	after map[*func()]struct{} // what to call when it is done
}

func (s *scope) Deadline() (time.Time, bool) { return time.Time{}, false }
func (s *scope) Done() <-chan struct{}       { return s.done }
func (s *scope) Value(key any) any           { return s.task.Value(key) }

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

func (t *task) context() *scope {
	for {
		s := t.ctx.Load()
		if s == nil {
			s = &scope{task: (*taskContext)(t), done: make(chan struct{})}
			if !t.ctx.CompareAndSwap(nil, s) {
				continue
			}
		}
		if t.over.Load() {
			s.end()
		}
		return s
	}
}

// cancelContext makes the task's context done.
func (t *task) cancelContext() {
	t.over.Store(true)
	if s := t.ctx.Load(); s != nil {
		s.end()
	}
}

// renewContext has the task get another context if its own is done.
func (t *task) renewContext() {
	if t.over.Load() {
		t.ctx.Store(nil)
		t.over.Store(false)
	}
}
