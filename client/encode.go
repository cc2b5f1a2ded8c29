package client

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/http/httpguts"
)

var (
	errMethod  = errors.New("invalid method")
	errConnect = errors.New("CONNECT is no request to a server; see Client.Connect")
	errHost    = errors.New("invalid header field Host")
	errFraming = errors.New("more framing than body")

	errProxyField = errors.New("header field Proxy-Authorization is not for the server: it belongs into the URL of the proxy or ProxyHeader")
)

// maxInline is how long a body may be to be written together with the header.
const maxInline = 16 << 10

// parse makes sense of the request.
func (x *exchange) parse() (err error) {
	if !isToken(x.method) {
		return errMethod
	}
	if x.method == fasthttp.MethodConnect {
		return errConnect
	}
	if x.to.origin == "" {
		x.to, err = parseTarget(x.url)
	}
	if err == nil {
		err = checkFields(x.header, false)
	}
	if err == nil && len(x.req.Trailer) > 0 {
		err = checkTrailer(x.req)
	}
	return err
}

// encoded puts the request into x.out, or makes an upload of one with a long body.
func (x *exchange) encoded() error {
	c := x.client
	x.once = !idempotent(x.method) && !hasKey(x.header)
	x.long = x.source != nil || len(x.body) > maxInline || x.expects() || x.req.OnUpload != nil && len(x.body) > 0
	if x.long {
		raw, ok := c.requests.get()
		if !ok {
			raw = &fasthttp.Request{}
		}
		x.fill(&raw.Header)
		src := x.source
		if src == nil && (x.expects() || x.req.OnUpload != nil) {
			src = newSource(bytes.NewReader(x.body), len(x.body), nil)
		}
		if src != nil {
			raw.SetBodyStream(src, src.length)
			if len(x.req.Trailer) > 0 {
				if err := x.announce(&raw.Header); err != nil {
					return err
				}
			}
		} else {
			raw.SetBodyRaw(x.body)
		}
		x.upload = &upload{client: c, x: x, source: src, cn: x.cn, raw: raw, expects: x.expects()}
		return nil
	}
	h := &c.scratch
	h.Reset()
	x.fill(h)
	if len(x.body) > 0 || wantsLength(x.method) {
		c.length = fasthttp.AppendUint(c.length[:0], len(x.body))
		h.AddBytesV(fasthttp.HeaderContentLength, c.length)
	}
	buf, _ := c.buffers.get()
	x.out = append(h.AppendBytes(buf[:0]), x.body...)
	return nil
}

// bare has fasthttp write nothing in a header but what is put there.
func bare(h *fasthttp.RequestHeader) {
	h.DisableNormalizing()
	h.DisableSpecialHeader()
	h.SetNoDefaultContentType(true)
}

// fill makes h the header of the request.
func (x *exchange) fill(h *fasthttp.RequestHeader) {
	bare(h)
	h.SetMethod(x.method)
	h.SetRequestURI(x.to.uri)
	host, agent := x.to.host(), x.client.userAgent()
	if len(x.header) == 0 {
		h.Add(fasthttp.HeaderHost, hostField(host))
		h.Add(fasthttp.HeaderUserAgent, agent)
	} else {
		x.fillFields(h, host, agent)
	}
	if x.to.user != nil && !has(x.header, fasthttp.HeaderAuthorization) {
		h.Add(fasthttp.HeaderAuthorization, basicOf(x.to.user))
	}
	if x.asked = x.asks(); x.asked {
		h.Add(fasthttp.HeaderAcceptEncoding, acceptEncoding)
	}
	if x.expects() {
		h.Add(fasthttp.HeaderExpect, "100-continue")
	}
	if x.host == nil { // the exchange is a Sender's
		return
	}
	if s := x.host.Value; s.via != nil && !s.tunnel {
		x.forwarded(h)
	}
}

// expects reports whether the server is to be asked before the body is sent. Without one it must
// not be (RFC 9110, section 10.1.1).
func (x *exchange) expects() bool { return x.req.Expect && (x.source != nil || len(x.body) > 0) }

// fillFields adds header fields in an order that is always the same, Host first.
func (x *exchange) fillFields(h *fasthttp.RequestHeader, host, agent string) {
	for key, values := range x.header {
		if strings.EqualFold(key, fasthttp.HeaderHost) {
			host = values[0]
		}
	}
	h.Add(fasthttp.HeaderHost, hostField(host))
	if !has(x.header, fasthttp.HeaderUserAgent) {
		h.Add(fasthttp.HeaderUserAgent, agent)
	}
	for _, key := range slices.Sorted(maps.Keys(x.header)) {
		if strings.EqualFold(key, fasthttp.HeaderHost) {
			continue
		}
		for _, v := range x.header[key] {
			if v != "" || !strings.EqualFold(key, fasthttp.HeaderUserAgent) {
				h.Add(key, v)
			}
		}
		if strings.EqualFold(key, fasthttp.HeaderConnection) && httpguts.HeaderValuesContainsToken(x.header[key], "close") {
			x.last = true
		}
	}
}

// has reports whether fields has one of that name.
func has(fields map[string][]string, name string) bool {
	for key := range fields {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

// checkFields refuses what could not be sent as it stands, or would change where the request
// ends, or would tell the server what is for the proxy.
func checkFields(fields map[string][]string, proxy bool) error {
	hosts := 0
	for key, values := range fields {
		switch {
		case !httpguts.ValidHeaderFieldName(key):
			return fmt.Errorf("invalid header field name %s", short(key))
		case strings.EqualFold(key, fasthttp.HeaderContentLength), strings.EqualFold(key, fasthttp.HeaderTransferEncoding):
			return fmt.Errorf("header field %s is set by the client, from the body", key)
		case strings.EqualFold(key, fasthttp.HeaderExpect), strings.EqualFold(key, fasthttp.HeaderTrailer):
			return fmt.Errorf("header field %s is set by the client, from the request's options", key)
		case !proxy && strings.EqualFold(key, fasthttp.HeaderProxyAuthorization):
			return errProxyField
		case strings.EqualFold(key, fasthttp.HeaderHost):
			if hosts++; hosts > 1 || len(values) != 1 || values[0] == "" || !httpguts.ValidHostHeader(values[0]) {
				return errHost
			}
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return fmt.Errorf("invalid value of header field %s", key) // it may be a secret
			}
		}
	}
	return nil
}

// isToken reports whether s may stand in a request line (RFC 9110, section 5.6.2).
func isToken(s string) bool { return httpguts.ValidHeaderFieldName(s) }

// idempotent reports whether a request may reach the server twice without harm (RFC 9110, section 9.2.2).
func idempotent(method string) bool {
	switch method {
	case fasthttp.MethodGet, fasthttp.MethodHead, fasthttp.MethodPut,
		fasthttp.MethodDelete, fasthttp.MethodOptions, fasthttp.MethodTrace:
		return true
	}
	return false
}

// hasKey reports whether the server can tell that a request has reached it twice, as net/http does.
func hasKey(fields map[string][]string) bool {
	return has(fields, "Idempotency-Key") || has(fields, "X-Idempotency-Key")
}

// wantsLength reports whether a server expects a length even if there is no body.
func wantsLength(method string) bool {
	return method == fasthttp.MethodPost || method == fasthttp.MethodPut || method == fasthttp.MethodPatch
}
