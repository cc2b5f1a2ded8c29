package client_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/valyala/fasthttp"
)

// mirror serves what it was sent: method, Content-Type, Content-Length as it was sent, and body.
func mirror(t *testing.T) (url string) {
	s := &fasthttp.Server{Logger: quiet{}, DisablePreParseMultipartForm: true, Handler: func(ctx *fasthttp.RequestCtx) {
		h := &ctx.Request.Header
		length := string(h.Peek("Content-Length"))
		if length == "" {
			length = string(h.Peek("Transfer-Encoding"))
		}
		for k, v := range map[string]string{"X-Method": string(h.Method()), "X-Type": string(h.ContentType()), "X-Length": length} {
			ctx.Response.Header.Set(k, v)
		}
		ctx.SetBody(ctx.PostBody())
	}}
	return "http://" + serve(t, func(c net.Conn) { _ = s.ServeConn(c) })
}

// TestBodies sends each kind of body.
func TestBodies(t *testing.T) {
	to := mirror(t)
	file := filepath.Join(t.TempDir(), "file")
	long := words(300_000)
	if err := os.WriteFile(file, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	const form, js = "application/x-www-form-urlencoded", "application/json"
	for _, tt := range []struct {
		name                      string
		do                        func(y *loop.Yielder, c *client.Client) (*client.Response, error)
		method, typ, length, body string
	}{
		{"Head", func(y *loop.Yielder, c *client.Client) (*client.Response, error) { return c.Head(y, to) }, "HEAD", "", "", ""},
		{"Post", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.Post(y, to, "a/b", []byte("x"))
		}, "POST", "a/b", "1", "x"},
		{"Put", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.Put(y, to, "a/b", []byte("x"))
		}, "PUT", "a/b", "1", "x"},
		{"Put nothing", func(y *loop.Yielder, c *client.Client) (*client.Response, error) { return c.Put(y, to, "", nil) }, "PUT", "", "0", ""},
		{"Patch", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.Patch(y, to, "a/b", []byte(long))
		}, "PATCH", "a/b", "300000", long},
		{"Delete", func(y *loop.Yielder, c *client.Client) (*client.Response, error) { return c.Delete(y, to) }, "DELETE", "", "0", ""},
		{"PostForm", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.PostForm(y, to, url.Values{"b": {"1 2", "ä&="}, "a": {""}})
		}, "POST", form, "23", "a=&b=1+2&b=%C3%A4%26%3D"},
		{"empty form", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.PostForm(y, to, url.Values{})
		}, "POST", form, "0", ""},
		{"PostJSON", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.PostJSON(y, to, map[string]any{"a": []int{1}})
		}, "POST", js, "9", `{"a":[1]}`},
		{"PostJSON null", func(y *loop.Yielder, c *client.Client) (*client.Response, error) { return c.PostJSON(y, to, nil) }, "POST", js, "4", "null"},
		{"own type", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.Do(y, &client.Request{Method: "PUT", URL: to, JSON: 1, Header: map[string][]string{"content-type": {"application/ld+json"}}})
		}, "PUT", "application/ld+json", "1", "1"},
		{"file", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.Do(y, &client.Request{Method: "PUT", URL: to, BodyFile: file})
		}, "PUT", "", "300000", long},
		{"stream", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.Do(y, &client.Request{Method: "PUT", URL: to, BodyStream: strings.NewReader(long)})
		}, "PUT", "", "chunked", long},
		{"stream of a length", func(y *loop.Yielder, c *client.Client) (*client.Response, error) {
			return c.Do(y, &client.Request{Method: "PUT", URL: to, BodyStream: strings.NewReader(long), Length: int64(len(long))})
		}, "PUT", "", "300000", long},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				resp, err := tt.do(y, c)
				if err != nil {
					t.Error(err)
					return
				}
				got := []string{resp.Header("X-Method"), resp.Header("X-Type"), resp.Header("X-Length"), string(resp.Body)}
				if want := []string{tt.method, tt.typ, tt.length, tt.body}; !slices.Equal(got, want) {
					t.Errorf("got %.200q, want %.200q", got, want)
				}
			})
		})
	}
}

