package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"
)

// Errors that an Error may wrap, beside those of the network, of crypto/tls and
// of fasthttp's parser, a loop.CancelledError, os.ErrDeadlineExceeded, and
// io.ErrUnexpectedEOF for a reply that was cut short.
var (
	ErrClosed           = errors.New("client is closed")
	ErrTooManyRedirects = errors.New("too many redirects")
	ErrHeaderTooLarge   = errors.New("header is too large")
	ErrBodyTooLarge     = errors.New("body is too large")
)

// errHungUp is a connection that ended before the first byte of the reply.
var errHungUp = fmt.Errorf("server closed the connection without a reply: %w", io.ErrUnexpectedEOF)

// A Phase is a part of a request: the one in which it failed.
type Phase string

const (
	PhaseRequest   Phase = "request" // making sense of it
	PhasePool      Phase = "pool"    // waiting for a connection
	PhaseResolve   Phase = "resolve"
	PhaseConnect   Phase = "connect"
	PhaseProxy     Phase = "proxy" // choosing it, connecting to it, having it connect
	PhaseTLS       Phase = "tls handshake"
	PhaseWrite     Phase = "write"
	PhaseFirstByte Phase = "first byte"
	PhaseHeader    Phase = "header"
	PhaseBody      Phase = "body"
	PhaseRedirect  Phase = "redirect"
	PhaseAuth      Phase = "authorization" // making one
	PhaseRetry     Phase = "retry"         // waiting for the next attempt
)

// An Error is how every request fails. It implements net.Error.
type Error struct {
	Phase  Phase
	Method string
	URL    string // of the request that failed, maybe after redirects
	Err    error
}

func (e *Error) Error() string {
	return e.Method + " " + redacted(e.URL) + ": " + string(e.Phase) + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether the time of the phase, or of the whole request, was up.
func (e *Error) Timeout() bool {
	var t net.Error
	return errors.As(e.Err, &t) && t.Timeout()
}

// Temporary is Timeout.
func (e *Error) Temporary() bool { return e.Timeout() }

// short quotes s, not more than what fits into a line.
func short(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(s[:maxQuoted]) + "..."
	}
	return strconv.Quote(s)
}

const maxQuoted = 60

// redacted leaves out the password of a URL.
func redacted(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return s[strings.LastIndex(s, "@")+1:]
	}
	return u.Redacted()
}

// cause returns the reason why reading or writing on cn failed, given the error that
// fasthttp returned. If the connection itself had an error, that is the reason.
func (cn *conn) cause(err error) error {
	switch {
	case cn.err == nil && err == io.EOF && !cn.received, cn.err == io.EOF && !cn.received:
		return errHungUp
	case cn.err == io.EOF:
		return io.ErrUnexpectedEOF
	case cn.err != nil:
		return cn.err
	}
	return malformed(err)
}

// malformed returns an error of fasthttp's parser in our words. Those of fasthttp quote what was
// received, which may be long, binary or secret.
func malformed(err error) error {
	if _, ok := errors.AsType[*fasthttp.ErrSmallBuffer](err); ok {
		return ErrHeaderTooLarge
	}
	for _, m := range malformations {
		if m.is != nil && errors.Is(err, m.is) || m.text != "" && strings.Contains(err.Error(), m.text) {
			return m.err
		}
	}
	return err
}

var (
	errStatusLine = errors.New("malformed status line")
	errVersion    = errors.New("unsupported version of HTTP")
	errField      = errors.New("malformed header field")
	errLength     = errors.New("malformed Content-Length")
	errLengths    = errors.New("more than one Content-Length")
	errCoding     = errors.New("unsupported Transfer-Encoding")
	errTrailer    = errors.New("malformed or forbidden trailer")
	errChunk      = errors.New("malformed chunk")
)

var malformations = []struct {
	is   error
	text string // of fasthttp's error
	err  error
}{
	{is: fasthttp.ErrBodyTooLarge, err: ErrBodyTooLarge},
	{is: fasthttp.ErrDuplicateContentLength, err: errLengths},
	{is: fasthttp.ErrUnsupportedTransferEncoding, err: errCoding},
	{is: fasthttp.ErrBadTrailer, err: errTrailer},
	{text: "transfer-encoding", err: errCoding},
	{text: "in the first line", err: errStatusLine},
	{text: "status code", err: errStatusLine},
	{text: "http version", err: errVersion},
	{text: "trailer", err: errTrailer},
	{text: "chunk", err: errChunk},
	{text: "hex number", err: errChunk},
	{text: "content-length", err: errLength},
	{text: "Content-Length", err: errLength},
	{text: "header", err: errField},
}
