package files_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"coloop/loop"
	"coloop/loop/files"
)

// large is what takes several jobs to read or to write.
var large = bytes.Repeat([]byte("0123456789abcde\n"), 5*files.Piece/2/16)

// An operation is swept: cancelled at each step in turn.
type operation struct {
	do func(y *loop.Yielder, dir string) error
	// left are the files that it may leave if it was cancelled, beside "old", which has "old"
	// in it or what is written: all of it, or any part if partly is set.
	left   []string
	partly bool
}

var operations = map[string]operation{
	"Open": {do: func(y *loop.Yielder, dir string) error {
		f, err := files.Open(y, filepath.Join(dir, "old"))
		if err != nil {
			return err
		}
		return f.Close(y)
	}},
	"Create, Write, Read": {do: func(y *loop.Yielder, dir string) error {
		f, err := files.Create(y, filepath.Join(dir, "new"))
		if err != nil {
			return err
		}
		n, err := f.Write(y, large)
		if err == nil && n < len(large) {
			err = fmt.Errorf("wrote %d bytes", n)
		}
		if err == nil {
			_, err = f.ReadAt(y, make([]byte, len(large)), 0)
		}
		return cmpOr(err, f.Close(y))
	}, left: []string{"new"}},
	"CreateTemp": {do: func(y *loop.Yielder, dir string) error {
		f, err := files.CreateTemp(y, dir, "temp")
		if err != nil {
			return err
		}
		_ = os.Remove(f.Name())
		return f.Close(y)
	}},
	"MkdirTemp": {do: func(y *loop.Yielder, dir string) error {
		name, err := files.MkdirTemp(y, dir, "temp")
		_ = os.Remove(name)
		return err
	}},
	"ReadFile": {do: func(y *loop.Yielder, dir string) error {
		data, err := files.ReadFile(y, filepath.Join(dir, "large"))
		if err == nil && !bytes.Equal(data, large) {
			err = fmt.Errorf("read %d bytes", len(data))
		}
		return err
	}},
	"WriteFile": {do: func(y *loop.Yielder, dir string) error {
		return files.WriteFile(y, filepath.Join(dir, "old"), large, 0o600)
	}, partly: true},
	"AppendFile": {do: func(y *loop.Yielder, dir string) error {
		return files.AppendFile(y, filepath.Join(dir, "new"), large, 0o600)
	}, left: []string{"new"}},
	"WriteFileAtomically, small": {do: func(y *loop.Yielder, dir string) error {
		return files.WriteFileAtomically(y, filepath.Join(dir, "old"), large[:100], 0o600)
	}},
	"WriteFileAtomically, large": {do: func(y *loop.Yielder, dir string) error {
		return files.WriteFileAtomically(y, filepath.Join(dir, "old"), large, 0o600)
	}},
	"Walk": {do: func(y *loop.Yielder, dir string) (last error) {
		for _, err := range files.Walk(y, dir, nil) {
			last = err
		}
		return last
	}},
	"Names": {do: func(y *loop.Yielder, dir string) (last error) {
		for _, err := range files.Names(y, dir) {
			last = err
		}
		return last
	}},
	"NewWatcher": {do: func(y *loop.Yielder, dir string) error {
		w, err := files.NewWatcher(y, dir)
		if err != nil {
			return err
		}
		return w.Close(y)
	}},
}

func cmpOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// TestSweep cancels each operation at each step: while each of its jobs is in line, and when it is
// done but the task has not been told. Nothing must be left: no temporary file, no descriptor (which
// looptest looks for), no half of a file.
func TestSweep(t *testing.T) {
	for name, op := range operations {
		t.Run(name, func(t *testing.T) {
			// A descriptor that was forgotten is closed with its garbage.
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			step := 0
			for reached := true; reached; step++ {
				dir := t.TempDir()
				for name, data := range map[string][]byte{"old": []byte("old"), "large": large} {
					if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				var err error
				err, reached = cancelAt(t, step, func(y *loop.Yielder) error { return op.do(y, dir) })
				at := fmt.Sprintf("cancelled at step %d", step)
				if !reached {
					wantErr(t, "not cancelled", err, nil)
				} else if !loop.IsCancelled(err) {
					t.Errorf("%s: %v", at, err)
				}
				if rest := left(t, dir, "old", "large"); rest != "" && !slices.Contains(op.left, rest) {
					t.Errorf("%s: left %s", at, rest)
				}
				data, err := os.ReadFile(filepath.Join(dir, "old"))
				wantErr(t, "ReadFile", err, nil)
				switch got := string(data); {
				case got == "old", got == string(large), got == string(large[:100]):
				case !op.partly || !strings.HasPrefix(string(large), got):
					t.Errorf("%s: the file has %d bytes", at, len(data))
				}
			}
			if step < 3 {
				t.Errorf("only %d steps", step)
			}
		})
	}
}

// cancelAt runs op in a task whose jobs are done one at a time, and cancels it at a step. It
// returns how the task ended, and whether it got there.
func cancelAt(t *testing.T, step int, op func(y *loop.Yielder) error) (err error, reached bool) {
	run(t, func(y *loop.Yielder) error {
		e, err1 := loop.NewExecutor(1)
		if err1 != nil {
			return err1
		}
		if err := loop.Running(y).SetDefaultExecutor(e); err != nil {
			return err
		}
		barrier := lower(t, e)
		task := loop.Spawn(y, op)
		count := 0
		point := func() {
			if count == step {
				reached = true
				task.Cancel()
			}
			count++
		}
		for {
			for range 5 { // until the task has been told, and has its next job in line
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
			if task.Done() {
				break
			}
			point()
			barrier = barrier.letOneThrough(t, e)
			point()
		}
		close(barrier.end)
		_, err = task.Await(y)
		for len(loop.Running(y).AllTasks()) > 1 { // a Watcher's
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
		}
		return nil
	})
	return err, reached
}

// A barrier is a job that keeps those behind it from being done.
type barrier struct{ begun, end chan struct{} }

func lower(t *testing.T, e *loop.Executor) barrier {
	t.Helper()
	b := barrier{make(chan struct{}), make(chan struct{})}
	if err := e.Submit(func() { close(b.begun); <-b.end }); err != nil {
		t.Fatal(err)
	}
	return b
}

// letOneThrough returns once the jobs in line are done, with a barrier behind them.
func (b barrier) letOneThrough(t *testing.T, e *loop.Executor) barrier {
	next := lower(t, e)
	close(b.end)
	<-next.begun
	return next
}
