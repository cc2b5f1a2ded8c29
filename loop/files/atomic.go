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

	// BeforeRename, if it is not nil, is called once a file is complete, with its temporary name
	// and the one that it gets next, on whichever goroutine does the work. An error is that of
	// the call, and the file is as it was before.
	BeforeRename func(part, name string) error

	mu    sync.Mutex // never unlocked again once the Replacer is abandoned
	parts map[string]struct{}
}

// WriteFileAtomically replaces what is in a file by data, or makes the file with permissions
// perm (before umask). The permissions of a file that exists are kept, and a symbolic link is
// followed. If it fails, or if the task is cancelled before the renaming has begun, the file is as
// it was before. No temporary file is left in any case.
func WriteFileAtomically(y *loop.Yielder, name string, data []byte, perm fs.FileMode) error {
	return new(Replacer).WriteFile(y, name, data, perm)
}

// WriteFile is [WriteFileAtomically].
func (r *Replacer) WriteFile(y *loop.Yielder, name string, data []byte, perm fs.FileMode) error {
	if len(data) <= piece {
		return do(y, func() error { return r.Write(name, data, perm) })
	}
	p := part{owner: r}
	err := do(y, func() error { return p.begin(name, perm) })
	if err == nil {
		_, err = inPieces(y, data, func(b []byte, _ int) (int, error) { return p.Write(b) })
	}
	if err == nil {
		err = do(y, p.commit)
	}
	if p.File != nil {
		return first(err, surely(y, p.discard))
	}
	return err
}

// Write is WriteFile for goroutines of the program's own; it blocks.
func (r *Replacer) Write(name string, data []byte, perm fs.FileMode) error {
	p := part{owner: r}
	defer p.discard() // after a panic or an error, which says more
	if err := p.begin(name, perm); err != nil {
		return err
	}
	if _, err := p.File.Write(data); err != nil {
		return err
	}
	return p.commit()
}

// A part is a file under its temporary name. File is nil before it is made, and once it is
// renamed or removed.
type part struct {
	*os.File
	owner *Replacer
	final string
}

// begin makes the temporary file for a file called name.
func (p *part) begin(name string, perm fs.FileMode) error {
	info, err := os.Lstat(name)
	if err == nil && info.Mode().Type() == fs.ModeSymlink {
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return err
		}
		info, err = os.Lstat(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		info = nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "replace", Path: name, Err: errors.New("is not a regular file")}
	}
	p.final = name
	if p.File, err = p.owner.create(name, perm); err != nil {
		return err
	}
	if info != nil {
		return p.Chmod(info.Mode().Perm())
	}
	return nil
}

// commit gives the file its name.
func (p *part) commit() error {
	if !p.owner.NoSync {
		if err := p.Sync(); err != nil {
			return err
		}
	}
	if err := p.Close(); err != nil {
		return err
	}
	if p.owner.BeforeRename != nil {
		if err := p.owner.BeforeRename(p.Name(), p.final); err != nil {
			return err
		}
	}
	if err := os.Rename(p.Name(), p.final); err != nil {
		return err
	}
	p.owner.forget(p.Name())
	p.File = nil
	return nil
}

// discard removes the file if it has not got its name.
func (p *part) discard() error {
	if p.File == nil {
		return nil
	}
	_ = p.Close() // it may be closed
	err := p.owner.remove(p.Name())
	p.File = nil
	return err
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

func (r *Replacer) forget(part string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.parts, part)
}

func (r *Replacer) remove(part string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.parts, part)
	return os.Remove(part)
}

// Try makes a temporary file for name and removes it, on any goroutine; it blocks. An error says
// that Write would fail too.
func (r *Replacer) Try(name string, perm fs.FileMode) error {
	p := part{owner: r}
	if err := p.begin(name, perm); err != nil {
		_ = p.discard() // the first error says more
		return err
	}
	return p.discard()
}

// Abandon removes the temporary files that there are and blocks every call that would make
// another one, for ever. It is for a program that exits next, a handler of a signal for example.
func (r *Replacer) Abandon() {
	r.mu.Lock()
	for part := range r.parts {
		_ = os.Remove(part)
	}
}
