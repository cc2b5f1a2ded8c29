//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The clock that package fasthttp starts with its first server.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// netRun runs fn as [looptest.Run] does, on the system's network. No time passes but
// for looptest.Advance.
func netRun(t testing.TB, fn func(y *loop.Yielder, l *loop.Loop) error) {
	t.Helper()
	runOn(t, looptest.OnNetwork(), fn)
}

// realTime is netRun with the system's own clock.
func realTime(t testing.TB, fn func(y *loop.Yielder, l *loop.Loop) error) {
	t.Helper()
	runOn(t, looptest.On(loop.New), fn)
}

func runOn(t testing.TB, on looptest.Option, fn func(y *loop.Yielder, l *loop.Loop) error) {
	t.Helper()
	looptest.Run(t, func(y *loop.Yielder) error { return fn(y, loop.Running(y)) }, on)
}

// eachAddress calls fn with an address to listen at for TCP and for Unix sockets.
func eachAddress(t *testing.T, fn func(t *testing.T, network, address string)) {
	t.Run("tcp", func(t *testing.T) { fn(t, "tcp", "127.0.0.1:0") })
	t.Run("unix", func(t *testing.T) { fn(t, "unix", filepath.Join(t.TempDir(), "s")) })
}

// eachNetwork is netRun for each of eachAddress.
func eachNetwork(t *testing.T, fn func(t *testing.T, y *loop.Yielder, network, address string) error) {
	eachAddress(t, func(t *testing.T, network, address string) {
		netRun(t, func(y *loop.Yielder, _ *loop.Loop) error { return fn(t, y, network, address) })
	})
}

// eachPair is eachNetwork with two ends of a connection.
func eachPair(t *testing.T, fn func(t *testing.T, y *loop.Yielder, a, b *Conn) error) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		a, b, err := connPair(y, network, address)
		if err != nil {
			return err
		}
		return fn(t, y, a, b)
	})
}

func connPair(y *loop.Yielder, network, address string) (a, b *Conn, err error) {
	ln, err := Listen(y, network, address)
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	if a, err = Dial(y, network, ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	c, err := ln.Accept()
	if err != nil {
		return nil, nil, err
	}
	return a, c.(*Conn), nil
}

// cancel cancels a task and waits for that.
func cancel(y *loop.Yielder, t *testing.T, what string, task *loop.Task[struct{}]) {
	t.Helper()
	task.Cancel()
	_, err := task.Await(y)
	wantErr(t, what, err, loop.ErrCancelled)
}

// together runs functions in tasks and waits for all.
func together(y *loop.Yielder, fns ...func(y *loop.Yielder) error) error {
	var ts []*loop.Task[struct{}]
	for _, fn := range fns {
		ts = append(ts, loop.Spawn(y, fn))
	}
	_, err := loop.GatherFutures(y, loop.Awaitables(ts)...).Await(y)
	return err
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

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}
