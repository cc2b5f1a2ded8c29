package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// Head requests the header of url. See Do.
func (c *Client) Head(y *loop.Yielder, url string) (*Response, error) {
	return c.Do(y, &Request{Method: fasthttp.MethodHead, URL: url})
}

// Put stores body at url. See Do.
func (c *Client) Put(y *loop.Yielder, url, contentType string, body []byte) (*Response, error) {
	return c.send(y, fasthttp.MethodPut, url, contentType, body)
}

// Patch changes url by body. See Do.
func (c *Client) Patch(y *loop.Yielder, url, contentType string, body []byte) (*Response, error) {
	return c.send(y, fasthttp.MethodPatch, url, contentType, body)
}

// Delete deletes url. See Do.
func (c *Client) Delete(y *loop.Yielder, url string) (*Response, error) {
	return c.Do(y, &Request{Method: fasthttp.MethodDelete, URL: url})
}

// Post sends body to url. See Do.
func (c *Client) Post(y *loop.Yielder, url, contentType string, body []byte) (*Response, error) {
	return c.send(y, fasthttp.MethodPost, url, contentType, body)
}

// PostForm sends a form to url. See Do and Request.Form.
func (c *Client) PostForm(y *loop.Yielder, url string, form url.Values) (*Response, error) {
	return c.Do(y, &Request{Method: fasthttp.MethodPost, URL: url, Form: form})
}

// PostJSON sends v to url as JSON. See Do and Request.JSON.
func (c *Client) PostJSON(y *loop.Yielder, url string, v any) (*Response, error) {
	if v == nil {
		v = json.RawMessage("null")
	}
	return c.Do(y, &Request{Method: fasthttp.MethodPost, URL: url, JSON: v})
}

func (c *Client) send(y *loop.Yielder, method, url, contentType string, body []byte) (*Response, error) {
	r := &Request{Method: method, URL: url, Body: body}
	if contentType != "" {
		r.Header = map[string][]string{fasthttp.HeaderContentType: {contentType}}
	}
	return c.Do(y, r)
}

// composed reports whether the body is to be made of something else than bytes.
func (r *Request) composed() bool {
	return r.Form != nil || r.JSON != nil || len(r.Multipart) > 0 || r.BodyFile != "" || r.Body != nil && r.BodyStream != nil
}

// source returns what the body is to be read from, to be closed from now on whatever happens; nil
// if it is in memory.
//
//go:noinline
func (c *Client) source(r *Request) *source {
	switch {
	case len(r.Multipart) > 0:
		p := &parts{client: c, list: r.Multipart}
		if r.BodyStream != nil { // to be refused
			p.list = append(slices.Clip(p.list), Part{Reader: r.BodyStream})
		}
		return newSource(p, -1, nil)
	case r.BodyStream != nil:
		return newSource(r.BodyStream, cmp.Or(int(r.Length), -1), r.GetBody)
	case r.BodyFile != "":
		again := func() (io.Reader, error) { return &fileReader{client: c, path: r.BodyFile}, nil }
		return newSource(&fileReader{client: c, path: r.BodyFile}, -1, again)
	}
	return nil
}

// composeBody makes the body of a request.
//
//go:noinline
func (x *exchange) composeBody(y *loop.Yielder) error {
	r := x.req
	if err := r.checkBodies(); err != nil {
		return err
	}
	switch {
	case r.Form != nil:
		x.body = []byte(r.Form.Encode())
		x.setType("application/x-www-form-urlencoded")
	case r.JSON != nil:
		var err error
		if x.body, err = json.Marshal(r.JSON); err != nil {
			return fmt.Errorf("JSON: %w", err)
		}
		x.setType("application/json")
	case r.BodyFile != "":
		size, err := sizeOf(y, r.BodyFile)
		x.source.length = int(size)
		return err
	case len(r.Multipart) > 0:
		p := x.source.r.(*parts)
		if err := p.open(y); err != nil {
			return fmt.Errorf("in Multipart: %w", err)
		}
		x.source.length = int(p.length)
		if p.rereadable() {
			x.source.another = func() (io.Reader, error) { return p.again(), nil }
		}
		x.setType(p.contentType)
	}
	return nil
}

var errBodies = errors.New("more than one body")

// checkBodies refuses a request with more than one kind of body.
func (r *Request) checkBodies() error {
	first := ""
	for _, b := range []struct {
		name string
		set  bool
	}{
		{"Body", r.Body != nil}, {"BodyStream", r.BodyStream != nil}, {"BodyFile", r.BodyFile != ""},
		{"Form", r.Form != nil}, {"JSON", r.JSON != nil}, {"Multipart", len(r.Multipart) > 0},
	} {
		switch {
		case !b.set:
		case first != "":
			return fmt.Errorf("%w: %s and %s", errBodies, first, b.name)
		default:
			first = b.name
		}
	}
	return nil
}

// setType sets the Content-Type unless the caller has.
func (x *exchange) setType(contentType string) {
	if has(x.header, fasthttp.HeaderContentType) {
		return
	}
	header := maps.Clone(x.header)
	if header == nil {
		header = map[string][]string{}
	}
	header[fasthttp.HeaderContentType] = []string{contentType}
	x.header = header
}
