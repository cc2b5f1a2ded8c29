package loop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

var errClose = errors.New("close error")

// endings are what a task makes of the error err of its cancellation before it
// returns it.
var endings = []struct {
	name      string
	of        func(y *loop.Yielder, err error) error
	cancelled bool
	cause     error // that is kept
}{
	{"the error itself", func(_ *loop.Yielder, err error) error { return err }, true, nil},
	{"wrapped", func(_ *loop.Yielder, err error) error { return fmt.Errorf("read: %w", err) }, true, nil},
	{"joined with nil", func(_ *loop.Yielder, err error) error { return errors.Join(err, nil) }, true, nil},
	{"nil joined with it", func(_ *loop.Yielder, err error) error { return errors.Join(nil, err) }, true, nil},
	{"joined with itself", func(_ *loop.Yielder, err error) error { return errors.Join(err, err) }, true, nil},
	{"%w twice", func(_ *loop.Yielder, err error) error { return fmt.Errorf("%w and %w", err, err) }, true, nil},
	{"joins of joins", func(_ *loop.Yielder, err error) error {
		return errors.Join(fmt.Errorf("a: %w", errors.Join(err, nil)), errors.Join(nil, err))
	}, true, nil},
	{"joined with a failure", func(_ *loop.Yielder, err error) error { return errors.Join(err, errClose) }, false, errClose},
	{"a failure joined with it", func(_ *loop.Yielder, err error) error { return errors.Join(errClose, err) }, false, errClose},
	{"%w with a failure", func(_ *loop.Yielder, err error) error { return fmt.Errorf("%w and %w", err, errClose) }, false, errClose},
	{"a group of it", func(_ *loop.Yielder, err error) error { return &loop.GroupError{Errors: []error{err}} }, false, loop.ErrCancelled},
	{"a group of it, wrapped", func(_ *loop.Yielder, err error) error {
		return fmt.Errorf("x: %w", &loop.GroupError{Errors: []error{err}})
	}, false, loop.ErrCancelled},
	{"a group joined with it", func(_ *loop.Yielder, err error) error {
		return errors.Join(err, &loop.GroupError{Errors: []error{err}})
	}, false, loop.ErrCancelled},
	{"context.Canceled", func(y *loop.Yielder, _ error) error { return y.Context().Err() }, true, context.Canceled},
	{"context.Canceled, wrapped", func(y *loop.Yielder, _ error) error {
		return fmt.Errorf("query: %w", y.Context().Err())
	}, true, context.Canceled},
	{"context.Canceled, joined", func(y *loop.Yielder, err error) error {
		return errors.Join(err, y.Context().Err(), nil)
	}, true, context.Canceled},
	{"context.Canceled of a derived one", func(y *loop.Yielder, _ error) error {
		ctx, stop := context.WithTimeout(y.Context(), time.Hour)
		defer stop()
		return context.Cause(ctx)
	}, true, context.Canceled},
	{"context.Canceled and a failure", func(y *loop.Yielder, _ error) error {
		return errors.Join(y.Context().Err(), errClose)
	}, false, errClose},
	{"a deadline", func(*loop.Yielder, error) error { return context.DeadlineExceeded }, false, context.DeadlineExceeded},
	{"ErrCancelled, the mark", func(*loop.Yielder, error) error { return loop.ErrCancelled }, false, loop.ErrCancelled},
	{"a panic with it", func(_ *loop.Yielder, err error) error { panic(err) }, false, loop.ErrCancelled},
	{"another failure", func(*loop.Yielder, error) error { return errClose }, false, errClose},
}

// ending is a function that waits until it is cancelled and ends as tc says.
func ending(of func(y *loop.Yielder, err error) error) loop.Func[int] {
	return func(y *loop.Yielder) (int, error) { return 0, of(y, loop.Sleep(y, time.Hour)) }
}

