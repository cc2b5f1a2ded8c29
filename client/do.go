package client

import (
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// Do sends r and returns the response, whatever its status. It parks the task
// until the body is there, or until the header is if that is streamed. Every
// error is an *Error. Cancelling the task stops the request at once and closes
// its connection; the error wraps the loop.CancelledError then.
//
// An idempotent request that is sent over a connection kept open, and finds that
// the server has closed it, is sent once more over a new one. Nothing else is
// ever retried. Redirects are followed; see MaxRedirects.
func (c *Client) Do(y *loop.Yielder, r *Request) (*Response, error) {
	x := exchange{client: c, req: *r}
	return x.do(y)
}

func (x *exchange) do(y *loop.Yielder) (*Response, error) {
	c := x.client
	if err := c.enter(y); err != nil {
		return nil, x.fail(PhaseRequest, err)
	}
	x.by = c.deadline(c.Timeouts.Total)
	x.follow = c.MaxRedirects >= 0
	for n := 0; ; n++ {
		if phase, err := x.run(y); err != nil {
			return nil, x.fail(phase, err)
		}
		resp := x.out
		resp.Status, resp.URL = resp.raw.StatusCode(), x.req.URL
		if !x.follow || !redirects(&resp.raw) {
			return resp, nil
		}
		if err := x.redirected(resp, n); err != nil {
			return nil, x.fail(PhaseRedirect, err)
		}
	}
}

// redirected makes x the exchange that follows from a response, the n-th in a row.
//
//go:noinline
func (x *exchange) redirected(resp *Response, n int) error {
	defer resp.Release()
	if n == orDefault(x.client.MaxRedirects, defaultMaxRedirects) {
		return ErrTooManyRedirects
	}
	next, err := redirect(&x.req, resp)
	if err == nil {
		*x = exchange{client: x.client, req: next, follow: true, by: x.by}
	}
	return err
}

func (x *exchange) fail(phase Phase, err error) error {
	if x.caller {
		return &Error{phase, string(x.raw.Header.Method()), string(x.raw.URI().FullURI()), err}
	}
	return &Error{phase, x.req.method(), x.req.URL, err}
}

// RoundTrip sends req and reads the response into resp, whole. It follows no
// redirects; apart from that it is Do with fasthttp's messages, for callers that have
// them anyway or want to use them again.
func (c *Client) RoundTrip(y *loop.Yielder, req *fasthttp.Request, resp *fasthttp.Response) error {
	x := exchange{client: c, raw: req, into: resp, caller: true}
	if err := c.enter(y); err != nil {
		return x.fail(PhaseRequest, err)
	}
	x.by = c.deadline(c.Timeouts.Total)
	if len(req.Header.UserAgent()) == 0 {
		req.Header.SetUserAgent(c.userAgent())
	}
	if phase, err := x.run(y); err != nil {
		return x.fail(phase, err)
	}
	return nil
}

// Transport returns the client as the Transport of a fasthttp.HostClient that
// is used by the task of y, and by no other: fasthttp's own client on our
// connections.
func (c *Client) Transport(y *loop.Yielder) fasthttp.RoundTripper { return transport{c, y} }

type transport struct {
	client *Client
	y      *loop.Yielder
}

// RoundTrip never asks for a retry: fasthttp would repeat a request that was
// cancelled.
func (t transport) RoundTrip(_ *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (retry bool, err error) {
	return false, t.client.RoundTrip(t.y, req, resp)
}
