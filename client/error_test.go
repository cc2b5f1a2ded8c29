package client_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// reply reads a request and answers it with what is given, as it is.
func reply(raw string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := c.Read(make([]byte, 4096)); err == nil {
			_, _ = io.WriteString(c, raw) // the client says if it is missing
		}
	}
}

// reset is reply, followed by a reset instead of an end.
func reset(raw string) func(net.Conn) {
	return func(c net.Conn) {
		reply(raw)(c)
		_ = c.(*net.TCPConn).SetLinger(0)
	}
}

// silent reads until the client closes.
func silent(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

func TestErrors(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct {
		name   string
		server func(net.Conn)
		phase  client.Phase
		is     error
		text   string
	}{
		{"closed", reply(""), client.PhaseFirstByte, io.ErrUnexpectedEOF, "server closed the connection without a reply"},
		{"reset", reset(""), client.PhaseFirstByte, syscall.ECONNRESET, "connection reset by peer"},
		{"header cut short", reply(ok + "Content-Le"), client.PhaseHeader, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"header reset", reset(ok), client.PhaseHeader, syscall.ECONNRESET, "connection reset by peer"},
		{"no HTTP", reply("220 smtp ready\r\n\r\n"), client.PhaseHeader, nil, "220 smtp ready"},
		{"status line", reply("HTTP/1.1 abc OK\r\n\r\n"), client.PhaseHeader, nil, "status"},
		{"header line", reply(ok + "no colon\r\n\r\n"), client.PhaseHeader, nil, "colon"},
		{"content length", reply(ok + "Content-Length: many\r\n\r\n"), client.PhaseHeader, nil, "many"},
		{"huge header", reply(ok + "X: " + strings.Repeat("x", 20_000) + "\r\n\r\n"), client.PhaseHeader, client.ErrHeaderTooLarge, "too large"},
		{"body cut short", reply(ok + "Content-Length: 10\r\n\r\n12345"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"body reset", reset(ok + "Content-Length: 10\r\n\r\n12345"), client.PhaseBody, syscall.ECONNRESET, "connection reset by peer"},
		{"body to the end reset", reset(ok + "\r\n12345"), client.PhaseBody, syscall.ECONNRESET, "connection reset by peer"},
		{"chunk cut short", reply(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n123"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"chunks cut short", reply(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"no last chunk", reply(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"chunk size", reply(ok + "Transfer-Encoding: chunked\r\n\r\nlots\r\n"), client.PhaseBody, nil, "hex number"},
		{"body too large", reply(ok + "Content-Length: 1000000000000000\r\n\r\n"), client.PhaseBody, client.ErrBodyTooLarge, "too large"},
		{"chunks too large", reply(ok + "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"), client.PhaseBody, client.ErrBodyTooLarge, "too large"},
	} {
		for _, stream := range []bool{false, true} {
			if stream && tt.is == client.ErrBodyTooLarge {
				continue
			}
			name := tt.name
			if stream {
				name += " streamed"
			}
			t.Run(name, func(t *testing.T) {
				url := "http://" + serve(t, tt.server) + "/x"
				good := serveHTTP(t, func(*fasthttp.RequestCtx) {})
				c := &client.Client{MaxConns: 1}
				run(t, c, func(y *loop.Yielder) {
					resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
					if err == nil && stream {
						_, err = io.ReadAll(resp.Stream)
					}
					checkError(t, err, "GET", url, tt.phase, tt.is, tt.text)
					if _, err := c.Get(y, good); err != nil {
						t.Error("next request:", err)
					}
				})
			})
		}
	}
}

func checkError(t *testing.T, err error, method, url string, phase client.Phase, is error, text string) {
	t.Helper()
	var e *client.Error
	switch {
	case !errors.As(err, &e):
		t.Errorf("got %v", err)
	case e.Phase != phase || e.Method != method || e.URL != url:
		t.Errorf("got %q: phase %q, method %q, URL %q", err, e.Phase, e.Method, e.URL)
	case is != nil && !errors.Is(err, is):
		t.Errorf("got %q, which is not %q", err, is)
	case !strings.HasPrefix(err.Error(), method+" "+url+": "+string(phase)+": ") || !strings.Contains(err.Error(), text):
		t.Errorf("got %q", err)
	}
}

func TestErrorsWithoutServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := ln.Addr().String()
	ln.Close()
	for _, tt := range []struct {
		req   client.Request
		phase client.Phase
		text  string
	}{
		{client.Request{URL: "http://" + refused + "/br.gif"}, client.PhaseConnect, "dial tcp " + refused + ": connect: connection refused"},
		{client.Request{URL: "https://" + refused + "/br.gif"}, client.PhaseConnect, "dial tcp " + refused + ": connect: connection refused"},
		{client.Request{URL: "http://no..such.host/"}, client.PhaseResolve, "no..such.host"},
		{client.Request{URL: "br.gif"}, client.PhaseRequest, "no host in URL"},
		{client.Request{URL: "/br.gif"}, client.PhaseRequest, "no host in URL"},
		{client.Request{URL: ""}, client.PhaseRequest, "no host in URL"},
		{client.Request{URL: "ftp://host/br.gif"}, client.PhaseRequest, `unsupported scheme "ftp"`},
		{client.Request{URL: "http://a b/"}, client.PhaseRequest, "invalid"},
		{client.Request{URL: "http://host/", Method: "GET / HTTP/1.1\r\nX: y"}, client.PhaseRequest, "invalid method"},
	} {
		t.Run(tt.req.URL, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder) {
				_, err := c.Do(y, &tt.req)
				method := tt.req.Method
				if method == "" {
					method = "GET"
				}
				checkError(t, err, method, tt.req.URL, tt.phase, nil, tt.text)
			})
		})
	}
}

