package clienttest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"
	"coloop/loop/looptest"
)

// site is what is recorded: every kind of reply.
func site() http.Handler {
	mux := http.NewServeMux()
	asked := 0
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		asked++
		fmt.Fprintf(w, "%d", asked)
	})
	mux.HandleFunc("/text", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "cookie-secret", Path: "/", HttpOnly: true})
		fmt.Fprint(w, "<p>Zürich & \"more\"</p>\n")
	})
	mux.HandleFunc("/binary", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte{0, 1, 0xff, '\n'}) })
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "packed")
		z.Close()
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(201)
		w.Write(body)
		w.Header().Set("X-Sum", fmt.Sprint(len(body)))
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://me:location-secret@"+r.Host+"/text")
		w.WriteHeader(302)
	})
	mux.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte("x"), 100_000)) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	return mux
}

// closed is an address at which nobody listens.
func closed(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// recorded are requests, in the order in which they are made.
var recorded = []client.Request{
	{URL: "/count"},
	{URL: "/count"},
	{URL: "/text", Header: map[string][]string{"authorization": {"Bearer bearer-secret"}, "Cookie": {"a=cookie-secret; b=cookie-secret"}}},
	{URL: "/binary"},
	{URL: "/gzip"},
	{Method: "POST", URL: "/echo", Body: []byte(`{"a":1}`)},
	{Method: "PUT", URL: "/echo?n=1"},
	{URL: "/redirect"},
	{URL: "/nothing"},
	{Method: "HEAD", URL: "/text"},
	{URL: "/long", Stream: true},
	{URL: "/cut"},
}

// tell describes what comes of a request.
func tell(y *loop.Yielder, c *client.Client, r client.Request) string {
	resp, err := c.Do(y, &r)
	if err != nil {
		return fmt.Sprintf("error %s", err)
	}
	body := resp.Body
	if resp.Stream != nil {
		body, err = io.ReadAll(resp.Stream)
	}
	var fields []string
	for k, v := range resp.Headers() {
		if k == "Set-Cookie" {
			v, _, _ = strings.Cut(v, "=")
		}
		fields = append(fields, k+": "+v)
	}
	slices.Sort(fields)
	return fmt.Sprintf("%d %q %v %q", resp.Status, body, err, fields)
}

// TestRecorderPlain records bodies that could come encoded, as they are and so that they can be read.
func TestRecorderPlain(t *testing.T) {
	network := clienttest.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			io.WriteString(w, "readable")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "readable")
		z.Close()
	}))
	for _, plain := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "x.jsonl")
		looptest.Run(t, func(y *loop.Yielder) error {
			rec := clienttest.NewRecorder(file, network)
			rec.Plain = plain
			for _, s := range []client.Sender{rec, nil} {
				if s == nil {
					if err := rec.Close(y); err != nil {
						return err
					}
					p, err := clienttest.OpenReplay(y, file)
					if err != nil {
						return err
					}
					s = p
				}
				c := &client.Client{Sender: s}
				resp, err := c.Get(y, "http://h/")
				if err != nil {
					return err
				}
				if string(resp.Body) != "readable" || resp.Uncompressed == plain {
					t.Errorf("%q, decoded %v", resp.Body, resp.Uncompressed)
				}
				resp.Release()
			}
			text, err := os.ReadFile(file)
			if strings.Contains(string(text), "readable") != plain {
				t.Errorf("plain=%v: %s", plain, text)
			}
			return err
		})
	}
}

// TestRecordAndReplay records real exchanges and replays them.
func TestRecordAndReplay(t *testing.T) {
	srv := httptest.NewServer(site())
	defer srv.Close()
	base := strings.Replace(srv.URL, "http://", "http://me:url-secret@", 1)
	file := filepath.Join(t.TempDir(), "site.jsonl")
	refused := "http://" + closed(t) + "/"
	var was []string
	looptest.Run(t, func(y *loop.Yielder) error {
		c := &client.Client{}
		rec := clienttest.NewRecorder(file, c)
		c.Sender = rec
		for _, r := range recorded {
			r.URL = base + r.URL
			was = append(was, tell(y, c, r))
		}
		was = append(was, tell(y, c, client.Request{Method: "PUT", URL: base + "/echo?n=2", BodyStream: strings.NewReader("stream")}))
		was = append(was, tell(y, c, client.Request{URL: refused}))
		resp, err := c.Do(y, &client.Request{URL: base + "/long?part", Stream: true})
		if err != nil {
			return err
		}
		if _, err := io.ReadFull(resp.Stream, make([]byte, 50_000)); err != nil {
			return err
		}
		resp.Release()
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("before Close: %v", err)
		}
		if err := rec.Close(y); err != nil {
			return err
		}
		if _, err := c.Get(y, base+"/text"); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("after Close: %v", err)
		}
		return errors.Join(rec.Close(y), c.Close())
	}, looptest.OnNetwork())
	srv.Close()

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "secret") {
		t.Errorf("a secret in\n%.3000s", text)
	}
	for _, want := range []string{
		`"body":"<p>Zürich & \"more\"</p>\n"`, `"body":{"base64":"AAH/Cg=="}`, `"body":"{\"a\":1}"`, `"body":"stream"`,
		`"trailer":{"X-Sum":["7"]}`, `"Authorization":["Bearer REDACTED"]`, `"Cookie":["a=REDACTED; b=REDACTED"]`,
		`"Set-Cookie":["sid=REDACTED; Path=/; HttpOnly"]`, `connection refused`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%.3000s", want, text)
		}
	}
	if n := strings.Count(string(text), "\n"); n != len(was)+2 { // a redirect; a part
		t.Errorf("%d lines in\n%.3000s", n, text)
	}

	looptest.Run(t, func(y *loop.Yielder) error {
		p, err := clienttest.OpenReplay(y, file)
		if err != nil {
			return err
		}
		c := &client.Client{Sender: p}
		for i, r := range recorded {
			r.URL = srv.URL + r.URL // the user of a URL does not matter
			if got := strings.ReplaceAll(tell(y, c, r), srv.URL, base); got != strings.ReplaceAll(was[i], "me:xxxxx@", "me:url-secret@") {
				t.Errorf("%s %s: got\n%.300s\nwant\n%.300s", r.Method, r.URL, got, was[i])
			}
		}
		n := len(recorded)
		if got := tell(y, c, client.Request{Method: "PUT", URL: srv.URL + "/echo?n=2"}); got != was[n] {
			t.Errorf("got %s, want %s", got, was[n])
		}
		if got := tell(y, c, client.Request{URL: refused}); got != was[n+1] {
			t.Errorf("got %s, want %s", got, was[n+1])
		}
		resp, err := c.Do(y, &client.Request{URL: base + "/long?part", Stream: true})
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Stream)
		if len(body) < 50_000 || err == nil || !strings.Contains(err.Error(), "recording of the body ends here") {
			t.Errorf("%d bytes, %v", len(body), err)
		}
		p.Verify(t)
		return c.Close()
	})
}
