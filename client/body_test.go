package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"
)

// allocated returns how many bytes fn allocates, with all that runs meanwhile.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestB11MemoryAsBytesCome has responses that announce much and send nothing: ten bodies of 64 MiB, and
// lengths that cannot be.
func TestB11MemoryAsBytesCome(t *testing.T) {
	const most = 4 << 20
	t.Run("silent", func(t *testing.T) {
		url := "http://" + serve(t, replySilent(ok+"Content-Length: 67108864\r\n\r\n"))
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, w *wire) {
			var tasks []*loop.Task[struct{}]
			n := allocated(func() {
				for range 10 {
					tasks = append(tasks, loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, url) }))
				}
				w.hear(t, y, len(tasks))
				for _, task := range tasks {
					parked(t, y, task, "Conn.Read")
				}
			})
			for _, task := range tasks {
				task.Cancel()
				if _, err := task.Await(y); !loop.IsCancelled(err) {
					t.Error(err)
				}
			}
			if n > most {
				t.Errorf("%d bytes are allocated", n)
			}
		})
	})
	for _, tt := range []struct {
		name, head string
		max        int
		is         error
	}{
		{"70 TB", "Content-Length: 70000000000000\r\n\r\n", 0, client.ErrBodyTooLarge},
		{"70 TB without a limit", "Content-Length: 70000000000000\r\n\r\n12345", -1, io.ErrUnexpectedEOF},
		{"a chunk of 70 TB", "Transfer-Encoding: chunked\r\n\r\n400000000000\r\n12345", 0, io.ErrUnexpectedEOF},
		{"70 TB, encoded", "Content-Encoding: gzip\r\nContent-Length: 70000000000000\r\n\r\n12345", -1, io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := "http://" + serve(t, reply(ok+tt.head))
			c := &client.Client{MaxBody: tt.max}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				var err error
				if n := allocated(func() { _, err = c.Get(y, url) }); n > most {
					t.Errorf("%d bytes are allocated", n)
				}
				checkError(t, err, "GET", url, client.PhaseBody, tt.is, "")
			})
		})
	}
}

// TestB11OthersHaveTheirTurn downloads 60 MiB, while another task runs in each turn of the loop: not much
// is read, decoded or copied in between.
func TestB11OthersHaveTheirTurn(t *testing.T) {
	const size, most = 60 << 20, 1 << 20
	random := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	packed, _ := pack(string(random), "gzip")
	handler := func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Path()) {
		case "/chunked":
			ctx.SetBodyStream(bytes.NewReader(random), -1)
		case "/gzip":
			ctx.Response.Header.Set("Content-Encoding", "gzip")
			ctx.Response.SetBodyRaw([]byte(packed))
		default:
			ctx.Response.SetBodyRaw(random)
		}
	}
	plain := serveHTTP(t, handler)
	secure, cfg := serveTLS(t, handler)
	for _, url := range []string{plain + "/plain", plain + "/chunked", plain + "/gzip", secure + "/tls"} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", url[strings.LastIndexByte(url, '/')+1:], stream), func(t *testing.T) {
				c := &client.Client{TLSConfig: cfg}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					var done, seen, step, after int64
					request := loop.Spawn(y, func(y *loop.Yielder) error {
						resp, err := c.Do(y, &client.Request{URL: url, Stream: stream, OnDownload: func(n, _ int64) { done = n }})
						if err != nil {
							return err
						}
						var all bytes.Buffer
						if all.Write(resp.Body); stream {
							all.Grow(size)
							_, err = all.ReadFrom(resp.Stream)
						}
						if !bytes.Equal(all.Bytes(), random) {
							t.Errorf("got %d bytes", all.Len())
						}
						return err
					})
					for !request.Done() {
						if done == seen && done >= size {
							after++
						}
						step, seen = max(step, done-seen), done
						turn(t, y)
					}
					if _, err := request.Await(y); err != nil {
						t.Error(err)
					}
					if step > most || done < size {
						t.Errorf("%d of %d bytes were read in one turn", step, done)
					}
					if !stream && after < size/most {
						t.Errorf("all was copied in %d turns", after)
					}
				})
			})
		}
	}
}