// TestA7Endings: a join of cancellations is one, a group never is, and so says
// everything that tells cancellations from failures; what was wrapped is kept.
func TestA7Endings(t *testing.T) {
	for _, tc := range endings {
		is := func(t *testing.T, what string, err error) {
			t.Helper()
			expect(t, what+" is a cancellation", loop.IsCancelled(err), tc.cancelled)
			if tc.cause != nil {
				expectErr(t, what+" has the cause", err, tc.cause)
			}
		}
		timedOut := func(t *testing.T, err error) {
			t.Helper()
			expect(t, "a timeout", errors.Is(err, loop.ErrTimeout), tc.cancelled)
			expect(t, "a cancellation", loop.IsCancelled(err), false)
			var te *loop.TimeoutError
			if errors.As(err, &te) {
				err = te.Cause
			}
			if tc.cause != nil {
				expectErr(t, "cause", err, tc.cause)
			}
		}
		for name, do := range map[string]func(t *testing.T, y *loop.Yielder, l *loop.Loop){
			"task": func(t *testing.T, y *loop.Yielder, l *loop.Loop) {
				task := loop.Go(y, ending(tc.of))
				turns(y, 1)
				task.Cancel()
				_, err := task.Await(y)
				is(t, "its error", err)
				expect(t, "Cancelled", task.Cancelled(), tc.cancelled)
				if tc.cancelled {
					expectErr(t, "under both names", err, loop.ErrCancelled)
					expectErr(t, "under both names", err, context.Canceled)
				}
			},
			"gather": func(t *testing.T, y *loop.Yielder, l *loop.Loop) {
				g := loop.Gather(y, ending(tc.of))
				turns(y, 1)
				g.Cancel()
				_, err := g.Await(y)
				is(t, "its error", err)
			},
			"shield": func(t *testing.T, y *loop.Yielder, l *loop.Loop) {
				inner := loop.Go(y, ending(tc.of))
				outer := loop.ShieldFuture(y, inner)
				turns(y, 1)
				inner.Cancel()
				_, err := outer.Await(y)
				expect(t, "its error", loop.IsCancelled(err), tc.cancelled)
				expect(t, "Cancelled", outer.Cancelled(), tc.cancelled)
			},
			"child of a group": func(t *testing.T, y *loop.Yielder, l *loop.Loop) {
				var g loop.TaskGroup
				err := g.Run(y, func() error {
					child := loop.GoIn(&g, ending(tc.of))
					turns(y, 1)
					child.Cancel()
					return nil
				})
				if tc.cancelled {
					expectErr(t, "group", err, nil)
					return
				}
				var ge *loop.GroupError
				expect(t, "a GroupError", errors.As(err, &ge), true)
				is(t, "group", err)
			},
			"body of a group": func(t *testing.T, y *loop.Yielder, l *loop.Loop) {
				task := spawn(l, func(y *loop.Yielder) error {
					return new(loop.TaskGroup).Run(y, func() error { return noValue(ending(tc.of))(y) })
				})
				turns(y, 1)
				task.Cancel()
				_, err := task.Await(y)
				is(t, "group", err)
			},
			"timeout": func(t *testing.T, y *loop.Yielder, l *loop.Loop) {
				_, err := spawn(l, func(y *loop.Yielder) error {
					_, err := loop.WithTimeout(y, time.Second, ending(tc.of))
					return err
				}).Await(y)
				timedOut(t, err)
			},
			"WaitFor without time": func(t *testing.T, y *loop.Yielder, l *loop.Loop) {
				task := loop.Go(y, ending(tc.of))
				turns(y, 1)
				_, err := loop.WaitForFuture(y, 0, task)
				timedOut(t, err)
			},
			"runner": func(t *testing.T, y *loop.Yielder, l *loop.Loop) {
				// On a loop of its own, at shutdown.
				l2, _ := loop.NewVirtual()
				got := reports(l2)
				loop.Go(l2, ending(tc.of))
				done := make(chan error)
				go func() {
					r := loop.NewRunner(l2)
					_, err := loop.RunIn(r, after(0, 1, nil))
					done <- errors.Join(err, r.Close())
				}()
				expectErr(t, "runner", <-done, nil)
				expect(t, "reported", len(*got) > 0, !tc.cancelled)
			},
		} {
			t.Run(tc.name+"/"+name, func(t *testing.T) {
				play(t, func(y *loop.Yielder, l *loop.Loop) { do(t, y, l) })
			})
		}
	}
}

// TestA7NotAsked: the error of a context is no cancellation of a task that nobody
// has asked to end.
func TestA7NotAsked(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, err := range map[string]error{"bare": ctx.Err(), "joined": errors.Join(ctx.Err(), nil)} {
			task := loop.Go(y, func(*loop.Yielder) (int, error) { return 0, err })
			_, got := task.Await(y)
			expect(t, name, got == err && !task.Cancelled(), true)
		}
		// It is one that was dealt with.
		task := loop.Go(y, func(y *loop.Yielder) (int, error) {
			_ = loop.Sleep(y, time.Hour)
			err := y.Context().Err()
			l.CurrentTask().Uncancel()
			return 0, err
		})
		turns(y, 1)
		task.Cancel()
		_, err := task.Await(y)
		expect(t, "dealt with", errors.Is(err, context.Canceled) && !task.Cancelled(), true)
	})
}

