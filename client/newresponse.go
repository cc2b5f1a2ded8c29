package client

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/http/httpguts"
)

// NewResponse makes a response for a [Sender] to return. The header is read as if it had come
// over the network: if it is malformed, so fails the request that gets the response. If it says
// nothing of the length of the body, a Content-Length is added; it is not compared with the body.
// The Stream of the response may be set instead of a body.
func NewResponse(status int, header map[string][]string, body []byte) *Response {
	r := &Response{Status: status, Body: body}
	r.make(status, header)
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

// make makes the header, by the parser that reads those of servers.
func (r *Response) make(status int, header map[string][]string) {
	if status < 100 || status > 999 {
		r.invalid = fmt.Errorf("%w %d", errStatus, status)
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, fasthttp.StatusMessage(status))
	if r.invalid = writeFields(&b, header); r.invalid != nil {
		return
	}
	if status >= 200 && status != fasthttp.StatusNoContent && status != fasthttp.StatusNotModified &&
		!has(header, fasthttp.HeaderContentLength) && !has(header, fasthttp.HeaderTransferEncoding) {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.Body))
	}
	b.WriteString("\r\n")
	r.sent = bytes.Clone(b.Bytes())
	r.raw = &fasthttp.Response{}
	r.raw.Header.SetNoDefaultContentType(true)
	if err := r.raw.Header.Read(bufio.NewReaderSize(&b, b.Len())); err != nil {
		r.invalid = malformed(err)
	}
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
