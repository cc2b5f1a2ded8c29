package client

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"
)

// cookieURL is the URL of the request for the jar, as in net/http: with the caller's own Host, if
// there is one.
func (x *exchange) cookieURL() *url.URL {
	u, err := url.Parse(x.url)
	if err != nil {
		return nil // cannot be: it has been parsed before
	}
	if host := values(x.session.own, fasthttp.HeaderHost); len(host) > 0 {
		u.Host = host[0]
	}
	return u
}

// cookie returns the Cookie field of the request: the caller's own, and the cookies of the jar
// that are not in it. If there are none of these, it is "".
func (x *exchange) cookie() string {
	jar := x.client.Jar
	if jar == nil {
		return ""
	}
	own := strings.Join(values(x.session.own, fasthttp.HeaderCookie), "; ")
	names := make(map[string]bool)
	for part := range strings.SplitSeq(own, ";") {
		names[cookieName(part)] = true
	}
	all := own
	for _, c := range jar.Cookies(x.cookieURL()) {
		pair := (&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted}).String()
		switch {
		case pair == "", names[c.Name]:
		case all == "":
			all = pair
		default:
			all += "; " + pair
		}
	}
	if all == own {
		return ""
	}
	return all
}

// cookieName returns the name of a part of a Cookie field.
func cookieName(part string) string {
	name, _, _ := strings.Cut(part, "=")
	return strings.TrimSpace(name)
}

// keepCookies puts the cookies of the reply into the jar. Those that the caller has set by hand
// are taken away if the reply sets them anew, as net/http does.
func (x *exchange) keepCookies() {
	jar := x.client.Jar
	if jar == nil {
		return
	}
	var cookies []*http.Cookie
	for _, line := range x.reply.Header.Cookies() {
		if c, err := http.ParseSetCookie(string(line)); err == nil { // a bad one is no cookie, for browsers too
			cookies = append(cookies, c)
		}
	}
	if len(cookies) == 0 {
		return
	}
	jar.SetCookies(x.cookieURL(), cookies)
	s := x.session
	own := values(s.own, fasthttp.HeaderCookie)
	if len(own) == 0 {
		return
	}
	var left []string
	for part := range strings.SplitSeq(strings.Join(own, ";"), ";") {
		name := cookieName(part)
		if name != "" && !hasCookie(cookies, name) {
			left = append(left, strings.TrimSpace(part))
		}
	}
	s.own = without(s.own, func(name string) bool { return strings.EqualFold(name, fasthttp.HeaderCookie) })
	if len(left) > 0 {
		s.own[fasthttp.HeaderCookie] = []string{strings.Join(left, "; ")}
	}
}

func hasCookie(cookies []*http.Cookie, name string) bool {
	for _, c := range cookies {
		if c.Name == name {
			return true
		}
	}
	return false
}
