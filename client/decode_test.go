package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"
)

// packer are the codings, by the name in Content-Encoding; "raw" is deflate without zlib.
var packers = map[string]func(w io.Writer) io.WriteCloser{
	"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"x-gzip":  func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	"raw": func(w io.Writer) io.WriteCloser {
		f, err := flate.NewWriter(w, 1)
		must(err)
		return f
	},
	"br": func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 1) },
	"zstd": func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		must(err)
		return z
	},
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// pack returns text in the codings, and what Content-Encoding says of that.
func pack(text string, names ...string) (packed, field string) {
	for i, name := range names {
		var buf bytes.Buffer
		w := packers[name](&buf)
		_, err := io.WriteString(w, text)
		must(err)
		must(w.Close())
		if text = buf.String(); name == "raw" {
			names[i] = "deflate"
		}
	}
	return text, strings.Join(names, ", ")
}

// encoded is a response with an encoded body, of a length that is said or in chunks.
func encoded(field, packed string, chunked bool) string {
	head := ok + "Content-Encoding: " + field + "\r\n"
	if !chunked {
		return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(packed), packed)
	}
	var b strings.Builder
	b.WriteString(head + "Transfer-Encoding: chunked\r\n\r\n")
	for len(packed) > 0 {
		n := min(len(packed), 1000)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, packed[:n])
		packed = packed[n:]
	}
	return b.String() + "0\r\n\r\n"
}

// words is a text of about that size that can be packed.
func words(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "word %d of the text, ", i*i)
	}
	return b.String()[:size]
}

// TestContentEncoding has bodies in each coding, in two, of each size, in each framing, whole and as a
// stream, and a second one over the same connection.
func TestContentEncoding(t *testing.T) {
	for _, names := range [][]string{
		{"gzip"}, {"x-gzip"}, {"deflate"}, {"raw"}, {"br"}, {"zstd"},
		{"gzip", "br"}, {"zstd", "gzip"}, {"deflate", "raw"}, {"gzip", "gzip", "br", "zstd", "deflate"},
	} {
		for _, size := range []int{0, 1, 300, 9_000, 70_000, 700_000} {
			text := words(size)
			packed, field := pack(text, append([]string(nil), names...)...)
			for _, chunked := range []bool{false, true} {
				for _, stream := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%d/chunked=%v/stream=%v", strings.Join(names, "+"), size, chunked, stream), func(t *testing.T) {
						c := &client.Client{}
						url := "http://" + serve(t, again(encoded(field, packed, chunked)))
						run(t, c, func(y *loop.Yielder, w *wire) {
							for range 2 {
								resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
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
								if string(body) != text || !resp.Uncompressed {
									t.Errorf("%d bytes instead of %d, decoded: %v", len(body), len(text), resp.Uncompressed)
								}
								if e, l := resp.Header("Content-Encoding"), resp.Values("Content-Length"); e != "" || l != nil {
									t.Errorf("the fields say %q, %q", e, l)
								}
								resp.Release()
							}
							if w.made != 1 {
								t.Errorf("%d connections", w.made)
							}
						})
					})
				}
			}
		}
	}
}

// TestAcceptEncoding has requests that ask for encoded bodies, and others that do not, and get them as
// they are.
func TestAcceptEncoding(t *testing.T) {
	packed, _ := pack("hello", "gzip")
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		h := &ctx.Response.Header
		h.Set("Content-Encoding", "gzip")
		h.Set("X-Asked", string(ctx.Request.Header.Peek("Accept-Encoding")))
		ctx.SetBodyString(packed)
	})
	const all = "gzip, deflate, br, zstd"
	for _, tt := range []struct {
		name   string
		c      *client.Client
		r      client.Request
		asked  string
		body   string
		length string
	}{
		{"GET", &client.Client{}, client.Request{}, all, "hello", ""},
		{"POST", &client.Client{}, client.Request{Method: "POST", Body: []byte("x")}, all, "hello", ""},
		{"HEAD", &client.Client{}, client.Request{Method: "HEAD"}, "", "", fmt.Sprint(len(packed))},
		{"own", &client.Client{}, client.Request{Header: map[string][]string{"accept-encoding": {"gzip"}}}, "gzip", packed, fmt.Sprint(len(packed))},
		{"own, none", &client.Client{}, client.Request{Header: map[string][]string{"Accept-Encoding": {"identity"}}}, "identity", packed, fmt.Sprint(len(packed))},
		{"range", &client.Client{}, client.Request{Header: map[string][]string{"Range": {"bytes=0-"}}}, "", packed, fmt.Sprint(len(packed))},
		{"other field", &client.Client{}, client.Request{Header: map[string][]string{"X": {"y"}}}, all, "hello", ""},
		{"off", &client.Client{DisableCompression: true}, client.Request{}, "", packed, fmt.Sprint(len(packed))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run(t, tt.c, func(y *loop.Yielder, _ *wire) {
				tt.r.URL = url
				resp, err := tt.c.Do(y, &tt.r)
				if err != nil {
					t.Error(err)
					return
				}
				if got := resp.Header("X-Asked"); got != tt.asked || string(resp.Body) != tt.body || resp.Header("Content-Length") != tt.length {
					t.Errorf("asked for %q, got %q, length %q", got, resp.Body, resp.Header("Content-Length"))
				}
				if left := resp.Header("Content-Encoding") != ""; left == resp.Uncompressed || left != (tt.length != "") {
					t.Errorf("Content-Encoding is left: %v, decoded: %v", left, resp.Uncompressed)
				}
			})
		})
	}
}

