package client

import (
	"io"
	"net/url"

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

	// Body is the body. Instead of it, one of BodyStream, BodyFile, Form, JSON and Multipart
	// may be set; more than one is an error. The last three set the Content-Type unless
	// the Header has one.
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

	// BodyFile is the path of a file to be sent, with its size as Content-Length. It is read
	// without blocking the loop.
	BodyFile string

	// Form is sent as application/x-www-form-urlencoded.
	Form url.Values

	// JSON is sent as application/json, as json.Marshal encodes it. For null, use
	// json.RawMessage("null").
	JSON any

	// Multipart is sent as multipart/form-data: fields and files. The Content-Length is sent if
	// the length of all parts is known.
	Multipart []Part

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

	// OnUpload and OnDownload are told how many bytes of the body of the request have been
	// written, or of the response read, of how many in all, -1 if that is not known. Encoded
	// bodies are counted as they are sent. They are called in tasks of the loop, and must not
	// wait. The bodies of redirects that are followed do not count; a body that is sent
	// again is counted anew. They are not called once Do has returned, unless Stream is set.
	OnUpload, OnDownload func(done, total int64)

	// MaxBody, unless 0, is used instead of that of the client.
	MaxBody int

	// RaiseForStatus is that of Client, for this request.
	RaiseForStatus bool

	// Stream has the body of the response left to be read from Response.Stream.
	Stream bool
}

func (r *Request) method() string {
	if r.Method == "" {
		return fasthttp.MethodGet
	}
	return r.Method
}
