package client

import (
	"io"
	"iter"
	"net"
	"net/http"
	"strings"

	"github.com/valyala/fasthttp"
)

// A Response is the reply to a Request. It belongs to the goroutine of the loop.
type Response struct {
	Status int
	URL    string // of the last request, after redirects

	// History are the redirects that were followed, oldest first.
	History []Redirect

	// Body is the whole body, decoded, unless it is streamed. It is valid until Release.
	Body []byte

	// Stream is the body of a request with Stream set, else nil. It reads
	// straight from the connection, so that a slow reader slows down the server.
	// It must be read to its end, after which the connection serves other
	// requests, or closed, which closes the connection. MaxBody does not limit it: a
	// small body may decode to an endless stream, so its reader has to stop at some point.
	Stream io.ReadCloser

	// Conn is the connection of a response 101 (Switching Protocols) to a request with a header
	// field Upgrade; nil for all others. It is the caller's, who closes it: the client no longer
	// counts it, and Release does not touch it.
	Conn net.Conn

	// Uncompressed reports whether the body was decoded. If so, the header fields
	// Content-Encoding and Content-Length, which speak of what was sent, are left out
	// of Header, Values and Headers (as net/http does).
	Uncompressed bool

	client *Client
	method string
	raw    *fasthttp.Response // nil after Release
	sent   []byte             // the header, as it was sent
	list   []field            // the same, once it was asked for

	invalid error // of NewResponse
}

// response makes the response of the reply, and gives back the connection.
//
//go:noinline
func (x *exchange) response() *Response {
	r := x.resp
	if r == nil {
		r = &Response{}
	}
	*r = Response{
		Status: x.reply.StatusCode(), URL: x.url, Body: x.whole,
		client: x.client, method: x.method, raw: x.reply, sent: x.sent,
	}
	if x.session != nil {
		r.History = x.session.history
	}
	switch {
	case x.sender != nil:
		x.deliver(r)
	case x.switches():
		r.Conn = x.handOver()
	case x.streamed():
		r.Stream = x.stream()
	default:
		x.finish()
	}
	r.Uncompressed = x.decoded
	x.reply, x.sent = nil, nil
	return r
}

// Header returns the value of a header field; of several of that name the first; "" if there is
// none. Case does not matter.
func (r *Response) Header(key string) string {
	for k, v := range r.fields {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

// Values returns the values of all header fields of that name, one for each field: two
// Set-Cookie fields are two values.
func (r *Response) Values(key string) (all []string) {
	for k, v := range r.fields {
		if strings.EqualFold(k, key) {
			all = append(all, v)
		}
	}
	return all
}

// Headers ranges over the header fields, in the order in which they were sent. Their names are in
// the form of http.CanonicalHeaderKey.
func (r *Response) Headers() iter.Seq2[string, string] { return r.fields }

// fields ranges over the header fields that count.
func (r *Response) fields(yield func(key, value string) bool) {
	if r.raw == nil {
		return
	}
	if r.list == nil {
		r.list = fieldsOf(&r.raw.Header, r.sent)
	}
	for _, f := range r.list {
		if r.Uncompressed && (f.name == fasthttp.HeaderContentEncoding || f.name == fasthttp.HeaderContentLength) {
			continue
		}
		if !yield(f.name, f.value) {
			return
		}
	}
}

// Trailer returns the value of a field that came after the body; of several of that name the
// first. There is none before the body has been read to its end.
func (r *Response) Trailer(key string) string {
	for k, v := range r.Trailers() {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

// Trailers ranges over the fields that came after the body.
func (r *Response) Trailers() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if r.raw == nil {
			return
		}
		for line := range strings.Lines(string(r.raw.Header.TrailerHeader())) {
			if k, v, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ": "); ok && !yield(k, v) {
				return
			}
		}
	}
}

// Cookies returns the cookies that the response sets, as net/http parses them.
func (r *Response) Cookies() []*http.Cookie {
	fields := r.Values(fasthttp.HeaderSetCookie)
	if len(fields) == 0 {
		return nil
	}
	return (&http.Response{Header: http.Header{fasthttp.HeaderSetCookie: fields}}).Cookies()
}

// Reason returns the text of the status as the server has sent it, which may be "".
func (r *Response) Reason() string {
	if r.raw == nil {
		return ""
	}
	return string(r.raw.Header.StatusMessage())
}

// Proto returns the version of HTTP that the server has answered in: "HTTP/1.1" as a rule.
func (r *Response) Proto() string {
	if r.raw == nil {
		return ""
	}
	return string(r.raw.Header.Protocol())
}

// Release gives the memory of the response, its Body included, back to the client for
// further responses, and closes its Stream. Calling it is not required, and harmless if it is
// called again. A Body must not be used afterwards; in debug mode it is overwritten, so that
// such a use is seen. The methods return zero values, or an error if they can.
func (r *Response) Release() {
	raw, body, c := r.raw, r.Body, r.client
	r.raw, r.Body, r.list = nil, nil, nil
	if r.Stream != nil {
		_ = r.Stream.Close() // which never fails
	}
	if raw == nil || c == nil { // it has not come from a client
		return
	}
	if c.loop.Debugging() {
		for i := range body {
			body[i] = released
		}
	}
	if r.Stream == nil { // the stream may still be in use
		c.putReply(raw)
	}
	c.putBuffer(r.sent)
	r.sent = nil
}

// released is what the body of a released response is made of in debug mode.
const released = 0xdb
