//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"io"
	"math"
	"reflect"
	"sync"
)

// copySize is the size of the buffers of a copy that the system does not do.
const copySize = 64 << 10

var copyBuffers = sync.Pool{New: func() any { return new([copySize]byte) }}

// ReadFrom writes to the connection all that r has, and returns the number of bytes written;
// io.Copy calls it. On Linux the system copies by itself if r is a regular *os.File (sendfile)
// or a Conn of the same loop (splice), or an io.LimitedReader of one. Others have
// their turns meanwhile. However, the loop stands while the system reads a file from a
// disk: that is 256 KB or 2 ms at a time, and a file that is not in memory is better read by
// other means.
//
// If it fails, what was taken of a file is what was written. Of other readers up to 256 KB
// more may have been taken and are lost, as with io.Copy.
func (c *Conn) ReadFrom(r io.Reader) (n int64, err error) {
	src, limit := r, int64(math.MaxInt64)
	limited, _ := r.(*io.LimitedReader)
	if limited != nil {
		if src, limit = limited.R, limited.N; limit <= 0 {
			return 0, nil
		}
	}
	if movable(c, src) {
		n, handled, err := c.move(src, limit)
		if limited != nil {
			limited.N -= n
		}
		if handled {
			return n, err
		}
	}
	buf := copyBuffers.Get().(*[copySize]byte)
	defer copyBuffers.Put(buf)
	for {
		got, rerr := r.Read(buf[:])
		if got > 0 {
			m, err := c.Write(buf[:got])
			n += int64(m)
			if err != nil {
				return n, err
			}
		}
		if rerr == io.EOF {
			return n, nil
		}
		if rerr != nil {
			return n, rerr
		}
	}
}

// WriteTo writes to w all that comes until the end, and returns the number of bytes written;
// io.Copy calls it. It is [Conn.ReadFrom] of w if that is a Conn of the same loop. Otherwise, in
// a task, it holds no buffer while it waits to be sent something.
func (c *Conn) WriteTo(w io.Writer) (n int64, err error) {
	if to, ok := w.(*Conn); ok && movable(to, c) {
		if n, handled, err := to.move(c, math.MaxInt64); handled {
			return n, err
		}
	}
	for err == nil {
		if c.d.loop.OnLoop() {
			if err := c.WaitRead(); err != nil {
				return n, err
			}
		}
		var m int
		m, err = c.copyOnce(w)
		n += int64(m)
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// copyOnce writes to w what has come, and returns io.EOF at the end.
func (c *Conn) copyOnce(w io.Writer) (n int, err error) {
	buf := copyBuffers.Get().(*[copySize]byte)
	defer copyBuffers.Put(buf)
	got, rerr := c.Read(buf[:])
	if got == 0 {
		return 0, rerr
	}
	n, err = w.Write(buf[:got])
	switch {
	case err != nil:
		return max(0, n), err
	case n != got:
		return max(0, n), io.ErrShortWrite
	}
	return n, rerr
}

// movable reports whether the system may be able to copy from src to c.
func movable(c *Conn, src io.Reader) bool {
	if _, ok := c.d.sockets.(system); !ok || !canMove {
		return false
	}
	if from, ok := src.(*Conn); ok {
		return from.d.loop == c.d.loop
	}
	_, ok := asFile(src)
	return ok
}

// asFile returns src as a file. An *os.File gives io.Copy a struct of its package that hides
// some of its methods. Other types with these methods may read in ways of their own.
func asFile(src io.Reader) (file, bool) {
	f, ok := src.(file)
	if !ok {
		return nil, false
	}
	t := reflect.TypeOf(src)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f, t.PkgPath() == "os"
}
