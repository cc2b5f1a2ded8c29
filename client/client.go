// Package client is an HTTP/1.1 client whose requests park the task that makes
// them. y is the coroutine that runs.
//
//	c := &client.Client{}                       connections, their pool and limits
//	c.Get(y, url)  c.Post(y, url, type, body)   a request, and the whole response
//	c.Do(y, &Request{…})                        with any method, header and body
//	c.PostJSON  c.PostForm  Request.Multipart   bodies that are made
//	resp.JSON(&v)  resp.Text()  resp.Err()      what the response says
//	Request{Stream: true}                       the body in pieces: resp.Stream
//	c.Events(y, &Request{…})                    server-sent events
//	resp.Release()                              its buffers can be used again
//	c.Timeouts  c.MaxConns  c.MaxBody  …        limits
//	c.Proxy  c.UnixSocket  c.Dialer  c.TLSConfig  how to connect
//	c.BaseURL  c.Header  c.Auth  c.Jar          what is added to each request
//	c.CheckRedirect  c.Retry                    what follows from a reply
//	c.Connect(y, url)                           a connection for another protocol
//	*Error                                      the phase that failed, and the cause
//	c.RoundTrip(y, …)  c.Transport(y)           requests in the types of fasthttp
//	HTTPTransport{Client: c}                    for libraries that take an http.Client
//	c.Trace                                     what happens to a request, told
//	c.Sender                                    in the place of the network: package clienttest
//
// A response of any status is a response, not an error. A cancelled task stops its
// request at once and closes the connection. Requests are sent again only if that is
// safe; see [Client.Do]. A Client belongs to the goroutine of its loop.
//
// The protocol is written and read by package fasthttp; the connections, their pool,
// the deadlines, redirects and retries are this package's. A request that waits for
// its response holds its connection and a small stack, and no buffer: the
// fasthttp.Request is given back once it is written, and the fasthttp.Response is
// taken when the first byte is there.
package client

