package client_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// tellAll says what it is asked.
func tellAll(v *visit) string {
	return says(fmt.Sprintf("%s %s %s", v.Method, v.Host, v.RequestURI))
}

// TestBaseURL resolves URLs against that of the client.
func TestBaseURL(t *testing.T) {
	addr, other := converse(t, tellAll), converse(t, tellAll)
	for _, tt := range []struct{ base, url, want string }{
		{"http://ADDR", "", "/"},
		{"http://ADDR", "users", "/users"},
		{"http://ADDR", "/users?page=2", "/users?page=2"},
		{"http://ADDR/v1/", "", "/v1/"},
		{"http://ADDR/v1/", "users/7", "/v1/users/7"},
		{"http://ADDR/v1/", "?q", "/v1/?q"},
		{"http://ADDR/v1/", "/users", "/users"},
		{"http://ADDR/v1/", "../users", "/users"},
		{"http://ADDR/v%2F1/", "a%2Fb//c?x y", "/v%2F1/a%2Fb//c?x%20y"},
		{"http://ADDR/v1/", "//ADDR/x", "/x"},
		{"http://ADDR/v1/", "http://OTHER/x", "OTHER/x"},
		{"HTTP://ADDR/v1/", "x", "/v1/x"},
	} {
		fill := strings.NewReplacer("ADDR", addr, "OTHER", other)
		c := &client.Client{BaseURL: fill.Replace(tt.base)}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Get(y, fill.Replace(tt.url))
			if err != nil {
				t.Errorf("%v: %v", tt, err)
				return
			}
			want := fill.Replace(tt.want)
			if strings.HasPrefix(want, "/") {
				want = addr + want
			}
			if got := strings.Replace(string(resp.Body), " ", "", 2); got != "GET"+want || strings.TrimSuffix(resp.URL, "/") != "http://"+strings.TrimSuffix(want, "/") {
				t.Errorf("%v: got %q, URL %s", tt, got, resp.URL)
			}
		})
	}
	for _, tt := range []struct{ base, url, text string }{
		{"", "/users", "the URL is relative, and the client has no BaseURL"},
		{"", "", "the URL is relative, and the client has no BaseURL"},
		{"host/v1/", "", "BaseURL: the URL is relative"},
		{"ftp://host/", "", "BaseURL: unsupported scheme"},
		{"http://", "", "BaseURL: no host"},
		{"http://me:secret@h:port/", "", "BaseURL: parse the URL: invalid port"},
		{"http://host/v1", "", "BaseURL must be an absolute URL, http or https, with a path that ends in a slash, without query and fragment"},
		{"http://host/?key=secret", "", "BaseURL must be"},
		{"http://host/#x", "", "BaseURL must be"},
		{"http://host/", "http://[::1", "parse the URL"},
	} {
		c := &client.Client{BaseURL: tt.base}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			_, err := c.Get(y, tt.url)
			checkError(t, err, "GET", tt.url, client.PhaseRequest, nil, tt.text)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error(err)
			}
		})
	}
}

// TestQuery adds to the query of a URL, which stays as it is.
func TestQuery(t *testing.T) {
	addr := converse(t, tellAll)
	for _, tt := range []struct {
		url   string
		query url.Values
		want  string
	}{
		{"/", url.Values{"b": {"2"}, "a": {"1", "x y"}}, "/?a=1&a=x+y&b=2"},
		{"", url.Values{"a": {"1"}}, "/?a=1"},
		{"/x?", url.Values{"a": {"1"}}, "/x?a=1"},
		{"/x?Y%2BY%3D", url.Values{"a&=": {"ä#?"}}, "/x?Y%2BY%3D&a%26%3D=%C3%A4%23%3F"},
		{"/x?a=1&", url.Values{"a": {"2"}}, "/x?a=1&a=2"},
		{"/x?a#part?", url.Values{"b": {""}}, "/x?a&b="},
		{"/x#part", url.Values{"b": {"1"}}, "/x?b=1"},
		{"/x", url.Values{}, "/x"},
	} {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Do(y, &client.Request{URL: "http://" + addr + tt.url, Query: tt.query})
			if err != nil || string(resp.Body) != "GET "+addr+" "+tt.want {
				t.Errorf("%v: got %q, %v", tt, resp.Body, err)
			}
		})
	}
}

// TestSessionHeader has fields of the client, of the request, and of both.
func TestSessionHeader(t *testing.T) {
	tell := func(v *visit) string {
		if v.URL.Path == "/away" {
			return to(307, "/")
		}
		return says(fmt.Sprint(v.field("X-A"), ";", v.field("X-B"), ";", v.field("User-Agent"), ";", v.field("Authorization"), ";", v.field("Cookie"), ";", v.Host))
	}
	addr, other := converse(t, tell), converse(t, tell)
	session := map[string][]string{
		"x-a": {"1", "2"}, "X-B": {"3"}, "User-Agent": {"mine"}, "Authorization": {"Bearer t"}, "Cookie": {"a=1"}, "Host": {"virtual"},
	}
	for _, tt := range []struct {
		name, base, url string
		own             map[string][]string
		want            string
	}{
		{"session's", "", "http://ADDR/", nil, "1|2;3;mine;Bearer t;a=1;virtual"},
		{"own win", "", "http://ADDR/", map[string][]string{"X-A": {"own"}, "authorization": {"own"}, "cookie": {"own=1"}, "host": {"own"}}, "own;3;mine;own;own=1;own"},
		{"taken away", "", "http://ADDR/", map[string][]string{"X-B": nil, "Authorization": {}}, "1|2;;mine;;a=1;virtual"},
		{"after a redirect", "", "http://ADDR/away", nil, "1|2;3;mine;Bearer t;a=1;virtual"},
		{"base", "http://ADDR/", "x", nil, "1|2;3;mine;Bearer t;a=1;virtual"},
		{"base, absolute", "http://ADDR/", "http://ADDR/x", nil, "1|2;3;mine;Bearer t;a=1;virtual"},
		{"another origin than the base's", "http://ADDR/", "http://OTHER/x", nil, "1|2;3;mine;;;OTHER"},
		{"another origin, own", "http://ADDR/", "http://OTHER/x", map[string][]string{"Authorization": {"own"}}, "1|2;3;mine;own;;OTHER"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fill := strings.NewReplacer("ADDR", addr, "OTHER", other)
			c := &client.Client{Header: session, BaseURL: fill.Replace(tt.base)}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				resp, err := c.Do(y, &client.Request{URL: fill.Replace(tt.url), Header: tt.own})
				if err != nil || string(resp.Body) != fill.Replace(tt.want) {
					t.Errorf("got %q, %v", resp.Body, err)
				}
			})
		})
	}
	for name, bad := range map[string]map[string][]string{
		"name": {"X A": {"1"}}, "value": {"X-A": {"1\r\nX-B: 2"}}, "length": {"Content-Length": {"1"}},
	} {
		t.Run("bad "+name, func(t *testing.T) {
			c := &client.Client{Header: bad}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				_, err := c.Get(y, "http://"+addr)
				checkError(t, err, "GET", "http://"+addr, client.PhaseRequest, nil, "header field")
			})
		})
	}
	if len(session) != 6 || len(session["x-a"]) != 2 {
		t.Errorf("the session's fields were changed: %v", session)
	}
}
