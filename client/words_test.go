package client_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// oneLine reports whether the text of an error is a line that can be printed, and not too long.
func oneLine(text string) bool {
	bad := func(r rune) bool { return r == utf8.RuneError || !strconv.IsPrint(r) }
	return len(text) <= 320 && strings.IndexFunc(text, bad) < 0
}

// TestB12ErrorText fails requests that have secrets, in every way, with texts of others that are long,
// binary or of several lines. No error shows a secret, and each is a line.
func TestB12ErrorText(t *testing.T) {
	_, refused := bound(t)
	noise := strings.Repeat("\x00\x1b[31m\r\n\xff\u202e", 1000) // of the caller
	garbage := strings.ReplaceAll(noise, "\xff", "secret")      // of the server
	odd := func(head string) string {
		return "http://me:secret@" + strings.TrimPrefix("http://"+serve(t, reply(head+garbage)), "http://")
	}
	long := "/" + strings.Repeat("p", 20_000)
	secure, _ := serveTLS(t, func(*fasthttp.RequestCtx) {})
	noProxy := "http://" + serve(t, reply("HTTP/1.1 407 "+strings.Repeat("secret", 1000)+"\r\n\r\n"))
	plain := serveHTTP(t, func(*fasthttp.RequestCtx) {})
	user := func(url string) string { return strings.Replace(url, "://", "://me:secret@", 1) }
	for name, tt := range map[string]struct {
		url     string
		request client.Request
		set     func(c *client.Client)
	}{
		"refused":               {url: "http://me:secret@" + refused + long},
		"refused, odd path":     {url: "http://me:secret@" + refused + "/" + strings.Repeat("é\u202e\xff", 1000)},
		"no host":               {url: "http://me:secret@no..such.host/"},
		"long host":             {url: "http://me:secret@" + strings.Repeat("x", 5000) + "/"},
		"host of long labels":   {url: "http://me:secret@" + strings.Repeat("ü", 5000) + "/"},
		"no host at all":        {url: "http://me:secret@/" + noise},
		"garbage":               {url: noise},
		"garbage behind @":      {url: "http://me:secret@" + noise},
		"password and port":     {url: "http://me:sec:ret@host:80:x/"},
		"slash in the password": {url: "http://me:x/secret@host/"},
		"line end in the user":  {url: "http://me\r\n:secret@host/"},
		"bad escape":            {url: "http://me:%secret@host/"},
		"bad escape in path":    {url: "http://me:secret@host/%zz" + long},
		"scheme":                {url: strings.Repeat("x", 5000) + "://me:secret@host/"},
		"method":                {url: user(plain), request: client.Request{Method: noise}},
		"field name":            {url: user(plain), request: client.Request{Header: map[string][]string{noise: {"x"}}}},
		"field value":           {url: user(plain), request: client.Request{Header: map[string][]string{"X": {garbage}}}},
		"cookie":                {url: user(plain), request: client.Request{Header: map[string][]string{"Cookie": {garbage}}}},
		"host field":            {url: user(plain), request: client.Request{Header: map[string][]string{"Host": {garbage}}}},
		"certificate":           {url: user(secure)},
		"not TLS":               {url: user("https" + strings.TrimPrefix(plain, "http"))},
		"garbage for TLS":       {url: user("https" + strings.TrimPrefix("http://"+serve(t, func(c net.Conn) { _, _ = io.WriteString(c, garbage) }), "http"))},
		"status line":           {url: odd("")},
		"version":               {url: odd("HTTP/3" + strings.Repeat("9", 500))},
		"status":                {url: odd("HTTP/1.1 ")},
		"reason":                {url: odd("HTTP/1.1 200 ")},
		"field of the reply":    {url: odd(ok + "X")},
		"value of the reply":    {url: odd(ok + "X: ")},
		"cookie of the reply":   {url: odd(ok + "Set-Cookie: a=secret")},
		"length":                {url: odd(ok + "Content-Length: ")},
		"transfer coding":       {url: odd(ok + "Transfer-Encoding: ")},
		"chunk size":            {url: odd(ok + "Transfer-Encoding: chunked\r\n\r\n")},
		"chunk extension":       {url: odd(ok + "Transfer-Encoding: chunked\r\n\r\n5;")},
		"chunk end":             {url: odd(ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nx")},
		"trailer":               {url: odd(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX")},
		"location":              {url: odd("HTTP/1.1 302 X\r\nLocation: http://you:secret@")},
		"location with a scheme": {url: "http://" + serve(t, reply("HTTP/1.1 302 X\r\nLocation: "+strings.Repeat("x", 5000)+
			"://you:secret@host/\r\nContent-Length: 0\r\n\r\n"))},
		"location to nowhere": {url: "http://" + serve(t, reply("HTTP/1.1 302 X\r\nLocation: http://you:secret@"+refused+long[:9000]+
			"\r\nContent-Length: 0\r\n\r\n"))},
		"reader": {url: user(plain), request: client.Request{Method: "PUT", BodyStream: failing{errors.New(noise)}}},
		"dialer": {url: user(plain), set: func(c *client.Client) {
			c.Dial = func(*loop.Yielder, string, string) (*netio.Conn, error) {
				return nil, errors.New(noise)
			}
		}},
		"proxy":         {url: user(secure), set: func(c *client.Client) { c.Proxy = client.ProxyURL(user(noProxy)) }},
		"proxy refused": {url: user(plain), set: func(c *client.Client) { c.Proxy = client.ProxyURL("http://me:secret@" + refused) }},
	} {
		t.Run(name, func(t *testing.T) {
			for _, stream := range []bool{false, true} {
				c := &client.Client{}
				if tt.set != nil {
					tt.set(c)
				}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					r := tt.request
					r.URL, r.Stream = tt.url, stream
					if r.Header == nil {
						r.Header = map[string][]string{"Authorization": {"Bearer secret"}, "Cookie": {"session=secret"}, "X-Api-Key": {"secret"}}
					}
					resp, err := c.Do(y, &r)
					if err == nil && stream {
						_, err = io.ReadAll(resp.Stream)
					}
					if err == nil {
						return // of some garbage a header can be made
					}
					text, e := err.Error(), (*client.Error)(nil)
					if !oneLine(text) || strings.Contains(text, "secret") {
						t.Errorf("%d bytes: %q", len(text), text)
					}
					if !errors.As(err, &e) || strings.Contains(e.URL, "secret") {
						t.Errorf("the URL of the error is %.200q", e.URL)
					}
				})
			}
		})
	}
}

// TestB12LineOfAnError is about the text alone.
func TestB12LineOfAnError(t *testing.T) {
	for _, tt := range []struct {
		err  client.Error
		want string
	}{
		{client.Error{Phase: "body", Method: "GET", URL: "http://h/é", Err: errors.New("“no”")}, "GET http://h/é: body: “no”"},
		{client.Error{Phase: "body", Method: "A\nB", URL: "http://h/\r\n", Err: errors.New("a\x1bb\xffc\u202ed\\")}, `A\nB http://h/\r\n: body: a\x1bb\xffc\u202ed\`},
		{client.Error{Phase: "body", Method: strings.Repeat("M", 30), URL: strings.Repeat("é", 200), Err: errors.New(strings.Repeat("a", 100) + strings.Repeat("b", 100))},
			"MMMMMMMMMMMM...MMMMM " + strings.Repeat("é", 39) + "..." + strings.Repeat("é", 19) + ": body: " + strings.Repeat("a", 98) + "..." + strings.Repeat("b", 49)},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

// TestD9WhoClosed has the server end the connection in each phase. The error says so, in the same
// words.
func TestD9WhoClosed(t *testing.T) {
	cut := func(head string) func(*host, net.Conn) {
		return func(_ *host, c net.Conn) {
			if s, ok := c.(*tls.Conn); ok && s.Handshake() != nil {
				return
			}
			reply(head)(c)
		}
	}
	for name, tt := range map[string]struct {
		server func(*host, net.Conn)
		body   string
		phase  client.Phase
	}{
		"before the reply": {cut(""), "", client.PhaseFirstByte},
		"interim reply":    {cut(goOn), "", client.PhaseFirstByte},
		"header":           {cut(ok + "Conte"), "", client.PhaseHeader},
		"body":             {cut(ok + "Content-Length: 5\r\n\r\n1"), "", client.PhaseBody},
		"chunk":            {cut(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n1"), "", client.PhaseBody},
		"chunk size":       {cut(ok + "Transfer-Encoding: chunked\r\n\r\n5"), "", client.PhaseBody},
		"chunk end":        {cut(ok + "Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n"), "", client.PhaseBody},
		"trailer":          {cut(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n"), "", client.PhaseBody},
		"after a body":     {cut(""), "hello", client.PhaseFirstByte},
	} {
		for _, stream := range []bool{false, true} {
			either(t, fmt.Sprintf("%s, streamed %v", name, stream), tt.server, func(t *testing.T, e endpoint) {
				c := &client.Client{TLSConfig: e.tls}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					resp, err := c.Do(y, &client.Request{URL: e.url, Body: []byte(tt.body), Stream: stream})
					if err == nil && stream {
						_, err = io.ReadAll(resp.Stream)
					}
					checkError(t, err, "GET", e.url, tt.phase, io.ErrUnexpectedEOF, "server closed the connection")
				})
			})
		}
	}
	t.Run("handshake", func(t *testing.T) {
		url := "https://" + serve(t, func(c net.Conn) {
			br := bufio.NewReader(c)
			head, err := br.Peek(5)
			if err == nil {
				_, _ = br.Discard(5 + int(head[3])<<8 + int(head[4])) // all of it, or the end is a reset
			}
		})
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			checkError(t, get(y, c, url), "GET", url, client.PhaseTLS, io.ErrUnexpectedEOF, "server closed the connection")
		})
	})
	either(t, "upload", func(_ *host, c net.Conn) {
		_, _ = io.ReadFull(c, make([]byte, 1000))
	}, func(t *testing.T, e endpoint) {
		c := &client.Client{TLSConfig: e.tls}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			_, err := c.Do(y, &client.Request{Method: "PUT", URL: e.url, Body: large})
			if text := fmt.Sprint(err); !strings.Contains(text, "server closed the connection") && !strings.Contains(text, "connection reset by peer") {
				t.Errorf("got %v", err)
			}
		})
	})
}
