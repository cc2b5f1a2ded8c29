package coroutine

import (
	"math/rand/v2"
	"testing"
)

// TestOwners compares the set with a map, over numbers that collide.
func TestOwners(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var set owners
		model := map[uintptr]bool{}
		for step := range 4000 {
			g := uintptr(2+r.IntN(300)) << (6 * (seed % 3))
			switch op := r.IntN(100); {
			case step%1000 > 700 || op < 40:
				set.remove(g)
				delete(model, g)
			case op < 95:
				set.add(g)
				model[g] = true
			default:
				set.shrink()
			}
			if set.n != len(model) {
				t.Fatalf("seed %d, step %d: %d numbers, want %d", seed, step, set.n, len(model))
			}
			if has := set.has(g); has != model[g] {
				t.Fatalf("seed %d, step %d: has(%d) = %v, want %v", seed, step, g, has, model[g])
			}
		}
		for g := range model {
			if !set.has(g) {
				t.Fatalf("seed %d: %d is lost", seed, g)
			}
		}
		if table := set.table.Load(); 2*set.used > len(*table) {
			t.Errorf("seed %d: %d of %d slots are used", seed, set.used, len(*table))
		}
	}
}

// BenchmarkOwns is the question whether this goroutine is one of 10,000 stacks.
func BenchmarkOwns(b *testing.B) {
	var p Pool
	for g := range uintptr(10_000) {
		p.stacks.add(g<<9 + 2)
	}
	defer p.Adopt()()
	for b.Loop() {
		if !p.Owns() {
			b.Fatal("not adopted")
		}
	}
}
