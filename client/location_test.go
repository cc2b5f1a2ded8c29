package client_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/netio"
)

// A visit is a request as a server has seen it.
type visit struct {
	*http.Request
	body string
	conn int // the number of the connection, from 1
}

// field returns all values of a header field.
func (v *visit) field(name string) string { return strings.Join(v.Header[name], "|") }

// crossed orders what servers and tests do, for the race detector, which does not see that it is a
// request or a reply that does.
var crossed atomic.Int64

// cross is called by a test before and after it writes what a server looks at, and before it looks
// at what a server has written.
func cross() { crossed.Add(1) }

// converse serves each request with what answer returns, as it is, and closes the connection after
// an answer that is empty or begins with "-", which is left out.
func converse(t testing.TB, answer func(v *visit) string) (addr string) {
	t.Helper()
	return serve(t, conversation(answer))
}

// converseTLS is converse over TLS, with a configuration that trusts it.
func converseTLS(t testing.TB, answer func(v *visit) string) (addr string, cfg *tls.Config) {
	t.Helper()
	server := certificate(t)
	cfg = &tls.Config{RootCAs: server.ClientCAs}
	handle := conversation(answer)
	return serve(t, func(c net.Conn) {
		tc := tls.Server(c, server)
		handle(tc)
		_ = tc.Close() // the end may be there already
	}), cfg
}

func conversation(answer func(v *visit) string) func(net.Conn) {
	conns := make(chan int, 1)
	conns <- 0
	return func(c net.Conn) {
		number := <-conns + 1
		conns <- number
		br := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			if r.Header.Get("Expect") != "" {
				_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n") // the client says if it is missing
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			cross()
			reply, last := strings.CutPrefix(answer(&visit{r, string(body), number}), "-")
			cross()
			if _, err := io.WriteString(c, reply); err != nil || last || reply == "" {
				return
			}
		}
	}
}

// to is a reply that redirects.
func to(status int, location string) string {
	return fmt.Sprintf("HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 5\r\n\r\nmoved", status, location)
}

// says is a reply with a body.
func says(body string, fields ...string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", lines(fields), len(body), body)
}

// replies is a reply of any status, without a body.
func replies(status int, fields ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\n%sContent-Length: 0\r\n\r\n", status, http.StatusText(status), lines(fields))
}

func lines(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return strings.Join(fields, "\r\n") + "\r\n"
}

