package clienttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"time"

	"coloop/client"
	"coloop/loop"
)

// A Call is a request that a [Mock] or a handler was sent. It must not be changed.
type Call struct {
	Method string
	URL    *url.URL      // as it would be asked for, after redirects; the user is left out
	Header http.Header   // all fields, those that the client adds too; Host is one of them
	Body   []byte        // all of it
	Time   time.Duration // on the loop's clock

	rule      *Rule // nil if it was not expected
	values    map[string]string
	rawURL    string
	firstByte time.Duration
}

// newCall reads the request of a client.
func newCall(y *loop.Yielder, r *client.Request) (*Call, error) {
	c := &Call{Method: r.Method, Body: r.Body, rawURL: r.URL, firstByte: loop.NoTimeout, Header: make(http.Header), Time: loop.Running(y).Time()}
	if c.Method == "" {
		c.Method = http.MethodGet
	}
	for k, values := range r.Header {
		k = textproto.CanonicalMIMEHeaderKey(k)
		c.Header[k] = append(c.Header[k], values...)
	}
	if t := r.Timeouts; t != nil && t.FirstByte > 0 {
		c.firstByte = t.FirstByte
	}
	var err error
	if c.URL, err = url.Parse(r.URL); err != nil {
		return nil, c.fail(client.PhaseRequest, err)
	}
	c.URL.User, c.URL.Fragment, c.URL.RawFragment = nil, "", ""
	if r.BodyStream != nil {
		if c.Body, err = io.ReadAll(r.BodyStream); err != nil {
			return nil, c.fail(client.PhaseWrite, err)
		}
	} else {
		c.Body = append([]byte(nil), r.Body...)
	}
	return c, nil
}

// PathValue returns what a wildcard of the pattern stands for; "" if there is none of that name.
func (c *Call) PathValue(name string) string { return c.values[name] }

// JSON decodes the body into v, as json.Unmarshal does.
func (c *Call) JSON(v any) error { return json.Unmarshal(c.Body, v) }

// String returns the method and the URL.
func (c *Call) String() string { return fmt.Sprintf("%s %s", c.Method, c.URL) }

// fail returns an error of the request.
func (c *Call) fail(phase client.Phase, err error) error {
	return &client.Error{Phase: phase, Method: c.Method, URL: c.rawURL, Err: err}
}
