package files

import (
	"io"
	"io/fs"
	"math"
	"os"
	"slices"

	"coloop/loop"
)

// ReadFile returns what is in a file, as [os.ReadFile] does.
func ReadFile(y *loop.Yielder, name string) ([]byte, error) {
	var r reader
	done, err := on(y, func() (bool, error) {
		if err := r.open(name); err != nil {
			return true, err
		}
		return r.more()
	})
	for !done && err == nil {
		done, err = on(y, r.more)
	}
	if r.f != nil { // the task was cancelled
		_ = surely(y, r.f.Close) // the cancellation says more
	}
	if err != nil {
		return nil, err
	}
	return r.data, nil
}

// A reader reads a whole file.
type reader struct {
	f    *os.File // nil once it is closed
	data []byte
}

func (r *reader) open(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	r.f = f
	size := 512 // some files, those of /proc for example, say that they are empty
	if info, err := f.Stat(); err == nil && info.Size() < math.MaxInt {
		size = max(size, int(info.Size())+1) // one more, to come upon the end
	}
	r.data = make([]byte, 0, size)
	return nil
}

// more reads a piece, and closes the file at its end or after an error.
func (r *reader) more() (done bool, err error) {
	for end := len(r.data) + piece; len(r.data) < end && err == nil; {
		if len(r.data) == cap(r.data) {
			r.data = slices.Grow(r.data, 512)
		}
		var n int
		n, err = r.f.Read(r.data[len(r.data):min(cap(r.data), end)])
		r.data = r.data[:len(r.data)+n]
	}
	if err == nil {
		return false, nil
	}
	f := r.f
	r.f = nil
	if err == io.EOF {
		err = nil
	}
	return true, first(err, f.Close())
}

// WriteFile makes or empties a file and writes data to it, as [os.WriteFile] does. A failure, a
// cancellation or a crash may leave a part; see [WriteFileAtomically].
func WriteFile(y *loop.Yielder, name string, data []byte, perm fs.FileMode) error {
	return write(y, name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, data, perm)
}

// AppendFile writes data at the end of a file, which it makes with permissions perm if there is
// none. Up to a megabyte is written at once, so several tasks, or programs, can add to the same
// file.
func AppendFile(y *loop.Yielder, name string, data []byte, perm fs.FileMode) error {
	return write(y, name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, data, perm)
}

func write(y *loop.Yielder, name string, flag int, data []byte, perm fs.FileMode) error {
	if len(data) > piece {
		f, err := OpenFile(y, name, flag, perm)
		if err != nil {
			return err
		}
		_, err = f.Write(y, data)
		return first(err, f.Close(y))
	}
	return do(y, func() error {
		f, err := os.OpenFile(name, flag, perm)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return first(err, f.Close())
	})
}

// Stat describes a file, as [os.Stat] does.
func Stat(y *loop.Yielder, name string) (fs.FileInfo, error) {
	return on(y, func() (fs.FileInfo, error) { return os.Stat(name) })
}

// Lstat describes a file and does not follow a symbolic link, as [os.Lstat] does.
func Lstat(y *loop.Yielder, name string) (fs.FileInfo, error) {
	return on(y, func() (fs.FileInfo, error) { return os.Lstat(name) })
}

// Chmod changes the permissions of a file.
func Chmod(y *loop.Yielder, name string, mode fs.FileMode) error {
	return do(y, func() error { return os.Chmod(name, mode) })
}

// Truncate changes the size of a file.
func Truncate(y *loop.Yielder, name string, size int64) error {
	return do(y, func() error { return os.Truncate(name, size) })
}

// Rename gives a file another name, as [os.Rename] does.
func Rename(y *loop.Yielder, from, to string) error {
	return do(y, func() error { return os.Rename(from, to) })
}

// Remove removes a file or an empty folder, as [os.Remove] does.
func Remove(y *loop.Yielder, name string) error {
	return do(y, func() error { return os.Remove(name) })
}

// RemoveAll removes a file or folder with everything in it, as [os.RemoveAll] does.
func RemoveAll(y *loop.Yielder, path string) error {
	return do(y, func() error { return os.RemoveAll(path) })
}

// Mkdir makes a folder, as [os.Mkdir] does.
func Mkdir(y *loop.Yielder, name string, perm fs.FileMode) error {
	return do(y, func() error { return os.Mkdir(name, perm) })
}

// MkdirAll makes a folder and those above it, as [os.MkdirAll] does.
func MkdirAll(y *loop.Yielder, path string, perm fs.FileMode) error {
	return do(y, func() error { return os.MkdirAll(path, perm) })
}

// MkdirTemp makes a temporary folder, as [os.MkdirTemp] does. If the task is cancelled
// meanwhile, the folder is removed.
func MkdirTemp(y *loop.Yielder, dir, pattern string) (string, error) {
	name, err := on(y, func() (string, error) { return os.MkdirTemp(dir, pattern) })
	if err != nil && name != "" {
		_ = surely(y, func() error { return os.Remove(name) }) // the cancellation says more
		name = ""
	}
	return name, err
}

// Symlink makes a symbolic link, as [os.Symlink] does.
func Symlink(y *loop.Yielder, from, to string) error {
	return do(y, func() error { return os.Symlink(from, to) })
}

// Readlink returns where a symbolic link leads, as [os.Readlink] does.
func Readlink(y *loop.Yielder, name string) (string, error) {
	return on(y, func() (string, error) { return os.Readlink(name) })
}
