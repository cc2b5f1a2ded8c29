package client

import (
	"math"
	"time"

	"coloop/loop"
)

// Timeouts are the time that each phase of a request may take. 0 means the default, a negative
// time no limit. An expired one is an *Error that says in which phase, whose Timeout method
// reports true and in which errors.Is finds os.ErrDeadlineExceeded.
type Timeouts struct {
	Pool      time.Duration // waiting for a connection, if a limit is reached; no limit by default
	Connect   time.Duration // to resolve the host and connect, a proxy's part included; 30 s by default
	TLS       time.Duration // to shake hands; 30 s by default
	Write     time.Duration // to write the request, its body included; no limit by default
	FirstByte time.Duration // from the request written to the first byte of the reply; no limit by default
	Read      time.Duration // from the request written to the end of the reply; no limit by default
	Silence   time.Duration // without a byte, once the request or the reply has begun; 1 min by default
	Total     time.Duration // all, waiting for a connection, redirects and the body included; 5 min by default
}

const (
	defaultConnect = 30 * time.Second
	defaultTLS     = 30 * time.Second
	defaultSilence = time.Minute
	defaultTotal   = 5 * time.Minute

	never = time.Duration(math.MaxInt64)
)

// filled returns t with the defaults. No limit is never, or a negative FirstByte.
func (t Timeouts) filled() Timeouts {
	for _, f := range []struct {
		d   *time.Duration
		def time.Duration
	}{{&t.Pool, never}, {&t.Connect, defaultConnect}, {&t.TLS, defaultTLS}, {&t.Write, never}, {&t.FirstByte, never}, {&t.Read, never}, {&t.Silence, defaultSilence}, {&t.Total, defaultTotal}} {
		switch {
		case *f.d == 0:
			*f.d = f.def
		case *f.d < 0:
			*f.d = never
		}
	}
	return t
}

// limit sets the time at which all must be over.
func (x *exchange) limit() {
	c := x.client
	x.limits = &c.limits
	if t := x.req.Timeouts; t != nil {
		filled := t.filled()
		x.limits = &filled
	}
	x.by = after(c.loop, x.limits.Total)
}

// after returns the time on the clock of l in d.
func after(l *loop.Loop, d time.Duration) time.Duration {
	if d == never {
		return never
	}
	now := l.Time()
	return now + min(d, never-now)
}
