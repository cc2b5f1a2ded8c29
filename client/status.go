package client

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/valyala/fasthttp"
)

// PhaseStatus is that of an error made of a status: the exchange itself went well.
const PhaseStatus Phase = "status"

// A StatusError is a response whose status is an error, from 400 on, to those who have asked for
// an error: by [Response.Err], or RaiseForStatus of the [Request] or [Client]. It is
// wrapped in an [Error].
type StatusError struct {
	Status int
	Reason string // as the server has sent it; may be ""
	Header http.Header

	// Body is the beginning of the response's body, 64 KiB at most; nil if the body is streamed.
	Body []byte
}

// Error says the status in one line, and nothing of the body.
func (e *StatusError) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = fasthttp.StatusMessage(e.Status)
	}
	return strconv.Itoa(e.Status) + " " + plain(reason)
}

// plain is s as it is if that is short and printable, and else quoted.
func plain(s string) string {
	if q := short(s); len(q) != len(s)+len(`""`) {
		return q
	}
	return s
}

// OK reports whether the status is below 400, as requests and aiohttp understand the word.
func (r *Response) OK() bool { return r.Status < fasthttp.StatusBadRequest }

// Err returns nil if the response is OK, and else an [Error] that wraps a [StatusError]
// (raise_for_status). That is a copy, which outlives the response.
func (r *Response) Err() error {
	if r.OK() {
		return nil
	}
	return r.statusError()
}

func (r *Response) statusError() error {
	e := &StatusError{Status: r.Status, Reason: r.Reason(), Body: bytes.Clone(r.Body[:min(len(r.Body), maxKept)])}
	for k, v := range r.Headers() {
		if e.Header == nil {
			e.Header = http.Header{}
		}
		e.Header.Add(k, v)
	}
	return &Error{PhaseStatus, r.method, r.URL, e}
}

// raises reports whether the reply is to become an error.
func (x *exchange) raises() bool {
	return x.reply.StatusCode() >= fasthttp.StatusBadRequest && !x.alone && (x.req.RaiseForStatus || x.client.RaiseForStatus)
}

// raised is the error of a reply that becomes one. Its connection is given back.
//
//go:noinline
func (x *exchange) raised() error {
	r := x.response()
	defer r.Release()
	return r.Err()
}
