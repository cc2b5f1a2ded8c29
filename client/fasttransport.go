package client

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// Transport returns the client as the Transport of a fasthttp.HostClient that is used by the task
// of y, and by no other. The options of the HostClient hold, or a request fails with an error that
// says which of them cannot:
//
//	Addr                           connections lead there, to several in turn
//	IsTLS                          as with fasthttp; the host of the URL is verified
//	MaxConns                       as with fasthttp: over it, the error is ErrNoFreeConns
//	MaxConnWaitTimeout             for a connection of the client, if its limits are reached;
//	                               0 means Timeouts.Pool of the client
//	ReadTimeout, WriteTimeout      as with fasthttp
//	DoTimeout, DoDeadline          and Request.SetTimeout: all of an attempt, waiting included
//	MaxResponseBodySize            that, or the client's MaxBody if that is less
//	StreamResponseBody             and Response.StreamBody: as with fasthttp
//	RetryIf, RetryIfErr            asked if one of them or MaxIdemponentCallAttempts is set, and
//	RetryIfErrUpstream             the task was not cancelled; otherwise nothing is repeated
//	Name                           and NoDefaultUserAgentHeader: as with fasthttp
//	MaxIdleConnDuration            must be the client's IdleTimeout, or 0
//	ReadBufferSize                 must be the client's MaxHeader, or 0
//	Dial, DialTimeout, TLSConfig   must be nil: they are the client's to set
//	MaxConnDuration                must be 0
//	DisableHeaderNamesNormalizing  must be false
//
// The other options mean nothing here. In particular, the path of a request is always sent as it
// was given. If a limit of the client is less, that one holds.
//
// Errors are an [Error] each. For errors.Is, that of a time-out is fasthttp.ErrTimeout too;
// ErrBodyTooLarge, ErrNoFreeConns and ErrConnectionClosed of fasthttp are there in the same way.
// GetTimeout and GetDeadline of a HostClient fail, because they make the request on another
// goroutine.
func (c *Client) Transport(y *loop.Yielder) fasthttp.RoundTripper { return &transport{client: c, y: y} }

type transport struct {
	client *Client
	y      *loop.Yielder
	next   int // which of several addresses
	open   int // responses whose body is being streamed
}

// RoundTrip makes an exchange for hc, and reports whether hc is to ask its user about another one.
func (t *transport) RoundTrip(hc *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (retry bool, err error) {
	r := fastRequest(req)
	fail := func(phase Phase, err error) error { return t.client.fail(phase, r.Method, r.URL, err) }
	if !t.y.Here() {
		return false, fail(PhaseRequest, loop.ErrWrongGoroutine)
	}
	if err := t.client.refuses(hc); err != nil {
		return false, fail(PhaseRequest, err)
	}
	if t.open >= positive(hc.MaxConns, fasthttp.DefaultMaxConnsPerHost) {
		return false, fail(PhasePool, fasthttp.ErrNoFreeConns)
	}
	if _, ok := r.Header[fasthttp.HeaderUserAgent]; !ok {
		r.Header[fasthttp.HeaderUserAgent] = []string{""} // hc does not want any
	}
	r.Timeouts = t.client.timeoutsOf(hc, req)
	if n := hc.MaxResponseBodySize; n > 0 && (t.client.MaxBody < 0 || n < t.client.maxBody()) {
		r.MaxBody = n
	}
	err = t.client.roundTrip(t.y, r, req, resp, t.addr(hc))
	if err == nil {
		if b, ok := resp.BodyStream().(*fastBody); ok {
			t.open++
			b.ended = func() { t.open-- }
		}
		return false, nil
	}
	//lint:ignore SA1019 it is asked as long as there is one
	asks := hc.RetryIf != nil || hc.RetryIfErr != nil || hc.RetryIfErrUpstream != nil || hc.MaxIdemponentCallAttempts > 0
	return asks && !loop.IsCancelled(err) && !errors.Is(err, ErrClosed), fastError(err, hc, req)
}

// refuses returns an error if hc has an option that cannot be honoured.
func (c *Client) refuses(hc *fasthttp.HostClient) error {
	for _, o := range []struct {
		name string
		set  bool
	}{
		{"Dial", hc.Dial != nil},
		{"DialTimeout", hc.DialTimeout != nil},
		{"TLSConfig", hc.TLSConfig != nil},
		{"MaxConnDuration", hc.MaxConnDuration > 0},
		{"MaxIdleConnDuration other than the client's IdleTimeout", hc.MaxIdleConnDuration > 0 &&
			hc.MaxIdleConnDuration != positive(c.IdleTimeout, defaultIdleTimeout)},
		{"ReadBufferSize other than the client's MaxHeader", hc.ReadBufferSize > 0 &&
			hc.ReadBufferSize != orDefault(c.MaxHeader, defaultMaxHeader)},
		{"DisableHeaderNamesNormalizing", hc.DisableHeaderNamesNormalizing},
		{"an empty Addr", hc.Addr == ""},
	} {
		if o.set {
			return fmt.Errorf("fasthttp.HostClient with %s is not supported over a client", o.name)
		}
	}
	return nil
}

// positive returns v, or def unless v is positive.
func positive[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// timeoutsOf returns the limits of time for a request of hc.
func (c *Client) timeoutsOf(hc *fasthttp.HostClient, req *fasthttp.Request) *Timeouts {
	limits := c.Timeouts
	for _, o := range []struct {
		limit *time.Duration
		d     time.Duration
	}{
		{&limits.Pool, hc.MaxConnWaitTimeout},
		{&limits.Write, hc.WriteTimeout},
		{&limits.Read, hc.ReadTimeout},
		{&limits.Total, req.GetTimeOut()},
	} {
		if *o.limit == 0 && o.limit == &limits.Total {
			*o.limit = defaultTotal
		}
		if o.d > 0 && (*o.limit <= 0 || o.d < *o.limit) {
			*o.limit = o.d
		}
	}
	return &limits
}

// addr returns the address to connect to: the next one of those that hc has.
func (t *transport) addr(hc *fasthttp.HostClient) string {
	all := strings.Split(hc.Addr, ",")
	addr := strings.TrimSpace(all[t.next%len(all)])
	t.next++
	return fasthttp.AddMissingPort(addr, hc.IsTLS)
}

// fastError makes an error that is one of fasthttp's too.
func fastError(err error, hc *fasthttp.HostClient, req *fasthttp.Request) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	var like error
	switch {
	case e.Phase == PhasePool && e.Timeout() && hc.MaxConnWaitTimeout > 0 && !(req.GetTimeOut() > 0 && req.GetTimeOut() < hc.MaxConnWaitTimeout):
		like = fasthttp.ErrNoFreeConns
	case e.Timeout():
		like = fasthttp.ErrTimeout
	case errors.Is(e, ErrBodyTooLarge):
		like = fasthttp.ErrBodyTooLarge
	case errors.Is(e, errHungUp):
		like = fasthttp.ErrConnectionClosed
	default:
		return err
	}
	return &Error{e.Phase, e.Method, e.URL, &alike{e.Err, like}}
}

// alike is an error that is another one too.
type alike struct {
	error
	like error
}

func (e *alike) Unwrap() []error { return []error{e.error, e.like} }
