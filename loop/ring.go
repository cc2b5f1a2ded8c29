package loop

// A ring is a queue: first in, first out.
type ring[T any] struct {
	items   []T // a power of two long
	head, n int
	peak    int // the greatest n since the last trim; the owner keeps it
}

// smallest is the size below which rings and lists are not made smaller.
const smallest = 64

func (r *ring[T]) len() int { return r.n }

func (r *ring[T]) put(v T) {
	if r.n == len(r.items) {
		r.resize(max(8, 2*len(r.items)))
	}
	r.items[(r.head+r.n)&(len(r.items)-1)] = v
	r.n++
}

func (r *ring[T]) get() T {
	var zero T
	v := r.items[r.head]
	r.items[r.head] = zero
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.n--
	return v
}

// resize is apart from put to keep put small enough to be inlined.
//
//go:noinline
func (r *ring[T]) resize(size int) {
	items := make([]T, size)
	if end := r.head + r.n; end <= len(r.items) {
		copy(items, r.items[r.head:end])
	} else {
		n := copy(items, r.items[r.head:])
		copy(items[n:], r.items[:end-len(r.items)])
	}
	r.items, r.head = items, 0
}

// trim gives back room that has not been needed since the last trim, and reports
// whether more could be given back if it is not needed until the next one.
func (r *ring[T]) trim() (more bool) {
	size := smallest
	for size < max(r.peak, r.n) {
		size *= 2
	}
	if size < len(r.items) {
		r.resize(size)
	}
	r.peak = r.n
	return len(r.items) > smallest
}

// A trimmer is a store that can give back room.
type trimmer interface {
	// trim gives back room that has not been needed since the last trim, and
	// reports whether more could be given back by the next one.
	trim() (more bool)
}

// A freeList keeps unused items for reuse.
type freeList[T any] struct {
	items []*T
	least int // the least number of items since the last trim
}

// freeListIn returns the free list in a field of the Loop, and makes it if there is
// none. The field is a trimmer because loop.go does not know the type of the items.
func freeListIn[T any](field *trimmer) *freeList[T] {
	f, ok := (*field).(*freeList[T])
	if !ok {
		f = &freeList[T]{}
		*field = f
	}
	return f
}

// get returns a free item, nil if there is none.
func (f *freeList[T]) get() *T {
	n := len(f.items) - 1
	if n < 0 {
		return nil
	}
	v := f.items[n]
	f.items[n] = nil
	f.items = f.items[:n]
	f.least = min(f.least, n)
	return v
}

func (f *freeList[T]) put(v *T) { f.items = append(f.items, v) }

// trim gives back the items that have not been needed since the last trim, and
// reports whether more could be given back if they are not needed until the next.
func (f *freeList[T]) trim() (more bool) {
	if drop := min(f.least, len(f.items)-smallest); drop > 0 {
		f.items = append(make([]*T, 0, len(f.items)-drop), f.items[drop:]...)
	}
	f.least = len(f.items)
	return len(f.items) > smallest
}
