package files_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/files"

	"golang.org/x/sys/unix"
)

// TestFullDisk writes to a device that is full.
func TestFullDisk(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip(err)
	}
	run(t, func(y *loop.Yielder) error {
		for name, write := range map[string]func(data []byte) error{
			"WriteFile":  func(data []byte) error { return files.WriteFile(y, full, data, 0o600) },
			"AppendFile": func(data []byte) error { return files.AppendFile(y, full, data, 0o600) },
			"Write": func(data []byte) error {
				f, err := files.OpenFile(y, full, os.O_WRONLY, 0)
				if err != nil {
					return err
				}
				n, err := f.Write(y, data)
				equal(t, "written", n, 0)
				wantErr(t, "Close", f.Close(y), nil)
				return err
			},
		} {
			for _, data := range [][]byte{[]byte("x"), large} {
				err := write(data)
				wantErr(t, name, err, syscall.ENOSPC)
				if e, ok := err.(*fs.PathError); !ok || e.Path != full || e.Op != "write" {
					t.Errorf("%s: %#v", name, err)
				}
			}
		}
		return nil
	})
}

// TestNoPermission runs itself as a user who may not do everything.
func TestNoPermission(t *testing.T) {
	const variable = "FILES_TEST_FOLDER"
	dir := os.Getenv(variable)
	if dir == "" {
		if runtime.GOOS != "linux" {
			t.Skip("no /proc/self/exe")
		}
		dir = t.TempDir()
		for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
			_ = os.Chmod(d, 0o755)
		}
		if err := errors.Join(os.Mkdir(filepath.Join(dir, "closed"), 0o555), os.WriteFile(filepath.Join(dir, "secret"), nil, 0)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("/proc/self/exe", "-test.run", "^TestNoPermission$", "-test.v")
		cmd.Env = append(os.Environ(), variable+"="+dir)
		cmd.Dir = "/"
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	closed, secret := filepath.Join(dir, "closed"), filepath.Join(dir, "secret")
	file := filepath.Join(closed, "f")
	run(t, func(y *loop.Yielder) error {
		for name, fn := range map[string]func() error{
			"Open":                func() error { _, err := files.Open(y, secret); return err },
			"ReadFile":            func() error { _, err := files.ReadFile(y, secret); return err },
			"AppendFile":          func() error { return files.AppendFile(y, secret, nil, 0o600) },
			"WriteFile":           func() error { return files.WriteFile(y, file, nil, 0o600) },
			"WriteFileAtomically": func() error { return files.WriteFileAtomically(y, file, nil, 0o600) },
			"large":               func() error { return files.WriteFileAtomically(y, file, large, 0o600) },
			"Mkdir":               func() error { return files.Mkdir(y, file, 0o700) },
			"CreateTemp":          func() error { _, err := files.CreateTemp(y, closed, "x"); return err },
			"Remove":              func() error { return files.Remove(y, secret) },
			"NewWatcher":          func() error { _, err := files.NewWatcher(y, secret); return err },
		} {
			err := fn()
			wantErr(t, name, err, fs.ErrPermission)
			if _, ok := err.(*fs.PathError); !ok {
				t.Errorf("%s: %#v", name, err)
			}
		}
		return nil
	})
	equal(t, "left", left(t, closed), "")
}

// TestVanishedFolder: the folder goes away while a file in it is being replaced.
func TestVanishedFolder(t *testing.T) {
	for _, data := range [][]byte{[]byte("x"), large} {
		dir := filepath.Join(t.TempDir(), "folder")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		r := files.Replacer{BeforeRename: func(string, string) error { return os.RemoveAll(dir) }}
		run(t, func(y *loop.Yielder) error {
			wantErr(t, "Replacer.WriteFile", r.WriteFile(y, filepath.Join(dir, "f"), data, 0o600), fs.ErrNotExist)
			wantErr(t, "WriteFile", files.WriteFile(y, filepath.Join(dir, "f"), data, 0o600), fs.ErrNotExist)
			_, err := files.ReadDir(y, dir)
			wantErr(t, "ReadDir", err, fs.ErrNotExist)
			return nil
		})
	}
}

// TestBeforeRename: a panic or an error leaves no temporary file, and the file as it was.
func TestBeforeRename(t *testing.T) {
	failure := errors.New("failure")
	for _, data := range [][]byte{[]byte("x"), large} {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		var part string
		panics := files.Replacer{BeforeRename: func(string, string) error { panic("oops") }}
		fails := files.Replacer{BeforeRename: func(p, name string) error {
			equal(t, "the name", name, path)
			got, err := os.ReadFile(p)
			wantErr(t, "ReadFile", err, nil)
			equal(t, "complete", bytes.Equal(got, data), true)
			part = p
			return failure
		}}
		run(t, func(y *loop.Yielder) error {
			err := panics.WriteFile(y, path, data, 0o600)
			var p *coroutine.PanicError
			if !errors.As(err, &p) {
				t.Errorf("%v, want a panic", err)
			}
			wantErr(t, "with a failure", fails.WriteFile(y, path, data, 0o600), failure)
			wantErr(t, "Write", fails.Write(path, data, 0o600), failure)
			return nil
		})
		equal(t, "the folder of the part", filepath.Dir(part), dir)
		equal(t, "left", left(t, dir), "f")
		got, err := os.ReadFile(path)
		wantErr(t, "ReadFile", err, nil)
		equal(t, "the file", string(got), "old")
	}
}

// TestTry: Try says what Write would say, and leaves nothing.
func TestTry(t *testing.T) {
	var r files.Replacer
	dir := t.TempDir()
	wantErr(t, "Try", r.Try(filepath.Join(dir, "f"), 0o600), nil)
	wantErr(t, "no folder", r.Try(filepath.Join(dir, "none", "f"), 0o600), fs.ErrNotExist)
	if err := r.Try(dir, 0o600); err == nil {
		t.Error("a folder can be replaced")
	}
	equal(t, "left", left(t, dir), "")
}

// TestLimitInTheMiddle: the system takes a part of what is written. The number says how much.
func TestLimitInTheMiddle(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Skip(err)
	}
	limit := old
	limit.Cur = files.Piece + 1000
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_FSIZE, &old)
	dir := t.TempDir()
	run(t, func(y *loop.Yielder) error {
		f, err := files.Create(y, filepath.Join(dir, "f"))
		if err != nil {
			return err
		}
		n, err := f.Write(y, large)
		equal(t, "written", n, files.Piece+1000)
		wantErr(t, "Write", err, syscall.EFBIG)
		wantErr(t, "Close", f.Close(y), nil)
		wantErr(t, "atomically", files.WriteFileAtomically(y, filepath.Join(dir, "g"), large, 0o600), syscall.EFBIG)
		return nil
	})
	equal(t, "left", left(t, dir), "f")
}

