package pool

import (
	"container/heap"
	"time"

	"coloop/loop"
)

// A waiter is a task in a lot. One that waits for its turn finds its place here when it is
// woken; nil if the pool was closed. One that is starved waits with its place.
type waiter[C Conn, H any] struct {
	ticket uint64
	place  *Place[C, H]
}

func (p *Pool[C, H]) newWaiter(pl *Place[C, H]) *waiter[C, H] {
	p.ticket++
	return &waiter[C, H]{p.ticket, pl}
}

// wait parks until it is the task's turn.
func (p *Pool[C, H]) wait(y *loop.Yielder, h *Host[C, H], by time.Duration) (*Place[C, H], error) {
	w := p.newWaiter(nil)
	p.waiters++
	if h.first() == nil {
		p.rank(h, w)
	}
	woken, err := p.park(y, &h.lot, w, by)
	switch {
	case !woken:
		p.waiters--
		p.rank(h, h.first())
		p.bury(h)
	case w.place == nil:
		p.bury(h)
	case err != nil:
		w.place.Release() // the turn had come before the error: the next waiter gets it
	default:
		if w.place.open && !w.place.conn.Unused() {
			w.place.Renew()
		}
		return w.place, nil
	}
	return nil, err
}

// first returns the task that waits longest for h; nil if there is none.
func (h *Host[C, H]) first() *waiter[C, H] { return first[C, H](&h.lot) }

func first[C Conn, H any](lot *loop.ParkingLot) *waiter[C, H] {
	data, _ := lot.Next()
	w, _ := data.(*waiter[C, H])
	return w
}

// next returns the host of the task that has waited longest, among the hosts to which a
// connection could be opened in the place of one to h; nil if there is none.
func (p *Pool[C, H]) next(h *Host[C, H]) *Host[C, H] {
	if p.waiters == 0 {
		return nil
	}
	own, other := h.first(), p.longest()
	if own != nil && (other == nil || own.ticket < other.ticket) {
		return h
	}
	return other
}

// grant ends the wait of the first task that waits for h.
func (p *Pool[C, H]) grant(h *Host[C, H], pl *Place[C, H]) {
	h.first().place = pl
	p.waiters--
	h.lot.Unpark()
	p.rank(h, h.first())
}

// A line is a heap of the hosts below their own limit that tasks wait for: they wait
// because of the limit in all. The host is first whose first waiter has waited longest.
type line[C Conn, H any] []*Host[C, H]

func (l line[C, H]) Len() int           { return len(l) }
func (l line[C, H]) Less(i, j int) bool { return l[i].ticket < l[j].ticket }

func (l line[C, H]) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].index, l[j].index = i+1, j+1
}

func (l *line[C, H]) Push(h any) {
	*l = append(*l, h.(*Host[C, H]))
	(*l)[len(*l)-1].index = len(*l)
}

func (l *line[C, H]) Pop() any {
	h := (*l)[len(*l)-1]
	(*l)[len(*l)-1] = nil
	*l = (*l)[:len(*l)-1]
	h.index = 0
	return h
}

// rank puts h where it belongs in the line. It is called when the number of places of h has
// changed, or its first waiter, which is w; nil if there is none.
func (p *Pool[C, H]) rank(h *Host[C, H], w *waiter[C, H]) {
	waits := w != nil && p.hasRoom(h)
	if waits {
		h.ticket = w.ticket
	}
	switch {
	case waits && h.index == 0:
		heap.Push(&p.line, h)
	case waits:
		heap.Fix(&p.line, h.index-1)
	case h.index > 0:
		heap.Remove(&p.line, h.index-1)
	}
}

// longest returns the first host of the line; nil if that is empty.
func (p *Pool[C, H]) longest() *Host[C, H] {
	for len(p.line) > 0 {
		h := p.line[0]
		w := h.first()
		if w != nil && w.ticket == h.ticket {
			return h
		}
		p.rank(h, w) // the first waiter was cancelled, and has not run yet
	}
	return nil
}