import (
	"bufio"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"syscall"
	"time"

	"coloop/client/internal/pool"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// A Client makes requests on one loop, the first that it is used on, and keeps
// connections open for further requests. The zero value is ready for use. Its fields
// must not be changed after that, and it must not be copied. It belongs to the
// goroutine of its loop; each of its methods that takes a Yielder parks the task.
type Client struct {
	// MaxConns and MaxConnsPerHost limit the connections in all, and those
	// to one scheme, host and port. A request that would exceed a limit waits,
	// first come, first served. 0 means 1000 in all, and no limit to one; a negative
	// one means no limit.
	MaxConns        int
	MaxConnsPerHost int

	// IdleTimeout is how long an unused connection is kept; 0 means 15 s.
	IdleTimeout time.Duration

	// Timeouts limit the phases of a request.
	Timeouts Timeouts

	// BaseURL is what the URL of a request is relative to, as a link on that page would be: with
	// "https://host/v1/", "users?page=2" is https://host/v1/users?page=2, and "/users" is
	// https://host/users. An absolute URL is taken as it is. BaseURL must end in a slash, but for that after the
	// host. "" means that all URLs are absolute. With it, Auth and the secrets in Header are sent to
	// the origin of BaseURL alone (aiohttp's base_url).
	BaseURL string

	// Header has header fields for each request. A field of the request's own of that name takes the
	// place of one here, or takes it away if it has no values (aiohttp's ClientSession.headers).
	Header map[string][]string

	// Auth proves to servers who asks, unless the request has an Authorization, an Auth or a user in its
	// URL. A redirect to another origin ends that.
	Auth Auth

	// Jar keeps the cookies that servers set and sends them back, redirects included. net/http/cookiejar has one. A
	// Cookie of the request's own is sent too, and wins over one of the same name in the jar. Nil
	// means that cookies are neither kept nor sent. Its methods must not block.
	Jar http.CookieJar

	// Retry says when a request that has failed is sent again; nil means never.
	Retry *Retry

	// NoResend switches off that a request is sent a second time if a connection that was kept
	// open turns out to have been closed by the server; see Do. The request fails then.
	NoResend bool

	// CheckRedirect, unless nil, is called in the task before a redirect is followed, as that of
	// http.Client is. next has the Method, URL and Header of the request that is to be sent; the Header
	// may be changed. Auth and cookies of the Jar are not in it yet. via are the redirects so
	// far, this one included, oldest first. With the error ErrUseLastResponse the redirect is not
	// followed, and its reply returned; with another one the request fails.
	CheckRedirect func(y *loop.Yielder, next *Request, via []Redirect) error

	// MaxRedirects is how many redirects are followed before a request fails
	// with ErrTooManyRedirects; 0 means 10. With a negative one, redirects are
	// not followed but returned.
	MaxRedirects int

	// MaxBody is the size in bytes that the body of a response may have, once it is
	// decoded, unless it is streamed; 0 means 64 MiB. With a negative one there is no limit.
	MaxBody int

	// MaxHeader is the size in bytes that the header of a response may have; <= 0
	// means 16 KiB. It is also the size of the buffers to read into.
	MaxHeader int

	// Proxy returns the URL of the proxy for a request to u, nil for none, as that of
	// http.Transport does. It is called for each request, redirects included, in the task. Nil
	// means ProxyFromEnvironment, with the environment at the client's first request; NoProxy
	// means none, and ProxyURL returns a function for one that is always the same.
	//
	// The schemes are http, https, socks5 and socks5h. A request for http goes to an http or
	// https proxy as it is, with the whole URL, and shares connections to the proxy with other
	// hosts. For all others the proxy connects to the server (CONNECT, or SOCKS), and resolves
	// its name. A user and password in the proxy's URL are for the proxy alone.
	Proxy func(u *url.URL) (*url.URL, error)

	// ProxyHeader has header fields for http and https proxies (aiohttp's proxy_headers). A
	// Proxy-Authorization in it is sent in the place of the user and password in the URL.
	ProxyHeader map[string][]string

	// UnixSocket, unless "", is the path of the socket that all connections are made to (aiohttp's
	// UnixConnector). The host of a URL is then only said to the server, in Host and for
	// TLS. Proxy is not used.
	UnixSocket string

	// Dialer has options for connecting: the local address, a resolver, Happy Eyeballs. Nil means
	// the zero Dialer.
	Dialer *netio.Dialer

	// Dial, unless nil, connects in the place of Dialer, to an address on network "tcp" or
	// "unix". It is called in the task. The connection must be one of the client's loop.
	Dial func(y *loop.Yielder, network, addr string) (*netio.Conn, error)

	// DisableCompression has the client not ask for encoded bodies, and not decode them
	// (as in net/http). Else it sends "Accept-Encoding: gzip, deflate, br, zstd" with
	// requests that have neither Accept-Encoding nor Range of their own, HEAD excepted, and
	// decodes what comes. A body in an encoding that it does not know is left as it is.
	DisableCompression bool

	// RaiseForStatus makes a response with a status from 400 on an error, as
	// Response.Err does. A Request can ask for that, too.
	RaiseForStatus bool

	// TLSConfig is for https, proxies included; nil means crypto/tls's defaults. It must not
	// offer h2. ServerName, unless "", is meant for all servers. Sessions are resumed: without
	// a ClientSessionCache the client has its own.
	TLSConfig *tls.Config

	// UserAgent is sent with requests that have no User-Agent of their own; ""
	// means "coloop".
	UserAgent string

	// Trace, unless nil, is told of each event of each request, in the task of the request, with
	// the time at which it happened. The next event may have happened by then. The task waits
	// until Trace has returned.
	Trace func(y *loop.Yielder, e TraceEvent)

	// Sender, unless nil, makes the exchanges instead of the network: see package clienttest.
	Sender Sender

	loop     *loop.Loop
	pool     pool.Pool[*conn, *server]
	making   []*making // connections that are not in the pool yet
	limits   Timeouts  // with the defaults
	closed   bool
	sessions tls.ClientSessionCache
	traced   uint64                             // requests
	streams  map[*stream]struct{}               // those that hold a connection
	proxyFor func(u *url.URL) (*url.URL, error) // Proxy, or the environment; nil if there is no proxy

	session    bool     // each request needs one
	base       *url.URL // BaseURL, or nil
	baseTarget target

	// Things to be used again.
	exchanges spares[*exchange]
	readers   spares[*bufio.Reader]
	writers   spares[*bufio.Writer]
	requests  spares[*fasthttp.Request]
	replies   spares[*fasthttp.Response]
	buffers   spares[[]byte]
	pieces    spares[[]byte] // the first ones of bodies
	stages    [numCodings]spares[*stage]
	scratch   fasthttp.RequestHeader
	length    []byte
}

const (
	defaultMaxConns     = 1000
	defaultIdleTimeout  = 15 * time.Second // of the pool
	defaultMaxRedirects = 10
	defaultMaxBody      = 64 << 20
	defaultMaxHeader    = 16 << 10
	defaultUserAgent    = "coloop"
	writeBuffer         = 4 << 10
)

// Get requests url. See Do.
func (c *Client) Get(y *loop.Yielder, url string) (*Response, error) {
	x := c.exchange(&noOptions)
	x.method, x.url = fasthttp.MethodGet, url
	return x.do(y)
}

// Do sends r and returns the response, whatever its status. It parks the task
// until the body is there, or until the header is if that is streamed. Every
// error is an *Error. Cancelling the task stops the request at once and closes
// its connection; the error wraps the loop.CancelledError then.
//
// An idempotent request that is sent over a connection kept open, and finds that
// the server has closed it, is sent once more over a new one, unless NoResend is set. Nothing
// else is sent again unless Retry says so. Redirects are followed as net/http does it; see
// MaxRedirects and CheckRedirect.
func (c *Client) Do(y *loop.Yielder, r *Request) (*Response, error) {
	return c.request(r).do(y)
}

// request returns an exchange for r that has not begun.
func (c *Client) request(r *Request) *exchange {
	x := c.exchange(r)
	x.method, x.url, x.header, x.body = r.method(), r.URL, r.Header, r.Body
	x.source = c.source(r)
	return x
}

var noOptions Request

// exchange returns an exchange that has not begun.
func (c *Client) exchange(r *Request) *exchange {
	x, ok := c.exchanges.get()
	if !ok {
		x = c.moreExchanges()
	}
	x.client, x.req, x.sender = c, r, c.Sender
	return x
}

// moreExchanges makes several at once: each allocation may need more stack than a task has.
//
//go:noinline
func (c *Client) moreExchanges() *exchange {
	some := new([maxSpares / 2]exchange) // when there was none left, so all but one are kept
	for i := range some[1:] {
		c.exchanges.put(&some[1+i])
	}
	return &some[0]
}

// do makes the exchange, and those that follow from its outcome.
func (x *exchange) do(y *loop.Yielder) (_ *Response, failure error) {
	defer x.end()
	c := x.client
	if err := c.enter(y); err != nil {
		return nil, x.fail(PhaseRequest, err)
	}
	if c.Trace != nil {
		x.traces()
		defer x.ended(y, &failure)
	}
	if x.req.composed() {
		if err := x.composeBody(y); err != nil {
			return nil, x.fail(PhaseRequest, err)
		}
	}
	if (c.session || x.req.hasSession()) && !x.alone {
		x.limit()
		if phase, err := x.openSession(y); err != nil {
			return nil, x.fail(phase, err)
		}
	}
	for {
		again := false
		phase, err := x.run(y)
		if err == nil && x.settled() {
			phase, err = x.readBody(y)
		} else if !x.alone {
			again, phase, err = x.next(y, phase, err)
		}
		switch {
		case err != nil:
			return nil, x.fail(phase, x.abandon(y, err))
		case !again && x.raises():
			return nil, x.raised()
		case !again:
			if x.trace != nil && !x.req.Stream {
				x.trace.note(TraceBody)
			}
			return x.response(), nil
		}
	}
}

// finish gives back the buffer and the connection of a reply without fault. If the
// server has sent more than the reply, the connection gets no other request.
func (x *exchange) finish() {
	if x.place == nil { // the exchange was a Sender's
		return
	}
	last := x.last || x.br.Buffered() > 0
	x.putReader()
	pl := x.place
	x.place, x.cn = nil, nil
	if last {
		pl.Drop()
	} else {
		pl.Release()
	}
}

func (x *exchange) putReader() {
	if x.cn != nil {
		x.cn.ahead = nil
	}
	x.client.putReader(x.br)
	x.br = nil
}

// stale reports whether an exchange that failed is to be tried once more, with a new
// connection in the place of the old: if that had been kept open and turned out to
// have been closed by the server meanwhile.
//
//go:noinline
func (x *exchange) stale(y *loop.Yielder, err error) bool {
	cn := x.cn
	if cn == nil || x.client.NoResend || x.state == connecting || !x.place.Used() || cn.received || x.again || x.spent() || x.once && cn.written {
		return false
	}
	if !errors.Is(err, errHungUp) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		return false
	}
	if x.upload != nil {
		_ = x.stop(y) // it has failed, or is about to
	}
	if x.source.rewind() != nil {
		return false
	}
	x.place.Renew()
	if x.br != nil {
		x.putReader()
	}
	if x.trace != nil {
		x.trace.failed(TraceRetry, err)
	}
	x.state, x.cn, x.err, x.again, x.last = unconnected, nil, nil, true, false
	return true
}

