package clienttest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"
	"coloop/loop/looptest"
)

// run runs fn on a virtual clock, with a client whose requests s answers.
func run(t *testing.T, s client.Sender, fn func(y *loop.Yielder, c *client.Client)) {
	t.Helper()
	looptest.Run(t, func(y *loop.Yielder) error {
		c := &client.Client{Sender: s}
		fn(y, c)
		return c.Close()
	})
}

// get makes a request and describes its outcome in a line.
func get(y *loop.Yielder, c *client.Client, method, url string) string {
	resp, err := c.Do(y, &client.Request{Method: method, URL: url})
	if err != nil {
		return err.Error()
	}
	defer resp.Release()
	return fmt.Sprintf("%d %s", resp.Status, resp.Body)
}

func TestMockPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, method, url string
		values               string // of the wildcards a and b; "-": no match
	}{
		{"/x", "GET", "http://h/x", ""},
		{"/x", "DELETE", "https://other:8080/x?q=1", ""},
		{"/x", "GET", "http://h/x/", "-"},
		{"/x", "GET", "http://h/xy", "-"},
		{"/x", "GET", "http://h//x", "-"},
		{"/", "GET", "http://h", ""},
		{"/", "GET", "http://h/any/thing", ""},
		{"/x/", "GET", "http://h/x/y/z", ""},
		{"/x/", "GET", "http://h/x", "-"},
		{"/{$}", "GET", "http://h/", ""},
		{"/{$}", "GET", "http://h/x", "-"},
		{"/x/{$}", "GET", "http://h/x/", ""},
		{"GET /x", "GET", "http://h/x", ""},
		{"GET /x", "HEAD", "http://h/x", ""},
		{"GET /x", "POST", "http://h/x", "-"},
		{"get /x", "GET", "http://h/x", "-"},
		{"h/x", "GET", "http://H/x", ""},
		{"h/x", "GET", "http://h:80/x", ""},
		{"h/x", "GET", "https://h:443/x", ""},
		{"h:80/x", "GET", "http://h:80/x", ""},
		{"h/x", "GET", "http://h:8080/x", "-"},
		{"h/x", "GET", "http://user:pass@h/x", ""},
		{"https://h/x", "GET", "https://h/x", ""},
		{"https://h/x", "GET", "http://h/x", "-"},
		{"PUT https://h:8080/x", "PUT", "https://h:8080/x", ""},
		{"/{a}", "GET", "http://h/x", "x"},
		{"/{a}", "GET", "http://h/", "-"},
		{"/{a}/{b}", "GET", "http://h/x/y", "x y"},
		{"/{a}/{b}", "GET", "http://h/x/y/z", "-"},
		{"/{a}/z", "GET", "http://h/x%2Fy/z", "x/y"},
		{"/x%2Fy", "GET", "http://h/x%2Fy", ""},
		{"/x%2Fy", "GET", "http://h/x/y", "-"},
		{"/{a...}", "GET", "http://h/x/y", "x/y"},
		{"/x/{a...}", "GET", "http://h/x/", ""},
		{"/{a}/{b...}", "GET", "http://h/x/y/z", "x y/z"},
		{"/x?q=1", "GET", "http://h/x?p=2&q=1", ""},
		{"/x?q=1", "GET", "http://h/x?q=2", "-"},
		{"/x?q=1", "GET", "http://h/x", "-"},
		{"/x?q=1&q=2", "GET", "http://h/x?q=1&q=2", ""},
		{"/x?q=1&q=2", "GET", "http://h/x?q=1", "-"},
		{"/x?q=a+b", "GET", "http://h/x?q=a%20b", ""},
	} {
		t.Run(tt.pattern+" of "+tt.url, func(t *testing.T) {
			m := &clienttest.Mock{}
			m.On(tt.pattern, clienttest.Func(func(_ *loop.Yielder, c *clienttest.Call) (*client.Response, error) {
				values := strings.TrimRight(c.PathValue("a")+" "+c.PathValue("b"), " ")
				return client.NewResponse(200, nil, []byte(values)), nil
			}))
			run(t, m, func(y *loop.Yielder, c *client.Client) {
				resp, err := c.Do(y, &client.Request{Method: tt.method, URL: tt.url})
				switch {
				case tt.values == "-" && err == nil:
					t.Error("matches")
				case tt.values != "-" && err != nil:
					t.Error(err)
				case err == nil && tt.method != "HEAD" && string(resp.Body) != tt.values:
					t.Errorf("values %q, want %q", resp.Body, tt.values)
				}
			})
		})
	}
}

