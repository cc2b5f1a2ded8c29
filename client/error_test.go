package client_test

import (
	"bufio"
	"errors"
	"fmt"
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
	"golang.org/x/sys/unix"
)

// reply reads a request and answers it with what is given, as it is.
func reply(raw string) func(net.Conn) {
	return func(c net.Conn) {
		// All of it: who closes with something unread resets the connection.
		if err := new(fasthttp.Request).Read(bufio.NewReader(c)); err == nil {
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
		{"no HTTP", reply("220 smtp ready\r\n\r\n"), client.PhaseHeader, nil, "malformed status line"},
		{"status line", reply("HTTP/1.1 abc OK\r\n\r\n"), client.PhaseHeader, nil, "status"},
		{"header line", reply(ok + "no colon\r\n\r\n"), client.PhaseHeader, nil, "malformed header field"},
		{"content length", reply(ok + "Content-Length: many\r\n\r\n"), client.PhaseHeader, nil, "malformed Content-Length"},
		{"huge header", reply(ok + "X: " + strings.Repeat("x", 20_000) + "\r\n\r\n"), client.PhaseHeader, client.ErrHeaderTooLarge, "too large"},
		{"body cut short", reply(ok + "Content-Length: 10\r\n\r\n12345"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"body reset", reset(ok + "Content-Length: 10\r\n\r\n12345"), client.PhaseBody, syscall.ECONNRESET, "connection reset by peer"},
		{"body to the end reset", reset(ok + "\r\n12345"), client.PhaseBody, syscall.ECONNRESET, "connection reset by peer"},
		{"chunk cut short", reply(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n123"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"chunks cut short", reply(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"no last chunk", reply(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
		{"chunk size", reply(ok + "Transfer-Encoding: chunked\r\n\r\nlots\r\n"), client.PhaseBody, nil, "malformed chunk"},
		{"body too large", reply(ok + "Content-Length: 1000000000000000\r\n\r\n"), client.PhaseBody, client.ErrBodyTooLarge, "too large"},
		{"chunks too large", reply(ok + "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"), client.PhaseBody, io.ErrUnexpectedEOF, "unexpected EOF"},
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
				run(t, c, func(y *loop.Yielder, _ *wire) {
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
	_, refused := bound(t)
	for _, tt := range []struct {
		req   client.Request
		phase client.Phase
		text  string
	}{
		{client.Request{URL: "http://" + refused + "/br.gif"}, client.PhaseConnect, "dial tcp " + refused + ": connect: connection refused"},
		{client.Request{URL: "https://" + refused + "/br.gif"}, client.PhaseConnect, "dial tcp " + refused + ": connect: connection refused"},
		{client.Request{URL: "http://no..such.host/"}, client.PhaseResolve, "no..such.host"},
		{client.Request{URL: "br.gif"}, client.PhaseRequest, "the URL is relative"},
		{client.Request{URL: "/br.gif"}, client.PhaseRequest, "the URL is relative"},
		{client.Request{URL: ""}, client.PhaseRequest, "the URL is relative"},
		{client.Request{URL: "ftp://host/br.gif"}, client.PhaseRequest, `unsupported scheme "ftp"`},
		{client.Request{URL: "http://a b/"}, client.PhaseRequest, "invalid"},
		{client.Request{URL: "http://host/", Method: "G T"}, client.PhaseRequest, "invalid method"},
		{client.Request{URL: "http://host/", Method: "CONNECT"}, client.PhaseRequest, "see Client.Connect"},
	} {
		t.Run(tt.req.URL, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
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
	plain := "http://" + serve(t, silent)
	half := "http://" + serve(t, replySilent(ok+"Content-Length: 10\r\n\r\n12345"))
	const hour, minute = time.Hour, 50 * time.Second // a handshake takes a minute at most
	for _, tt := range []struct {
		name, url string
		timeouts  client.Timeouts
		body      []byte
		phase     client.Phase
		waits     string // what the client waits for ...
		heard     int    // ... after having heard from the server so often
	}{
		{"first byte", plain, client.Timeouts{FirstByte: hour, Total: -1}, nil, client.PhaseFirstByte, "Conn.Read", 0},
		{"total at the first byte", plain, client.Timeouts{FirstByte: 2 * hour, Total: hour}, nil, client.PhaseFirstByte, "Conn.Read", 0},
		{"total in the body", half, client.Timeouts{Silence: 2 * hour, Total: hour}, nil, client.PhaseBody, "Conn.Read", 1},
		{"tls", "https" + plain[len("http"):], client.Timeouts{TLS: minute, Total: -1}, nil, client.PhaseTLS, "Conn.Read", 0},
		{"total in tls", "https" + plain[len("http"):], client.Timeouts{TLS: 2 * minute, Total: minute}, nil, client.PhaseTLS, "Conn.Read", 0},
		{"write", "http://" + full(t), client.Timeouts{Silence: -1, Total: hour}, make([]byte, 64<<20), client.PhaseWrite, "Conn.Read", 0},
		{"silence in the header", "http://" + serve(t, replySilent(ok)), client.Timeouts{Silence: hour, Total: -1}, nil, client.PhaseHeader, "Conn.Read", 1},
		{"silence in the body", half, client.Timeouts{Silence: hour, Total: -1}, nil, client.PhaseBody, "Conn.Read", 1},
		{"connect", "http://" + backlogged(t), client.Timeouts{Connect: hour, Total: -1}, nil, client.PhaseConnect, "Dial", 0},
		{"total in connect", "http://" + backlogged(t), client.Timeouts{Connect: -1, Total: hour}, nil, client.PhaseConnect, "Dial", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{Timeouts: tt.timeouts}
			run(t, c, func(y *loop.Yielder, w *wire) {
				limit := hour
				if tt.phase == client.PhaseTLS {
					limit = minute
				}
				request := loop.Spawn(y, func(y *loop.Yielder) error {
					_, err := c.Do(y, &client.Request{Method: "PUT", URL: tt.url, Body: tt.body})
					return err
				})
				w.hear(t, y, tt.heard)
				parked(t, y, request, tt.waits)
				w.Advance(limit - 1)
				for range 5 {
					turn(t, y)
				}
				parked(t, y, request, tt.waits)
				w.Advance(1)
				_, err := request.Await(y)
				checkError(t, err, "PUT", tt.url, tt.phase, os.ErrDeadlineExceeded, "timeout")
				var n net.Error
				if !errors.As(err, &n) || !n.Timeout() {
					t.Errorf("%v is no timeout", err)
				}
			})
		})
	}
	t.Run("silence in writing", func(t *testing.T) {
		c := &client.Client{Timeouts: client.Timeouts{Silence: hour, Total: -1}}
		url := "http://" + full(t)
		run(t, c, func(y *loop.Yielder, w *wire) {
			request := loop.Spawn(y, func(y *loop.Yielder) error {
				_, err := c.Do(y, &client.Request{Method: "PUT", URL: url, Body: make([]byte, 64<<20)})
				return err
			})
			parked(t, y, request, "Conn.Read")
			for !request.Done() { // the system may take more in the meantime
				w.Advance(hour)
				turn(t, y)
			}
			_, err := request.Await(y)
			checkError(t, err, "PUT", url, client.PhaseWrite, os.ErrDeadlineExceeded, "timeout")
		})
	})
	t.Run("pool", func(t *testing.T) {
		c := &client.Client{MaxConns: 1, Timeouts: client.Timeouts{Total: hour}}
		run(t, c, func(y *loop.Yielder, w *wire) {
			held, err := c.Do(y, &client.Request{URL: half, Stream: true})
			if err != nil {
				t.Fatal(err)
			}
			defer held.Release()
			waiter := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, plain) })
			parked(t, y, waiter, "Client pool")
			w.Advance(hour)
			_, err = waiter.Await(y)
			checkError(t, err, "GET", plain, client.PhasePool, os.ErrDeadlineExceeded, "timeout")
		})
	})
}

// full is the address of a listener that does not accept: what is written to its
// connections is not read.
func full(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String()
}

// bound is a socket that has an address until the test is over, and does not listen.
func bound(t *testing.T) (fd int, addr string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, fmt.Sprint("127.0.0.1:", sa.(*unix.SockaddrInet4).Port)
}

// backlogged is the address of a listener that has no room for another
// connection.
func backlogged(t *testing.T) string {
	t.Helper()
	fd, addr := bound(t)
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	// The listener may hear of the connection after the one who makes it.
	waiting := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for waiting[0].Revents == 0 {
		if _, err := unix.Poll(waiting, -1); err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
	}
	return addr
}
