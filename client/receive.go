package client

import (
	"errors"
	"io"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// receive reads the reply, all of it unless its body is to be streamed.
func (x *exchange) receive(y *loop.Yielder) (Phase, error) {
	for x.state = awaited; x.state == awaited; {
		if phase, err := x.wait(); err != nil {
			return phase, err
		}
		if x.cn.tls == nil {
			loop.OnLoopStack(y, x.heading)
		} else {
			x.head()
		}
		if x.err != nil {
			return x.failed(x.phase, x.err)
		}
	}
	if x.upload != nil && x.reply.StatusCode() >= fasthttp.StatusMultipleChoices {
		if err := x.stop(y); err != nil { // the server does not want it
			return PhaseWrite, err
		}
	}
	if x.state == headed && !x.streamed() {
		if phase, err := x.gather(y); err != nil {
			return x.failed(phase, err)
		}
	}
	if x.upload != nil && x.state == complete {
		if err := x.stop(y); err != nil {
			return PhaseWrite, err
		}
	}
	return "", nil
}

// wait parks until something of the reply is there.
func (x *exchange) wait() (Phase, error) {
	cn, phase, by := x.cn, PhaseFirstByte, min(x.by, x.first)
	switch {
	case x.br != nil:
		phase, by = PhaseHeader, min(x.by, after(x.client.loop, x.limits.Silence))
	case x.upload != nil && !x.upload.over:
		phase = PhaseWrite
	}
	err := cn.raw.ReadBy(by)
	if err == nil {
		err = cn.waitRead()
	}
	if err != nil {
		return x.failed(phase, err)
	}
	return "", nil
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
	c, cn := x.client, x.cn
	cn.trying = cn.tls == nil
	defer func() { cn.trying = false }()
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
		if err := h.Read(x.br); err != nil {
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
		case x.interim == maxInterim:
			x.err = errInterim
			return
		case status == fasthttp.StatusContinue && x.upload != nil:
			x.upload.goOn.Set()
		}
		x.interim++
	}
}

var (
	errStatus  = errors.New("invalid status")
	errInterim = errors.New("too many informational replies")
)

// headed looks at the header of the reply that counts.
func (x *exchange) headed() {
	h := &x.reply.Header
	status, length := h.StatusCode(), h.ContentLength()
	x.last = x.last || h.ConnectionClose() || status == fasthttp.StatusSwitchingProtocols
	x.state = headed
	switch {
	case x.method == fasthttp.MethodHead, status == fasthttp.StatusNoContent,
		status == fasthttp.StatusNotModified, status < 200:
		x.state = complete
	case x.streamed():
	case length > x.client.maxBody():
		x.phase, x.err = PhaseBody, ErrBodyTooLarge
	case length >= 0 && length <= x.br.Buffered():
		x.phase = PhaseBody
		if x.err = x.reply.ReadBody(x.br, length); x.err == nil {
			x.whole, x.state = x.reply.Body(), complete
		}
	}
}

// streamed reports whether the body of the reply is left to be read by the caller.
func (x *exchange) streamed() bool {
	return x.req.Stream && !(x.follows && redirects(x.reply))
}

// gather reads the body, as it comes.
//
//go:noinline
func (x *exchange) gather(y *loop.Yielder) (Phase, error) {
	x.reply.StreamBody = true
	_ = x.reply.ReadBody(x.br, 0) // reads nothing yet
	b := body{x.reply, x.cn}
	all, err := gather(y, &b, x.client.maxBody())
	_ = x.reply.CloseBodyStream() // has nothing to close
	if err != nil {
		return PhaseBody, err
	}
	x.whole, x.state = all, complete
	return "", nil
}

// body reads the body of a reply.
type body struct {
	reply *fasthttp.Response
	cn    *conn
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