func TestMockPatternsMalformed(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                   "no path",
		"h":                  "no path",
		"GET h":              "no path",
		"G@T /":              "invalid method",
		"ftp://h/":           "unsupported scheme",
		"u@h/":               "invalid host",
		"{h}/":               "invalid host",
		"/{}":                "bad wildcard",
		"/{a":                "bad wildcard",
		"/x{a}":              "whole segment",
		"/{a...}/x":          "not at the end",
		"/{a}/{a}":           "two wildcards",
		"/%zz":               "invalid URL escape",
		"/?%zz":              "invalid URL escape",
		"/{$}/x":             "bad wildcard",
		"/{a...}x":           "bad wildcard",
		"http://h/{a.b}/x/y": "bad wildcard",
	} {
		func() {
			defer func() {
				if s := fmt.Sprint(recover()); !strings.Contains(s, want) || !strings.Contains(s, "clienttest: pattern") {
					t.Errorf("%q: panic %q, want %q", pattern, s, want)
				}
			}()
			new(clienttest.Mock).On(pattern, clienttest.Status(200))
		}()
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no reply: no panic")
			}
		}()
		new(clienttest.Mock).On("/")
	}()
}

// TestMockOrder has rules that are used up.
func TestMockOrder(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("GET /x", clienttest.Text(200, "first"), clienttest.Text(500, "second"))
	twice := m.On("GET /x", clienttest.Text(200, "twice")).Times(2)
	m.On("GET /last", clienttest.Text(200, "a"), clienttest.Text(200, "b")).Times(3)
	m.On("/any", clienttest.Text(200, "always"))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		for _, want := range []string{"200 first", "500 second", "200 twice", "200 twice",
			"GET http://h/x: request: unexpected request: expected is GET /x (used up: 2 of 2) or GET /x (used up: 2 of 2) or GET /last or /any"} {
			if got := get(y, c, "GET", "http://h/x"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		for _, want := range []string{"200 a", "200 b", "200 b"} {
			if got := get(y, c, "GET", "http://h/last"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		for range 3 {
			if got := get(y, c, "PUT", "http://h/any"); got != "200 always" {
				t.Errorf("got %q", got)
			}
		}
	})
	if n := len(m.Calls()); n != 11 {
		t.Errorf("%d calls", n)
	}
	if calls := twice.Calls(); len(calls) != 2 || calls[0] != m.Calls()[2] {
		t.Errorf("calls of a rule: %v", calls)
	}
}

// failures is a testing.TB that takes down errors.
type failures struct {
	testing.TB
	all []string
}

func (f *failures) Helper()                   {}
func (f *failures) Errorf(s string, a ...any) { f.all = append(f.all, fmt.Sprintf(s, a...)) }

func TestMockVerify(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/used", clienttest.Status(200))
	m.On("/never", clienttest.Status(200)).Times(0)
	m.On("/maybe", clienttest.Status(200)).Maybe()
	m.On("/once", clienttest.Status(200))
	m.On("/both", clienttest.Status(200), clienttest.Status(200))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		get(y, c, "GET", "http://h/used")
		get(y, c, "GET", "http://h/both")
		get(y, c, "GET", "http://u:secret@h/other?q=1")
	})
	f := &failures{}
	m.Verify(f)
	want := []string{
		"clienttest: /once: asked 0 times, want 1",
		"clienttest: /both: asked 1 times, want 2",
		"clienttest: GET http://h/other?q=1: unexpected request: expected is /used or /never (used up: 0 of 0) or /maybe or /once or /both",
	}
	if fmt.Sprintf("%q", f.all) != fmt.Sprintf("%q", want) {
		t.Errorf("got %q,\nwant %q", f.all, want)
	}
}

