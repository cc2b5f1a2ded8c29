package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"coloop/loop"
	"coloop/loop/files"

	"golang.org/x/sys/unix"
)

// left returns what is in a folder, but for the files named.
func left(t *testing.T, dir string, but ...string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	text := " " + strings.Join(names, " ") + " "
	for _, name := range but {
		text = strings.Replace(text, " "+name+" ", " ", 1)
	}
	return strings.TrimSpace(text)
}

// TestAtomicallyOrNotAtall: whatever goes wrong, the file is as it was, and nothing else is left.
func TestAtomicallyOrNotAtall(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, dir string) (path string)
		want    error
	}{
		{"a folder is there", func(t *testing.T, dir string) string {
			_ = os.Mkdir(filepath.Join(dir, "f"), 0o755)
			return filepath.Join(dir, "f")
		}, nil},
		{"no folder for it", func(t *testing.T, dir string) string { return filepath.Join(dir, "none", "f") }, fs.ErrNotExist},
		{"the folder is a file", func(t *testing.T, dir string) string {
			_ = os.WriteFile(filepath.Join(dir, "f"), []byte("old"), 0o644)
			return filepath.Join(dir, "f", "g")
		}, unix.ENOTDIR},
		{"the name is too long", func(t *testing.T, dir string) string { return filepath.Join(dir, strings.Repeat("x", 250)) }, unix.ENAMETOOLONG},
		{"a link that leads nowhere", func(t *testing.T, dir string) string {
			_ = os.Symlink("none/f", filepath.Join(dir, "f"))
			return filepath.Join(dir, "f")
		}, fs.ErrNotExist},
		{"a full device", func(t *testing.T, dir string) string {
			if err := unix.Access("/dev/full", unix.W_OK); err != nil {
				t.Skip(err)
			}
			return "/dev/full" // not a regular file, so it is refused
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			path := tc.prepare(t, dir)
			before := left(t, dir)
			run(t, func(y *loop.Yielder) error {
				err := files.WriteFileAtomically(y, path, []byte("new"), 0o644)
				if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
					t.Errorf("%v, want %v", err, tc.want)
				}
				return nil
			})
			equal(t, "left in the folder", left(t, dir), before)
		})
	}
}

// TestAtomicallyLimit has the system cut the write short.
func TestAtomicallyLimit(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	limit := old
	limit.Cur = 4096
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_FSIZE, &old)
	run(t, func(y *loop.Yielder) error {
		wantErr(t, "too large", files.WriteFileAtomically(y, path, make([]byte, 10_000), 0o644), unix.EFBIG)
		return nil
	})
	data, err := os.ReadFile(path)
	equal(t, "the file", string(data), "old")
	equal(t, "left besides", left(t, dir, "f"), "")
	wantErr(t, "ReadFile", err, nil)
}

// TestAtomicallyKeeps: permissions of the file, and the link that leads to it.
func TestAtomicallyKeeps(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "f"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(path, nil, 0o604), os.Chmod(path, 0o604), os.Symlink("f", link)); err != nil {
		t.Fatal(err)
	}
	run(t, func(y *loop.Yielder) error { return files.WriteFileAtomically(y, link, []byte("new"), 0o600) })
	info, err := os.Stat(path)
	wantErr(t, "Stat", err, nil)
	equal(t, "its mode", info.Mode(), 0o604)
	to, err := os.Readlink(link)
	wantErr(t, "Readlink", err, nil)
	equal(t, "the link", to, "f")
	data, _ := os.ReadFile(link)
	equal(t, "the file", string(data), "new")
}

// TestAbandon: a program that exits leaves no temporary file, and makes no other one.
func TestAbandon(t *testing.T) {
	dir := t.TempDir()
	r := new(files.Replacer)
	path := filepath.Join(dir, "f")
	part := regexp.MustCompile(`^\.f\.[0-9a-f]{8}\.part$`)
	if err := r.Write(path, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	equal(t, "a finished one", left(t, dir), "f")
	name := files.BeginPart(r, path)
	equal(t, "its name", part.MatchString(filepath.Base(name)), true)
	r.Abandon()
	equal(t, "after Abandon", left(t, dir), "f")
}
