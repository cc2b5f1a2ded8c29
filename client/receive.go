package client

import (
	"errors"
	"io"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// receive reads the header of a reply that comes by way of TLS, and the body if that is there.
//
//go:noinline
func (x *exchange) receive() (Phase, error) {
	for x.state == sent {
		cn, phase := x.cn, x.awaits()
		err := cn.raw.ReadBy(x.until())
		if err == nil {
			err = cn.tls.WaitRead()
		}
		if err == nil {
			x.head()
			phase, err = x.phase, x.err
		}
		if err != nil {
			return x.failed(phase, err)
		}
	}
	return "", nil
}

// readBody reads the body of the reply, unless that is to be streamed, and ends the upload.
//
//go:noinline
func (x *exchange) readBody(y *loop.Yielder) (Phase, error) {
	if x.sender != nil {
		return x.readGiven(y)
	}
	if x.upload != nil && x.reply.StatusCode() >= fasthttp.StatusMultipleChoices {
		if err := x.stop(y); err != nil { // the server does not want it
			return PhaseWrite, err
		}
	}
	if x.req.Stream {
		return "", nil
	}
	if x.state == headed {
		if phase, err := x.gather(y); err != nil {
			return x.failed(phase, err)
		}
	}
	if x.upload != nil {
		return PhaseWrite, x.stop(y)
	}
	return "", nil
}

// awaits is the phase of a wait for the reply.
func (x *exchange) awaits() Phase {
	switch {
	case x.br != nil:
		return PhaseHeader
	case x.upload != nil && !x.upload.over:
		return PhaseWrite
	}
	return PhaseFirstByte
}

// until is how long to wait for the reply, or for more of it.
func (x *exchange) until() time.Duration {
	if x.br != nil {
		return min(x.by, after(x.client.loop, x.limits.Silence))
	}
	return min(x.by, x.first)
}

// failed returns the reason why reading the reply failed. If sending the request did, that is
// the reason.
func (x *exchange) failed(phase Phase, err error) (Phase, error) {
	if u := x.upload; u != nil && u.err != nil {
		return PhaseWrite, u.err
	}
	return phase, err
}

// head reads the header of the reply, and the body if that has come with it.
func (x *exchange) head() {
	defer func() { x.cn.trying = false }()
	c, cn := x.client, x.cn
	cn.trying = cn.tls == nil
	x.phase, x.err = PhaseHeader, nil
	if x.br == nil {
		x.br = c.reader(cn)
		if x.reply = x.into; x.reply == nil {
			x.reply = c.reply()
		}
		x.reply.Header.SetNoDefaultContentType(true)
	}
	h := &x.reply.Header
	for {
		cn.blocked = false
		err := h.Read(x.br)
		if x.trace != nil && cn.received {
			x.trace.heard()
		}
		if err != nil {
			switch {
			case cn.blocked && x.br.Buffered() == 0:
				x.putReader()
			case cn.blocked:
			default:
				if !cn.received {
					x.phase = PhaseFirstByte
				}
				x.err = cn.cause(err)
			}
			return
		}
		status := h.StatusCode()
		switch {
		case status < 100:
			x.err = errStatus
			return
		case status >= 200 || status == fasthttp.StatusSwitchingProtocols:
			x.headed()
			return
		case status == fasthttp.StatusContinue && x.upload != nil:
			x.upload.goOn.Set()
		}
		if x.trace != nil {
			x.trace.replied(EventInterim, status)
		}
	}
}

var errStatus = errors.New("invalid status")

// headed looks at the header of the reply that counts.
func (x *exchange) headed() {
	h := &x.reply.Header
	status, length := h.StatusCode(), h.ContentLength()
	x.last = x.last || h.ConnectionClose() || status == fasthttp.StatusSwitchingProtocols
	x.state = headed
	if x.trace != nil {
		x.trace.replied(EventHeader, status)
	}
	switch {
	case x.noBody(status):
		x.state = complete
	case x.req.Stream:
	case length >= 0 && length <= min(x.br.Buffered(), x.maxBody()):
		x.phase = PhaseBody
		if x.err = x.reply.ReadBody(x.br, length); x.err == nil {
			x.whole, x.state = x.reply.Body(), complete
		}
	}
}

// noBody reports whether a reply of that status has no body, whatever its header says.
func (x *exchange) noBody(status int) bool { return bodiless(x.method, status) }

func bodiless(method string, status int) bool {
	return method == fasthttp.MethodHead || status == fasthttp.StatusNoContent ||
		status == fasthttp.StatusNotModified || status < 200
}

// maxBody is how large the body of the reply may be.
func (x *exchange) maxBody() int {
	if n := x.req.MaxBody; n != 0 {
		return n
	}
	return x.client.maxBody()
}

// gather reads the body, as it comes.
//
//go:noinline
func (x *exchange) gather(y *loop.Yielder) (Phase, error) {
	limit := x.maxBody()
	if x.reply.Header.ContentLength() > limit {
		return PhaseBody, ErrBodyTooLarge
	}
	b := x.incoming()
	all, err := gather(y, b, limit)
	b.close()
	if err != nil {
		return PhaseBody, err
	}
	if x.into != nil {
		x.into.SetBodyRaw(all)
	}
	x.whole, x.state = all, complete
	return "", nil
}

// body reads the body of a reply.
type body struct {
	reply *fasthttp.Response
	cn    *conn
}

// incoming makes the body of the reply ready to be read.
func (x *exchange) incoming() *body {
	x.reply.StreamBody = true
	_ = x.reply.ReadBody(x.br, 0) // reads nothing yet
	return &body{x.reply, x.cn}
}

// close ends the reading.
func (b *body) close() {
	_ = b.reply.CloseBodyStream() // has nothing to close
	b.reply.StreamBody = false
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.reply.BodyStream().Read(p)
	b.cn.bodyRead(n)
	switch {
	case err == nil:
	case err == io.EOF && (b.cn.err == nil || b.cn.err == io.EOF && b.reply.Header.ContentLength() < -1):
	case err == io.EOF:
		err = b.cn.cause(io.ErrUnexpectedEOF)
	default:
		err = b.cn.cause(err)
	}
	return n, err
}
