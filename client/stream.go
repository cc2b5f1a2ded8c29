package client

import (
	"bufio"
	"io"
	"net"

	"github.com/valyala/fasthttp"
)

// A stream is a body that is read from the connection when its Read is called.
type stream struct {
	resp *Response
	cn   *conn
	br   *bufio.Reader
	err  error // what Read returns from now on
	last bool

	method, url string // for errors
}

// stream makes the body of the response its Stream, and hands the connection to that.
func (x *exchange) stream(br *bufio.Reader, resp *fasthttp.Response) {
	s := &x.out.body
	*s = stream{resp: x.out, cn: x.cn, br: br, last: x.last}
	x.out.Stream, x.cn = s, nil
	if x.head || resp.Header.ContentLength() == 0 {
		s.end(io.EOF)
		return
	}
	s.method, s.url = x.req.method(), x.req.URL
	resp.StreamBody = true
	_ = resp.ReadBody(br, 0) // reads nothing yet
}

// Read reads the part of the body that has arrived, and parks while there is none.
func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.resp.raw.BodyStream().Read(p)
	toEnd := s.cn.err == io.EOF && s.resp.raw.Header.ContentLength() < -1
	switch {
	case err == nil:
	case err == io.EOF && (s.cn.err == nil || toEnd):
		s.end(io.EOF)
	default:
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		err = &Error{PhaseBody, s.method, s.url, s.cn.cause(err)}
		s.end(err)
	}
	return n, err
}

// Close ends the reading. If the body is not at its end, the connection is closed.
func (s *stream) Close() error {
	if s.err == nil {
		s.end(net.ErrClosed)
	}
	return nil
}

func (s *stream) end(err error) {
	c := s.resp.client
	s.err = err
	if err == io.EOF {
		c.finish(s.cn, s.br, s.last)
	} else {
		c.putReader(s.br)
		c.discard(s.cn)
	}
	s.cn, s.br = nil, nil
	_ = s.resp.raw.CloseBodyStream() // has nothing to close
}
