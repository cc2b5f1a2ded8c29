package client_test

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/valyala/fasthttp"
)

// A course is a request that is disturbed in each turn that it takes. What it returns is what
// it returns undisturbed.
type course struct {
	name   string
	secure bool
	want   string
	do     func(y *loop.Yielder, c *client.Client, s *stand) (string, error)
}

// get is a course's request for path.
func asks(path string) func(*loop.Yielder, *client.Client, *stand) (string, error) {
	return func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		return ask(y, c, &client.Request{URL: s.url(path)})
	}
}

// upload is a course's request with a body of that length.
func upload(r client.Request, body string, path string) func(*loop.Yielder, *client.Client, *stand) (string, error) {
	return func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		r := r
		r.URL, r.BodyStream = s.url(path), &steps{loop: loop.Running(y), left: body}
		return ask(y, c, &r)
	}
}

var long = strings.Repeat("0123456789", 40_000)

var courses = []course{
	{"get", false, "good good", asks(goodPath)},
	{"again", false, "good good", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		if got, err := asks(goodPath)(y, c, s); err != nil {
			return got, err
		}
		return asks(goodPath)(y, c, s)
	}},
	{"stale", false, "good good", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		if got, err := asks("/last")(y, c, s); err != nil {
			return got, err
		}
		return asks(goodPath)(y, c, s)
	}},
	{"in pieces", false, "pieces hello world", asks("/pieces")},
	{"stream", false, "pieces hello world", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		return ask(y, c, &client.Request{URL: s.url("/pieces"), Stream: true})
	}},
	{"redirect", false, "good good", asks("/redirect")},
	{"pool", false, "good good", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		held, err := c.Do(y, &client.Request{URL: s.url("/pieces"), Stream: true})
		if err != nil {
			return "", err
		}
		defer held.Release()
		var failed error
		reader := loop.Spawn(y, func(y *loop.Yielder) error {
			_, failed = io.ReadAll(held.Stream)
			return nil
		})
		got, err := asks(goodPath)(y, c, s)
		_, ended := reader.Await(y)
		return got, cmp.Or(err, ended, failed)
	}},
	{"upload", false, "posted 12", upload(client.Request{Method: "POST", Length: 12}, "hello, world", "/post")},
	{"upload chunked", false, "posted 12", upload(client.Request{Method: "PUT"}, "hello, world", "/post")},
	{"upload 100", false, "posted 12", upload(client.Request{Method: "POST", Expect: true}, "hello, world", "/post")},
	{"upload refused", false, "early no", upload(client.Request{Method: "POST", Length: int64(len(long))}, long, "/early")},
	{"upload cut", false, "gone", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		got, err := upload(client.Request{Method: "POST", Length: int64(len(long))}, long, "/gone")(y, c, s)
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
			return "gone", nil
		}
		return got, err
	}},
	{"long body", false, "posted 400000", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		return ask(y, c, &client.Request{Method: "POST", URL: s.url("/post"), Body: []byte(long)})
	}},
	{"tls", true, "good good", asks(goodPath)},
	{"tls in pieces", true, "pieces hello world", asks("/pieces")},
	{"tls upload", true, "posted 12", upload(client.Request{Method: "POST", Length: 12}, "hello, world", "/post")},
	{"redirect without its body", false, "good good", asks("/redirect/short")},
	{"proxy", false, "good good", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		c.Proxy = client.ProxyURL(s.url(""))
		return ask(y, c, &client.Request{URL: "http://host.invalid" + goodPath})
	}},
	{"proxy tls", false, "good good", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		c.Proxy = client.ProxyURL(s.url(""))
		return ask(y, c, &client.Request{URL: "https://127.0.0.1" + goodPath})
	}},
	{"fasthttp", false, "good good", func(y *loop.Yielder, c *client.Client, s *stand) (string, error) {
		var req fasthttp.Request
		var resp fasthttp.Response
		req.SetRequestURI(s.url(goodPath))
		err := c.RoundTrip(y, &req, &resp)
		return string(resp.Header.Peek("Id")) + " " + string(resp.Body()), err
	}},
}

