package client

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// A Sender makes an exchange: it sends one request and returns the reply to it. A [Client] is
// one, over the network, and [Client.Sender] puts another in that place. Redirects, cookies,
// proofs, attempts and the decoding of bodies are above it: they are done with its replies too.
//
// The request is what would be written. Its Header has the fields that the client adds (Host,
// User-Agent, Authorization and so on), but for those that say how long the body is. Its
// Timeouts are set, with the defaults in them. The request is the Sender's until Send returns;
// a BodyStream is closed then. A Sender may read all of it, a part, or nothing.
//
// The response is made by [NewResponse] or by a Client. Each may be returned once. The body may
// be a Stream even if the request does not ask for one, and the other way round. An error that
// is an [Error] keeps its phase; others get [PhaseSend]. When the time of Timeouts.Total is up,
// what Send waits for is cancelled, and the request fails with that time-out.
type Sender interface {
	Send(y *loop.Yielder, r *Request) (*Response, error)
}

// Send makes one exchange over the network, even if the client has a Sender. No redirect is
// followed, and nothing else follows from the reply; its body is not decoded. Host and User-Agent
// are all that is added to the Header. So a Client is a [Sender], for another Sender that stands
// between a client and the network.
func (c *Client) Send(y *loop.Yielder, r *Request) (*Response, error) {
	x := c.request(r)
	x.sender, x.alone, x.verbatim = nil, true, true
	return x.do(y)
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
	limit := loop.NewTimeoutAt(y, x.by)
	err := limit.Run(y, func() (err error) {
		resp, err = x.sender.Send(y, r)
		return err
	})
	if err == nil {
		return x.adopt(resp)
	}
	if resp != nil && resp.Stream != nil {
		_ = resp.Stream.Close() // the time was up in the moment it was there
	}
	if limit.Expired() && errors.Is(err, loop.ErrTimeout) {
		return PhaseFirstByte, os.ErrDeadlineExceeded
	}
	return phaseOf(PhaseSend, err)
}

// phaseOf returns the phase and the cause of an error, which is one of a phase unless it says more.
func phaseOf(phase Phase, err error) (Phase, error) {
	if e, ok := err.(*Error); ok {
		return e.Phase, e.Err
	}
	return phase, err
}

// outgoing returns the request of this exchange, as it would be written.
func (x *exchange) outgoing() *Request {
	r := &Request{
		Method: x.method, URL: x.url, Header: make(map[string][]string), Body: x.body, Trailer: x.req.Trailer,
		Expect: x.expects(), Timeouts: x.limits, MaxBody: x.req.MaxBody, Stream: x.req.Stream,
	}
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
	if s := x.source; s != nil {
		s.seen = x.req.OnUpload
		r.Body, r.BodyStream, r.Length = nil, s, int64(max(0, s.length))
		r.GetBody = func() (io.Reader, error) { return s, s.rewind() }
	}
	return r
}

// adopt makes resp the reply of x.
func (x *exchange) adopt(resp *Response) (Phase, error) {
	switch {
	case resp == nil:
		return PhaseHeader, errNoResponse
	case resp.raw == nil && resp.invalid == nil:
		resp.make(resp.Status, nil)
	}
	if resp.invalid != nil {
		return PhaseHeader, resp.invalid
	}
	x.uploaded()
	x.reply, x.sent, x.whole, x.given, x.adopted = resp.raw, resp.sent, resp.Body, resp.Stream, resp
	resp.client, resp.sent, resp.Stream, resp.invalid = nil, nil, nil, errReturned // its Release must not touch them
	if x.into != nil {
		x.reply.Header.CopyTo(&x.into.Header)
		x.reply = x.into
	}
	if x.trace != nil {
		x.trace.replied(TraceHeader, resp.Status)
	}
	if x.state = headed; x.noBody(resp.Status) {
		x.whole, x.state = nil, complete
		x.closeGiven()
	}
	if x.codings.n = 0; x.asked && x.state == headed && len(x.reply.Header.ContentEncoding()) > 0 {
		return PhaseHeader, x.coded()
	}
	return "", nil
}

// uploaded tells of the body of the request, which the Sender has had.
func (x *exchange) uploaded() {
	switch n := int64(len(x.body)); {
	case x.req.OnUpload == nil:
	case x.source != nil:
		x.source.tell()
	case n > 0:
		x.req.OnUpload(n, n)
	}
}

// readGiven is readBody for a reply of a Sender.
//
//go:noinline
func (x *exchange) readGiven(y *loop.Yielder) (Phase, error) {
	if x.streamed() {
		return "", nil
	}
	if x.asked && x.unwanted() { // it was not: the redirect is not followed
		if err := x.codings.parse(x.encodings()); err != nil {
			return PhaseHeader, err
		}
	}
	if x.state == complete {
		return "", nil
	}
	body := x.incoming()
	defer body.Close()
	all, err := x.gather(body)
	if err != nil {
		return phaseOf(PhaseBody, err)
	}
	x.whole, x.state = all, complete
	return "", nil
}

// incoming returns the body that a Sender has returned, decoded if need be, and counted.
func (x *exchange) incoming() io.ReadCloser {
	b := &incoming{Reader: x.given, given: x.given}
	if x.given == nil {
		b.Reader = bytes.NewReader(x.whole)
	}
	if x.given = nil; x.req.OnDownload != nil {
		b.Reader = &counted{b.Reader, x.req.OnDownload, 0, int64(max(x.reply.Header.ContentLength(), -1))}
	}
	if x.decoded = x.codings.n > 0; x.decoded {
		b.decode = x.client.decoding(&x.codings, b.Reader, nil, &way{loop: x.client.loop})
		b.Reader = b.decode
	}
	return b
}

// An incoming is the body that a Sender has returned.
type incoming struct {
	io.Reader
	given  io.Closer
	decode *decoding // nil if the body is not encoded
}

// Close gives back the decoder, and closes what the Sender has returned.
func (b *incoming) Close() error {
	if b.decode != nil {
		b.decode.end()
		b.decode = nil
	}
	if b.given == nil {
		return nil
	}
	return b.given.Close()
}

// A counted reader tells how much has been read.
type counted struct {
	io.Reader
	seen        func(done, total int64)
	done, total int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.done += int64(n); n > 0 {
		c.seen(c.done, c.total)
	}
	return n, err
}

// closeGiven closes a body that nobody will read. Its error is nobody's.
func (x *exchange) closeGiven() {
	if x.given != nil {
		_ = x.given.Close()
		x.given = nil
	}
}

// deliver gives r what a Sender has returned: the body if that is streamed, or the connection.
//
//go:noinline
func (x *exchange) deliver(r *Response) {
	if r.Conn = x.adopted.Conn; x.streamed() {
		r.Stream = &handed{client: x.client, body: x.incoming(), by: x.by, trace: x.trace, method: x.method, url: x.url}
	}
}
