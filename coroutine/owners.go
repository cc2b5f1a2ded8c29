package coroutine

import "sync/atomic"

// owners is a set of goroutines, by the numbers of getg. One goroutine at a time may change
// it; has may be called at any time, takes no lock, and costs about two nanoseconds. A
// goroutine must leave the set before it ends, because its number is used again.
type owners struct {
	table atomic.Pointer[ownerTable]
	n     int // numbers in the table
	used  int // slots that are not free
}

// ownerTable is an open-addressed hash table, whose length is a power of two. At least
// half of the slots are free.
type ownerTable []atomic.Uintptr

// A slot is a number or one of these.
const (
	free = 0
	left = 1 // a number that was removed: the numbers behind it must still be found
)

const leastSlots = 64

func newOwnerTable(n int) *ownerTable {
	size := leastSlots
	for size < 4*n {
		size *= 2
	}
	t := make(ownerTable, size)
	return &t
}

// at returns the slot to look at for g after i others.
func (t ownerTable) at(g, i uintptr) *atomic.Uintptr {
	hash := uintptr(uint64(g) * 0x9e3779b97f4a7c15 >> 32)
	return &t[(hash+i)&uintptr(len(t)-1)]
}

func (o *owners) has(g uintptr) bool {
	t := o.table.Load()
	if t == nil {
		return false
	}
	for i := uintptr(0); ; i++ {
		switch t.at(g, i).Load() {
		case g:
			return true
		case free:
			return false
		}
	}
}

func (o *owners) add(g uintptr) {
	if o.has(g) {
		return
	}
	t := o.table.Load()
	if t == nil || 2*(o.used+1) > len(*t) {
		t = o.rebuild()
	}
	t.put(g)
	o.n++
	o.used++
}

func (t *ownerTable) put(g uintptr) {
	i := uintptr(0)
	for t.at(g, i).Load() != free {
		i++
	}
	t.at(g, i).Store(g)
}

func (o *owners) remove(g uintptr) {
	t := o.table.Load()
	if t == nil {
		return
	}
	for i := uintptr(0); ; i++ {
		slot := t.at(g, i)
		switch slot.Load() {
		case g:
			slot.Store(left)
			o.n--
			return
		case free:
			return
		}
	}
}

// rebuild replaces the table by one that is as large as its numbers need.
func (o *owners) rebuild() *ownerTable {
	t := newOwnerTable(o.n + 1)
	if old := o.table.Load(); old != nil {
		for i := range *old {
			if g := (*old)[i].Load(); g > left {
				t.put(g)
			}
		}
	}
	o.used = o.n
	o.table.Store(t)
	return t
}

// shrink gives back the memory of a table that has become much too large.
func (o *owners) shrink() {
	if t := o.table.Load(); t != nil && len(*t) > leastSlots && len(*t) > 16*(o.n+1) {
		o.rebuild()
	}
}