// steps is a body that is read in pieces, with a turn of the loop before each.
type steps struct {
	loop *loop.Loop
	left string
}

func (s *steps) Read(p []byte) (int, error) {
	if s.left == "" {
		return 0, io.EOF
	}
	y, err := s.loop.Current()
	if err == nil {
		err = loop.Sleep(y, 0)
	}
	n := copy(p, s.left[:(len(s.left)+2)/3])
	s.left = s.left[n:]
	return n, err
}

// entertainer is the server of the courses.
func entertainer(theirs *tls.Config) func(y *loop.Yielder, c *torn, rw net.Conn) error {
	return func(y *loop.Yielder, c *torn, rw net.Conn) error { return entertain(y, c, rw, theirs) }
}

func entertain(y *loop.Yielder, c *torn, rw net.Conn, theirs *tls.Config) error {
	say := func(parts ...string) error {
		for _, p := range parts {
			if _, err := io.WriteString(rw, p); err != nil {
				return err
			}
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		head, err := c.head(rw)
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(head, "POST /early "):
			return errors.Join(say(ok[:9]+"413 No\r\nId: early\r\nContent-Length: 2\r\n\r\n", "no"), discard(rw))
		case strings.HasPrefix(head, "POST /gone "):
			return nil
		case strings.HasPrefix(head, "CONNECT "):
			if _, _, err := c.request(rw); err != nil {
				return err
			}
			if err := say(ok, "\r\n"); err != nil {
				return err
			}
			rw = tls.Server(c, theirs)
			continue
		case strings.Contains(head, "\r\nExpect: "):
			err = say("HTTP/1.1 100 ", "Continue\r\n\r\n")
		}
		if err != nil {
			return err
		}
		req, body, err := c.request(rw)
		if err != nil {
			return err
		}
		switch req.URL.Path {
		case "/pieces":
			err = say("HTTP/1.1 ", "200 OK\r\n", "Id: pieces\r\nTransfer-Encoding: chunked\r\n", "\r\n5\r\nhel", "lo\r\n6\r\n world\r\n", "0\r\n", "\r\n")
		case "/redirect":
			err = say("HTTP/1.1 302 Found\r\nLocation: "+goodPath+"\r\nContent-Length: 3\r\n\r\n", "abc")
		case "/redirect/short":
			return errors.Join(say("HTTP/1.1 302 Found\r\nLocation: "+goodPath+"\r\nContent-Length: 100000\r\n\r\nabc"), discard(rw))
		case "/post":
			err = say(ok+"Id: posted\r\nContent-Length: ", fmt.Sprintf("%d\r\n\r\n%d", len(fmt.Sprint(len(body))), len(body)))
		case "/last":
			return say(good)
		default:
			err = say(good)
		}
		if err != nil {
			return err
		}
	}
}

