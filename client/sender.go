package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/http/httpguts"
)

// A Sender makes an exchange: it sends one request and returns the reply to it. A [Client] is
// one, over the network; [Client.Sender] puts another in that place. All that is done with
// replies, redirects for example, is above it.
//
// The request is what would be written: its Header has the fields that the client adds
// too (Host, User-Agent, Authorization and so on), but for those that say how long the body is.
// Its Timeouts are set, with the defaults in them. The request is the Sender's until it
// returns, and a BodyStream is closed then. A Sender may read the body to its end, a part, or nothing of it.
//
// The response is one of [NewResponse], or of a Client; each may be returned once. If the
// request has Stream set, the Sender may still return the body as a whole, and the other way round. An
// error that is an [Error] keeps its phase; others get [PhaseSend]. The time of
// Timeouts.Total ends what Send waits for, by a cancellation of the task.
type Sender interface {
	Send(y *loop.Yielder, r *Request) (*Response, error)
}

// Send makes one exchange over the network, whatever the Sender of the client: no redirect is
// followed, and nothing is added to the request that its Header has. It makes a
// Client a [Sender], for one that stands between a client and the network.
func (c *Client) Send(y *loop.Yielder, r *Request) (*Response, error) {
	x := c.request(r)
	x.sender, x.alone = nil, true
	return x.do(y)
}

// NewResponse makes a response that has not come over the network. The header fields
// are read as if they had; a malformed one makes the request fail that gets the
// response. If they say nothing about the length of the body, a Content-Length is added. The
// body may be set as Stream of the response instead.
func NewResponse(status int, header map[string][]string, body []byte) *Response {
	r := &Response{Status: status, Body: body}
	r.raw, r.invalid = newReply(status, header, len(body))
	return r
}

// SetTrailer gives a response of [NewResponse] the fields that come after its body.
func (r *Response) SetTrailer(fields map[string][]string) {
	if r.raw == nil || len(fields) == 0 {
		return
	}
	var b bytes.Buffer
	err := writeFields(&b, fields)
	if err == nil {
		b.WriteString("\r\n")
		err = r.raw.Header.ReadTrailer(bufio.NewReaderSize(&b, b.Len()))
	}
	if err != nil && r.invalid == nil {
		r.invalid = fmt.Errorf("trailer: %w", malformed(err))
	}
}

// newReply makes the header of a reply, by the parser that reads those of servers.
func newReply(status int, header map[string][]string, length int) (*fasthttp.Response, error) {
	if status < 100 || status > 999 {
		return nil, fmt.Errorf("%w %d", errStatus, status)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, fasthttp.StatusMessage(status))
	if err := writeFields(&b, header); err != nil {
		return nil, err
	}
	if status >= 200 && status != fasthttp.StatusNoContent && status != fasthttp.StatusNotModified &&
		!has(header, fasthttp.HeaderContentLength) && !has(header, fasthttp.HeaderTransferEncoding) {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", length)
	}
	b.WriteString("\r\n")
	raw := &fasthttp.Response{}
	raw.Header.SetNoDefaultContentType(true)
	if err := raw.Header.Read(bufio.NewReaderSize(&b, b.Len())); err != nil {
		return nil, malformed(err)
	}
	return raw, nil
}

// writeFields writes fields in an order that is always the same.
func writeFields(b *bytes.Buffer, fields map[string][]string) error {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		for _, v := range fields[key] {
			if !httpguts.ValidHeaderFieldName(key) || !httpguts.ValidHeaderFieldValue(v) {
				return errField
			}
			fmt.Fprintf(b, "%s: %s\r\n", key, v)
		}
	}
	return nil
}

var (
	errNoResponse = errors.New("the Sender has returned neither a response nor an error")
	errReturned   = errors.New("the Sender has returned a response for the second time")
)

// pass has the Sender make the exchange.
//
//go:noinline
func (x *exchange) pass(y *loop.Yielder) (Phase, error) {
	if x.limits == nil {
		x.limit()
	}
	if err := x.parse(); err != nil {
		return PhaseRequest, err
	}
	var resp *Response
	r := x.outgoing()
	err := loop.NewTimeoutAt(y, x.by).Run(y, func() (err error) {
		resp, err = x.sender.Send(y, r)
		return err
	})
	if err != nil {
		if resp != nil && resp.Stream != nil {
			_ = resp.Stream.Close() // the time was up in the moment it was there
		}
		if errors.Is(err, loop.ErrTimeout) {
			return PhaseFirstByte, os.ErrDeadlineExceeded
		}
		if e, ok := err.(*Error); ok {
			return e.Phase, e.Err
		}
		return PhaseSend, err
	}
	if err := x.adopt(resp); err != nil {
		return PhaseHeader, err
	}
	if x.trace != nil {
		x.trace.replied(EventHeader, resp.Status)
		x.trace.tell(y)
	}
	return "", nil
}

