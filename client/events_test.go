package client_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/valyala/fasthttp"
)

const stream = ok + "Content-Type: text/event-stream; charset=utf-8\r\n\r\n"

// texts is what range gave: id, type and data of each event, and the error.
func texts(events func(func(client.Event, error) bool)) (all []string, err error) {
	for e, err := range events {
		if err != nil {
			return all, err
		}
		all = append(all, e.ID+"|"+e.Type+"|"+e.Data)
	}
	return all, nil
}

// TestEvents parses streams; the first ones are those of the HTML standard.
func TestEvents(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       []string
	}{
		{"standard 1", "data: YHOO\ndata: +2\ndata: 10\n\n", []string{"|message|YHOO\n+2\n10"}},
		{"standard 2", ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
			[]string{"1|message|first event", "|message|second event", "|message| third event"}},
		{"standard 3", "data\n\ndata\ndata\n\ndata:", []string{"|message|", "|message|\n"}},
		{"standard 4", "data:test\n\ndata: test\n\n", []string{"|message|test", "|message|test"}},
		{"types", "event: add\ndata: 1\n\ndata: 2\n\nevent: add\n\ndata: 3\n\n", []string{"|add|1", "|message|2", "|message|3"}},
		{"CR", "data: a\rdata: b\r\rdata: c\r\r", []string{"|message|a\nb", "|message|c"}},
		{"CR LF", "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", []string{"|message|a\nb", "|message|c"}},
		{"mixed", "data: a\n\r\ndata: b\r\r\ndata: c\r\n\n", []string{"|message|a", "|message|b", "|message|c"}},
		{"mark", "\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", []string{"|message|a"}},
		{"ids", "id: 1\ndata: a\n\nid: 2\n\ndata: b\n\nid: x\x00y\ndata: c\n\n", []string{"1|message|a", "2|message|b", "2|message|c"}},
		{"unknown fields", "DATA: a\nretry: 5x\nfoo: b\ndata : c\ndata: d\n\n", []string{"|message|d"}},
		{"colons", "data: a: b\ndata::c\n\n", []string{"|message|a: b\n:c"}},
		{"no UTF-8", "data: a\xffb\n\n", []string{"|message|a\ufffdb"}},
		{"not complete", "data: a\n\ndata: b\n", []string{"|message|a"}},
		{"comments", ":\n:x\n\n:y\ndata: a\n:z\n\n", []string{"|message|a"}},
		{"nothing", "", nil},
		{"long", "data: " + words(900_000) + "\n\n", []string{"|message|" + words(900_000)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, piece := range []int{1, 2, 7, len(tt.body) + 1} {
				if len(tt.body) > 1000 && piece < 3 {
					continue
				}
				url := "http://" + serve(t, func(c net.Conn) {
					reply(ok + "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")(c)
					for b := tt.body; b != ""; {
						n := min(piece, len(b))
						_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n", n, b[:n])
						b = b[n:]
					}
					_, _ = io.WriteString(c, "0\r\n\r\n")
				})
				c := &client.Client{}
				run(t, c, func(y *loop.Yielder, w *wire) {
					got, err := texts(c.Events(y, &client.Request{URL: url}))
					if err != nil || !slices.Equal(got, tt.want) {
						t.Errorf("in pieces of %d: got %.200q, %v", piece, got, err)
					}
				})
			}
		})
	}
}

// TestEventsAtOnce sees that an event is there as soon as its empty line is, also within each coding, and
// that to leave the range ends the connection.
func TestEventsAtOnce(t *testing.T) {
	for _, coding := range []string{"", "gzip", "deflate", "br", "zstd"} {
		for _, end := range []string{"\n", "\r"} {
			t.Run(coding+fmt.Sprintf("%q", end), func(t *testing.T) {
				url := "http://" + serve(t, func(c net.Conn) {
					head := ok + "Content-Type: text/event-stream\r\n"
					if coding != "" {
						head += "Content-Encoding: " + coding + "\r\n"
					}
					reply(head + "\r\n")(c)
					var w io.Writer = c
					if coding != "" {
						w = packers[coding](c)
					}
					_, _ = io.WriteString(w, "data: 1"+end+end)
					if f, ok := w.(interface{ Flush() error }); ok {
						_ = f.Flush()
					}
					silent(c)
				})
				c := &client.Client{}
				run(t, c, func(y *loop.Yielder, w *wire) {
					for e, err := range c.Events(y, &client.Request{URL: url}) {
						if err != nil || e.Data != "1" {
							t.Errorf("%+v, %v", e, err)
						}
						break
					}
					if w.open != 0 {
						t.Errorf("%d connections are open", w.open)
					}
				})
			})
		}
	}
}

