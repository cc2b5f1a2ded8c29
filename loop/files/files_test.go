package files_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"coloop/loop"
	"coloop/loop/files"
)

// TestWholeFiles goes through the functions for whole files and folders.
func TestWholeFiles(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	text := func(y *loop.Yielder, name string) string {
		data, err := files.ReadFile(y, name)
		wantErr(t, "ReadFile", err, nil)
		return string(data)
	}
	run(t, func(y *loop.Yielder) error {
		wantErr(t, "WriteFile", files.WriteFile(y, a, []byte("one"), 0o644), nil)
		equal(t, "a", text(y, a), "one")
		wantErr(t, "AppendFile", files.AppendFile(y, a, []byte(", two"), 0o644), nil)
		equal(t, "a", text(y, a), "one, two")
		wantErr(t, "WriteFileAtomically", files.WriteFileAtomically(y, a, []byte("three"), 0o600), nil)
		equal(t, "a", text(y, a), "three")
		wantErr(t, "Truncate", files.Truncate(y, a, 2), nil)
		equal(t, "a", text(y, a), "th")
		wantErr(t, "Chmod", files.Chmod(y, a, 0o640), nil)
		info, err := files.Stat(y, a)
		wantErr(t, "Stat", err, nil)
		equal(t, "its mode", info.Mode(), 0o640)
		wantErr(t, "Rename", files.Rename(y, a, b), nil)
		wantErr(t, "Symlink", files.Symlink(y, "b", a), nil)
		to, err := files.Readlink(y, a)
		wantErr(t, "Readlink", err, nil)
		equal(t, "the link", to, "b")
		info, err = files.Lstat(y, a)
		wantErr(t, "Lstat", err, nil)
		equal(t, "its type", info.Mode().Type(), fs.ModeSymlink)
		wantErr(t, "Remove", files.Remove(y, a), nil)
		wantErr(t, "Mkdir", files.Mkdir(y, filepath.Join(dir, "c"), 0o755), nil)
		wantErr(t, "MkdirAll", files.MkdirAll(y, filepath.Join(dir, "c/d/e"), 0o755), nil)
		temp, err := files.MkdirTemp(y, dir, "temp")
		wantErr(t, "MkdirTemp", err, nil)
		wantErr(t, "Remove", files.Remove(y, temp), nil)
		names, err := files.Glob(y, filepath.Join(dir, "?"))
		wantErr(t, "Glob", err, nil)
		equal(t, "found", fmt.Sprint(names), fmt.Sprint([]string{b, filepath.Join(dir, "c")}))
		wantErr(t, "RemoveAll", files.RemoveAll(y, filepath.Join(dir, "c")), nil)
		entries, err := files.ReadDir(y, dir)
		wantErr(t, "ReadDir", err, nil)
		equal(t, "what is left", fmt.Sprint(entries), "[- b]")
		return nil
	})
}

// TestErrors: errors are those of package os, and say of what.
func TestErrors(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none", "x")
	run(t, func(y *loop.Yielder) error {
		for name, fn := range map[string]func() error{
			"open":    func() error { _, err := files.Open(y, none); return err },
			"read":    func() error { _, err := files.ReadFile(y, none); return err },
			"write":   func() error { return files.WriteFile(y, none, nil, 0o600) },
			"append":  func() error { return files.AppendFile(y, none, nil, 0o600) },
			"replace": func() error { return files.WriteFileAtomically(y, none, nil, 0o600) },
			"list":    func() error { _, err := files.ReadDir(y, none); return err },
			"remove":  func() error { return files.Remove(y, none) },
			"watch":   func() error { _, err := files.NewWatcher(y, none); return err },
		} {
			wantErr(t, name, fn(), fs.ErrNotExist)
		}
		var failed *fs.PathError
		if _, err := files.Open(y, none); !errors.As(err, &failed) || failed.Path != none {
			t.Errorf("the error of Open: %#v", err)
		}
		return nil
	})
}

