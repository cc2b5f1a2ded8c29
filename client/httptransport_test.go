package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"coloop/client"
	"coloop/loop"
)

var quietLog = log.New(io.Discard, "", 0)

// httpSite is a server that tells what it was sent, and has replies of many kinds.
func httpSite() http.Handler {
	mux := http.NewServeMux()
	tell := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s length=%d te=%v close=%v body=%.60q[%d] %v trailer=%v", r.Method, r.RequestURI, r.Host, r.ContentLength, r.TransferEncoding, r.Close, body, len(body), err, r.Trailer)
		for _, k := range slices.Sorted(maps.Keys(r.Header)) {
			if k != "User-Agent" && k != "Accept-Encoding" {
				fmt.Fprintf(w, "\n%s: %q", k, r.Header[k])
			}
		}
	}
	mux.HandleFunc("/", tell)
	mux.HandleFunc("/hop/{n}/{status}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		status, _ := strconv.Atoi(r.PathValue("status"))
		next := "/end"
		if n > 1 {
			next = fmt.Sprintf("/hop/%d/%d", n-1, status)
		}
		http.Redirect(w, r, next, status)
	})
	mux.HandleFunc("/cookies", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2", Path: "/"})
		http.Redirect(w, r, "/end", http.StatusFound)
	})
	mux.HandleFunc("/status/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		w.Header().Add("X-Two", "1")
		w.Header().Add("X-Two", "2")
		w.WriteHeader(n)
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/fixed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "200000")
		w.Write(bytes.Repeat([]byte("x"), 200_000))
	})
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum, X-None")
		for range 3 {
			io.WriteString(w, "piece ")
			w.(http.Flusher).Flush()
		}
		w.Header().Set("X-Sum", "3")
		w.Header().Set(http.TrailerPrefix+"X-Late", "yes")
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			io.WriteString(w, "not packed")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "packed")
		z.Close()
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "bye")
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) { // does not read the body
		w.Header().Set("Connection", "close")
		w.WriteHeader(413)
		io.WriteString(w, "too much")
	})
	mux.HandleFunc("/end10", func(w http.ResponseWriter, r *http.Request) {
		c, rw, _ := w.(http.Hijacker).Hijack()
		defer c.Close()
		rw.WriteString("HTTP/1.0 200 Fine\r\nX: y\r\n\r\nto the end")
		rw.Flush()
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/abort", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</x>")
		w.WriteHeader(103)
		io.WriteString(w, "after hints")
	})
	return mux
}

// reads is a body of an unknown kind, which counts how often it is closed.
type reads struct {
	io.Reader
	closed *int
}

func (r reads) Close() error {
	*r.closed++
	return nil
}

