package netio

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// canMove says whether this system copies from descriptor to descriptor.
const canMove = true

// moveSize is how much is moved at a time, which is as much as one turn of the loop allows.
const moveSize = perTurn << 12

// file is what is asked of an *os.File.
type file interface {
	io.Reader
	syscall.Conn
	Stat() (os.FileInfo, error)
}

type moved struct {
	n       int64
	handled bool
}

// move writes to c up to limit bytes of src. If handled is false, it has done nothing.
func (c *Conn) move(src io.Reader, limit int64) (n int64, handled bool, err error) {
	if !c.d.loop.OnLoop() {
		m, err := foreign(c.d, "readfrom", func() (moved, error) {
			n, handled, err := c.move(src, limit)
			return moved{n, handled}, err
		})
		return m.n, m.handled || err != nil, err
	}
	if from, ok := src.(*Conn); ok {
		return c.d.splice(from.d, limit)
	}
	f, _ := asFile(src)
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, false, nil
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, false, nil
	}
	n, handled, err = c.d.sendFile(raw, limit)
	if err != nil {
		err = c.d.fail("readfrom", err)
	}
	return n, handled, err
}

// sendFile writes from the current offset of a file to its end. It is one Write: others
// wait in line.
func (d *descriptor) sendFile(f syscall.RawConn, limit int64) (n int64, handled bool, err error) {
	if err := d.begin(&d.wr, "Conn.ReadFrom"); err != nil {
		return 0, true, err
	}
	defer func() { d.wr.end() }()
	var m int
	var errno error
	send := func(fd uintptr) { m, errno = unix.Sendfile(d.fd, int(fd), nil, int(min(limit-n, moveSize))) }
	for n < limit {
		if err := d.wait(&d.wr, "Conn.ReadFrom"); err != nil {
			return n, true, err
		}
		err := f.Control(send)
		switch {
		case err != nil: // the file is closed
			return n, n > 0, err
		case errno == nil && m == 0:
			return n, n > 0, nil // the files of /proc have no end here, but say so when read
		case errno == nil:
			n += int64(m)
			d.moved(&d.wr, m)
			d.said()
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			d.wr.ready = false
		case n == 0 && cannot(errno):
			return 0, false, nil
		default:
			return n, true, os.NewSyscallError("sendfile", errno)
		}
	}
	return n, true, nil
}

// cannot reports whether an error says that the system cannot move this.
func cannot(errno error) bool {
	return errno == unix.EINVAL || errno == unix.ENOSYS || errno == unix.EOPNOTSUPP
}

// splice writes what comes at src, by way of a pipe, which is empty whenever it waits for more.
func (d *descriptor) splice(src *descriptor, limit int64) (n int64, handled bool, err error) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return 0, false, nil
	}
	defer func() {
		_ = unix.Close(pipe[0])
		_ = unix.Close(pipe[1])
	}()
	// The system may not allow so much.
	_, _ = unix.FcntlInt(uintptr(pipe[1]), unix.F_SETPIPE_SZ, moveSize)
	for n < limit {
		got, err := src.fill(pipe[1], int(min(limit-n, moveSize)))
		switch {
		case err == io.EOF:
			return n, true, nil
		case err != nil && n == 0 && cannot(err):
			return 0, false, nil
		case err != nil:
			return n, true, src.fail("read", err)
		}
		m, err := d.empty(pipe[0], got)
		if n += int64(m); err != nil {
			return n, true, d.fail("readfrom", err)
		}
	}
	return n, true, nil
}

// fill moves what has come, n bytes at most, into a pipe. At the end it returns io.EOF.
func (d *descriptor) fill(pipe, n int) (got int, err error) {
	if err := d.begin(&d.rd, "Conn.WriteTo"); err != nil {
		return 0, err
	}
	defer func() { d.rd.end() }()
	for {
		if err := d.wait(&d.rd, "Conn.WriteTo"); err != nil {
			return 0, err
		}
		m, err := unix.Splice(d.fd, nil, pipe, nil, n, unix.SPLICE_F_NONBLOCK)
		switch {
		case err == nil && m == 0:
			return 0, io.EOF
		case err == nil:
			d.moved(&d.rd, int(m))
			d.heard()
			return int(m), nil
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			d.rd.ready, d.hungUp = false, false
		case cannot(err):
			return 0, err
		default:
			return 0, os.NewSyscallError("splice", err)
		}
	}
}

// empty writes the n bytes that are in a pipe.
func (d *descriptor) empty(pipe, n int) (sent int, err error) {
	if err := d.begin(&d.wr, "Conn.ReadFrom"); err != nil {
		return 0, err
	}
	defer func() { d.wr.end() }()
	for sent < n {
		if err := d.wait(&d.wr, "Conn.ReadFrom"); err != nil {
			return sent, err
		}
		m, err := unix.Splice(pipe, nil, d.fd, nil, n-sent, unix.SPLICE_F_NONBLOCK)
		switch {
		case err == nil:
			sent += int(m)
			d.moved(&d.wr, int(m))
			d.said()
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			d.wr.ready = false
		default:
			return sent, os.NewSyscallError("splice", err)
		}
	}
	return sent, nil
}
