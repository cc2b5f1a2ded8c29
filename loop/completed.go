package loop

import (
	"errors"
	"fmt"
	"iter"
	"time"
)

// ErrExhausted is returned by [Completed.Next] once all futures have been returned.
var ErrExhausted = errors.New("all futures have been given")

// A Completed is an iterator over futures in the order in which they are done.
type Completed[T any] struct {
	loop  *Loop
	todo  []*Future[T]    // nil where done
	index map[*future]int // the place in todo of each future that is not done
	queue Queue[*Future[T]]
	timer *TimerHandle
	left  int
	err   error // returned by every call instead of a future
}

// AsCompleted runs fns in tasks and returns an iterator over their results in the
// order in which they are done (asyncio.as_completed). For w see [Go], for a time
// limit [Completed.Within].
func AsCompleted[T any, W Where](w W, fns ...func(*Yielder) (T, error)) *Completed[T] {
	return AsCompletedFutures(w, funcs(fns)...)
}

// AsCompletedFutures is [AsCompleted] for tasks and futures. With a future of
// another loop among them, every call returns [ErrForeignLoop].
func AsCompletedFutures[T any, W Where](w W, aws ...Awaitable[T]) *Completed[T] {
	l := loopOf(w)
	c := &Completed[T]{loop: l, index: make(map[*future]int, len(aws))}
	c.queue.getters.Kind, c.queue.getters.Owner = "AsCompleted", c
	for _, f := range ensureFutures(l, aws) {
		if f.loop != l {
			c.err = ErrForeignLoop
		}
		if _, ok := c.index[&f.future]; !ok {
			c.index[&f.future] = len(c.todo)
			c.todo = append(c.todo, f)
		}
	}
	c.left = len(c.todo)
	if c.err == nil {
		for _, f := range c.todo {
			f.addCallback((*completion[T])(c))
		}
	}
	return c
}

// Within limits the time from now, and returns c: once d has passed, [ErrTimeout] is
// returned for each future that is not done. If all are done, or an earlier limit has
// passed, Within has no effect.
func (c *Completed[T]) Within(d time.Duration) *Completed[T] {
	c.loop.check()
	if c.timer != nil {
		c.timer.Cancel()
		c.timer = nil
	}
	switch {
	case c.loop.closed:
		c.err = ErrClosed
	case c.err == nil && len(c.index) > 0 && d != NoTimeout:
		c.timer = c.loop.CallLater(d, c.expire)
	}
	return c
}

type completion[T any] Completed[T]

func (c *completion[T]) futureDone(f *future) {
	i, ok := c.index[f]
	if !ok {
		return // the time was up first
	}
	_ = c.queue.PutNowait(c.todo[i]) // without a limit it is never full
	c.todo[i] = nil
	delete(c.index, f)
	if len(c.index) == 0 && c.timer != nil {
		c.timer.Cancel()
	}
}

func (c *Completed[T]) expire() {
	for _, f := range c.todo {
		if f != nil {
			f.removeCallback((*completion[T])(c))
			_ = c.queue.PutNowait(nil)
		}
	}
	clear(c.index)
}

// String says how many futures are not done yet.
func (c *Completed[T]) String() string {
	return fmt.Sprintf("%d of %d futures", len(c.index), len(c.todo))
}

func (c *Completed[T]) undone() []AnyFuture {
	var fs []AnyFuture
	for _, f := range c.todo {
		if f != nil {
			fs = append(fs, f.self)
		}
	}
	return fs
}

// Left returns how many futures have not been returned yet.
func (c *Completed[T]) Left() int { return c.left }

// Next suspends the task until the next future is done and returns its result.
// The error is that of the future, [ErrTimeout], [ErrExhausted], or a cancellation.
func (c *Completed[T]) Next(y *Yielder) (T, error) {
	f, err := c.NextFuture(y)
	if err != nil {
		var zero T
		return zero, err
	}
	return f.Result()
}

// NextFuture is [Completed.Next], but returns the future itself. Its error is never that
// of the future.
func (c *Completed[T]) NextFuture(y *Yielder) (*Future[T], error) {
	switch t, err := runningTask(y); {
	case err != nil:
		return nil, err
	case t.fut.loop != c.loop:
		return nil, ErrForeignLoop
	case c.left == 0:
		return nil, ErrExhausted
	}
	c.left--
	if c.err != nil {
		return nil, c.err
	}
	f, err := c.queue.Get(y)
	if err == nil && f == nil {
		err = ErrTimeout
	}
	return f, err
}

// All ranges over the results of [Completed.Next] until no future is left. If Next
// may not be called here, All ends with that error.
func (c *Completed[T]) All(y *Yielder) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for c.left > 0 {
			left := c.left
			v, err := c.Next(y)
			refused := c.left == left
			if !yield(v, err) || refused {
				return
			}
		}
	}
}
