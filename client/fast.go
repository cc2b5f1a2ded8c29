package client

import (
	"bufio"
	"bytes"
	"io"
	"net/url"
	"strings"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// RoundTrip sends req and reads the response into resp, for callers that have fasthttp's messages
// anyway or want to use them again. It follows no redirects and does nothing else that follows
// from a reply. If resp.StreamBody is set, the body is left to be read from the BodyStream of
// resp, as from Response.Stream; otherwise it is read whole.
//
// The request is sent as req says: the path as it was given, no Content-Type that nobody has set,
// and an Authorization of its own in the place of a user in the URL. Only its body stream is
// changed, which is closed. A response without Content-Type has none.
func (c *Client) RoundTrip(y *loop.Yielder, req *fasthttp.Request, resp *fasthttp.Response) error {
	return c.roundTrip(y, fastRequest(req), req, resp, "")
}

// roundTrip makes the exchange of r, which was made of req. The connection leads to addr, unless
// that is "".
func (c *Client) roundTrip(y *loop.Yielder, r *Request, req *fasthttp.Request, resp *fasthttp.Response, addr string) error {
	defer req.CloseBodyStream()
	r.Stream = resp.StreamBody
	resp.ResetBody()
	x := c.request(r)
	x.alone, x.verbatim, x.addr = true, true, addr
	if !r.Stream {
		x.into = resp
	}
	got, err := x.do(y)
	switch {
	case err != nil:
		return err
	case !r.Stream:
		return nil
	}
	length := got.raw.Header.ContentLength()
	if length == 0 || bodiless(r.Method, got.Status) {
		noBody(got)
	} else {
		resp.SetBodyStream(&fastBody{ReadCloser: got.Stream, from: got.raw, to: resp}, length)
	}
	got.raw.Header.CopyTo(&resp.Header)
	return nil
}

// A fastBody is the body of a response in fasthttp's types.
type fastBody struct {
	io.ReadCloser
	from, to *fasthttp.Response
	ended    func() // is called once, or nil
}

// Read reads the body, and passes on what comes after it.
func (b *fastBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if trailer := b.from.Header.TrailerHeader(); err == io.EOF && len(trailer) > len("\r\n") {
		_ = b.to.Header.ReadTrailer(bufio.NewReaderSize(bytes.NewReader(trailer), len(trailer))) // it was read before
	}
	if err != nil {
		b.end()
	}
	return n, err
}

// Close ends the reading.
func (b *fastBody) Close() error {
	b.end()
	return b.ReadCloser.Close()
}

func (b *fastBody) end() {
	if b.ended != nil {
		b.ended()
		b.ended = nil
	}
}

// fastRequest makes a Request of req.
func fastRequest(req *fasthttp.Request) *Request {
	u, h := req.URI(), &req.Header
	r := &Request{Method: string(h.Method()), URL: fastURL(u), Header: fastFields(req)}
	if req.UseHostHeader && len(h.Host()) > 0 {
		r.Header[fasthttp.HeaderHost] = []string{string(h.Host())}
	}
	if req.IsBodyStream() {
		r.BodyStream = struct{ io.Reader }{req.BodyStream()} // req closes it
		r.Length = int64(max(0, h.ContentLength()))
	} else if r.Body = req.Body(); len(r.Body) == 0 {
		r.Body = req.PostArgs().QueryString()
	}
	if len(h.PeekTrailerKeys()) > 0 && r.Length == 0 {
		r.Trailer = make(map[string][]string)
		eachField(h.TrailerHeader(), func(key, value string) { r.Trailer[key] = append(r.Trailer[key], value) })
		if r.BodyStream == nil {
			r.Body, r.BodyStream = nil, bytes.NewReader(r.Body)
		}
	}
	return r
}

// fastURL is a URL that fasthttp has parsed, as it was given to it.
func fastURL(u *fasthttp.URI) string {
	clean := u.DisablePathNormalizing
	u.DisablePathNormalizing = true
	path := string(u.RequestURI())
	u.DisablePathNormalizing = clean
	user := ""
	if len(u.Username()) > 0 {
		user = userinfo(u.Username(), u.Password()) + "@"
	}
	return string(u.Scheme()) + "://" + user + string(u.Host()) + path
}

// userinfo encodes a user and password, which fasthttp has left as they were.
func userinfo(user, password []byte) string {
	decoded := func(s []byte) string {
		if d, err := url.PathUnescape(string(s)); err == nil {
			return d
		}
		return string(s)
	}
	return url.UserPassword(decoded(user), decoded(password)).String()
}

// fastFields returns the header fields of req, but for those that the client sets, and the one that
// fasthttp would make up.
func fastFields(req *fasthttp.Request) map[string][]string {
	h := &req.Header
	fields := make(map[string][]string)
	_, text, _ := bytes.Cut(h.AppendBytes(nil), []byte("\r\n"))
	eachField(text, func(key, value string) {
		switch {
		case strings.EqualFold(key, fasthttp.HeaderHost), strings.EqualFold(key, fasthttp.HeaderContentLength),
			strings.EqualFold(key, fasthttp.HeaderTransferEncoding), strings.EqualFold(key, fasthttp.HeaderTrailer),
			strings.EqualFold(key, fasthttp.HeaderContentType) && len(h.ContentType()) == 0:
		default:
			fields[key] = append(fields[key], value)
		}
	})
	return fields
}

// eachField calls fn for each field of a header or trailer.
func eachField(text []byte, fn func(key, value string)) {
	for line := range strings.SplitSeq(string(text), "\r\n") {
		if key, value, ok := strings.Cut(line, ": "); ok {
			fn(key, value)
		}
	}
}
