package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"coloop/examples/internal/cli/clitest"
	"coloop/loop"
	"coloop/loop/looptest"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// crawled crawls a site that serve serves.
func crawled(t *testing.T, serve func(*loop.Yielder, *netio.Listener) error, workers int) (lines []string, err error) {
	t.Helper()
	var out bytes.Buffer
	looptest.Run(t, func(y *loop.Yielder) error {
		ln, listenErr := netio.Listen(y, "tcp", "127.0.0.1:0")
		if listenErr != nil {
			return listenErr
		}
		server := loop.Spawn(y, func(y *loop.Yielder) error { return serve(y, ln) })
		c := crawler{w: &out, host: ln.Addr().String(), seen: make(map[string]bool)}
		err = c.crawl(y, workers)
		server.Cancel()
		if _, err := server.Await(y); !errors.Is(err, loop.ErrCancelled) {
			return err
		}
		return nil
	}, looptest.OnNetwork())
	for line := range strings.Lines(out.String()) {
		_, page, _ := strings.Cut(line, "http://")
		_, path, _ := strings.Cut(page, "/")
		lines = append(lines, strings.Join(strings.Fields(line)[:2], " ")+" /"+strings.TrimSpace(path))
	}
	return lines, err
}

// One worker visits the pages in the order in which it finds them.
func TestOrder(t *testing.T) {
	got, err := crawled(t, serveSite, 1)
	want := []string{
		"1 200 /", "1 200 /animals/", "1 200 /plants/", "1 200 /about",
		"1 200 /animals/cat", "1 200 /animals/dog", "1 200 /animals/owl",
		"1 200 /plants/oak", "1 200 /plants/rose", "1 404 /contact",
		"1 200 /plants", "1 404 /animals/unicorn",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n%q\nwant\n%q", err, got, want)
	}
}

// However many workers there are, each page is visited once.
func TestOnce(t *testing.T) {
	paths := func(lines []string) []string {
		for i, line := range lines {
			lines[i] = line[strings.IndexByte(line, ' '):]
		}
		slices.Sort(lines)
		return lines
	}
	one, err := crawled(t, serveSite, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{2, 3, 50} {
		got, err := crawled(t, serveSite, workers)
		if err != nil || !slices.Equal(paths(got), paths(slices.Clone(one))) {
			t.Errorf("%d workers: %v\n%q\nwant\n%q", workers, err, got, one)
		}
	}
}

// A crowd is a site whose pages answer only when as many are asked for at a time
// as there are parties.
type crowd struct {
	barrier   *loop.Barrier
	now, most int
}

func (s *crowd) serve(y *loop.Yielder, ln *netio.Listener) error {
	return netio.Serve(y, ln, func(y *loop.Yielder, c *netio.Conn) error {
		in := bufio.NewReader(c)
		for {
			var req fasthttp.Request
			if err := req.Read(in); err != nil {
				return nil // the client is gone
			}
			body, err := s.page(y, string(req.URI().Path()))
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
				return err
			}
		}
	})
}

func (s *crowd) page(y *loop.Yielder, path string) (body string, err error) {
	if path == "/" {
		for i := range 6 {
			body += fmt.Sprintf(`<a href="/%d">`, i)
		}
		return body, nil
	}
	s.now++
	s.most = max(s.most, s.now)
	_, err = s.barrier.Wait(y)
	s.now--
	return "", err
}

// There are as many requests at a time as workers, and no more.
func TestBound(t *testing.T) {
	s := &crowd{barrier: loop.NewBarrier(3)}
	lines, err := crawled(t, s.serve, 3)
	if err != nil || len(lines) != 7 || s.most != 3 {
		t.Errorf("%d requests at a time, %q, %v", s.most, lines, err)
	}
}

// A request that fails ends the crawl.
func TestFails(t *testing.T) {
	gone := func(_ *loop.Yielder, ln *netio.Listener) error { return ln.Close() }
	lines, err := crawled(t, gone, 3)
	var refused *net.OpError
	if len(lines) > 0 || !errors.As(err, &refused) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%q, %v", lines, err)
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"": 0, "-h": 0, "-w 0": 2, "-x": 2, "more": 2})
}