// TestB14Location asks for what a Location says, however it is written: it arrives as it would if it
// were asked for by itself.
func TestB14Location(t *testing.T) {
	var location string
	addr := converse(t, func(v *visit) string {
		if v.RequestURI == "/dir/page?old" {
			return to(302, location)
		}
		return says(v.Host + v.RequestURI)
	})
	for _, tt := range []struct{ location, want, url string }{
		{"x", "/dir/x", "/dir/x"},
		{"/x", "/x", "/x"},
		{"../x", "/x", "/x"},
		{"?q", "/dir/page?q", "/dir/page?q"},
		{"//ADDR/x", "/x", "/x"},
		{"//ADDR", "/", ""},
		{"http://ADDR//host/x", "//host/x", "//host/x"},
		{"http://ADDR//", "//", "//"},
		{"HTTP://ADDR/x", "/x", "/x"},
		{"/a//b", "/a//b", "/a//b"},
		{"/group%2Fproject", "/group%2Fproject", "/group%2Fproject"},
		{"/Y%2BY%3D?a%2Bb", "/Y%2BY%3D?a%2Bb", "/Y%2BY%3D?a%2Bb"},
		{"/a b", "/a%20b", "/a%20b"},
		{"/?a b", "/?a%20b", "/?a%20b"},
		{"/ä?ö", "/%C3%A4?%C3%B6", "/%C3%A4?%C3%B6"},
		{"/\xe4?\xf6", "/%E4?%F6", "/%E4?%F6"},
		{"/x#part", "/x", "/x#part"},
		{"/x?", "/x?", "/x?"},
	} {
		t.Run(tt.location, func(t *testing.T) {
			cross()
			location = strings.ReplaceAll(tt.location, "ADDR", addr)
			cross()
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				resp, err := c.Get(y, "http://"+addr+"/dir/page?old")
				if err != nil {
					t.Error(err)
					return
				}
				if string(resp.Body) != addr+tt.want || resp.URL != "http://"+addr+tt.url {
					t.Errorf("asked for %s, URL %s", resp.Body, resp.URL)
				}
				alone, err := c.Get(y, resp.URL)
				if err != nil || string(alone.Body) != string(resp.Body) {
					t.Errorf("by itself it asks for %s: %v", alone.Body, err)
				}
			})
		})
	}
	t.Run("fragment is inherited", func(t *testing.T) {
		cross()
		location = "/x"
		cross()
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Get(y, "http://"+addr+"/dir/page?old#part")
			if err != nil || resp.URL != "http://"+addr+"/x#part" {
				t.Errorf("got %+v, %v", resp, err)
			}
		})
	})
	for _, l := range []string{
		"http://\t/", "http:///x", "http:x", "ftp://" + addr, "http://[::1", "http://h:99999/", "http://a%20b/", "http://xn--\u00e4/",
		"http://h:" + strings.Repeat("x", 10_000), strings.Repeat("s", 10_000) + ":x",
	} {
		cross()
		location = l
		cross()
		name := location[:min(len(location), 20)]
		t.Run("nowhere "+name, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				at := "http://user:secret@" + addr + "/dir/page?old"
				_, err := c.Get(y, at)
				var e *client.Error
				if !errors.As(err, &e) || e.Phase != client.PhaseRedirect || e.URL != strings.Replace(at, "secret", "xxxxx", 1) {
					t.Fatalf("got %v", err)
				}
				if text := err.Error(); len(text) > 300 || strings.Contains(text, "secret") || strings.ContainsAny(text, "\t\n") {
					t.Errorf("%d bytes: %.300q", len(text), text)
				}
			})
		})
	}
}

// TestB14HostIsKept has a Host of the caller's, which is for the server that a relative Location is
// relative to, and for no other.
func TestB14HostIsKept(t *testing.T) {
	other := converse(t, func(v *visit) string { return says(v.Host) })
	addr := converse(t, func(v *visit) string {
		if location := v.URL.Query().Get("to"); location != "" {
			return to(302, location)
		}
		return says(v.Host)
	})
	for _, tt := range []struct{ location, want string }{
		{"/x", "own.example"},
		{"x?y", "own.example"},
		{"http://" + addr + "/x", addr},
		{"//" + addr + "/x", addr},
		{"http://" + other + "/x", other},
		{"/?to=/x", "own.example"}, // twice
	} {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Do(y, &client.Request{
				URL: "http://" + addr, Query: map[string][]string{"to": {tt.location}}, Header: map[string][]string{"host": {"own.example"}},
			})
			if err != nil || string(resp.Body) != tt.want {
				t.Errorf("%s: Host is %s, %v", tt.location, resp.Body, err)
			}
		})
	}
}

