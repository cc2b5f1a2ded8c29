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

// TestA9Trim runs as many generators at once as each number says, one number
// after the other, with a Trim after each.
func TestA9Trim(t *testing.T) {
	for _, tc := range []struct {
		name   string
		bursts []int
		idle   []int // after each Trim
	}{
		{"few are kept", []int{20, 0, 0}, []int{20, 20, 20}},
		{"a burst", []int{1000, 0, 0}, []int{1000, 64, 64}},
		{"as many each time", []int{1000, 1000, 1000}, []int{1000, 1000, 1000}},
		{"fewer each time", []int{1000, 500, 200, 0, 0}, []int{1000, 500, 200, 64, 64}},
		{"a second burst", []int{1000, 0, 1000, 0, 0}, []int{1000, 64, 1000, 64, 64}},
		{"a burst of several steps", []int{10000, 0, 0, 0}, []int{10000, 5904, 1808, 64}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var pool coroutine.Pool
			defer pool.Close()
			for i, n := range tc.bursts {
				stacks(t, &pool, n)
				left := pool.Trim()
				expect(t, fmt.Sprint("idle after Trim ", i), coroutine.Idle(&pool), tc.idle[i])
				expect(t, fmt.Sprint("left by Trim ", i), left, max(0, tc.idle[i]-64))
				expect(t, fmt.Sprint("stacks after Trim ", i), coroutine.Stacks(&pool), tc.idle[i])
			}
			kept := tc.idle[len(tc.idle)-1]
			if peak := coroutine.Peak(&pool); peak > 4*(kept+64) {
				t.Errorf("memory for %d stacks is kept", peak)
			}
			stacks(t, &pool, kept) // which are as good as new
		})
	}
}

// TestA9TrimMax has a pool whose stacks end by themselves: the memory of what it
// knew of them goes with a Trim.
func TestA9TrimMax(t *testing.T) {
	pool := coroutine.Pool{Max: 1}
	defer pool.Close()
	release := pool.Adopt()
	stacks(t, &pool, 1000)
	expect(t, "left", pool.Trim(), 0)
	if peak := coroutine.Peak(&pool); peak > 300 {
		t.Errorf("memory for %d stacks is kept", peak)
	}
	expect(t, "the pool owns what it has adopted", pool.Owns(), true)
	release()
	expect(t, "released", pool.Owns(), false)
}

// TestA9TrimShared trims a pool while others use it.
func TestA9TrimShared(t *testing.T) {
	var pool coroutine.Pool
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for range 5 {
				stacks(t, &pool, 200)
			}
		})
	}
	go func() {
		wg.Wait()
		close(done)
	}()
	for trimming := true; trimming; {
		select {
		case <-done:
			trimming = false
		default:
			pool.Trim()
		}
	}
	for pool.Trim() > 0 {
	}
	if idle := coroutine.Idle(&pool); idle > 64 {
		t.Errorf("%d stacks are kept", idle)
	}
	pool.Close()
	expect(t, "stacks", coroutine.Stacks(&pool), 0)
	expect(t, "left by Trim of a closed pool", pool.Trim(), 0)
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
