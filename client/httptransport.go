package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"coloop/coroutine"
	"coloop/loop"

	"golang.org/x/net/http/httpguts"
)

// An HTTPTransport is an [http.RoundTripper] that makes its requests by a Client, so that
// libraries that want an [http.Client] can be used in a task:
//
//	h := &http.Client{Transport: &client.HTTPTransport{Client: c}}
//
// As http.Transport it makes one exchange for a request: redirects, cookies and a time-out are
// those of the http.Client, and the Header, Auth, Jar, Retry and BaseURL of the Client are not used.
// The limits of the Client, of connections and of time, hold. RoundTrip and the body of the
// response find the running task by themselves, and park it. If the context of the request ends,
// so do the exchange and the reading of the body, with context.Cause. Errors are an [Error] each.
//
// The body of a request may block, as an io.Pipe does, and so it is read on a goroutine of its
// own, by [loop.Block]. It is read in a task if it is in memory, is the body of a response of a
// Client, or has a method Loop, as a netio.Conn does. It is closed in any case. A request with
// GetBody is sent once more over a new connection in the same cases as one without a body.
//
// HTTP/2, Request.Cancel, httptrace and alternate protocols are not supported.
type HTTPTransport struct {
	Client *Client

	// Loop is the loop of the Client, for requests on goroutines that run no task: it does the
	// work then, and the goroutine is blocked. Nil means that such a request is an error.
	Loop *loop.Loop
}

var (
	errNoClient = errors.New("the HTTPTransport has no Client")
	errNoLoop   = fmt.Errorf("%w, and the HTTPTransport has no Loop", loop.ErrNoTask)
)

// RoundTrip makes the exchange, in the running task or in one of Loop.
func (t *HTTPTransport) RoundTrip(hr *http.Request) (*http.Response, error) {
	l := t.Loop
	if l == nil {
		l = loop.Here()
	}
	var resp *http.Response
	var err error
	switch {
	case t.Client == nil:
		err = errNoClient
	case l == nil:
		err = errNoLoop
	case l.OnLoop():
		y, e := l.Current()
		if e != nil {
			err = e
			break
		}
		resp, err = t.roundTrip(y, l, hr)
		return resp, l.NoteCancelled(err)
	default:
		resp, err = elsewhere(l, func(y *loop.Yielder) (*http.Response, error) { return t.roundTrip(y, l, hr) })
	}
	if err != nil {
		closeBody(hr)
		if _, ok := err.(*Error); !ok {
			err = &Error{PhaseRequest, orGet(hr.Method), urlOf(hr), err}
		}
		return nil, err
	}
	return resp, nil
}

// CloseIdleConnections closes the connections of the Client that no request uses. On a goroutine
// that runs no task it has Loop do that, and does not wait.
func (t *HTTPTransport) CloseIdleConnections() {
	switch {
	case t.Loop == nil || t.Loop.OnLoop():
		t.Client.CloseIdleConnections()
	default:
		_ = t.Loop.CallSoonThreadsafe(t.Client.CloseIdleConnections) // a closed loop has closed them
	}
}

func orGet(method string) string {
	if method == "" {
		return http.MethodGet
	}
	return method
}

// urlOf is the URL of a request for errors.
func urlOf(hr *http.Request) string {
	if hr.URL == nil {
		return ""
	}
	return hr.URL.Redacted()
}

func closeBody(hr *http.Request) {
	if hr.Body != nil {
		_ = hr.Body.Close() // its error is the caller's
	}
}

// errInCoroutine is returned by a call on a goroutine that another one, maybe the loop's, waits for.
var errInCoroutine = fmt.Errorf("%w: the call is within an iter.Pull, whose goroutine cannot be parked", loop.ErrNoTask)

// elsewhere calls fn in a task of l, and blocks the calling goroutine, which runs no task of l.
func elsewhere[T any](l *loop.Loop, fn func(y *loop.Yielder) (T, error)) (T, error) {
	var zero T
	switch {
	case loop.Here() != nil: // to wait here would stop that loop
		return zero, loop.ErrForeignLoop
	case coroutine.Pulled():
		return zero, errInCoroutine
	}
	// The error of fn is no error of the task, which would be reported if nobody asks for it.
	r, err := loop.RunCoroutineThreadsafe(context.Background(), l, func(y *loop.Yielder) (r loop.Result[T], err error) {
		if r.Value, r.Err = fn(y); loop.IsCancelled(r.Err) {
			err = r.Err
		}
		return r, err
	})()
	if err != nil {
		return r.Value, err
	}
	return r.Value, r.Err
}

var (
	errNoURL    = errors.New("nil Request.URL")
	errNoHeader = errors.New("nil Request.Header")
	errURI      = errors.New("Request.RequestURI can't be set in client requests")
)

// roundTrip is RoundTrip in a task of l.
func (t *HTTPTransport) roundTrip(y *loop.Yielder, l *loop.Loop, hr *http.Request) (*http.Response, error) {
	r, err := newRequest(l, hr)
	if err != nil {
		closeBody(hr)
		return nil, &Error{PhaseRequest, orGet(hr.Method), urlOf(hr), err}
	}
	x := t.Client.request(r)
	x.alone = true
	resp, err := within(y, l, hr.Context(), x)
	if err != nil {
		return nil, err
	}
	return newHTTPResponse(l, hr, resp), nil
}

