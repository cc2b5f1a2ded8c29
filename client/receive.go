package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// receive reads the header of a reply that comes by way of TLS, and the body if that is there.
//
//go:noinline
func (x *exchange) receive() (Phase, error) {
	for x.state == sent {
		cn := x.cn
		err := cn.raw.ReadBy(x.until())
		if err == nil {
			err = cn.tls.WaitRead()
		}
		if err != nil {
			return x.failed(x.awaits(), err) // an upload may have ended in the meantime
		}
		if x.head(); x.err != nil {
			return x.failed(x.phase, x.err)
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
	if x.streamed() {
		return "", nil
	}
	if x.asked && x.unwanted() { // it was not: the redirect is not followed
		if err := x.codings.parse(x.encodings()); err != nil {
			return PhaseHeader, err
		}
		if x.codings.n > 0 && len(x.whole) > 0 {
			x.state = headed
		}
	}
	if x.state == headed {
		var err error
		switch {
		case x.client.MaxBody >= 0 && x.reply.Header.ContentLength() > x.maxBody():
			err = ErrBodyTooLarge
		case x.codings.n > 0:
			err = x.decode(y)
		default:
			x.whole, err = x.gather(x.open())
		}
		if err != nil {
			return x.failed(PhaseBody, err)
		}
		x.state = complete
	}
	if x.upload != nil {
		return PhaseWrite, x.stop(y)
	}
	x.state = complete
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
	if u := x.upload; u != nil && u.err != nil && !loop.IsCancelled(err) {
		return PhaseWrite, u.err
	}
	return phase, err
}

// head reads the header of the reply, and the body if that has come with it.
func (x *exchange) head() {
	defer func() { x.cn.trying = false }()
	c, cn := x.client, x.cn
	cn.trying = true
	x.phase, x.err = PhaseHeader, nil
	if x.br == nil {
		x.br = c.reader(cn)
		if x.reply == nil {
			if x.reply = x.into; x.reply == nil {
				x.reply = c.reply()
			}
		}
		x.reply.Header.SetNoDefaultContentType(true)
	}
	h := &x.reply.Header
	for {
		cn.blocked = false
		err := x.readHeader()
		if x.trace != nil && cn.received {
			x.trace.heard()
		}
		if err != nil {
			switch {
			case cn.bare:
				cn.straighten()
				continue
			case cn.blocked && x.br.Buffered() == 0:
				x.putReader()
			case cn.blocked:
			default:
				x.err = cn.cause(err)
				if x.br.Buffered() == 0 { // an interim reply is not the reply
					x.phase = PhaseFirstByte
					if errors.Is(x.err, io.ErrUnexpectedEOF) {
						x.err = errHungUp
					}
				}
			}
			return
		}
		status := h.StatusCode()
		switch {
		case status < 100, status == fasthttp.StatusOK && noStatus(x.sent):
			x.err = errStatus
			return
		case status >= 200 || status == fasthttp.StatusSwitchingProtocols:
			x.headed()
			return
		case status == fasthttp.StatusContinue && x.upload != nil:
			x.upload.goOn.Set()
		}
		if x.trace != nil {
			x.trace.replied(TraceInterim, status)
		}
		if x.br.Buffered() == 0 {
			x.putReader() // the reply has not begun
			return
		}
	}
}

var errStatus = errors.New("invalid status")

// noStatus reports whether a header has the status 000, which fasthttp takes for 200.
func noStatus(header []byte) bool {
	if bytes.HasPrefix(header, []byte("HTTP/1.1 2")) {
		return false
	}
	_, status, _ := bytes.Cut(bytes.TrimLeft(header, "\r\n"), []byte(" "))
	return bytes.HasPrefix(bytes.TrimLeft(status, " "), []byte("000"))
}

// closes reports whether the server is going to close the connection, as far as the header says.
func (x *exchange) closes() bool {
	h := &x.reply.Header
	if x.method == fasthttp.MethodHead && h.ContentLength() == -2 && h.ConnectionClose() {
		return x.closesHead()
	}
	return h.ConnectionClose()
}

// closesHead is closes for a reply to HEAD without a length: fasthttp says that the connection
// closes then, as it would have to if there were a body. So fasthttp is asked again, with a length.
//
//go:noinline
func (x *exchange) closesHead() bool {
	var h fasthttp.ResponseHeader
	text := string(bytes.TrimRight(x.sent, "\r\n")) + "\r\nContent-Length: 0\r\n\r\n"
	return h.Read(bufio.NewReader(strings.NewReader(text))) != nil || h.ConnectionClose()
}

// headed looks at the header of the reply that counts.
func (x *exchange) headed() {
	h := &x.reply.Header
	status, length := h.StatusCode(), h.ContentLength()
	x.last = x.last || x.closes() || status == fasthttp.StatusSwitchingProtocols
	x.state = headed
	if x.trace != nil {
		x.trace.replied(TraceHeader, status)
	}
	if x.codings.n = 0; x.asked && len(h.ContentEncoding()) > 0 {
		x.err = x.coded()
	}
	switch {
	case x.err != nil:
	case x.noBody(status):
		x.state = complete
	case x.streamed():
	case length >= 0 && length <= min(x.br.Buffered(), x.maxBody()) && x.req.OnDownload == nil:
		x.phase = PhaseBody
		if x.err = x.reply.ReadBody(x.br, length); x.err != nil {
			return
		}
		if x.whole = x.reply.Body(); x.codings.n == 0 || length == 0 {
			x.state = complete
		}
	}
}

// coded finds out how the body is encoded.
func (x *exchange) coded() error {
	if x.unwanted() {
		return nil
	}
	return x.codings.parse(x.encodings())
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

// streamed reports whether the body of the reply is left to be read by the caller.
func (x *exchange) streamed() bool { return x.req.Stream && !x.raises() }

// unwanted reports whether the reply may be no more than a redirect that is followed.
func (x *exchange) unwanted() bool {
	return !x.alone && x.client.MaxRedirects >= 0 && redirects(x.reply)
}
