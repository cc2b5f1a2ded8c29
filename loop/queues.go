package loop

import (
	"errors"
	"fmt"
	"iter"

	"coloop/loop/internal/heapq"
)

// Errors of queues.
var (
	ErrQueueEmpty    = errors.New("queue is empty")
	ErrQueueFull     = errors.New("queue is full")
	ErrQueueShutDown = errors.New("queue is shut down")
	// ErrTaskDone says that TaskDone was called more often than items were put.
	// TaskDone panics with it.
	ErrTaskDone = errors.New("TaskDone called too many times")
)

// A Queue hands items from tasks to tasks (asyncio.Queue): first in, first out,
// or in another order, see NewLifoQueue and NewPriorityQueue. The zero value is a
// FIFO without a limit.
type Queue[T any] struct {
	Name string // for descriptions; see [Dump]

	items      store[T]
	maxsize    int
	getters    ParkingLot
	putters    ParkingLot
	unfinished int
	finished   Event // set if unfinished is 0
	shut       bool
}

// store is the order of a queue.
type store[T any] interface {
	put(T)
	get() T
	len() int
}

// NewQueue returns a queue of at most maxsize items, of any number if maxsize is
// not positive.
func NewQueue[T any](maxsize int) *Queue[T] { return &Queue[T]{maxsize: maxsize} }

// NewLifoQueue returns a queue that gives the item put last (asyncio.LifoQueue).
func NewLifoQueue[T any](maxsize int) *Queue[T] {
	return &Queue[T]{maxsize: maxsize, items: &stack[T]{}}
}

// NewPriorityQueue returns a queue that gives the least item
// (asyncio.PriorityQueue). Equal items come in the order of CPython's heap.
func NewPriorityQueue[T any](maxsize int, less func(a, b T) bool) *Queue[T] {
	return &Queue[T]{maxsize: maxsize, items: &heap[T]{less: less}}
}

func (q *Queue[T]) store() store[T] {
	if q.items == nil {
		q.items = &ring[T]{}
	}
	return q.items
}

// String describes the queue: its items, the items that are not done (see
// [Queue.TaskDone]), and the tasks that wait.
//
//	<Queue 'jobs' 0 of 10 items, 3 not done, 2 getters>
func (q *Queue[T]) String() string {
	items := amount(q.Len(), "item")
	if q.maxsize > 0 {
		items = fmt.Sprintf("%d of %s", q.Len(), amount(q.maxsize, "item"))
	}
	taken, shut := "", ""
	if n := q.unfinished - q.Len(); n > 0 {
		taken = fmt.Sprintf("%d not done", n)
	}
	if q.shut {
		shut = "shut down"
	}
	return object("Queue", q.Name, items, taken, shut, some(q.getters.n, "getter"), some(q.putters.n, "putter"))
}

func (q *Queue[T]) label() string { return named("queue", q.Name) }

// Len returns the number of items (qsize).
func (q *Queue[T]) Len() int { return q.store().len() }

// Empty reports whether there are no items.
func (q *Queue[T]) Empty() bool { return q.Len() == 0 }

// Full reports whether there are maxsize items.
func (q *Queue[T]) Full() bool { return q.maxsize > 0 && q.Len() >= q.maxsize }

// Unfinished returns the number of items put for which TaskDone has not been
// called.
func (q *Queue[T]) Unfinished() int { return q.unfinished }

// Waiting returns the number of tasks waiting to get, and to put.
func (q *Queue[T]) Waiting() (getters, putters int) { return q.getters.n, q.putters.n }

// Put puts v into the queue. It suspends the task while the queue is full, and returns
// [ErrQueueShutDown] once the queue is shut down.
func (q *Queue[T]) Put(y *Yielder, v T) error {
	waited, err := q.turn(y, &q.putters, "Queue.Put", q.Full)
	switch {
	case err != nil:
		return err
	case waited:
		return q.putWoken(v)
	}
	return q.PutNowait(v)
}

// putWoken is PutNowait of a task that was woken for it: if less of a priority queue
// panics, the next putter gets the room. It is not part of Put, so that the stack of a
// task that waits there is short.
//
//go:noinline
func (q *Queue[T]) putWoken(v T) error {
	n := q.Len()
	defer func() {
		if q.Len() == n && !q.Full() {
			q.putters.wakeOff()
		}
	}()
	return q.PutNowait(v)
}

// Get takes an item. It suspends the task while there is none, and returns
// [ErrQueueShutDown] once the queue is shut down and empty.
func (q *Queue[T]) Get(y *Yielder) (v T, err error) {
	waited, err := q.turn(y, &q.getters, "Queue.Get", q.Empty)
	switch {
	case err != nil:
		return v, err
	case waited:
		return q.getWoken()
	}
	return q.GetNowait()
}