// TestB11DecodingGivesWay decodes 60 MiB from a few KB that are there at once.
func TestB11DecodingGivesWay(t *testing.T) {
	const size, most = 60 << 20, 512 << 10
	for _, names := range [][]string{{"gzip"}, {"deflate"}, {"br"}, {"zstd"}, {"gzip", "gzip"}} {
		packed, field := pack(strings.Repeat("0", size), append([]string(nil), names...)...)
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/stream=%v", names, stream), func(t *testing.T) {
				url := "http://" + serve(t, again(encoded(field, packed, false)))
				c := &client.Client{}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					var n int64
					arrived, turns := false, 0
					request := loop.Spawn(y, func(y *loop.Yielder) error {
						resp, err := c.Do(y, &client.Request{URL: url, Stream: stream, OnDownload: func(done, total int64) { arrived = arrived || done == total }})
						if err != nil {
							return err
						}
						if n = int64(len(resp.Body)); stream {
							arrived = true // in the buffer, or nearly so
							n, err = io.Copy(io.Discard, resp.Stream)
						}
						return err
					})
					for !request.Done() {
						if arrived {
							turns++
						}
						turn(t, y)
					}
					if _, err := request.Await(y); err != nil || n != size {
						t.Errorf("%d bytes, %v", n, err)
					}
					want := size / most
					if !stream {
						want += size / (most / 2) // to make one slice of the pieces
					}
					if turns < want {
						t.Errorf("all was decoded in %d turns", turns)
					}
				})
			})
		}
	}
}

// TestB11EmptyBlocksGiveWay decodes what gives nothing for long.
func TestB11EmptyBlocksGiveWay(t *testing.T) {
	empty := strings.Repeat("\x00\x00\x00\xff\xff", 400_000)
	again400 := strings.Repeat(mustPack("gzip"), 50_000)
	for _, tt := range []struct{ name, field, body string }{
		{"stored blocks", "deflate", "\x78\x9c" + empty + "\x03\x00\x00\x00\x00\x01"},
		{"members", "gzip", again400},
		{"packed blocks", "deflate, gzip", func() string { s, _ := pack("\x78\x9c"+empty+"\x03\x00\x00\x00\x00\x01", "gzip"); return s }()},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", tt.name, stream), func(t *testing.T) {
				url := "http://" + serve(t, again(encoded(tt.field, tt.body, false)))
				c := &client.Client{}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					turns := 0
					request := loop.Spawn(y, func(y *loop.Yielder) error {
						resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
						if err != nil {
							return err
						}
						if s, err := resp.Text(); err != nil || s != "" {
							return fmt.Errorf("%d bytes, %w", len(s), err)
						}
						return nil
					})
					for ; !request.Done(); turns++ {
						turn(t, y)
					}
					if _, err := request.Await(y); err != nil {
						t.Error(err)
					}
					if turns < 5 {
						t.Errorf("all was decoded in %d turns", turns)
					}
				})
			})
		}
	}
}

func mustPack(name string) string { s, _ := pack("", name); return s }

