package loop_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

type ctxKey struct{}

// TestC8BlockHasNoLimit: twenty Blocks that wait for one another run at once, while
// all workers of the executor are taken; ToThread has the limit of the executor.
func TestC8BlockHasNoLimit(t *testing.T) {
	const jobs, workers = 20, 6
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		e, err := loop.NewExecutor(workers)
		expectErr(t, "NewExecutor", err, nil)
		expectErr(t, "SetDefaultExecutor", l.SetDefaultExecutor(e), nil)
		var running, most atomic.Int32
		var met, taken sync.WaitGroup
		proceed := make(chan struct{})
		met.Add(jobs)
		taken.Add(workers)
		var group loop.TaskGroup
		expectErr(t, "group", group.Run(y, func() error {
			for range jobs {
				group.Go(func(y *loop.Yielder) error {
					_, err := loop.ToThread(y, func(context.Context) (any, error) {
						n := running.Add(1)
						defer running.Add(-1)
						for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
						}
						select {
						case <-proceed:
						default:
							taken.Done() // of the first ones only
							<-proceed
						}
						return nil, nil
					})
					return err
				})
			}
			for range jobs {
				group.Go(func(y *loop.Yielder) error {
					_, err := loop.Block(y, func(context.Context) (any, error) {
						taken.Wait()
						met.Done()
						met.Wait()
						return nil, nil
					})
					return err
				})
			}
			group.Go(func(y *loop.Yielder) error {
				_, err := loop.Block(y, func(context.Context) (any, error) {
					met.Wait()
					close(proceed)
					return nil, nil
				})
				return err
			})
			return nil
		}), nil)
		expect(t, "jobs of the executor at once", most.Load(), workers)
	})
}

// own is a function for Block that waits to be cancelled and then returns v and err, or
// panics.
func own(v int, end func(ctx context.Context) error) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return v, end(ctx)
	}
}

func TestBlockCancelled(t *testing.T) {
	for name, c := range map[string]struct {
		end       func(ctx context.Context) error
		value     int
		text      string
		is        error
		cancelled bool
	}{
		"succeeds":          {func(context.Context) error { return nil }, 7, "cancelled: enough", nil, true},
		"own error":         {func(context.Context) error { return errTest }, 7, "cancelled: enough: test error", errTest, true},
		"error of contexts": {func(ctx context.Context) error { return ctx.Err() }, 7, "cancelled: enough", context.Canceled, true},
		"cause":             {context.Cause, 7, "cancelled: enough", loop.ErrCancelled, true},
		"two lines": {func(context.Context) error { return errors.Join(errTest, errTest) }, 7,
			"cancelled: enough: test error; test error", errTest, true},
		"panic":  {func(context.Context) error { panic(errTest) }, 0, "", errTest, false},
		"Goexit": {func(context.Context) error { runtime.Goexit(); return nil }, 0, "runtime.Goexit was called", coroutine.ErrGoexit, false},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				var v int
				var err error
				task := loop.Spawn(y, func(y *loop.Yielder) error {
					v, err = loop.Block(y, own(7, c.end))
					return err
				})
				turns(y, 2)
				task.Cancel("enough")
				task.Cancel("again") // waits all the same
				task.Await(y)
				expect(t, "value", v, c.value)
				expect(t, "cancelled", task.Cancelled(), c.cancelled)
				expect(t, "IsCancelled", loop.IsCancelled(err), c.cancelled)
				if c.text != "" {
					expect(t, "text", err.Error(), c.text)
				}
				if c.is != nil {
					expectErr(t, "is", err, c.is)
				}
				if c.is == nil && c.cancelled {
					expectErr(t, "message", err, loop.ErrCancelled)
				}
			})
		})
	}
}

// TestBlockCancelledWaits: Block returns after its function, however often it is cancelled.
func TestBlockCancelledWaits(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var e events
		proceed := make(chan struct{})
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			_, err := loop.Block(y, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				<-proceed
				return 0, context.Cause(ctx)
			})
			e.add("Block: %v", err)
			return err
		})
		for _, msg := range []string{"one", "two", "three"} {
			turns(y, 2)
			expect(t, "Cancel", task.Cancel(msg), true)
		}
		turns(y, 5)
		e.add("let go")
		close(proceed)
		_, err := task.Await(y)
		e.add("task: %v", err)
		expect(t, "events", e, events{"let go", "Block: cancelled: one", "task: cancelled: one"})
		expect(t, "Cancelling", task.Cancelling(), 3)
	})
}

func TestBlockTimeout(t *testing.T) {
	l, err := loop.New()
	expectErr(t, "New", err, nil)
	playOn(t, l, func(y *loop.Yielder) {
		_, err := loop.WithTimeout(y, 1, func(y *loop.Yielder) (int, error) {
			return loop.Block(y, own(0, func(context.Context) error { return errTest }))
		})
		expectErr(t, "time-out", err, loop.ErrTimeout)
		expect(t, "text", err.Error(), "timeout: cancelled: test error")
		v, err := loop.Block(y, func(ctx context.Context) (int, error) { return 7, ctx.Err() })
		expect(t, "value afterwards", v, 7)
		expectErr(t, "afterwards", err, nil)
	})
}

