package files

import (
	"errors"
	"io/fs"
	"os"

	"coloop/loop"
)

// ReadFile returns what is in a file, as [os.ReadFile] does.
func ReadFile(y *loop.Yielder, name string) ([]byte, error) {
	return Do(y, func() ([]byte, error) { return os.ReadFile(name) })
}

// WriteFile makes or empties a file and writes data to it, as [os.WriteFile] does. A failure or
// a crash leaves a part; see [WriteFileAtomically].
func WriteFile(y *loop.Yielder, name string, data []byte, perm fs.FileMode) error {
	return do(y, func() error { return os.WriteFile(name, data, perm) })
}

// AppendFile writes data at the end of a file, which it makes with permissions perm if there is
// none.
func AppendFile(y *loop.Yielder, name string, data []byte, perm fs.FileMode) error {
	return do(y, func() error {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, perm)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Close())
	})
}

// Stat describes a file, as [os.Stat] does.
func Stat(y *loop.Yielder, name string) (fs.FileInfo, error) {
	return Do(y, func() (fs.FileInfo, error) { return os.Stat(name) })
}

// Lstat describes a file and does not follow a symbolic link, as [os.Lstat] does.
func Lstat(y *loop.Yielder, name string) (fs.FileInfo, error) {
	return Do(y, func() (fs.FileInfo, error) { return os.Lstat(name) })
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
	name, err := Do(y, func() (string, error) { return os.MkdirTemp(dir, pattern) })
	if err != nil && name != "" {
		_ = os.Remove(name)
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
	return Do(y, func() (string, error) { return os.Readlink(name) })
}
