package heapq

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type element struct{ key, n int }

// TestHeapOrder: equal elements come in the order that CPython's heapq gives
// them. The table was made with that.
func TestHeapOrder(t *testing.T) {
	less := func(a, b element) bool { return a.key < b.key }
	for _, tc := range []struct{ keys, pushed, heapified []int }{
		{[]int{2},
			[]int{0},
			[]int{0}},
		{[]int{1, 3},
			[]int{0, 1},
			[]int{0, 1}},
		{[]int{0, 0, 0},
			[]int{0, 1, 2, 3},
			[]int{2, 1, 0}},
		{[]int{2, 0, 1, 0, 0, 3, 3},
			[]int{1, 3, 4, 8, 2, 7, 0, 5, 6},
			[]int{4, 1, 3, 2, 0, 6, 5}},
		{[]int{0, 1, 0, 3, 0, 0, 1, 0, 3, 0, 1, 0},
			[]int{0, 2, 5, 11, 4, 9, 14, 7, 12, 6, 1, 10, 13, 3, 15, 8},
			[]int{11, 5, 2, 0, 9, 4, 7, 6, 10, 1, 3, 8}},
		{[]int{1, 2, 3, 1, 0, 2, 1, 0, 1, 2, 0, 0, 0, 1, 3, 3, 2, 3, 3, 2, 2, 1, 1, 1, 0},
			[]int{4, 11, 12, 24, 7, 10, 13, 22, 29, 32, 23, 31, 6, 3, 21, 28, 0, 8, 25, 5, 19, 30, 20, 9, 26, 16, 1, 14, 17, 2, 18, 27, 15},
			[]int{12, 24, 11, 10, 4, 7, 13, 6, 23, 0, 22, 21, 8, 3, 19, 16, 5, 9, 20, 1, 18, 15, 17, 2, 14}},
	} {
		var h []element
		var order []int
		pop := func() {
			var x element
			h, x = Pop(h, less)
			order = append(order, x.n)
		}
		for i, key := range tc.keys {
			h = Push(h, element{key, i}, less)
		}
		// A third is taken and put in again, the same keys as at first.
		n := len(tc.keys)
		for range n / 3 {
			pop()
		}
		for i, key := range tc.keys[:n/3] {
			h = Push(h, element{key, n + i}, less)
		}
		for len(h) > 0 {
			pop()
		}
		if !slices.Equal(order, tc.pushed) {
			t.Errorf("%v: pushed and popped %v, want %v", tc.keys, order, tc.pushed)
		}
		order = nil
		for i, key := range tc.keys {
			h = append(h, element{key, i})
		}
		Heapify(h, less)
		for len(h) > 0 {
			pop()
		}
		if !slices.Equal(order, tc.heapified) {
			t.Errorf("%v: heapified %v, want %v", tc.keys, order, tc.heapified)
		}
	}
}

// heapq.py, word for word: what is moved is moved before the next comparison.
type heapqPy struct{ less func(a, b element) bool }

func (q heapqPy) push(h []element, x element) []element {
	h = append(h, x)
	q.siftdown(h, 0, len(h)-1)
	return h
}

func (q heapqPy) pop(h []element) ([]element, element) {
	last := h[len(h)-1]
	h = h[:len(h)-1]
	if len(h) == 0 {
		return h, last
	}
	top := h[0]
	h[0] = last
	q.siftup(h, 0)
	return h, top
}

func (q heapqPy) heapify(h []element) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		q.siftup(h, i)
	}
}

func (q heapqPy) siftdown(h []element, startpos, pos int) {
	newitem := h[pos]
	for pos > startpos {
		parentpos := (pos - 1) >> 1
		parent := h[parentpos]
		if q.less(newitem, parent) {
			h[pos] = parent
			pos = parentpos
			continue
		}
		break
	}
	h[pos] = newitem
}

func (q heapqPy) siftup(h []element, pos int) {
	endpos, startpos := len(h), pos
	newitem := h[pos]
	childpos := 2*pos + 1
	for childpos < endpos {
		rightpos := childpos + 1
		if rightpos < endpos && !q.less(h[childpos], h[rightpos]) {
			childpos = rightpos
		}
		h[pos] = h[childpos]
		pos = childpos
		childpos = 2*pos + 1
	}
	h[pos] = newitem
	q.siftdown(h, startpos, pos)
}

// TestHeapIsHeapq: each operation makes the comparisons of heapq.py, in their
// order, and leaves the elements where that does.
func TestHeapIsHeapq(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ours, theirs [][2]element
		note := func(to *[][2]element) func(a, b element) bool {
			return func(a, b element) bool {
				*to = append(*to, [2]element{a, b})
				return a.key < b.key
			}
		}
		less, py := note(&ours), heapqPy{note(&theirs)}
		var h, want []element
		for n := range rapid.IntRange(0, 60).Draw(t, "operations") {
			switch op := rapid.IntRange(0, 4).Draw(t, "operation"); {
			case op == 0 && len(h) > 0:
				var x, y element
				h, x = Pop(h, less)
				want, y = py.pop(want)
				if x != y {
					t.Fatalf("popped %v, want %v", x, y)
				}
			case op == 1:
				slices.Reverse(h)
				slices.Reverse(want)
				Heapify(h, less)
				py.heapify(want)
			default:
				x := element{rapid.IntRange(0, 9).Draw(t, "key"), n}
				h = Push(h, x, less)
				want = py.push(want, x)
			}
			if !slices.Equal(h, want) {
				t.Fatalf("heap is %v, want %v", h, want)
			}
			if !slices.Equal(ours, theirs) {
				t.Fatalf("compared %v, want %v", ours, theirs)
			}
		}
	})
}

// TestA2HeapWithPanickingLess: an operation whose less panics, at whichever of its
// comparisons, has not happened.
func TestA2HeapWithPanickingLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		left := 0
		less := func(a, b element) bool {
			if left--; left == 0 {
				panic("less")
			}
			return a.key < b.key
		}
		var h []element
		for n := range rapid.IntRange(1, 60).Draw(t, "operations") {
			before := slices.Clone(h)
			left = rapid.IntRange(0, 8).Draw(t, "comparison")
			x := element{rapid.IntRange(0, 9).Draw(t, "key"), n}
			do := func() { h = Push(h, x, less) }
			if len(h) > 0 && rapid.IntRange(0, 2).Draw(t, "operation") == 0 {
				do = func() { h, _ = Pop(h, less) }
			}
			if caught(do) != nil && !slices.Equal(h, before) {
				t.Fatalf("heap is %v, was %v", h, before)
			}
		}
	})
}

// TestA2HeapifyWithPanickingLess: nothing is lost and nothing doubled.
func TestA2HeapifyWithPanickingLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 40).Draw(t, "keys")
		h := slices.Clone(keys)
		left := rapid.IntRange(1, 80).Draw(t, "comparison")
		caught(func() {
			Heapify(h, func(a, b int) bool {
				if left--; left == 0 {
					panic("less")
				}
				return a < b
			})
		})
		slices.Sort(h)
		slices.Sort(keys)
		if !slices.Equal(h, keys) {
			t.Fatalf("elements are %v, were %v", h, keys)
		}
	})
}

func caught(fn func()) (r any) {
	defer func() { r = recover() }()
	fn()
	return nil
}
