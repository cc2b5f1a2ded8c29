package files

import (
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"coloop/loop"
)

// ReadDir returns what is in a folder, sorted by name, as [os.ReadDir] does.
func ReadDir(y *loop.Yielder, name string) ([]fs.DirEntry, error) {
	return on(y, func() ([]fs.DirEntry, error) { return os.ReadDir(name) })
}

// An Entry is a file or folder that [Walk] finds.
type Entry struct {
	fs.DirEntry
	Path string // as Walk's root, joined with the names below it
}

// Walk returns the root and everything below it, each folder before what is in it, in the order
// of [filepath.WalkDir], and follows no symbolic links. A folder that cannot be read comes a second
// time, with the error; the walk goes on. It holds the entries of one folder on each level, no
// more, and reads a folder only when the loop comes to it. The task is parked meanwhile, and gives
// way within large folders; after a cancellation the walk ends.
//
//	for e, err := range files.Walk(y, root, nil) { … }
//
// If enter is not nil, only those folders are read for which it returns true. If there is no root,
// the DirEntry is nil. Its method Info blocks the loop; use [Lstat].
func Walk(y *loop.Yielder, root string, enter func(Entry) bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		info, err := Lstat(y, root)
		if err != nil {
			yield(Entry{Path: root}, err)
			return
		}
		w := walker{y, enter, yield, 0}
		w.walk(Entry{fs.FileInfoToDirEntry(info), root})
	}
}

type walker struct {
	y     *loop.Yielder
	enter func(Entry) bool
	yield func(Entry, error) bool
	n     int // entries since the task was parked
}

// turn is how many entries come before the task gives way.
const turn = 100

// walk reports whether to go on.
func (w *walker) walk(e Entry) bool {
	if w.n++; w.n > turn {
		w.n = 0
		if err := loop.Sleep(w.y, 0); err != nil {
			w.yield(e, err)
			return false
		}
	}
	if !w.yield(e, nil) {
		return false
	}
	if !e.IsDir() || w.enter != nil && !w.enter(e) {
		return true
	}
	w.n = 0
	below, err := ReadDir(w.y, e.Path)
	if loop.IsCancelled(err) {
		w.yield(e, err)
		return false
	}
	for _, b := range below {
		if !w.walk(Entry{b, filepath.Join(e.Path, b.Name())}) {
			return false
		}
	}
	return err == nil || w.yield(e, err)
}

// batch is how many entries of a folder Names reads at a time.
const batch = 1000

// Names returns the names in a folder in no particular order, a thousand at a time, without
// holding them all. The folder is closed when the range over them ends.
func Names(y *loop.Yielder, name string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		dir, err := Open(y, name)
		if err != nil {
			yield("", err)
			return
		}
		defer dir.f.Close() // no work, and nobody could be told of a cancellation here
		for {
			names, err := on(y, func() ([]string, error) { return dir.f.Readdirnames(batch) })
			for _, n := range names {
				if !yield(n, nil) {
					return
				}
			}
			if err != nil {
				if err != io.EOF {
					yield("", err)
				}
				return
			}
		}
	}
}

// Glob returns the files that match a pattern, as [filepath.Glob] does.
func Glob(y *loop.Yielder, pattern string) ([]string, error) {
	return on(y, func() ([]string, error) { return filepath.Glob(pattern) })
}
