package client_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// A middleman is a proxy, HTTP and SOCKS, that remembers what it was asked for. All names lead
// to servers of the test.
type middleman struct {
	addr   string
	names  map[string]string // host:port as it is asked for, and where that is
	user   string            // user:password that SOCKS wants; "" for none
	secure *tls.Config       // of an https proxy, or nil

	mu    sync.Mutex
	asked []string
	conns int
}

// startMiddleman starts one.
func startMiddleman(t testing.TB, m *middleman) *middleman {
	t.Helper()
	m.addr = serve(t, func(c net.Conn) {
		m.mu.Lock()
		m.conns++
		m.mu.Unlock()
		if m.secure != nil {
			c = tls.Server(c, m.secure)
		}
		r := bufio.NewReader(c)
		first, err := r.Peek(1)
		switch {
		case err != nil:
		case first[0] == 5:
			m.socks(c, r)
		default:
			m.http(c, r)
		}
	})
	return m
}

// note remembers what was asked for.
func (m *middleman) note(format string, args ...any) {
	m.mu.Lock()
	m.asked = append(m.asked, fmt.Sprintf(format, args...))
	m.mu.Unlock()
}

// take returns what was asked for, and how many connections there have been.
func (m *middleman) take() (asked []string, conns int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	asked, conns = slices.Clone(m.asked), m.conns
	return asked, conns
}

// http serves an HTTP proxy: it passes on one connection, or answers requests itself.
func (m *middleman) http(c net.Conn, r *bufio.Reader) {
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		m.note("%s %s host=%s auth=%s", req.Method, req.RequestURI, req.Host, req.Header.Get("Proxy-Authorization"))
		if req.Method == "CONNECT" {
			m.join(c, r, req.RequestURI, "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
			return
		}
		body := "by proxy: " + req.URL.Path
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
}

// socks serves a SOCKS proxy (RFC 1928, RFC 1929).
func (m *middleman) socks(c net.Conn, r *bufio.Reader) {
	text := func() string {
		n, _ := r.ReadByte()
		b := make([]byte, n)
		_, _ = io.ReadFull(r, b)
		return string(b)
	}
	_, _ = r.ReadByte() // the version
	methods, method := text(), byte(0)
	if m.user != "" {
		method = 2
	}
	if !slices.Contains([]byte(methods), method) {
		_, _ = c.Write([]byte{5, 0xff})
		return
	}
	_, _ = c.Write([]byte{5, method})
	user := ""
	if method == 2 {
		_, _ = r.ReadByte()
		user = text() + ":" + text()
		if user != m.user {
			_, _ = c.Write([]byte{1, 1})
			return
		}
		_, _ = c.Write([]byte{1, 0})
	}
	var head [4]byte
	_, _ = io.ReadFull(r, head[:])
	host := ""
	switch head[3] {
	case 1:
		b := make([]byte, 4)
		_, _ = io.ReadFull(r, b)
		host = net.IP(b).String()
	case 3:
		host = text()
	case 4:
		b := make([]byte, 16)
		_, _ = io.ReadFull(r, b)
		host = net.IP(b).String()
	}
	var port [2]byte
	_, _ = io.ReadFull(r, port[:])
	addr := net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port[:]))))
	m.note("socks %d %s auth=%s", head[3], addr, user)
	m.join(c, r, addr, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")
}

// join connects c to the server of a name.
func (m *middleman) join(c net.Conn, r io.Reader, addr, yes, no string) {
	if to := m.names[addr]; to != "" {
		addr = to
	}
	s, err := net.Dial("tcp", addr)
	if err != nil {
		_, _ = io.WriteString(c, no)
		return
	}
	_, _ = io.WriteString(c, yes)
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(plainly{s}, r) // splice would keep a pipe
		_ = s.(*net.TCPConn).CloseWrite()
	})
	_, _ = io.Copy(plainly{c}, s)
	_ = c.Close()
	_ = s.Close()
	both.Wait()
}

// plainly hides all methods but Write.
type plainly struct{ io.Writer }
