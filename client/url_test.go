package client_test

import (
	"errors"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// TestB6Path: the path and the query are sent as they stand in the URL. Only what would end the
// request line is escaped, and in a path what net/http escapes.
func TestB6Path(t *testing.T) {
	for path, want := range map[string]string{
		"":                       "/",
		"/group%2Fproject":       "",
		"/a%2fb":                 "",
		"/a//b":                  "",
		"//host/":                "",
		"//":                     "",
		"/a/../b/./c":            "",
		"/..":                    "",
		"/a;b=c;d":               "",
		"/Y%2BY%3D":              "",
		"/+&=:@!$'()*,-._~[]":    "",
		"/%C3%A9%c3%a9":          "",
		"/a b":                   "/a%20b",
		"/a%2Fb c":               "/a%2Fb%20c",
		"/é%2F":                  "/%C3%A9%2F",
		"/%2F\xff":               "/%2F%FF",
		"/<\">\\^`{|}":           "/%3C%22%3E%5C%5E%60%7B%7C%7D",
		"?":                      "/?",
		"?a=b":                   "/?a=b",
		"/?":                     "",
		"/??":                    "",
		"/?a=%2F&b=c+d%20e;f":    "",
		"/?a=b?c/d//e":           "",
		"/?%zz%":                 "",
		"/?<\">\\^`{|}'":         "",
		"/?a b\u00e9":            "/?a%20b%C3%A9",
		"#a":                     "/",
		"/a#b?c":                 "/a",
		"/a?#":                   "/a?",
		"/a?b#c/d":               "/a?b",
		"/%23%3F":                "",
		"/?X-Signature=a%2Bb%3D": "",
	} {
		t.Run(path, func(t *testing.T) {
			if want == "" {
				want = path
			}
			line, _, _ := strings.Cut(sent(t, &client.Client{}, path, client.Request{}), "\r\n")
			if line != "GET "+want+" HTTP/1.1" {
				t.Errorf("got %q, want %q", line, want)
			}
		})
	}
}

// TestB6Host: the host of a URL is resolved by its ASCII name, with the port of the scheme, and
// sent without that and without a zone. All ways to write an origin share connections.
func TestB6Host(t *testing.T) {
	server := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.Host()) })
	for _, tt := range []struct {
		dialled, host string
		urls          []string
	}{
		{"example.com:80", "example.com", []string{
			"http://example.com/", "http://example.com:80/", "HTTP://EXAMPLE.com:0080", "http://Example.Com:?", "http://example.com#x",
			"http://me:you@example.com/",
		}},
		{"example.com:8080", "example.com:8080", []string{"http://example.com:8080", "http://EXAMPLE.COM:08080/x"}},
		{"example.com:443", "example.com:443", []string{"http://example.com:443"}},
		{"example.com.:80", "example.com.", []string{"http://example.com./"}},
		{"a_b.example:80", "a_b.example", []string{"http://a_b.example/"}},
		{"xn--bcher-kva.example:80", "xn--bcher-kva.example", []string{
			"http://bücher.example/", "http://BÜCHER.example:80", "http://xn--bcher-kva.example", "http://b%C3%BCcher.example", "http://bücher。example",
		}},
		{"xn--fa-hia.de:65535", "xn--fa-hia.de:65535", []string{"http://faß.de:65535"}},
		{"[::1]:80", "[::1]", []string{"http://[::1]/", "http://[::1]:80", "http://[::1]:", "http://[0:0:0:0:0:0:0:1]/", "http://[0::0001]/"}},
		{"[fe80::a]:8080", "[fe80::a]:8080", []string{"http://[fe80::a]:8080", "http://[FE80::A]:8080"}},
		{"[fe80::a%Eth0]:80", "[fe80::a]", []string{"http://[fe80::a%25Eth0]/", "http://[FE80::a%25Eth0]:80/"}},
		{"[fe80::a%eth0]:81", "[fe80::a]:81", []string{"http://[fe80::a%25eth0]:81/"}},
	} {
		t.Run(tt.dialled, func(t *testing.T) {
			var dialled []string
			c := &client.Client{Dial: func(y *loop.Yielder, network, addr string) (*netio.Conn, error) {
				dialled = append(dialled, addr)
				return netio.Dial(y, network, strings.TrimPrefix(server, "http://"))
			}}
			run(t, c, func(y *loop.Yielder, w *wire) {
				for _, url := range tt.urls {
					resp, err := c.Get(y, url)
					if err != nil || string(resp.Body) != tt.host {
						t.Errorf("%s: Host %q, %v", url, resp.Body, err)
					}
				}
				if len(dialled) != 1 || dialled[0] != tt.dialled {
					t.Errorf("dialled %q", dialled)
				}
			})
		})
	}
}

// TestB6BadURL: a URL that names no place is refused before anything is done.
func TestB6BadURL(t *testing.T) {
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		for _, url := range []string{
			"", "/", "//host/", "host", "host:80", "host/path", "ftp://host/", "http:host/", "http:/host/", "http://", "http:///x",
			"http://:80/", "http://@/", "http://me@/", "http://me:you@:80/", "http://#x", "http://?x",
			"http://host:0/", "http://host:65536/", "http://host:99999999999999999999/", "http://host:http/", "http://host:-1/",
			"http://host:+1/", "http://host: 80/", "http://host:80:80/", "http://host:8O/",
			"http://[::1/", "http://::1/", "http://[::1]80/", "http://[::1]:x/", "http://[]/", "http://]/",
			"http://a b/", "http://a\tb/", "http://a<b/", "http://a|b/", "http://a\\b/", "http://h%41/", "http://h%00/", "http://ho%zzst/",
			"http://h\x00/", "http://h\r\n/", "http://h/\r\nX: y", "http://h/\x7f", "http://h/%", "http://h/%zz", "http://h/#%zz",
			"http://a\u00adb\u200d.example/", "http://[zz]/", "http://[1.2.3.4]/", "http://[::1%25]/", "http://[::g]/", " http://host/", "http://host/\n", "\u00fc://host/", ":", "http",
		} {
			resp, err := c.Get(y, url)
			var e *client.Error
			if !errors.As(err, &e) || e.Phase != client.PhaseRequest {
				t.Errorf("%q: %v, %v", url, resp, err)
			}
		}
		if w.made > 0 {
			t.Errorf("%d connections were made", w.made)
		}
	})
}
