package loop

import "errors"

// Errors of queues.
var (
	ErrQueueEmpty    = errors.New("queue is empty")
	ErrQueueFull     = errors.New("queue is full")
	ErrQueueShutDown = errors.New("queue is shut down")
	// ErrTaskDone is returned by TaskDone called more often than items were put.
	ErrTaskDone = errors.New("TaskDone called too many times")
)

// A Queue hands items from tasks to tasks (asyncio.Queue): first in, first out,
// or in another order, see NewLifoQueue and NewPriorityQueue. The zero value is a
// FIFO without a limit.
type Queue[T any] struct {
	items      store[T]
	maxsize    int
	getters    waiters
	putters    waiters
	unfinished int
	finished   Event // set where unfinished is 0
	shut       bool
}

// store is the order of a queue.
type store[T any] interface {
	put(T)
	get() T
	len() int
}

// NewQueue returns a queue of at most maxsize items, of any number if that is
// not positive.
func NewQueue[T any](maxsize int) *Queue[T] { return &Queue[T]{maxsize: maxsize} }

// NewLifoQueue returns a queue that gives the item put last (asyncio.LifoQueue).
func NewLifoQueue[T any](maxsize int) *Queue[T] {
	return &Queue[T]{maxsize: maxsize, items: &stack[T]{}}
}

// NewPriorityQueue returns a queue that gives the least item
// (asyncio.PriorityQueue); of equal ones, that which CPython's heap gives.
func NewPriorityQueue[T any](maxsize int, less func(a, b T) bool) *Queue[T] {
	return &Queue[T]{maxsize: maxsize, items: &heap[T]{less: less}}
}

func (q *Queue[T]) store() store[T] {
	if q.items == nil {
		q.items = &fifo[T]{}
	}
	return q.items
}

// Len returns the number of items (qsize).
func (q *Queue[T]) Len() int { return q.store().len() }

// Empty reports whether there are no items.
func (q *Queue[T]) Empty() bool { return q.Len() == 0 }

// Full reports whether there are as many items as may be.
func (q *Queue[T]) Full() bool { return q.maxsize > 0 && q.Len() >= q.maxsize }

// Unfinished returns the number of items put for which TaskDone has not been
// called.
func (q *Queue[T]) Unfinished() int { return q.unfinished }

// Waiting returns the number of tasks waiting to get, and to put.
func (q *Queue[T]) Waiting() (getters, putters int) { return q.getters.n, q.putters.n }

// Put puts v into the queue, suspending the task while that is full. It returns
// ErrQueueShutDown once the queue is shut down.
func (q *Queue[T]) Put(y *Yielder, v T) error {
	woken := false
	for q.Full() && !q.shut {
		if err := q.wait(y, &q.putters, q.Full); err != nil {
			return err
		}
		woken = true
	}
	if n := q.Len(); woken {
		// If less of a priority queue panics, the room is the next one's.
		defer func() {
			if q.Len() == n && !q.Full() {
				wakeOff(&q.putters)
			}
		}()
	}
	return q.PutNowait(v)
}

// Get takes an item, suspending the task while there is none. It returns
// ErrQueueShutDown once the queue is shut down and empty.
func (q *Queue[T]) Get(y *Yielder) (T, error) {
	woken := false
	for q.Empty() && !q.shut {
		if err := q.wait(y, &q.getters, q.Empty); err != nil {
			var zero T
			return zero, err
		}
		woken = true
	}
	if n := q.Len(); woken {
		// If less of a priority queue panics, the item is the next one's.
		defer func() {
			if q.Len() == n && !q.Empty() {
				wakeOff(&q.getters)
			}
		}()
	}
	return q.GetNowait()
}

// wait waits for a turn among ws, which are woken off their list.
func (q *Queue[T]) wait(y *Yielder, ws *waiters, blocked func() bool) error {
	granted, err := ws.wait(y)
	if err != nil && granted && !blocked() {
		wakeOff(ws)
	}
	return err
}

// wakeOff takes waiters off the list until one is not done, and releases that.
func wakeOff(ws *waiters) {
	for w := ws.first; w != nil; w = ws.first {
		ws.leave(w)
		if w.state == pending {
			w.release()
			return
		}
	}
}

// PutNowait puts v into the queue, or returns ErrQueueFull, or ErrQueueShutDown.
func (q *Queue[T]) PutNowait(v T) error {
	switch {
	case q.shut:
		return ErrQueueShutDown
	case q.Full():
		return ErrQueueFull
	}
	q.store().put(v)
	q.unfinished++
	q.finished.Clear()
	wakeOff(&q.getters)
	return nil
}

// GetNowait takes an item, or returns ErrQueueEmpty, or ErrQueueShutDown.
func (q *Queue[T]) GetNowait() (T, error) {
	if q.Empty() {
		var zero T
		if q.shut {
			return zero, ErrQueueShutDown
		}
		return zero, ErrQueueEmpty
	}
	v := q.store().get()
	wakeOff(&q.putters)
	return v, nil
}

// TaskDone says that an item taken has been dealt with. It returns ErrTaskDone
// if called more often than items were put.
func (q *Queue[T]) TaskDone() error {
	if q.unfinished <= 0 {
		return ErrTaskDone
	}
	q.unfinished--
	if q.unfinished == 0 {
		q.finished.Set()
	}
	return nil
}

// Join suspends the task until all items put have been dealt with.
func (q *Queue[T]) Join(y *Yielder) error {
	if q.unfinished == 0 {
		return nil
	}
	return q.finished.Wait(y)
}

// Shutdown makes Put fail from now on, and Get once the queue is empty
// (Queue.shutdown, new in Python 3.13); immediate empties it now. All who wait
// look again.
func (q *Queue[T]) Shutdown(immediate bool) {
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
	for _, ws := range []*waiters{&q.getters, &q.putters} {
		for ws.first != nil {
			wakeOff(ws)
		}
	}
}

// fifo is a ring.
type fifo[T any] struct {
	ring    []T // a power of two long
	head, n int
}

func (f *fifo[T]) len() int { return f.n }

func (f *fifo[T]) put(v T) {
	if f.n == len(f.ring) {
		ring := make([]T, max(8, 2*len(f.ring)))
		n := copy(ring, f.ring[f.head:])
		copy(ring[n:], f.ring[:f.head])
		f.ring, f.head = ring, 0
	}
	f.ring[(f.head+f.n)&(len(f.ring)-1)] = v
	f.n++
}

func (f *fifo[T]) get() T {
	var zero T
	v := f.ring[f.head]
	f.ring[f.head] = zero
	f.head = (f.head + 1) & (len(f.ring) - 1)
	f.n--
	return v
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
func (h *heap[T]) put(v T)  { h.items = heapPush(h.items, v, h.less) }

func (h *heap[T]) get() (v T) {
	h.items, v = heapPop(h.items, h.less)
	return v
}
