package files

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"

	"coloop/loop"
)

// A Replacer writes files so that each either is there in full or is as it was before: under a
// temporary name in the same folder, ".NAME.XXXXXXXX.part" with eight hexadecimal digits, which
// becomes the file's name at the end. The zero value is ready to use. Its methods may be called
// on any goroutine.
type Replacer struct {
	// NoSync leaves out the fsync before the renaming. After a crash of the system the file
	// may be empty then.
	NoSync bool

	mu    sync.Mutex // never unlocked again once the Replacer is abandoned
	parts map[string]struct{}
}

// WriteFileAtomically replaces what is in a file by data, or makes the file with permissions
// perm (before umask). The permissions of a file that exists are kept, and a symbolic link is
// followed. If it fails, or if the task is cancelled before the work has begun, the file is as
// it was before, and no temporary file is left.
func WriteFileAtomically(y *loop.Yielder, name string, data []byte, perm fs.FileMode) error {
	return new(Replacer).WriteFile(y, name, data, perm)
}

// WriteFile is [WriteFileAtomically].
func (r *Replacer) WriteFile(y *loop.Yielder, name string, data []byte, perm fs.FileMode) error {
	return do(y, func() error { return r.Write(name, data, perm) })
}

// Write is WriteFile for goroutines of the program's own; it blocks.
func (r *Replacer) Write(name string, data []byte, perm fs.FileMode) (err error) {
	info, err := os.Lstat(name)
	if err == nil && info.Mode().Type() == fs.ModeSymlink {
		if name, err = filepath.EvalSymlinks(name); err == nil {
			info, err = os.Lstat(name)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && !info.Mode().IsRegular() {
		return &fs.PathError{Op: "replace", Path: name, Err: errors.New("is not a regular file")}
	}
	part, e := r.create(name, perm)
	if e != nil {
		return e
	}
	done := false
	defer func() {
		if !done { // a panic or an error
			_ = part.Close()
			_ = r.remove(part.Name())
		}
	}()
	if err == nil {
		if err := part.Chmod(info.Mode().Perm()); err != nil {
			return err
		}
	}
	if _, err := part.Write(data); err != nil {
		return err
	}
	if !r.NoSync {
		if err := part.Sync(); err != nil {
			return err
		}
	}
	if err := part.Close(); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), name); err != nil {
		return err
	}
	done = true
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.parts, part.Name())
	return nil
}

// create makes a temporary file for name. os.CreateTemp would give it other permissions.
func (r *Replacer) create(name string, perm fs.FileMode) (*os.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	dir, base := filepath.Split(name)
	for {
		part, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf(".%s.%08x.part", base, rand.Uint32())),
			os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			if r.parts == nil {
				r.parts = make(map[string]struct{})
			}
			r.parts[part.Name()] = struct{}{}
		}
		return part, err
	}
}

func (r *Replacer) remove(part string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.parts, part)
	return os.Remove(part)
}

// Abandon removes the temporary files that there are and blocks every call that would make
// another one, for ever. It is for a program that exits next, a handler of a signal for example.
func (r *Replacer) Abandon() {
	r.mu.Lock()
	for part := range r.parts {
		_ = os.Remove(part)
	}
}
