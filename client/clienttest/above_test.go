package clienttest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"
	"coloop/loop/looptest"
)

func packed(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.Bytes()
}

// TestMockIsBelowEverything has what the client does with requests and replies, each on a mock:
// the last call is what a server would see.
func TestMockIsBelowEverything(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	gz := clienttest.Bytes(200, "text/plain", packed("unpacked")).Header("Content-Encoding", "gzip")
	challenge := clienttest.Status(401).Header("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`)
	busy := clienttest.Status(503).Header("Retry-After", "60")
	refused := clienttest.Fail(client.PhaseConnect, syscall.ECONNREFUSED)
	for _, tt := range []struct {
		name    string
		with    func(c *client.Client)
		request client.Request
		replies []clienttest.Reply
		want    string                                      // status and body
		last    func(c *clienttest.Call) (got, want any)    // what is to be seen of the last call
		after   func(resp *client.Response) (got, want any) // and of the response
		took    time.Duration
	}{
		{name: "decoded", request: client.Request{URL: "http://h/x"}, replies: []clienttest.Reply{gz}, want: "200 unpacked",
			last: func(c *clienttest.Call) (any, any) {
				return strings.Contains(c.Header.Get("Accept-Encoding"), "gzip"), true
			},
			after: func(r *client.Response) (any, any) { return r.Uncompressed && r.Header("Content-Encoding") == "", true }},
		{name: "not asked for", with: func(c *client.Client) { c.DisableCompression = true }, request: client.Request{URL: "http://h/x"}, replies: []clienttest.Reply{gz},
			want: "200 " + string(packed("unpacked"))},
		{name: "cookies", with: func(c *client.Client) { c.Jar = jar }, request: client.Request{URL: "http://h/x"},
			replies: []clienttest.Reply{clienttest.Status(302).Header("Location", "/y").Header("Set-Cookie", "a=1").Header("Set-Cookie", "b=2"), clienttest.Text(200, "end")},
			want:    "200 end", last: func(c *clienttest.Call) (any, any) { return c.Header.Get("Cookie"), "a=1; b=2" }},
		{name: "digest", with: func(c *client.Client) { c.Auth = client.Digest("me", "pass") }, request: client.Request{URL: "http://h/x"},
			replies: []clienttest.Reply{challenge, clienttest.Text(200, "in")}, want: "200 in",
			last: func(c *clienttest.Call) (any, any) {
				return strings.HasPrefix(c.Header.Get("Authorization"), `Digest username="me"`), true
			}},
		{name: "retry", with: func(c *client.Client) { c.Retry = &client.Retry{Backoff: -1} }, request: client.Request{URL: "http://h/x"},
			replies: []clienttest.Reply{refused, busy, clienttest.Text(200, "at last")}, want: "200 at last", took: time.Minute},
		{name: "retry of a body", with: func(c *client.Client) { c.Retry = &client.Retry{Backoff: -1} }, request: client.Request{Method: "PUT", URL: "http://h/x", BodyStream: strings.NewReader("body")},
			replies: []clienttest.Reply{refused, clienttest.Text(200, "ok")}, want: "200 ok", last: func(c *clienttest.Call) (any, any) { return string(c.Body), "body" }},
		{name: "base and header", with: func(c *client.Client) { c.BaseURL, c.Header = "http://h/v1/", map[string][]string{"X": {"1"}} }, request: client.Request{URL: "x", Query: url.Values{"q": {"a b"}}},
			replies: []clienttest.Reply{clienttest.Status(204)}, want: "204 ",
			last: func(c *clienttest.Call) (any, any) {
				return c.URL.String() + c.Header.Get("X"), "http://h/v1/x?q=a+b1"
			}},
		{name: "form", request: client.Request{Method: "POST", URL: "http://h/x", Form: url.Values{"a": {"b"}}}, replies: []clienttest.Reply{clienttest.Status(204)}, want: "204 ",
			last: func(c *clienttest.Call) (any, any) {
				return c.Header.Get("Content-Type") + string(c.Body), "application/x-www-form-urlencodeda=b"
			}},
		{name: "multipart", request: client.Request{Method: "POST", URL: "http://h/x", Multipart: []client.Part{{Name: "a", Value: "b"}, {Name: "f", Reader: strings.NewReader("file")}}},
			replies: []clienttest.Reply{clienttest.Status(204)}, want: "204 ",
			last: func(c *clienttest.Call) (any, any) {
				r := http.Request{Method: "POST", Header: c.Header, Body: io.NopCloser(bytes.NewReader(c.Body))}
				err := r.ParseMultipartForm(1000)
				return fmt.Sprint(r.PostForm, err), "map[a:[b] f:[file]] <nil>"
			}},
		{name: "redirect with a body", request: client.Request{Method: "PUT", URL: "http://h/x", BodyStream: io.MultiReader(strings.NewReader("body")),
			GetBody: func() (io.Reader, error) { return strings.NewReader("again"), nil }},
			replies: []clienttest.Reply{clienttest.Status(307).Header("Location", "/y"), clienttest.Status(200)}, want: "200 ",
			last: func(c *clienttest.Call) (any, any) { return string(c.Body), "again" }},
		{name: "redirect that is not followed", with: func(c *client.Client) { c.MaxRedirects = -1 }, request: client.Request{URL: "http://h/x"},
			replies: []clienttest.Reply{clienttest.Bytes(302, "", packed("here")).Header("Content-Encoding", "gzip").Header("Location", "/y")}, want: "302 here"},
	} {
		for _, stream := range []bool{false, true} {
			if stream && tt.request.BodyStream != nil { // which has been read
				continue
			}
			t.Run(fmt.Sprintf("%s/stream=%v", tt.name, stream), func(t *testing.T) {
				m := &clienttest.Mock{}
				m.On("/", tt.replies...)
				c := &client.Client{Sender: m}
				if tt.with != nil {
					tt.with(c)
				}
				looptest.Run(t, func(y *loop.Yielder) error {
					r := tt.request
					r.Stream = stream
					if stream && len(r.Multipart) > 0 {
						r.Multipart[1].Reader = strings.NewReader("file")
					}
					resp, err := c.Do(y, &r)
					if err != nil {
						return err
					}
					body := resp.Body
					if stream {
						if body, err = io.ReadAll(resp.Stream); err != nil {
							return err
						}
					}
					if got := fmt.Sprintf("%d %s", resp.Status, body); got != tt.want {
						t.Errorf("got %q, want %q", got, tt.want)
					}
					calls := m.Calls()
					if tt.last != nil {
						if got, want := tt.last(calls[len(calls)-1]); got != want {
							t.Errorf("the last call: %v, want %v", got, want)
						}
					}
					if tt.after != nil {
						if got, want := tt.after(resp); got != want {
							t.Errorf("the response: %v, want %v", got, want)
						}
					}
					if now := loop.Running(y).Time(); now != tt.took {
						t.Errorf("after %v, want %v", now, tt.took)
					}
					m.Verify(t)
					return c.Close()
				})
			})
		}
	}
}

// TestMockProgress has the bodies of both ways counted.
func TestMockProgress(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/x", clienttest.Text(200, strings.Repeat("x", 1000)))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		for _, r := range []client.Request{
			{Body: []byte("body")},
			{BodyStream: strings.NewReader("body"), Length: 4},
		} {
			var up, down string
			r.Method, r.URL = "PUT", "http://h/x"
			r.OnUpload = func(done, total int64) { up = fmt.Sprint(done, "/", total) }
			r.OnDownload = func(done, total int64) { down = fmt.Sprint(done, "/", total) }
			if _, err := c.Do(y, &r); err != nil || up != "4/4" || down != "1000/1000" {
				t.Errorf("%v, up %s, down %s", err, up, down)
			}
		}
	})
}

