package client_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// A progress is what OnUpload or OnDownload was told.
type progress struct {
	done, total []int64
}

func (p *progress) tell(done, total int64) {
	p.done, p.total = append(p.done, done), append(p.total, total)
}

// check reports whether it has grown up to size, of total.
func (p *progress) check(t *testing.T, what string, size, total int64) {
	t.Helper()
	if size == 0 {
		if len(p.done) > 0 {
			t.Errorf("%s of nothing: %v", what, p.done)
		}
		return
	}
	if len(p.done) == 0 || p.done[len(p.done)-1] != size || !slices.IsSorted(p.done) || len(slices.Compact(p.done)) != len(p.total) {
		t.Errorf("%s of %d: %v", what, size, p.done)
	}
	if slices.ContainsFunc(p.total, func(n int64) bool { return n != total }) {
		t.Errorf("%s of %d: in all %v", what, total, p.total)
	}
}

func TestProgress(t *testing.T) {
	long := words(500_000)
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		body := ctx.PostBody()
		switch string(ctx.Path()) {
		case "/chunked":
			ctx.SetBodyStream(strings.NewReader(string(body)), -1)
		case "/gzip":
			packed, _ := pack(string(body), "gzip")
			ctx.Response.Header.Set("Content-Encoding", "gzip")
			ctx.SetBodyString(packed)
		case "/moved":
			ctx.Redirect("/plain", 307)
			ctx.SetBodyString("moved")
		default:
			ctx.SetBody(body)
		}
	})
	for _, tt := range []struct {
		name, path string
		r          client.Request
		size       int64
		up, down   bool // the length is known
	}{
		{"nothing", "/plain", client.Request{}, 0, true, true},
		{"short", "/plain", client.Request{Body: []byte("hello")}, 5, true, true},
		{"long", "/plain", client.Request{Body: []byte(long)}, 500_000, true, true},
		{"chunked", "/chunked", client.Request{BodyStream: strings.NewReader(long)}, 500_000, false, false},
		{"of a length", "/plain", client.Request{BodyStream: strings.NewReader(long), Length: 500_000}, 500_000, true, true},
		{"short, chunked", "/chunked", client.Request{Body: []byte("hello")}, 5, true, false},
		{"JSON", "/plain", client.Request{JSON: long}, 500_002, true, true},
		{"moved", "/moved", client.Request{Body: []byte("hello")}, 5, true, true},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", tt.name, stream), func(t *testing.T) {
				c := &client.Client{}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					var up, down progress
					r, over := tt.r, false
					if r.BodyStream != nil {
						r.BodyStream = strings.NewReader(long)
					}
					r.Method, r.URL, r.Stream = "POST", url+tt.path, stream
					r.OnUpload = func(done, total int64) {
						if over {
							t.Error("told of the upload afterwards")
						}
						if done <= 5 { // again
							up = progress{}
						}
						up.tell(done, total)
					}
					r.OnDownload = func(done, total int64) {
						if over && !stream {
							t.Error("told of the download afterwards")
						}
						down.tell(done, total)
					}
					resp, err := c.Do(y, &r)
					if err != nil {
						t.Error(err)
						return
					}
					over = true
					if stream {
						if n := len(down.done); n > 0 {
							t.Errorf("told %d times before the body was read", n)
						}
						if _, err := io.Copy(io.Discard, resp.Stream); err != nil {
							t.Error(err)
						}
					}
					length := func(known bool) int64 {
						if known {
							return tt.size
						}
						return -1
					}
					up.check(t, "upload", tt.size, length(tt.up))
					down.check(t, "download", tt.size, length(tt.down))
				})
			})
		}
	}
	t.Run("encoded", func(t *testing.T) {
		packed, _ := pack(long, "gzip")
		for _, stream := range []bool{false, true} {
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				var down progress
				resp, err := c.Do(y, &client.Request{Method: "POST", URL: url + "/gzip", Body: []byte(long), Stream: stream, OnDownload: down.tell})
				if err != nil {
					t.Error(err)
					return
				}
				if s, err := resp.Text(); err != nil || s != long {
					t.Errorf("%d bytes, %v", len(s), err)
				}
				down.check(t, "download", int64(len(packed)), int64(len(packed)))
			})
		}
	})
}

// TestProgressEndsWithDo has an upload that the server does not want: when Do has returned, nothing more
// is told.
func TestProgressEndsWithDo(t *testing.T) {
	url := "http://" + serve(t, func(c net.Conn) {
		_, _ = io.ReadFull(c, make([]byte, 100_000))
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n")
		silent(c)
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		over, told := false, 0
		endless := readerFunc(func(p []byte) (int, error) { return len(p), nil })
		resp, err := c.Do(y, &client.Request{Method: "POST", URL: url, BodyStream: endless, OnUpload: func(int64, int64) {
			if told++; over {
				t.Error("told afterwards")
			}
		}})
		over = true
		if err != nil || resp.Status != 413 || told == 0 {
			t.Errorf("%v, told %d times", err, told)
		}
		for range 10 {
			turn(t, y)
		}
	})
}
