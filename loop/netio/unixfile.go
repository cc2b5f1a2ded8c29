//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// unixFile is the file of a Unix socket; nil is none.
type unixFile struct {
	path string
	info os.FileInfo
}

// remove removes the file, unless another one has taken its place.
func (f *unixFile) remove() {
	if f == nil {
		return
	}
	if info, err := os.Lstat(f.path); err == nil && os.SameFile(info, f.info) {
		_ = os.Remove(f.path) // the file may be gone by now
	}
}

// bindUnix binds fd to the address of a Unix socket. If a listener that has ended
// left its file there, the file is replaced.
func bindUnix(s Sockets, fd, sotype int, sa syscall.Sockaddr) (f *unixFile, err error) {
	name := sa.(*syscall.SockaddrUnix).Name
	if name == "" || name[0] == '@' { // an abstract one of Linux's, without a file
		return f, s.Bind(fd, sa)
	}
	err = s.Bind(fd, sa)
	if err == unix.EADDRINUSE && stale(s, name, sotype, sa) && os.Remove(name) == nil {
		err = s.Bind(fd, sa)
	}
	if err != nil {
		return f, err
	}
	return unixFileAt(name)
}

func unixFileAt(name string) (*unixFile, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	return &unixFile{path: name, info: info}, nil
}

// stale reports whether there is a socket of that name at which nobody listens.
func stale(s Sockets, name string, sotype int, sa syscall.Sockaddr) bool {
	info, err := os.Lstat(name)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	fd, err := s.Socket(unix.AF_UNIX, sotype)
	if err != nil {
		return false
	}
	defer s.Close(fd)
	return s.Connect(fd, sa) == unix.ECONNREFUSED
}