// TestMockSees has what the client adds to a request, and what it changes.
func TestMockSees(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("POST http://h/start", clienttest.Status(307).Header("Location", "https://h2/end?q#f"))
	m.On("/", clienttest.Status(200))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		looptest.Advance(y, time.Minute)
		if _, err := c.Do(y, &client.Request{Method: "POST", URL: "http://me:pass@h/start", Body: []byte(`{"a":1}`),
			Header: map[string][]string{"x-two": {"1", "2"}, "Content-Type": {"application/json"}}}); err != nil {
			t.Error(err)
		}
		if _, err := c.Do(y, &client.Request{Method: "PUT", URL: "http://h/stream", BodyStream: strings.NewReader("in pieces"), Expect: true}); err != nil {
			t.Error(err)
		}
	})
	var a struct{ A int }
	calls := m.Calls()
	first, second, third := calls[0], calls[1], calls[2]
	switch {
	case first.String() != "POST http://h/start" || second.String() != "POST https://h2/end?q":
		t.Errorf("calls %v", calls)
	case first.JSON(&a) != nil || a.A != 1 || string(second.Body) != `{"a":1}` || string(third.Body) != "in pieces":
		t.Errorf("bodies %q, %q, %q", first.Body, second.Body, third.Body)
	case first.Time != time.Minute:
		t.Errorf("time %v", first.Time)
	}
	for _, tt := range []struct {
		call *clienttest.Call
		key  string
		want []string
	}{
		{first, "Host", []string{"h"}},
		{first, "User-Agent", []string{"coloop"}},
		{first, "X-Two", []string{"1", "2"}},
		{first, "Authorization", []string{"Basic bWU6cGFzcw=="}},
		{first, "Content-Length", nil},
		{second, "Host", []string{"h2"}},
		{second, "Authorization", nil},
		{third, "Expect", nil},
		{third, "Transfer-Encoding", nil},
	} {
		if got := tt.call.Header.Values(tt.key); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%v: %s %q, want %q", tt.call, tt.key, got, tt.want)
		}
	}
}

