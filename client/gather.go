package client

import (
	"io"
	"strings"
	"time"
	"unsafe"

	"coloop/loop"
)

// The pieces that a body is read into. Memory follows what has come, not what was announced.
const (
	firstPiece = 8 << 10
	lastPiece  = 256 << 10

	// maxStep is how long a task reads or copies before others have a turn.
	maxStep = time.Millisecond
)

// gather reads r to its end, up to limit bytes. It gives way to other tasks.
func gather(y *loop.Yielder, r io.Reader, limit int) ([]byte, error) {
	l := loop.Running(y)
	var full [][]byte
	piece, size, empty := make([]byte, 0, min(firstPiece, limit+1)), 0, 0
	for began := l.Time(); ; {
		n, err := r.Read(piece[len(piece):cap(piece)])
		piece = piece[:len(piece)+n]
		if size += n; size > limit {
			return nil, ErrBodyTooLarge
		}
		switch {
		case err == io.EOF:
			return join(y, append(full, piece), size)
		case err != nil:
			return nil, err
		case n > 0:
			empty = 0
		default:
			if empty++; empty == maxEmpty {
				return nil, io.ErrNoProgress
			}
		}
		if len(piece) < cap(piece) {
			continue
		}
		full = append(full, piece)
		piece = make([]byte, 0, min(2*cap(piece), lastPiece))
		if l.Time()-began >= maxStep {
			if err := loop.Sleep(y, 0); err != nil {
				return nil, err
			}
			began = l.Time()
		}
	}
}

// maxEmpty is how often a reader may return neither data nor an error, as with bufio.
const maxEmpty = 100

// join makes one slice of the pieces. Memory that is not cleared first comes at once; make would
// take milliseconds for a large body.
func join(y *loop.Yielder, pieces [][]byte, size int) ([]byte, error) {
	if len(pieces) == 1 {
		return pieces[0], nil
	}
	l := loop.Running(y)
	var all strings.Builder
	all.Grow(size)
	began := l.Time()
	for i, p := range pieces {
		all.Write(p)
		if pieces[i] = nil; l.Time()-began >= maxStep {
			if err := loop.Sleep(y, 0); err != nil {
				return nil, err
			}
			began = l.Time()
		}
	}
	return unsafe.Slice(unsafe.StringData(all.String()), size), nil
}