// httpUses are uses of an http.Client; each describes what came of it.
var httpUses = []struct {
	name string
	use  func(h *http.Client, url string) string
}{
	{"get", func(h *http.Client, url string) string { return show(h.Get(url + "/a?b=c#d")) }},
	{"path", func(h *http.Client, url string) string { return show(h.Get(url + "/a%2Fb/x%20y")) }},
	{"query", func(h *http.Client, url string) string { return show(h.Get(url + "/?q=a+b&r=%zz")) }},
	{"head", func(h *http.Client, url string) string { return show(h.Head(url + "/fixed")) }},
	{"head of chunks", func(h *http.Client, url string) string {
		return strings.Replace(show(h.Head(url+"/chunked")), "close=true", "close=false", 1) // ours cannot tell
	}},
	{"post", func(h *http.Client, url string) string {
		return show(h.Post(url, "text/plain", strings.NewReader("hello")))
	}},
	{"form", func(h *http.Client, u string) string { return show(h.PostForm(u, url.Values{"a": {"1", "2"}})) }},
	{"large", func(h *http.Client, url string) string {
		return show(h.Post(url, "", bytes.NewReader(make([]byte, 200_000))))
	}},
	{"empty body", do("PUT", "/", "", nil)},
	{"unknown length", do("POST", "/", "hello", func(r *http.Request) {
		r.Body, r.ContentLength, r.GetBody = io.NopCloser(iotest.OneByteReader(strings.NewReader("hello"))), 0, nil
	})},
	{"known length", do("POST", "/", "hello", func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(iotest.OneByteReader(strings.NewReader("hello"))), 5
	})},
	{"minus one", do("POST", "/", "hello", func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(iotest.OneByteReader(strings.NewReader("hello"))), -1
	})},
	{"asked to chunk", do("POST", "/", "hello", func(r *http.Request) { r.TransferEncoding = []string{"chunked"} })},
	{"pipe", func(h *http.Client, url string) string {
		r, w := io.Pipe()
		go func() {
			for range 100 {
				fmt.Fprintf(w, "%0100d", 0)
			}
			w.Close()
		}()
		return show(h.Post(url, "x/y", r))
	}},
	{"trailer", func(h *http.Client, url string) string {
		trailer := http.Header{"X-Sum": nil, "X-None": nil}
		return do("POST", "/", "", func(r *http.Request) {
			r.Trailer = trailer
			r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("hello"), atEOF(func() { trailer.Set("X-Sum", "5") }))), -1
		})(h, url)
	}},
	{"body fails", do("POST", "/", "", func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(errBroken))), -1
	})},
	{"body too short", do("POST", "/", "hello", func(r *http.Request) { r.ContentLength = 6 })},
	{"fields", do("GET", "/", "", func(r *http.Request) {
		r.Header["X-Two"] = []string{"1", "2"}
		r.Header["x-raw"] = []string{"3"}
		r.Header["X-None"] = nil
		r.Header["Content-Length"] = []string{"7"}
		r.Header["Host"] = []string{"ignored"}
		r.Header["Trailer"] = []string{"ignored"}
	})},
	{"host", do("GET", "/", "", func(r *http.Request) { r.Host = "other.test:8080" })},
	{"user", func(h *http.Client, url string) string {
		return show(h.Get(strings.Replace(url, "//", "//me:p%40ss@", 1)))
	}},
	{"own authorization", func(h *http.Client, url string) string {
		return do("GET", "/", "", func(r *http.Request) { r.Header.Set("Authorization", "mine") })(h, strings.Replace(url, "//", "//me:pass@", 1))
	}},
	{"close", do("GET", "/", "", func(r *http.Request) { r.Close = true })},
	{"expect", do("POST", "/", "hello", func(r *http.Request) { r.Header.Set("Expect", "100-continue") })},
	{"early", func(h *http.Client, url string) string {
		return status(h.Post(url+"/early", "", bytes.NewReader(make([]byte, 10_000_000))))
	}},
	{"cookies", func(h *http.Client, url string) string {
		own := *h
		own.Jar, _ = cookiejar.New(nil)
		return show(own.Get(url + "/cookies"))
	}},
	{"redirect", func(h *http.Client, url string) string { return show(h.Get(url + "/hop/3/302")) }},
	{"redirect of post", func(h *http.Client, url string) string {
		return show(h.Post(url+"/hop/1/302", "x/y", strings.NewReader("hello")))
	}},
	{"redirect with body", func(h *http.Client, url string) string {
		return show(h.Post(url+"/hop/2/307", "x/y", strings.NewReader("hello")))
	}},
	{"redirect with stream", func(h *http.Client, url string) string {
		return show(h.Post(url+"/hop/2/307", "x/y", io.MultiReader(strings.NewReader("hello"))))
	}},
	{"too many", func(h *http.Client, url string) string { return show(h.Get(url + "/hop/20/302")) }},
	{"last response", func(h *http.Client, url string) string {
		own := *h
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return show(own.Get(url + "/hop/1/302"))
	}},
	{"fixed", func(h *http.Client, url string) string { return show(h.Get(url + "/fixed")) }},
	{"chunked", func(h *http.Client, url string) string { return show(h.Get(url + "/chunked")) }},
	{"gzip", func(h *http.Client, url string) string { return show(h.Get(url + "/gzip")) }},
	{"gzip asked for", func(h *http.Client, url string) string {
		got := do("GET", "/gzip", "", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })(h, url)
		return got[:strings.Index(got, "\n\x1f")] // the packed body is not the same each time
	}},
	{"gzip of a part", do("GET", "/gzip", "", func(r *http.Request) { r.Header.Set("Range", "bytes=0-") })},
	{"head of gzip", func(h *http.Client, url string) string { return show(h.Head(url + "/gzip")) }},
	{"empty", func(h *http.Client, url string) string { return show(h.Get(url + "/empty")) }},
	{"404", func(h *http.Client, url string) string { return show(h.Get(url + "/status/404")) }},
	{"204", func(h *http.Client, url string) string { return show(h.Get(url + "/status/204")) }},
	{"304", func(h *http.Client, url string) string { return show(h.Get(url + "/status/304")) }},
	{"close by server", func(h *http.Client, url string) string { return show(h.Get(url + "/close")) }},
	{"hints", func(h *http.Client, url string) string { return show(h.Get(url + "/hints")) }},
	{"HTTP/1.0", func(h *http.Client, url string) string { return show(h.Get(url + "/end10")) }},
	{"cut", func(h *http.Client, url string) string { return show(h.Get(url + "/cut")) }},
	{"abort", func(h *http.Client, url string) string { return show(h.Post(url+"/abort", "", nil)) }},
	{"not read", func(h *http.Client, url string) string {
		resp, err := h.Get(url + "/fixed")
		if err != nil {
			return err.Error()
		}
		n, err := io.ReadFull(resp.Body, make([]byte, 1000))
		s := fmt.Sprint(n, err, resp.Body.Close(), resp.Body.Close())
		_, err = resp.Body.Read(make([]byte, 1))
		return s + strings.TrimPrefix(fmt.Sprint(err), "http: ")
	}},
	{"cancelled before", func(h *http.Client, url string) string {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return do("POST", "/", "hello", func(r *http.Request) { *r = *r.WithContext(ctx) })(h, url)
	}},
	{"cause", func(h *http.Client, url string) string {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errBroken)
		return do("GET", "/", "", func(r *http.Request) { *r = *r.WithContext(ctx) })(h, url)
	}},
	{"no scheme", func(h *http.Client, _ string) string { return show(h.Get("//h/x")) }},
	{"odd scheme", func(h *http.Client, _ string) string { return show(h.Get("ftp://h/x")) }},
	{"no host", func(h *http.Client, _ string) string { return show(h.Get("http:///x")) }},
	{"odd field", do("GET", "/", "", func(r *http.Request) { r.Header["a b"] = []string{"c"} })},
	{"odd value", do("GET", "/", "", func(r *http.Request) { r.Header["a"] = []string{"b\r\nc: d"} })},
	{"odd method", do("GET", "/", "", func(r *http.Request) { r.Method = "a b" })},
	{"no method", do("GET", "/", "", func(r *http.Request) { r.Method = "" })},
	{"server's request", do("GET", "/", "", func(r *http.Request) { r.RequestURI = "/x" })},
	{"opaque", do("GET", "/", "", func(r *http.Request) { r.URL.Opaque = "/a%2Fb" })},
	{"body closed", func(h *http.Client, url string) (s string) {
		for _, path := range []string{url, "ftp://h", "http://127.0.0.1:1"} {
			closed := 0
			r, _ := http.NewRequest("POST", path, reads{strings.NewReader("hello"), &closed})
			resp, err := h.Do(r)
			if err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			s += fmt.Sprintln(err == nil, closed > 0)
		}
		return s
	}},
}

