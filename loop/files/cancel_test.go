package files_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

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