// TestBodiesRefused has requests whose body cannot be made.
func TestBodiesRefused(t *testing.T) {
	some := []client.Part{{Name: "a"}}
	for _, tt := range []struct {
		name string
		r    client.Request
		is   error
		text string
	}{
		{"body and form", client.Request{Body: []byte("x"), Form: url.Values{}}, nil, "request: more than one body: Body and Form"},
		{"stream and JSON", client.Request{BodyStream: strings.NewReader(""), JSON: 1}, nil, "more than one body: BodyStream and JSON"},
		{"body and stream", client.Request{Body: []byte("x"), BodyStream: strings.NewReader("")}, nil, "more than one body: Body and BodyStream"},
		{"file and parts", client.Request{BodyFile: "x", Multipart: some}, nil, "more than one body: BodyFile and Multipart"},
		{"JSON", client.Request{JSON: make(chan int)}, nil, "JSON: json: unsupported type: chan int"},
		{"no file", client.Request{BodyFile: "/no/such/file"}, os.ErrNotExist, "no such file"},
		{"no part", client.Request{Multipart: []client.Part{{Name: "a", Path: "/no/such/file"}}}, os.ErrNotExist, "Multipart: stat /no/such/file: no such file"},
		{"two contents", client.Request{Multipart: []client.Part{{Name: "a\n", Value: "x", Path: "x"}}}, nil, `Multipart: part "a\n": more than one of Value, Reader and Path`},
		{"type", client.Request{Multipart: []client.Part{{Name: "a", ContentType: "a\r\nb: c"}}}, nil, `part "a": invalid ContentType "a\r\nb: c"`},
		{"field", client.Request{Multipart: []client.Part{{Name: "a", Header: map[string][]string{"x": {"\r\n"}}}}}, nil, `part "a": invalid header field "x"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, w *wire) {
				tt.r.URL, tt.r.Method = "http://127.0.0.1:1/", "POST"
				_, err := c.Do(y, &tt.r)
				checkError(t, err, "POST", tt.r.URL, client.PhaseRequest, tt.is, tt.text)
				if w.made != 0 {
					t.Errorf("%d connections", w.made)
				}
			})
		})
	}
}

// TestMultipart sends forms, which mime/multipart reads.
func TestMultipart(t *testing.T) {
	url := mirror(t)
	file := filepath.Join(t.TempDir(), "flag of \"Fr\u00e4nce\".gif")
	long := words(200_000)
	if err := os.WriteFile(file, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	const octets = "application/octet-stream"
	for _, tt := range []struct {
		name    string
		parts   []client.Part
		want    []string // disposition, type, body of each
		chunked bool
	}{
		{"fields", []client.Part{{Name: "a", Value: "1"}, {Name: "a", Value: ""}, {Name: "\u00fc \"x\"\r\n", Value: "2\r\n--"}},
			[]string{`form-data; name="a"`, "", "1", `form-data; name="a"`, "", "", `form-data; name="` + "\u00fc" + ` %22x%22%0D%0A"`, "", "2\r\n--"}, false},
		{"file", []client.Part{{Name: "f", Path: file}},
			[]string{`form-data; name="f"; filename="flag of %22Fr` + "\u00e4" + `nce%22.gif"`, octets, long}, false},
		{"file with a name and a type", []client.Part{{Name: "f", Path: file, FileName: `a\b"c`, ContentType: "image/gif"}},
			[]string{`form-data; name="f"; filename="a\b%22c"`, "image/gif", long}, false},
		{"reader", []client.Part{{Name: "r", Reader: io.LimitReader(strings.NewReader("xyz"), 2), FileName: "n"}},
			[]string{`form-data; name="r"; filename="n"`, octets, "xy"}, true},
		{"reader of a length", []client.Part{{Name: "r", Reader: io.LimitReader(strings.NewReader("xyz"), 2), Length: 2, Header: map[string][]string{"X-A": {"b"}}}},
			[]string{`form-data; name="r"`, "", "xy"}, false},
		{"reader that knows its length", []client.Part{{Name: "r", Reader: strings.NewReader(long)}, {Name: "a", Value: "b"}},
			[]string{`form-data; name="r"`, "", long, `form-data; name="a"`, "", "b"}, false},
		{"device", []client.Part{{Name: "d", Path: os.DevNull}},
			[]string{`form-data; name="d"; filename="null"`, octets, ""}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				resp, err := c.Do(y, &client.Request{Method: "POST", URL: url, Multipart: tt.parts})
				if err != nil {
					t.Error(err)
					return
				}
				if length := resp.Header("X-Length"); (length == "chunked") != tt.chunked || !tt.chunked && length != fmt.Sprint(len(resp.Body)) {
					t.Errorf("the length is %s, %d were sent", length, len(resp.Body))
				}
				kind, params, err := mime.ParseMediaType(resp.Header("X-Type"))
				if err != nil || kind != "multipart/form-data" {
					t.Error(resp.Header("X-Type"), err)
				}
				var got []string
				for r := multipart.NewReader(strings.NewReader(string(resp.Body)), params["boundary"]); ; {
					part, err := r.NextRawPart()
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Error(err)
						return
					}
					body, err := io.ReadAll(part)
					if err != nil {
						t.Error(err)
					}
					got = append(got, part.Header.Get("Content-Disposition"), part.Header.Get("Content-Type"), string(body))
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %.300q\nwant %.300q", got, tt.want)
				}
			})
		})
	}
}

