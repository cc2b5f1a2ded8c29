package client

import (
	"io"
	"iter"
	"net"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"
)

// A Request is what Do sends. Do does not change it. It may be used again unless it
// has a BodyStream, which is read to its end.
type Request struct {
	Method string // "" means GET
	URL    string // http or https; absolute, unless the client has a BaseURL; a user and password in it are sent

	// Query is added to the query of the URL, sorted by name.
	Query url.Values

	// Header has the header fields beside the ones that the client sets itself; an
	// http.Header will do. One named Host overrides the host of the URL.
	Header map[string][]string

	Body []byte

	// BodyStream is sent instead of Body, in a task of its own, and closed, whatever becomes of
	// the request, if it is an io.Closer. It may be something whose Read parks.
	BodyStream io.Reader

	// GetBody, unless nil, returns the same BodyStream anew, for a redirect, a challenge or another
	// attempt that has it sent again (http.Request.GetBody). Without it a BodyStream that is an
	// io.Seeker is set back to where it was; another one cannot be sent twice. It is called in the task.
	GetBody func() (io.Reader, error)

	// Length is the length of BodyStream; if it is 0, the body is sent chunked.
	Length int64

	// Trailer has the fields that are sent after a BodyStream without Length. Their names are
	// announced in the header; the values may be set until the body has been read to its end, as
	// with http.Request.
	Trailer map[string][]string

	// Expect has the client ask the server (Expect: 100-continue) before it sends the body,
	// and wait for the answer, for a second at most.
	Expect bool

	// Auth proves to the server who asks, unless Header has an Authorization, in the place of that of
	// the client and of a user in the URL. It is not used for another origin that the request is
	// redirected to.
	Auth Auth

	// Retry, unless nil, is used instead of that of the client.
	Retry *Retry

	// Timeouts, unless nil, are used instead of those of the client.
	Timeouts *Timeouts

	// MaxBody, unless 0, is used instead of that of the client.
	MaxBody int

	// Stream has the body of the response left to be read from Response.Stream.
	Stream bool
}

func (r *Request) method() string {
	if r.Method == "" {
		return fasthttp.MethodGet
	}
	return r.Method
}

// A Response is the reply to a Request.
type Response struct {
	Status int
	URL    string // of the last request, after redirects

	// History are the redirects that were followed, oldest first.
	History []Redirect

	// Body is the whole body, unless that is streamed. It is valid until
	// Release.
	Body []byte

	// Stream is the body of a request with Stream set, else nil. It reads
	// straight from the connection, so that a slow reader slows down the server.
	// It must be read to its end, after which the connection serves other
	// requests, or closed, which closes the connection.
	Stream io.ReadCloser

	// Conn is the connection of a response 101 (Switching Protocols) to a request with a header
	// field Upgrade; nil for all others. It is the caller's, who closes it: the client no longer
	// counts it, and Release does not touch it.
	Conn net.Conn

	client  *Client
	raw     *fasthttp.Response // nil after Release
	invalid error              // of NewResponse
}

// Header returns the value of a header field; of several of that name the first.
func (r *Response) Header(key string) string {
	if r.raw == nil {
		return ""
	}
	return string(r.raw.Header.Peek(key))
}

// Headers ranges over the header fields.
func (r *Response) Headers() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if r.raw == nil {
			return
		}
		for k, v := range r.raw.Header.All() {
			if !yield(string(k), string(v)) {
				return
			}
		}
	}
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

// Release gives the memory of the response, its Body included, back to the client for
// further responses, and closes its Stream. Calling it is not required, and harmless if it is
// called again. A Body must not be used afterwards.
func (r *Response) Release() {
	raw := r.raw
	if r.Stream != nil {
		_ = r.Stream.Close() // which never fails
	} else if raw != nil && r.client != nil {
		r.client.putReply(raw)
	}
	r.Body, r.raw = nil, nil
}
