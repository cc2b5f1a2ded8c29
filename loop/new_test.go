//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop_test

import (
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// TestNewFails lets New fail at each descriptor that it needs.
func TestNewFails(t *testing.T) {
	looptest.NoLeaks(t)
	failures := 0
	l, err := newWithin(t, 0)
	for ; err != nil; l, err = newWithin(t, failures) {
		expectErr(t, "New", err, unix.EMFILE)
		failures++
	}
	expectErr(t, "Close", l.Close(), nil)
	if failures < 4 {
		t.Errorf("New failed %d times only", failures)
	}
}

// newWithin calls loop.New when the process may have n descriptors.
func newWithin(t *testing.T, n int) (*loop.Loop, error) {
	t.Helper()
	var limit unix.Rlimit
	expectErr(t, "Getrlimit", unix.Getrlimit(unix.RLIMIT_NOFILE, &limit), nil)
	low := limit
	low.Cur = 0
	for range n {
		low.Cur++ // whose type differs between systems
	}
	expectErr(t, "Setrlimit", unix.Setrlimit(unix.RLIMIT_NOFILE, &low), nil)
	l, err := loop.New()
	expectErr(t, "Setrlimit", unix.Setrlimit(unix.RLIMIT_NOFILE, &limit), nil)
	return l, err
}
