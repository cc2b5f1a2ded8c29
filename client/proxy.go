package client

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"net/url"
	"os"
	"strings"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/http/httpproxy"
)

// ProxyFromEnvironment returns the URL of the proxy that the environment has for a request to u,
// as http.ProxyFromEnvironment does: HTTP_PROXY or HTTPS_PROXY, by the scheme of u, or else
// ALL_PROXY; nil if NO_PROXY excepts the host, or if it is this machine (localhost, 127.0.0.1).
// The names may be in lower case, which then count first.
func ProxyFromEnvironment(u *url.URL) (*url.URL, error) {
	if proxyFor := environment(); proxyFor != nil {
		return proxyFor(u)
	}
	return nil, nil
}

// ProxyURL returns a function for [Client.Proxy] that always returns the same proxy. Without a
// scheme it is an http proxy. A URL that is none is the error of each request.
func ProxyURL(rawURL string) func(*url.URL) (*url.URL, error) {
	if !strings.Contains(rawURL, "://") {
		rawURL = "http://" + rawURL
	}
	proxy, err := url.Parse(rawURL)
	if err != nil || proxy.Host == "" {
		proxy, err = nil, errProxyURL
	}
	return func(*url.URL) (*url.URL, error) { return proxy, err }
}

// NoProxy is a function for [Client.Proxy]: no request goes by a proxy.
func NoProxy(*url.URL) (*url.URL, error) { return nil, nil }

// The URL may have a password in it: it is not quoted.
var errProxyURL = errors.New("the URL of the proxy is invalid")

// unusable stands for the URL of a proxy that package httpproxy would pass over in silence.
const unusable = "unusable://environment"

// environment returns the function that tells which proxy the environment has for a URL; nil if
// it has none.
func environment() func(*url.URL) (*url.URL, error) {
	cfg := httpproxy.FromEnvironment()
	if all := cmp.Or(os.Getenv("all_proxy"), os.Getenv("ALL_PROXY")); all != "" {
		if cfg.HTTPProxy == "" {
			cfg.HTTPProxy, cfg.CGI = all, false // no client of a CGI program can set that name
		}
		cfg.HTTPSProxy = cmp.Or(cfg.HTTPSProxy, all)
	}
	if cfg.HTTPProxy == "" && cfg.HTTPSProxy == "" {
		return nil
	}
	for _, p := range []*string{&cfg.HTTPProxy, &cfg.HTTPSProxy} {
		_, err := url.Parse(*p)
		if _, bare := url.Parse("http://" + *p); err != nil && bare != nil {
			*p = unusable
		}
	}
	return cfg.ProxyFunc()
}

// settleProxy finds out how proxies are to be chosen.
func (c *Client) settleProxy() error {
	if err := checkFields(c.ProxyHeader, true); err != nil {
		return fmt.Errorf("ProxyHeader: %w", err)
	}
	switch {
	case c.UnixSocket != "":
	case c.Proxy != nil:
		c.proxyFor = c.Proxy
	default:
		c.proxyFor = environment()
	}
	return nil
}

// A proxy is what the URL of one says.
type proxy struct {
	scheme string // http, https, or socks5
	addr   string // host and port
	user   *url.Userinfo
}

// parseProxy makes sense of the URL of a proxy.
func parseProxy(u *url.URL) (*proxy, error) {
	p := &proxy{scheme: strings.ToLower(u.Scheme), user: u.User}
	port := ""
	switch p.scheme {
	case "http":
		port = "80"
	case "https":
		port = "443"
	case "socks5", "socks5h":
		p.scheme, port = "socks5", "1080"
	default:
		if u.String() == unusable {
			return nil, fmt.Errorf("%w (in the environment)", errProxyURL)
		}
		return nil, fmt.Errorf("%w %s of a proxy", errScheme, short(u.Scheme))
	}
	host, err := normalHost(u)
	if err != nil {
		return nil, errProxyURL
	}
	p.addr = withPort(host, port)
	return p, nil
}

var seed = maphash.MakeSeed()

// String identifies the proxy in the key of a host of the pool, which people may see. Connections
// made with another password are others.
func (p *proxy) String() string {
	if p.user == nil {
		return p.scheme + "://" + p.addr
	}
	password, _ := p.user.Password()
	return fmt.Sprintf("%s://%s@%s#%x", p.scheme, url.User(p.user.Username()), p.addr, maphash.String(seed, password))
}

// choose finds the proxy for the request, and so its host of the pool. It calls a function of the
// user's.
//
//go:noinline
func (x *exchange) choose() (Phase, error) {
	if err := x.parse(); err != nil {
		return PhaseRequest, err
	}
	u, err := url.Parse(x.url)
	if err != nil {
		return PhaseRequest, parseError(err)
	}
	via, err := x.client.proxyOf(u)
	x.host = x.findHost(via)
	return PhaseProxy, err
}

// proxyOf returns the proxy for a request to u, or nil.
func (c *Client) proxyOf(u *url.URL) (*proxy, error) {
	if c.proxyFor == nil {
		return nil, nil
	}
	to, err := c.proxyFor(u)
	if to == nil || err != nil {
		return nil, err
	}
	return parseProxy(to)
}

// forwarded makes h the header of a request that the proxy passes on.
//
//go:noinline
func (x *exchange) forwarded(h *fasthttp.RequestHeader) {
	h.SetRequestURI("http://" + hostField(x.to.host()) + x.to.uri)
	x.client.proxyFields(h, x.host.Value.via)
}

// proxyFields adds the header fields that are for the proxy.
func (c *Client) proxyFields(h *fasthttp.RequestHeader, p *proxy) {
	if p.user != nil && !has(c.ProxyHeader, fasthttp.HeaderProxyAuthorization) {
		h.Add(fasthttp.HeaderProxyAuthorization, basicOf(p.user))
	}
	for key, values := range c.ProxyHeader {
		for _, v := range values {
			h.Add(key, v)
		}
	}
}
