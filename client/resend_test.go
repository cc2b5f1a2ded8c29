package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// A watched is a body that counts how often it is closed.
type watched struct {
	io.Reader
	closed int
}

func (w *watched) Close() error { w.closed++; return nil }

// A watchedSeeker is a watched that can be set back.
type watchedSeeker struct {
	*watched
	io.Seeker
}

// TestBodyIsSentAgain has requests whose body is needed a second time: after a redirect, a challenge, and a
// failure. Each body is closed, once, and not before it is needed no more.
func TestBodyIsSentAgain(t *testing.T) {
	gone := errors.New("gone")
	for _, why := range []struct {
		name  string
		reply string
		phase client.Phase // of the error if it cannot be sent again; "": the reply is returned
	}{
		{"redirect", to(307, "/there"), client.PhaseRedirect},
		{"challenge", replies(401, "WWW-Authenticate: Digest realm=r, nonce=n"), ""},
		{"retry", replies(503), ""},
		{"retry on a connection that is closed then", "-" + replies(503), ""},
	} {
		for _, tt := range []struct {
			name   string
			expect bool
			body   func(r *client.Request, made func() *watched)
			again  bool
			err    error
		}{
			{"Body", false, func(r *client.Request, _ func() *watched) { r.Body = []byte("body") }, true, nil},
			{"Body with Expect", true, func(r *client.Request, _ func() *watched) { r.Body = []byte("body") }, true, nil},
			{"Seeker", false, func(r *client.Request, made func() *watched) {
				sk := strings.NewReader("no body")
				_, _ = sk.Seek(3, io.SeekStart)
				w := made()
				w.Reader = sk
				r.BodyStream = &watchedSeeker{w, sk}
			}, true, nil},
			{"Seeker with Expect", true, func(r *client.Request, made func() *watched) {
				sk := strings.NewReader("body")
				w := made()
				w.Reader = sk
				r.BodyStream = &watchedSeeker{w, sk}
			}, true, nil},
			{"GetBody", false, func(r *client.Request, made func() *watched) {
				r.BodyStream = made()
				r.GetBody = func() (io.Reader, error) { return made(), nil }
			}, true, nil},
			{"GetBody fails", false, func(r *client.Request, made func() *watched) {
				r.BodyStream = made()
				r.GetBody = func() (io.Reader, error) { return nil, gone }
			}, false, gone},
			{"once", false, func(r *client.Request, made func() *watched) {
				r.BodyStream = made()
			}, false, nil},
		} {
			t.Run(why.name+"/"+tt.name, func(t *testing.T) {
				var got []string
				addr := converse(t, func(v *visit) string {
					if got = append(got, v.body); len(got) == 1 {
						return why.reply
					}
					return says("done")
				})
				c := &client.Client{
					Auth:  client.Digest("me", "mine"),
					Retry: &client.Retry{Backoff: -1, NonIdempotent: true},
				}
				run(t, c, func(y *loop.Yielder, w *wire) {
					r := &client.Request{Method: "POST", URL: "http://" + addr, Expect: tt.expect}
					var made []*watched
					tt.body(r, func() *watched {
						made = append(made, &watched{Reader: strings.NewReader("body")})
						return made[len(made)-1]
					})
					resp, err := c.Do(y, r)
					cross()
					switch {
					case tt.again && (err != nil || string(resp.Body) != "done"):
						t.Errorf("got %+v, %v", resp, err)
					case tt.again && fmt.Sprint(got) != "[body body]":
						t.Errorf("the server got %q", got)
					case tt.err != nil && !errors.Is(err, tt.err):
						t.Errorf("got %v", err)
					case !tt.again && tt.err == nil && why.phase != "":
						checkError(t, err, "POST", r.URL, why.phase, nil, "cannot be sent again")
					case !tt.again && tt.err == nil && (err != nil || resp.Status < 401):
						t.Errorf("got %+v, %v", resp, err)
					}
					for i, m := range made {
						if m.closed != 1 {
							t.Errorf("body %d was closed %d times", i, m.closed)
						}
					}
				})
			})
		}
	}
}

