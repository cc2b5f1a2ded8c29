package client_test

import (
	"bytes"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// page is what the first request asks for, and next what the request asks for that
// finds out whether a connection is used again.
const (
	page = "/dir/page?q=1"
	next = "/next"
)

// A stage is a server that plays one script. The first request gets its reply; each
// later one is told what it asked, in a field, and the one for next whether it came over
// the connection of the script.
type stage struct {
	script
	addr   string
	asked  atomic.Int32 // requests
	before atomic.Int32 // the requests before the one for next
}

// asksNext reports whether it is to be asked whether the connection is used again.
func (s *stage) asksNext() bool { return s.end == "keep" && s.asked.Load() == 1 }

// A line is one connection to a stage.
type line struct {
	*stage
	in     []byte // not answered yet
	played bool   // the script
	over   bool   // no more is said, and the connection ends
}

// hear returns the answers to the requests that are complete.
func (l *line) hear(more []byte) (say string) {
	l.in = append(l.in, more...)
	for !l.over {
		req, rest, ok := cutRequest(l.in)
		if !ok {
			break
		}
		l.in = rest
		if n := l.asked.Add(1); n == 1 || l.end == "again" {
			l.played, l.over = true, l.end == "close" || l.end == "reset"
			say += strings.ReplaceAll(l.reply, "{addr}", l.addr)
		} else {
			say += l.answer(req)
		}
	}
	return say
}

// answer is the answer to a request after the first.
func (l *line) answer(req string) string {
	head, body, _ := strings.Cut(req, "\r\n\r\n")
	first, fields, _ := strings.Cut(head, "\r\n")
	method, target, _ := strings.Cut(first, " ")
	target = target[:max(0, strings.LastIndex(target, " HTTP/1."))]
	if target == next {
		l.before.CompareAndSwap(0, l.asked.Load()-1)
		if l.played {
			return "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkept"
		}
		return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh"
	}
	asked := method + " " + target
	if host := field(fields, "host"); host != l.addr {
		asked += " of " + host
	}
	if auth := field(fields, "authorization"); auth != "" {
		asked += " by " + auth
	}
	if body != "" {
		asked += " with " + body
	}
	return "HTTP/1.1 200 OK\r\nAsked: " + asked + "\r\nContent-Length: 0\r\n\r\n"
}

func field(fields, name string) string {
	for f := range strings.SplitSeq(fields, "\r\n") {
		if k, v, _ := strings.Cut(f, ":"); strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// cutRequest cuts the first request off in, if it is complete.
func cutRequest(in []byte) (req string, rest []byte, ok bool) {
	head, _, ok := bytes.Cut(in, []byte("\r\n\r\n"))
	if !ok {
		return "", in, false
	}
	n := len(head) + 4
	if length := field(string(head), "content-length"); length != "" {
		more, _ := strconv.Atoi(length)
		n += more
	}
	if len(in) < n {
		return "", in, false
	}
	return string(in[:n]), in[n:], true
}

// A theatre is a stage that serves connections on goroutines.
type theatre struct {
	stage
	mu     sync.Mutex
	conns  []net.Conn
	ended  bool
	ln     net.Listener // or nil
	active sync.WaitGroup
}

// raise opens a theatre on loopback. It must be closed.
func raise(t testing.TB, s script) *theatre {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	th := &theatre{stage: stage{script: s, addr: ln.Addr().String()}, ln: ln}
	th.active.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			th.serve(c)
		}
	})
	return th
}

// serve serves a connection until one of both sides ends it.
func (th *theatre) serve(c net.Conn) {
	th.mu.Lock()
	defer th.mu.Unlock()
	if th.ended {
		c.Close()
		return
	}
	th.conns = append(th.conns, c)
	th.active.Go(func() {
		defer c.Close()
		l := &line{stage: &th.stage}
		buf := make([]byte, 4<<10)
		for !l.over {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if say := l.hear(buf[:n]); say != "" { // a pipe would wait with nothing
				if _, err := c.Write([]byte(say)); err != nil {
					return
				}
			}
		}
		if tcp, ok := c.(*net.TCPConn); ok && l.end == "reset" {
			_ = tcp.SetLinger(0)
		}
	})
}

func (th *theatre) close() {
	if th.ln != nil {
		th.ln.Close()
	}
	th.mu.Lock()
	th.ended = true
	conns := th.conns
	th.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
	th.active.Wait()
}