func TestErrorHidesPassword(t *testing.T) {
	err := &client.Error{Phase: client.PhaseConnect, Method: "GET", URL: "http://me:secret@host/", Err: io.EOF}
	if got, want := err.Error(), "GET http://me:xxxxx@host/: connect: EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTimeouts(t *testing.T) {
	const short = 5 * time.Millisecond
	plain := "http://" + serve(t, silent)
	half := "http://" + serve(t, func(c net.Conn) { reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")(c); silent(c) })
	for _, tt := range []struct {
		name, url string
		timeouts  client.Timeouts
		body      []byte
		phase     client.Phase
	}{
		{"first byte", plain, client.Timeouts{FirstByte: short}, nil, client.PhaseFirstByte},
		{"total at the first byte", plain, client.Timeouts{FirstByte: time.Hour, Total: short}, nil, client.PhaseFirstByte},
		{"total in the body", half, client.Timeouts{FirstByte: time.Hour, Total: short}, nil, client.PhaseBody},
		{"tls", "https" + plain[len("http"):], client.Timeouts{TLS: short}, nil, client.PhaseTLS},
		{"total in tls", "https" + plain[len("http"):], client.Timeouts{TLS: time.Hour, Total: short}, nil, client.PhaseTLS},
		{"write", "http://" + full(t), client.Timeouts{Total: 10 * short}, make([]byte, 64<<20), client.PhaseWrite},
		{"connect", "http://" + backlogged(t), client.Timeouts{Connect: short}, nil, client.PhaseConnect},
		{"total in connect", "http://" + backlogged(t), client.Timeouts{Total: short}, nil, client.PhaseConnect},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{Timeouts: tt.timeouts}
			run(t, c, func(y *loop.Yielder) {
				_, err := c.Do(y, &client.Request{Method: "PUT", URL: tt.url, Body: tt.body})
				checkError(t, err, "PUT", tt.url, tt.phase, os.ErrDeadlineExceeded, "timeout")
				var n net.Error
				if !errors.As(err, &n) || !n.Timeout() {
					t.Errorf("%v is no timeout", err)
				}
			})
		})
	}
	t.Run("pool", func(t *testing.T) {
		c := &client.Client{MaxConns: 1, Timeouts: client.Timeouts{Total: short}}
		run(t, c, func(y *loop.Yielder) {
			held, err := c.Do(y, &client.Request{URL: half, Stream: true})
			if err != nil {
				t.Error(err)
				return
			}
			defer held.Release()
			_, err = c.Get(y, plain)
			checkError(t, err, "GET", plain, client.PhasePool, os.ErrDeadlineExceeded, "timeout")
		})
	})
}

// full accepts connections and reads nothing.
func full(t *testing.T) string {
	over := make(chan struct{})
	addr := serve(t, func(net.Conn) { <-over })
	t.Cleanup(func() { close(over) })
	return addr
}

// backlogged is the address of a listener that has no room for another
// connection.
func backlogged(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*syscall.SockaddrInet4).Port}).String()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return addr
}