// TestMockReplies has each kind of reply, with the body as a whole and streamed.
func TestMockReplies(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name     string
		reply    clienttest.Reply
		method   string
		want     string
		is       error
		phase    client.Phase
		inStream bool // the error comes in the body
	}{
		{name: "status", reply: clienttest.Status(404), want: "404  [0]"},
		{name: "text", reply: clienttest.Text(200, "hello"), want: "200 hello text/plain; charset=utf-8[5]"},
		{name: "json", reply: clienttest.JSON(201, map[string]int{"n": 1}), want: `201 {"n":1} application/json[7]`},
		{name: "bytes", reply: clienttest.Bytes(200, "image/gif", []byte("GIF")), want: "200 GIF image/gif[3]"},
		{name: "body", reply: clienttest.Body(200, func() io.Reader { return strings.NewReader("read") }).Header("content-type", "x/y"), want: "200 read x/y[]"},
		{name: "no content", reply: clienttest.Bytes(204, "", []byte("never")), want: "204  []"},
		{name: "head", reply: clienttest.Text(200, "hello"), method: "HEAD", want: "200  text/plain; charset=utf-8[5]"},
		{name: "func", reply: clienttest.Func(func(_ *loop.Yielder, c *clienttest.Call) (*client.Response, error) {
			return &client.Response{Status: 203, Body: []byte(c.URL.Path)}, nil
		}), want: "203 /x [2]"},
		{name: "func fails", reply: clienttest.Func(func(*loop.Yielder, *clienttest.Call) (*client.Response, error) { return nil, broken }), is: broken, phase: client.PhaseSend},
		{name: "func forgets", reply: clienttest.Func(func(*loop.Yielder, *clienttest.Call) (*client.Response, error) { return nil, nil }), phase: client.PhaseHeader},
		{name: "fail", reply: clienttest.Fail(client.PhaseConnect, syscall.ECONNREFUSED), is: syscall.ECONNREFUSED, phase: client.PhaseConnect},
		{name: "late", reply: clienttest.Delay(time.Hour, clienttest.Status(200)), is: os.ErrDeadlineExceeded, phase: client.PhaseFirstByte},
		{name: "never", reply: clienttest.Hang(), is: os.ErrDeadlineExceeded, phase: client.PhaseFirstByte},
		{name: "in time", reply: clienttest.Delay(4*time.Minute, clienttest.Text(200, "at last")), want: "200 at last text/plain; charset=utf-8[7]"},
		{name: "bad status", reply: clienttest.Status(99), phase: client.PhaseHeader},
		{name: "bad field", reply: clienttest.Status(200).Header("x y", "z"), phase: client.PhaseHeader},
		{name: "bad value", reply: clienttest.Status(200).Header("x", "a\r\nb: c"), phase: client.PhaseHeader},
		{name: "bad length", reply: clienttest.Status(200).Header("Content-Length", "many"), phase: client.PhaseHeader},
		{name: "bad trailer", reply: clienttest.Status(200).Trailer("Content-Length", "1"), phase: client.PhaseHeader},
		{name: "cut short", reply: clienttest.Body(200, func() io.Reader {
			return io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF))
		}), is: io.ErrUnexpectedEOF, phase: client.PhaseBody, inStream: true},
		{name: "too large", reply: clienttest.Body(200, func() io.Reader { return endless{} }), is: client.ErrBodyTooLarge, phase: client.PhaseBody},
		{name: "too large at once", reply: clienttest.Bytes(200, "", make([]byte, 2000)), is: client.ErrBodyTooLarge, phase: client.PhaseBody},
	} {
		for _, stream := range []bool{false, true} {
			if stream && tt.is == client.ErrBodyTooLarge {
				continue
			}
			t.Run(fmt.Sprintf("%s/stream=%v", tt.name, stream), func(t *testing.T) {
				m := &clienttest.Mock{}
				m.On("/x", tt.reply)
				run(t, m, func(y *loop.Yielder, c *client.Client) {
					c.MaxBody = 1000
					resp, err := c.Do(y, &client.Request{Method: tt.method, URL: "http://h/x", Stream: stream})
					var body []byte
					if err == nil && stream {
						body, err = io.ReadAll(resp.Stream)
						if err != nil && !tt.inStream {
							t.Errorf("the error comes in the body: %v", err)
						}
						if _, again := resp.Stream.Read(make([]byte, 1)); again != err && !(err == nil && again == io.EOF) {
							t.Errorf("then the error is %v", again)
						}
					} else if err == nil {
						body = resp.Body
					}
					if tt.phase != "" {
						var e *client.Error
						if !errors.As(err, &e) || e.Phase != tt.phase || tt.is != nil && !errors.Is(err, tt.is) || e.URL != "http://h/x" || strings.Contains(err.Error(), "\n") {
							t.Errorf("got %v", err)
						}
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					got := fmt.Sprintf("%d %s %s[%s]", resp.Status, body, resp.Header("Content-Type"), resp.Header("Content-Length"))
					if got != tt.want {
						t.Errorf("got %q, want %q", got, tt.want)
					}
					resp.Release()
					resp.Release()
				})
			})
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestSenderReturnsTwice has a sender that gives the same response twice.
func TestSenderReturnsTwice(t *testing.T) {
	same := client.NewResponse(200, nil, []byte("same"))
	m := &clienttest.Mock{}
	m.On("/x", clienttest.Func(func(*loop.Yielder, *clienttest.Call) (*client.Response, error) { return same, nil }))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		if got := get(y, c, "GET", "http://h/x"); got != "200 same" {
			t.Error(got)
		}
		if got := get(y, c, "GET", "http://h/x"); !strings.Contains(got, "second time") {
			t.Error(got)
		}
	})
}

// TestMockTimes has the limits of time that a reply can exceed.
func TestMockTimes(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/x", clienttest.Delay(time.Second, clienttest.Status(200)))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		for _, tt := range []struct {
			limits client.Timeouts
			ok     bool
		}{
			{client.Timeouts{}, true},
			{client.Timeouts{FirstByte: time.Second / 2}, false},
			{client.Timeouts{FirstByte: 2 * time.Second}, true},
			{client.Timeouts{Total: time.Second / 2}, false},
			{client.Timeouts{Total: -1}, true},
		} {
			began := loop.Running(y).Time()
			_, err := c.Do(y, &client.Request{URL: "http://h/x", Timeouts: &tt.limits})
			var e *client.Error
			took := loop.Running(y).Time() - began
			switch {
			case tt.ok && (err != nil || took != time.Second):
				t.Errorf("%+v: %v after %v", tt.limits, err, took)
			case !tt.ok && (!errors.As(err, &e) || e.Phase != client.PhaseFirstByte || !e.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || took != time.Second/2):
				t.Errorf("%+v: %v after %v", tt.limits, err, took)
			}
		}
	})
}

