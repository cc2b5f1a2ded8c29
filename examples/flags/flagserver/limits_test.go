package flagserver

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// dial starts site and returns a connection to it.
func dial(t *testing.T, site *site) net.Conn {
	t.Helper()
	s, err := start("127.0.0.1:0", site, []string{"CN"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return dialServer(t, s)
}

func dialServer(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// status sends text and returns the status of the reply.
func status(t *testing.T, c net.Conn, text string) int {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// A request that no flag is asked for with is refused for what its header says:
// none of these sends a body.
func TestD4RefusedByTheHeader(t *testing.T) {
	const gif = " /flags/cn/cn.gif HTTP/1.1\r\nHost: x\r\n"
	for text, want := range map[string]int{
		"nonsense\r\n\r\n": 400,
		"POST" + gif + "Content-Length: 4000000\r\n\r\n":                                                 405,
		"POST" + gif + "Content-Length: 4000000\r\nExpect: 100-continue\r\n\r\n":                         405,
		"PUT" + gif + "Transfer-Encoding: chunked\r\n\r\n":                                               405,
		"GET" + gif + "Content-Length: 4000000\r\n\r\n":                                                  413,
		"GET" + gif + "Content-Length: 9000000000\r\n\r\n":                                               413,
		"GET" + gif + "Transfer-Encoding: chunked\r\n\r\n3d0900\r\n":                                     413,
		"GET" + gif + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 4000000\r\n\r\n": 413,
		"GET" + gif + "X: " + strings.Repeat("x", 10_000) + "\r\n\r\n":                                   431,
		"GET" + gif + "\r\n": 200,
	} {
		if got := status(t, dial(t, newSite(Prompt)), text); got != want {
			t.Errorf("%.100q: status %d, want %d", text, got, want)
		}
	}
}

// The memory that is allocated does not follow from what clients claim to send.
func TestD4MemoryIsNotTheClaim(t *testing.T) {
	const clients, claim = 300, 4_000_000
	s, err := Start("127.0.0.1:0", Prompt)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range clients {
		c := dialServer(t, s)
		if got := status(t, c, "POST /flags/cn/cn.gif HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n"); got != 405 {
			t.Fatalf("status %d, want 405", got)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > clients*claim/20 {
		t.Errorf("%d bytes were allocated for %d requests", got, clients)
	}
}

// A client that sends nothing, or part of a request, or no second one, is not
// waited for without end.
func TestD4SilentClients(t *testing.T) {
	const request = "GET /flags/cn/cn.gif HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, tc := range []struct {
		name, sent, want string
		limit            func(*site)
	}{
		{"nothing", "", "", func(s *site) { s.http.ReadTimeout = time.Millisecond }},
		{"half", request[:30], "HTTP/1.1 408", func(s *site) { s.http.ReadTimeout = 50 * time.Millisecond }},
		{"idle", request, "HTTP/1.1 200", func(s *site) { s.http.IdleTimeout = time.Millisecond }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			site := newSite(Prompt)
			tc.limit(site)
			c := dial(t, site)
			_, _ = io.WriteString(c, tc.sent) // late, it is refused
			got, err := io.ReadAll(c)
			if tc.name == "half" && len(got) == 0 {
				return // nothing of it came in time
			}
			if err != nil || !strings.HasPrefix(string(got), tc.want) {
				t.Errorf("got %.50q, %v, want %q and the end", got, err, tc.want)
			}
		})
	}
}

// The flags that are painted ahead are, and no others.
func TestPaintsAhead(t *testing.T) {
	painted.Clear()
	s, err := Start("127.0.0.1:0", Prompt, "CN", "zz", "IN")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for cc, want := range map[string]bool{"cn": true, "in": true, "zz": false, "us": false} {
		if _, got := painted.Load(cc); got != want {
			t.Errorf("%s: painted %t, want %t", cc, got, want)
		}
	}
}
