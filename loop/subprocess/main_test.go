//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"errors"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// play runs fn as [looptest.Run] does, with processes waited for in either way. When it is
// over, there must be neither processes nor zombies.
func play(t *testing.T, fn func(t *testing.T, y *loop.Yielder) error) {
	t.Helper()
	ways := map[string]func(t *testing.T){
		"descriptor": func(*testing.T) {},
		"goroutine": func(t *testing.T) {
			was := exitOf
			exitOf = exitByGoroutine
			t.Cleanup(func() { exitOf = was })
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			way(t)
			looptest.Run(t, func(y *loop.Yielder) error { return fn(t, y) }, looptest.OnNetwork())
			childless(t)
		})
	}
}

// childless fails the test if this process has children, dead or alive.
func childless(t *testing.T) {
	t.Helper()
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("there are children: %d, %v", pid, err)
	}
}

// until lets the other tasks run until cond is true.
func until(y *loop.Yielder, cond func() bool) error {
	for !cond() {
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
	}
	return nil
}

// cancelled cancels a task once cond is true, and waits for its end.
func cancelled[T any](t *testing.T, y *loop.Yielder, task *loop.Task[T], cond func() bool) T {
	t.Helper()
	if err := until(y, cond); err != nil {
		t.Error(err)
	}
	task.Cancel()
	v, err := task.Await(y)
	if !loop.IsCancelled(err) {
		t.Errorf("the cancelled task: %v", err)
	}
	return v
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
