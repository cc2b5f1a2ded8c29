package loop_test

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"
)

// TestSignalHandler has a handler called for each signal, one put in its place,
// and none once it is removed or the loop is closed.
func TestSignalHandler(t *testing.T) {
	var l *loop.Loop
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
	looptest.Run(t, func(y *loop.Yielder) error {
		l = loop.Running(y)
		wait(y, syscall.SIGUSR1, "first")
		wait(y, syscall.SIGUSR1, "second")
		expect(t, "Remove", l.RemoveSignalHandler(syscall.SIGUSR1), true)
		expect(t, "Remove again", l.RemoveSignalHandler(syscall.SIGUSR1), false)
		return l.AddSignalHandler(syscall.SIGUSR2, func() {})
	}, looptest.On(loop.New))
	expect(t, "calls", len(e), 2)
	expect(t, "first call", e[0], "first on the loop: true")
	expect(t, "second call", e[1], "second on the loop: true")
	expectErr(t, "on a closed loop", l.AddSignalHandler(syscall.SIGUSR1, func() {}), loop.ErrClosed)
}

// unhashable is no signal, and no key of a map.
type unhashable []string

func (unhashable) Signal()        {}
func (unhashable) String() string { return "odd" }

// TestA5SignalHandler: a handler that could never be called is an error.
func TestA5SignalHandler(t *testing.T) {
	l, _ := newLoop(t)
	nothing := func() {}
	type test struct {
		sig  os.Signal
		fn   func()
		want string
	}
	tests := []test{
		{syscall.SIGKILL, nothing, "add a signal handler: signal 9 (killed) cannot be caught"},
		{syscall.SIGSTOP, nothing, fmt.Sprintf("add a signal handler: signal %d (%v) cannot be caught", syscall.SIGSTOP, syscall.SIGSTOP)},
		{nil, nothing, "add a signal handler: the signal is nil"},
		{syscall.Signal(0), nothing, "add a signal handler: signal 0 is out of range"},
		{syscall.Signal(-1), nothing, "add a signal handler: signal -1 is out of range"},
		{syscall.Signal(65), nothing, "add a signal handler: signal 65 is out of range"},
		{unhashable{}, nothing, "add a signal handler: odd (loop_test.unhashable) is not a signal of this system"},
		{syscall.SIGTERM, nil, "add a handler for signal 15 (terminated): the function is nil"},
	}
	if runtime.GOOS == "linux" {
		tests = append(tests, test{syscall.Signal(32), nothing, "add a signal handler: signal 32 (signal 32) cannot be caught"})
	}
	for _, tc := range tests {
		err := l.AddSignalHandler(tc.sig, tc.fn)
		expect(t, fmt.Sprint(tc.sig), fmt.Sprint(err), tc.want)
		expect(t, "Remove", l.RemoveSignalHandler(tc.sig), false)
	}
}

// TestCatchableSignals: signals of every kind get to their handlers.
func TestCatchableSignals(t *testing.T) {
	_, err := loop.Run(func(y *loop.Yielder) (int, error) {
		l := loop.Running(y)
		for _, sig := range []syscall.Signal{
			syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGSEGV, syscall.SIGPIPE, syscall.SIGTERM,
			syscall.SIGCHLD, syscall.SIGTSTP, syscall.SIGWINCH,
		} {
			var came loop.Event
			if err := l.AddSignalHandler(sig, came.Set); err != nil {
				return 0, err
			}
			expectErr(t, "kill", syscall.Kill(os.Getpid(), sig), nil)
			if err := came.Wait(y); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	expectErr(t, "error", err, nil)
}