// TestMockCancelled cancels a request that hangs.
func TestMockCancelled(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/x", clienttest.Hang())
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			_, err := c.Get(y, "http://h/x")
			return err
		})
		if err := loop.Sleep(y, time.Second); err != nil {
			t.Error(err)
		}
		task.Cancel()
		if _, err := task.Await(y); !loop.IsCancelled(err) {
			t.Error(err)
		}
	})
}

// TestMockBelowTheClient has what is done above the network.
func TestMockBelowTheClient(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/loop", clienttest.Status(302).Header("Location", "/loop"))
	m.On("/endless", clienttest.Body(302, func() io.Reader { return endless{} }).Header("Location", "/end"))
	m.On("/end", clienttest.Text(200, "end"))
	run(t, m, func(y *loop.Yielder, c *client.Client) {
		_, err := c.Get(y, "http://h/loop")
		if !errors.Is(err, client.ErrTooManyRedirects) {
			t.Error(err)
		}
		resp, err := c.Do(y, &client.Request{URL: "http://h/endless", Stream: true})
		if err != nil {
			t.Error(err)
			return
		}
		if body, err := io.ReadAll(resp.Stream); string(body) != "end" || err != nil || resp.URL != "http://h/end" {
			t.Errorf("%q, %v of %s", body, err, resp.URL)
		}
		if _, err := c.Do(y, &client.Request{URL: "h/x y", Method: "a b"}); err == nil {
			t.Error("a bad request is sent")
		}
		if n := len(m.Calls()); n != 11+2 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestHandler(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo/{name}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(201)
		fmt.Fprintf(w, "%s %s %s %s %d %q %v %v", r.Method, r.Host, r.RequestURI, r.PathValue("name"), r.ContentLength, body, r.TLS != nil, err)
		w.Header().Set("X-Sum", "42")
	})
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("broken") })
	mux.HandleFunc("/waits", func(w http.ResponseWriter, r *http.Request) {
		y, err := loop.Here().Current()
		if err == nil {
			err = loop.Sleep(y, time.Hour)
		}
		if err == nil {
			err = r.Context().Err()
		}
		fmt.Fprint(w, err)
	})
	mock := &clienttest.Mock{}
	mock.On("/", clienttest.Serve(mux))
	for name, s := range map[string]client.Sender{"Handler": clienttest.Handler(mux), "Serve": mock} {
		t.Run(name, func(t *testing.T) {
			run(t, s, func(y *loop.Yielder, c *client.Client) {
				c.Timeouts.Total = -1
				resp, err := c.Post(y, "https://api.test/echo/x?q=1", "text/plain", []byte("hello"))
				if err != nil {
					t.Error(err)
					return
				}
				want := `POST api.test /echo/x?q=1 x 5 "hello" true <nil>`
				if got := string(resp.Body); got != want || resp.Status != 201 {
					t.Errorf("got %d %q,\nwant %q", resp.Status, got, want)
				}
				if got := get(y, c, "GET", "http://api.test/waits"); got != "200 <nil>" {
					t.Error(got)
				}
				if got := get(y, c, "GET", "http://api.test/none"); !strings.HasPrefix(got, "404 ") {
					t.Error(got)
				}
				if got := get(y, c, "HEAD", "http://api.test/none"); got != "404 " {
					t.Error(got)
				}
				if _, err := c.Get(y, "http://api.test/abort"); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Error(err)
				}
				func() {
					defer func() {
						if r := recover(); r != "broken" {
							t.Errorf("panic %v", r)
						}
					}()
					_, _ = c.Get(y, "http://api.test/panic")
				}()
			})
		})
	}
}
