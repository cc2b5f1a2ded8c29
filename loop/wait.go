package loop

import (
	"errors"
	"iter"
	"time"
)

// A WaitMode says what Wait waits for.
type WaitMode int

const (
	AllCompleted   WaitMode = iota // all are done
	FirstCompleted                 // one is done
	FirstException                 // one is done with an error, or all are done
)

// NoTimeout is the time-out of an operation that may take any time.
const NoTimeout = forever

// ErrWaitEmpty is returned by Wait without futures.
var ErrWaitEmpty = errors.New("set of futures to wait for is empty")

// Wait suspends the task until, of fs, those are done that mode says, or the
// time is up, and returns which are done and which are not (asyncio.wait). It
// cancels nothing. The error is ErrWaitEmpty, ErrForeignLoop, or a cancellation.
func Wait[F AnyFuture](y *Yielder, timeout time.Duration, mode WaitMode, fs ...F) (done, notDone []F, err error) {
	if len(fs) == 0 {
		return nil, nil, ErrWaitEmpty
	}
	t, err := taskOf(y)
	if err != nil {
		return nil, nil, err
	}
	l := t.fut.loop
	w := &waiter{mode: mode}
	w.init(l, w)
	seen := make(map[*future]bool, len(fs))
	var distinct []F
	for _, f := range fs {
		if f.base().loop != l {
			return nil, nil, ErrForeignLoop
		}
		if !seen[f.base()] {
			seen[f.base()] = true
			distinct = append(distinct, f)
		}
	}
	w.left = len(distinct)
	if timeout != NoTimeout {
		w.timer = l.CallLater(timeout, w.release)
	}
	for _, f := range distinct {
		f.base().addCallback(w)
	}
	err = await(y, w)
	if w.timer != nil {
		w.timer.Cancel()
	}
	for _, f := range distinct {
		f.base().removeCallback(w)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, f := range distinct {
		if f.Done() {
			done = append(done, f)
		} else {
			notDone = append(notDone, f)
		}
	}
	return done, notDone, nil
}

// waiter is the future that a Wait awaits.
type waiter struct {
	future
	mode  WaitMode
	left  int
	timer *TimerHandle
}

func (w *waiter) release() {
	if w.state == pending {
		w.settle(finished)
	}
}

func (w *waiter) futureDone(f *future) {
	w.left--
	if w.left <= 0 || w.mode == FirstCompleted ||
		w.mode == FirstException && f.state == finished && f.retrieve() != nil {
		if w.timer != nil {
			w.timer.Cancel()
		}
		w.release()
	}
}

// ErrExhausted is returned by Next of a Completed that has given all.
var ErrExhausted = errors.New("all futures have been given")

// A Completed gives futures in the order in which they are done.
type Completed[T any] struct {
	todo  []*Future[T]    // nil where done
	index map[*future]int // of those not done in todo
	queue Queue[*Future[T]]
	timer *TimerHandle
	left  int
	err   error // given instead
}

// AsCompleted returns an iterator over the results of aws as they are done, of
// which tasks are made if they are functions (asyncio.as_completed). Those not
// done when the time is up are given as ErrTimeout. With a future of another loop
// among aws all that is given is ErrForeignLoop.
func AsCompleted[T any, A Awaitable[T]](l *Loop, timeout time.Duration, aws ...A) *Completed[T] {
	c := &Completed[T]{index: make(map[*future]int, len(aws))}
	for _, f := range ensureFutures[T](l, aws) {
		if f.loop != l {
			c.err = ErrForeignLoop
		}
		if _, ok := c.index[&f.future]; !ok {
			c.index[&f.future] = len(c.todo)
			c.todo = append(c.todo, f)
		}
	}
	c.left = len(c.todo)
	if c.err != nil {
		return c
	}
	for _, f := range c.todo {
		f.addCallback((*completion[T])(c))
	}
	if c.left > 0 && timeout != NoTimeout {
		c.timer = l.CallLater(timeout, c.expire)
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
	if c.left == 0 {
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

// All ranges over what Next returns, for as long as some are left.
func (c *Completed[T]) All(y *Yielder) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for c.left > 0 {
			if !yield(c.Next(y)) {
				return
			}
		}
	}
}
