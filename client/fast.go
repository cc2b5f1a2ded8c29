package client

import (
	"bufio"
	"bytes"
	"fmt"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// RoundTrip sends req and reads the response into resp, whole. It follows no
// redirects; apart from that it is Do with fasthttp's messages, for callers that have
// them anyway or want to use them again.
func (c *Client) RoundTrip(y *loop.Yielder, req *fasthttp.Request, resp *fasthttp.Response) error {
	x := c.exchange(&noOptions)
	defer x.end()
	x.fast, x.into = req, resp
	resp.ResetBody() // there may be none in the reply
	x.method, x.url = string(req.Header.Method()), string(req.URI().FullURI())
	if err := c.enter(y); err != nil {
		return x.fail(PhaseRequest, err)
	}
	if len(req.Header.UserAgent()) == 0 {
		req.Header.SetUserAgent(c.userAgent())
	}
	phase, err := x.run(y)
	if err == nil {
		phase, err = x.readBody(y)
	}
	if err != nil {
		x.abandon(y)
		return x.fail(phase, err)
	}
	x.finish()
	return nil
}

// fastTarget is the target of a request in fasthttp's types, whose URL fasthttp has parsed.
func fastTarget(req *fasthttp.Request) (t target, err error) {
	if len(req.Header.Peek(fasthttp.HeaderProxyAuthorization)) > 0 {
		return t, errProxyField
	}
	u := req.URI()
	switch string(u.Scheme()) {
	case "http":
	case "https":
		t.secure = true
	default:
		return t, fmt.Errorf("%w %q", errScheme, u.Scheme())
	}
	if len(u.Host()) == 0 {
		return t, errNoHost
	}
	t, err = parseTarget(string(u.Scheme()) + "://" + string(u.Host()))
	return t, err
}

// encodedFast is encoded for a request in fasthttp's types.
func (x *exchange) encodedFast() error {
	c, raw := x.client, x.fast
	x.last = x.last || raw.ConnectionClose()
	if x.long = raw.IsBodyStream() || len(raw.Body()) > maxInline; x.long {
		x.upload = &upload{client: c, x: x, cn: x.cn, raw: raw}
		return nil
	}
	var out bytes.Buffer
	bw := bufio.NewWriter(&out)
	if err := raw.Write(bw); err != nil {
		return err
	}
	if err := bw.Flush(); err != nil {
		return err
	}
	x.out = out.Bytes()
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
