package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"coloop/loop"
	"coloop/loop/files"

	"golang.org/x/sys/unix"
)

// A folder is where a run saves its flags. Its save and abandon may be called on
// any goroutine.
type folder struct {
	path     string
	lock     *os.File // the folder itself; nil if it cannot be read
	replacer files.Replacer
}

// beforeRename is called before a file that is written gets its name. Tests stop a run
// there.
var beforeRename = func(part, name string) error { return nil }

// newFolder returns a folder that must be opened. Its files survive the end of the
// program, but not that of the system: an fsync for each would be what a comparison
// measures.
func newFolder(path string) *folder {
	return &folder{path: path, replacer: files.Replacer{
		NoSync:       true,
		BeforeRename: func(part, name string) error { return beforeRename(part, name) },
	}}
}

// partName matches the names of temporary files, those of a Replacer.
var partName = regexp.MustCompile(`^\.(probe|.+\.gif)\.[0-9a-f]{8}\.part$`)

// open makes the folder, removes the temporary files of runs that were killed,
// and tries whether files can be made. The folder must be closed in any case.
func (f *folder) open() error {
	err := os.MkdirAll(f.path, 0o777)
	if err == nil {
		f.sweep()
		err = f.replacer.Try(filepath.Join(f.path, "probe"), 0o666)
	}
	if err != nil {
		return fmt.Errorf("cannot save to folder %s: %w", printable(f.path), reason(err))
	}
	return nil
}

// sweep removes temporary files that no run uses. Every run has a shared lock on
// its folder, which the kernel takes back however the run ends, so a run that gets
// an exclusive one is alone. A folder that cannot be locked is not swept.
func (f *folder) sweep() {
	dir, err := os.Open(f.path)
	if err != nil {
		return
	}
	f.lock = dir
	fd := int(dir.Fd())
	if unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
		entries, _ := dir.ReadDir(-1)
		for _, e := range entries {
			if e.Type().IsRegular() && partName.MatchString(e.Name()) {
				_ = os.Remove(filepath.Join(f.path, e.Name()))
			}
		}
	}
	_ = unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB)
}

func (f *folder) close() {
	if f.lock != nil {
		_ = f.lock.Close()
	}
}

// save writes a picture to the file called name, which either is there in full
// afterwards or is as it was before. It blocks.
func (f *folder) save(name string, img []byte) error {
	return f.report(name, f.replacer.Write(filepath.Join(f.path, name), img, 0o666))
}

// saveParked is save for a task, which waits for it.
func (f *folder) saveParked(y *loop.Yielder, name string, img []byte) error {
	return f.report(name, f.replacer.WriteFile(y, filepath.Join(f.path, name), img, 0o666))
}

// report is an error of save, which does not speak of the temporary file.
func (f *folder) report(name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "save", Path: printable(filepath.Join(f.path, name)), Err: reason(err)}
}

// abandon removes the temporary files there are, and blocks whoever wants to make
// another: it is for a program that exits next.
func (f *folder) abandon() { f.replacer.Abandon() }

// reason is an error of package os without what it happened to.
func reason(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

// printable is path, quoted if a terminal would not show it as it is.
func printable(path string) string {
	if utf8.ValidString(path) && !strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return path
	}
	return strconv.Quote(path)
}

// filename makes a country's name that of its file. The name comes from a
// server, and must not lead out of the folder.
func filename(country string) string {
	safe := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(` /\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, country)
	if strings.HasPrefix(safe, ".") {
		safe = "_" + safe
	}
	return safe + ".gif"
}
