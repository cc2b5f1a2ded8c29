package loop

import (
	"slices"
	"testing"
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
			h, x = heapPop(h, less)
			order = append(order, x.n)
		}
		for i, key := range tc.keys {
			h = heapPush(h, element{key, i}, less)
		}
		// A third is taken and put in again, the same keys as at first.
		n := len(tc.keys)
		for range n / 3 {
			pop()
		}
		for i, key := range tc.keys[:n/3] {
			h = heapPush(h, element{key, n + i}, less)
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
		heapify(h, less)
		for len(h) > 0 {
			pop()
		}
		if !slices.Equal(order, tc.heapified) {
			t.Errorf("%v: heapified %v, want %v", tc.keys, order, tc.heapified)
		}
	}
}
