package coroutine_test

import (
	"fmt"
	"testing"

	"coloop/coroutine"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	yielder   = coroutine.Yielder[any, any]
	generator = coroutine.Generator[any, any, any]
)

// newGen returns a generator that is closed when the test ends.
func newGen(t testing.TB, body func(y *yielder) (any, error)) *generator {
	t.Helper()
	g := coroutine.New(body)
	t.Cleanup(func() { g.Close() })
	return g
}

// echo yields what it is sent, beginning with nil, and raises what is thrown.
func echo(y *yielder) (any, error) {
	var v any
	for {
		var err error
		if v, err = y.Yield(v); err != nil {
			return nil, err
		}
	}
}

// stubborn yields whatever happens.
func stubborn(n int) func(y *yielder) (any, error) {
	return func(y *yielder) (any, error) {
		for i := range n {
			y.Yield(i)
		}
		return "end", nil
	}
}

// from delegates to sub and adds nothing.
func from(sub coroutine.Resumable[any, any, any]) func(y *yielder) (any, error) {
	return func(y *yielder) (any, error) { return coroutine.YieldFrom(y, sub) }
}

// result is how a test writes down what an operation returns: the value
// yielded, "return V", or the error.
func result(v any, err error) string {
	if stop, ok := err.(*coroutine.StopIteration[any]); ok {
		return fmt.Sprint("return ", stop.Value)
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(v)
}

func expect(t testing.TB, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
