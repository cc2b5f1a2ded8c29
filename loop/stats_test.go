package loop

import (
	"slices"
	"testing"
)

// TestOrderAfterMissedTimers: timers that were cancelled and came due together
// with others still count when CPython decides whether to build the heap anew, and
// so decide the order of timers of equal time. This order is CPython's.
func TestOrderAfterMissedTimers(t *testing.T) {
	want := []int{
		40, 106, 114, 118, 44, 45, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22,
		21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 78, 77, 72, 71, 69,
		68, 65, 64, 62, 61, 57, 56, 54, 53, 50, 49, 43, 47, 117, 116, 41, 113, 112, 110, 109, 105, 104, 102,
		101, 98, 97, 95, 94, 89, 88, 86, 85, 82, 81, 79, 76, 70, 67, 63, 60, 55, 52, 48, 46, 107, 108, 111,
		103, 100, 96, 93, 87, 84, 80, 75, 66, 59, 51, 90, 91, 92, 99, 83, 74, 58, 119, 115, 42, 73,
	}
	l, _ := NewVirtual()
	var got []int
	_, err := RunUntilComplete(l, Func[int](func(y *Yielder) (int, error) {
		l.CallAt(1, func() {})
		var cancelled []*TimerHandle
		for range 80 {
			cancelled = append(cancelled, l.CallAt(1, func() { t.Error("called") }))
		}
		for i := range 120 {
			l.CallAt(5, func() { got = append(got, i) })
		}
		for _, h := range cancelled {
			h.Cancel()
		}
		return 0, Sleep(y, 8)
	}))
	if err != nil || l.Close() != nil {
		t.Error(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("order is %v, want %v", got, want)
	}
}
