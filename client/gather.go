package client

import (
	"io"
	"strings"
	"unsafe"

	"coloop/loop"
)

// The pieces that a body is read into. Memory follows what has come, not what was announced.
const (
	firstPiece = 8 << 10
	lastPiece  = 256 << 10
)

// A way is how a task gives way to others: after so many bytes read, decoded or copied. Bytes and
// not time are counted, because that costs nothing and is the same each time. A task that is to
// go on at once has no loop in it.
type way struct {
	loop *loop.Loop
	used int
	err  error // the task was cancelled when it gave way
}

const (
	perTurn = 256 << 10 // bytes: 0.1 ms to read them, less than 2 ms to decode them
	perRead = 64        // of these for a Read, which costs time even if it gives one byte
)

// took is called after a Read that has given n bytes.
func (w *way) took(n int) { w.used += n + perRead }

// give gives way if it is time.
func (w *way) give() error {
	if w.used < perTurn || w.loop == nil {
		return nil
	}
	w.used = 0
	y, err := w.loop.Current()
	if err == nil {
		err = loop.Sleep(y, 0)
	}
	w.err = w.loop.NoteCancelled(err)
	return w.err
}

// gather reads r, the body of the reply, and closes what open has opened.
func (x *exchange) gather(r io.Reader) ([]byte, error) {
	c := x.client
	first, ok := c.pieces.get()
	if !ok {
		first = make([]byte, 0, firstPiece)
	}
	pieces, size, err := gather(first, r, x.maxBody())
	if err != nil {
		return nil, err
	}
	x.reply.StreamBody = false
	if len(pieces) == 1 {
		x.reply.SetBody(pieces[0]) // in memory that is used again, and no larger than need be
		c.pieces.put(first[:0])
		return x.reply.Body(), nil
	}
	all, err := join(&way{loop: c.loop}, pieces, size)
	if x.reply.ResetBody(); x.into != nil {
		x.into.SetBodyRaw(all)
	}
	return all, err
}

// gather reads r to its end, up to limit bytes. The pieces begin with first.
func gather(first []byte, r io.Reader, limit int) (pieces [][]byte, size int, err error) {
	for piece, empty := first, 0; ; {
		n, err := r.Read(piece[len(piece):cap(piece)])
		piece = piece[:len(piece)+n]
		if size += n; size > limit {
			return nil, size, ErrBodyTooLarge
		}
		switch {
		case err == io.EOF:
			return append(pieces, piece), size, nil
		case err != nil:
			return nil, size, err
		case n > 0:
			empty = 0
		default:
			if empty++; empty == maxEmpty {
				return nil, size, io.ErrNoProgress
			}
		}
		if len(piece) == cap(piece) {
			pieces = append(pieces, piece)
			piece = make([]byte, 0, min(2*cap(piece), lastPiece))
		}
	}
}

// maxEmpty is how often a reader may return neither data nor an error, as with bufio.
const maxEmpty = 100

// join makes one slice of the pieces. Memory that is not cleared first comes at once; make would
// take milliseconds for a large body.
func join(w *way, pieces [][]byte, size int) ([]byte, error) {
	var all strings.Builder
	all.Grow(size)
	for i, p := range pieces {
		if err := w.give(); err != nil {
			return nil, err
		}
		all.Write(p)
		pieces[i] = nil
		w.took(len(p))
	}
	return unsafe.Slice(unsafe.StringData(all.String()), size), nil
}