// TestPieces: what takes several jobs is whole, and lets others have their turns.
func TestPieces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	run(t, func(y *loop.Yielder) error {
		f, err := files.Create(y, path)
		if err != nil {
			return err
		}
		n, err := f.WriteAt(y, large, 100)
		wantErr(t, "WriteAt", err, nil)
		equal(t, "written", n, len(large))
		got := make([]byte, len(large)+1)
		n, err = f.ReadAt(y, got, 100)
		equal(t, "the error at the end", err.Error(), "EOF")
		equal(t, "read", bytes.Equal(got[:n], large), true)
		n, err = f.Read(y, got)
		wantErr(t, "Read", err, nil)
		equal(t, "read at once", n, files.Piece)
		wantErr(t, "Close", f.Close(y), nil)
		wantErr(t, "WriteFile", files.WriteFile(y, path, large, 0o600), nil)
		wantErr(t, "AppendFile", files.AppendFile(y, path, large, 0o600), nil)
		data, err := files.ReadFile(y, path)
		wantErr(t, "ReadFile", err, nil)
		equal(t, "twice", bytes.Equal(data, append(large[:len(large):len(large)], large...)), true)

		release := busy(t, y)
		var ended []string
		var tasks loop.TaskGroup
		return tasks.Run(y, func() error {
			tasks.Go(func(y *loop.Yielder) error {
				_, err := files.ReadFile(y, path)
				ended = append(ended, "large")
				return err
			})
			tasks.Go(func(y *loop.Yielder) error {
				_, err := files.Stat(y, path)
				ended = append(ended, "small")
				equal(t, "the order", strings.Join(ended, " "), "small")
				return err
			})
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
			release()
			return nil
		})
	})
}

// TestLoopGoesOn: while no file operation gets ahead, the loop's other tasks do.
func TestLoopGoesOn(t *testing.T) {
	dir := t.TempDir()
	run(t, func(y *loop.Yielder) error {
		release := busy(t, y)
		var tasks loop.TaskGroup
		return tasks.Run(y, func() error {
			done := 0
			for range 100 {
				tasks.Go(func(y *loop.Yielder) error {
					f, err := files.CreateTemp(y, dir, "f")
					if err != nil {
						return err
					}
					_, err = f.Write(y, large[:10_000])
					done++
					return cmpOr(err, f.Close(y))
				})
			}
			for range 1000 {
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
			equal(t, "done", done, 0)
			release()
			return nil
		})
	})
	equal(t, "files", len(strings.Fields(left(t, dir))), 100)
}

// TestMisuse: a wrong y is an error, and does nothing.
func TestMisuse(t *testing.T) {
	dir := t.TempDir()
	run(t, func(y *loop.Yielder) error {
		f, err := files.Create(y, filepath.Join(dir, "f"))
		if err != nil {
			return err
		}
		w, err := files.NewWatcher(y, dir)
		if err != nil {
			return err
		}
		got := make(chan error, 3)
		go func() {
			got <- files.WriteFile(y, filepath.Join(dir, "g"), nil, 0o600)
			got <- f.Close(y)
			_, err := w.Next(y)
			got <- err
		}()
		wantErr(t, "WriteFile elsewhere", <-got, loop.ErrWrongGoroutine)
		wantErr(t, "Close elsewhere", <-got, loop.ErrWrongGoroutine)
		wantErr(t, "Next elsewhere", <-got, loop.ErrWrongGoroutine)
		return cmpOr(f.Close(y), w.Close(y))
	})
	equal(t, "left", left(t, dir), "f")
}

// TestWalkGivesWay: in a large folder the other tasks get their turns.
func TestWalkGivesWay(t *testing.T) {
	dir := t.TempDir()
	for i := range 350 {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, func(y *loop.Yielder) error {
		turns := 0
		other := loop.Spawn(y, func(y *loop.Yielder) error {
			for {
				turns++
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
		})
		entries, before := 0, 0
		for _, err := range files.Walk(y, dir, nil) {
			if err != nil {
				return err
			}
			if entries++; entries == 2 {
				before = turns
			}
		}
		equal(t, "turns of the other task", turns-before, 3)
		other.Cancel()
		_, err := other.Await(y)
		wantErr(t, "the other task", err, loop.ErrCancelled)
		return nil
	})
}