// TestB14Secrets has redirects with and without credentials in the Location, and callers who give theirs
// in each way there is.
func TestB14Secrets(t *testing.T) {
	seen := func(v *visit) string {
		if location := v.URL.Query().Get("to"); location != "" {
			return to(307, location)
		}
		user, password, _ := v.BasicAuth()
		return says(fmt.Sprintf("%s:%s %s", user, password, v.field("Cookie")))
	}
	addr, other := converse(t, seen), converse(t, seen)
	basic := client.Basic("me", "mine")
	own := map[string][]string{"authorization": {"Basic bWU6bWluZQ=="}, "Cookie": {"a=1"}}
	const mine, none, theirs = "me:mine", ":", "you:yours"
	for _, tt := range []struct {
		name          string
		auth          client.Auth         // of the client
		header        map[string][]string // of the client
		user          string
		req           client.Request
		here          string // what the same origin is told
		there, cookie string // what another one is told
	}{
		{"none", nil, nil, "", client.Request{}, theirs, theirs, ""},
		{"field", nil, nil, "", client.Request{Header: own}, mine, theirs, "a=1"},
		{"URL", nil, nil, "me:mine@", client.Request{}, mine, theirs, ""},
		{"Auth", nil, nil, "", client.Request{Auth: basic}, mine, theirs, ""},
		{"Auth and URL", nil, nil, "you:wrong@", client.Request{Auth: basic}, mine, theirs, ""},
		{"session's Auth", basic, nil, "", client.Request{}, mine, theirs, ""},
		{"session's field", nil, own, "", client.Request{}, mine, theirs, "a=1"},
		{"session's and URL", nil, own, "you:yours@", client.Request{}, theirs, theirs, "a=1"},
		{"session's Auth and field", client.Basic("x", "y"), nil, "", client.Request{Header: own}, mine, theirs, "a=1"},
	} {
		for _, hop := range []struct {
			name, path, url, told string
			cookie                bool
		}{
			{"relative", "/x", "", tt.here, true},
			{"absolute", "http://" + addr + "/x", "", tt.here, true},
			{"same", "http://you:yours@" + addr + "/x", "", tt.here, true},
			{"other", "http://" + other + "/x", "", none, false},
			{"other with credentials", "http://you:yours@" + other + "/x", "", tt.there, false},
			{"back again", "http://" + other + "/?to=http://" + addr + "/x", "", none, false},
		} {
			told := hop.told
			if tt.name == "none" && !strings.Contains(hop.path, "you:") {
				told = none
			}
			t.Run(tt.name+"/"+hop.name, func(t *testing.T) {
				c := &client.Client{Auth: tt.auth, Header: tt.header}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					r := tt.req
					r.URL, r.Query = "http://"+tt.user+addr, map[string][]string{"to": {hop.path}}
					resp, err := c.Do(y, &r)
					want := told + " "
					if hop.cookie {
						want += tt.cookie
					}
					if err != nil || string(resp.Body) != want {
						t.Errorf("told %q, %v; want %q", resp.Body, err, want)
					}
				})
			})
		}
	}
}

// TestHistory has three redirects.
func TestHistory(t *testing.T) {
	addr := converse(t, func(v *visit) string {
		switch v.RequestURI {
		case "/1":
			return to(307, "/2")
		case "/2":
			return to(303, "/3?x")
		case "/3?x":
			return to(308, "/4")
		}
		return says("here")
	})
	at := "http://" + addr
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		resp, err := c.Post(y, at+"/1", "text/plain", []byte("body"))
		if err != nil {
			t.Error(err)
			return
		}
		want := []client.Redirect{{307, "POST", at + "/1"}, {303, "POST", at + "/2"}, {308, "GET", at + "/3?x"}}
		if !slices.Equal(resp.History, want) || string(resp.Body) != "here" {
			t.Errorf("%s: %v", resp.Body, resp.History)
		}
		if resp, err = c.Get(y, at+"/4"); err != nil || resp.History != nil {
			t.Errorf("without a redirect: %v, %v", resp.History, err)
		}
	})
}

