package coroutine_test

import (
	"context"
	"fmt"
	"path/filepath"

	"coloop/coroutine"
)

// Two coroutines take turns: the least scheduler there is.
func ExampleStepper() {
	var pool coroutine.Pool
	defer pool.Close()
	var ready []*coroutine.Stepper[any, any]
	for _, name := range []string{"a", "b"} {
		g := coroutine.NewIn(&pool, func(y *coroutine.Yielder[any, any]) (any, error) {
			for i := range 2 {
				fmt.Println(name, i)
				if _, err := y.Yield(nil); err != nil {
					return nil, err
				}
			}
			return nil, nil
		})
		ready = append(ready, g.Stepper())
	}
	for len(ready) > 0 {
		s := ready[0]
		ready = ready[1:]
		if _, err := s.Step(); err == nil {
			ready = append(ready, s)
		}
	}
	// Output:
	// a 0
	// b 0
	// a 1
	// b 1
}

func ExampleGenerator_Claim() {
	g := coroutine.New(averager)
	fmt.Println(g.Claim())
	fmt.Println(g.Claim())
	// Output:
	// <nil>
	// coroutine is being awaited already
}

type requestID struct{}

// A context reaches the delegates that have none of their own.
func ExampleGenerator_Init() {
	var g coroutine.Generator[any, any, any]
	ctx := context.WithValue(context.Background(), requestID{}, 7)
	g.Init(ctx, nil, func(y *coroutine.Yielder[any, any]) (any, error) {
		return coroutine.YieldFrom(y, coroutine.New(func(y *coroutine.Yielder[any, any]) (any, error) {
			return y.Context().Value(requestID{}), nil
		}))
	})
	_, err := g.Next()
	fmt.Println(err)
	// Output: StopIteration: 7
}

func ExampleGenerator_Where() {
	pool := coroutine.Pool{Trace: true}
	defer pool.Close()
	g := coroutine.NewIn(&pool, averager)
	function, file, line := g.Where()
	g.Next()
	_, _, at := g.Where()
	fmt.Println(filepath.Base(function), filepath.Base(file))
	fmt.Println("suspended", at-line, "lines further down")
	g.Close()
	// Output:
	// coroutine_test.averager example_test.go
	// suspended 3 lines further down
}

func ExampleGenerator_Frames() {
	pool := coroutine.Pool{Trace: true}
	defer pool.Close()
	g := coroutine.NewIn(&pool, func(y *coroutine.Yielder[any, any]) (any, error) {
		return yieldTwice(y)
	})
	g.Next()
	for _, f := range g.Frames() {
		fmt.Println(filepath.Base(f.Function))
	}
	g.Close()
	// Output:
	// coroutine_test.yieldTwice
	// coroutine_test.ExampleGenerator_Frames.func1
}

func yieldTwice(y *coroutine.Yielder[any, any]) (any, error) {
	if _, err := y.Yield(1); err != nil {
		return nil, err
	}
	return y.Yield(2)
}

// A burst of generators needs many stacks, a quiet while does not.
func ExamplePool_Trim() {
	var pool coroutine.Pool
	defer pool.Close()
	gens := make([]*coroutine.Generator[any, any, any], 1000)
	for i := range gens {
		gens[i] = coroutine.NewIn(&pool, func(y *coroutine.Yielder[any, any]) (any, error) { return y.Yield(i) })
		gens[i].Next()
	}
	for _, g := range gens {
		g.Close()
	}
	fmt.Println(pool.Trim()) // all have been needed since the last Trim
	fmt.Println(pool.Trim())
	// Output:
	// 936
	// 0
}

func ExamplePool_Owns() {
	var pool coroutine.Pool
	defer pool.Close()
	g := coroutine.NewIn(&pool, func(y *coroutine.Yielder[any, any]) (any, error) {
		fmt.Println("in a body:", pool.Owns())
		return nil, nil
	})
	g.Next()
	fmt.Println("outside:", pool.Owns())
	release := pool.Adopt()
	fmt.Println("adopted:", pool.Owns())
	release()
	// Output:
	// in a body: true
	// outside: false
	// adopted: true
}
