package coroutine_test

import (
	"fmt"
	"sync"
	"testing"

	"coloop/coroutine"
)

// stacks runs n generators of pool to a Yield, then to their ends, and returns
// the stacks that they had.
func stacks(t *testing.T, pool *coroutine.Pool, n int) map[uintptr]bool {
	t.Helper()
	seen := make(map[uintptr]bool)
	var gens []*generator
	for range n {
		g := coroutine.NewIn(pool, func(y *yielder) (any, error) {
			seen[coroutine.Goroutine()] = true
			if !pool.Owns() {
				t.Error("the pool does not own the stack of a body")
			}
			return y.Yield("suspended")
		})
		play(t, g, []op{{"next", nil, "suspended"}})
		gens = append(gens, g)
	}
	for _, g := range gens {
		play(t, g, []op{{"send", 1, "return 1"}})
	}
	return seen
}

func TestPool(t *testing.T) {
	for _, tc := range []struct{ max, n, reused int }{{0, 5, 5}, {2, 5, 2}, {9, 5, 5}} {
		t.Run(fmt.Sprintf("max %d of %d", tc.max, tc.n), func(t *testing.T) {
			pool := &coroutine.Pool{Max: tc.max}
			defer pool.Close()
			first := stacks(t, pool, tc.n)
			expect(t, "idle", coroutine.Idle(pool), tc.reused)
			second := stacks(t, pool, tc.reused)
			for g := range second {
				if !first[g] {
					t.Error("a new stack, though one was kept")
				}
			}
			expect(t, "used again", len(second), tc.reused)
		})
	}
}

func TestPoolReuseAfterPanic(t *testing.T) {
	var pool coroutine.Pool
	defer pool.Close()
	caught(func() {
		coroutine.NewIn(&pool, func(*yielder) (any, error) { panic(1) }).Next()
	})
	expect(t, "idle", coroutine.Idle(&pool), 1)
	stacks(t, &pool, 1)
	expect(t, "idle", coroutine.Idle(&pool), 1)
}

// TestPoolClosedFirst closes a pool whose stacks are in use.
func TestPoolClosedFirst(t *testing.T) {
	var pool coroutine.Pool
	g := coroutine.NewIn(&pool, echo)
	play(t, g, []op{{"next", nil, "<nil>"}})
	pool.Close()
	late := coroutine.NewIn(&pool, echo)
	play(t, late, []op{{"next", nil, "<nil>"}})
	play(t, g, []op{{"send", 1, "1"}, {"close", nil, "<nil>"}})
	play(t, late, []op{{"close", nil, "<nil>"}})
	expect(t, "idle", coroutine.Idle(&pool), 0)
	pool.Close()
}

// TestPoolInherited has a delegate take over the pool of its delegator.
func TestPoolInherited(t *testing.T) {
	var pool coroutine.Pool
	defer pool.Close()
	sub := coroutine.New(func(y *yielder) (any, error) { return pool.Owns(), nil })
	play(t, coroutine.NewIn(&pool, from(sub)), []op{{"next", nil, "return true"}})
	expect(t, "idle", coroutine.Idle(&pool), 2)
}

func TestPoolShared(t *testing.T) {
	pool := &coroutine.Pool{Max: 2}
	defer pool.Close()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				g := coroutine.NewIn(pool, from(coroutine.New(stubborn(2))))
				for _, want := range []string{"0", "1", "return end"} {
					expect(t, "next", result(g.Next()), want)
				}
			}
		})
	}
	wg.Wait()
}
