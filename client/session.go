package client

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// A session is what a request needs beyond one exchange: what the client adds to each, and what has
// happened so far. A request that uses none of that has no session.
type session struct {
	own      map[string][]string // the caller's header fields, less what redirects have taken away
	auth     Auth                // nil once a redirect has led to another origin
	answer   string              // to a challenge: the Authorization of the next exchange
	answered int                 // challenges since the last redirect
	attempts int                 // that were in vain
	history  []Redirect
}

var (
	errRelative = errors.New("the URL is relative, and the client has no BaseURL")
	errBase     = errors.New("must be an absolute URL, http or https, with a path that ends in a slash, without query and fragment")
)

// prepareSession makes sense of what the client adds to each request.
func (c *Client) prepareSession() error {
	c.session = c.Jar != nil || c.Auth != nil || c.Retry != nil || c.BaseURL != "" || len(c.Header) > 0
	if c.BaseURL == "" {
		return nil
	}
	base, err := url.Parse(c.BaseURL)
	if err == nil {
		c.baseTarget, err = targetOf(base, c.BaseURL)
	} else {
		err = parseError(err)
	}
	switch {
	case err != nil:
		return fmt.Errorf("BaseURL: %w", err)
	case base.Path != "" && !strings.HasSuffix(base.Path, "/"), strings.ContainsAny(c.BaseURL, "?#"):
		return fmt.Errorf("BaseURL %w", errBase)
	}
	c.base = base
	return nil
}

// hasSession reports whether the request needs a session.
func (r *Request) hasSession() bool { return r.Auth != nil || r.Retry != nil || len(r.Query) > 0 }

// openSession makes the session of a request, and its first exchange.
//
//go:noinline
func (x *exchange) openSession(y *loop.Yielder) (Phase, error) {
	c, r := x.client, x.req
	s := &session{}
	x.session = s
	if err := x.locate(); err != nil {
		return PhaseRequest, err
	}
	home := c.base == nil || x.to.origin == c.baseTarget.origin
	s.own = merge(c.Header, x.header, func(name string) bool {
		return !isSecret(name) && !strings.EqualFold(name, fasthttp.HeaderHost) ||
			home && !(strings.EqualFold(name, fasthttp.HeaderAuthorization) && (r.Auth != nil || x.to.user != nil))
	})
	switch {
	case has(x.header, fasthttp.HeaderAuthorization):
	case r.Auth != nil:
		s.auth = r.Auth
	case x.to.user == nil && home && !has(s.own, fasthttp.HeaderAuthorization):
		s.auth = c.Auth
	}
	return x.compose(y)
}

// locate finds out where the request goes: it applies BaseURL and Query.
func (x *exchange) locate() (err error) {
	if base := x.client.base; base != nil {
		ref, err := url.Parse(x.url)
		if err != nil {
			return parseError(err)
		}
		if ref.Scheme == "" {
			x.url = resolve(base, ref).String()
		}
	}
	if q := x.req.Query; len(q) > 0 {
		x.url = withQuery(x.url, q)
	}
	x.to, err = parseTarget(x.url)
	return err
}

// withQuery adds q to the query of a URL, which is left as it is.
func withQuery(rawURL string, q url.Values) string {
	rest, fragment, ok := strings.Cut(rawURL, "#")
	switch {
	case !strings.Contains(rest, "?"):
		rest += "?"
	case !strings.HasSuffix(rest, "?") && !strings.HasSuffix(rest, "&"):
		rest += "&"
	}
	rest += q.Encode()
	if ok {
		rest += "#" + fragment
	}
	return rest
}

// merge returns the fields of a request and those of its session that it does not have itself and
// that are wanted. A field of the request without a value takes away that of the session.
func merge(session, own map[string][]string, wanted func(name string) bool) map[string][]string {
	if len(session) == 0 {
		return own
	}
	all := maps.Clone(own)
	if all == nil {
		all = make(map[string][]string, len(session))
	}
	maps.DeleteFunc(all, func(_ string, values []string) bool { return len(values) == 0 })
	for name, values := range session {
		if !has(own, name) && wanted(name) {
			all[name] = values
		}
	}
	return all
}

// compose makes the header of the next exchange: what the caller asked for, the authorization, and the
// cookies of the jar. The user's functions in it are called in the task.
func (x *exchange) compose(y *loop.Yielder) (Phase, error) {
	s := x.session
	authorization := s.answer
	s.answer = ""
	if authorization == "" && s.auth != nil {
		var err error
		if authorization, err = s.auth.Authorization(y, x.authRequest(nil)); err != nil {
			return PhaseAuth, err
		}
	}
	cookie := x.cookie()
	x.header = s.own
	if authorization != "" || cookie != "" {
		x.header = without(s.own, func(name string) bool { return cookie != "" && strings.EqualFold(name, fasthttp.HeaderCookie) })
	}
	if authorization != "" {
		x.header[fasthttp.HeaderAuthorization] = []string{authorization}
	}
	if cookie != "" {
		x.header[fasthttp.HeaderCookie] = []string{cookie}
	}
	return "", nil
}

// isSecret reports whether a field is for one origin alone, as net/http has them.
func isSecret(name string) bool {
	return equalsAny(name, fasthttp.HeaderAuthorization, fasthttp.HeaderCookie, fasthttp.HeaderCookie2,
		fasthttp.HeaderProxyAuthorization, fasthttp.HeaderProxyAuthenticate, fasthttp.HeaderWWWAuthenticate)
}

func equalsAny(name string, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// without returns a copy of fields without some. It is never nil.
func without(fields map[string][]string, drop func(name string) bool) map[string][]string {
	left := make(map[string][]string, len(fields)+2)
	for name, values := range fields {
		if !drop(name) {
			left[name] = values
		}
	}
	return left
}

// values returns the values of all fields of that name.
func values(fields map[string][]string, name string) (all []string) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if strings.EqualFold(key, name) {
			all = append(all, fields[key]...)
		}
	}
	return all
}
