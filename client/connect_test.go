package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/gorilla/websocket"
)

// upgrade switches protocols, says early at once, and then echoes.
func upgrade(early string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\nConnection: Upgrade\r\n\r\n%s", req.Header.Get("Upgrade"), early)
		_, _ = io.Copy(plainly{c}, r)
	}
}

var upgrading = map[string][]string{"Connection": {"Upgrade"}, "upgrade": {"echo"}}

// A response 101 has the connection, with what came together with it. It no longer is the
// client's: it takes no place, has no limits of time, and stays open when the client is closed.
func TestSwitchingProtocols(t *testing.T) {
	for _, early := range []string{"", "hello"} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(scheme+early, func(t *testing.T) {
				secure := certificate(t)
				addr := serve(t, func(c net.Conn) {
					if scheme == "https" {
						c = tlsServer(c, secure)
					}
					upgrade(early)(c)
				})
				c := &client.Client{TLSConfig: trusting(secure), MaxConns: 1, Timeouts: client.Timeouts{Total: time.Hour, Silence: time.Minute}}
				run(t, c, func(y *loop.Yielder, w *wire) {
					var conns []net.Conn
					for range 2 {
						resp, err := c.Do(y, &client.Request{URL: scheme + "://" + addr, Header: upgrading})
						if err != nil || resp.Status != 101 || resp.Header("Upgrade") != "echo" || resp.Conn == nil {
							t.Fatal(resp, err)
						}
						resp.Release()
						conns = append(conns, resp.Conn)
					}
					_ = c.Close()
					w.Advance(24 * time.Hour)
					for _, conn := range conns {
						turn(t, y)
						got := make([]byte, len(early)+5)
						if _, err := fmt.Fprint(conn, "world"); err != nil {
							t.Error(err)
						}
						if _, err := io.ReadFull(conn, got); err != nil || string(got) != early+"world" {
							t.Errorf("read %q, %v", got, err)
						}
						if err := conn.Close(); err != nil {
							t.Error(err)
						}
					}
					if w.open != 0 {
						t.Errorf("%d connections are open", w.open)
					}
				})
			})
		}
	}
}

// A server that switches without having been asked to gets no other request.
func TestSwitchingProtocolsUnasked(t *testing.T) {
	addr := serve(t, upgrade(""))
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		resp, err := c.Get(y, "http://"+addr)
		if err != nil || resp.Status != 101 || resp.Conn != nil {
			t.Error(resp, err)
		}
		if w.open != 0 {
			t.Errorf("%d connections are open", w.open)
		}
	})
}

// dialer dials WebSockets on connections of c's.
func dialer(y *loop.Yielder, c *client.Client) *websocket.Dialer {
	dial := func(scheme string) func(context.Context, string, string) (net.Conn, error) {
		return func(_ context.Context, _, addr string) (net.Conn, error) {
			conn, err := c.Connect(y, scheme+addr)
			if err != nil {
				return nil, err
			}
			return netio.NewStream(y, conn), nil
		}
	}
	return &websocket.Dialer{NetDialContext: dial("ws://"), NetDialTLSContext: dial("wss://")}
}

