// Package client is an HTTP/1.1 client whose requests park the task that makes
// them. y is the coroutine that runs.
//
//	c := &client.Client{}                       connections, their pool and limits
//	c.Get(y, url)  c.Post(y, url, type, body)   a request, and the whole response
//	c.Do(y, &Request{…})                        with any method, header and body
//	Request{Stream: true}                       the body in pieces: resp.Stream
//	resp.Release()                              its buffers can be used again
//	c.Timeouts  c.MaxConns  c.MaxBody  …        limits
//	*Error                                      the phase that failed, and the cause
//	c.RoundTrip(y, …)  c.Transport(y)           requests in the types of fasthttp
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
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// A Client makes requests on one loop, the first that it is used on, and keeps
// connections open for further requests. The zero value is ready for use. Its fields
// must not be changed after that, and it must not be copied. It belongs to the
// goroutine of its loop; each of its methods that takes a Yielder parks the task.
type Client struct {
	// MaxConns and MaxConnsPerHost limit the connections in all, and those
	// to one scheme, host and port. A request that would exceed a limit waits,
	// first come, first served. 0 means no limit.
	MaxConns        int
	MaxConnsPerHost int

	// IdleTimeout is how long an unused connection is kept; 0 means 15 s.
	IdleTimeout time.Duration

	// Timeouts limit the phases of a request.
	Timeouts Timeouts

	// MaxRedirects is how many redirects are followed before a request fails
	// with ErrTooManyRedirects; 0 means 10. With a negative one, redirects are
	// not followed but returned.
	MaxRedirects int

	// MaxBody is the size in bytes that the body of a response may have unless
	// it is streamed; 0 means 64 MiB.
	MaxBody int

	// MaxHeader is the size in bytes that the header of a response may have; 0
	// means 16 KiB. It is also the size of the buffers to read into.
	MaxHeader int

	// TLSConfig is for https; nil means crypto/tls's defaults.
	TLSConfig *tls.Config

	// UserAgent is sent with requests that have no User-Agent of their own; ""
	// means "coloop".
	UserAgent string

	loop          *loop.Loop
	plain, secure map[string]*host
	conns         int // open or being opened
	waiters       int
	ticket        uint64 // of the last waiter
	oldest        *conn  // of the idle ones
	newest        *conn
	expiry        *loop.TimerHandle
	readers       spares[bufio.Reader]
	writers       spares[bufio.Writer]
	requests      spares[fasthttp.Request]
	responses     spares[Response]
	sessions      tls.ClientSessionCache
	url           []byte       // the URL parsed last
	uri           fasthttp.URI // its parts
	closed        bool
}

// Timeouts are the time that each phase of a request may take. 0 means no limit.
// An expired one is an *Error that says in which phase, whose Timeout method
// reports true and in which errors.Is finds os.ErrDeadlineExceeded.
type Timeouts struct {
	Connect   time.Duration // to resolve the host and connect
	TLS       time.Duration // to shake hands
	FirstByte time.Duration // from the request written to the first byte of the reply
	Total     time.Duration // all, waiting for a connection, redirects and the body included
}

const (
	defaultIdleTimeout  = 15 * time.Second
	defaultMaxRedirects = 10
	defaultMaxBody      = 64 << 20
	defaultMaxHeader    = 16 << 10
	defaultUserAgent    = "coloop"
	writeBuffer         = 4 << 10

	never = time.Duration(math.MaxInt64)
)

// Get requests url. See Do.
func (c *Client) Get(y *loop.Yielder, url string) (*Response, error) {
	x := exchange{client: c, req: Request{URL: url}}
	return x.do(y)
}

// Post sends body to url. See Do.
func (c *Client) Post(y *loop.Yielder, url, contentType string, body []byte) (*Response, error) {
	return c.Do(y, &Request{
		Method: fasthttp.MethodPost,
		URL:    url,
		Header: map[string][]string{fasthttp.HeaderContentType: {contentType}},
		Body:   body,
	})
}

// Close closes the idle connections at once, and each other one when its request is
// over. Requests that wait for a connection, and all later ones, fail with ErrClosed. It must be called on the loop, or when that is not running.
func (c *Client) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	if c.expiry != nil {
		c.expiry.Cancel()
	}
	var failures []error
	for h := c.longest(anyHost); h != nil; h = c.longest(anyHost) {
		h.first().closed = true
		c.grant(h, nil)
	}
	for c.oldest != nil {
		failures = append(failures, c.retire(c.oldest))
	}
	return errors.Join(failures...)
}

// enter checks that y runs on the loop of the client.
func (c *Client) enter(y *loop.Yielder) error {
	l := loop.Running(y)
	switch {
	case c.closed:
		return ErrClosed
	case l == nil:
		return loop.ErrNoTask
	case c.loop == nil:
		c.loop = l
	case c.loop != l:
		return loop.ErrForeignLoop
	}
	return nil
}

// deadline returns the time at which limit, counted from now, is up.
func (c *Client) deadline(limit time.Duration) time.Duration {
	if limit <= 0 {
		return never
	}
	return c.loop.Time() + limit
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

func (c *Client) reader(cn *conn) *bufio.Reader {
	if br := c.readers.get(); br != nil {
		br.Reset(cn)
		return br
	}
	return bufio.NewReaderSize(cn, orDefault(c.MaxHeader, defaultMaxHeader))
}

func (c *Client) putReader(br *bufio.Reader) {
	br.Reset(nil)
	c.readers.put(br)
}

func (c *Client) writer(cn *conn) *bufio.Writer {
	if bw := c.writers.get(); bw != nil {
		bw.Reset(cn)
		return bw
	}
	return bufio.NewWriterSize(cn, writeBuffer)
}

func (c *Client) putWriter(bw *bufio.Writer) {
	bw.Reset(nil)
	c.writers.put(bw)
}

func (c *Client) response() *Response {
	r := c.responses.get()
	if r == nil {
		r = &Response{}
	}
	r.client = c
	return r
}

// spares are things to be used again: a sync.Pool for one goroutine.
type spares[T any] struct{ list []*T }

// maxSpares is how many are kept. A task holds one only while it does not park, so few
// are ever in use.
const maxSpares = 64

func (s *spares[T]) get() *T {
	n := len(s.list) - 1
	if n < 0 {
		return nil
	}
	v := s.list[n]
	s.list[n] = nil
	s.list = s.list[:n]
	return v
}

func (s *spares[T]) put(v *T) {
	if len(s.list) < maxSpares {
		s.list = append(s.list, v)
	}
}