func discard(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// TestCancelAtEachTurn cancels each course after so many turns of the loop, for each number of
// turns that it takes: the request ends at once with the cancellation, its place and
// connections are given back, and the next request is answered.
func TestCancelAtEachTurn(t *testing.T) {
	sweep(t, func(t *testing.T, y *loop.Yielder, c *client.Client, task *loop.Task[string], p course, s *stand) (ended string) {
		task.Cancel("enough")
		got, err := task.Await(y)
		if !task.Cancelled() || !loop.IsCancelled(err) {
			return fmt.Sprintf("got %q, %v", got, err)
		}
		if open, idle, _ := client.Places(c); open != idle {
			return fmt.Sprintf("%d places, %d of them idle", open, idle)
		}
		if got, err := asks(goodPath)(y, c, s); got != "good good" {
			return fmt.Sprintf("the next request: %q, %v", got, err)
		}
		return untidy(err)
	})
}

// TestCloseAtEachTurn closes the client instead.
func TestCloseAtEachTurn(t *testing.T) {
	sweep(t, func(t *testing.T, y *loop.Yielder, c *client.Client, task *loop.Task[string], p course, s *stand) (ended string) {
		if err := c.Close(); err != nil {
			return err.Error()
		}
		got, err := task.Await(y)
		if got != p.want && !errors.Is(err, client.ErrClosed) {
			return fmt.Sprintf("got %q, %v", got, err)
		}
		if open, idle, _ := client.Places(c); open != 0 || idle != 0 {
			return fmt.Sprintf("%d places, %d of them idle", open, idle)
		}
		return untidy(err)
	})
}

// TestCloseLoopAtEachTurn closes the loop instead, which ends the tasks by an error of its own: nothing
// is left of the request.
func TestCloseLoopAtEachTurn(t *testing.T) {
	ours, theirs := fixedCertificate(t)
	for _, p := range courses {
		t.Run(p.name, func(t *testing.T) {
			looptest.NoLeaks(t)
			cfg := theirs
			if !p.secure {
				cfg = nil
			}
			over := false
			for turns := 0; !over; turns++ {
				cm := &calm{open: map[int]bool{}}
				cm.StandingClock, _ = looptest.NewStandingClock()
				l := loop.NewOn(cm)
				l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
					t.Errorf("after %d turns: %s: %v", turns, c.Message, c.Exception)
				})
				c := &client.Client{MaxConns: 1, TLSConfig: ours}
				var task *loop.Task[string]
				_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
					s := newStand(t, y, cfg, entertainer(theirs))
					task = loop.Go(y, func(y *loop.Yielder) (string, error) { return p.do(y, c, s) })
					for range turns {
						turn(t, y)
					}
					return nil
				}))
				over = task.Done()
				if err := errors.Join(err, l.Close(), c.Close()); err != nil {
					t.Error(err)
				}
				if open, idle, _ := client.Places(c); open != 0 || idle != 0 || len(cm.open) != 0 {
					t.Errorf("after %d turns: %d places, %d of them idle, %d descriptors", turns, open, idle, len(cm.open))
				}
			}
		})
	}
}

// untidy returns what is wrong with the text of an error.
func untidy(err error) string {
	if err != nil && (strings.ContainsFunc(err.Error(), unicode.IsControl) || len(err.Error()) > 200) {
		return fmt.Sprintf("the error's text is %q", err)
	}
	return ""
}

// sweep runs each course once for each turn that it takes, and disturbs it then.
func sweep(t *testing.T, disturb func(t *testing.T, y *loop.Yielder, c *client.Client, task *loop.Task[string], p course, s *stand) string) {
	ours, theirs := fixedCertificate(t)
	for _, p := range courses {
		t.Run(p.name, func(t *testing.T) {
			cfg := theirs
			if !p.secure {
				cfg = nil
			}
			calmly(t, func(y *loop.Yielder, cm *calm) {
				s := newStand(t, y, cfg, entertainer(theirs))
				turns := 0
				for over := false; !over; turns++ {
					c := &client.Client{MaxConns: 1, TLSConfig: ours}
					task := loop.Go(y, func(y *loop.Yielder) (string, error) { return p.do(y, c, s) })
					for range turns {
						turn(t, y)
					}
					var wrong string
					if over = task.Done(); !over {
						wrong = disturb(t, y, c, task, p, s)
					} else if got, err := task.Await(y); got != p.want || err != nil {
						wrong = fmt.Sprintf("undisturbed: %q, %v", got, err)
					}
					if err := c.Close(); err != nil {
						t.Error(err)
					}
					s.rest(t, y)
					if wrong == "" && len(cm.open) != 1 {
						wrong = fmt.Sprintf("%d descriptors are left", len(cm.open)-1)
					}
					if wrong != "" {
						t.Errorf("after %d turns: %s", turns, wrong)
					}
				}
				s.close(t, y)
				t.Logf("%d turns", turns)
			})
		})
	}
}
