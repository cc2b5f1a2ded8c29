package files_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/files"
)

// TestCancelledInLine: what was cancelled before its turn at the executor does nothing.
func TestCancelledInLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	run(t, func(y *loop.Yielder) error {
		release := busy(t, y)
		writing := loop.Spawn(y, func(y *loop.Yielder) error { return files.WriteFileAtomically(y, path, nil, 0o644) })
		opening := loop.Spawn(y, func(y *loop.Yielder) error { _, err := files.Create(y, path); return err })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		for _, task := range []*loop.Task[struct{}]{writing, opening} {
			task.Cancel()
			_, err := task.Await(y)
			wantErr(t, "a cancelled one", err, loop.ErrCancelled)
		}
		release()
		return nil
	})
	equal(t, "left", left(t, dir), "")
}

// TestCancelledUnderWay: what is under way is waited for, however often the task is cancelled, and
// its result comes with the cancellation.
func TestCancelledUnderWay(t *testing.T) {
	failure := errors.New("failure")
	for _, want := range []error{nil, failure} {
		run(t, func(y *loop.Yielder) error {
			begun, end := make(chan struct{}), make(chan struct{})
			var over atomic.Bool
			var got int
			task := loop.Spawn(y, func(y *loop.Yielder) (err error) {
				got, err = files.Do(y, func() (int, error) {
					close(begun)
					<-end
					over.Store(true)
					return 7, want
				})
				equal(t, "over when Do returns", over.Load(), true)
				return err
			})
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
			<-begun
			for range 3 {
				task.Cancel()
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
				equal(t, "done", task.Done(), false)
			}
			close(end)
			_, err := task.Await(y)
			equal(t, "the value", got, 7)
			equal(t, "cancelled", loop.IsCancelled(err), true)
			wantErr(t, "the error", err, loop.ErrCancelled)
			if want != nil {
				wantErr(t, "the failure", err, failure)
			}
			return nil
		})
	}
}

// TestCancelledOpen: a file whose opener was cancelled is closed; the test fails if a descriptor
// is left.
func TestCancelledOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	run(t, func(y *loop.Yielder) error {
		for steps := range 6 {
			task := loop.Spawn(y, func(y *loop.Yielder) error {
				f, err := files.Create(y, path)
				if err != nil {
					return err
				}
				_, err = f.Write(y, []byte("x"))
				return errors.Join(err, f.Close(y))
			})
			for range steps {
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
			task.Cancel()
			if _, err := task.Await(y); err != nil && !errors.Is(err, loop.ErrCancelled) {
				return err
			}
		}
		return nil
	})
}

// TestClosedLoop: a loop that is closed while files are used leaves nothing behind.
func TestClosedLoop(t *testing.T) {
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	begun, end := make(chan struct{}), make(chan struct{})
	var result error
	loop.Spawn(l, func(y *loop.Yielder) error {
		_, result = files.Do(y, func() (int, error) { close(begun); <-end; return 0, nil })
		return result
	})
	_, err = loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error { return loop.Sleep(y, 0) }))
	wantErr(t, "a run", err, nil)
	<-begun
	go close(end)
	wantErr(t, "Close", l.Close(), nil)
	wantErr(t, "what the task got", result, coroutine.GeneratorExit)
}

// TestPanic: a panic of the work is an error of the task.
func TestPanic(t *testing.T) {
	run(t, func(y *loop.Yielder) error {
		_, err := files.Do(y, func() (int, error) { panic("oops") })
		var p *coroutine.PanicError
		if !errors.As(err, &p) {
			t.Errorf("%v, want a panic", err)
		}
		return nil
	})
}

// TestCloseMeanwhile: a file is closed while another task reads it.
func TestCloseMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	run(t, func(y *loop.Yielder) error {
		f, err := files.Create(y, path)
		if err != nil {
			return err
		}
		reader := loop.Spawn(y, func(y *loop.Yielder) error { _, err := f.Read(y, make([]byte, 1)); return err })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		wantErr(t, "Close", f.Close(y), nil)
		if _, err := reader.Await(y); err != io.EOF && !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read: %v", err)
		}
		return nil
	})
}
