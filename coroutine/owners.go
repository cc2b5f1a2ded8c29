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
type ownerTable struct {
	slots []atomic.Uintptr
	shift uint8 // leaves as many bits of a hash as an index has
}

// A slot is a number or one of these.
const (
	free = 0
	left = 1 // a number that was removed: the numbers behind it must still be found
)

const leastSlots = 64

func newOwnerTable(n int) *ownerTable {
	t := &ownerTable{shift: 64 - 6}
	size := leastSlots
	for ; size < 4*n; size *= 2 {
		t.shift--
	}
	t.slots = make([]atomic.Uintptr, size)
	return t
}

// first returns the slot at which to begin looking for g.
func (t *ownerTable) first(g uintptr) uintptr {
	return uintptr(uint64(g) * 0x9e3779b97f4a7c15 >> (t.shift & 63))
}

func (o *owners) has(g uintptr) bool {
	t := o.table.Load()
	if t == nil {
		return false
	}
	for i := t.first(g); ; i++ {
		switch t.slots[i&uintptr(len(t.slots)-1)].Load() {
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
	if t == nil || 2*(o.used+1) > len(t.slots) {
		t = o.rebuild()
	}
	t.put(g)
	o.n++
	o.used++
}

func (t *ownerTable) put(g uintptr) {
	i := t.first(g)
	for t.slots[i&uintptr(len(t.slots)-1)].Load() != free {
		i++
	}
	t.slots[i&uintptr(len(t.slots)-1)].Store(g)
}

func (o *owners) remove(g uintptr) {
	t := o.table.Load()
	if t == nil {
		return
	}
	for i := t.first(g); ; i++ {
		slot := &t.slots[i&uintptr(len(t.slots)-1)]
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
		for i := range old.slots {
			if g := old.slots[i].Load(); g > left {
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
	if t := o.table.Load(); t != nil && len(t.slots) > leastSlots && len(t.slots) > 16*(o.n+1) {
		o.rebuild()
	}
}
