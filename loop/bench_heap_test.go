package loop

import (
	"math/rand/v2"
	"testing"
	"time"

	"coloop/loop/internal/heapq"
)

// BenchmarkHeap pushes a thousand timers and pops them.
func BenchmarkHeap(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, bc := range []struct {
		name string
		when func(i int) int
	}{
		{"rising", func(i int) int { return i }},
		{"random", func(int) int { return rnd.IntN(1_000_000) }},
	} {
		b.Run(bc.name, func(b *testing.B) {
			timers := make([]*TimerHandle, 1000)
			for i := range timers {
				timers[i] = &TimerHandle{when: time.Duration(bc.when(i))}
			}
			h := make([]*TimerHandle, 0, len(timers))
			for b.Loop() {
				for _, t := range timers {
					h = heapq.Push(h, t, earlier)
				}
				for len(h) > 0 {
					h, _ = heapq.Pop(h, earlier)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(timers)), "ns/timer")
		})
	}
}