// A WebSocket of gorilla's, plain and over TLS, each directly and by each kind of proxy. The client
// is one task that reads and one that writes.
func TestWebSocket(t *testing.T) {
	secure := certificate(t)
	echo := func(c net.Conn) {
		r := bufio.NewReader(c)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		ws, err := new(websocket.Upgrader).Upgrade(&hijacked{c: c, r: r}, req, nil)
		for err == nil {
			var kind int
			var msg []byte
			if kind, msg, err = ws.ReadMessage(); err == nil {
				err = ws.WriteMessage(kind, msg)
			}
		}
	}
	plain := serve(t, echo)
	overTLS := serve(t, func(c net.Conn) { echo(tlsServer(c, secure)) })
	m := &middleman{names: map[string]string{"example.com:80": plain, "example.com:443": overTLS}}
	startMiddleman(t, m)
	ms := startMiddleman(t, &middleman{names: m.names, secure: secure})
	for _, url := range []string{"ws://example.com/chat", "wss://example.com/chat"} {
		for _, proxy := range []string{"", "http://" + m.addr, "https://" + ms.addr, "socks5://" + m.addr} {
			t.Run(url+" by "+proxy, func(t *testing.T) {
				c := &client.Client{TLSConfig: trusting(secure), Proxy: client.NoProxy}
				if proxy != "" {
					c.Proxy = client.ProxyURL(proxy)
				} else {
					c.Dial = func(y *loop.Yielder, network, addr string) (*netio.Conn, error) {
						return netio.Dial(y, network, m.names[addr])
					}
				}
				run(t, c, func(y *loop.Yielder, w *wire) {
					ws, _, err := dialer(y, c).Dial(url, nil)
					if err != nil {
						t.Error(err)
						return
					}
					if err := echoes(y, ws); err != nil {
						t.Error(err)
					}
					if err := ws.Close(); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// echoes sends messages, and wants each back.
func echoes(y *loop.Yielder, ws *websocket.Conn) error {
	const messages = 50
	writer := loop.Spawn(y, func(y *loop.Yielder) error {
		for n := range messages {
			if err := ws.WriteMessage(websocket.TextMessage, fmt.Append(nil, "message ", n)); err != nil {
				return err
			}
			if err := ws.NetConn().(*netio.Stream).Drain(y); err != nil {
				return err
			}
		}
		return nil
	})
	for n := range messages {
		_, msg, err := ws.ReadMessage()
		if want := fmt.Sprint("message ", n); err != nil || string(msg) != want {
			return fmt.Errorf("a message is %q, want %q (%v)", msg, want, err)
		}
	}
	_, err := writer.Await(y)
	return err
}

// hijacked is a http.ResponseWriter of a connection that can only be hijacked.
type hijacked struct {
	http.ResponseWriter
	c net.Conn
	r *bufio.Reader
}

func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.c, bufio.NewReadWriter(h.r, bufio.NewWriter(h.c)), nil
}

// Connect fails as requests do.
func TestConnectFails(t *testing.T) {
	_, refused := bound(t)
	quiet, heard := deaf(t)
	for _, tt := range []struct {
		url   string
		phase client.Phase
		is    error
		text  string
	}{
		{"http://" + refused, client.PhaseConnect, nil, "refused"},
		{"gopher://h/", client.PhaseRequest, nil, "unsupported scheme"},
		{"ws://", client.PhaseRequest, nil, "no host"},
		{"ws://a b", client.PhaseRequest, nil, "parse the URL"},
		{"wss://" + quiet, client.PhaseTLS, loop.ErrTimeout, quiet},
		{"wss://" + quiet, client.PhaseTLS, loop.ErrCancelled, "cancelled"},
	} {
		t.Run(tt.url+string(tt.phase), func(t *testing.T) {
			c := &client.Client{Timeouts: client.Timeouts{TLS: time.Hour, Total: 2 * time.Hour}}
			run(t, c, func(y *loop.Yielder, w *wire) {
				before := heard.Load()
				connect := loop.Spawn(y, func(y *loop.Yielder) error { _, err := c.Connect(y, tt.url); return err })
				for tt.is != nil && heard.Load() == before {
					turn(t, y)
				}
				switch tt.is {
				case loop.ErrTimeout:
					w.Advance(time.Hour)
				case loop.ErrCancelled:
					connect.Cancel()
				}
				_, err := connect.Await(y)
				checkError(t, err, "CONNECT", tt.url, tt.phase, tt.is, tt.text)
				if w.open != 0 {
					t.Errorf("%d connections are open", w.open)
				}
			})
		})
	}
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, w *wire) {
		_ = c.Close()
		if _, err := c.Connect(y, "ws://h/"); !errors.Is(err, client.ErrClosed) {
			t.Error(err)
		}
	})
}

// What is given away may be silent for long, and so the system looks whether the other end is there,
// unless the user's own dialer has decided.
func TestConnectKeepsAlive(t *testing.T) {
	addr := serve(t, upgrade(""))
	for want, d := range []*netio.Dialer{{KeepAlive: -1}, nil, {}} {
		c := &client.Client{Dialer: d}
		run(t, c, func(y *loop.Yielder, w *wire) {
			resp, err := c.Do(y, &client.Request{URL: "http://" + addr, Header: upgrading})
			if err != nil {
				t.Fatal(err)
			}
			conn, err := c.Connect(y, "ws://"+addr)
			if err != nil {
				t.Fatal(err)
			}
			for _, conn := range []net.Conn{resp.Conn, conn} {
				if on := keptAlive(t, conn.(*netio.Conn)); on != (want > 0) {
					t.Errorf("%+v: SO_KEEPALIVE is %v", d, on)
				}
				_ = conn.Close()
			}
		})
	}
}

func keptAlive(t *testing.T, c *netio.Conn) (on bool) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			n, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
			on = err == nil && n != 0
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return on
}
