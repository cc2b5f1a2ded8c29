package loop

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestD12Stats: whatever happens to timers, the number of cancelled ones is that
// of the cancelled ones in the heap.
func TestD12Stats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, v := NewVirtual()
		var handles []*TimerHandle
		actions := map[string]func(*rapid.T){
			"schedule": func(t *rapid.T) {
				for range rapid.SampledFrom([]int{1, 1, 1, 150}).Draw(t, "how many") {
					d := time.Duration(rapid.IntRange(0, 9).Draw(t, "delay"))
					handles = append(handles, l.CallLater(d, func() {}))
				}
			},
			"cancel": func(t *rapid.T) {
				if len(handles) > 0 {
					rapid.SampledFrom(handles).Draw(t, "handle").Cancel() // perhaps once more, or after it was called
				}
			},
			"cancel some": func(t *rapid.T) {
				for i, n := 0, rapid.IntRange(1, 3).Draw(t, "every"); i < len(handles); i += n {
					handles[i].Cancel()
				}
			},
			"cancelled sleep": func(t *rapid.T) {
				d := time.Duration(rapid.IntRange(0, 9).Draw(t, "sleep"))
				task := Go(l, func(y *Yielder) (int, error) { return 0, Sleep(y, d) })
				l.CallSoon(func() { task.Cancel() })
			},
			"advance": func(t *rapid.T) { v.Advance(time.Duration(rapid.IntRange(0, 5).Draw(t, "time"))) },
			"turn": func(t *rapid.T) {
				l.CallSoon(l.Stop)
				if err := l.RunForever(); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				want := 0
				for _, h := range l.timers.heap {
					if h.cancelled {
						want++
					}
				}
				_, timers, cancelled := l.Stats()
				if timers != len(l.timers.heap) || cancelled != want {
					t.Fatalf("Stats says %d of %d, want %d of %d", cancelled, timers, want, len(l.timers.heap))
				}
			},
		}
		t.Repeat(actions)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		for _, h := range handles {
			h.Cancel()
		}
		actions[""](t)
	})
}

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