// TestEventsRequest sees what is asked, and that the silence of a server, and the time of the whole, are
// not limited.
func TestEventsRequest(t *testing.T) {
	said := make(chan struct{})
	url := "http://" + serve(t, func(c net.Conn) {
		var r fasthttp.Request
		if err := r.Read(bufio.NewReader(c)); err != nil {
			return
		}
		h := &r.Header
		_, _ = fmt.Fprintf(c, stream+"data: %s %s %s %s\n\n", h.Method(), h.Peek("Accept"), h.Peek("Cache-Control"), h.Peek("Last-Event-ID"))
		<-said
		_, _ = io.WriteString(c, "data: late\n\n")
	})
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		s := client.EventSource{Client: c, Request: client.Request{URL: url}, LastEventID: "7", MaxRetries: -1}
		var got []string
		for e, err := range s.Events(y) {
			if err != nil {
				t.Error(err)
				break
			}
			if got = append(got, e.Data); len(got) == 1 {
				looptest.Advance(y, 1000*time.Hour)
				turn(t, y)
				close(said)
			}
		}
		if !slices.Equal(got, []string{"GET text/event-stream no-store 7", "late"}) {
			t.Errorf("got %q", got)
		}
	})
}

// TestEventsRefused has responses that are no events.
func TestEventsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		phase     client.Phase
		is        error
		text      string
	}{
		{"404", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", client.PhaseStatus, nil, "404 Not Found"},
		{"206", "HTTP/1.1 206 Partial Content\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n", client.PhaseStatus, nil, "206 Partial Content"},
		{"other type", ok + "Content-Type: text/html\r\nContent-Length: 2\r\n\r\nno", client.PhaseHeader, nil, `Content-Type is "text/html", not text/event-stream`},
		{"no type", ok + "Content-Length: 2\r\n\r\nno", client.PhaseHeader, nil, `Content-Type is ""`},
		{"long line", stream + "data: " + strings.Repeat("x", 1<<20) + "\n\n", client.PhaseBody, client.ErrEventTooLarge, "event is too large"},
		{"long event", stream + strings.Repeat("data: 0123456789\n", 1<<17) + "\n", client.PhaseBody, client.ErrEventTooLarge, "event is too large"},
		{"cut", ok + "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n", client.PhaseBody, io.ErrUnexpectedEOF, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := "http://" + serve(t, reply(tt.raw))
			c := &client.Client{}
			run(t, c, func(y *loop.Yielder, w *wire) {
				_, err := texts(c.Events(y, &client.Request{URL: url}))
				checkError(t, err, "GET", url, tt.phase, tt.is, tt.text)
				if tt.name != "404" && w.open != 0 {
					t.Errorf("%d connections are open", w.open)
				}
			})
		})
	}
	t.Run("204", func(t *testing.T) {
		url := "http://" + serve(t, reply("HTTP/1.1 204 No Content\r\n\r\n"))
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			s := client.EventSource{Client: c, Request: client.Request{URL: url}}
			if got, err := texts(s.Events(y)); got != nil || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	})
	t.Run("not streamed", func(t *testing.T) {
		respond(t, ok+"Content-Length: 9\r\n\r\ndata: 1\n\n", client.Request{}, func(y *loop.Yielder, resp *client.Response) {
			_, err := texts(resp.Events(y))
			checkError(t, err, "GET", resp.URL, client.PhaseBody, nil, "not streamed")
		})
	})
}

