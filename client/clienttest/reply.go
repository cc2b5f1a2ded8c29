package clienttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"coloop/client"
	"coloop/loop"
)

// A Reply is what a [Mock] answers: [Status], [Text], [JSON], [Bytes], [Body], [Fail], [Func],
// [Serve], [Hang], or one of them with a [Delay]. It may be used for several rules.
type Reply interface {
	reply(y *loop.Yielder, call *Call) (*client.Response, error)
}

// A Canned reply is always the same.
type Canned struct {
	status          int
	header, trailer http.Header
	body            []byte
	stream          func() io.Reader
}

// Status replies with a status and no body.
func Status(status int) *Canned {
	return &Canned{status: status, header: make(http.Header), trailer: make(http.Header)}
}

// Bytes replies with a body of that type.
func Bytes(status int, contentType string, body []byte) *Canned {
	c := Status(status)
	if c.body = slices.Clone(body); contentType != "" {
		c.header.Set("Content-Type", contentType)
	}
	return c
}

// Text replies with a body of type text/plain.
func Text(status int, body string) *Canned {
	return Bytes(status, "text/plain; charset=utf-8", []byte(body))
}

// JSON replies with v as JSON. It panics if there is no such thing.
func JSON(status int, v any) *Canned {
	body, err := json.Marshal(v)
	if err != nil {
		panic("clienttest: " + err.Error())
	}
	return Bytes(status, "application/json", body)
}

// Body replies with a body that is read from what open returns, which is called for each
// request, and closed if it is an io.Closer. An error of its Read is that of a body cut short, say.
func Body(status int, open func() io.Reader) *Canned {
	c := Status(status)
	c.stream = open
	return c
}

// Header adds a field to the header, and returns c.
func (c *Canned) Header(key, value string) *Canned {
	c.header.Add(key, value)
	return c
}

// Trailer adds a field to the trailer, and returns c.
func (c *Canned) Trailer(key, value string) *Canned {
	c.trailer.Add(key, value)
	return c
}

func (c *Canned) reply(*loop.Yielder, *Call) (*client.Response, error) {
	return response(c.status, c.header, c.trailer, c.body, c.stream), nil
}

// response makes a response. Its body may be changed by whoever gets it.
func response(status int, header, trailer http.Header, body []byte, stream func() io.Reader) *client.Response {
	if stream != nil || len(trailer) > 0 {
		header = chunked(header)
	}
	resp := client.NewResponse(status, header, bytes.Clone(body))
	resp.SetTrailer(trailer)
	if stream != nil {
		resp.Stream = readCloser(stream())
	}
	return resp
}

type funcReply func(y *loop.Yielder, call *Call) (*client.Response, error)

func (f funcReply) reply(y *loop.Yielder, call *Call) (*client.Response, error) { return f(y, call) }

// Func replies with what f returns for a request, for example with [client.NewResponse]. f runs
// in the task that makes the request.
func Func(f func(y *loop.Yielder, call *Call) (*client.Response, error)) Reply { return funcReply(f) }

// Fail has requests fail in a phase, for the reason err.
func Fail(phase client.Phase, err error) Reply {
	return Func(func(_ *loop.Yielder, call *Call) (*client.Response, error) { return nil, call.fail(phase, err) })
}

// Delay replies with r when d has passed on the loop's clock. The request fails before that if
// its time for the first byte, or for all, is up.
func Delay(d time.Duration, r Reply) Reply {
	return Func(func(y *loop.Yielder, call *Call) (*client.Response, error) {
		if err := loop.Sleep(y, d); err != nil {
			return nil, call.fail(client.PhaseFirstByte, err)
		}
		return r.reply(y, call)
	})
}

// Hang never replies: a request ends when its time is up or its task is cancelled.
func Hang() Reply {
	return Func(func(y *loop.Yielder, call *Call) (*client.Response, error) {
		return nil, call.fail(client.PhaseFirstByte, new(loop.Event).Wait(y))
	})
}

// chunked returns header with the framing of a body whose length is not known, unless it says one.
func chunked(header http.Header) http.Header {
	if header.Get("Content-Length") != "" {
		return header
	}
	header = header.Clone()
	header.Set("Transfer-Encoding", "chunked")
	return header
}

func readCloser(r io.Reader) io.ReadCloser {
	if rc, ok := r.(io.ReadCloser); ok {
		return rc
	}
	return io.NopCloser(r)
}
