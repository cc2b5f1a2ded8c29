package loop

// The heap of CPython's heapq module, step for step. container/heap is a heap
// too, but orders equal elements differently, and timers of equal deadline run
// in the order the heap gives.

func heapPush[E any](h []E, x E, less func(a, b E) bool) []E {
	h = append(h, x)
	siftDown(h, 0, len(h)-1, less)
	return h
}

func heapPop[E any](h []E, less func(a, b E) bool) ([]E, E) {
	var zero E
	n := len(h) - 1
	last := h[n]
	h[n] = zero
	h = h[:n]
	if n == 0 {
		return h, last
	}
	top := h[0]
	h[0] = last
	siftUp(h, 0, less)
	return h, top
}

func heapify[E any](h []E, less func(a, b E) bool) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		siftUp(h, i, less)
	}
}

// siftDown moves h[pos] towards start until its parent is not greater.
func siftDown[E any](h []E, start, pos int, less func(a, b E) bool) {
	x := h[pos]
	for pos > start {
		parent := (pos - 1) >> 1
		if !less(x, h[parent]) {
			break
		}
		h[pos] = h[parent]
		pos = parent
	}
	h[pos] = x
}

// siftUp moves h[pos] down to a leaf, always by way of the smaller child, and
// from there to where it belongs.
func siftUp[E any](h []E, pos int, less func(a, b E) bool) {
	x, start := h[pos], pos
	for child := 2*pos + 1; child < len(h); child = 2*pos + 1 {
		if right := child + 1; right < len(h) && !less(h[child], h[right]) {
			child = right
		}
		h[pos] = h[child]
		pos = child
	}
	h[pos] = x
	siftDown(h, start, pos, less)
}
