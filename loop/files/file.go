package files

import (
	"io"
	"io/fs"
	"os"

	"coloop/loop"
)

// A File is an open file. Its methods are those of an [os.File] with the coroutine that runs in
// front. Several tasks may use a File at the same time, on one loop or on several. If it is closed
// during an operation, the operation ends first or fails with [fs.ErrClosed].
//
// A File is meant for what is on a disk: a Read of a pipe or terminal, or the Open of a FIFO,
// occupies a goroutine of the executor until there is something, even if the task is cancelled.
type File struct{ f *os.File }

// Open opens a file for reading, as [os.Open] does.
func Open(y *loop.Yielder, name string) (*File, error) { return OpenFile(y, name, os.O_RDONLY, 0) }

// Create makes or empties a file, as [os.Create] does.
func Create(y *loop.Yielder, name string) (*File, error) {
	return OpenFile(y, name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens a file as [os.OpenFile] does. If the task is cancelled meanwhile, the file is
// closed.
func OpenFile(y *loop.Yielder, name string, flag int, perm fs.FileMode) (*File, error) {
	return open(y, func() (*os.File, error) { return os.OpenFile(name, flag, perm) }, keep)
}

// CreateTemp makes a temporary file, as [os.CreateTemp] does. If the task is cancelled
// meanwhile, the file is removed.
func CreateTemp(y *loop.Yielder, dir, pattern string) (*File, error) {
	return open(y, func() (*os.File, error) { return os.CreateTemp(dir, pattern) }, os.Remove)
}

// open returns the file that fn opens. If the task is cancelled meanwhile, the file is closed, and
// undo called with its name.
func open(y *loop.Yielder, fn func() (*os.File, error), undo func(name string) error) (*File, error) {
	f, err := on(y, fn)
	if err == nil {
		return &File{f}, nil
	}
	if f != nil {
		_ = surely(y, func() error { return first(f.Close(), undo(f.Name())) }) // the cancellation says more
	}
	return nil, err
}

func keep(string) error { return nil }

// Name returns the name that the file was opened with.
func (f *File) Name() string { return f.f.Name() }

// OS returns the file as one of package os, whose methods block the loop.
func (f *File) OS() *os.File { return f.f }

// Read reads up to len(b) bytes, a megabyte at most, at the file's position. If the task was
// cancelled during the Read, the bytes come with the cancellation.
func (f *File) Read(y *loop.Yielder, b []byte) (int, error) {
	b = b[:min(len(b), piece)]
	return on(y, func() (int, error) { return f.f.Read(b) })
}

// ReadAt reads len(b) bytes at an offset; fewer come with an error, io.EOF at the end.
func (f *File) ReadAt(y *loop.Yielder, b []byte, offset int64) (int, error) {
	return inPieces(y, b, func(p []byte, at int) (int, error) { return f.f.ReadAt(p, offset+int64(at)) })
}

// Write writes b at the file's position, a megabyte at a time: another Write may come between two
// of these. It returns how many bytes were written; fewer than len(b) come with an error.
func (f *File) Write(y *loop.Yielder, b []byte) (int, error) {
	return inPieces(y, b, func(p []byte, _ int) (int, error) { return f.f.Write(p) })
}

// WriteAt writes b at an offset.
func (f *File) WriteAt(y *loop.Yielder, b []byte, offset int64) (int, error) {
	return inPieces(y, b, func(p []byte, at int) (int, error) { return f.f.WriteAt(p, offset+int64(at)) })
}

// Seek sets the file's position and returns it. whence is io.SeekStart, SeekCurrent or SeekEnd.
func (f *File) Seek(y *loop.Yielder, offset int64, whence int) (int64, error) {
	return on(y, func() (int64, error) { return f.f.Seek(offset, whence) })
}

// Stat describes the file.
func (f *File) Stat(y *loop.Yielder) (fs.FileInfo, error) { return on(y, f.f.Stat) }

// Sync has the system write the file to its device (fsync).
func (f *File) Sync(y *loop.Yielder) error { return do(y, f.f.Sync) }

// Truncate changes the size of the file.
func (f *File) Truncate(y *loop.Yielder, size int64) error {
	return do(y, func() error { return f.f.Truncate(size) })
}

// Chmod changes the permissions of the file.
func (f *File) Chmod(y *loop.Yielder, mode fs.FileMode) error {
	return do(y, func() error { return f.f.Chmod(mode) })
}

// Close closes the file, however often the task is cancelled meanwhile. A second call returns
// [fs.ErrClosed].
func (f *File) Close(y *loop.Yielder) error { return surely(y, f.f.Close) }

// IO returns the file as an io.ReadWriteSeeker that parks the task of y, and no other one, for
// libraries such as bufio, io and encoding/json. Each call costs a change of threads, so it
// should be buffered.
func (f *File) IO(y *loop.Yielder) IO { return IO{f, y} }

// IO is a File for the use of one task; see [File.IO].
type IO struct {
	f *File
	y *loop.Yielder
}

var _ interface {
	io.ReadWriteSeeker
	io.ReaderAt
	io.WriterAt
	io.Closer
} = IO{}

// Read is [File.Read].
func (b IO) Read(p []byte) (int, error) { return b.f.Read(b.y, p) }

// ReadAt is [File.ReadAt].
func (b IO) ReadAt(p []byte, offset int64) (int, error) { return b.f.ReadAt(b.y, p, offset) }

// Write is [File.Write].
func (b IO) Write(p []byte) (int, error) { return b.f.Write(b.y, p) }

// WriteAt is [File.WriteAt].
func (b IO) WriteAt(p []byte, offset int64) (int, error) { return b.f.WriteAt(b.y, p, offset) }

// Seek is [File.Seek].
func (b IO) Seek(offset int64, whence int) (int64, error) { return b.f.Seek(b.y, offset, whence) }

// Close is [File.Close].
func (b IO) Close() error { return b.f.Close(b.y) }
