package clienttest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// A pattern is parsed once. See [Mock.On].
type pattern struct {
	text, method, scheme, host string
	segments                   []segment
	query                      url.Values
}

// A segment is a part of the path between two slashes.
type segment struct {
	text string // literal, or the name of a wildcard
	kind kind
}

type kind uint8

const (
	literal kind = iota
	one          // {name}
	rest         // {name...}, or all below a path that ends in a slash
)

func parsePattern(text string) (p pattern, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("pattern %q: %w", text, err)
		}
	}()
	p.text = text
	where := text
	if method, after, ok := strings.Cut(text, " "); ok {
		if !httpguts.ValidHeaderFieldName(method) {
			return p, errors.New("invalid method")
		}
		p.method, where = method, strings.TrimLeft(after, " ")
	}
	where, query, _ := strings.Cut(where, "?")
	if p.query, err = url.ParseQuery(query); err != nil {
		return p, err
	}
	if scheme, after, ok := strings.Cut(where, "://"); ok {
		if scheme != "http" && scheme != "https" {
			return p, fmt.Errorf("unsupported scheme %q", scheme)
		}
		p.scheme, where = scheme, after
	}
	host, path, ok := strings.Cut(where, "/")
	if !ok {
		return p, errors.New("no path: it begins with a slash")
	}
	if strings.ContainsAny(host, "{}@ ") {
		return p, fmt.Errorf("invalid host %q", host)
	}
	p.host = strings.ToLower(host)
	p.segments, err = parsePath(path)
	return p, err
}

// parsePath parses a path without its first slash.
func parsePath(path string) (all []segment, err error) {
	names := make(map[string]bool)
	parts := strings.Split(path, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		name, wild := strings.CutPrefix(part, "{")
		switch {
		case part == "" && last:
			return append(all, segment{"", rest}), nil
		case part == "{$}" && last:
			return append(all, segment{"", literal}), nil
		case !wild:
			if strings.ContainsAny(part, "{}") {
				return nil, errors.New("a wildcard is a whole segment of the path")
			}
			text, err := url.PathUnescape(part)
			if err != nil {
				return nil, err
			}
			all = append(all, segment{text, literal})
			continue
		}
		name, closed := strings.CutSuffix(name, "}")
		name, many := strings.CutSuffix(name, "...")
		switch {
		case !closed || name == "" || strings.ContainsAny(name, "{}$."):
			return nil, fmt.Errorf("bad wildcard %q", part)
		case many && !last:
			return nil, fmt.Errorf("wildcard %q is not at the end", part)
		case names[name]:
			return nil, fmt.Errorf("two wildcards are called %q", name)
		}
		names[name] = true
		s := segment{name, one}
		if many {
			s.kind = rest
		}
		all = append(all, s)
	}
	return all, nil
}

// match reports whether p matches a request, and what the wildcards stand for.
func (p *pattern) match(method string, u *url.URL) (values map[string]string, ok bool) {
	switch {
	case p.method != "" && p.method != method && !(p.method == "GET" && method == "HEAD"),
		p.scheme != "" && p.scheme != u.Scheme,
		p.host != "" && p.host != hostOf(u, p.host):
		return nil, false
	}
	query := u.Query()
	for key, values := range p.query {
		for i, v := range values {
			if got := query[key]; i >= len(got) || got[i] != v {
				return nil, false
			}
		}
	}
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	values = make(map[string]string)
	for i, s := range p.segments {
		if s.kind == rest {
			whole, err := url.PathUnescape(path)
			if s.text != "" {
				values[s.text] = whole
			}
			return values, err == nil
		}
		part, after, more := strings.Cut(path, "/")
		text, err := url.PathUnescape(part)
		switch {
		case err != nil,
			s.kind == literal && text != s.text,
			s.kind == one && text == "",
			more != (i < len(p.segments)-1):
			return nil, false
		case s.kind == one:
			values[s.text] = text
		}
		path = after
	}
	return values, true
}

// hostOf returns the host of u in lower case, without the port if that is the scheme's own and
// like does not have it either.
func hostOf(u *url.URL, like string) string {
	host := strings.ToLower(u.Host)
	if own := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; !strings.HasSuffix(like, own) {
		host = strings.TrimSuffix(host, own)
	}
	return host
}
