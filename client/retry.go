package client

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// A Retry says when a request that has failed is sent again, how often and how soon. Each reply
// or error counts by itself: after a redirect it is the request there that is sent again. Timeouts.Total
// bounds all attempts and the time between them; if the next one would begin after it, the outcome is
// returned at once. A request with a body is sent again only if it is a Body, or a BodyStream with
// GetBody or that is an io.Seeker. A cancelled request is never sent again.
type Retry struct {
	// Attempts is how many attempts there are in all; 0 means 3, and 1 none beside the first.
	Attempts int

	// Backoff is the time before the second attempt; it doubles from one to the next, up to
	// MaxBackoff. A random part of it, up to a half, is left out, so that clients that failed together
	// do not come again together. 0 means 200 ms and 30 s; a negative Backoff, none.
	Backoff    time.Duration
	MaxBackoff time.Duration

	// Statuses are the statuses of a reply that is a failure; nil means 429 (Too Many Requests), 502 (Bad
	// Gateway), 503 (Service Unavailable) and 504 (Gateway Timeout). After the last attempt the reply is
	// returned, not an error.
	Statuses []int

	// MaxRetryAfter is how long a server may ask to wait, in seconds or until a date by its
	// own clock (Retry-After). If it asks for more, its reply is returned at once. 0 means 1 min.
	MaxRetryAfter time.Duration

	// NonIdempotent allows to send POST, PATCH and other requests again that have effects each time. Without it that is
	// done only if nothing of the request has been sent, or if it has a field Idempotency-Key.
	NonIdempotent bool

	// Errors reports whether an error is worth another attempt; nil means that of Temporary errors
	// of the network: see TemporaryError.
	Errors func(err *Error) bool

	// OnRetry, unless nil, is told of each attempt that another one will follow.
	OnRetry func(y *loop.Yielder, a Attempt)
}

// An Attempt is a request that has failed and is to be sent again.
type Attempt struct {
	N           int // from 1
	Method, URL string
	Status      int           // of the reply; 0 if there is none
	Err         error         // an *Error; nil if there is a reply
	Delay       time.Duration // until the next attempt
}

const (
	defaultAttempts      = 3
	defaultBackoff       = 200 * time.Millisecond
	defaultMaxBackoff    = 30 * time.Second
	defaultMaxRetryAfter = time.Minute
)

var defaultStatuses = []int{fasthttp.StatusTooManyRequests, fasthttp.StatusBadGateway, fasthttp.StatusServiceUnavailable, fasthttp.StatusGatewayTimeout}

// TemporaryError reports whether an error is one of the network that may be gone the next time: a
// connection that was refused, reset or cut, a host that is not reached, a time-out. Names that do not exist,
// certificates, malformed replies and cancellations are none.
func TemporaryError(err *Error) bool {
	switch err.Phase {
	case PhaseRequest, PhasePool, PhaseRedirect, PhaseAuth, PhaseRetry:
		return false
	}
	if loop.IsCancelled(err) {
		return false
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsTemporary || dns.IsTimeout
	}
	return slices.ContainsFunc(temporary, func(e error) bool { return errors.Is(err, e) })
}

var temporary = []error{
	io.ErrUnexpectedEOF, os.ErrDeadlineExceeded, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
	syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL,
}

// retries reports whether the request is to be sent again after an error or, if there is none, after
// the reply.
func (x *exchange) retries(phase Phase, err error) (a Attempt, again bool) {
	r := x.client.Retry
	if x.req.Retry != nil {
		r = x.req.Retry
	}
	s := x.session
	if r == nil || s.attempts+1 >= orDefault(r.Attempts, defaultAttempts) || !x.source.repeatable() {
		return a, false
	}
	a = Attempt{N: s.attempts + 1, Method: x.method, URL: x.url, Delay: r.delay(s.attempts)}
	unsent := false
	if err == nil {
		a.Status = x.reply.StatusCode()
		statuses := r.Statuses
		if statuses == nil {
			statuses = defaultStatuses
		}
		after := retryAfter(&x.reply.Header)
		if !slices.Contains(statuses, a.Status) || after > orDefault(r.MaxRetryAfter, defaultMaxRetryAfter) {
			return a, false
		}
		a.Delay = max(a.Delay, after)
	} else {
		e := x.fail(phase, err)
		a.Err = e
		temporary := TemporaryError
		if r.Errors != nil {
			temporary = r.Errors
		}
		if x.client.closed || loop.IsCancelled(err) || x.source != nil && x.source.err != nil || !temporary(e) {
			return a, false
		}
		unsent = phase == PhaseResolve || phase == PhaseConnect || phase == PhaseProxy || phase == PhaseTLS ||
			phase == PhaseWrite && x.cn != nil && !x.cn.written
	}
	if !unsent && !r.NonIdempotent && !idempotent(x.method) && !hasKey(x.header) {
		return a, false
	}
	return a, after(x.client.loop, a.Delay) < x.by
}

// delay returns how long to wait after n attempts and one more.
func (r *Retry) delay(n int) time.Duration {
	d, most := orDefault(r.Backoff, defaultBackoff), orDefault(r.MaxBackoff, defaultMaxBackoff)
	for ; n > 0 && d < most; n-- {
		d = min(d, most/2) * 2
	}
	if d = min(d, most); d <= 1 {
		return max(d, 0)
	}
	return d - rand.N(d/2)
}

// retryAfter is how long the server asks to wait (RFC 9110, section 10.2.3). A date is compared
// with the server's own, so that it does not matter which of the clocks is wrong.
func retryAfter(h *fasthttp.ResponseHeader) time.Duration {
	v := strings.TrimSpace(string(h.Peek(fasthttp.HeaderRetryAfter)))
	if v == "" {
		return 0
	}
	if strings.Trim(v, "0123456789") == "" {
		seconds, err := strconv.ParseInt(v, 10, 64)
		if err != nil || seconds > int64(never/time.Second) {
			return never
		}
		return time.Duration(seconds) * time.Second
	}
	then, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(string(h.Peek(fasthttp.HeaderDate)))
	if err != nil {
		now = time.Now()
	}
	return max(0, then.Sub(now))
}

// pause tells of an attempt and waits for the next one.
func (x *exchange) pause(y *loop.Yielder, a Attempt) error {
	x.session.attempts++
	r := x.client.Retry
	if x.req.Retry != nil {
		r = x.req.Retry
	}
	if x.trace != nil {
		e := x.trace.note(TraceRetry)
		e.Status, e.Err = a.Status, a.Err
		x.trace.tell(y)
	}
	if r.OnRetry != nil {
		r.OnRetry(y, a)
	}
	return loop.Sleep(y, a.Delay)
}
