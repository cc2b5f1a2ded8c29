package loop

import (
	"context"
	"sync"
	"time"
)

// taskContext is a task as the context.Context of its coroutine. It is done
// when the task is cancelled, or has ended, and may be used on any goroutine.
type taskContext task

// taskState is what a taskContext has once somebody asked for it.
type taskState struct {
	mu   sync.Mutex
	done chan struct{}
	over bool
}

func (c *taskContext) state() *taskState {
	for {
		if s := c.ctx.Load(); s != nil {
			return s
		}
		c.ctx.CompareAndSwap(nil, &taskState{done: make(chan struct{})})
	}
}

// Deadline reports that there is none.
func (c *taskContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns a channel that is closed when the task is cancelled or has ended.
func (c *taskContext) Done() <-chan struct{} { return c.state().done }

// Err returns context.Canceled once Done is closed.
func (c *taskContext) Err() error {
	s := c.state()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return context.Canceled
	}
	return nil
}

// Value knows the task itself, for contexts derived from this one.
func (c *taskContext) Value(key any) any {
	if key == (taskKey{}) {
		return (*task)(c)
	}
	return nil
}

var overState = func() *taskState {
	s := &taskState{done: make(chan struct{}), over: true}
	close(s.done)
	return s
}()

func (t *task) cancelContext() {
	if t.ctx.CompareAndSwap(nil, overState) {
		return
	}
	s := t.ctx.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.over = true
		close(s.done)
	}
}

// callContext returns a context for one call made in the coroutine of y. That of
// the task will not do: it stays done once the task was cancelled, though the
// task, by a Timeout of its own, say, may have dealt with that.
func callContext(y *Yielder) (context.Context, context.CancelFunc) {
	ctx := y.Context()
	if t, ok := ctx.(*taskContext); ok {
		ctx = context.WithoutCancel(t)
	}
	return context.WithCancel(ctx)
}

// taskOf returns the task that the coroutine of y runs in.
func taskOf(y *Yielder) (*task, error) {
	switch c := y.Context().(type) {
	case *taskContext:
		return (*task)(c), nil
	default:
		if t, ok := c.Value(taskKey{}).(*task); ok {
			return t, nil
		}
	}
	return nil, ErrNoTask
}

type taskKey struct{}
