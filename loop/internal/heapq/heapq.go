// Package heapq is the heap of CPython's heapq module, comparison for comparison.
// container/heap is a heap too, but orders equal elements differently, and timers of
// equal deadline run in the order the heap gives.
//
// Push and Pop make all their comparisons before they move an element, so a less that
// panics leaves the heap as it was.
package heapq

// Push adds x to the heap h and returns the heap.
func Push[E any](h []E, x E, less func(a, b E) bool) []E {
	pos := len(h)
	for pos > 0 {
		parent := (pos - 1) >> 1
		if !less(x, h[parent]) {
			break
		}
		pos = parent
	}
	h = append(h, x)
	for i := len(h) - 1; i > pos; {
		parent := (i - 1) >> 1
		h[i] = h[parent]
		i = parent
	}
	h[pos] = x
	return h
}

// Pop removes the least element of h, which must not be empty, and returns the heap and
// the element.
func Pop[E any](h []E, less func(a, b E) bool) ([]E, E) {
	var zero E
	n := len(h) - 1
	last := h[n]
	top := h[0]
	if n > 0 {
		siftUp(h[:n], 0, last, less)
	}
	h[n] = zero
	return h[:n], top
}

// Heapify makes a heap of h. If less panics, h has the elements that it had.
func Heapify[E any](h []E, less func(a, b E) bool) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		siftUp(h, i, h[i], less)
	}
}

// siftUp puts x in the place of h[root]. It goes down to a leaf, always by way of
// the smaller child, and from there up to where x belongs.
func siftUp[E any](h []E, root int, x E, less func(a, b E) bool) {
	pos := root
	for child := 2*pos + 1; child < len(h); child = 2*pos + 1 {
		if right := child + 1; right < len(h) && !less(h[child], h[right]) {
			child = right
		}
		pos = child
	}
	for pos > root && less(x, h[pos]) {
		pos = (pos - 1) >> 1
	}
	// The elements on the way from there to the root move up by one.
	for ; pos > root; pos = (pos - 1) >> 1 {
		h[pos], x = x, h[pos]
	}
	h[root] = x
}
