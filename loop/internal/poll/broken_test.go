//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package poll_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/internal/poll"
)

func open(t *testing.T) *poll.Poller {
	p, err := poll.Open()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func breakFlag(t *testing.T, p *poll.Poller, raising bool) (restore func()) {
	restore, err := p.BreakFlag(raising)
	if err != nil {
		t.Fatal(err)
	}
	return restore
}

func nothing(int, bool, bool, bool) bool { return false }

// expectBroken wants err to be that of a system call that was refused.
func expectBroken(t *testing.T, what string, err error) {
	t.Helper()
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		t.Errorf("%s: got %v, want an error of the system", what, err)
	}
}

// TestD10Wait: a Wait that needs a flag that cannot be raised or lowered ends with the
// error, and so does every one after it.
func TestD10Wait(t *testing.T) {
	for name, tc := range map[string]struct {
		raising bool
		before  func(p *poll.Poller) // the flag is broken
		until   time.Duration
	}{
		"raise for one that may not wait": {true, nil, 0},
		"lower for one that may wait":     {false, func(p *poll.Poller) { p.Wait(0, nothing) }, poll.Forever},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			if tc.before != nil {
				tc.before(p)
			}
			restore := breakFlag(t, p, tc.raising)
			for range 3 {
				expectBroken(t, "Wait", p.Wait(tc.until, nothing))
			}
			restore()
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestD10Wake: a Wake that fails ends the Wait all the same, whether that is under way,
// or comes later and would last for an hour.
func TestD10Wake(t *testing.T) {
	for name, until := range map[string]time.Duration{"for ever": poll.Forever, "an hour": time.Hour} {
		t.Run("before, "+name, func(t *testing.T) {
			p := open(t)
			restore := breakFlag(t, p, true)
			p.Wake()
			expectBroken(t, "Wait", p.Wait(until, nothing))
			restore()
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		t.Run("meanwhile, "+name, func(t *testing.T) {
			p := open(t)
			restore := breakFlag(t, p, true)
			woken := make(chan struct{})
			go func() { defer close(woken); p.Wake() }()
			expectBroken(t, "Wait", p.Wait(until, nothing))
			<-woken
			restore()
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestD10Loop: a loop whose flag fails ends with the error, and is never deaf.
func TestD10Loop(t *testing.T) {
	for name, use := range map[string]func(l *loop.Loop, e *loop.Executor){
		"another goroutine": func(l *loop.Loop, e *loop.Executor) {
			_ = e.Submit(func() { _ = l.CallSoonThreadsafe(func() {}) })
		},
		"a job": func(l *loop.Loop, e *loop.Executor) {
			loop.RunInExecutor(l, e, func() (int, error) { return 0, nil })
		},
		"a callback": func(l *loop.Loop, _ *loop.Executor) { l.CallSoon(func() {}) },
		"a task that yields": func(l *loop.Loop, _ *loop.Executor) {
			loop.Spawn(l, func(y *loop.Yielder) error {
				for {
					if err := loop.Sleep(y, 0); err != nil {
						return err
					}
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			l := loop.NewOn(p)
			var e loop.Executor
			restore := breakFlag(t, p, true)
			use(l, &e)
			_, err := loop.RunUntilComplete(l, loop.NewFuture[int](l))
			expectBroken(t, "RunUntilComplete", err)
			loop.RunInExecutor(l, &e, func() (int, error) { return 0, nil })
			expectBroken(t, "again", l.RunForever())
			e.Shutdown(true) // its goroutines use the flag
			restore()
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
