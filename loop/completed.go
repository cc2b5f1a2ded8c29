package loop

import (
	"errors"
	"fmt"
	"iter"
	"time"
)

// ErrExhausted is returned by Next of a Completed that has given all.
var ErrExhausted = errors.New("all futures have been given")

// A Completed gives futures in the order in which they are done.
type Completed[T any] struct {
	loop  *Loop
	todo  []*Future[T]    // nil where done
	index map[*future]int // of those not done in todo
	queue Queue[*Future[T]]
	timer *TimerHandle
	left  int
	err   error // given instead
}

// AsCompleted runs fns in tasks and returns an iterator over their results in the
// order in which they are done (asyncio.as_completed). For w see [Go], for a time
// limit [Completed.Within].
func AsCompleted[T any, W Where](w W, fns ...func(*Yielder) (T, error)) *Completed[T] {
	return AsCompletedFutures(w, funcs(fns)...)
}

// AsCompletedFutures is [AsCompleted] for tasks and futures. With a future of
// another loop among them, all that is given is [ErrForeignLoop].
func AsCompletedFutures[T any, W Where](w W, aws ...Awaitable[T]) *Completed[T] {
	l := loopOf(w)
	c := &Completed[T]{loop: l, index: make(map[*future]int, len(aws))}
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

// Within limits the time from now: what is not done when d has passed is given as
// [ErrTimeout] instead. It returns c. Once all are done, or the time was up, there is
// nothing left to limit, and it has no effect.
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

// Left returns how many have not been asked for.
func (c *Completed[T]) Left() int { return c.left }

// Next suspends the task until the next future is done and returns its result.
// The error is that of the future, ErrTimeout, ErrExhausted, or a cancellation.
func (c *Completed[T]) Next(y *Yielder) (T, error) {
	f, err := c.NextFuture(y)
	if err != nil {
		var zero T
		return zero, err
	}
	return f.Result()
}

// NextFuture is Next for those who need to know which future it is; its error is
// never that of the future.
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
	f, err := c.queue.get(y, "AsCompleted", c)
	if err == nil && f == nil {
		err = ErrTimeout
	}
	return f, err
}

// All ranges over what Next returns, for as long as some are left. It ends with the
// error of a call at a wrong place.
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
