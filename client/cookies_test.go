package client_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"coloop/client"
	"coloop/loop"

	"golang.org/x/net/publicsuffix"
)

// TestJar has a server that sets cookies, by a redirect too, and tells which it gets.
func TestJar(t *testing.T) {
	tell := func(v *visit) string {
		switch v.URL.Path {
		case "/set":
			return says("set", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=\"two words\"; Path=/only", "set-cookie: c={\"json\": [1, 2]}; HttpOnly")
		case "/login":
			return replies(303, "Location: /home", "Set-Cookie: session=s3cr3t; Path=/", "Set-Cookie: own=new")
		case "/logout":
			return replies(401, "Set-Cookie: session=; Max-Age=0; Path=/")
		case "/bad":
			return says("bad", "Set-Cookie: \u00e4=1", "Set-Cookie: ", "Set-Cookie: =", "Set-Cookie: good=1; Domain=other.example", "Set-Cookie: fine=1; Path=/")
		case "/away":
			return to(302, "http://localhost:1/")
		}
		return says(v.field("Cookie"))
	}
	for _, tt := range []struct {
		name  string
		paths []string
		own   map[string][]string
		want  string // what is told in the end
	}{
		{"none", []string{"/"}, nil, ""},
		{"some", []string{"/set", "/"}, nil, `a=1`},
		{"path and quotes", []string{"/set", "/only/x"}, nil, `b="two words"; a=1`},
		{"own first", []string{"/set", "/"}, map[string][]string{"Cookie": {`x={"raw": "json"}`}}, `x={"raw": "json"}; a=1`},
		{"two own", []string{"/set", "/"}, map[string][]string{"cookie": {"x=1", "y=2"}}, "x=1; y=2; a=1"},
		{"own wins", []string{"/set", "/"}, map[string][]string{"Cookie": {"a=mine"}}, "a=mine"},
		{"own field empty", []string{"/set", "/"}, map[string][]string{"Cookie": {""}}, "a=1"},
		{"redirect", []string{"/login"}, nil, "session=s3cr3t; own=new"},
		{"redirect sets own", []string{"/login"}, map[string][]string{"Cookie": {"own=old; kept=1"}}, "kept=1; session=s3cr3t; own=new"},
		{"taken away", []string{"/login", "/logout", "/"}, nil, "own=new"},
		{"bad", []string{"/bad", "/"}, nil, "fine=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := converse(t, tell)
			jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
			if err != nil {
				t.Fatal(err)
			}
			c := &client.Client{Jar: jar}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				var got string
				for _, path := range tt.paths {
					resp, err := c.Do(y, &client.Request{URL: "http://" + addr + path, Header: tt.own})
					if err != nil {
						t.Error(err)
						return
					}
					got = string(resp.Body)
				}
				if got != tt.want {
					t.Errorf("told %q, want %q", got, tt.want)
				}
			})
		})
	}
	t.Run("no jar", func(t *testing.T) {
		addr := converse(t, tell)
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			for _, path := range []string{"/set", "/login"} {
				resp, err := c.Get(y, "http://"+addr+path)
				if err != nil || path == "/login" && len(resp.Body) > 0 {
					t.Errorf("got %q, %v", resp.Body, err)
				}
			}
		})
	})
	t.Run("streamed", func(t *testing.T) {
		addr := converse(t, tell)
		jar, _ := cookiejar.New(nil)
		c := &client.Client{Jar: jar}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Do(y, &client.Request{URL: "http://" + addr + "/set", Stream: true})
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Stream.Close()
			u, _ := url.Parse("http://" + addr)
			if got := fmt.Sprint(jar.Cookies(u)); got != "[a=1]" {
				t.Errorf("the jar has %s", got)
			}
		})
	})
	// As in net/http, a Host of the caller's is whose cookies these are.
	t.Run("own Host", func(t *testing.T) {
		addr := converse(t, tell)
		jar := recordingJar{}
		c := &client.Client{Jar: jar}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			for _, host := range []string{"own.example", addr} {
				r := &client.Request{URL: "http://" + addr + "/set", Header: map[string][]string{"Host": {host}}}
				if _, err := c.Do(y, r); err != nil {
					t.Error(err)
				}
				if len(jar["http://"+host+"/set"]) != 2 {
					t.Errorf("%s: the jar has %v", host, jar)
				}
			}
		})
	})
}

// A recordingJar has the cookies of each URL.
type recordingJar map[string][]*http.Cookie

func (j recordingJar) SetCookies(u *url.URL, cookies []*http.Cookie) { j[u.String()] = cookies }
func (j recordingJar) Cookies(u *url.URL) []*http.Cookie             { return j[u.String()] }
