package clienttest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"strings"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/files"
)

// A Recorder has exchanges made by another sender, over the network as a rule, and writes them to
// a file when it is closed. A [Replay] answers from it. The file has a line of JSON for each
// exchange, an [Exchange], in the order of the requests.
//
//	c := &client.Client{}
//	r := clienttest.NewRecorder("testdata/flags.jsonl", c)
//	c.Sender = r
//	defer r.Close(y)
//
// Bodies are written as they come; see Plain. A streamed body is recorded as far as it is read. A
// request that ends because its task is cancelled is not recorded.
type Recorder struct {
	// Redact changes each exchange before it is written; nil means [RedactSecrets]. It is
	// called by Close.
	Redact func(*Exchange)

	// Plain has servers asked for bodies that are not encoded (by gzip, say), so that text can be
	// read in the file. It takes Accept-Encoding out of the requests.
	Plain bool

	name      string
	sender    client.Sender
	exchanges []*Exchange
	closed    bool
}

var _ client.Sender = (*Recorder)(nil)

// NewRecorder returns a recorder that writes the file of that name, with exchanges made by s: a
// [client.Client] makes them over the network, even if its Sender is the recorder.
func NewRecorder(name string, s client.Sender) *Recorder {
	return &Recorder{name: name, sender: s}
}

var errRecorderClosed = errors.New("the recorder is closed")

// Send has the exchange made and records it.
func (r *Recorder) Send(y *loop.Yielder, req *client.Request) (*client.Response, error) {
	if r.closed {
		return nil, errRecorderClosed
	}
	if r.Plain {
		own := *req
		own.Header = maps.Clone(req.Header)
		maps.DeleteFunc(own.Header, func(name string, _ []string) bool { return strings.EqualFold(name, "Accept-Encoding") })
		req = &own
	}
	e := &Exchange{Request: RecordedRequest{req.Method, req.URL, fieldsOf(req.Header), bytes.Clone(req.Body)}}
	if req.BodyStream != nil {
		own := *req
		own.BodyStream = &tee{from: req.BodyStream, to: &e.Request.Body}
		req = &own
	}
	r.exchanges = append(r.exchanges, e)
	resp, err := r.sender.Send(y, req)
	switch {
	case loop.IsCancelled(err):
		r.forget(e)
		return nil, err
	case err != nil:
		e.Error = recordError(client.PhaseSend, err)
		return nil, err
	}
	e.Response = &RecordedResponse{Status: resp.Status, Header: make(http.Header), Body: bytes.Clone(resp.Body)}
	for k, v := range resp.Headers() {
		e.Response.Header.Add(k, v)
	}
	if resp.Stream == nil {
		e.end(resp)
		return resp, nil
	}
	e.Error = &RecordedError{Phase: client.PhaseBody, Text: "the recording of the body ends here"}
	resp.Stream = &tee{from: resp.Stream, to: &e.Response.Body, exchange: e, response: resp}
	return resp, nil
}

// end takes down what is there at the end of the body.
func (e *Exchange) end(resp *client.Response) {
	e.Error = nil
	for k, v := range resp.Trailers() {
		if e.Response.Trailer == nil {
			e.Response.Trailer = make(http.Header)
		}
		e.Response.Trailer.Add(k, v)
	}
}

func (r *Recorder) forget(e *Exchange) {
	for i, other := range r.exchanges {
		if other == e {
			r.exchanges = append(r.exchanges[:i:i], r.exchanges[i+1:]...)
			return
		}
	}
}

// Close writes the file: as a whole, or not at all. Exchanges that are under way are written if
// the response is there.
func (r *Recorder) Close(y *loop.Yielder) error {
	if r.closed {
		return nil
	}
	r.closed = true
	redact := r.Redact
	if redact == nil {
		redact = RedactSecrets
	}
	var done []*Exchange
	for _, e := range r.exchanges {
		if e.Response != nil || e.Error != nil {
			redact(e)
			done = append(done, e)
		}
	}
	var b bytes.Buffer
	if err := writeExchanges(&b, done); err != nil {
		return err
	}
	return files.WriteFileAtomically(y, r.name, b.Bytes(), 0o644)
}

// fieldsOf copies header fields.
func fieldsOf(fields map[string][]string) http.Header {
	h := make(http.Header, len(fields))
	for k, values := range fields {
		k = textproto.CanonicalMIMEHeaderKey(k)
		h[k] = append(h[k], values...)
	}
	return h
}

// A tee keeps what is read through it.
type tee struct {
	from io.Reader
	to   *Content

	// Of the body of a response:
	exchange *Exchange
	response *client.Response
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	*t.to = append(*t.to, p[:n]...)
	if e := t.exchange; e != nil {
		switch {
		case err == io.EOF:
			e.end(t.response)
		case err != nil && !loop.IsCancelled(err):
			e.Error = recordError(client.PhaseBody, err)
		}
	}
	return n, err
}

// Close closes the body.
func (t *tee) Close() error {
	if c, ok := t.from.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
