package coroutine_test

import (
	"errors"
	"fmt"
	"strings"

	"coloop/coroutine"
)

func ExampleStopIteration() {
	g := coroutine.New(func(*coroutine.Yielder[any, any]) (string, error) { return "result", nil })
	_, err := g.Next()
	var stop *coroutine.StopIteration[string]
	if errors.As(err, &stop) {
		fmt.Println(stop.Value)
	}
	fmt.Println(errors.Is(err, coroutine.ErrStopIteration))
	_, err = g.Next()
	fmt.Printf("%q\n", err)
	// Output:
	// result
	// true
	// "StopIteration: "
}

// A body that lets the end of somebody else's iteration through by mistake does
// not seem to have ended itself.
func ExampleRaisedStopError() {
	g := coroutine.New(func(y *coroutine.Yielder[any, any]) (any, error) {
		empty := coroutine.New(func(*coroutine.Yielder[any, any]) (any, error) { return nil, nil })
		return empty.Next()
	})
	_, err := g.Next()
	fmt.Println(err)
	fmt.Println(errors.Is(err, coroutine.ErrStopIteration))
	// Output:
	// generator raised StopIteration
	// false
}

func ExamplePanicError() {
	g := coroutine.New(func(*coroutine.Yielder[any, any]) (any, error) { panic("boom") })
	defer func() {
		p := recover().(*coroutine.PanicError)
		fmt.Println(p)
		stack := fmt.Sprintf("%+v", p)
		fmt.Println(strings.Contains(stack, "ExamplePanicError.func1"))
	}()
	g.Next()
	// Output:
	// panic: boom (coroutine_test.ExamplePanicError.func1 at example_errors_test.go:43)
	// true
}

// A test for a timeout that a clean-up may be joined with.
func ExampleEvery() {
	timedOut := func(err error) bool {
		return coroutine.Every(err, func(err error) bool {
			t, ok := err.(interface{ Timeout() bool })
			return ok && t.Timeout()
		})
	}
	fmt.Println(timedOut(fmt.Errorf("reading: %w", errTimeout)))
	fmt.Println(timedOut(errors.Join(errTimeout, nil)))
	fmt.Println(timedOut(errors.Join(errTimeout, errors.New("cannot close"))))
	// Output:
	// true
	// true
	// false
}

var errTimeout error = timeout{}

type timeout struct{}

func (timeout) Error() string { return "timeout" }
func (timeout) Timeout() bool { return true }

// failures are the errors of several jobs.
type failures []error

func (f failures) Error() string   { return fmt.Sprintf("%d failed", len(f)) }
func (f failures) Unwrap() []error { return f }
func (f failures) ErrorGroup()     {}

// The errors of a group can be found, but none of them speaks for it.
func ExampleErrorGroup() {
	var group coroutine.ErrorGroup = failures{errTimeout}
	isTimeout := func(err error) bool { return err == errTimeout }
	fmt.Println(errors.Is(group, errTimeout))
	fmt.Println(coroutine.Every(group, isTimeout))
	// Output:
	// true
	// false
}
