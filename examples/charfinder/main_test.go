package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// TestMain runs the tests beside the main goroutine, the only one on which
// loop.Run takes Ctrl-C.
func TestMain(m *testing.M) {
	go func() { os.Exit(m.Run()) }()
	for f := range onMain {
		f()
	}
}

var onMain = make(chan func()) // functions to be called on the main goroutine

func TestSearch(t *testing.T) {
	x := NewIndex(' ', 0x7f)
	for query, want := range map[string]string{
		"dollar":       "$",
		"sign":         "#$%+<=>",
		"Capital a":    "A",
		"a CAPITAL":    "A",
		"hyphen-minus": "-",
		"a small a":    "a",
		"control":      "",
		"brillig":      "",
		"":             "",
	} {
		if got := string(x.Search(query)); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	if got := len(x.Search("letter")); got != 52 {
		t.Errorf("%d letters", got)
	}
}

// served serves handle while client runs as a task of the same loop.
func served(t *testing.T, handle handler, client func(y *loop.Yielder, address string) error) {
	t.Helper()
	_, err := loop.Run(func(y *loop.Yielder) (struct{}, error) {
		var server *loop.Task[struct{}]
		address := loop.NewFuture[string](loop.Running(y))
		server = loop.Go(loop.Running(y), func(y *loop.Yielder) (struct{}, error) {
			return struct{}{}, serve(y, "127.0.0.1:0", handle, func(a net.Addr) {
				if err := address.SetResult(a.String()); err != nil {
					t.Error(err)
				}
			})
		})
		a, err := address.Await(y)
		if err == nil {
			err = client(y, a)
		}
		server.Cancel()
		if _, serveErr := server.Await(y); !errors.Is(serveErr, loop.ErrCancelled) {
			t.Errorf("the server ended with %v", serveErr)
		}
		return struct{}{}, err
	})
	if err != nil {
		t.Error(err)
	}
}

// Two clients that talk in turn to one server, of which one hangs up, the other
// sends Ctrl-C.
func TestTCP(t *testing.T) {
	var log bytes.Buffer
	served(t, tcp(NewIndex(' ', 0x7f), &log), func(y *loop.Yielder, address string) error {
		var clients [2]*bufio.ReadWriter
		var conns [2]*netio.Conn
		for i := range clients {
			c, err := netio.Dial(y, "tcp", address)
			if err != nil {
				return err
			}
			defer c.Close()
			conns[i] = c
			clients[i] = bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))
		}
		ask := func(i int, query, want string) error {
			fmt.Fprintf(clients[i], "%s\r\n", query)
			if err := clients[i].Flush(); err != nil {
				return err
			}
			got := make([]byte, len(want))
			_, err := io.ReadFull(clients[i], got)
			if string(got) != want {
				t.Errorf("client %d is told %q, want %q", i, got, want)
			}
			return err
		}
		line := strings.Repeat("─", 66)
		if err := ask(0, "capital a", "?> U+0041\tA\tLATIN CAPITAL LETTER A\r\n"+line+" 1 found\r\n"); err != nil {
			return err
		}
		if err := ask(1, "nothing", "?> "+line+" 0 found\r\n"); err != nil {
			return err
		}
		if err := ask(0, " ", "?> ?> "); err != nil {
			return err
		}
		if err := conns[0].CloseWrite(); err != nil {
			return err
		}
		if _, err := clients[0].ReadByte(); err != io.EOF {
			return fmt.Errorf("after hanging up: %w", err)
		}
		if err := ask(1, "\xff\xf4\xff\xfd\x06", "?> "); err != nil {
			return err
		}
		if _, err := clients[1].ReadByte(); err != io.EOF {
			return fmt.Errorf("after Ctrl-C: %w", err)
		}
		return nil
	})
	for i, want := range []string{
		`asks for "capital a": 1 found`, `asks for "nothing": 0 found`, "is gone", "is gone",
	} {
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 4 || !strings.HasSuffix(lines[i], want) {
			t.Fatalf("logged\n%swant a line %d that ends in %s", &log, i+1, want)
		}
	}
}

