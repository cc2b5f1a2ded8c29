package loop

// waiters are the tasks waiting for a lock or the like, oldest first, each with
// a future of its own. A task stays in the list from when it begins to wait
// until it runs again, as in asyncio, so some of them may be done already.
type waiters struct {
	first, last *waitNode
	undone      *waitNode // those before it are done; nil if all are
	n           int
	cancelled   int // of the n
}

type waitNode struct {
	future
	list       *waiters // nil once off the list
	prev, next *waitNode
}

// cancel counts, so that a lock knows without looking whether any waiter is
// left that was not cancelled.
func (w *waitNode) cancel(msg string) bool {
	if !w.future.cancel(msg) {
		return false
	}
	if w.list != nil {
		w.list.cancelled++
	}
	return true
}

func (w *waitNode) release() { w.settle(finished) }

// join puts a new waiter at the end of the list.
func (ws *waiters) join(l *Loop) *waitNode {
	w := l.waitNodes
	if w == nil {
		w = &waitNode{}
	} else {
		l.waitNodes = w.next
		*w = waitNode{}
	}
	w.init(l, w)
	w.list, w.prev = ws, ws.last
	if ws.last == nil {
		ws.first = w
	} else {
		ws.last.next = w
	}
	ws.last = w
	if ws.undone == nil {
		ws.undone = w
	}
	ws.n++
	return w
}

// leave takes w off the list, if it is on it.
func (ws *waiters) leave(w *waitNode) {
	if w.list == nil {
		return
	}
	if ws.undone == w {
		ws.undone = w.next
	}
	if w.prev == nil {
		ws.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		ws.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	ws.n--
	if w.state == cancelled {
		ws.cancelled--
	}
	w.list, w.prev, w.next = nil, nil, nil
}

// free gives back a waiter that nothing refers to any more: it is off the list
// and its task has been woken.
func (w *waitNode) free() {
	w.next, w.loop.waitNodes = w.loop.waitNodes, w
}

// wakeNext releases the first waiter that is not done, and reports whether
// there was one.
func (ws *waiters) wakeNext() bool {
	for ws.undone != nil && ws.undone.state != pending {
		ws.undone = ws.undone.next
	}
	if ws.undone == nil {
		return false
	}
	ws.undone.release()
	return true
}

// wait waits for a turn: until the waiter it joins with is released, or with an
// error. granted tells whether it was released all the same.
func (ws *waiters) wait(y *Yielder) (granted bool, err error) {
	t, err := taskOf(y)
	if err != nil {
		return false, err
	}
	w := ws.join(t.fut.loop)
	err = await(y, w)
	granted = w.state == finished
	ws.leave(w)
	if t.waiter != &w.future { // else it was not the task that resumed us
		w.free()
	}
	return granted, err
}
