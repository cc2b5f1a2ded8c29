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
	case (*task)(c).values() != nil:
		return (*task)(c).values().Value(key)
	}
	return nil
}

// A scope is the context of a task until a request to cancel the task is taken back. It
// stays done then, as contexts must, and the task gets another one. There is none until
// somebody asks for it, unless the task inherits values. It may be used on any
// goroutine.
type scope struct {
	task   *taskContext
	values context.Context // the inherited ones; nil for none
	done   chan struct{}

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

func (s *scope) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// overAlready stands for the scope of a task whose context is done, and that nobody
// has asked for.
var overAlready = &scope{over: true}

func (t *task) newScope(values context.Context) *scope {
	return &scope{task: (*taskContext)(t), values: values, done: make(chan struct{})}
}

func (t *task) context() *scope {
	for {
		s := t.ctx.Load()
		if s != nil && s != overAlready {
			return s
		}
		asked := t.newScope(nil)
		if s == overAlready {
			asked.end()
		}
		if t.ctx.CompareAndSwap(s, asked) {
			return asked
		}
	}
}

// cancelContext makes the task's context done.
func (t *task) cancelContext() {
	if !t.ctx.CompareAndSwap(nil, overAlready) {
		t.ctx.Load().end()
	}
}

// renewContext has the task get another context if its own is done.
func (t *task) renewContext() {
	if s := t.ctx.Load(); s != nil && s.isOver() {
		t.setValues(s.values)
	}
}

// values returns the context whose values the task has inherited, nil if there are
// none.
func (t *task) values() context.Context {
	if s := t.ctx.Load(); s != nil {
		return s.values
	}
	return nil
}

// setValues gives the task a context that is not done.
func (t *task) setValues(values context.Context) {
	if values == nil {
		t.ctx.Store(nil)
		return
	}
	t.ctx.Store(t.newScope(values))
}
