package loop

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// ToThread calls fn on the executor of the loop of y and suspends the task until
// it has returned (asyncio.to_thread). A cancelled ToThread returns at once: fn is
// not called if it waits in line for a goroutine, and else goes on. The context
// given to fn is done once ToThread has returned.
func ToThread[T any](y *Yielder, fn func(context.Context) (T, error)) (T, error) {
	t, err := runningTask(y)
	if err != nil {
		var zero T
		return zero, err
	}
	ctx, cancel := callContext(y)
	defer cancel(nil)
	return RunInExecutor(t.fut.loop, nil, func() (T, error) { return fn(ctx) }).Await(y)
}

// RunCoroutineThreadsafe has fn run in a task of l, and returns at once; wait
// waits for its result (asyncio.run_coroutine_threadsafe). Both may be called on
// any goroutine, wait more than once.
//
// Once ctx is done, fn is not begun, its task is cancelled, and wait returns
// context.Cause of ctx, without waiting for the task; a result that is there
// already is returned all the same. Once the loop is closed, the error is
// ErrClosed. The task's context has the values of ctx. An error that nobody waits for
// is reported as that of any task. On the goroutine of the loop itself, where waiting would stop the
// loop, wait returns ErrWrongGoroutine unless there is a result.
func RunCoroutineThreadsafe[T any](ctx context.Context, l *Loop, fn func(y *Yielder) (T, error)) (wait func() (T, error)) {
	c := &call[T]{ctx: ctx, loop: l, done: make(chan struct{})}
	err := context.Cause(ctx)
	switch {
	case err != nil:
	case fn == nil:
		err = errors.New("run on a loop: the function is nil")
	default:
		err = l.CallSoonThreadsafe(func() { c.begin(fn) })
	}
	if err != nil {
		c.end(Result[T]{Err: err})
	}
	return c.wait
}

// call is a task of one goroutine's that another one waits for.
type call[T any] struct {
	ctx    context.Context
	loop   *Loop
	asking atomic.Int32  // calls of wait
	done   chan struct{} // closed once there is a result
	result Result[T]

	// If nobody asks, the error of the task is reported once this is garbage.
	task   *Future[T]
	unseen *unseen
	stop   func() bool // of CancelWith
}

func (c *call[T]) begin(fn func(y *Yielder) (T, error)) {
	if err := context.Cause(c.ctx); err != nil {
		c.end(Result[T]{Err: err})
		return
	}
	var t *Task[T]
	var stop func() bool
	task := func(y *Yielder) (T, error) {
		defer func() { stop() }() // a loop that is closed calls no callback
		return fn(y)
	}
	if err := recovered(func() error {
		t = Go(c.loop, task, WithValues(c.ctx), Doing(fn))
		return nil
	}); err != nil {
		c.end(Result[T]{Err: err})
		return
	}
	stop = CancelWith(c.ctx, t)
	c.task, c.stop = &t.Future, stop
	t.addCallback(c)
}

// futureDone is called when the task has ended.
func (c *call[T]) futureDone(*future) {
	c.stop()
	f := c.task
	c.task, c.stop = nil, nil
	var v T
	var err error
	if c.asking.Load() == 0 && f.state == finished && f.peek() != nil {
		c.task, c.unseen = f, f.err.(*unseen)
		err = f.peek()
	} else {
		v, err = f.Result()
	}
	if cause := context.Cause(c.ctx); cause != nil && IsCancelled(err) {
		err = cause
	}
	c.end(Result[T]{v, err})
}

func (*call[T]) outside() {}

func (c *call[T]) end(r Result[T]) {
	c.result = r
	close(c.done)
}

func (c *call[T]) wait() (zero T, err error) {
	c.asking.Add(1)
	defer c.asking.Add(-1)
	if r := c.poll(); r != nil {
		return r.Value, r.Err
	}
	if c.loop.OnLoop() {
		return zero, fmt.Errorf("wait for a task of the loop: %w", ErrWrongGoroutine)
	}
	select {
	case <-c.done:
	case <-c.ctx.Done():
		err = context.Cause(c.ctx)
	case <-c.loop.gone:
		err = ErrClosed
	}
	if r := c.poll(); r != nil {
		return r.Value, r.Err
	}
	return zero, err
}

// poll returns the result if there is one.
func (c *call[T]) poll() *Result[T] {
	select {
	case <-c.done:
		if c.unseen != nil {
			c.unseen.take()
		}
		return &c.result
	default:
		return nil
	}
}

// CancelWith has f cancelled once ctx is done, unless stop is called before,
// which reports whether it was in time.
func CancelWith(ctx context.Context, f AnyFuture) (stop func() bool) {
	l := f.base().loop
	return context.AfterFunc(ctx, func() {
		_ = l.CallSoonThreadsafe(func() { f.Cancel() })
	})
}
