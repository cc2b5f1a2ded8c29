package client_test

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
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
	pieces bool // a byte at a time

	asked  atomic.Int32 // requests
	before atomic.Int32 // the requests before the one for next
	mu     sync.Mutex   // held while a request is read and answered
	conns  []net.Conn
	ended  bool
	ln     net.Listener
	active sync.WaitGroup
}

// A line is one connection to a stage.
type line struct {
	*stage
	in     []byte // not answered yet
	played bool   // the script
	over   bool   // no more is said
}

// hear answers the requests that are complete.
func (l *line) hear(w io.Writer, more []byte) {
	if l.over {
		return
	}
	l.in = append(l.in, more...)
	for !l.over {
		req, rest, ok := cutRequest(l.in)
		if !ok {
			return
		}
		l.in = rest
		if n := l.asked.Add(1); n == 1 || l.end == "again" {
			l.played, l.over = true, l.end == "close" || l.end == "reset"
			l.say(w, strings.ReplaceAll(l.reply, "{addr}", l.addr))
			continue
		}
		l.say(w, l.answer(req))
	}
}

func (l *line) say(w io.Writer, text string) {
	if !l.pieces {
		_, _ = io.WriteString(w, text) // a client may have closed by now
		return
	}
	for i := range len(text) {
		if _, err := io.WriteString(w, text[i:i+1]); err != nil {
			return
		}
	}
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

// raise opens the stage on loopback. It must be closed.
func raise(t testing.TB, s script, pieces bool) *stage {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st := &stage{script: s, ln: ln, addr: ln.Addr().String(), pieces: pieces}
	st.active.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			if st.enter(c) {
				st.active.Go(func() { st.talk(c.(*net.TCPConn)) })
			}
		}
	})
	return st
}

// asksNext reports whether it is to be asked whether the connection is used again.
func (s *stage) asksNext() bool { return s.end == "keep" && s.asked.Load() == 1 }

func (s *stage) enter(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		c.Close()
		return false
	}
	s.conns = append(s.conns, c)
	return true
}

func (s *stage) close() {
	if s.ln != nil {
		s.ln.Close()
	}
	s.mu.Lock()
	s.ended = true
	conns := s.conns
	s.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
	s.active.Wait()
}

// talk serves one connection. It reads and answers under the lock, so that
// [stage.silent] sees each request either on its way or answered.
func (s *stage) talk(c *net.TCPConn) {
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	l := &line{stage: s}
	buf := make([]byte, 4<<10)
	for n := 1; n > 0 && err == nil && !(l.over && s.end == "reset"); {
		err = raw.Read(func(fd uintptr) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			var failed error
			if n, failed = unix.Read(int(fd), buf); failed != nil {
				return failed != unix.EAGAIN && failed != unix.EINTR
			}
			again := l.over
			l.hear(c, buf[:n])
			if again && n > 0 {
				n = 0 // a request after the end
			} else if l.over && s.end == "close" {
				_ = c.CloseWrite()
			}
			return true
		})
	}
	if l.over {
		_ = c.SetLinger(0)
	}
}

// silent reports whether everything that anyone has sent has arrived, and has been
// read and answered as far as the server is concerned.
func (s *stage) silent(clients []int) bool {
	if s.end == "reset" || !s.mu.TryLock() {
		return false // a reset ends every silence
	}
	defer s.mu.Unlock()
	accepted := map[int]bool{} // by the client's port
	for _, c := range s.conns {
		accepted[c.RemoteAddr().(*net.TCPAddr).Port] = true
		raw, err := c.(syscall.Conn).SyscallConn()
		if err != nil {
			continue
		}
		busy := false
		_ = raw.Control(func(fd uintptr) {
			n, _, _ := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
			busy = n > 0 || unacked(int(fd))
		})
		if busy {
			return false
		}
	}
	for _, fd := range clients {
		if sa, err := unix.Getsockname(fd); err == nil && !accepted[sa.(*unix.SockaddrInet4).Port] || unacked(fd) {
			return false
		}
	}
	return s.asked.Load() > 0
}

// unacked reports whether the other side's system lacks something sent on fd.
func unacked(fd int) bool {
	n, err := unix.IoctlGetInt(fd, unix.TIOCOUTQ)
	return err == nil && n > 0
}