// TestBomb has bodies that decode to far more than they are.
func TestBomb(t *testing.T) {
	const limit = 1 << 20
	for _, names := range [][]string{{"gzip"}, {"deflate"}, {"raw"}, {"br"}, {"zstd"}, {"gzip", "gzip"}, {"br", "zstd"}} {
		packed, field := pack(strings.Repeat("0", 64<<20), append([]string(nil), names...)...)
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/chunked=%v", names, chunked), func(t *testing.T) {
				url := "http://" + serve(t, again(encoded(field, packed, chunked)))
				c := &client.Client{MaxBody: limit}
				run(t, c, func(y *loop.Yielder, w *wire) {
					_, err := c.Get(y, url) // makes a decoder
					checkError(t, err, "GET", url, client.PhaseBody, client.ErrBodyTooLarge, "body is too large")
					if n := allocated(func() { _, err = c.Get(y, url) }); n > 4*limit {
						t.Errorf("%d bytes are allocated", n)
					}
					checkError(t, err, "GET", url, client.PhaseBody, client.ErrBodyTooLarge, "body is too large")
					if w.open != 0 {
						t.Errorf("%d connections are open", w.open)
					}
				})
			})
		}
	}
	t.Run("as long as it may be", func(t *testing.T) {
		for size, is := range map[int]error{limit: nil, limit + 1: client.ErrBodyTooLarge} {
			packed, field := pack(strings.Repeat("0", size), "gzip")
			url := "http://" + serve(t, again(encoded(field, packed, false)))
			c := &client.Client{MaxBody: limit}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				if err := get(y, c, url); !errors.Is(err, is) {
					t.Errorf("%d bytes: %v", size, err)
				}
			})
		}
	})
	t.Run("input without end", func(t *testing.T) {
		body := mustPack("gzip") + strings.Repeat(mustPack("gzip"), 100_000)
		url := "http://" + serve(t, again(encoded("gzip", body, true)))
		c := &client.Client{MaxBody: limit}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			_, err := c.Get(y, url)
			checkError(t, err, "GET", url, client.PhaseBody, client.ErrBodyTooLarge, "body is too large")
		})
	})
	for window, text := range map[int]string{8 << 20: "", 16 << 20: "window"} {
		t.Run(fmt.Sprintf("window of %d MB", window>>20), func(t *testing.T) {
			var buf bytes.Buffer
			z, err := zstd.NewWriter(&buf, zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
			must(err)
			for range 2 {
				_, err := io.WriteString(z, "hello")
				must(errors.Join(err, z.Flush())) // or the window would be no larger than the text
			}
			must(z.Close())
			url := "http://" + serve(t, again(encoded("zstd", buf.String(), false)))
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				if err := get(y, c, url); (err == nil) != (text == "") {
					t.Error(err)
				}
			})
		})
	}
}

// TestD8ChunkedFraming has bodies whose framing is longer than they are: as long as each byte is in a
// chunk of its own they are read, without end they are not.
func TestD8ChunkedFraming(t *testing.T) {
	const head = ok + "Transfer-Encoding: chunked\r\n\r\n"
	const size = 256 << 10
	bytewise := head + strings.Repeat("1\r\nx\r\n", size) + "0\r\n\r\n"
	without := func(part string) func(net.Conn) {
		return func(c net.Conn) {
			reply(head)(c)
			for b := bytes.Repeat([]byte(part), 4096); ; {
				if _, err := c.Write(b); err != nil {
					return // the client has had enough
				}
			}
		}
	}
	for _, tt := range []struct {
		name   string
		server func(net.Conn)
		size   int // -1: an error
	}{
		{"byte by byte", again(bytewise), size},
		{"with short extensions", again(head + strings.Repeat("1;a=b\r\nx\r\n", size) + "0\r\n\r\n"), size},
		{"one extension", without(";x"), -1},
		{"an extension each", without("1;" + strings.Repeat("x", 100) + "\r\nx\r\n"), -1},
		{"zeros", without("0"), -1},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", tt.name, stream), func(t *testing.T) {
				url := "http://" + serve(t, tt.server)
				c := &client.Client{}
				run(t, c, func(y *loop.Yielder, _ *wire) {
					var done, seen, step int64
					request := loop.Spawn(y, func(y *loop.Yielder) error {
						resp, err := c.Do(y, &client.Request{URL: url, Stream: stream, OnDownload: func(n, _ int64) { done = n }})
						if err != nil {
							return err
						}
						s, err := resp.Text()
						if err == nil && len(s) != tt.size {
							t.Errorf("got %d bytes", len(s))
						}
						return err
					})
					for !request.Done() {
						step, seen = max(step, done-seen), done
						turn(t, y)
					}
					if _, err := request.Await(y); tt.size < 0 {
						checkError(t, err, "GET", url, client.PhaseBody, nil, "")
					} else if err != nil {
						t.Error(err)
					}
					if step > 8<<10 {
						t.Errorf("%d chunks in one turn", step)
					}
				})
			})
		}
	}
}