// abandon closes the connection of an exchange that failed, and gives up its place. It returns why
// the exchange failed: a cancellation that comes now must not be lost.
//
//go:noinline
func (x *exchange) abandon(y *loop.Yielder, err error) error {
	x.drop()
	if x.upload != nil {
		if err := x.stop(y); err != nil {
			return err
		}
	}
	return err
}

func (x *exchange) drop() {
	if pl := x.place; pl != nil {
		x.place, x.cn = nil, nil
		pl.Drop()
	}
}

// end lets go of everything. It is deferred, because a function of the user's that panics or
// ends the task would keep the place for ever.
func (x *exchange) end() {
	x.drop()
	x.closeGiven()
	u := x.upload
	if u != nil && u.task != nil && !u.over { // only after a panic
		u.leave()
		u.dropped = true
		u.task.Cancel()
	}
	if u == nil || !u.closes {
		_ = x.source.close() // its error is the user's
	}
	c := x.client
	if x.sent != nil {
		c.putBuffer(x.sent)
	}
	*x = exchange{}
	c.exchanges.put(x)
}

//go:noinline
func (x *exchange) fail(phase Phase, err error) *Error {
	return x.client.fail(phase, x.method, x.url, err)
}

// fail returns the error of a request. If the client has closed the connection, it says so.
func (c *Client) fail(phase Phase, method, url string, err error) *Error {
	if c.closed && errors.Is(err, net.ErrClosed) {
		err = ErrClosed
	}
	return &Error{phase, method, redacted(url), err}
}

