package client

import (
	"bufio"

	"github.com/valyala/fasthttp"
)

// spares are things to be used again: a sync.Pool for one goroutine.
type spares[T any] struct{ list []T }

// maxSpares is how many are kept. A task holds one only while it does not park, so few
// are ever in use.
const maxSpares = 64

func (s *spares[T]) get() (v T, ok bool) {
	n := len(s.list) - 1
	if n < 0 {
		return v, false
	}
	var none T
	v, s.list[n] = s.list[n], none
	s.list = s.list[:n]
	return v, true
}

func (s *spares[T]) put(v T) {
	if len(s.list) < maxSpares {
		s.list = append(s.list, v)
	}
}

func (c *Client) reader(cn *conn) *bufio.Reader {
	br, ok := c.readers.get()
	if ok {
		br.Reset(cn)
	} else {
		br = bufio.NewReaderSize(cn, c.maxHeader())
	}
	cn.ahead = br
	return br
}

func (c *Client) putReader(br *bufio.Reader) {
	br.Reset(nil)
	c.readers.put(br)
}

func (c *Client) writer(cn *conn) *bufio.Writer {
	bw, ok := c.writers.get()
	if !ok {
		return bufio.NewWriterSize(cn, writeBuffer)
	}
	bw.Reset(cn)
	return bw
}

func (c *Client) putWriter(bw *bufio.Writer) {
	bw.Reset(nil)
	c.writers.put(bw)
}

func (c *Client) reply() *fasthttp.Response {
	if r, ok := c.replies.get(); ok {
		return r
	}
	return &fasthttp.Response{}
}

// maxKept is the size of a body whose memory is used again.
const maxKept = 64 << 10

func (c *Client) putBuffer(b []byte) {
	if cap(b) <= maxKept {
		c.buffers.put(b)
	}
}

func (c *Client) putReply(r *fasthttp.Response) {
	if r.IsBodyStream() || cap(r.Body()) > maxKept { // a stream may not be at its end
		return
	}
	r.Reset()
	c.replies.put(r)
}