// readGiven is readBody for a reply of a Sender.
//
//go:noinline
func (x *exchange) readGiven(y *loop.Yielder) (phase Phase, err error) {
	switch {
	case x.req.Stream:
		if x.given == nil {
			x.given = io.NopCloser(bytes.NewReader(x.whole))
		}
		return "", nil
	case x.given != nil:
		defer x.closeGiven()
		if x.whole, err = gather(y, x.given, x.maxBody()); err != nil {
			return phaseOf(err)
		}
	case len(x.whole) > x.maxBody():
		return PhaseBody, ErrBodyTooLarge
	}
	if x.into != nil {
		x.into.SetBodyRaw(x.whole)
	}
	return "", nil
}

// closeGiven closes a body that nobody will read. Its error is nobody's.
func (x *exchange) closeGiven() {
	if x.given != nil {
		_ = x.given.Close()
		x.given = nil
	}
}

// phaseOf returns the phase and the cause of an error of a body.
func phaseOf(err error) (Phase, error) {
	if e, ok := err.(*Error); ok {
		return e.Phase, e.Err
	}
	return PhaseBody, err
}

// outgoing returns the request of this exchange, as it would be written.
func (x *exchange) outgoing() *Request {
	r := *x.req
	r.Method, r.URL, r.Header, r.Body, r.Timeouts = x.method, x.url, make(map[string][]string), x.body, x.limits
	h := &x.client.scratch
	h.Reset()
	x.fill(h)
	_, fields, _ := strings.Cut(string(h.AppendBytes(nil)), "\r\n")
	for line := range strings.SplitSeq(fields, "\r\n") {
		key, v, ok := strings.Cut(line, ": ")
		switch {
		case !ok, strings.EqualFold(key, fasthttp.HeaderContentLength), strings.EqualFold(key, fasthttp.HeaderTransferEncoding),
			r.Expect && strings.EqualFold(key, fasthttp.HeaderExpect):
		default:
			r.Header[key] = append(r.Header[key], v)
		}
	}
	if !has(r.Header, fasthttp.HeaderUserAgent) {
		r.Header[fasthttp.HeaderUserAgent] = []string{""} // none
	}
	if x.source != nil {
		r.Body, r.BodyStream, r.Length = nil, x.source, int64(max(0, x.source.length))
	}
	return &r
}

// adopt makes resp the reply of x.
func (x *exchange) adopt(resp *Response) error {
	switch {
	case resp == nil:
		return errNoResponse
	case resp.invalid != nil:
		return resp.invalid
	case resp.raw == nil:
		if resp.raw, resp.invalid = newReply(resp.Status, nil, len(resp.Body)); resp.invalid != nil {
			return resp.invalid
		}
	}
	x.reply, x.whole, x.given, x.adopted = resp.raw, resp.Body, resp.Stream, resp
	resp.client, resp.Stream, resp.invalid = nil, nil, errReturned // its Release must not touch them
	if x.into != nil {
		x.reply.Header.CopyTo(&x.into.Header)
		x.reply = x.into
	}
	if x.noBody(resp.Status) {
		x.whole = nil
		x.closeGiven()
	}
	return nil
}

// deliver gives r the body that a Sender has returned, if it is streamed, or the connection.
//
//go:noinline
func (x *exchange) deliver(r *Response) {
	if r.Conn = x.adopted.Conn; x.given != nil {
		r.Stream = x.handOn()
	}
}

// A handed is a body that a Sender has returned.
type handed struct {
	client *Client
	body   io.ReadCloser
	by     time.Duration
	trace  *trace // nil unless the client has a Trace
	err    error  // what Read returns from now on

	method, url string // for errors
}

// handOn makes the body of a Sender that of a response.
func (x *exchange) handOn() *handed {
	h := &handed{client: x.client, body: x.given, by: x.by, trace: x.trace, method: x.method, url: x.url}
	x.given = nil
	return h
}

// Read reads the body, until the time for the request is up.
func (h *handed) Read(p []byte) (int, error) {
	if h.err != nil {
		return 0, h.err
	}
	n, err := h.body.Read(p)
	if h.err != nil { // another task has closed it
		return n, h.err
	}
	if err == nil && h.by != never && h.client.loop.Time() >= h.by {
		err = os.ErrDeadlineExceeded
	}
	if _, ok := err.(*Error); ok || err == nil || err == io.EOF {
		h.err = err
	} else {
		h.err = &Error{PhaseBody, h.method, h.url, err}
	}
	if h.err != nil {
		h.end(h.err)
	}
	return n, h.err
}

// end closes what the Sender has returned. If there is an error, that says more.
func (h *handed) end(err error) {
	_ = h.body.Close()
	if h.trace != nil {
		h.trace.bodyEnded(err)
		if y, e := h.client.loop.Current(); e == nil {
			h.trace.tell(y)
		}
	}
}

// Close ends the reading.
func (h *handed) Close() error {
	h.stop(net.ErrClosed)
	return nil
}

// stop ends the reading because of err.
func (h *handed) stop(err error) {
	if h.err == nil {
		h.err = &Error{PhaseBody, h.method, h.url, err}
		h.end(h.err)
	}
}