// Close closes the connections, at once those that are in use. Requests that are under way or wait
// for a connection, and all later ones, fail with ErrClosed. It must be called on the loop, or
// when that is not running.
func (c *Client) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	for _, cn := range slices.Clone(c.making) {
		cn.giveUp()
	}
	err := c.pool.Close()
	for s := range c.streams {
		s.stop(net.ErrClosed)
	}
	return err
}

// CloseIdleConnections closes the connections that no request uses. It must be called on the
// loop, or when that is not running.
func (c *Client) CloseIdleConnections() { _ = c.pool.CloseIdle() } // they are lost either way

// enter checks that y runs on the loop of the client. Its frame is small, as are those of all that is
// called before the first wait: see exchange.
func (c *Client) enter(y *loop.Yielder) error {
	if l := loop.Running(y); l != c.loop || l == nil || c.closed {
		return c.enterFirst(l)
	}
	return nil
}

//go:noinline
func (c *Client) enterFirst(l *loop.Loop) error {
	switch {
	case c.closed:
		return ErrClosed
	case l == nil:
		return loop.ErrNoTask
	case c.loop == nil:
		if err := c.prepareSession(); err != nil {
			return err
		}
		c.loop, c.limits = l, c.Timeouts.filled()
		c.pool.MaxConns, c.pool.MaxConnsPerHost = orDefault(c.MaxConns, defaultMaxConns), c.MaxConnsPerHost
		c.pool.IdleTimeout = c.IdleTimeout
		if err := c.settleProxy(); err != nil {
			c.loop = nil
			return err
		}
	case c.loop != l:
		return loop.ErrForeignLoop
	}
	return nil
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

func (c *Client) maxBody() int {
	if c.MaxBody < 0 {
		return math.MaxInt - maxShort
	}
	return orDefault(c.MaxBody, defaultMaxBody)
}

func (c *Client) maxHeader() int {
	if c.MaxHeader <= 0 {
		return defaultMaxHeader
	}
	return c.MaxHeader
}

func (c *Client) userAgent() string {
	if c.UserAgent == "" {
		return defaultUserAgent
	}
	return c.UserAgent
}
