package coroutine_test

import (
	"fmt"
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
