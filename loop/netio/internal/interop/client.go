package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"coloop/client"
	"coloop/loop"
)

// The client of this module, against web servers and proxies: requests of all kinds, many at
// once, none of which may fail.

const (
	clientTasks = 64
	maxUpload   = 256 << 10 // that the server takes
)

var clientRequests = 1000 // in each case

// sizes are the bodies that there are to be had, and to be sent.
var sizes = []int{0, 1, 100, 1000, 4096, 16<<10 - 1, 16 << 10, 64 << 10, 100_000, maxUpload, maxUpload + 1, 1 << 20}

// pattern is the body of a size. It can be compressed, and no part of it is like another.
func pattern(size int) []byte {
	b := make([]byte, 0, size+16)
	for i := 0; len(b) < size; i++ {
		b = fmt.Appendf(b, "%d %d\n", i, i*i)
	}
	return b[:size]
}

// A web is what the requests of a case are made to.
type web struct {
	c      *client.Client
	plain  string // base URLs
	secure string
	bodies map[int][]byte
	counts map[string]int // of replies, by kind and status
	once   bool           // plain connections are closed after a reply
}

// tryClient makes requests to the server directly.
func tryClient(e *env) error { return e.surf(nil) }

// tryClientProxy makes them by way of a proxy, whose URL lacks the address.
func tryClientProxy(proxy string) func(e *env) error {
	return func(e *env) error {
		return e.surf(client.ProxyURL(proxy + e.address))
	}
}

func (e *env) surf(proxy func(*url.URL) (*url.URL, error)) error {
	w := &web{c: &client.Client{Proxy: proxy}, bodies: map[int][]byte{}, counts: map[string]int{}, once: strings.HasPrefix(e.name, "client.tiny")}
	var urls, pem []byte
	var err error
	if urls, err = os.ReadFile(e.folder + "/urls"); err == nil {
		pem, err = os.ReadFile(e.folder + "/cert.pem")
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(string(urls), &w.plain, &w.secure); err != nil {
		return err
	}
	w.c.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	w.c.TLSConfig.RootCAs.AppendCertsFromPEM(pem)
	for _, n := range sizes {
		w.bodies[n] = pattern(n)
	}
	next := 0
	err = e.together(clientTasks, func(y *loop.Yielder, _ int) error {
		for next < clientRequests {
			i := next
			next++
			if err := w.request(y, i); err != nil {
				return fmt.Errorf("request %d: %w", i, err)
			}
		}
		return nil
	})
	if err == nil {
		err = w.complete()
	}
	return errors.Join(err, w.c.Close())
}

// complete checks that all happened that was meant to.
func (w *web) complete() error {
	for _, kind := range []string{"get 200", "gzip 200", "chunked 200", "head 200", "stream 200", "abandon 200", "put 201", "put 413", "upload 413",
		"limited 200", "limited 503", "redirect 200", "missing 404"} {
		if w.counts[kind] == 0 && (kind != "limited 503" || clientRequests >= 10_000) { // which takes many at once
			return fmt.Errorf("there was no %q among %v", kind, w.counts)
		}
	}
	return nil
}

// request makes the i-th request and checks the reply.
func (w *web) request(y *loop.Yielder, i int) error {
	size := sizes[i/11%len(sizes)]
	base := w.plain
	if i/7%2 == 0 {
		base = w.secure
	}
	r, kind, want := &client.Request{Header: map[string][]string{}}, "", w.bodies[size]
	switch i % 11 {
	case 0, 1, 2:
		kind, r.URL = "get", fmt.Sprintf("%s/www/%d", base, size)
	case 3:
		kind, r.URL = "gzip", fmt.Sprintf("%s/www/%d.txt", base, size)
		r.Header["Accept-Encoding"] = []string{"gzip"}
	case 4:
		kind, r.URL = "head", fmt.Sprintf("%s/www/%d", base, size)
		r.Method, want = "HEAD", nil
	case 5:
		kind, r.URL = "chunked", fmt.Sprintf("%s/www/%d.shtml", base, size)
	case 6:
		kind, r.URL, r.Stream = "stream", fmt.Sprintf("%s/www/%d", base, size), true
		if i/3%3 == 0 {
			kind = "abandon"
		}
	case 7:
		kind, r.URL = "put", fmt.Sprintf("%s/put/%d", base, i)
		r.Method, r.Body, want = "PUT", w.bodies[size], nil
	case 8:
		kind, r.URL = "upload", fmt.Sprintf("%s/put/%d", base, i)
		r.Method, r.BodyStream, want = "PUT", bytes.NewReader(w.bodies[size]), nil
		if i/5%2 == 0 {
			r.Length = int64(size)
		}
		r.Expect = i/13%4 == 0
	case 9:
		kind, r.URL, want = "limited", base+"/limited/100000", w.bodies[100_000]
	case 10:
		if kind, r.URL = "redirect", fmt.Sprintf("%s/moved/%d", base, size); i/17%2 == 0 {
			kind, r.URL, want = "missing", base+"/none", nil
		}
	}
	if w.once && base == w.plain {
		// The proxy closes without a word, which may be found out when a body has been read.
		r.Header["Connection"] = []string{"close"}
	}
	resp, err := w.c.Do(y, r)
	if err != nil {
		return fmt.Errorf("%s of %d bytes: %w", kind, size, err)
	}
	defer resp.Release()
	w.counts[kind+" "+strconv.Itoa(resp.Status)]++
	if err := w.check(y, resp, kind, size, want); err != nil {
		return fmt.Errorf("%s %s of %d bytes, %d of %q: %w", kind, r.URL, size, resp.Status, resp.Header("Server"), err)
	}
	return nil
}

// check checks a reply.
func (w *web) check(y *loop.Yielder, resp *client.Response, kind string, size int, want []byte) (err error) {
	statuses := []int{200}
	got := resp.Body
	switch kind {
	case "put", "upload":
		if statuses = []int{201, 204}; size > maxUpload {
			statuses = []int{413}
		}
		got = nil
	case "limited":
		if resp.Status == 503 {
			statuses, want, got = []int{503}, nil, nil
		}
	case "missing":
		statuses, got = []int{404}, nil
	case "stream":
		got, err = io.ReadAll(resp.Stream)
	case "abandon":
		want = want[:min(len(want), 1000)]
		got = make([]byte, len(want))
		_, err = io.ReadFull(resp.Stream, got)
	case "gzip":
		if resp.Header("Content-Encoding") == "gzip" {
			got, err = loop.ToThread(y, func(context.Context) ([]byte, error) { return gunzip(got) })
		} else if size > 1000 && !bytes.Equal(got, want) {
			err = errors.New("it is not compressed")
		}
	case "chunked":
		if te := resp.Header("Transfer-Encoding"); te != "chunked" && !strings.HasPrefix(resp.URL, w.plain) && size > 0 {
			err = fmt.Errorf("Transfer-Encoding is %q", te)
		}
	}
	switch {
	case err != nil:
		return err
	case !slices.Contains(statuses, resp.Status):
		return fmt.Errorf("the status is not one of %v", statuses)
	case !bytes.Equal(got, want):
		return fmt.Errorf("%d bytes came, and not the %d that were wanted", len(got), len(want))
	}
	return nil
}

func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