// TestContentEncodingUnknown has bodies that are left as they are.
func TestContentEncodingUnknown(t *testing.T) {
	for _, tt := range []struct{ head, body string }{
		{ok + "Content-Encoding: cow\r\nContent-Length: 5\r\n\r\n", "hello"},
		{ok + "Content-Encoding: gzip, cow\r\nContent-Length: 5\r\n\r\n", "hello"},
		{ok + "Content-Encoding: identity\r\nContent-Length: 5\r\n\r\n", "hello"},
		{ok + "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", ""},
		{"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n", ""},
		{"HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n", ""},
	} {
		for _, stream := range []bool{false, true} {
			respond(t, tt.head+tt.body, client.Request{Stream: stream}, func(_ *loop.Yielder, resp *client.Response) {
				text, err := resp.Text()
				if err != nil || text != tt.body || resp.Header("Content-Encoding") == "" && !stream {
					t.Errorf("%q: got %q, %v, fields %q", tt.head, text, err, resp.Header("Content-Encoding"))
				}
			})
		}
	}
}

// TestContentEncodingDamaged has bodies that are cut, damaged, or not what their label says. The
// decoders are used again.
func TestContentEncodingDamaged(t *testing.T) {
	const text = "hello, hello, hello"
	for _, name := range []string{"gzip", "deflate", "raw", "br", "zstd"} {
		packed, field := pack(text, name)
		flipped := []byte(packed)
		flipped[len(flipped)-2] ^= 0x55
		bad := map[string]string{
			"plain":  "plain text, not encoded",
			"cut":    packed[:len(packed)-1],
			"begun":  packed[:1],
			"header": packed[:min(len(packed), 3)],
		}
		if name == "gzip" || name == "deflate" || name == "zstd" { // with a checksum
			bad["flipped"] = string(flipped)
		}
		for how, body := range bad {
			for _, chunked := range []bool{false, true} {
				for _, stream := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/chunked=%v/stream=%v", name, how, chunked, stream), func(t *testing.T) {
						bad := "http://" + serve(t, again(encoded(field, body, chunked)))
						good := "http://" + serve(t, again(encoded(field, packed, chunked)))
						c := &client.Client{}
						run(t, c, func(y *loop.Yielder, _ *wire) {
							for i, url := range []string{bad, good, bad, good} {
								resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
								got := ""
								if err == nil {
									got, err = resp.Text()
									resp.Release()
								}
								if i%2 == 1 {
									if err != nil || got != text {
										t.Errorf("the next one: %q, %v", got, err)
									}
									continue
								}
								checkError(t, err, "GET", url, client.PhaseBody, nil, "Content-Encoding "+field+": ")
								if how == "cut" && !errors.Is(err, io.ErrUnexpectedEOF) {
									t.Errorf("not cut: %v", err)
								}
							}
						})
					})
				}
			}
		}
	}
}

// TestContentEncodingTail has something behind the encoded data.
func TestContentEncodingTail(t *testing.T) {
	big := strings.Repeat("x", 200_000)
	for _, name := range []string{"gzip", "deflate", "raw", "br", "zstd"} {
		packed, field := pack("hello", name)
		for _, tt := range []struct {
			tail  string
			right map[string]string // by name; else it is an error
			made  int
		}{
			{"\x00\x00", map[string]string{"gzip": "hello", "deflate": "hello", "raw": "hello"}, 1},
			{"x", map[string]string{"gzip": "hello", "deflate": "hello", "raw": "hello"}, 1},
			{big, map[string]string{"gzip": "hello", "deflate": "hello", "raw": "hello"}, 2}, // not worth reading
			{packed, map[string]string{"gzip": "hellohello", "zstd": "hellohello", "deflate": "hello", "raw": "hello"}, 1},
		} {
			for _, chunked := range []bool{false, true} {
				for _, stream := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%d/chunked=%v/stream=%v", name, len(tt.tail), chunked, stream), func(t *testing.T) {
						url := "http://" + serve(t, again(encoded(field, packed+tt.tail, chunked)))
						c := &client.Client{}
						run(t, c, func(y *loop.Yielder, w *wire) {
							want, right := tt.right[name]
							for range 2 {
								resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
								got := ""
								if err == nil {
									got, err = resp.Text()
									resp.Release()
								}
								if (err == nil) != right || got != want {
									t.Errorf("%q, %v", got, err)
								}
							}
							if right && w.made != tt.made {
								t.Errorf("%d connections", w.made)
							}
						})
					})
				}
			}
		}
	}
}

// TestContentEncodingTailIsNotRead has a body that goes on long behind what it decodes to, and a server that
// stops sending exactly where the client stops reading: the connection is not used again.
func TestContentEncodingTailIsNotRead(t *testing.T) {
	const head = ok + "Content-Encoding: gzip\r\nContent-Length: 500000\r\n\r\n"
	for stream, sent := range map[bool]int{false: 64<<10 + 64<<10, true: 4<<10 + 64<<10} {
		packed, _ := pack("hello", "gzip")
		url := "http://" + serve(t, again(head+packed+strings.Repeat("x", sent-len(packed))))
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, w *wire) {
			for i := range 2 {
				resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
				if err != nil {
					t.Error(err)
					return
				}
				if s, err := resp.Text(); err != nil || s != "hello" {
					t.Errorf("%q, %v", s, err)
				}
				if w.made != i+1 || w.open != 0 {
					t.Errorf("stream %v: %d connections, %d open", stream, w.made, w.open)
				}
			}
		})
	}
}
