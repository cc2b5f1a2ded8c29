package loop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/looptest"
)

// two runs fn on one loop while another one runs on another goroutine. Both are the
// system's, and in debug mode.
func two(t *testing.T, fn func(y *loop.Yielder, away *loop.Loop)) {
	t.Helper()
	away, stop := elsewhereRunning(t)
	looptest.Run(t, func(y *loop.Yielder) error {
		defer stop()
		fn(y, away)
		return nil
	}, looptest.On(loop.New), looptest.Parallel())
}

// elsewhereRunning returns a loop that another goroutine runs until stop, which closes it and waits
// for that.
func elsewhereRunning(t *testing.T) (l *loop.Loop, stop func()) {
	t.Helper()
	l, err := loop.New()
	expectErr(t, "New", err, nil)
	l.SetDebug(&loop.Debug{Slow: 1 << 62})
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { t.Errorf("%s: %v", c.Message, c.Exception) })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		expectErr(t, "RunForever", l.RunForever(), nil)
		expectErr(t, "Close", l.Close(), nil)
	}()
	return l, func() {
		_ = l.CallSoonThreadsafe(l.Stop)
		<-ended
	}
}

func TestRunOnOutcomes(t *testing.T) {
	two(t, func(y *loop.Yielder, away *loop.Loop) {
		home := loop.Running(y)
		for name, l := range map[string]*loop.Loop{"another loop": away, "the same loop": home} {
			v, err := loop.RunOn(y, l, func(y *loop.Yielder) (string, error) {
				expect(t, name+": the loop", loop.Running(y) == l, true)
				return loop.Running(y).CurrentTask().Name(), loop.Sleep(y, 1)
			}, loop.Named("guest"))
			expect(t, name+": result", v, "guest")
			expectErr(t, name+": error", err, nil)

			_, err = loop.RunOn(y, l, func(*loop.Yielder) (int, error) { return 0, errTest })
			expectErr(t, name+": error", err, errTest)

			_, err = loop.RunOn(y, l, func(*loop.Yielder) (int, error) { panic(errTest) })
			var p *coroutine.PanicError
			expect(t, name+": panic", errors.As(err, &p), true)

			_, err = loop.RunOn(y, l, func(y *loop.Yielder) (any, error) {
				loop.Running(y).CurrentTask().Cancel("by itself")
				return nil, loop.Sleep(y, 0)
			})
			expect(t, name+": cancelled itself", err.Error(), "cancelled: by itself")

			_, err = loop.RunOn[int](y, l, nil)
			expect(t, name+": nil", err.Error(), "run on another loop: the function is nil")

			ctx := context.WithValue(t.Context(), ctxKey{}, "given")
			task := loop.Go(y, func(y *loop.Yielder) (any, error) {
				return loop.RunOn(y, l, func(y *loop.Yielder) (any, error) { return y.Context().Value(ctxKey{}), nil })
			}, loop.WithValues(ctx))
			value, err := task.Await(y)
			expect(t, name+": value of the context", value, any("given"))
			expectErr(t, name+": error", err, nil)
		}
		_, err := loop.RunOn(y, nil, after(1, 7, nil))
		expect(t, "no loop", err.Error(), "run on another loop: the loop is nil")

		// There and back again.
		v, err := loop.RunOn(y, away, func(y *loop.Yielder) (int, error) {
			return loop.RunOn(y, home, func(y *loop.Yielder) (int, error) { return 7, loop.Sleep(y, 0) })
		})
		expect(t, "there and back", v, 7)
		expectErr(t, "there and back", err, nil)
	})
}

// TestRunOnCancelled: a cancellation goes across, and RunOn waits for the other task, in the
// same way as for a task of the same loop.
func TestRunOnCancelled(t *testing.T) {
	two(t, func(y *loop.Yielder, away *loop.Loop) {
		home := loop.Running(y)
		for name, l := range map[string]*loop.Loop{"another loop": away, "the same loop": home} {
			for _, c := range []struct {
				name      string
				end       func(err error) (int, error)
				value     int
				text      string
				cancelled bool
			}{
				{"obeys", func(err error) (int, error) { return 0, err }, 0, "cancelled: enough", true},
				{"succeeds", func(error) (int, error) { return 7, nil }, 7, "", false},
				{"fails", func(error) (int, error) { return 0, errTest }, 0, "test error", false},
			} {
				began, ended := loop.Event{}, false
				var v int
				var err error
				task := loop.Spawn(y, func(y *loop.Yielder) error {
					v, err = loop.RunOn(y, l, func(y *loop.Yielder) (int, error) {
						_ = home.CallSoonThreadsafe(began.Set)
						err := forever2(y)
						for range 3 { // clearing up takes a while
							_ = loop.Sleep(y, 0)
						}
						ended = true
						return c.end(err)
					})
					expect(t, name+" "+c.name+": ended first", ended, true)
					return err
				})
				began.Wait(y)
				expect(t, "Cancel", task.Cancel("enough"), true)
				task.Await(y)
				expect(t, name+" "+c.name+": value", v, c.value)
				if c.text != "" {
					expect(t, name+" "+c.name+": error", err.Error(), c.text)
				} else {
					expectErr(t, name+" "+c.name+": error", err, nil)
				}
				expect(t, name+" "+c.name+": cancelled", task.Cancelled(), c.cancelled)
			}
		}
	})
}

