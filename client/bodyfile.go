package client

import (
	"bufio"

	"coloop/loop"
	"coloop/loop/files"
)

// fileBuffer is how much of a file is read at once: each time costs a change of threads.
const fileBuffer = 64 << 10

// A fileReader reads a file in the task that calls it, without blocking the loop. It opens the file
// when it is first read.
type fileReader struct {
	client *Client
	path   string
	file   *files.File
	r      *bufio.Reader
}

// sizeOf returns the size of a file; -1 if it is no regular one.
func sizeOf(y *loop.Yielder, path string) (int64, error) {
	info, err := files.Stat(y, path)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return -1, nil
	}
	return info.Size(), nil
}

func (f *fileReader) Read(p []byte) (int, error) {
	if f.r == nil {
		y, err := f.client.loop.Current()
		if err != nil {
			return 0, err
		}
		if f.file, err = files.Open(y, f.path); err != nil {
			return 0, err
		}
		f.r = bufio.NewReaderSize(f.file.IO(y), fileBuffer)
	}
	return f.r.Read(p)
}

// Close closes the file at once: it has only been read, so that there is nothing to wait for, and
// the task may be ending.
func (f *fileReader) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.OS().Close()
}
