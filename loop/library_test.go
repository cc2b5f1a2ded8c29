package loop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// errLibrary is what a library returns for whatever goes wrong on its connection.
var errLibrary = errors.New("conn closed")

// A library waits in methods without a y, as one does on a net.Conn, and has its own words
// for every error.
type library struct {
	lot loop.ParkingLot
	l   *loop.Loop
	err error // the library's word; errLibrary if nil
}

func (lib *library) query() error {
	if _, err := lib.lot.ParkCurrent(lib.l, nil); err != nil {
		if lib.err != nil {
			return lib.err
		}
		return errLibrary
	}
	return nil
}

// TestC6LibraryCancelled: a task whose cancellation comes back as an error of a library's is
// cancelled, and the error of the library can be found in its own.
func TestC6LibraryCancelled(t *testing.T) {
	wrapped := fmt.Errorf("query: %w", errLibrary)
	for name, c := range map[string]struct {
		body      func(y *loop.Yielder, lib *library) error
		cancelled bool
		text      string
		is        error
	}{
		"conn closed": {func(_ *loop.Yielder, lib *library) error { return lib.query() },
			true, "cancelled: enough: conn closed", errLibrary},
		"wrapped": {func(_ *loop.Yielder, lib *library) error { _ = lib.query(); return wrapped },
			true, "cancelled: enough: query: conn closed", errLibrary},
		"joined": {func(_ *loop.Yielder, lib *library) error { return errors.Join(lib.query(), errTest) },
			true, "cancelled: enough: conn closed; test error", errTest},
		"context.Canceled": {func(_ *loop.Yielder, lib *library) error { lib.err = context.Canceled; return lib.query() },
			true, "cancelled: enough", context.Canceled},
		"waits again": {func(y *loop.Yielder, lib *library) error {
			err := lib.query()
			return errors.Join(err, loop.Sleep(y, time.Second))
		}, true, "cancelled: enough: conn closed", errLibrary},
		"in a coroutine": {func(y *loop.Yielder, lib *library) error {
			_, err := coroutine.YieldFrom(y, coroutine.New(func(*loop.Yielder) (int, error) { return 0, lib.query() }))
			return err
		}, true, "cancelled: enough: conn closed", errLibrary},
		"in a group": {func(y *loop.Yielder, lib *library) error {
			var g loop.TaskGroup
			err := g.Run(y, func() error { return lib.query() })
			if !loop.IsCancelled(err) {
				return fmt.Errorf("no cancellation out of the group: %w", err)
			}
			return err
		}, true, "cancelled: enough: conn closed", errLibrary},
		"in a task of a group": {func(y *loop.Yielder, lib *library) error {
			var g loop.TaskGroup
			return g.Run(y, func() error {
				g.Go(func(*loop.Yielder) error { return lib.query() })
				return nil
			})
		}, true, "cancelled: enough", loop.ErrCancelled},
		"giving way": {func(y *loop.Yielder, lib *library) error {
			for {
				if lib.l.NoteCancelled(loop.Sleep(y, 0)) != nil {
					return errLibrary
				}
			}
		}, true, "cancelled: enough: conn closed", errLibrary},

		"succeeds": {func(_ *loop.Yielder, lib *library) error { _ = lib.query(); return nil }, false, "", nil},
		"known to the task": {func(y *loop.Yielder, lib *library) error { _ = loop.Sleep(y, time.Hour); return errLibrary },
			false, "conn closed", errLibrary},
		"taken back": {func(y *loop.Yielder, lib *library) error {
			_ = lib.query()
			lib.l.CurrentTask().Uncancel()
			return errTest
		}, false, "test error", errTest},
		"panic": {func(_ *loop.Yielder, lib *library) error { _ = lib.query(); panic(errTest) }, false, "", errTest},
		"panic as an error": {func(_ *loop.Yielder, lib *library) error {
			_ = lib.query()
			return fmt.Errorf("wrapped: %w", &coroutine.PanicError{Value: errTest})
		}, false, "wrapped: panic: test error", errTest},
		"failures of a group": {func(_ *loop.Yielder, lib *library) error {
			_ = lib.query()
			return &loop.GroupError{Errors: []error{errTest}}
		}, false, "1 error in a TaskGroup: test error", errTest},
		"Goexit": {func(_ *loop.Yielder, lib *library) error { _ = lib.query(); return coroutine.ErrGoexit },
			false, coroutine.ErrGoexit.Error(), coroutine.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				task := loop.Spawn(y, func(y *loop.Yielder) error { return c.body(y, &library{l: l}) })
				turns(y, 3)
				task.Cancel("enough")
				_, err := task.Await(y)
				expect(t, "cancelled", task.Cancelled(), c.cancelled)
				expect(t, "IsCancelled", loop.IsCancelled(err), c.cancelled)
				expectErr(t, "error", err, c.is)
				if c.text != "" {
					expect(t, "text", err.Error(), c.text)
				}
			})
		})
	}
}

