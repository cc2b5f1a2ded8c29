package files_test

import (
	"os"
	"path/filepath"
	"testing"

	"coloop/loop"
	"coloop/loop/files"
	"coloop/loop/looptest"
)

// TestWatcher: changes come in order, while the clock stands.
func TestWatcher(t *testing.T) {
	dir := t.TempDir()
	run(t, func(y *loop.Yielder) error {
		w, err := files.NewWatcher(y, dir)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, "f")
		next := func(what string, op files.Op) {
			e, err := w.Next(y)
			wantErr(t, what, err, nil)
			if e.Name != path || !e.Has(op) {
				t.Errorf("%s: %v", what, e)
			}
		}
		wantErr(t, "WriteFile", files.WriteFile(y, path, []byte("x"), 0o644), nil)
		next("made", files.OpCreate)
		next("written", files.OpWrite)
		wantErr(t, "Chmod", files.Chmod(y, path, 0o600), nil)
		next("chmod", files.OpChmod)
		wantErr(t, "Remove", files.Remove(y, path), nil)
		next("removed", files.OpRemove)

		waiter := loop.Spawn(y, func(y *loop.Yielder) error { _, err := w.Next(y); return err })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		waiter.Cancel()
		_, err = waiter.Await(y)
		wantErr(t, "a cancelled Next", err, loop.ErrCancelled)

		wantErr(t, "WriteFile", files.WriteFile(y, path, nil, 0o644), nil)
		next("made", files.OpCreate)
		waiter = loop.Spawn(y, func(y *loop.Yielder) error {
			for _, err := range w.All(y) {
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		wantErr(t, "Close", w.Close(y), nil)
		wantErr(t, "Close again", w.Close(y), nil)
		_, err = waiter.Await(y)
		wantErr(t, "All of a closed one", err, nil)
		_, err = w.Next(y)
		wantErr(t, "Next of a closed one", err, files.ErrWatcherClosed)
		wantErr(t, "Add to a closed one", w.Add(y, dir), files.ErrWatcherClosed)
		return nil
	})
}

// TestWatcherAndRemove: what is not watched any more is not reported.
func TestWatcherAndRemove(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	looptest.Run(t, func(y *loop.Yielder) error {
		w, err := files.NewWatcher(y, a, b)
		if err != nil {
			return err
		}
		wantErr(t, "Remove", w.Remove(y, a), nil)
		for _, dir := range []string{a, b} {
			if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o644); err != nil {
				return err
			}
		}
		e, err := w.Next(y)
		wantErr(t, "Next", err, nil)
		equal(t, "the first event", e.Name, filepath.Join(b, "f"))
		return w.Close(y)
	}, looptest.OnNetwork())
}

// TestWatcherOfAClosedLoop: a loop that ends closes its watchers; no goroutine is left.
func TestWatcherOfAClosedLoop(t *testing.T) {
	dir := t.TempDir()
	for _, end := range []string{"Run", "Close"} {
		main := func(y *loop.Yielder) (struct{}, error) {
			_, err := files.NewWatcher(y, dir)
			return struct{}{}, err
		}
		if end == "Run" {
			_, err := loop.Run(main)
			wantErr(t, end, err, nil)
			continue
		}
		l, err := loop.New()
		if err != nil {
			t.Fatal(err)
		}
		_, err = loop.RunUntilComplete(l, loop.Go(l, main))
		wantErr(t, end, err, nil)
		wantErr(t, end, l.Close(), nil)
	}
}

// TestWatcherOfAnEndedTask: a Watcher is closed with the task that made it.
func TestWatcherOfAnEndedTask(t *testing.T) {
	run(t, func(y *loop.Yielder) error {
		w, err := loop.Go(y, func(y *loop.Yielder) (*files.Watcher, error) {
			return files.NewWatcher(y, t.TempDir())
		}).Await(y)
		if err != nil {
			return err
		}
		_, err = w.Next(y)
		wantErr(t, "Next", err, files.ErrWatcherClosed)
		return w.Close(y)
	})
}