// TestCheckRedirect decides about redirects.
func TestCheckRedirect(t *testing.T) {
	addr := converse(t, func(v *visit) string {
		switch v.RequestURI {
		case "/1":
			return to(302, "/2")
		case "/2":
			return to(302, "/3")
		}
		return says(v.field("X-Hop") + v.field("Authorization"))
	})
	at := "http://" + addr
	refused := errors.New("refused")
	for _, tt := range []struct {
		name  string
		check func(y *loop.Yielder, next *client.Request, via []client.Redirect) error
		body  string
		url   string
		hops  int
		err   error
	}{
		{"allow", func(*loop.Yielder, *client.Request, []client.Redirect) error { return nil }, "", "/3", 2, nil},
		{"change", func(y *loop.Yielder, next *client.Request, via []client.Redirect) error {
			next.Header["X-Hop"] = []string{fmt.Sprint(len(via), next.Method, strings.TrimPrefix(next.URL, at))}
			return loop.Sleep(y, 0) // it may wait
		}, "2GET/3", "/3", 2, nil},
		{"first reply", func(*loop.Yielder, *client.Request, []client.Redirect) error { return client.ErrUseLastResponse }, "moved", "/1", 0, nil},
		{"second reply", func(_ *loop.Yielder, _ *client.Request, via []client.Redirect) error {
			if len(via) == 2 && via[1] == (client.Redirect{Status: 302, Method: "GET", URL: at + "/2"}) {
				return fmt.Errorf("wrapped: %w", http.ErrUseLastResponse)
			}
			return nil
		}, "moved", "/2", 1, nil},
		{"refuse", func(*loop.Yielder, *client.Request, []client.Redirect) error { return refused }, "", "/1", 0, refused},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, stream), func(t *testing.T) {
				c := &client.Client{CheckRedirect: tt.check, MaxConns: 1}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					resp, err := c.Do(y, &client.Request{URL: at + "/1", Stream: stream})
					if tt.err != nil {
						checkError(t, err, "GET", at+tt.url, client.PhaseRedirect, tt.err, tt.err.Error())
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					body := resp.Body
					if stream {
						if body, err = io.ReadAll(resp.Stream); err != nil {
							t.Error(err)
						}
					}
					if string(body) != tt.body || resp.URL != at+tt.url || len(resp.History) != tt.hops {
						t.Errorf("%q from %s after %v", body, resp.URL, resp.History)
					}
				})
			})
		}
	}
	t.Run("panic", func(t *testing.T) {
		c := &client.Client{CheckRedirect: func(*loop.Yielder, *client.Request, []client.Redirect) error { panic("rogue") }, MaxConns: 1}
		run(t, c, func(y *loop.Yielder, w *wire) {
			task := loop.Go(y, func(y *loop.Yielder) (*client.Response, error) { return c.Get(y, at+"/1") })
			if _, err := task.Await(y); err == nil || w.open != 0 {
				t.Errorf("got %v, %d connections are open", err, w.open)
			}
			if _, err := c.Get(y, at+"/3"); err != nil {
				t.Error("next request:", err)
			}
		})
	})
}

// TestB6RedirectedNames has names that are written in more than one way: they lead to one origin, which keeps the
// caller's secrets.
func TestB6RedirectedNames(t *testing.T) {
	location := ""
	addr := converse(t, func(v *visit) string {
		if v.RequestURI == "/old" {
			return to(302, location)
		}
		return says(v.Host + " " + v.field("Authorization"))
	})
	for _, tt := range []struct{ from, location, want string }{
		{"http://host.example/old", "http://host.example:80/", "host.example mine"},
		{"http://host.example:80/old", "http://HOST.example/", "host.example mine"},
		{"http://host.example/old", "http://host.example:8080/", "host.example:8080 "},
		{"http://host.example/old", "http://sub.host.example/", "sub.host.example "},
		{"http://bücher.example/old", "http://xn--bcher-kva.example/", "xn--bcher-kva.example mine"},
		{"http://xn--bcher-kva.example/old", "http://BÜCHER.example/", "xn--bcher-kva.example mine"},
		{"http://xn--bcher-kva.example/old", "//b%C3%BCcher.example/", "xn--bcher-kva.example mine"},
		{"http://[fe80::1%25lo]/old", "/", "[fe80::1] mine"},
	} {
		cross()
		location = tt.location
		cross()
		c := &client.Client{Dial: func(y *loop.Yielder, network, _ string) (*netio.Conn, error) { return netio.Dial(y, network, addr) }}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Do(y, &client.Request{URL: tt.from, Header: map[string][]string{"Authorization": {"mine"}}})
			if err != nil || string(resp.Body) != tt.want {
				t.Errorf("%s to %s: got %q, %v", tt.from, tt.location, resp.Body, err)
				return
			}
			alone, err := c.Get(y, resp.URL)
			if host, _, _ := strings.Cut(tt.want, " "); err != nil || string(alone.Body) != host+" " {
				t.Errorf("%s by itself: %q, %v", resp.URL, alone.Body, err)
			}
		})
	}
}
