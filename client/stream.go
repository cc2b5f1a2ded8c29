package client

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"

	"coloop/client/internal/pool"
	"coloop/loop"
)

// A stream is a body that is read from the connection when its Read is called. It is an object of
// its own: the Response may be released meanwhile.
type stream struct {
	client *Client
	body   *body
	decode *decoding                   // nil if the body is not encoded
	trace  *trace                      // nil unless the client has a Trace
	place  *pool.Place[*conn, *server] // nil once it is given back
	br     *bufio.Reader
	upload *upload           // may still be sending
	expiry *loop.TimerHandle // nil without a limit
	err    error             // what Read returns from now on
	busy   bool              // a task is in Read
	last   bool

	method, url string // for errors
}

var errBusy = errors.New("another task is reading the body")

// stream hands the connection to a stream of the body.
//
//go:noinline
func (x *exchange) stream() *stream {
	c := x.client
	s := &stream{
		client: c, body: x.open(), place: x.place, br: x.br, upload: x.upload, last: x.last,
		method: x.method, url: x.url, trace: x.trace,
	}
	if u := x.upload; u != nil && !u.over {
		u.leave()
		x.source = nil
	}
	x.place, x.cn, x.br, x.upload = nil, nil, nil, nil
	if x.noBody(x.reply.StatusCode()) {
		s.end(io.EOF)
		return s
	}
	if x.decoded = x.codings.n > 0; x.decoded {
		s.decode = c.decoding(&x.codings, s.body, s.body, &s.body.way)
	}
	if c.streams == nil {
		c.streams = make(map[*stream]struct{})
	}
	c.streams[s] = struct{}{}
	if x.by != never {
		s.expiry = c.loop.CallAt(x.by, func() { s.stop(os.ErrDeadlineExceeded) })
	}
	return s
}

// Read reads the part of the body that has arrived, and parks while there is none.
func (s *stream) Read(p []byte) (int, error) {
	switch {
	case s.err != nil:
		if s.trace != nil {
			s.tell()
		}
		return 0, s.err
	case s.busy:
		return 0, s.fail(errBusy)
	}
	s.busy = true
	defer s.leave() // even if the task is ended in Read
	n, err := s.read(p)
	switch {
	case s.err != nil: // another task has closed it
		return n, s.err
	case err == io.EOF:
		s.err = io.EOF
	case err != nil:
		if u := s.upload; u != nil && u.err != nil && !loop.IsCancelled(err) {
			err = u.err
		}
		s.err = s.fail(err)
	}
	if s.trace != nil && s.err != nil {
		s.leave()
		s.tell()
	}
	return n, s.err
}

func (s *stream) read(p []byte) (int, error) {
	if s.decode == nil {
		return s.body.Read(p)
	}
	for {
		if n, err := s.decode.Read(p); n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

func (s *stream) fail(err error) error { return s.client.fail(PhaseBody, s.method, s.url, err) }

// leave ends a Read.
func (s *stream) leave() {
	if s.busy = false; s.err != nil {
		s.end(s.err)
	}
}

// Close ends the reading. If the body is not at its end, the connection is closed.
func (s *stream) Close() error {
	s.stop(net.ErrClosed)
	if s.trace != nil {
		s.tell()
	}
	return nil
}

// stop ends the reading because of err. A task that is in Read ends the stream itself.
func (s *stream) stop(err error) {
	if s.err != nil {
		return
	}
	s.err = s.fail(err)
	if s.busy {
		_ = s.body.cn.Close() // wakes it
		return
	}
	s.end(s.err)
}

// tell tells what has happened, if a task runs here.
//
//go:noinline
func (s *stream) tell() {
	if y, err := s.client.loop.Current(); err == nil {
		s.trace.tell(y)
	}
}

// end gives everything back.
func (s *stream) end(err error) {
	if s.place == nil {
		return
	}
	s.err = err
	delete(s.client.streams, s)
	if s.trace != nil {
		s.trace.bodyEnded(err)
	}
	if s.expiry != nil {
		s.expiry.Cancel()
	}
	if u := s.upload; u != nil {
		s.last = s.last || !u.over || u.err != nil
		if !u.over {
			u.dropped = true
			u.task.Cancel()
		}
	}
	if d := s.decode; d != nil {
		d.end()
		s.last = s.last || s.body.err != io.EOF
	}
	if err == io.EOF && !s.last && s.br.Buffered() == 0 {
		s.place.Release()
	} else {
		s.place.Drop()
	}
	s.body.cn.ahead = nil
	s.client.putReader(s.br)
	s.place, s.br = nil, nil
}
