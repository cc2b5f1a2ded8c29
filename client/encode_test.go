package client

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"coloop/client/internal/pool"

	"pgregory.net/rapid"
)

// TestB7SentIsReadBack: whatever a request is made of, it is refused, or net/http reads the same
// request from its bytes, and nothing else.
func TestB7SentIsReadBack(t *testing.T) {
	// Mostly good, with some of what is bad.
	text := func(good string) *rapid.Generator[string] {
		return rapid.OneOf(rapid.StringMatching(good), rapid.StringMatching(good), rapid.StringOfN(rapid.RuneFrom(
			[]rune("ab:/?#[]@!$&'()*+,;=%2F \t\r\n\x00\x7f\"<>\\^`{|}é")), 0, 12, -1))
	}
	sent := 0
	c := &Client{DisableCompression: true}
	rapid.Check(t, func(t *rapid.T) {
		r := &Request{
			Method: text(`[A-Za-z!#$%&'*+.^_|~-]{1,8}`).Draw(t, "method"),
			URL:    "http://example.com" + rapid.SampledFrom([]string{"/", "//", "?", "#"}).Draw(t, "start") + text(`(/|%2[fF]|%[0-9A-F]{2}|[a-z.;=&?+]){0,10}`).Draw(t, "path"),
			Header: map[string][]string{},
			Body:   rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "body"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "fields") {
			name := rapid.OneOf(text(`[A-Za-z-]{1,6}`), rapid.SampledFrom([]string{
				"Host", "cookie", "Cookie", "Connection", "Content-Type", "Content-Length", "transfer-encoding", "User-Agent", "Trailer", "Expect", "TE",
			})).Draw(t, "name")
			r.Header[name] = append(r.Header[name], text(`[ -~]{0,12}`).Draw(t, "value"))
		}
		x := c.exchange(r)
		x.method, x.url, x.header, x.body = r.method(), r.URL, r.Header, r.Body
		if x.parse() != nil {
			return
		}
		sent++
		x.host = &pool.Host[*conn, *server]{Value: &server{}}
		if err := x.encoded(); err != nil {
			t.Fatal(err)
		}
		br := bufio.NewReader(bytes.NewReader(x.out))
		got, err := http.ReadRequest(br)
		if err != nil {
			t.Fatalf("%q: %v", x.out, err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil || !bytes.Equal(body, r.Body) || br.Buffered() > 0 {
			t.Fatalf("%q: the body is %q, %v; %d bytes are left", x.out, body, err, br.Buffered())
		}
		if got.Method != r.method() || unescaped(got.RequestURI) != unescaped(uriOf(r.URL)) {
			t.Fatalf("%q: read back as %s %s", x.out, got.Method, got.RequestURI)
		}
		checkReadBack(t, got, r.Header)
	})
	if sent == 0 {
		t.Error("all requests were refused")
	}
}

// checkReadBack checks that the fields of got are those that were sent.
func checkReadBack(t *rapid.T, got *http.Request, sent map[string][]string) {
	host, want := "example.com", http.Header{"User-Agent": {"coloop"}}
	if has(sent, "User-Agent") {
		want.Del("User-Agent")
	}
	for name, values := range sent {
		if name = textproto.CanonicalMIMEHeaderKey(name); name == "Host" {
			host = values[0]
			continue
		}
		for _, v := range values {
			if v != "" || name != "User-Agent" {
				want.Add(name, strings.Trim(v, " \t"))
			}
		}
	}
	got.Header.Del("Content-Length") // of the body
	if want.Get("Pragma") == "no-cache" {
		got.Header.Del("Cache-Control") // which net/http makes up
	}
	if strings.Contains(host, "%") {
		got.Host = host // of what may be a zone net/http makes something else
	}
	if got.Host != host || len(got.Header) != len(want) {
		t.Fatalf("Host %q, %v, want %q, %v", got.Host, got.Header, host, want)
	}
	for name := range want {
		slices.Sort(want[name]) // names that differ in case only have no order
		slices.Sort(got.Header[name])
		if !slices.Equal(want[name], got.Header[name]) {
			t.Fatalf("%s: %q, want %q", name, got.Header[name], want[name])
		}
	}
}

// uriOf is the path and the query of a URL to example.com.
func uriOf(rawURL string) string {
	uri, _, _ := strings.Cut(strings.TrimPrefix(rawURL, "http://example.com"), "#")
	if uri == "" || uri[0] == '?' {
		uri = "/" + uri
	}
	return uri
}

// unescaped undoes the escapes of what cannot stand in a request line, and leaves others, but their case.
func unescaped(uri string) string {
	for _, c := range " \"<>\\^`{|}\xc3\xa9" {
		uri = strings.ReplaceAll(uri, string(c), "")
	}
	for _, escape := range []string{"%20", "%22", "%3C", "%3E", "%5C", "%5E", "%60", "%7B", "%7C", "%7D", "%C3", "%A9"} {
		uri = strings.ReplaceAll(uri, escape, "")
	}
	return uri
}
