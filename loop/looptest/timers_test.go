package looptest_test

import (
	"testing"
	"time"

	"coloop/loop"

	"pgregory.net/rapid"
)

// TestD12Stats: whatever happens to timers, those that Stats counts are the ones that
// are to be called yet, and the cancelled ones. It is here because rapid keeps a
// megabyte in memory, which would make package loop's benchmarks collect more often.
func TestD12Stats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, v := loop.NewVirtual()
		var handles []*loop.TimerHandle
		called := map[*loop.TimerHandle]bool{}
		sleeping, closed := 0, false
		schedule := func(d time.Duration) {
			var h *loop.TimerHandle
			h = l.CallLater(d, func() { called[h] = true })
			handles = append(handles, h)
		}
		actions := map[string]func(*rapid.T){
			"schedule": func(t *rapid.T) {
				for range rapid.SampledFrom([]int{1, 1, 1, 150}).Draw(t, "how many") {
					schedule(time.Duration(rapid.IntRange(0, 9).Draw(t, "delay")))
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
				d := time.Duration(rapid.IntRange(1, 9).Draw(t, "sleep"))
				task := loop.Spawn(l, func(y *loop.Yielder) error {
					sleeping++
					defer func() { sleeping-- }()
					return loop.Sleep(y, d)
				})
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
				waiting := sleeping
				for _, h := range handles {
					if !called[h] && !h.Cancelled() {
						waiting++
					}
				}
				if closed {
					waiting = 0
				}
				_, timers, cancelled := l.Stats()
				if timers-cancelled != waiting {
					t.Fatalf("Stats says %d of %d timers are cancelled, and %d are to be called", cancelled, timers, waiting)
				}
			},
		}
		t.Repeat(actions)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		closed = true
		for _, h := range handles {
			h.Cancel()
		}
		actions[""](t)
	})
}