// TestB3StreamInUse ends a stream, in each way, while a task waits in its Read.
func TestB3StreamInUse(t *testing.T) {
	packed, _ := pack(words(100_000), "gzip")
	for name, raw := range map[string]string{
		"plain": ok + "Content-Length: 100000\r\n\r\nhello",
		"gzip":  ok + "Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n" + packed[:len(packed)/2],
	} {
		for _, tt := range []struct {
			name string
			end  func(y *loop.Yielder, resp *client.Response, task *loop.Task[struct{}])
			is   error
		}{
			{"close", func(_ *loop.Yielder, resp *client.Response, _ *loop.Task[struct{}]) { _ = resp.Stream.Close() }, net.ErrClosed},
			{"release", func(_ *loop.Yielder, resp *client.Response, _ *loop.Task[struct{}]) { resp.Release() }, net.ErrClosed},
			{"cancel", func(_ *loop.Yielder, _ *client.Response, task *loop.Task[struct{}]) { task.Cancel() }, loop.ErrCancelled},
			{"time", func(y *loop.Yielder, _ *client.Response, _ *loop.Task[struct{}]) { looptest.Advance(y, time.Hour) }, os.ErrDeadlineExceeded},
			{"all", func(y *loop.Yielder, resp *client.Response, task *loop.Task[struct{}]) {
				resp.Release()
				_ = resp.Stream.Close()
				task.Cancel()
				resp.Release()
			}, loop.ErrCancelled},
		} {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				url := "http://" + serve(t, replySilent(raw))
				good := "http://" + serve(t, again(encoded("gzip", packed, true)))
				c := &client.Client{}
				run(t, c, func(y *loop.Yielder, w *wire) {
					resp, err := c.Do(y, &client.Request{URL: url, Stream: true})
					if err != nil {
						t.Error(err)
						return
					}
					reader := loop.Spawn(y, func(y *loop.Yielder) error {
						_, err := io.Copy(io.Discard, resp.Stream)
						return err
					})
					parked(t, y, reader, "Conn.Read")
					n, err := resp.Stream.Read(make([]byte, 10))
					checkError(t, err, "GET", url, client.PhaseBody, nil, "another task is reading")
					if n != 0 {
						t.Errorf("a second reader got %d bytes", n)
					}
					tt.end(y, resp, reader)
					_, err = reader.Await(y)
					if !errors.Is(err, tt.is) {
						t.Errorf("the reader got %v", err)
					}
					for range 2 {
						if n, err := resp.Stream.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF {
							t.Errorf("afterwards: %d, %v", n, err)
						}
					}
					if w.open != 0 {
						t.Errorf("%d connections are open", w.open)
					}
					next, err := c.Do(y, &client.Request{URL: good, Stream: true})
					if err != nil {
						t.Error(err)
						return
					}
					if s, err := next.Text(); err != nil || s != words(100_000) {
						t.Errorf("the next one: %d bytes, %v", len(s), err)
					}
				})
			})
		}
	}
}

// TestB3RoundTripIntoUsedResponse has a response that had a body, and gets none.
func TestB3RoundTripIntoUsedResponse(t *testing.T) {
	url := serveHTTP(t, func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) == "/none" {
			ctx.SetStatusCode(204)
			return
		}
		ctx.SetBodyString(string(ctx.Path()))
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		var req fasthttp.Request
		var resp fasthttp.Response
		for _, tt := range []struct{ method, path, body string }{{"GET", "/a", "/a"}, {"HEAD", "/b", ""}, {"GET", "/c", "/c"}, {"GET", "/none", ""}} {
			req.Header.SetMethod(tt.method)
			req.SetRequestURI(url + tt.path)
			if err := c.RoundTrip(y, &req, &resp); err != nil || string(resp.Body()) != tt.body {
				t.Errorf("%s: %q, %v", tt.path, resp.Body(), err)
			}
		}
	})
}