// getWoken is to GetNowait what putWoken is to PutNowait.
//
//go:noinline
func (q *Queue[T]) getWoken() (T, error) {
	n := q.Len()
	defer func() {
		if q.Len() == n && !q.Empty() {
			q.getters.wakeOff()
		}
	}()
	return q.GetNowait()
}

// enter binds all lots of the queue to the loop of y.
func (q *Queue[T]) enter(y *Yielder) error {
	_, err := q.getters.enter(y, "Queue.Get", q)
	return err
}

// turn returns once the queue is not blocked, or shut down. Until then it waits in a
// lot, which those who wake it take it out of.
//
//go:noinline
func (q *Queue[T]) turn(y *Yielder, lot *ParkingLot, kind string, blocked func() bool) (waited bool, err error) {
	if err := q.enter(y); err != nil {
		return false, err
	}
	if lot.Kind == "" {
		lot.Kind, lot.Owner = kind, q
	}
	for blocked() && !q.shut {
		waited = true
		woken, err := lot.Park(y, nil)
		if err != nil {
			if woken && !blocked() {
				lot.wakeOff()
			}
			return waited, err
		}
	}
	return waited, nil
}

// PutNowait puts v into the queue, or returns [ErrQueueFull] or [ErrQueueShutDown].
func (q *Queue[T]) PutNowait(v T) error {
	q.getters.check()
	switch {
	case q.shut:
		return ErrQueueShutDown
	case q.Full():
		return ErrQueueFull
	}
	q.store().put(v)
	q.unfinished++
	q.finished.Clear()
	q.getters.wakeOff()
	return nil
}

// GetNowait takes an item, or returns [ErrQueueEmpty] or [ErrQueueShutDown].
func (q *Queue[T]) GetNowait() (T, error) {
	q.getters.check()
	if q.Empty() {
		var zero T
		if q.shut {
			return zero, ErrQueueShutDown
		}
		return zero, ErrQueueEmpty
	}
	v := q.store().get()
	q.putters.wakeOff()
	return v, nil
}

// TaskDone says that an item taken has been dealt with; see [Queue.Join]. It panics
// with [ErrTaskDone] if called more often than items were put, as a sync.WaitGroup does.
func (q *Queue[T]) TaskDone() {
	q.getters.check()
	if q.unfinished <= 0 {
		panic(ErrTaskDone)
	}
	q.unfinished--
	if q.unfinished == 0 {
		q.finished.Set()
	}
}

// Join suspends the task until [Queue.TaskDone] has been called for all items put.
func (q *Queue[T]) Join(y *Yielder) error {
	if err := q.enter(y); err != nil {
		return err
	}
	if q.unfinished == 0 {
		return nil
	}
	q.finished.lot.Kind, q.finished.lot.Owner = "Queue.Join", q
	_, err := q.finished.lot.Park(y, nil)
	return err
}

// All ranges over the items that Get takes, until the queue is shut down and empty
// (async for, which asyncio's queues lack). If Get returns another error, a cancellation
// as a rule, the last pair is the zero T and that error. A loop over one variable would
// take that zero for an item, so use two and look at the error.
func (q *Queue[T]) All(y *Yielder) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := q.Get(y)
			if errors.Is(err, ErrQueueShutDown) || !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Shutdown makes Put fail from now on, and Get once the queue is empty
// (Queue.shutdown, new in Python 3.13). If immediate is true, it empties the queue now.
// Shutdown wakes all tasks that wait, and their Put or Get returns accordingly.
func (q *Queue[T]) Shutdown(immediate bool) {
	q.getters.check()
	q.shut = true
	if immediate {
		for !q.Empty() {
			q.store().get()
			if q.unfinished > 0 {
				q.unfinished--
			}
		}
		if q.unfinished == 0 {
			q.finished.Set()
		}
	}
	for _, lot := range []*ParkingLot{&q.getters, &q.putters} {
		for lot.first != nil {
			lot.wakeOff()
		}
	}
}

type stack[T any] struct{ items []T }

func (s *stack[T]) len() int { return len(s.items) }
func (s *stack[T]) put(v T)  { s.items = append(s.items, v) }

func (s *stack[T]) get() T {
	var zero T
	n := len(s.items) - 1
	v := s.items[n]
	s.items[n] = zero
	s.items = s.items[:n]
	return v
}

type heap[T any] struct {
	items []T
	less  func(a, b T) bool
}

func (h *heap[T]) len() int { return len(h.items) }
func (h *heap[T]) put(v T)  { h.items = heapq.Push(h.items, v, h.less) }

func (h *heap[T]) get() (v T) {
	h.items, v = heapq.Pop(h.items, h.less)
	return v
}
