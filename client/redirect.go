package client

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"
)

var errBodyGone = errors.New("the body was a stream and cannot be sent again")

// redirects reports whether a response has a status that redirects, and a Location.
func redirects(resp *fasthttp.Response) bool {
	return fasthttp.StatusCodeIsRedirect(resp.StatusCode()) && len(resp.Header.Peek(fasthttp.HeaderLocation)) > 0
}

// redirect returns the request that follows r after a response that redirects
// (RFC 9110, section 15.4).
func redirect(r *Request, resp *Response) (next Request, err error) {
	from, err := url.Parse(r.URL)
	if err != nil {
		return next, err
	}
	to, err := from.Parse(resp.Header(fasthttp.HeaderLocation))
	if err != nil {
		return next, err
	}
	if to.Scheme != "http" && to.Scheme != "https" {
		return next, fmt.Errorf("%w %q", errScheme, to.Scheme)
	}
	to.Fragment = ""
	next = *r
	next.URL = to.String()
	next.Header = maps.Clone(r.Header)
	drop := func(keys ...string) {
		for k := range next.Header {
			for _, key := range keys {
				if strings.EqualFold(k, key) {
					delete(next.Header, k)
				}
			}
		}
	}
	drop(fasthttp.HeaderHost)
	if !trusted(from, to) {
		drop(fasthttp.HeaderAuthorization, fasthttp.HeaderCookie, fasthttp.HeaderCookie2,
			fasthttp.HeaderProxyAuthorization, fasthttp.HeaderWWWAuthenticate)
	}
	switch method := r.method(); {
	case resp.Status == fasthttp.StatusSeeOther && method != fasthttp.MethodHead,
		resp.Status <= fasthttp.StatusFound && method == fasthttp.MethodPost:
		next.Method, next.Body, next.BodyStream = fasthttp.MethodGet, nil, nil
		drop(fasthttp.HeaderContentType, fasthttp.HeaderContentLength, fasthttp.HeaderContentEncoding,
			fasthttp.HeaderTransferEncoding, fasthttp.HeaderTrailer)
	case r.BodyStream != nil:
		return next, errBodyGone
	}
	return next, nil
}

// trusted reports whether credentials meant for from may be sent to to: if that is the
// same scheme, host and port, or the same host over https.
func trusted(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	if from.Scheme == to.Scheme {
		return from.Port() == to.Port()
	}
	return to.Scheme == "https" && from.Port() == "" && to.Port() == ""
}
