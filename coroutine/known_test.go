package coroutine_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"coloop/coroutine"
)

// A pool that knows its stacks says in whose context a generator is suspended, and on which
// goroutine.
func ExamplePool_Stacks() {
	pool := coroutine.Pool{Known: true}
	defer pool.Close()
	var g coroutine.Generator[int, any, any]
	g.Init(context.WithValue(context.Background(), requestID{}, 7), &pool, func(y *coroutine.Yielder[int, any]) (any, error) {
		return y.Yield(1)
	})
	g.Next()
	for _, s := range pool.Stacks() {
		fmt.Println(s.Goroutine > 0, s.Given.Value(requestID{}))
	}
	g.Next()
	fmt.Println(len(pool.Stacks()))
	// Output:
	// true 7
	// 0
}

// here is the number of the calling goroutine.
func here() (n uint64) {
	var trace [64]byte
	fmt.Sscanf(string(trace[:runtime.Stack(trace[:], false)]), "goroutine %d ", &n)
	return n
}

// TestStacks: a stack is known from the beginning of each generator on it to the end,
// however that ends, and its number is that of its goroutine.
func TestStacks(t *testing.T) {
	pool := coroutine.Pool{Known: true, Max: 2}
	on := make(map[int]uint64)
	body := func(i int) func(y *yielder) (any, error) {
		return func(y *yielder) (any, error) {
			on[i] = here()
			_, err := y.Yield("suspended")
			switch i {
			case 1:
				runtime.Goexit()
			case 2:
				panic("boom")
			}
			return nil, err
		}
	}
	known := func(want ...int) {
		t.Helper()
		var got, numbers []uint64
		for _, s := range pool.Stacks() {
			got = append(got, s.Goroutine)
		}
		for _, i := range want {
			numbers = append(numbers, on[i])
		}
		slices.Sort(got)
		slices.Sort(numbers)
		expect(t, "stacks", fmt.Sprint(got), fmt.Sprint(numbers))
	}
	all := []int{0, 1, 2, 3, 4}
	for range 2 { // the second time on stacks that are used again
		var gens []*generator
		for i := range all {
			known(all[:i]...)
			g := coroutine.NewIn(&pool, body(i))
			play(t, g, []op{{"next", nil, "suspended"}})
			gens = append(gens, g)
		}
		for i, g := range gens {
			caught(func() { g.Next() })
			known(all[i+1:]...)
		}
	}
	g := coroutine.NewIn(&pool, body(0))
	play(t, g, []op{{"next", nil, "suspended"}})
	pool.Close()
	known(0)
	g.Close()
	known()
}
