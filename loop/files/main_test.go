package files_test

import (
	"errors"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs fn in a task, on a virtual clock.
func run(t *testing.T, fn func(y *loop.Yielder) error) {
	t.Helper()
	looptest.Run(t, fn)
}

// busy keeps the only goroutine of the loop's executor busy until the returned function is
// called.
func busy(t *testing.T, y *loop.Yielder) (release func()) {
	t.Helper()
	e, err := loop.NewExecutor(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.Running(y).SetDefaultExecutor(e); err != nil {
		t.Fatal(err)
	}
	begun, end := make(chan struct{}), make(chan struct{})
	if err := e.Submit(func() { close(begun); <-end }); err != nil {
		t.Fatal(err)
	}
	<-begun
	return func() { close(end) }
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
