package loop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
)

func interrupt(t *testing.T) {
	t.Helper()
	expectErr(t, "kill", syscall.Kill(os.Getpid(), syscall.SIGINT), nil)
}

// run is loop.Run with an InterruptMode.
func run[T any](mode loop.InterruptMode, main func(y *loop.Yielder) (T, error)) (T, error) {
	r := loop.Runner{Interrupt: mode}
	v, err := loop.RunIn(&r, main)
	return v, errors.Join(err, r.Close())
}

// notified returns a channel of the program's own for SIGINT, which also keeps
// that from ending the process.
func notified(t *testing.T) <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	t.Cleanup(func() { signal.Stop(c) })
	return c
}

// TestInterrupt: SIGINT cancels main.
func TestInterrupt(t *testing.T) {
	var e events
	_, err := run(loop.InterruptAlways, func(y *loop.Yielder) (int, error) {
		loop.Go(loop.Running(y), e.sleeper("other", 3600))
		loop.Sleep(y, 0)
		interrupt(t)
		err := loop.Sleep(y, time.Hour)
		e.add("main: %v", err)
		return 0, err
	})
	expectErr(t, "error", err, loop.ErrInterrupted)
	expect(t, "events", e, events{"other begins", "main: cancelled", "other: cancelled"})
}

// TestInterruptHandled: a main that ends otherwise than by that cancellation has
// dealt with it.
func TestInterruptHandled(t *testing.T) {
	v, err := run(loop.InterruptAlways, func(y *loop.Yielder) (int, error) {
		interrupt(t)
		loop.Sleep(y, time.Hour)
		return 7, nil
	})
	expect(t, "value", v, 7)
	expectErr(t, "error", err, nil)
}

// TestInterruptLate has SIGINT arrive while main is about to return. A channel of
// the program's own gets it as well.
func TestInterruptLate(t *testing.T) {
	arrived := notified(t)
	v, err := run(loop.InterruptAlways, func(*loop.Yielder) (int, error) {
		interrupt(t)
		<-arrived
		return 7, nil
	})
	expect(t, "result", v, 7)
	expectErr(t, "error", err, loop.ErrInterrupted)
}

// TestA4InterruptNotTaken: a runner that does not take SIGINT leaves it to the
// program.
func TestA4InterruptNotTaken(t *testing.T) {
	for _, mode := range []loop.InterruptMode{
		loop.InterruptMain, // tests do not run on the main goroutine
		loop.InterruptNever,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			arrived := notified(t)
			_, err := run(mode, func(y *loop.Yielder) (int, error) {
				interrupt(t)
				<-arrived
				return 0, loop.Sleep(y, time.Millisecond)
			})
			expectErr(t, "error", err, nil)
		})
	}
}

// Tests do not run on the main goroutine, examples do.
func ExampleRun_interrupt() {
	_, err := loop.Run(func(y *loop.Yielder) (int, error) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil { // as Ctrl-C does
			return 0, err
		}
		return 0, loop.Sleep(y, time.Hour)
	})
	fmt.Println(err)
	// Output: interrupted
}

// TestA4HandlerOfTheLoop: a handler of the loop's for SIGINT is called alone.
func TestA4HandlerOfTheLoop(t *testing.T) {
	handle := func(t *testing.T, l *loop.Loop) (called *loop.Event) {
		called = new(loop.Event)
		expectErr(t, "AddSignalHandler", l.AddSignalHandler(os.Interrupt, called.Set), nil)
		return called
	}
	t.Run("before RunIn", func(t *testing.T) {
		r := loop.Runner{Interrupt: loop.InterruptAlways}
		l, err := r.Loop()
		expectErr(t, "Loop", err, nil)
		called := handle(t, l)
		for range 2 { // it outlives RunIn
			_, err = loop.RunIn(&r, func(y *loop.Yielder) (int, error) {
				interrupt(t)
				err := called.Wait(y)
				called.Clear()
				return 0, err
			})
			expectErr(t, "error", err, nil)
		}
		expectErr(t, "Close", r.Close(), nil)
	})
	t.Run("within RunIn", func(t *testing.T) {
		_, err := run(loop.InterruptAlways, func(y *loop.Yielder) (int, error) {
			called := handle(t, loop.Running(y))
			for range 2 {
				interrupt(t)
				if err := called.Wait(y); err != nil {
					return 0, err
				}
				called.Clear()
			}
			return 0, nil
		})
		expectErr(t, "error", err, nil)
	})
	t.Run("removed", func(t *testing.T) {
		_, err := run(loop.InterruptAlways, func(y *loop.Yielder) (int, error) {
			l := loop.Running(y)
			handle(t, l)
			expect(t, "Remove", l.RemoveSignalHandler(os.Interrupt), true)
			interrupt(t)
			return 0, loop.Sleep(y, time.Hour)
		})
		expectErr(t, "error", err, loop.ErrInterrupted)
	})
	t.Run("while main ends", func(t *testing.T) {
		_, err := run(loop.InterruptAlways, func(y *loop.Yielder) (int, error) {
			interrupt(t)
			err := loop.Sleep(y, time.Hour)
			called := handle(t, loop.Running(y))
			interrupt(t)
			return 0, errors.Join(called.Wait(y), err)
		})
		if err == nil {
			t.Error("no error")
		}
	})
}

// TestA4SecondInterrupt: a second SIGINT ends the process, whether the loop is
// stuck or main is still clearing up, and though there was a handler meanwhile.
func TestA4SecondInterrupt(t *testing.T) {
	const variable = "COLOOP_TEST_SECOND_INTERRUPT"
	mains := map[string]func(y *loop.Yielder){
		"clearing up": func(y *loop.Yielder) {
			interrupt(t)
			loop.Sleep(y, time.Hour)
			interrupt(t)
			loop.Sleep(y, time.Hour)
		},
		"handler removed": func(y *loop.Yielder) {
			l := loop.Running(y)
			interrupt(t)
			loop.Sleep(y, time.Hour)
			l.AddSignalHandler(os.Interrupt, func() {})
			interrupt(t)
			l.RemoveSignalHandler(os.Interrupt)
			interrupt(t)
			loop.Sleep(y, time.Hour)
		},
	}
	if main := mains[os.Getenv(variable)]; main != nil {
		run(loop.InterruptAlways, func(y *loop.Yielder) (int, error) { main(y); return 0, nil })
		return
	}
	for name := range mains {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestA4SecondInterrupt$")
			cmd.Env = append(os.Environ(), variable+"="+name)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
				t.Errorf("%v, want death by SIGINT; output:\n%s", err, out)
			}
		})
	}
}
