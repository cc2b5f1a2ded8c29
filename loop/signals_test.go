package loop_test

import (
	"os"
	"syscall"
	"testing"

	"coloop/loop"
)

// TestSignalHandler has a handler called for each signal, one put in its place,
// and none once it is removed or the loop is closed.
func TestSignalHandler(t *testing.T) {
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	raise := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			t.Error(err)
		}
	}
	var e events
	wait := func(y *loop.Yielder, sig os.Signal, name string) {
		came := loop.NewFuture[int](l)
		expectErr(t, "AddSignalHandler", l.AddSignalHandler(sig, func() {
			e.add("%s on the loop: %v", name, l.OnLoop())
			if !came.Done() {
				came.SetResult(1)
			}
		}), nil)
		raise()
		came.Await(y)
	}
	_, err = loop.RunUntilComplete(l, loop.Go(l, func(y *loop.Yielder) (int, error) {
		wait(y, syscall.SIGUSR1, "first")
		wait(y, syscall.SIGUSR1, "second")
		expect(t, "Remove", l.RemoveSignalHandler(syscall.SIGUSR1), true)
		expect(t, "Remove again", l.RemoveSignalHandler(syscall.SIGUSR1), false)
		return 0, l.AddSignalHandler(syscall.SIGUSR2, func() {})
	}))
	expectErr(t, "error", err, nil)
	expect(t, "calls", len(e), 2)
	expect(t, "first call", e[0], "first on the loop: true")
	expect(t, "second call", e[1], "second on the loop: true")
	expectErr(t, "Close", l.Close(), nil)
	expectErr(t, "on a closed loop", l.AddSignalHandler(syscall.SIGUSR1, func() {}), loop.ErrClosed)
}
