package loop

// The heap of CPython's heapq module, comparison for comparison. container/heap
// is a heap too, but orders equal elements differently, and timers of equal
// deadline run in the order the heap gives.
//
// Each operation makes all its comparisons before it moves an element, so a less
// that panics leaves the heap as it was.

func heapPush[E any](h []E, x E, less func(a, b E) bool) []E {
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

func heapPop[E any](h []E, less func(a, b E) bool) ([]E, E) {
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

// heapify makes a heap of h. If less panics, h has the elements that it had.
func heapify[E any](h []E, less func(a, b E) bool) {
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
