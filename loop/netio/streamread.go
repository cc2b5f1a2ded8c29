//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"coloop/loop"
)

// defaultLimit is asyncio's _DEFAULT_LIMIT.
const defaultLimit = 64 << 10

// An IncompleteReadError says that the input ended too early (asyncio.IncompleteReadError). It
// unwraps to io.ErrUnexpectedEOF, or to io.EOF if there was no input at all.
type IncompleteReadError struct {
	Partial  []byte // the input up to its end, which is read now
	Expected int    // how many bytes were asked for; -1 if it was a separator
}

func (e *IncompleteReadError) Error() string {
	expected := "undefined"
	if e.Expected >= 0 {
		expected = fmt.Sprint(e.Expected)
	}
	return fmt.Sprintf("%d bytes read on a total of %s expected bytes", len(e.Partial), expected)
}

func (e *IncompleteReadError) Unwrap() error {
	if len(e.Partial) == 0 {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// A LimitOverrunError says that a separator did not come within the limit of the stream
// (asyncio.LimitOverrunError).
type LimitOverrunError struct {
	// Consumed is how much input came before the separator, or is known to be without one.
	Consumed int
	found    bool
}

func (e *LimitOverrunError) Error() string {
	if e.found {
		return "Separator is found, but chunk is longer than limit"
	}
	return "Separator is not found, and chunk exceed the limit"
}

// SetLimit sets the most that ReadLine and ReadUntil return, in bytes and without the separator;
// until then it is 64 KiB. It panics if limit is not positive.
func (s *Stream) SetLimit(limit int) {
	if limit <= 0 {
		panic("netio: the limit of a Stream is not positive")
	}
	s.limit = limit
}

// AtEOF reports whether the end of the input has been read (StreamReader.at_eof). The
// stream reads nothing ahead of its user, so it learns of the end by a read.
func (s *Stream) AtEOF() bool { return s.eof && s.unread() == 0 }

func (s *Stream) unread() int { return len(s.buf) - s.start }

// ReadLine returns the next line with its newline (StreamReader.readline), or the last part of
// the input if there is none, and io.EOF after it. If the line is longer than the limit of
// the stream, it is dropped, up to its newline if that has come, and the error is a
// [LimitOverrunError].
func (s *Stream) ReadLine(y *loop.Yielder) ([]byte, error) {
	line, err := s.ReadUntil(y, "\n")
	switch e := err.(type) {
	case *IncompleteReadError:
		if len(e.Partial) == 0 {
			return nil, io.EOF
		}
		return e.Partial, nil
	case *LimitOverrunError:
		if e.found {
			s.take(e.Consumed + 1)
		} else {
			s.take(s.unread())
		}
	}
	return line, err
}

// Lines returns the lines that are left (StreamReader.__aiter__). An error is the last pair;
// the end of the input is not an error.
func (s *Stream) Lines(y *loop.Yielder) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := s.ReadLine(y)
			if err == io.EOF || !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// ReadUntil returns the input up to the first separator, with it (StreamReader.readuntil). Of
// several separators it is the one that ends first; without any it is a newline. If the
// input ends before, the error is an [IncompleteReadError], and if the limit of the
// stream is exceeded, a [LimitOverrunError], which leaves the input to be read again.
func (s *Stream) ReadUntil(y *loop.Yielder, separators ...string) ([]byte, error) {
	if len(separators) == 0 {
		separators = []string{"\n"}
	}
	if len(separators) > 1 {
		separators = slices.Clone(separators)
		slices.SortStableFunc(separators, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	}
	shortest, longest := len(separators[0]), len(separators[len(separators)-1])
	if shortest == 0 {
		return nil, errors.New("read until: a separator is empty")
	}
	if err := s.enter(y, "Stream.ReadUntil"); err != nil {
		return nil, err
	}
	defer s.reads.leave()
	for offset := 0; ; {
		n := s.unread()
		if n-offset >= shortest {
			start, end := -1, n+1
			for _, sep := range separators {
				if i := bytes.Index(s.buf[s.start+offset:], []byte(sep)); i >= 0 && offset+i+len(sep) < end {
					start, end = offset+i, offset+i+len(sep)
				}
			}
			switch {
			case start > s.limit:
				return nil, &LimitOverrunError{start, true}
			case start >= 0:
				return s.take(end), nil
			}
			// All but the last bytes, which may begin a separator.
			if offset = max(0, n+1-longest); offset > s.limit {
				return nil, &LimitOverrunError{offset, false}
			}
		}
		switch err := s.fill("Stream.ReadUntil"); err {
		case nil:
		case io.EOF:
			return nil, &IncompleteReadError{s.take(n), -1}
		default:
			return nil, err
		}
	}
}

// ReadExactly returns n bytes (StreamReader.readexactly). If the input ends before, the error is an
// [IncompleteReadError].
func (s *Stream) ReadExactly(y *loop.Yielder, n int) ([]byte, error) {
	if n < 0 {
		return nil, errors.New("read exactly: the size is negative")
	}
	if n == 0 {
		return []byte{}, nil
	}
	if err := s.enter(y, "Stream.ReadExactly"); err != nil {
		return nil, err
	}
	defer s.reads.leave()
	for s.unread() < n {
		switch err := s.fill("Stream.ReadExactly"); err {
		case nil:
		case io.EOF:
			return nil, &IncompleteReadError{s.take(s.unread()), n}
		default:
			return nil, err
		}
	}
	return s.take(n), nil
}

// ReadAll returns the input up to its end (StreamReader.read without n). Nothing limits it.
func (s *Stream) ReadAll(y *loop.Yielder) ([]byte, error) {
	if err := s.enter(y, "Stream.ReadAll"); err != nil {
		return nil, err
	}
	defer s.reads.leave()
	for {
		switch err := s.fill("Stream.ReadAll"); err {
		case nil:
		case io.EOF:
			return s.take(s.unread()), nil
		default:
			return nil, err
		}
	}
}

// Read reads into b what there is, and parks while there is nothing (StreamReader.read with n).
func (s *Stream) Read(b []byte) (int, error) {
	if !s.loop.OnLoop() {
		if s.own == nil {
			return 0, s.fail("read", loop.ErrWrongGoroutine)
		}
		return foreign(s.own.base(), "read", func() (int, error) { return s.Read(b) })
	}
	if err := s.reads.enter(s.loop, "Stream.Read", s); err != nil {
		return 0, s.fail("read", err)
	}
	defer s.reads.leave()
	s.reader = s.loop.CurrentTask()
	switch {
	case len(b) == 0:
		return 0, nil
	case s.unread() > 0:
		n := copy(b, s.buf[s.start:])
		s.skip(n)
		return n, nil
	}
	return s.input(b, "Stream.Read")
}

// enter is called before a task reads.
func (s *Stream) enter(y *loop.Yielder, kind string) error {
	switch l := loop.Running(y); {
	case l == nil:
		return s.fail("read", loop.ErrNoTask)
	case !y.Here():
		return s.fail("read", loop.ErrWrongGoroutine)
	case l != s.loop:
		return s.fail("read", loop.ErrForeignLoop)
	}
	if err := s.reads.enter(s.loop, kind, s); err != nil {
		return s.fail("read", err)
	}
	s.reader = s.loop.CurrentTask()
	return nil
}

// input reads from the connection.
func (s *Stream) input(b []byte, kind string) (int, error) {
	if s.eof {
		return 0, io.EOF
	}
	var n int
	var err error
	if s.own != nil {
		n, err = receive(s.own, b, kind)
	} else {
		n, err = s.conn.Read(b)
	}
	s.eof = err == io.EOF
	return n, s.fail("read", err)
}

// fill adds to the buffer what comes next.
func (s *Stream) fill(kind string) error {
	if s.eof {
		return io.EOF
	}
	const least, most = 4 << 10, 256 << 10 // most is asyncio's max_size
	if s.start > 0 && s.start >= s.unread() {
		s.buf, s.start = append(s.buf[:0], s.buf[s.start:]...), 0
	}
	if free := cap(s.buf) - len(s.buf); free < least {
		s.buf = slices.Grow(s.buf, max(least, min(len(s.buf), most)))
	}
	end := len(s.buf)
	n, err := s.input(s.buf[end:min(cap(s.buf), end+most)], kind)
	s.buf = s.buf[:end+n]
	if n > 0 && err == io.EOF {
		return nil // the next fill returns it
	}
	return err
}

// take returns the next n bytes of the buffer and removes them.
func (s *Stream) take(n int) []byte {
	if s.start == 0 && n == len(s.buf) && n > 4<<10 {
		b := s.buf[:n:n]
		s.buf = nil
		return b
	}
	b := bytes.Clone(s.buf[s.start : s.start+n])
	s.skip(n)
	return b
}

// skip removes n bytes from the buffer, and gives up the memory of one that has grown.
func (s *Stream) skip(n int) {
	s.start += n
	if s.unread() > 0 {
		return
	}
	if s.buf, s.start = s.buf[:0], 0; cap(s.buf) > defaultLimit {
		s.buf = nil
	}
}