// TestA7Message: a message on its way through a time-out is kept.
func TestA7Message(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		f := loop.Go(y, func(y *loop.Yielder) (int, error) {
			err := loop.Sleep(y, time.Hour)
			return 0, errors.Join(err, &loop.CancelledError{Msg: "and this"})
		})
		turns(y, 1)
		_, err := loop.WaitForFuture(y, 0, f)
		var te *loop.TimeoutError
		expect(t, "a TimeoutError", errors.As(err, &te), true)
		expect(t, "text", err.Error(), "timeout: cancelled; cancelled: and this")
		_, err = loop.WithTimeout(y, time.Second, func(y *loop.Yielder) (int, error) {
			_ = loop.Sleep(y, time.Hour)
			return 0, &loop.CancelledError{Msg: "mine"}
		})
		expect(t, "text", err.Error(), "timeout: cancelled: mine")
		_, err = loop.WithTimeout(y, time.Second, ending(func(_ *loop.Yielder, err error) error { return err }))
		expect(t, "the plain one", err == loop.ErrTimeout, true)
	})
}

// TestA22ShieldCompleted: somebody else's completion of a shield's future is told of,
// and the error of what it shields is not lost with it.
func TestA22ShieldCompleted(t *testing.T) {
	const told = "somebody else has completed a shield's future: invalid state"
	for _, tc := range []struct {
		name     string
		complete func(outer *loop.Future[int])
		inner    func(f *loop.Future[int])
		want     events
	}{
		{"result and error", func(o *loop.Future[int]) { o.SetResult(1) },
			func(f *loop.Future[int]) { f.SetException(errTest) }, events{told, lostTask}},
		{"error and result", func(o *loop.Future[int]) { o.SetException(errClose); o.Exception() },
			func(f *loop.Future[int]) { f.SetResult(1) }, events{told}},
		{"two results", func(o *loop.Future[int]) { o.SetResult(1) },
			func(f *loop.Future[int]) { f.SetResult(2) }, events{told}},
		{"cancelled", func(o *loop.Future[int]) { o.Cancel() },
			func(f *loop.Future[int]) { f.SetResult(2) }, nil},
		{"inner cancelled", func(o *loop.Future[int]) { o.SetResult(1) },
			func(f *loop.Future[int]) { f.Cancel() }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, _ := newLoop(t)
			got := reports(l)
			playOn(t, l, func(y *loop.Yielder) {
				inner := loop.NewFuture[int](l)
				outer := loop.ShieldFuture(y, inner)
				tc.inner(inner)
				tc.complete(outer)
				turns(y, 2)
			})
			expectErr(t, "Close", l.Close(), nil)
			expect(t, "reports", *got, tc.want)
		})
	}
}

// TestA10Values: a task has the values of the one that made it, by whatever way.
func TestA10Values(t *testing.T) {
	type key struct{}
	value := func(y *loop.Yielder) (any, error) { return y.Context().Value(key{}), nil }
	for name, get := range map[string]func(y *loop.Yielder, l *loop.Loop) (any, error){
		"Go at y": func(y *loop.Yielder, l *loop.Loop) (any, error) { return loop.Go(y, value).Await(y) },
		"Go at l": func(y *loop.Yielder, l *loop.Loop) (any, error) { return loop.Go(l, value).Await(y) },
		"Eager":   func(y *loop.Yielder, l *loop.Loop) (any, error) { return loop.Go(l, value, loop.Eager()).Await(y) },
		"Spawn": func(y *loop.Yielder, l *loop.Loop) (v any, err error) {
			_, err = loop.Spawn(y, func(y *loop.Yielder) error { v, _ = value(y); return nil }).Await(y)
			return v, err
		},
		"a task's task": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			return loop.Go(y, func(y *loop.Yielder) (any, error) { return loop.Go(l, value).Await(y) }).Await(y)
		},
		"group": func(y *loop.Yielder, l *loop.Loop) (v any, err error) {
			var g loop.TaskGroup
			err = g.Run(y, func() error {
				g.Go(func(y *loop.Yielder) error { v, _ = value(y); return nil })
				return nil
			})
			return v, err
		},
		"GoIn": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			var g loop.TaskGroup
			var task *loop.Task[any]
			err := g.Run(y, func() error { task = loop.GoIn(&g, value); return nil })
			expectErr(t, "group", err, nil)
			return task.Result()
		},
		"CreateTaskIn": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			var g loop.TaskGroup
			var task *loop.Task[any]
			err := g.Run(y, func() (err error) {
				task, err = loop.CreateTaskIn(&g, loop.NewCoroutine(l, value))
				return err
			})
			expectErr(t, "group", err, nil)
			return task.Result()
		},
		"Gather": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			vs, err := loop.Gather(l, value).Await(y)
			return vs[0], err
		},
		"GatherResults": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			rs, _ := loop.GatherResults(y, value).Await(y)
			return rs[0].Value, rs[0].Err
		},
		"Shield":      func(y *loop.Yielder, l *loop.Loop) (any, error) { return loop.Shield(l, value).Await(y) },
		"AsCompleted": func(y *loop.Yielder, l *loop.Loop) (any, error) { return loop.AsCompleted(l, value).Next(y) },
		"CreateTask": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			return loop.CreateTask(l, coroutine.New(value)).Await(y)
		},
		"YieldFrom": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			return coroutine.YieldFrom(y, loop.NewCoroutine(l, value))
		},
		"WaitFor": func(y *loop.Yielder, l *loop.Loop) (any, error) { return loop.WaitFor(y, time.Second, value) },
		"ToThread": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			return loop.ToThread(y, func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil })
		},
		"RunCoroutineThreadsafe": func(y *loop.Yielder, l *loop.Loop) (any, error) {
			return loop.ToThread(y, func(ctx context.Context) (any, error) {
				return loop.RunCoroutineThreadsafe(ctx, l, value)()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				ctx := context.WithValue(t.Context(), key{}, name)
				v, err := loop.Go(y, func(y *loop.Yielder) (any, error) { return get(y, l) }, loop.WithValues(ctx)).Await(y)
				expect(t, "value", v, any(name))
				expectErr(t, "error", err, nil)
				v, err = get(y, l)
				expect(t, "value of a task without one", v, nil)
				expectErr(t, "error", err, nil)
			})
		})
	}
	t.Run("overridden", func(t *testing.T) {
		play(t, func(y *loop.Yielder, l *loop.Loop) {
			with := func(v string) loop.TaskOption { return loop.WithValues(context.WithValue(t.Context(), key{}, v)) }
			v, _ := loop.Go(y, func(y *loop.Yielder) (any, error) {
				inner, _ := loop.Go(y, value, with("inner")).Await(y)
				outer, _ := value(y)
				return fmt.Sprint(inner, " in ", outer), nil
			}, with("outer")).Await(y)
			expect(t, "values", v, any("inner in outer"))
			done, cancel := context.WithCancel(t.Context())
			cancel()
			v, err := loop.Go(y, func(y *loop.Yielder) (any, error) { return y.Context().Err(), loop.Sleep(y, 1) },
				loop.WithValues(done)).Await(y)
			expect(t, "not the cancellation", v, any(nil))
			expectErr(t, "not the cancellation", err, nil)
		})
	})
}

