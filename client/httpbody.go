package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"reflect"
	"slices"
	"strings"

	"coloop/loop"
)

// fillBody gives r the body and the trailer of hr.
func fillBody(l *loop.Loop, r *Request, hr *http.Request) error {
	if hr.Body == nil || hr.Body == http.NoBody {
		return nil
	}
	length := max(0, hr.ContentLength)
	chunked := slices.Contains(hr.TransferEncoding, "chunked")
	memory := inMemory(hr.Body)
	if memory != nil && length == 0 && !chunked {
		length = int64(memory.Len())
	}
	switch {
	case memory != nil && !chunked && length <= maxInline:
		var err error
		if r.Body, err = io.ReadAll(hr.Body); err != nil {
			return err
		}
		if len(r.Body) != int(length) {
			return fmt.Errorf("ContentLength=%d with Body length %d", length, len(r.Body))
		}
		return hr.Body.Close()
	default:
		r.BodyStream = bodyOf(l, hr.Body)
		if hr.GetBody != nil {
			r.GetBody = func() (io.Reader, error) {
				body, err := hr.GetBody()
				return bodyOf(l, body), err
			}
		}
	}
	if chunked {
		length = 0
	}
	if r.Length = length; length == 0 {
		r.Trailer = hr.Trailer
	}
	return nil
}

// bodyOf returns a body as it is to be read in the task.
func bodyOf(l *loop.Loop, body io.ReadCloser) io.Reader {
	if body == nil || inMemory(body) != nil || parks(body) {
		return body
	}
	return &blockingBody{Reader: bufio.NewReaderSize(&blocking{l, body}, blockingRead), Closer: body}
}

var (
	nopCloser         = reflect.TypeOf(io.NopCloser(nil))
	nopCloserWriterTo = reflect.TypeOf(io.NopCloser(struct {
		io.Reader
		io.WriterTo
	}{}))
)

// inMemory returns the reader of a body that is in memory, nil for others. It knows those that
// http.NewRequest makes, as net/http does.
func inMemory(r io.Reader) interface{ Len() int } {
	switch r := r.(type) {
	case *bytes.Reader:
		return r
	case *bytes.Buffer:
		return r
	case *strings.Reader:
		return r
	}
	if t := reflect.TypeOf(r); t == nopCloser || t == nopCloserWriterTo {
		if inner, ok := reflect.ValueOf(r).Field(0).Interface().(io.Reader); ok {
			return inMemory(inner)
		}
	}
	return nil
}

// parks reports whether a body is read in the task, which it parks if need be.
func parks(r io.Reader) bool {
	switch r.(type) {
	case *httpBody, *stream, *handed, interface{ Loop() *loop.Loop }:
		return true
	}
	return false
}

// blockingRead is how much is asked for at once from a body that may block.
const blockingRead = 32 << 10

// A blockingBody is the body of a request whose Read may block.
type blockingBody struct {
	io.Reader
	io.Closer
}

// blocking reads on a goroutine of its own.
type blocking struct {
	loop *loop.Loop
	body io.ReadCloser
}

// Read waits for the read of the body to end, which a cancellation brings about by closing it.
func (b *blocking) Read(p []byte) (int, error) {
	y, err := b.loop.Current()
	if err != nil {
		return 0, err
	}
	return loop.Block(y, func(ctx context.Context) (int, error) {
		defer context.AfterFunc(ctx, func() { _ = b.body.Close() })()
		return b.body.Read(p)
	})
}

// noBody ends a response that has no body.
func noBody(resp *Response) io.ReadCloser {
	_, _ = resp.Stream.Read(make([]byte, 1)) // finds the end, so that the connection can be used again
	_ = resp.Stream.Close()
	return http.NoBody
}

// An httpBody is the body of an http.Response.
type httpBody struct {
	loop   *loop.Loop
	resp   *Response
	out    *http.Response
	ctx    context.Context
	stop   func() bool // of the context's end
	closed bool
}

var errBodyClosed = errors.New("read on closed response body")

func newHTTPBody(l *loop.Loop, ctx context.Context, resp *Response, out *http.Response) *httpBody {
	b := &httpBody{loop: l, resp: resp, out: out, ctx: ctx}
	b.stop = context.AfterFunc(ctx, func() { _ = l.CallSoonThreadsafe(b.cancel) })
	return b
}

// cancel ends the reading because the context has ended.
func (b *httpBody) cancel() {
	if s, ok := b.resp.Stream.(interface{ stop(error) }); ok {
		s.stop(context.Cause(b.ctx))
	}
}

// Read reads the body, in a task of the loop or, on other goroutines, by one.
func (b *httpBody) Read(p []byte) (int, error) {
	if b.loop.OnLoop() {
		return b.read(p)
	}
	return elsewhere(b.loop, func(*loop.Yielder) (int, error) { return b.read(p) })
}

func (b *httpBody) read(p []byte) (int, error) {
	if b.closed {
		return 0, errBodyClosed
	}
	n, err := b.resp.Stream.Read(p)
	if err != nil {
		b.stop()
	}
	if err == io.EOF {
		for k, v := range b.resp.Trailers() {
			if b.out.Trailer == nil {
				b.out.Trailer = make(http.Header)
			}
			k = textproto.CanonicalMIMEHeaderKey(k)
			b.out.Trailer[k] = append(b.out.Trailer[k], v)
		}
	}
	return n, err
}

// Close ends the reading. On another goroutine than the loop's it does not wait for that.
func (b *httpBody) Close() error {
	if b.loop.OnLoop() {
		return b.close()
	}
	_ = b.loop.CallSoonThreadsafe(func() { _ = b.close() }) // a closed loop has closed its connections
	return nil
}

func (b *httpBody) close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	b.stop()
	return b.resp.Stream.Close()
}