// TestFile goes through the methods of a File.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	run(t, func(y *loop.Yielder) error {
		f, err := files.Create(y, name)
		if err != nil {
			return err
		}
		equal(t, "Name", f.Name(), name)
		n, err := f.Write(y, []byte("hello, world"))
		wantErr(t, "Write", err, nil)
		equal(t, "written", n, 12)
		_, err = f.WriteAt(y, []byte("H"), 0)
		wantErr(t, "WriteAt", err, nil)
		at, err := f.Seek(y, -5, io.SeekEnd)
		wantErr(t, "Seek", err, nil)
		equal(t, "the position", at, 7)
		b := make([]byte, 20)
		n, err = f.Read(y, b)
		wantErr(t, "Read", err, nil)
		equal(t, "read", string(b[:n]), "world")
		_, err = f.Read(y, b)
		wantErr(t, "Read at the end", err, io.EOF)
		n, err = f.ReadAt(y, b[:5], 0)
		wantErr(t, "ReadAt", err, nil)
		equal(t, "read", string(b[:n]), "Hello")
		n, err = f.ReadAt(y, b, 7)
		wantErr(t, "ReadAt beyond the end", err, io.EOF)
		equal(t, "read", string(b[:n]), "world")
		wantErr(t, "Truncate", f.Truncate(y, 5), nil)
		wantErr(t, "Chmod", f.Chmod(y, 0o600), nil)
		wantErr(t, "Sync", f.Sync(y), nil)
		info, err := f.Stat(y)
		wantErr(t, "Stat", err, nil)
		equal(t, "size and mode", fmt.Sprint(info.Size(), info.Mode()), "5 -rw-------")
		wantErr(t, "Close", f.Close(y), nil)
		wantErr(t, "a second Close", f.Close(y), fs.ErrClosed)
		_, err = f.Read(y, b)
		wantErr(t, "Read of a closed file", err, fs.ErrClosed)
		return nil
	})
}

// TestIO: libraries that read and write work on a file.
func TestIO(t *testing.T) {
	run(t, func(y *loop.Yielder) error {
		f, err := files.CreateTemp(y, t.TempDir(), "x")
		if err != nil {
			return err
		}
		rw := f.IO(y)
		w := bufio.NewWriter(rw)
		for i := range 3000 {
			fmt.Fprintln(w, "line", i)
		}
		wantErr(t, "Flush", w.Flush(), nil)
		if _, err := rw.Seek(0, io.SeekStart); err != nil {
			return err
		}
		lines := 0
		for s := bufio.NewScanner(rw); s.Scan(); lines++ {
			equal(t, "a line", s.Text(), fmt.Sprint("line ", lines))
		}
		equal(t, "lines", lines, 3000)
		_, err = rw.WriteAt([]byte("L"), 0)
		wantErr(t, "WriteAt", err, nil)
		b := make([]byte, 4)
		_, err = rw.ReadAt(b, 0)
		wantErr(t, "ReadAt", err, nil)
		equal(t, "read", string(b), "Line")
		return rw.Close()
	})
}

// TestWalk compares Walk with filepath.WalkDir.
func TestWalk(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/b/c", "a/b/d", "a/e", "f", "g/h/i/j"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("a", filepath.Join(dir, "link")), os.Mkdir(filepath.Join(dir, "empty"), 0o755)); err != nil {
		t.Fatal(err)
	}
	var want []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		want = append(want, path+" "+d.Type().String())
		return err
	})
	run(t, func(y *loop.Yielder) error {
		var got []string
		for e, err := range files.Walk(y, dir, nil) {
			wantErr(t, e.Path, err, nil)
			got = append(got, e.Path+" "+e.Type().String())
		}
		equal(t, "the walk", strings.Join(got, "\n"), strings.Join(want, "\n"))

		got = nil
		for e := range files.Walk(y, dir, func(e files.Entry) bool { return e.Name() != "a" }) {
			if got = append(got, e.Name()); e.Name() == "g" {
				break
			}
		}
		equal(t, "a part", strings.Join(got[1:], " "), "a empty f g")

		for e, err := range files.Walk(y, filepath.Join(dir, "none"), nil) {
			equal(t, "its path", e.Path, filepath.Join(dir, "none"))
			wantErr(t, "a root that is not there", err, fs.ErrNotExist)
		}
		// A folder that goes away during the walk is reported, and the walk goes on.
		got = nil
		for e, err := range files.Walk(y, dir, nil) {
			if e.Name() == "a" && err == nil {
				_ = os.RemoveAll(e.Path)
			}
			if err != nil {
				wantErr(t, "a folder that has gone", err, fs.ErrNotExist)
				got = append(got, e.Name())
			}
		}
		equal(t, "not read", strings.Join(got, " "), "a")

		// After a cancellation it ends.
		walking := loop.Spawn(y, func(y *loop.Yielder) (last error) {
			for _, err := range files.Walk(y, dir, nil) {
				last = err
			}
			return last
		})
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		walking.Cancel()
		_, err := walking.Await(y)
		wantErr(t, "a cancelled walk", err, loop.ErrCancelled)
		return nil
	})
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range 2500 {
		name := fmt.Sprintf("%04d", i)
		want = append(want, name)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, func(y *loop.Yielder) error {
		var got []string
		for name, err := range files.Names(y, dir) {
			wantErr(t, "a name", err, nil)
			got = append(got, name)
		}
		slices.Sort(got)
		equal(t, "the same names", slices.Equal(got, want), true)
		for range files.Names(y, dir) {
			break
		}
		for _, err := range files.Names(y, dir+"x") {
			wantErr(t, "no folder", err, fs.ErrNotExist)
		}
		return nil
	})
}