func forever2(y *loop.Yielder) error {
	_, err := loop.NewFuture[int](y).Await(y)
	return err
}

// TestRunOnCancelledBeforeItBegins: the function is not called.
func TestRunOnCancelledBeforeItBegins(t *testing.T) {
	away, free := standing(t)
	looptest.Run(t, func(y *loop.Yielder) error {
		defer away.Close()
		task := loop.Go(y, func(y *loop.Yielder) (int, error) {
			return loop.RunOn(y, away, func(*loop.Yielder) (int, error) {
				t.Error("called")
				return 0, nil
			})
		})
		turns(y, 2)
		if want := "wait_for=<RunOn of loop_test.TestRunOnCancelledBeforeItBegins.func1.1.1>"; !strings.Contains(task.String(), want) {
			t.Errorf("no %s in %v", want, task)
		}
		task.Cancel("enough")
		free()
		_, err := task.Await(y)
		expect(t, "error", err.Error(), "cancelled: enough")
		return nil
	}, looptest.Parallel())
}

// TestRunOnClosed: a loop that is closed, before, meanwhile or without having run, is no
// reason to hang.
func TestRunOnClosed(t *testing.T) {
	call := func(y *loop.Yielder, away *loop.Loop, fn func(y *loop.Yielder) (string, error)) *loop.Task[string] {
		task := loop.Go(y, func(y *loop.Yielder) (string, error) { return loop.RunOn(y, away, fn) })
		turns(y, 2)
		return task
	}
	for _, c := range []struct {
		name string
		run  func(t *testing.T, y *loop.Yielder) *loop.Task[string]
	}{
		{"before", func(t *testing.T, y *loop.Yielder) *loop.Task[string] {
			away, _ := loop.NewVirtual()
			expectErr(t, "Close", away.Close(), nil)
			return call(y, away, forever)
		}},
		{"without having run", func(t *testing.T, y *loop.Yielder) *loop.Task[string] {
			away, _ := loop.NewVirtual()
			task := call(y, away, forever)
			expectErr(t, "Close", away.Close(), nil)
			return task
		}},
		{"meanwhile", func(t *testing.T, y *loop.Yielder) *loop.Task[string] {
			away, stop := elsewhereRunning(t)
			var began loop.Event
			home := loop.Running(y)
			task := call(y, away, func(y *loop.Yielder) (string, error) {
				away.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
					expect(t, "report", c.Message, "task was pending when its loop was closed")
				})
				_ = home.CallSoonThreadsafe(began.Set)
				return forever(y)
			})
			began.Wait(y)
			stop()
			return task
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, _ *loop.Loop) {
				_, err := c.run(t, y).Await(y)
				expectErr(t, "error", err, loop.ErrClosed)
			}, looptest.On(loop.New), looptest.Parallel())
		})
	}
	t.Run("the own one", func(t *testing.T) {
		away, stop := elsewhereRunning(t)
		ended := make(chan error, 1)
		began := make(chan struct{})
		home, err := loop.New()
		expectErr(t, "New", err, nil)
		task := loop.Go(home, func(y *loop.Yielder) (string, error) {
			return loop.RunOn(y, away, func(y *loop.Yielder) (string, error) {
				close(began)
				s, err := forever(y)
				ended <- err
				return s, err
			})
		})
		home.CallSoon(func() { home.CallSoon(home.Stop) })
		expectErr(t, "RunForever", home.RunForever(), nil)
		<-began
		expectErr(t, "Close", home.Close(), nil)
		expectErr(t, "the other task", <-ended, loop.ErrCancelled)
		expect(t, "done", task.Done(), true)
		stop()
	})
}

