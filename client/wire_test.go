package client_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// sent returns the bytes that a server gets of a request, with {addr} for its address.
func sent(t *testing.T, c *client.Client, path string, r client.Request) string {
	t.Helper()
	got := make(chan string, 1)
	addr := serve(t, func(c net.Conn) {
		var text strings.Builder
		r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, &text)))
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		if err != nil {
			text.WriteString("\n" + err.Error())
		}
		got <- text.String()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	user, host := "", addr
	if before, after, ok := strings.Cut(path, "@"); ok && before[0] != '/' {
		user, path = before+"@", after
	}
	r.URL = "http://" + user + host + path
	run(t, c, func(y *loop.Yielder, _ *wire) {
		if _, err := c.Do(y, &r); err != nil {
			t.Error(err)
			got <- ""
		}
	})
	return strings.ReplaceAll(<-got, addr, "{addr}")
}

// made are the fields that the client makes up.
const made = "User-Agent: coloop\r\n"

// TestB5Sent: the bytes of a request are the caller's, as they were given, and no field is
// dropped, rewritten or invented but those of made.
func TestB5Sent(t *testing.T) {
	type fields = map[string][]string
	for _, tt := range []struct {
		name, path string
		request    client.Request
		want       string
	}{
		{"nothing", "/", client.Request{}, "GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "\r\n"},
		{"no path", "", client.Request{}, "GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "\r\n"},
		{"method in lower case", "/", client.Request{Method: "get"}, "get / HTTP/1.1\r\nHost: {addr}\r\n" + made + "\r\n"},
		{"method of one's own", "/", client.Request{Method: "M-SEARCH"}, "M-SEARCH / HTTP/1.1\r\nHost: {addr}\r\n" + made + "\r\n"},
		{"Cookie with JSON", "/", client.Request{Header: fields{"Cookie": {`a={"b": [1, 2], "c": "d;e"}; f="g,h"`}}},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Cookie: a={\"b\": [1, 2], \"c\": \"d;e\"}; f=\"g,h\"\r\n\r\n"},
		{"two Cookies", "/", client.Request{Header: fields{"Cookie": {"a=1", "b=2"}}},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Cookie: a=1\r\nCookie: b=2\r\n\r\n"},
		{"Cookie without =", "/", client.Request{Header: fields{"Cookie": {"; ;a;;"}}},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Cookie: ; ;a;;\r\n\r\n"},
		{"names in any case", "/", client.Request{Header: fields{"x-lower": {"1"}, "X-UPPER": {"2"}, "xMiXed_~!": {"3"}, "etag": {"4"}}},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "X-UPPER: 2\r\netag: 4\r\nx-lower: 1\r\nxMiXed_~!: 3\r\n\r\n"},
		{"names that fasthttp knows", "/", client.Request{Header: fields{"content-type": {"a"}, "CONNECTION": {"close"}, "cookie": {"b"}, "te": {"trailers"}}},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "CONNECTION: close\r\ncontent-type: a\r\ncookie: b\r\nte: trailers\r\n\r\n"},
		{"values as they are", "/", client.Request{Header: fields{"A": {"", "\t", " b ", "c,d", "ä\xff"}}},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "A: \r\nA: \t\r\nA:  b \r\nA: c,d\r\nA: ä\xff\r\n\r\n"},
		{"a field without values", "/", client.Request{Header: fields{"A": {}, "User-Agent": {}}}, "GET / HTTP/1.1\r\nHost: {addr}\r\n\r\n"},
		{"empty User-Agent", "/", client.Request{Header: fields{"User-Agent": {""}}}, "GET / HTTP/1.1\r\nHost: {addr}\r\n\r\n"},
		{"own User-Agent", "/", client.Request{Header: fields{"user-agent": {"me"}}}, "GET / HTTP/1.1\r\nHost: {addr}\r\nuser-agent: me\r\n\r\n"},
		{"two User-Agents", "/", client.Request{Header: fields{"User-Agent": {"me", "you"}}},
			"GET / HTTP/1.1\r\nHost: {addr}\r\nUser-Agent: me\r\nUser-Agent: you\r\n\r\n"},
		{"own Host", "/", client.Request{Header: fields{"host": {"elsewhere:1"}}}, "GET / HTTP/1.1\r\nHost: elsewhere:1\r\n" + made + "\r\n"},
		{"user of the URL", "me:p%40ss%3A@/", client.Request{},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Authorization: Basic bWU6cEBzczo=\r\n\r\n"},
		{"user without a password", "me@/", client.Request{}, "GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Authorization: Basic bWU6\r\n\r\n"},
		{"own Authorization wins", "me:secret@/", client.Request{Header: fields{"authorization": {"Bearer x"}}},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "authorization: Bearer x\r\n\r\n"},
		{"GET with a body", "/", client.Request{Body: []byte("hello")},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Content-Length: 5\r\n\r\nhello"},
		{"no body", "/", client.Request{Method: "DELETE"}, "DELETE / HTTP/1.1\r\nHost: {addr}\r\n" + made + "\r\n"},
		{"POST without a body", "/", client.Request{Method: "POST"}, "POST / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Content-Length: 0\r\n\r\n"},
		{"POST", "/", client.Request{Method: "POST", Body: []byte("a=b")},
			"POST / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Content-Length: 3\r\n\r\na=b"},
		{"multipart is not parsed", "/", client.Request{Method: "POST", Header: fields{"Content-Type": {"multipart/form-data; boundary=x"}}, Body: []byte("--x--")},
			"POST / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5\r\n\r\n--x--"},
		{"body of no known length", "/", client.Request{Method: "PUT", BodyStream: strings.NewReader("hello")},
			"PUT / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
		{"body of a length", "/", client.Request{Method: "PUT", BodyStream: strings.NewReader("hello"), Length: 5},
			"PUT / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Content-Length: 5\r\n\r\nhello"},
		{"negative length", "/", client.Request{Method: "PUT", BodyStream: strings.NewReader("hello"), Length: -7},
			"PUT / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
		{"empty body of no known length", "/", client.Request{Method: "PUT", BodyStream: strings.NewReader("")},
			"PUT / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"GET with a BodyStream", "/", client.Request{BodyStream: strings.NewReader("hello"), Length: 5},
			"GET / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Content-Length: 5\r\n\r\nhello"},
		{"limited reader", "/", client.Request{Method: "PUT", BodyStream: io.LimitReader(strings.NewReader("hello"), 9)},
			"PUT / HTTP/1.1\r\nHost: {addr}\r\n" + made + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
		{"long body", "/", client.Request{Method: "PUT", Header: fields{"cookie": {"{}"}}, Body: []byte(strings.Repeat("x", 20_000))},
			"PUT / HTTP/1.1\r\nHost: {addr}\r\n" + made + "cookie: {}\r\nContent-Length: 20000\r\n\r\n" + strings.Repeat("x", 20_000)},
		{"query as it is", "/?a=b%20c+d&&e;f=%2F/?{}|^", client.Request{},
			"GET /?a=b%20c+d&&e;f=%2F/?{}|^ HTTP/1.1\r\nHost: {addr}\r\n" + made + "\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sent(t, &client.Client{DisableCompression: true}, tt.path, tt.request); got != tt.want {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
		})
	}
}