// TestExpectedBodyIsNotSent has a server that asks for credentials before it asks for the body, which is sent
// once then, though it could not be sent twice.
func TestExpectedBodyIsNotSent(t *testing.T) {
	var heads []string
	addr := serve(t, func(c net.Conn) {
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			head := string(buf[:n])
			heads = append(heads, head)
			cross()
			if !strings.Contains(head, "Authorization: ") {
				_, _ = io.WriteString(c, replies(401, "WWW-Authenticate: Digest realm=r, nonce=n", "Connection: close"))
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
			body := make([]byte, 4)
			if _, err := io.ReadFull(c, body); err != nil {
				return
			}
			_, _ = io.WriteString(c, says(string(body)))
		}
	})
	c := &client.Client{Auth: client.Digest("me", "mine")}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		body := &watched{Reader: io.MultiReader(strings.NewReader("body"))}
		resp, err := c.Do(y, &client.Request{Method: "PUT", URL: "http://" + addr, BodyStream: body, Length: 4, Expect: true})
		cross()
		if err != nil || string(resp.Body) != "body" || body.closed != 1 {
			t.Errorf("got %+v, %v; closed %d times", resp, err, body.closed)
		}
		for _, h := range heads {
			if !strings.HasSuffix(h, "\r\n\r\n") {
				t.Errorf("the body came with the header: %q", h)
			}
		}
	})
}

// TestB9UploadOutlivesDo streams a response while the body of its request is still being sent. The body is closed
// when that is over.
func TestB9UploadOutlivesDo(t *testing.T) {
	for _, end := range []string{"read", "close", "cut"} {
		t.Run(end, func(t *testing.T) {
			hold := make(chan struct{})
			addr := serve(t, func(c net.Conn) {
				buf := make([]byte, 4096)
				if _, err := c.Read(buf); err != nil {
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhere")
				if end == "cut" {
					<-hold
					return
				}
				for {
					n, err := c.Read(buf)
					if err != nil || bytes.HasSuffix(buf[:n], []byte("0\r\n\r\n")) {
						break
					}
				}
				_, _ = io.WriteString(c, "upto")
				silent(c)
			})
			good := converse(t, func(*visit) string { return says("good") })
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, w *wire) {
				var more loop.Event
				body := &watched{Reader: &slowly{loop.Running(y), &more, 3}}
				resp, err := c.Do(y, &client.Request{Method: "POST", URL: "http://" + addr, BodyStream: body, Stream: true})
				if err != nil {
					close(hold)
					t.Error(err)
					return
				}
				if body.closed != 0 {
					t.Error("the body is closed and still being sent")
				}
				// Other requests use the exchange meanwhile.
				if err := get(y, c, "http://"+good); err != nil {
					t.Error(err)
				}
				switch end {
				case "read":
					more.Set()
					all, err := io.ReadAll(resp.Stream)
					if err != nil || string(all) != "hereupto" {
						t.Errorf("got %q, %v", all, err)
					}
				case "close":
					_ = resp.Stream.Close()
				case "cut":
					close(hold)
					if all, err := io.ReadAll(resp.Stream); err == nil || string(all) != "here" {
						t.Errorf("got %q, %v", all, err)
					}
					_ = resp.Stream.Close()
				}
				for range 3 {
					turn(t, y)
				}
				if body.closed != 1 {
					t.Errorf("the body was closed %d times", body.closed)
				}
			})
		})
	}
}

// A slowly is a body of so many pieces, which come once it may go on, but for the first.
type slowly struct {
	l      *loop.Loop
	more   *loop.Event
	pieces int
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.pieces--; s.pieces < 0 {
		return 0, io.EOF
	}
	if s.pieces < 2 {
		y, err := s.l.Current() // the upload's
		if err != nil {
			return 0, err
		}
		if err := s.more.Wait(y); err != nil {
			return 0, err
		}
	}
	return copy(p, "piece"), nil
}