func TestBlockOutcomes(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		v, err := loop.Block(y, func(context.Context) (int, error) { return 7, errTest })
		expect(t, "value", v, 7)
		expectErr(t, "error", err, errTest)

		_, err = loop.Block(y, func(context.Context) (int, error) { panic("oh") })
		var p *coroutine.PanicError
		if !errors.As(err, &p) || p.Value != "oh" || !strings.Contains(string(p.Stack), "TestBlockOutcomes") {
			t.Errorf("panic: %v", err)
		}
		_, err = loop.Block(y, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
		expectErr(t, "Goexit", err, coroutine.ErrGoexit)
		_, err = loop.Block[int](y, nil)
		expect(t, "nil", err.Error(), "block: the function is nil")

		var kept context.Context
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			_, err := loop.Block(y, func(ctx context.Context) (any, error) {
				kept = ctx
				return nil, ctx.Err()
			})
			expect(t, "value of the context", kept.Value(ctxKey{}), any("given"))
			return err
		}, loop.WithValues(context.WithValue(t.Context(), ctxKey{}, "given")))
		_, err = task.Await(y)
		expectErr(t, "error", err, nil)
		expectErr(t, "context afterwards", kept.Err(), context.Canceled)

		other := loop.Go(y, func(*loop.Yielder) (int, error) {
			return loop.Block(y, func(context.Context) (int, error) { return 0, nil }) // not its y
		})
		_, err = other.Await(y)
		expectErr(t, "wrong y", err, loop.ErrWrongGoroutine)
	})
}

// TestBlockExplains: a task in Block says which function it waits for.
func TestBlockExplains(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		proceed := make(chan struct{})
		task := loop.Go(y, func(y *loop.Yielder) (int, error) {
			return loop.Block(y, func(context.Context) (int, error) { <-proceed; return 0, nil })
		})
		turns(y, 2)
		var dump strings.Builder
		expectErr(t, "Dump", loop.Dump(&dump, l), nil)
		close(proceed)
		task.Await(y)
		if want := "wait_for=<Block of loop_test.TestBlockExplains.func1.1.1>"; !strings.Contains(dump.String(), want) {
			t.Errorf("no %s in\n%s", want, &dump)
		}
	})
}

// TestBlockStopsTheClock: on a virtual clock no time passes during a Block.
func TestBlockStopsTheClock(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		proceed := make(chan struct{})
		sleeper := loop.Spawn(y, func(y *loop.Yielder) error { return loop.Sleep(y, time.Hour) })
		l.CallSoon(func() { close(proceed) })
		_, err := loop.Block(y, func(context.Context) (any, error) { <-proceed; return nil, nil })
		expectErr(t, "error", err, nil)
		expect(t, "time", l.Time(), 0)
		_, err = sleeper.Await(y)
		expectErr(t, "sleep", err, nil)
		expect(t, "time", l.Time(), time.Hour)
	})
}

// TestBlockAtTheEnd: a runner that is closed waits for Blocks; a loop that is closed does not,
// but tells them.
func TestBlockAtTheEnd(t *testing.T) {
	t.Run("Runner.Close", func(t *testing.T) {
		l, _ := newLoop(t)
		ended := false
		loop.Go(l, func(y *loop.Yielder) (int, error) {
			return loop.Block(y, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				ended = true
				return 0, ctx.Err()
			})
		})
		turn(t, l)
		expectErr(t, "Close", loop.NewRunner(l).Close(), nil)
		expect(t, "ended", ended, true)
	})
	t.Run("Loop.Close", func(t *testing.T) {
		var logged strings.Builder
		logTo(t, slog.NewTextHandler(&logged, nil))
		l, _ := newLoop(t)
		ended := make(chan error, 1)
		var blocked, again error
		task := loop.Go(l, func(y *loop.Yielder) (int, error) {
			_, blocked = loop.Block(y, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				ended <- context.Cause(ctx)
				return 0, ctx.Err()
			})
			_, again = loop.Block(y, func(ctx context.Context) (int, error) { panic("called") })
			return 0, blocked
		})
		turn(t, l)
		expectErr(t, "Close", l.Close(), nil)
		expectErr(t, "cause", <-ended, coroutine.GeneratorExit)
		expectErr(t, "Block", blocked, coroutine.GeneratorExit)
		expectErr(t, "Block on a closed loop", again, loop.ErrClosed)
		expect(t, "done", task.Done(), true)
		expect(t, "logged", logged.String(), "")
	})
}

// BenchmarkBlock is a function on a goroutine of its own, and back.
func BenchmarkBlock(b *testing.B) {
	_, err := loop.Run(func(y *loop.Yielder) (int, error) {
		for b.Loop() {
			if _, err := loop.Block(y, func(context.Context) (int, error) { return 0, nil }); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	expectErr(b, "error", err, nil)
}