// TestRunOnLost: a task that was run for a loop which is gone reports its error.
func TestRunOnLost(t *testing.T) {
	away, stop := elsewhereRunning(t)
	reported := make(chan string, 1)
	expectErr(t, "CallSoonThreadsafe", away.CallSoonThreadsafe(func() {
		away.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			reported <- c.Message + ": " + c.Exception.Error()
		})
	}), nil)
	began := make(chan struct{})
	home, err := loop.New()
	expectErr(t, "New", err, nil)
	loop.Go(home, func(y *loop.Yielder) (string, error) {
		return loop.RunOn(y, away, func(y *loop.Yielder) (string, error) {
			close(began)
			forever(y)
			return "", errTest
		})
	})
	home.CallSoon(func() { home.CallSoon(home.Stop) })
	expectErr(t, "RunForever", home.RunForever(), nil)
	<-began
	expectErr(t, "Close", home.Close(), nil)
	expect(t, "report", <-reported, "error of a task that was run for a loop which has been closed: test error")
	stop()
}

// TestRunOnMany has the tasks of two loops call one another, and cancels some.
func TestRunOnMany(t *testing.T) {
	two(t, func(y *loop.Yielder, away *loop.Loop) {
		home := loop.Running(y)
		var hop func(y *loop.Yielder, left int) (int, error)
		hop = func(y *loop.Yielder, left int) (int, error) {
			if left == 0 {
				return 0, loop.Sleep(y, 0)
			}
			to := away
			if loop.Running(y) == away {
				to = home
			}
			n, err := loop.RunOn(y, to, func(y *loop.Yielder) (int, error) { return hop(y, left-1) })
			return n + 1, err
		}
		var tasks []*loop.Task[int]
		for i := range 200 {
			tasks = append(tasks, loop.Go(y, func(y *loop.Yielder) (int, error) { return hop(y, i%8) }))
		}
		turns(y, 2)
		for i, task := range tasks {
			if i%3 == 0 {
				task.Cancel()
			}
			turns(y, i%2)
		}
		for i, task := range tasks {
			n, err := task.Await(y)
			switch {
			case err == nil && n != i%8:
				t.Errorf("task %d: %d hops", i, n)
			case err != nil && (i%3 != 0 || !loop.IsCancelled(err)):
				t.Errorf("task %d: %v", i, err)
			}
		}
		left, err := loop.RunOn(y, away, func(y *loop.Yielder) (int, error) { return len(loop.Running(y).AllTasks()), nil })
		expectErr(t, "tasks that are left", err, nil)
		expect(t, "tasks that are left", left, 1)
		expect(t, "tasks that are left at home", slices.Equal(home.AllTasks(), []loop.AnyTask{home.CurrentTask()}), true)
	})
}

// BenchmarkRunOn is a call of a function on another loop.
func BenchmarkRunOn(b *testing.B) {
	_, err := loop.RunEach(2, func(y *loop.Yielder, e loop.Each) (int, error) {
		if e.Index > 0 {
			return 0, nil
		}
		for b.Loop() {
			if _, err := loop.RunOn(y, e.Loops[1], func(*loop.Yielder) (int, error) { return 0, nil }); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	expectErr(b, "error", err, nil)
}

// TestRunOnLastTurn: the loop away runs a few turns and is closed. If the task has ended in them, its
// outcome arrives, though the callback of the task had no turn any more.
func TestRunOnLastTurn(t *testing.T) {
	for _, tt := range []struct {
		turns int
		want  error
	}{{0, loop.ErrClosed}, {1, loop.ErrClosed}, {2, errTest}, {3, errTest}, {4, errTest}} {
		away, _ := loop.NewVirtual()
		away.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			t.Errorf("%d turns: %s: %v", tt.turns, c.Message, c.Exception)
		})
		fail := func(*loop.Yielder) (int, error) { return 0, errTest }
		looptest.Run(t, func(y *loop.Yielder) error {
			ran := make(chan struct{})
			loop.Running(y).CallSoon(func() { // once RunOn waits
				go func() {
					defer close(ran)
					for range tt.turns {
						away.Stop()
						expectErr(t, "RunForever", away.RunForever(), nil)
					}
					expectErr(t, "Close", away.Close(), nil)
				}()
			})
			_, err := loop.RunOn(y, away, fail)
			expectErr(t, fmt.Sprint(tt.turns, " turns"), err, tt.want)
			<-ran
			return nil
		}, looptest.Parallel())
	}
}