// TestEventSource has a server that ends the connection again and again.
func TestEventSource(t *testing.T) {
	asked := make(chan string, 100)
	answers := make(chan string, 100)
	url := "http://" + serve(t, func(c net.Conn) {
		var r fasthttp.Request
		if err := r.Read(bufio.NewReader(c)); err != nil {
			return
		}
		asked <- string(r.Header.Peek("Last-Event-ID"))
		_, _ = io.WriteString(c, <-answers)
	})
	const cut = ok + "Content-Type: text/event-stream\r\nContent-Length: 1000\r\n\r\n"
	for _, a := range []string{
		stream + "id: 1\ndata: a\n\n",                    // ends as it should
		cut + "id: 2\nretry: 500\ndata: b\n\ndata: lost", // is cut
		"", "", "", // no answer
		stream + "data: c\n\n",
		stream + "id\n\n", // resets the id, without an event
		stream,
		"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n",
	} {
		answers <- a
	}
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		var waits []time.Duration
		var errs []bool
		s := client.EventSource{Client: c, Request: client.Request{URL: url}, OnRetry: func(err error, wait time.Duration) {
			waits, errs = append(waits, wait), append(errs, err != nil)
			loop.Running(y).CallSoon(func() { looptest.Advance(y, wait) })
		}}
		got, err := texts(s.Events(y))
		checkError(t, err, "GET", url, client.PhaseStatus, nil, "500")
		if want := []string{"1|message|a", "2|message|b", "2|message|c"}; !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
		const half = 500 * time.Millisecond
		if want := []time.Duration{3 * time.Second, half, 2 * half, 4 * half, 8 * half, half, 2 * half, 4 * half}; !slices.Equal(waits, want) {
			t.Errorf("waited for %v, want %v", waits, want)
		}
		if want := []bool{false, true, true, true, true, false, false, false}; !slices.Equal(errs, want) {
			t.Errorf("errors: %v", errs)
		}
		if s.LastEventID != "" {
			t.Errorf("in the end the id is %q", s.LastEventID)
		}
	})
	var ids []string
	for len(asked) > 0 {
		ids = append(ids, <-asked)
	}
	if want := []string{"", "1", "2", "2", "2", "2", "2", "", ""}; !slices.Equal(ids, want) {
		t.Errorf("Last-Event-ID %q", ids)
	}
}

// TestEventSourceEnds has one that gives up, is cancelled, or whose client is closed.
func TestEventSourceEnds(t *testing.T) {
	refused := "http://127.0.0.1:1/"
	t.Run("gives up", func(t *testing.T) {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			var waits []time.Duration
			s := client.EventSource{Client: c, Request: client.Request{URL: refused}, Retry: 20 * time.Second, MaxRetries: 4, OnRetry: func(_ error, wait time.Duration) {
				waits = append(waits, wait)
				loop.Running(y).CallSoon(func() { looptest.Advance(y, wait) })
			}}
			_, err := texts(s.Events(y))
			checkError(t, err, "GET", refused, client.PhaseConnect, nil, "refused")
			if want := []time.Duration{20 * time.Second, 40 * time.Second, time.Minute, time.Minute}; !slices.Equal(waits, want) {
				t.Errorf("waited for %v", waits)
			}
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			task := loop.Spawn(y, func(y *loop.Yielder) error {
				s := client.EventSource{Client: c, Request: client.Request{URL: refused}}
				_, err := texts(s.Events(y))
				return err
			})
			parked(t, y, task, "Sleep")
			task.Cancel()
			if _, err := task.Await(y); !loop.IsCancelled(err) {
				t.Error(err)
			}
		})
	})
	t.Run("closed", func(t *testing.T) {
		c := &client.Client{}
		url := "http://" + serve(t, replySilent(stream+"data: 1\n\n"))
		run(t, c, func(y *loop.Yielder, _ *wire) {
			s := client.EventSource{Client: c, Request: client.Request{URL: url}}
			var got []string
			for e, err := range s.Events(y) {
				got = append(got, e.Data)
				if len(got) == 1 {
					must(c.Close())
					continue
				}
				checkError(t, err, "GET", url, client.PhaseBody, client.ErrClosed, "closed")
			}
			if len(got) != 2 {
				t.Errorf("got %q", got)
			}
		})
	})
	t.Run("bad URL", func(t *testing.T) {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			s := client.EventSource{Client: c, Request: client.Request{URL: "x"}}
			_, err := texts(s.Events(y))
			checkError(t, err, "GET", "x", client.PhaseRequest, nil, "")
		})
	})
}
