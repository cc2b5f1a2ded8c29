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

// redirects reports whether a reply has a status that redirects, and a Location.
func redirects(reply *fasthttp.Response) bool {
	return fasthttp.StatusCodeIsRedirect(reply.StatusCode()) && len(reply.Header.Peek(fasthttp.HeaderLocation)) > 0
}

// redirect makes x the request that follows it after a reply that redirects
// (RFC 9110, section 15.4).
func (x *exchange) redirect() error {
	from, err := url.Parse(x.url)
	if err != nil {
		return parseError(err)
	}
	to, err := from.Parse(string(x.reply.Header.Peek(fasthttp.HeaderLocation)))
	if err != nil {
		return fmt.Errorf("redirect: %w", parseError(err))
	}
	if to.Scheme != "http" && to.Scheme != "https" {
		return fmt.Errorf("redirect: %w %q", errScheme, to.Scheme)
	}
	to.Fragment = ""
	header := maps.Clone(x.header)
	drop := func(keys ...string) {
		for k := range header {
			for _, key := range keys {
				if strings.EqualFold(k, key) {
					delete(header, k)
				}
			}
		}
	}
	drop(fasthttp.HeaderHost)
	if !trusted(from, to) {
		drop(fasthttp.HeaderAuthorization, fasthttp.HeaderCookie, fasthttp.HeaderCookie2,
			fasthttp.HeaderProxyAuthorization, fasthttp.HeaderWWWAuthenticate)
	}
	switch status := x.reply.StatusCode(); {
	case status == fasthttp.StatusSeeOther && x.method != fasthttp.MethodHead,
		status <= fasthttp.StatusFound && x.method == fasthttp.MethodPost:
		_ = x.source.Close() // its error is the user's
		x.method, x.body, x.source = fasthttp.MethodGet, nil, nil
		drop(fasthttp.HeaderContentType, fasthttp.HeaderContentLength, fasthttp.HeaderContentEncoding,
			fasthttp.HeaderTransferEncoding, fasthttp.HeaderTrailer)
	case x.source != nil:
		return errBodyGone
	}
	x.url, x.header = to.String(), header
	return nil
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
