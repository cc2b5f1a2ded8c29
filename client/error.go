package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

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

// errGone is a connection that the server ended too early, and errHungUp one that it ended
// before the first byte of the reply.
var (
	errGone   = fmt.Errorf("server closed the connection: %w", io.ErrUnexpectedEOF)
	errHungUp = fmt.Errorf("server closed the connection without a reply: %w", io.ErrUnexpectedEOF)
)

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
	PhaseSend      Phase = "send"          // all that a Sender does, unless it says more
	PhaseAuth      Phase = "authorization" // making one
	PhaseRetry     Phase = "retry"         // waiting for the next attempt
)

// An Error is how every request fails. It implements net.Error.
type Error struct {
	Phase  Phase
	Method string
	URL    string // of the request that failed, maybe after redirects, without a password
	Err    error
}

// Error returns a line of about 300 bytes at most. Characters that do not print, line ends above all,
// are escaped, and what is too long lacks its middle.
func (e *Error) Error() string {
	return line(e.Method, 20) + " " + line(redacted(e.URL), 120) + ": " + string(e.Phase) + ": " + line(e.Err.Error(), 150)
}

// line returns s as a part of a line, with at most so many bytes.
func line(s string, most int) string {
	plain := func(r rune) bool { return r != utf8.RuneError && strconv.IsPrint(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) >= 0 {
		var b strings.Builder
		for len(s) > 0 {
			r, n := utf8.DecodeRuneInString(s)
			if plain(r) {
				b.WriteString(s[:n])
			} else {
				quoted := strconv.Quote(s[:n])
				b.WriteString(quoted[1 : len(quoted)-1])
			}
			if s = s[n:]; b.Len() > 8<<10 {
				break
			}
		}
		s = b.String()
	}
	const gap = "..."
	if len(s) <= most {
		return s
	}
	tail := (most - len(gap)) / 3
	head := most - len(gap) - tail
	return strings.ToValidUTF8(s[:head], "") + gap + strings.ToValidUTF8(s[len(s)-tail:], "")
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

// cause returns the reason why reading on cn failed, given the error that fasthttp
// returned. If the connection itself had an error, that is the reason.
func (cn *conn) cause(err error) error {
	switch ended := errors.Is(cn.err, io.EOF) || errors.Is(cn.err, io.ErrUnexpectedEOF); {
	case cn.err == nil && err == io.EOF && !cn.received, ended && !cn.received:
		return errHungUp
	case ended:
		return errGone
	case cn.err != nil:
		return cn.err
	}
	return malformed(err)
}

// unwritten returns the reason why writing failed.
func unwritten(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("server closed the connection: %w", err)
	}
	return err
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
	return errReply
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
	errReply      = errors.New("malformed reply")
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
