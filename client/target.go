package client

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

var (
	errNoHost = errors.New("no host in URL")
	errScheme = errors.New("unsupported scheme")

	errHostName = errors.New("parse the URL: invalid character in host name")
)

// A target is where a request goes, and how it names what it wants there. Package net/url is
// the only parser of URLs here; a path is sent as it was written.
type target struct {
	secure bool
	origin string // scheme://host[:port], normalised: requests to one origin share connections
	uri    string // path and query
	user   *url.Userinfo
}

// host is the value of the Host field, without the port if that is the scheme's own.
func (t *target) host() string { return t.origin[strings.Index(t.origin, "//")+2:] }

// addr is the host and port to connect to.
func (t *target) addr() string {
	if t.secure {
		return withPort(t.host(), "443")
	}
	return withPort(t.host(), "80")
}

// withPort returns host with a port, its own or the given one.
func withPort(host, port string) string {
	if strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']') {
		return host
	}
	return host + ":" + port
}

// parseTarget parses an absolute URL.
func parseTarget(rawURL string) (target, error) {
	if t, ok := plainTarget(rawURL); ok {
		return t, nil
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return target{}, parseError(err)
	}
	return targetOf(u, rawURL)
}

// plainTarget is parseTarget for a URL in which no character means anything: net/url would return
// the same, after some time and an allocation.
func plainTarget(rawURL string) (t target, ok bool) {
	rest, secure := strings.CutPrefix(rawURL, "https://")
	if !secure {
		if rest, ok = strings.CutPrefix(rawURL, "http://"); !ok {
			return t, false
		}
	}
	end := strings.IndexByte(rest, '/')
	if end < 0 {
		end = len(rest)
	}
	if end == 0 || !plainHost(rest[:end]) {
		return t, false
	}
	for i := end; i < len(rest); i++ {
		if !plainChars[rest[i]] {
			return t, false
		}
	}
	return target{secure: secure, origin: rawURL[:len(rawURL)-len(rest)+end], uri: cmp.Or(rest[end:], "/")}, true
}

// plainChars are the unreserved characters of RFC 3986, and those between the parts of paths and
// queries.
var plainChars = func() (plain [256]bool) {
	for c := range plain {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~/?&=", byte(c)) >= 0:
			plain[c] = true
		}
	}
	return plain
}()

// targetOf returns the target of u, which was parsed from rawURL.
func targetOf(u *url.URL, rawURL string) (target, error) {
	t := target{secure: u.Scheme == "https", user: u.User}
	prefix := len(u.Scheme) + len("://") + len(u.Host)
	switch {
	case u.Scheme == "":
		return t, errRelative
	case u.Host == "":
		return t, errNoHost
	case !t.secure && u.Scheme != "http":
		return t, fmt.Errorf("%w %s", errScheme, short(u.Scheme))
	case plainHost(u.Host) && len(rawURL) >= prefix && rawURL[len(u.Scheme)+3:prefix] == u.Host && rawURL[:len(u.Scheme)] == u.Scheme:
		t.origin = rawURL[:prefix]
	default:
		host, err := normalHost(u)
		if err != nil {
			return t, err
		}
		t.origin = u.Scheme + "://" + host
	}
	t.uri = verbatim(rawURL)
	return t, nil
}

// verbatim returns the path and query of a URL as they are written there, but that bytes
// that must not stand in a request line are escaped. To parse and print them would lose the
// difference between / and %2F.
func verbatim(rawURL string) string {
	uri := rawURL[strings.Index(rawURL, "//")+2:]
	uri, _, _ = strings.Cut(uri, "#")
	i := strings.IndexAny(uri, "/?")
	switch {
	case i < 0:
		return "/"
	case uri[i] == '?':
		return "/" + escaped(uri[i:], "")
	}
	path, query, _ := strings.Cut(uri[i:], "?")
	if len(path) == len(uri)-i {
		return escaped(path, notInPath)
	}
	return escaped(path, notInPath) + "?" + escaped(query, "")
}

// notInPath is what net/http escapes in a path, but not in a query.
const notInPath = "\"<>\\^`{|}"

// parseError is the error of url.Parse without the URL, which may have a password in it.
func parseError(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	text, _, _ := strings.Cut(err.Error(), `"`) // what is quoted may be a part of the password
	return errors.New("parse the URL: " + strings.TrimSpace(text))
}

// plainHost reports whether a host is normalised already: a lower-case name or an IPv4 address,
// maybe with a port that is no scheme's own.
func plainHost(host string) bool {
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '-':
		case c == ':':
			port, err := strconv.ParseUint(host[i+1:], 10, 16)
			return i > 0 && err == nil && port != 0 && port != 80 && port != 443 && host[i+1] != '0' && host[i+1] != '+'
		default:
			return false
		}
	}
	return true
}

// normalHost returns the host of u in lower case and ASCII, with the port unless that is the
// scheme's own. The zone of an IPv6 address is kept: it matters for the connection.
func normalHost(u *url.URL) (string, error) {
	name, port := u.Hostname(), u.Port()
	if name == "" {
		return "", errNoHost
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return "", errors.New("parse the URL: invalid port")
		}
		port = strconv.FormatUint(n, 10)
	}
	switch {
	case u.Host[0] == '[':
		a, err := netip.ParseAddr(name)
		if err != nil || !a.Is6() {
			return "", errors.New("parse the URL: invalid IPv6 address")
		}
		name = "[" + a.String() + "]"
	case !ascii(name):
		var err error
		if name, err = idna.Lookup.ToASCII(name); err != nil {
			return "", fmt.Errorf("parse the URL: host: %w", err)
		}
	case strings.ContainsAny(name, " \"%<>[\\]^`{|}"):
		return "", errHostName
	default:
		name = strings.ToLower(name)
	}
	if port == "" || port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		return name, nil
	}
	return name + ":" + port, nil
}

// hostField is host as it is sent: the zone of an IPv6 address means nothing to the server.
func hostField(host string) string {
	if i := strings.IndexByte(host, '%'); i >= 0 {
		if end := strings.IndexByte(host, ']'); end > i {
			return host[:i] + host[end:]
		}
	}
	return host
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// escaped escapes the bytes of s that must not stand in a request line, and others.
func escaped(s, others string) string {
	const hex = "0123456789ABCDEF"
	bad := func(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte(others, c) >= 0 }
	var b []byte
	for i := range len(s) {
		switch c := s[i]; {
		case !bad(c):
			if b != nil {
				b = append(b, c)
			}
		case b == nil:
			b = []byte(s[:i])
			fallthrough
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	if b == nil {
		return s
	}
	return string(b)
}