// within makes the exchange x, unless ctx ends before.
func within(y *loop.Yielder, l *loop.Loop, ctx context.Context, x *exchange) (resp *Response, err error) {
	if ctx.Done() == nil {
		return x.do(y)
	}
	if ctx.Err() != nil {
		err := x.fail(PhaseRequest, context.Cause(ctx))
		x.end()
		return nil, err
	}
	scope := loop.NewTimeoutAt(l, loop.NoTimeout)
	defer context.AfterFunc(ctx, func() {
		_ = l.CallSoonThreadsafe(func() { _ = scope.Reschedule(0) }) // it may be over by then
	})()
	var was error
	err = scope.Run(y, func() error {
		resp, was = x.do(y)
		return was
	})
	if e, ok := was.(*Error); ok && scope.Expired() && errors.Is(err, loop.ErrTimeout) {
		err = &Error{e.Phase, e.Method, e.URL, context.Cause(ctx)}
	}
	return resp, err
}

// newRequest makes a Request of hr.
func newRequest(l *loop.Loop, hr *http.Request) (*Request, error) {
	switch {
	case hr.URL == nil:
		return nil, errNoURL
	case hr.Header == nil:
		return nil, errNoHeader
	case hr.RequestURI != "":
		return nil, errURI
	}
	u := *hr.URL
	u.User, u.Fragment, u.RawFragment = nil, "", "" // credentials are up to the http.Client
	to := u.String()
	if strings.HasPrefix(u.Opaque, "/") && !strings.HasPrefix(u.Opaque, "//") {
		to = u.Scheme + "://" + u.Host + u.RequestURI()
	}
	r := &Request{Method: hr.Method, URL: to, Header: make(map[string][]string, len(hr.Header)+2), Stream: true}
	for k, values := range hr.Header {
		switch textproto.CanonicalMIMEHeaderKey(k) {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer": // as with http.Transport
		case "Expect":
			if hr.Body != nil && httpguts.HeaderValuesContainsToken(values, "100-continue") {
				r.Expect = true
				break
			}
			fallthrough
		default:
			r.Header[k] = values
		}
	}
	if hr.Host != "" && hr.Host != u.Host {
		r.Header["Host"] = []string{hr.Host}
	}
	if hr.Close && !httpguts.HeaderValuesContainsToken(hr.Header["Connection"], "close") {
		r.Header["Connection"] = append(r.Header["Connection"][:len(r.Header["Connection"]):len(r.Header["Connection"])], "close")
	}
	return r, fillBody(l, r, hr)
}

// newHTTPResponse makes an http.Response of resp.
func newHTTPResponse(l *loop.Loop, hr *http.Request, resp *Response) *http.Response {
	out := &http.Response{
		Status:        strconv.Itoa(resp.Status),
		StatusCode:    resp.Status,
		Proto:         resp.Proto(),
		Header:        make(http.Header),
		ContentLength: -1,
		Uncompressed:  resp.Uncompressed,
		Request:       hr,
	}
	if reason := resp.Reason(); reason != "" {
		out.Status += " " + reason
	}
	out.ProtoMajor, out.ProtoMinor, _ = http.ParseHTTPVersion(out.Proto)
	for k, v := range resp.Headers() {
		out.Header[k] = append(out.Header[k], v)
	}
	frame(out, resp)
	switch {
	case resp.Conn != nil:
		out.ContentLength, out.Body = 0, resp.Conn // an io.ReadWriteCloser, as with http.Transport
	case bodiless(hr.Method, resp.Status), out.ContentLength == 0:
		out.Body = noBody(resp)
		if hr.Method != http.MethodHead {
			out.ContentLength = 0
		}
	default:
		out.Body = newHTTPBody(l, hr.Context(), resp, out)
	}
	secure, ok := resp.Conn.(interface{ ConnectionState() tls.ConnectionState })
	if s, streamed := resp.Stream.(*stream); streamed && s.body.cn.tls != nil {
		secure, ok = s.body.cn.tls, true
	}
	if ok {
		state := secure.ConnectionState()
		out.TLS = &state
	}
	return out
}

// frame moves what the header of a response says of its end to where net/http has it.
func frame(out *http.Response, resp *Response) {
	h := out.Header
	chunked := len(h["Transfer-Encoding"]) > 0 && out.ProtoAtLeast(1, 1)
	delete(h, "Transfer-Encoding")
	if chunked {
		out.TransferEncoding = []string{"chunked"}
		for _, names := range h["Trailer"] {
			for name := range strings.SplitSeq(names, ",") {
				if out.Trailer == nil {
					out.Trailer = make(http.Header)
				}
				out.Trailer[textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))] = nil
			}
		}
		delete(h, "Trailer")
	} else if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil && !out.Uncompressed {
		out.ContentLength = n
	}
	switch says := func(what string) bool { return httpguts.HeaderValuesContainsToken(h["Connection"], what) }; {
	case says("close"):
		out.Close = true
		delete(h, "Connection")
	case !out.ProtoAtLeast(1, 1):
		out.Close = !says("keep-alive")
	default:
		out.Close = !chunked && resp.raw.Header.ContentLength() < 0 && !bodiless(out.Request.Method, out.StatusCode)
	}
}
