package coroutine_test

import (
	"fmt"
	"iter"
	"runtime"
	"testing"

	"coloop/coroutine"
)

// Examples, unlike tests, run on the main goroutine.
func ExampleOnMain() {
	fmt.Println(coroutine.OnMain())
	// Output: true
}

func TestOnMain(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("goroutines cannot be told apart")
	}
	expect(t, "OnMain in a test", coroutine.OnMain(), false)
	g := newGen(t, func(*yielder) (any, error) { return coroutine.OnMain(), nil })
	_, err := g.Next()
	expect(t, "OnMain in a generator", err.Error(), "StopIteration: false")
}

func ExamplePulled() {
	next, stop := iter.Pull(func(yield func(bool) bool) { yield(coroutine.Pulled()) })
	defer stop()
	inside, _ := next()
	fmt.Println(coroutine.Pulled(), inside)
	// Output: false true
}

// TestPulled asks at the end of a stack that is deeper than what is looked at in one go.
func TestPulled(t *testing.T) {
	var deep func(n int) bool
	deep = func(n int) bool {
		if n == 0 {
			return coroutine.Pulled()
		}
		return deep(n - 1)
	}
	expect(t, "Pulled in a test", deep(200), false)
	g := newGen(t, func(*yielder) (any, error) { return deep(200), nil })
	_, err := g.Next()
	expect(t, "Pulled in a generator", err.Error(), "StopIteration: true")
}
