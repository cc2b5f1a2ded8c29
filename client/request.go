package client

import (
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// A Request is what Do sends. Do does not change it. It may be used again unless it
// has a BodyStream, which is read to its end.
type Request struct {
	Method string // "" means GET
	URL    string // absolute, http or https; a user and password in it are sent

	// Header has the header fields beside the ones that the client sets itself; an
	// http.Header will do. One named Host overrides the host of the URL.
	Header map[string][]string

	Body []byte

	// BodyStream is sent, chunked, instead of Body, and then closed if it is an
	// io.Closer. It may be something whose Read parks.
	BodyStream io.Reader

	// Stream has the body of the response left to be read from Response.Stream.
	Stream bool
}

var errMethod = errors.New("invalid method")

func (r *Request) method() string {
	if r.Method == "" {
		return fasthttp.MethodGet
	}
	return r.Method
}

// parse parses a URL into c.uri.
func (c *Client) parse(url string) error {
	c.url = append(c.url[:0], url...)
	return c.uri.Parse(nil, c.url)
}

// fill fills raw with the request r; its URL is the one parsed last.
func (c *Client) fill(raw *fasthttp.Request, r *Request) {
	raw.Header.SetMethod(r.method())
	raw.SetURI(&c.uri)
	raw.Header.SetUserAgent(c.userAgent())
	if len(r.Header) > 0 {
		addFields(raw, r.Header)
	}
	if r.BodyStream != nil {
		raw.SetBodyStream(r.BodyStream, -1)
	} else if r.Body != nil {
		raw.SetBodyRaw(r.Body)
	}
}

// addFields adds header fields in an order that is always the same.
func addFields(raw *fasthttp.Request, fields map[string][]string) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		for _, v := range fields[key] {
			raw.Header.Add(key, v)
		}
		if strings.EqualFold(key, fasthttp.HeaderHost) {
			raw.UseHostHeader = true
		}
	}
}

func (c *Client) userAgent() string {
	if c.UserAgent == "" {
		return defaultUserAgent
	}
	return c.UserAgent
}

// isToken reports whether s may stand in a request line (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// A Response is the reply to a Request.
type Response struct {
	Status int
	URL    string // of the last request, after redirects

	// Body is the whole body, unless that is streamed. It is valid until
	// Release.
	Body []byte

	// Stream is the body of a request with Stream set, else nil. It reads
	// straight from the connection, so that a slow reader slows down the server.
	// It must be read to its end, after which the connection serves other
	// requests, or closed, which closes the connection.
	Stream io.ReadCloser

	client *Client
	raw    fasthttp.Response
	body   stream
}

// Header returns the value of a header field; of several of that name the first.
func (r *Response) Header(key string) string { return string(r.raw.Header.Peek(key)) }

// Headers ranges over the header fields.
func (r *Response) Headers() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for k, v := range r.raw.Header.All() {
			if !yield(string(k), string(v)) {
				return
			}
		}
	}
}

// Release gives the memory of the response, its Body included, back to the client for
// further responses, and closes its Stream. Calling it is not required.
func (r *Response) Release() {
	if r.Stream != nil {
		_ = r.Stream.Close() // which never fails
	}
	c := r.client
	r.raw.Reset()
	r.Status, r.URL, r.Body, r.Stream, r.client, r.body = 0, "", nil, nil, nil, stream{}
	if c != nil {
		c.responses.put(r)
	}
}
