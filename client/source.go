package client

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// errBodyGone is a body that would have to be sent again, and cannot be.
var errBodyGone = errors.New("the body was a stream without GetBody and cannot be sent again")

// A source is the body of a request that is read from somewhere. It is closed once, whatever
// becomes of the request.
type source struct {
	r       io.Reader
	another func() (io.Reader, error) // the same body again, or nil
	length  int                       // -1: not known
	before  func() error              // is called before the first Read
	flush   func() error              // is called before a Read that may wait, or nil
	full    bool                      // the last Read gave all it could
	after   func() error              // is called at the end
	start   int64                     // where an io.Seeker stood before the first Read; else -1
	seen    func(done, total int64)
	done    int64
	told    int64 // the last done that seen was told
	empty   int
	err     error
	begun   bool // something may have been read
	closed  bool
}

func newSource(r io.Reader, length int, another func() (io.Reader, error)) *source {
	return &source{r: r, length: length, another: another, start: -1}
}

// mayWait reports whether a Read may have to wait for somebody.
func mayWait(r io.Reader) bool {
	switch r := r.(type) {
	case *os.File, *fileReader:
		return false
	case *parts:
		return !r.rereadable()
	}
	return inMemory(r) == nil
}

// Read reads the body, and remembers an error of it. What has been read so far is sent before a
// Read that may wait: the server may be waiting for it. Nothing is read in that call, because p
// may be the free part of the buffer that has been sent.
func (s *source) Read(p []byte) (int, error) {
	f := s.before
	if f == nil && !s.full {
		f = s.flush
	}
	if s.before, s.full = nil, true; f != nil {
		return 0, f()
	}
	if !s.begun {
		s.begin()
	}
	s.tell()
	n, err := s.r.Read(p)
	s.full = n == len(p)
	s.done += int64(n)
	if n == 0 && err == nil {
		if s.empty++; s.empty == maxEmpty {
			err = io.ErrNoProgress
		}
	} else {
		s.empty = 0
	}
	if f := s.after; err == io.EOF && f != nil {
		s.after = nil
		if bad := f(); bad != nil {
			err = bad
		}
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// tell tells how much has been written: all that has been read. After the last of it there is one more
// Read, to see that it was the last.
func (s *source) tell() {
	if s.seen != nil && s.told < s.done {
		s.told = s.done
		s.seen(s.done, int64(s.length))
	}
}

func (s *source) begin() {
	s.begun = true
	if sk, ok := s.r.(io.Seeker); ok && s.another == nil {
		var err error
		if s.start, err = sk.Seek(0, io.SeekCurrent); err != nil {
			s.start = -1 // a pipe, for example
		}
	}
}

// repeatable reports whether the body can be sent again.
func (s *source) repeatable() bool {
	return s == nil || !s.begun || s.another != nil || s.start >= 0
}

// rewind has the body read from its beginning again.
func (s *source) rewind() error {
	switch {
	case s == nil || !s.begun:
		return nil
	case s.another != nil:
		r, err := s.another()
		if err != nil {
			return fmt.Errorf("GetBody: %w", err)
		}
		_ = s.close() // its error is the user's
		s.r, s.closed = r, false
	case s.start >= 0:
		if _, err := s.r.(io.Seeker).Seek(s.start, io.SeekStart); err != nil {
			return fmt.Errorf("rewind the body: %w", err)
		}
	default:
		return errBodyGone
	}
	s.begun, s.full, s.empty, s.err, s.done, s.told = false, false, 0, nil, 0, 0
	return nil
}

// close closes the body. It is not called Close because fasthttp would call it too early.
func (s *source) close() error {
	if s == nil || s.closed {
		return nil
	}
	s.closed = true
	if c, ok := s.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