// TestA10DealtWith: after a cancellation that was taken back, contexts are as new.
func TestA10DealtWith(t *testing.T) {
	for name, cancelled := range map[string]func(y *loop.Yielder){
		"Uncancel": func(y *loop.Yielder) {
			task := loop.Running(y).CurrentTask()
			task.Cancel()
			expectErr(t, "cancelled", loop.Sleep(y, 1), loop.ErrCancelled)
			expectErr(t, "context while it stands", y.Context().Err(), context.Canceled)
			task.Uncancel()
		},
		"two of two": func(y *loop.Yielder) {
			task := loop.Running(y).CurrentTask()
			task.Cancel()
			task.Cancel()
			expectErr(t, "cancelled", loop.Sleep(y, 1), loop.ErrCancelled)
			task.Uncancel()
			expectErr(t, "context after one of two", y.Context().Err(), context.Canceled)
			task.Uncancel()
		},
		"timeout": func(y *loop.Yielder) {
			_, err := loop.WithTimeout(y, 1, forever)
			expectErr(t, "timeout", err, loop.ErrTimeout)
		},
		"group": func(y *loop.Yielder) {
			var g loop.TaskGroup
			err := g.Run(y, func() error { loop.GoIn(&g, fails); return loop.Sleep(y, time.Hour) })
			expectErr(t, "group", err, errTest)
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				before := y.Context()
				derived, end := context.WithCancel(before)
				defer end()
				cancelled(y)
				expectErr(t, "one derived from that", derived.Err(), context.Canceled)
				expectErr(t, "context", y.Context().Err(), nil)
				expectErr(t, "the one from before", before.Err(), context.Canceled)
				ctx, stop := context.WithTimeout(y.Context(), time.Hour)
				defer stop()
				expectErr(t, "derived", ctx.Err(), nil)
				err, _ := loop.ToThread(y, func(ctx context.Context) (error, error) { return ctx.Err(), nil })
				expectErr(t, "in a thread", err, nil)
				var g coroutine.Generator[any, any, error]
				g.Init(ctx, nil, func(y *loop.Yielder) (error, error) {
					cancelled(y)
					return loop.ToThread(y, func(ctx context.Context) (error, error) { return ctx.Err(), nil })
				})
				inner, err := coroutine.YieldFrom(y, &g)
				expectErr(t, "in a thread of a coroutine with a derived one", inner, nil)
				expectErr(t, "coroutine", err, nil)
				select {
				case <-y.Context().Done():
					t.Error("Done is closed")
				default:
				}
			})
		})
	}
}
