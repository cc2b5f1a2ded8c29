package client

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

var (
	errNoHost = errors.New("no host in URL")
	errScheme = errors.New("unsupported scheme")
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
	if end <= 0 || !plainHost(rest[:end]) {
		return t, false
	}
	for i := end; i < len(rest); i++ {
		if !plainChars[rest[i]] {
			return t, false
		}
	}
	return target{secure: secure, origin: rawURL[:len(rawURL)-len(rest)+end], uri: rest[end:]}, true
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
	t.uri = escaped(u.RequestURI())
	return t, nil
}

// parseError is the error of url.Parse without the URL, which may have a password in it.
func parseError(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	const most = 100
	if text := err.Error(); len(text) > most {
		err = errors.New(text[:most] + "...")
	}
	return fmt.Errorf("parse the URL: %w", err)
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
	name, port := strings.ToLower(u.Hostname()), u.Port()
	if name == "" {
		return "", errNoHost
	}
	if port != "" {
		if n, err := net.LookupPort("tcp", port); err != nil || n == 0 {
			return "", fmt.Errorf("parse the URL: invalid port %q", port)
		}
	}
	switch {
	case strings.Contains(name, ":"):
		name = "[" + name + "]"
	case !ascii(name):
		var err error
		if name, err = idna.Lookup.ToASCII(name); err != nil {
			return "", fmt.Errorf("parse the URL: host: %w", err)
		}
	case strings.ContainsAny(name, " \"<>\\^`{|}%"):
		return "", fmt.Errorf("parse the URL: invalid host %q", name)
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

// escaped escapes the bytes of a request's target that must not stand in a request line.
func escaped(uri string) string {
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c >= 0x7f {
			return escapeFrom(uri, i)
		}
	}
	return uri
}

func escapeFrom(uri string, i int) string {
	const hex = "0123456789ABCDEF"
	b := []byte(uri[:i])
	for ; i < len(uri); i++ {
		if c := uri[i]; c <= ' ' || c >= 0x7f {
			b = append(b, '%', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}
