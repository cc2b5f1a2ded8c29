//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package poll_test

import (
	"fmt"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"coloop/loop"
)

// ender is a Watcher whose Ready does not return.
type ender func()

func (w ender) Ready(_, _, _ bool) { w() }
func (ender) Close() error         { return nil }

// TestTEReady: a loop with a Watcher whose Ready has not returned does not run deaf.
func TestTEReady(t *testing.T) {
	for name, tc := range map[string]struct {
		ready     func()
		recovered any
		want      string
	}{
		"panic":  {func() { panic("boom") }, "boom", "poll: the report of an earlier event has panicked: boom"},
		"Goexit": {runtime.Goexit, nil, "poll: the report of an earlier event has called runtime.Goexit"},
	} {
		t.Run(name, func(t *testing.T) {
			l := loop.NewOn(open(t))
			ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(ends[0])
			defer unix.Close(ends[1])
			if err := l.Watch(ends[0], ender(tc.ready)); err != nil { // it is writable
				t.Fatal(err)
			}
			first := make(chan any)
			go func() {
				defer func() { first <- recover() }()
				first <- l.RunForever()
			}()
			if got := <-first; got != tc.recovered {
				t.Errorf("the first run: got %v, want %v", got, tc.recovered)
			}
			l.CallSoon(func() {})
			for range 2 {
				if got := fmt.Sprint(l.RunForever()); got != tc.want {
					t.Errorf("a later run: got %q, want %q", got, tc.want)
				}
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