// The connection is kept open for one request after the other, and parked when
// the server is cancelled.
func TestHTTP(t *testing.T) {
	served(t, http(NewIndex(' ', 0x7f), io.Discard), func(y *loop.Yielder, address string) error {
		c, err := netio.Dial(y, "tcp", address)
		if err != nil {
			return err
		}
		defer c.Close()
		in := bufio.NewReader(c)
		for _, want := range []struct {
			method, uri string
			status      int
			body        string
		}{
			{"GET", "/search?q=capital+a", 200, `[{"char":"A","code":"U+0041","name":"LATIN CAPITAL LETTER A"}]`},
			{"GET", "/search?q=%3Cb%3E", 200, `[]`},
			{"GET", "/search", 200, `[]`},
			{"GET", "/", 200, string(page)},
			{"GET", "/more", 404, "there is nothing here; the page is at /\n"},
			{"POST", "/search", 405, "only GET and HEAD are answered\n"},
		} {
			fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n", want.method, want.uri)
			var resp fasthttp.Response
			if err := resp.Read(in); err != nil {
				return fmt.Errorf("%s %s: %w", want.method, want.uri, err)
			}
			if resp.StatusCode() != want.status || string(resp.Body()) != want.body {
				t.Errorf("%s %s: %d %q", want.method, want.uri, resp.StatusCode(), resp.Body())
			}
		}
		return nil
	})
}

// A server that shuts down says nothing to those who have not asked anything.
func TestHTTPUnused(t *testing.T) {
	said, err := loop.Run(func(y *loop.Yielder) ([]byte, error) {
		l := loop.Running(y)
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		serving := new(loop.Event)
		handle := http(nil, io.Discard)
		server := loop.Go(l, func(y *loop.Yielder) (struct{}, error) {
			return struct{}{}, netio.Serve(y, ln, func(y *loop.Yielder, c *netio.Conn) error {
				serving.Set()
				return handle(y, c)
			})
		})
		unused, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return nil, err
		}
		defer unused.Close()
		if err := serving.Wait(y); err != nil {
			return nil, err
		}
		server.Cancel()
		return io.ReadAll(unused)
	})
	if err != nil || len(said) > 0 {
		t.Errorf("%q, %v", said, err)
	}
}

// Ctrl-C ends a server cleanly.
func TestInterrupt(t *testing.T) {
	for protocol := range protocols {
		out, stdout := io.Pipe()
		exit := make(chan int)
		onMain <- func() {
			defer stdout.Close()
			exit <- run([]string{protocol, "--address", "localhost:0"}, stdout, os.Stderr)
		}
		in := bufio.NewScanner(out)
		if in.Scan(); !strings.HasPrefix(in.Text(), "Serving at ") {
			t.Error(in.Text())
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Error(err)
		}
		if in.Scan(); in.Text() != "Server shut down." {
			t.Error(in.Text())
		}
		if got := <-exit; got != 0 {
			t.Errorf("%s: exit %d", protocol, got)
		}
	}
}

func TestErrors(t *testing.T) {
	for args, want := range map[string]struct {
		exit   int
		stderr string
	}{
		"-h":                  {0, ""},
		"":                    {2, "charfinder: which PROTOCOL, tcp or http? (see charfinder --help)\n"},
		"ftp":                 {2, "charfinder: there is no protocol \"ftp\", only tcp and http (see charfinder --help)\n"},
		"tcp http":            {2, "charfinder: unexpected argument \"http\" (see charfinder --help)\n"},
		"http -a nowhere":     {1, "charfinder: looking up where to listen: address nowhere: missing port in address\n"},
		"tcp -a 192.0.2.1:80": {1, "charfinder: listen tcp 192.0.2.1:80: bind: "},
	} {
		var stdout, stderr bytes.Buffer
		if exit := run(strings.Fields(args), &stdout, &stderr); exit != want.exit || !strings.HasPrefix(stderr.String(), want.stderr) {
			t.Errorf("%s: exit %d, %s", args, exit, &stderr)
		}
	}
}