var errBroken = errors.New("broken")

// atEOF calls a function when it is read.
type atEOF func()

func (f atEOF) Read([]byte) (int, error) { f(); return 0, io.EOF }

// do returns a use that makes a request which set has changed.
func do(method, path, body string, set func(r *http.Request)) func(h *http.Client, url string) string {
	return func(h *http.Client, url string) string {
		r, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			return err.Error()
		}
		if set != nil {
			set(r)
		}
		return show(h.Do(r))
	}
}

// status shows no more than the status.
func status(resp *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	return resp.Status
}

// kindOf is what a program can find out about an error. A connection that is closed without a
// reply is an EOF for net/http, and an unexpected one for us.
func kindOf(err error) string {
	for _, is := range []error{nil, context.Canceled, errBroken, http.ErrUseLastResponse} {
		if errors.Is(err, is) {
			return fmt.Sprint(is)
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "EOF"
	}
	return "other"
}

// show describes a response, with all of its body.
func show(resp *http.Response, err error) string {
	if err != nil {
		var ue *url.Error
		return fmt.Sprintf("error %v %s response=%v", errors.As(err, &ue), kindOf(err), resp != nil)
	}
	defer resp.Body.Close()
	was := fmt.Sprint(resp.Trailer)
	body, err := io.ReadAll(resp.Body)
	var fields []string
	for k, v := range resp.Header {
		if k != "Date" {
			fields = append(fields, fmt.Sprintf("%s: %q", k, v))
		}
	}
	slices.Sort(fields)
	return fmt.Sprintf("%s %s %d.%d length=%d te=%v close=%v unpacked=%v of=%s nobody=%v\n%s\n%.600s[%d] %v\n%v, then %v",
		resp.Status, resp.Proto, resp.ProtoMajor, resp.ProtoMinor, resp.ContentLength, resp.TransferEncoding, resp.Close,
		resp.Uncompressed, resp.Request.URL, resp.Body == http.NoBody, strings.Join(fields, "\n"), body, len(body), kindOf(err), was, resp.Trailer)
}

// TestHTTPTransportIsAsNetHTTP has the uses with net/http's transport and with ours.
func TestHTTPTransportIsAsNetHTTP(t *testing.T) {
	srv := httptest.NewServer(httpSite())
	defer srv.Close()
	srv.Config.ErrorLog = quietLog
	theirs := &http.Transport{}
	defer theirs.CloseIdleConnections()
	for _, tt := range httpUses {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.use(&http.Client{Transport: theirs}, srv.URL)
			c := &client.Client{MaxConns: 1}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				h := &http.Client{Transport: &client.HTTPTransport{Client: c}}
				if got := tt.use(h, srv.URL); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
				if got := tt.use(h, srv.URL); got != want { // over the connection of before
					t.Errorf("again, got\n%s\nwant\n%s", got, want)
				}
				if resp, err := c.Get(y, srv.URL+"/end"); err != nil || resp.Status != 200 {
					t.Errorf("then %v", err)
				}
			})
		})
	}
}