// TestC6NotCancelled: a library's error is one as long as nobody cancels the task.
func TestC6NotCancelled(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		lib := &library{l: l}
		task := loop.Spawn(y, func(*loop.Yielder) error {
			expectErr(t, "query", lib.query(), nil)
			return errLibrary
		})
		turns(y, 1)
		lib.lot.Unpark()
		_, err := task.Await(y)
		expect(t, "error", err == errLibrary && !task.Cancelled(), true)
	})
}

// TestC6Timeout: a time-out around a library's call is one, and is over when it has ended.
func TestC6Timeout(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		query := func(*loop.Yielder) (int, error) { return 0, (&library{l: l}).query() }
		for name, limited := range map[string]func(y *loop.Yielder) error{
			"WithTimeout": func(y *loop.Yielder) error {
				_, err := loop.WithTimeout(y, time.Second, query)
				return err
			},
			"WaitFor": func(y *loop.Yielder) error {
				_, err := loop.WaitFor(y, time.Second, query)
				return err
			},
			"WaitForFuture": func(y *loop.Yielder) error {
				_, err := loop.WaitForFuture(y, time.Second, loop.Go(y, query))
				return err
			},
			"in a group": func(y *loop.Yielder) error {
				return loop.NewTimeout(y, time.Second).Run(y, func() error {
					var g loop.TaskGroup
					return g.Run(y, func() error { _, err := query(y); return err })
				})
			},
			"within another": func(y *loop.Yielder) error {
				return loop.NewTimeout(y, time.Hour).Run(y, func() error {
					_, err := loop.WithTimeout(y, time.Second, query)
					return err
				})
			},
			"around another": func(y *loop.Yielder) error {
				return loop.NewTimeout(y, time.Second).Run(y, func() error {
					_, err := loop.WithTimeout(y, time.Hour, query)
					return err
				})
			},
		} {
			start := l.Time()
			task := loop.Spawn(y, func(y *loop.Yielder) error {
				err := limited(y)
				expectErr(t, name, err, os.ErrDeadlineExceeded)
				expect(t, name+": a cancellation", loop.IsCancelled(err), false)
				expect(t, name+": time", l.Time()-start, time.Second)
				return errTest
			})
			_, err := task.Await(y)
			expect(t, name+": afterwards", err == errTest, true)
		}

		// The time-out of a task's clearing up does not make an own error of the task a cancellation.
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			_ = loop.Sleep(y, time.Hour)
			_, err := loop.WithTimeout(y, time.Second, query)
			expectErr(t, "clearing up", err, os.ErrDeadlineExceeded)
			return errTest
		})
		turns(y, 1)
		task.Cancel()
		_, err := task.Await(y)
		expect(t, "own error", err == errTest, true)
	})
}

// TestParkCurrent: it is Park of the task that runs, and refuses where none can be parked.
func TestParkCurrent(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var lot loop.ParkingLot
		task := loop.Go(y, func(*loop.Yielder) (bool, error) { return lot.ParkCurrent(l, "data") })
		turns(y, 1)
		if want := "wait_for=<ParkingLot.ParkCurrent>"; !strings.Contains(task.String(), want) {
			t.Errorf("no %s in %v", want, task)
		}
		data, ok := lot.Unpark()
		expect(t, "data", data, any("data"))
		expect(t, "Unpark", ok, true)
		woken, err := task.Await(y)
		expect(t, "woken", woken, true)
		expectErr(t, "error", err, nil)

		var inCallback error
		l.CallSoon(func() {
			_, inCallback = lot.ParkCurrent(l, nil)
		})
		turns(y, 2)
		expectErr(t, "in a callback", inCallback, loop.ErrNoTask)
		other, _ := loop.NewVirtual()
		defer other.Close()
		_, err = lot.ParkCurrent(other, nil)
		expectErr(t, "of another loop", err, loop.ErrForeignLoop)
		expect(t, "waiters", lot.Len(), 0)
	})
}
