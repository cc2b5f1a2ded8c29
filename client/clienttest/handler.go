package clienttest

import (
	"bytes"
	"crypto/tls"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"

	"coloop/client"
	"coloop/loop"
)

// Handler returns a sender that has h, a [net/http.ServeMux] for example, answer all requests. h
// runs in the task that makes the request, and its http.Request has the context of that task. It
// may park the task, and must not block it. The response is there when h has returned.
//
// A panic of h is a panic of the task. http.ErrAbortHandler closes the connection: the request
// fails.
func Handler(h http.Handler) client.Sender { return handler{h} }

// Serve replies with what h answers, as [Handler] does.
func Serve(h http.Handler) Reply {
	return Func(func(y *loop.Yielder, call *Call) (*client.Response, error) { return serve(y, call, h) })
}

type handler struct{ http.Handler }

func (h handler) Send(y *loop.Yielder, r *client.Request) (*client.Response, error) {
	call, err := newCall(y, r)
	if err != nil {
		return nil, err
	}
	return serve(y, call, h.Handler)
}

// serve has h answer call.
func serve(y *loop.Yielder, call *Call, h http.Handler) (resp *client.Response, err error) {
	w := httptest.NewRecorder()
	defer func() {
		if r := recover(); r == http.ErrAbortHandler {
			resp, err = nil, call.fail(client.PhaseFirstByte, io.ErrUnexpectedEOF)
		} else if r != nil {
			panic(r)
		}
	}()
	h.ServeHTTP(w, call.request(y))
	result := w.Result()
	body := w.Body.Bytes()
	if call.Method == http.MethodHead {
		body = nil
	}
	return response(result.StatusCode, result.Header, result.Trailer, body, nil), nil
}

// request is the request as a server gets it.
func (c *Call) request(y *loop.Yielder) *http.Request {
	r := (&http.Request{
		Method:        c.Method,
		URL:           c.URL,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        maps.Clone(c.Header),
		Body:          http.NoBody,
		ContentLength: int64(len(c.Body)),
		Host:          c.URL.Host,
		RequestURI:    c.URL.RequestURI(),
		RemoteAddr:    "192.0.2.1:1234", // as in package httptest
	}).WithContext(y.Context())
	if host := c.Header.Get("Host"); host != "" {
		r.Host = host
	}
	delete(r.Header, "Host")
	u := *c.URL
	u.Scheme, u.Host = "", ""
	r.URL = &u
	if len(c.Body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(c.Body))
	}
	if r.ContentLength > 0 {
		r.Header.Set("Content-Length", strconv.Itoa(len(c.Body)))
	}
	if c.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS12, HandshakeComplete: true, ServerName: c.URL.Hostname()}
	}
	return r
}
