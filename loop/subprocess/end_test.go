//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// TestCancelled: a process outlives the task that waits for it, and Close ends it.
func TestCancelled(t *testing.T) {
	for name, wait := range map[string]func(y *loop.Yielder, p *Process) error{
		"Wait":        func(y *loop.Yielder, p *Process) error { return p.Wait(y) },
		"Communicate": func(y *loop.Yielder, p *Process) error { _, err := p.Communicate(y, nil); return err },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, y *loop.Yielder) error {
				p, err := all.Shell(y, endless)
				if err != nil {
					return err
				}
				waiter := loop.Spawn(y, func(y *loop.Yielder) error { return wait(y, p) })
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
				want := fmt.Sprintf("wait_for=<Process.Wait of process %d (sh)>", p.Pid())
				if name == "Wait" && !strings.Contains(waiter.String(), want) {
					t.Errorf("it is described as %v", waiter)
				}
				cancelled(t, y, waiter, func() bool { return true })
				if err := p.SendSignal(0); err != nil {
					t.Errorf("the process: %v", err)
				}
				if err := p.Close(); err != nil {
					return err
				}
				if err := p.Wait(y); fmt.Sprint(err) != "signal: killed" {
					t.Errorf("after Close: %v", err)
				}
				return nil
			})
		})
	}
}

// TestRunCancelled: when a cancelled Run returns, its process is gone.
func TestRunCancelled(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		for n := range 6 {
			task := loop.Go(y, func(y *loop.Yielder) (Output, error) { return Run(y, "sh", "-c", "echo begun; "+endless) })
			for range n {
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
			if task.Cancel(); n == 5 {
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
				task.Cancel() // while it waits for the end of the process
			}
			_, err := task.Await(y)
			if !loop.IsCancelled(err) {
				t.Errorf("Run: %v", err)
			}
			childless(t)
		}
		return nil
	})
}

// TestTimeout: a time-out around Run is one.
func TestTimeout(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		started := false
		task := loop.Go(y, func(y *loop.Yielder) (Output, error) {
			return loop.WithTimeout(y, time.Minute, func(y *loop.Yielder) (Output, error) {
				started = true
				return Run(y, "sh", "-c", endless)
			})
		})
		if err := until(y, func() bool { return started }); err != nil {
			return err
		}
		looptest.Advance(y, time.Minute)
		_, err := task.Await(y)
		wantErr(t, "Run", err, os.ErrDeadlineExceeded)
		childless(t)
		return nil
	})
}

// TestGroup: what a process has started ends with its group, if Run is cancelled, and if it has
// ended by itself.
func TestGroup(t *testing.T) {
	for name, command := range map[string]string{
		"cancelled": "sleep 100000 & echo begun >&3; wait",
		"ended":     "sleep 100000 >/dev/null & exit 0",
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, y *loop.Yielder) error {
				if name == "ended" && strings.HasSuffix(t.Name(), "goroutine") {
					return nil // the number of the group may be another's by then
				}
				// The pipe ends when nobody has it any more.
				r, w, err := os.Pipe()
				if err != nil {
					return err
				}
				defer r.Close()
				o := Options{Stdin: DevNull, Stdout: Pipe, ExtraFiles: []*os.File{w}, Group: true}
				running := loop.Go(y, func(y *loop.Yielder) (Output, error) { return o.Run(y, "sh", "-c", command) })
				if name == "cancelled" {
					cond := func() bool {
						n, _ := unix.Poll([]unix.PollFd{{Fd: int32(r.Fd()), Events: unix.POLLIN}}, 0)
						return n > 0
					}
					cancelled(t, y, running, cond)
				} else if _, err := running.Await(y); err != nil {
					return err
				}
				if err := w.Close(); err != nil {
					return err
				}
				_, err = io.ReadAll(r) // does not return as long as there is a process
				return err
			})
		})
	}
}

// TestNeverWaitedFor: processes that nobody waits for are reaped.
func TestNeverWaitedFor(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		var ps []*Process
		for range 10 {
			p, err := Exec(y, "true")
			if err != nil {
				return err
			}
			ps = append(ps, p)
		}
		for _, p := range ps {
			if err := until(y, func() bool { return p.reaped }); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestLoopClosed: processes that still run when their loop is closed are killed and reaped.
func TestLoopClosed(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		for _, group := range []bool{false, true} {
			o := all
			o.Group = group
			if _, err := o.Shell(y, endless); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestLoopClosedUnderRun: so is one that a task runs which the closed loop abandons, even if it
// has ended and left others in its group.
func TestLoopClosedUnderRun(t *testing.T) {
	for name, tc := range map[string]struct {
		command string
		group   bool
	}{
		"alone":          {"echo begun >&3; " + endless, false},
		"group":          {"echo begun >&3; " + endless, true},
		"ended in group": {"sleep 100000 3>&- & exit 0", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { childless(t) }) // after the goroutines have ended
			looptest.NoLeaks(t)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			l, err := loop.New()
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Stdin: DevNull, Stdout: Pipe, ExtraFiles: []*os.File{w}, Group: tc.group}
			loop.Go(l, func(y *loop.Yielder) (Output, error) {
				defer w.Close()
				return o.Run(y, "sh", "-c", tc.command)
			})
			turns := func(n int) {
				for range n {
					l.CallSoon(l.Stop)
					if err := l.RunForever(); err != nil {
						t.Error(err)
					}
				}
			}
			turns(2)
			_ = w.Close()
			if _, err := r.Read(make([]byte, 1)); err != nil && err != io.EOF {
				t.Error(err)
			}
			turns(50) // the end of the process, if it has ended, is an event by now
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReapedElsewhere: if other code reaps a process, nobody knows how it has ended.
func TestReapedElsewhere(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		p, err := Shell(y, "exit 3")
		if err != nil {
			return err
		}
		if _, err := unix.Wait4(p.Pid(), nil, 0, nil); err != nil {
			return err
		}
		err = p.Wait(y)
		wantErr(t, "Wait", err, syscall.ECHILD)
		if code, ended := p.ReturnCode(); code != 255 || !ended {
			t.Errorf("ended with %d, %t", code, ended)
		}
		wantErr(t, "Close", p.Close(), nil)
		return nil
	}, looptest.OnNetwork())
}

// TestStaleEvent: an event that is another's does not stop the loop.
func TestStaleEvent(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		p, err := Options{Stdin: DevNull}.Shell(y, endless)
		if err != nil {
			return err
		}
		(*watcher)(p).Ready(true, true, true)
		if p.ended {
			t.Error("it has ended")
		}
		if err := p.Close(); err != nil {
			return err
		}
		return until(y, func() bool { return p.reaped })
	})
}