// TestMockErrorsAbove has errors that are made of replies.
func TestMockErrorsAbove(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/500", clienttest.Text(500, "broken"))
	m.On("/bomb", clienttest.Bytes(200, "", packed(strings.Repeat("x", 1_000_000))).Header("Content-Encoding", "gzip"))
	m.On("/damaged", clienttest.Bytes(200, "", packed("damaged")[:15]).Header("Content-Encoding", "gzip"))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		c.RaiseForStatus, c.MaxBody = true, 10_000
		var status *client.StatusError
		if _, err := c.Get(y, "http://h/500"); !errors.As(err, &status) || status.Status != 500 || string(status.Body) != "broken" {
			t.Error(err)
		}
		if _, err := c.Get(y, "http://h/bomb"); !errors.Is(err, client.ErrBodyTooLarge) {
			t.Error(err)
		}
		var e *client.Error
		if _, err := c.Get(y, "http://h/damaged"); !errors.As(err, &e) || e.Phase != client.PhaseBody {
			t.Error(err)
		}
	})
}

// TestMockEvents has server-sent events, over a body that comes in parts.
func TestMockEvents(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/events", clienttest.Body(200, func() io.Reader { return strings.NewReader("data: one\n\ndata: two\n\n") }).Header("Content-Type", "text/event-stream"))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		var got []string
		for e, err := range c.Events(y, &client.Request{URL: "http://h/events"}) {
			if err != nil {
				t.Error(err)
				break
			}
			got = append(got, e.Data)
		}
		if fmt.Sprint(got) != "[one two]" {
			t.Errorf("events %q", got)
		}
	})
}
