package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// A Redirect is a reply that had the client ask again, somewhere else.
type Redirect struct {
	Status int
	Method string // of the request that it was the reply to
	URL    string
}

// ErrUseLastResponse is returned by [Client.CheckRedirect] to have the reply that redirects
// returned. It is net/http's.
var ErrUseLastResponse = http.ErrUseLastResponse

// redirects reports whether a reply has a status that redirects, and a Location.
func redirects(reply *fasthttp.Response) bool {
	return fasthttp.StatusCodeIsRedirect(reply.StatusCode()) && len(reply.Header.Peek(fasthttp.HeaderLocation)) > 0
}

// redirect makes x the request that follows it after a reply that redirects, if one does
// (RFC 9110, section 15.4; net/http's Client.do).
func (x *exchange) redirect(y *loop.Yielder) (follow bool, err error) {
	c, status, method := x.client, x.reply.StatusCode(), x.method
	if c.MaxRedirects < 0 {
		return false, nil
	}
	s := x.session
	if s == nil {
		s = &session{own: x.header}
		x.session = s
	}
	if len(s.history) == orDefault(c.MaxRedirects, defaultMaxRedirects) {
		return false, ErrTooManyRedirects
	}
	u, to, moved, err := x.location()
	if err != nil {
		return false, fmt.Errorf("location: %w", err)
	}
	keep := status >= fasthttp.StatusTemporaryRedirect
	if !keep && method != fasthttp.MethodGet && method != fasthttp.MethodHead {
		method = fasthttp.MethodGet
	}
	trusted := trusts(&x.to, &to)
	own := without(s.own, func(name string) bool {
		return moved && strings.EqualFold(name, fasthttp.HeaderHost) || !trusted && isSecret(name) || !keep && isOfBody(name)
	})
	if keep && !x.source.repeatable() {
		return false, errBodyGone
	}
	via := append(s.history, Redirect{status, x.method, x.url})
	if c.CheckRedirect != nil {
		next := &Request{Method: method, URL: u.String(), Header: own}
		if err := c.CheckRedirect(y, next, via); errors.Is(err, ErrUseLastResponse) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		own = next.Header
	}
	if !keep {
		_ = x.source.close() // its error is the user's
		x.body, x.source = nil, nil
	}
	if !trusted {
		s.auth = nil
	}
	x.method, x.url, x.to = method, u.String(), to
	if x.trace != nil {
		x.trace.redirected(x.url)
	}
	s.own, s.history, s.answered = own, via, 0
	return true, nil
}

// isOfBody reports whether a field tells of a body, which is gone when a redirect makes a GET of a POST.
func isOfBody(name string) bool {
	return equalsAny(name, fasthttp.HeaderContentType, fasthttp.HeaderContentEncoding, fasthttp.HeaderContentLanguage,
		fasthttp.HeaderContentLocation, fasthttp.HeaderTrailer)
}

// location is where the reply redirects to. It reports whether the host is named there.
func (x *exchange) location() (u *url.URL, to target, moved bool, err error) {
	from, err := url.Parse(x.url)
	if err != nil {
		return nil, to, false, parseError(err)
	}
	ref, err := url.Parse(string(x.reply.Header.Peek(fasthttp.HeaderLocation)))
	if err != nil {
		return nil, to, false, parseError(err)
	}
	u = resolve(from, ref)
	if ref.Fragment == "" {
		u.Fragment, u.RawFragment = from.Fragment, from.RawFragment
	}
	if to, err = targetOf(u, u.String()); err != nil {
		return nil, to, false, err
	}
	if from.User != nil && trusts(&x.to, &to) {
		u.User, to.user = from.User, from.User // the server has no say in that
	}
	return u, to, ref.Host != "", nil
}

// resolve resolves a reference as [url.URL.ResolveReference] does, which makes one slash of two
// with which a path begins. Bytes that must be escaped in a query are.
func resolve(base, ref *url.URL) *url.URL {
	u := base.ResolveReference(ref)
	if strings.HasPrefix(ref.Path, "//") {
		u.Path, u.RawPath = ref.Path, ref.RawPath
	}
	u.RawQuery = escaped(u.RawQuery, "")
	return u
}

// trusts reports whether secrets meant for from may be sent to to: if that is the same
// origin, or the same host by https instead of http.
func trusts(from, to *target) bool {
	return from.origin == to.origin ||
		to.secure && !from.secure && from.host() == to.host() && strings.HasSuffix(from.addr(), ":80") && strings.HasSuffix(to.addr(), ":443")
}