// TestMultipartLengthIsKept has parts that are not as long as they should be: the server must not take
// the next one for a piece of them.
func TestMultipartLengthIsKept(t *testing.T) {
	url := mirror(t)
	for size, text := range map[int64]string{3: "it is not of 3 bytes", 5: "it is not of 5 bytes", 4: ""} {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			_, err := c.Do(y, &client.Request{Method: "POST", URL: url, Multipart: []client.Part{
				{Name: "a", Reader: io.MultiReader(strings.NewReader("1234")), Length: size}, {Name: "b", Value: "x"}}})
			if text == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			checkError(t, err, "POST", url, client.PhaseWrite, nil, text)
		})
	}
}

// A closer counts how often it is closed.
type closer struct {
	io.Reader
	closed int
}

func (c *closer) Close() error { c.closed++; return nil }

// TestB9BodiesAreClosed has requests that end in all ways, with bodies that are to be closed, once.
func TestB9BodiesAreClosed(t *testing.T) {
	silentAddr := serve(t, silent)
	good := mirror(t)
	moved := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.Redirect(good, 307) })
	gone := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.Redirect(good, 303) })
	closed := &client.Client{}
	must(closed.Close())
	type use func(y *loop.Yielder, c *client.Client, r *client.Request) error
	plain := func(url string) use {
		return func(y *loop.Yielder, c *client.Client, r *client.Request) error {
			r.URL = url
			_, err := c.Do(y, r)
			return err
		}
	}
	cancelled := func(how func(y *loop.Yielder, task *loop.Task[struct{}])) use {
		return func(y *loop.Yielder, c *client.Client, r *client.Request) error {
			task := loop.Spawn(y, func(y *loop.Yielder) error { return plain("http://"+silentAddr)(y, c, r) })
			how(y, task)
			task.Cancel()
			_, err := task.Await(y)
			return err
		}
	}
	for name, fn := range map[string]use{
		"sent":               plain(good),
		"connection refused": plain("http://127.0.0.1:1/"),
		"bad URL":            plain("http://%zz/"),
		"no URL":             plain(""),
		"bad method": func(y *loop.Yielder, c *client.Client, r *client.Request) error {
			r.Method = "P T"
			return plain(good)(y, c, r)
		},
		"bad field": func(y *loop.Yielder, c *client.Client, r *client.Request) error {
			r.Header = map[string][]string{"a b": {"c"}}
			return plain(good)(y, c, r)
		},
		"307": plain(moved),
		"303": plain(gone),
		"closed client": func(y *loop.Yielder, _ *client.Client, r *client.Request) error {
			return plain(good)(y, closed, r)
		},
		"more than one body": func(y *loop.Yielder, c *client.Client, r *client.Request) error {
			r.JSON = 1
			return plain(good)(y, c, r)
		},
		"pool's wait over": func(y *loop.Yielder, c *client.Client, r *client.Request) error {
			busy := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "http://"+silentAddr) })
			parked(t, y, busy, "Conn.Read")
			task := loop.Spawn(y, func(y *loop.Yielder) error { return plain(good)(y, c, r) })
			parked(t, y, task, "Client pool")
			looptest.Advance(y, 1<<62)
			_, _ = busy.Await(y) // its time is up, too
			_, err := task.Await(y)
			return err
		},
		"cancelled at once": cancelled(func(y *loop.Yielder, _ *loop.Task[struct{}]) { turn(t, y) }),
		"cancelled": cancelled(func(y *loop.Yielder, task *loop.Task[struct{}]) {
			for !strings.Contains(task.String(), "Conn.Read") {
				turn(t, y)
			}
		}),
	} {
		for kind, body := range map[string]func(r *client.Request, a, b io.Reader){
			"stream": func(r *client.Request, a, b io.Reader) {
				r.BodyStream, r.Multipart = a, nil
				must(b.(io.Closer).Close())
			},
			"parts": func(r *client.Request, a, b io.Reader) {
				r.Multipart = []client.Part{{Name: "a", Reader: a}, {Name: "v"}, {Name: "b", Reader: b, Length: 3}}
			},
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				a, b := &closer{Reader: strings.NewReader(words(100_000))}, &closer{Reader: strings.NewReader("xyz")}
				c := &client.Client{MaxConns: 1}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					r := &client.Request{Method: "POST"}
					body(r, a, b)
					if err := fn(y, c, r); (err == nil) != (name == "sent" || name == "303") {
						t.Error(err)
					}
				})
				if a.closed != 1 || b.closed != 1 {
					t.Errorf("closed %d and %d times", a.closed, b.closed)
				}
			})
		}
	}
}

