package client

import (
	"bufio"
	"errors"
	"io"
	"syscall"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// An exchange is one request and its reply, with a second try if need be. It
// lives on the stack of a task that is parked for most of the time. So buffers are
// taken late and given back early, and run, which parks, calls functions that are
// not inlined, so that their frames are not on the stack then.
type exchange struct {
	client *Client
	req    Request
	raw    *fasthttp.Request  // the same; nil while parked, unless it is the caller's
	into   *fasthttp.Response // the caller's, or nil
	out    *Response          // if into is nil
	cn     *conn              // held by the exchange: to be given back, or closed
	by     time.Duration
	caller bool // raw is the caller's
	follow bool // a redirect will be followed: its body is not streamed
	head   bool // the reply has no body
	last   bool // the connection is to be closed
	once   bool // must not reach the server twice
	unread bool // cannot be sent again
	fresh  bool // this is the second try
}

// run does the exchange. The Phase is that of the error.
func (x *exchange) run(y *loop.Yielder) (Phase, error) {
	defer x.abandon()
	for {
		phase, err := x.send(y)
		if err == nil {
			if err = x.cn.raw.WaitRead(); err != nil {
				phase = PhaseFirstByte
			} else {
				phase, err = x.receive()
			}
		}
		if err == nil || !x.again(err) {
			return phase, err
		}
	}
}

// send gets a connection and writes the request.
//
//go:noinline
func (x *exchange) send(y *loop.Yielder) (Phase, error) {
	if phase, err := x.connect(y); err != nil {
		x.giveBack()
		return phase, err
	}
	cn, c := x.cn, x.client
	cn.sent, cn.received = false, false
	raw := x.raw
	x.head, x.last = raw.Header.IsHead(), raw.ConnectionClose()
	x.unread = raw.IsBodyStream()
	x.once = !idempotent(raw)
	bw := c.writer(cn)
	err := cn.raw.WriteBy(x.by)
	if err == nil {
		if err = raw.Write(bw); err == nil {
			err = bw.Flush()
		}
	}
	c.putWriter(bw)
	x.giveBack()
	if err != nil {
		return PhaseWrite, cn.cause(err)
	}
	if err := cn.raw.ReadBy(min(x.by, c.deadline(c.Timeouts.FirstByte))); err != nil {
		return PhaseFirstByte, err
	}
	return "", nil
}

// connect gets a connection, and then encodes the request.
func (x *exchange) connect(y *loop.Yielder) (Phase, error) {
	c := x.client
	if !x.fresh {
		h, err := x.host()
		if err != nil {
			return PhaseRequest, err
		}
		if x.cn = c.idleConn(h); x.cn != nil {
			return PhaseRequest, x.encode(false)
		}
		if x.cn, err = c.obtain(y, h, x.by); err != nil {
			return PhasePool, err
		}
	}
	if x.cn.raw == nil {
		if phase, err := c.connect(y, x.cn, x.by); err != nil {
			return phase, err
		}
	}
	return PhaseRequest, x.encode(true)
}

// host returns the host that the request is for.
func (x *exchange) host() (*host, error) {
	c := x.client
	if x.caller {
		return c.host(x.raw.URI())
	}
	if !isToken(x.req.method()) {
		return nil, errMethod
	}
	if err := c.parse(x.req.URL); err != nil {
		return nil, err
	}
	return c.host(&c.uri)
}

// encode makes a fasthttp.Request of the request. If the task has parked since
// its URL was parsed, that has to be done again.
func (x *exchange) encode(parked bool) error {
	if x.caller {
		return nil
	}
	if parked {
		if err := x.client.parse(x.req.URL); err != nil {
			return err
		}
	}
	if x.raw = x.client.requests.get(); x.raw == nil {
		x.raw = &fasthttp.Request{}
	}
	x.client.fill(x.raw, &x.req)
	return nil
}

func (x *exchange) giveBack() {
	if !x.caller && x.raw != nil {
		x.raw.Reset()
		x.client.requests.put(x.raw)
		x.raw = nil
	}
}

// receive reads the reply, after its first byte has arrived.
//
//go:noinline
func (x *exchange) receive() (Phase, error) {
	c, cn := x.client, x.cn
	br := c.reader(cn)
	if _, err := br.Peek(1); err != nil {
		c.putReader(br)
		return PhaseFirstByte, cn.cause(err)
	}
	if c.Timeouts.FirstByte > 0 {
		_ = cn.raw.ReadBy(x.by) // fails only if it is closed, as the next read will
	}
	resp := x.into
	if resp == nil {
		x.out = c.response()
		resp = &x.out.raw
	}
	resp.StreamBody, resp.SkipBody = false, true
	err := resp.ReadLimitBody(br, 0)
	if err != nil {
		c.putReader(br)
		return PhaseHeader, cn.cause(err)
	}
	status := resp.StatusCode()
	x.head = x.head || status == fasthttp.StatusNoContent || status == fasthttp.StatusNotModified || status < 200
	x.last = x.last || resp.ConnectionClose() || status < 200
	resp.SkipBody = x.head
	if x.out != nil && x.req.Stream && !(x.follow && redirects(resp)) {
		x.stream(br, resp)
		return "", nil
	}
	if !x.head {
		limit := orDefault(c.MaxBody, defaultMaxBody)
		err = resp.ReadBody(br, limit)
		if err == nil && resp.Header.ContentLength() == -1 {
			err = resp.Header.ReadTrailer(br)
		}
		if err == nil && cn.err != io.EOF {
			err = cn.err // which fasthttp may have ignored
		}
		if err != nil {
			c.putReader(br)
			return PhaseBody, cn.cause(err)
		}
	}
	x.done(br)
	if x.out != nil {
		x.out.Body = resp.Body()
	}
	return "", nil
}

// done gives back the connection and the buffer after a reply without fault.
func (x *exchange) done(br *bufio.Reader) {
	cn := x.cn
	x.cn = nil
	x.client.finish(cn, br, x.last)
}

// finish gives back the buffer and the connection of a reply without fault. If the
// server has sent more than the reply, the connection gets no other request.
func (c *Client) finish(cn *conn, br *bufio.Reader, last bool) {
	last = last || cn.err != nil || br.Buffered() > 0
	c.putReader(br)
	if last {
		c.discard(cn)
		return
	}
	cn.used = true
	c.release(cn)
}

// again reports whether an exchange that failed is to be tried once more, with a new
// connection in the place of the old: if that had been kept open and turned out to
// have been closed by the server meanwhile.
//
//go:noinline
func (x *exchange) again(err error) bool {
	if x.out != nil {
		x.out.Release()
		x.out = nil
	}
	cn := x.cn
	if cn == nil {
		return false
	}
	gone := errors.Is(err, errHungUp) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	if gone && cn.used && !cn.received && !x.fresh && !x.unread && (!x.once || !cn.sent) {
		cn.close()
		x.cn, x.fresh = &conn{host: cn.host}, true
		return true
	}
	return false
}

// abandon closes the connection of an exchange that failed, and gives up its place.
// It is deferred, because a body that panics or ends the task would keep them for ever.
//
//go:noinline
func (x *exchange) abandon() {
	if cn := x.cn; cn != nil {
		x.cn = nil
		x.client.discard(cn)
		x.giveBack()
	}
}

// idempotent reports whether a request may reach the server twice without harm (RFC 9110, section 9.2.2).
func idempotent(raw *fasthttp.Request) bool {
	switch string(raw.Header.Method()) {
	case fasthttp.MethodGet, fasthttp.MethodHead, fasthttp.MethodPut,
		fasthttp.MethodDelete, fasthttp.MethodOptions, fasthttp.MethodTrace:
		return true
	}
	return false
}
