package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// A folder is where a run saves its flags. Its save and abandon may be called on
// any goroutine.
type folder struct {
	path string
	lock *os.File // the folder itself; nil if it cannot be read

	mu    sync.Mutex // never unlocked again once the folder is abandoned
	parts map[string]bool
}

// partName matches the names of temporary files, those of createPart.
var partName = regexp.MustCompile(`^\.(probe|.+\.gif)\.[0-9a-f]{8}\.part$`)

// open makes the folder, removes the temporary files of runs that were killed,
// and tries whether files can be made. The folder must be closed in any case.
func (f *folder) open() error {
	err := os.MkdirAll(f.path, 0o777)
	if err == nil {
		f.sweep()
		var part *os.File
		if part, err = f.createPart("probe"); err == nil {
			_ = part.Close()
			err = f.removePart(part.Name())
		}
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

// rename is os.Rename, but for tests that stop a run while it saves a file.
var rename = os.Rename

// save writes a picture to the file called name, which either is there in full
// afterwards or is as it was before. Errors do not speak of the temporary file.
func (f *folder) save(name string, img []byte) (err error) {
	path := filepath.Join(f.path, name)
	defer func() {
		if err != nil {
			err = &fs.PathError{Op: "save", Path: printable(path), Err: reason(err)}
		}
	}()
	part, err := f.createPart(name)
	if err != nil {
		return err
	}
	_, err = part.Write(img)
	if e := part.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = rename(part.Name(), path)
	}
	if err != nil {
		_ = f.removePart(part.Name())
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.parts, part.Name())
	return nil
}

// createPart is os.CreateTemp with the permissions of an ordinary file.
func (f *folder) createPart(name string) (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		path := filepath.Join(f.path, fmt.Sprintf(".%s.%08x.part", name, rand.Uint32()))
		part, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if os.IsExist(err) {
			continue
		}
		if err == nil {
			if f.parts == nil {
				f.parts = make(map[string]bool)
			}
			f.parts[path] = true
		}
		return part, err
	}
}

func (f *folder) removePart(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.parts, path)
	return os.Remove(path)
}

// abandon removes the temporary files there are, and blocks whoever wants to make
// another: it is for a program that exits next.
func (f *folder) abandon() {
	f.mu.Lock()
	for path := range f.parts {
		_ = os.Remove(path)
	}
}

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
