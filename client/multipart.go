package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"path/filepath"
	"strings"

	"coloop/loop"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/http/httpguts"
)

// A Part is a field or a file of a form, as browsers send it (multipart/form-data, RFC 7578). Its
// content is Value, or what is read from Reader or from the file at Path.
type Part struct {
	Name  string // of the field
	Value string

	// Reader is read in a task of its own, and closed, whatever becomes of the request, if it
	// is an io.Closer. Its Read may park.
	Reader io.Reader

	// Length is that of what Reader gives. If it is 0, that of a bytes.Reader, bytes.Buffer or
	// strings.Reader is known all the same; with another Reader the body is sent chunked.
	Length int64

	// Path is that of a file, which is opened when it is its turn, and read without
	// blocking the loop.
	Path string

	// FileName is what the server is told; the last element of Path if it is "". A part with
	// neither is a field, not a file.
	FileName string

	// ContentType of a file is application/octet-stream, and that of a field not sent, if it
	// is "".
	ContentType string

	Header map[string][]string // further fields of the header of the part
}

var errContents = errors.New("more than one of Value, Reader and Path")

// escapeName writes a name or file name as browsers do, instead of with backslashes: see
// "multipart/form-data encoding algorithm" in the HTML standard.
var escapeName = strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22")

// header returns the header of the part.
func (p *Part) header() (textproto.MIMEHeader, error) {
	h := textproto.MIMEHeader{}
	for k, vs := range p.Header {
		for _, v := range vs {
			if !httpguts.ValidHeaderFieldName(k) || !httpguts.ValidHeaderFieldValue(v) {
				return nil, fmt.Errorf("invalid header field %s", short(k))
			}
			h.Add(k, v)
		}
	}
	name, contentType := p.FileName, p.ContentType
	if name == "" && p.Path != "" {
		name = filepath.Base(p.Path)
	}
	disposition := `form-data; name="` + escapeName.Replace(p.Name) + `"`
	if name != "" {
		disposition += `; filename="` + escapeName.Replace(name) + `"`
		if contentType == "" {
			contentType = "application/octet-stream"
		}
	}
	h.Set(fasthttp.HeaderContentDisposition, disposition)
	if contentType != "" {
		if !httpguts.ValidHeaderFieldValue(contentType) {
			return nil, fmt.Errorf("invalid ContentType %s", short(contentType))
		}
		h.Set(fasthttp.HeaderContentType, contentType)
	}
	return h, nil
}

// parts are the body of a multipart request.
type parts struct {
	client      *Client
	list        []Part
	heads       [][]byte // what stands before each, and behind the last
	lengths     []int64  // of each; -1 if it is not known
	length      int64    // of all; -1 if it is not known
	contentType string
	r           io.Reader
	files       []*fileReader
}

// open finds out what will be sent, and begins.
func (ps *parts) open(y *loop.Yielder) error {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	cut := func() {
		ps.heads = append(ps.heads, bytes.Clone(buf.Bytes()))
		ps.length += int64(buf.Len())
		buf.Reset()
	}
	known := true
	for i := range ps.list {
		p := &ps.list[i]
		size, err := p.size(y)
		if err != nil {
			return err
		}
		h, err := p.header()
		if err != nil {
			return fmt.Errorf("part %s: %w", short(p.Name), err)
		}
		_, _ = w.CreatePart(h) // into memory
		cut()
		ps.lengths = append(ps.lengths, size)
		ps.length += size
		known = known && size >= 0
	}
	_ = w.Close() // into memory
	cut()
	if !known {
		ps.length = -1
	}
	ps.contentType = w.FormDataContentType()
	ps.begin()
	return nil
}

// size is how long the content of the part is; -1 if it is not known.
func (p *Part) size(y *loop.Yielder) (int64, error) {
	if (p.Reader != nil && (p.Path != "" || p.Value != "")) || p.Path != "" && p.Value != "" {
		return 0, fmt.Errorf("part %s: %w", short(p.Name), errContents)
	}
	switch {
	case p.Path != "":
		return sizeOf(y, p.Path)
	case p.Reader == nil:
		return int64(len(p.Value)), nil
	case p.Length > 0:
		return p.Length, nil
	}
	if r, ok := p.Reader.(interface{ Len() int }); ok {
		return int64(r.Len()), nil
	}
	return -1, nil
}

// begin makes the reader of all.
func (ps *parts) begin() {
	var all []io.Reader
	for i, p := range ps.list {
		r := p.Reader
		switch {
		case p.Path != "":
			f := &fileReader{client: ps.client, path: p.Path}
			ps.files = append(ps.files, f)
			r = f
		case r == nil:
			r = strings.NewReader(p.Value)
		}
		all = append(all, bytes.NewReader(ps.heads[i]), &exactReader{r, p.Name, ps.lengths[i], 0})
	}
	ps.r = io.MultiReader(append(all, bytes.NewReader(ps.heads[len(ps.list)]))...)
}

// rereadable reports whether the body can be sent again.
func (ps *parts) rereadable() bool {
	for _, p := range ps.list {
		if p.Reader != nil {
			return false
		}
	}
	return true
}

// again returns the body from its beginning.
func (ps *parts) again() io.Reader {
	fresh := *ps
	fresh.files = nil
	fresh.begin()
	return &fresh
}

func (ps *parts) Read(p []byte) (int, error) { return ps.r.Read(p) }

// Close closes all, also what was not read.
func (ps *parts) Close() error {
	var errs []error
	for _, f := range ps.files {
		errs = append(errs, f.Close())
	}
	for _, p := range ps.list {
		if c, ok := p.Reader.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// An exactReader reads a part whose length was announced, if size is not -1: with another, the server
// would take the next part for something else.
type exactReader struct {
	r    io.Reader
	name string
	size int64
	done int64
}

func (e *exactReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.done += int64(n)
	if e.size >= 0 && (e.done > e.size || err == io.EOF && e.done < e.size) {
		return 0, fmt.Errorf("part %s: it is not of %d bytes, as announced", short(e.name), e.size)
	}
	return n, err
}