// TestBodiesAreSentAgain has bodies that survive a redirect that keeps the method: all but those that are
// read from something that cannot be read again.
func TestBodiesAreSentAgain(t *testing.T) {
	good := mirror(t)
	moved := serveHTTP(t, func(ctx *fasthttp.RequestCtx) { ctx.Redirect(good, 308) })
	file := filepath.Join(t.TempDir(), "file")
	long := words(100_000)
	if err := os.WriteFile(file, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]client.Request{
		"body":           {Body: []byte(long)},
		"body, expected": {Body: []byte(long), Expect: true},
		"body, watched":  {Body: []byte(long), OnUpload: func(int64, int64) {}},
		"file":           {BodyFile: file},
		"form":           {Form: url.Values{"a": {long}}},
		"JSON":           {JSON: long},
		"parts":          {Multipart: []client.Part{{Name: "a", Value: long}, {Name: "b", Path: file}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				r.URL, r.Method = good, "PUT"
				first, err := c.Do(y, &r)
				if err != nil {
					t.Error(err)
					return
				}
				r.URL = moved
				second, err := c.Do(y, &r)
				if err != nil {
					t.Error(err)
					return
				}
				// The boundaries differ, and are of one length.
				if len(second.Body) < len(long) || len(second.Body) != len(first.Body) || second.Header("X-Length") != first.Header("X-Length") {
					t.Errorf("%d bytes, then %d", len(first.Body), len(second.Body))
				}
				kind := func(resp *client.Response) string { s, _, _ := strings.Cut(resp.Header("X-Type"), ";"); return s }
				if kind(first) != kind(second) {
					t.Errorf("Content-Type %q, then %q", kind(first), kind(second))
				}
			})
		})
	}
}

// TestStaleLongBody sends long bodies over a connection that the server closes instead of an answer: an
// idempotent request is sent once more, and its progress begins anew.
func TestStaleLongBody(t *testing.T) {
	long := []byte(words(16_000_000)) // more than the sockets take
	s := &fasthttp.Server{Logger: quiet{}, MaxRequestBodySize: 32 << 20, Handler: func(*fasthttp.RequestCtx) {}}
	for _, tt := range []struct {
		method string
		body   client.Request
		made   int
	}{
		{"PUT", client.Request{Body: long}, 2},
		{"POST", client.Request{Body: long}, 1},
		{"PUT", client.Request{BodyStream: bytes.NewReader(long)}, 2},
		{"PUT", client.Request{BodyStream: io.MultiReader(bytes.NewReader(long))}, 1},
	} {
		var over chan struct{}
		for _, end := range []func(c *net.TCPConn){
			func(c *net.TCPConn) { _ = c.SetLinger(0) },
			func(c *net.TCPConn) { _ = c.CloseWrite(); <-over }, // and reads nothing
		} {
			over = make(chan struct{})
			var conns atomic.Int32
			url := "http://" + serve(t, func(c net.Conn) {
				if conns.Add(1) > 1 {
					_ = s.ServeConn(c)
					return
				}
				reply(ok + "Content-Length: 0\r\n\r\n")(c)
				_, _ = c.Read(make([]byte, 1)) // of the second request
				end(c.(*net.TCPConn))
			})
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, w *wire) {
				defer close(over)
				if err := get(y, c, url); err != nil {
					t.Error(err)
				}
				var last int64
				r := tt.body
				if s, ok := r.BodyStream.(io.Seeker); ok {
					_, err := s.Seek(0, io.SeekStart)
					must(err)
				}
				r.Method, r.URL, r.OnUpload = tt.method, url, func(done, _ int64) { last = done }
				_, err := c.Do(y, &r)
				if again := tt.made > 1; again != (err == nil) || again && last != int64(len(long)) || w.made != tt.made {
					t.Errorf("%s: %v, %d bytes, %d connections", tt.method, err, last, w.made)
				}
				made := w.made
				if err := get(y, c, url); err != nil || err == nil && tt.made > 1 && w.made != made {
					t.Errorf("the next one: %v, %d connections", err, w.made)
				}
			})
		}
	}
}
