//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// TestDialerBy: ConnectBy takes until a time on the loop's clock, or that of the Dialer, if it comes
// before. The error says which address did not answer, or that the look-up took so long.
func TestDialerBy(t *testing.T) {
	s := &quiet{silent: []string{"127.0.0.8"}}
	onQuiet(t, s, func(y *loop.Yielder, port string) error {
		const limit = time.Hour
		asked := make(chan struct{}, 1)
		deaf := &Resolver{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			asked <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		for _, tt := range []struct {
			name string
			d    Dialer
			by   time.Duration // from now; -1 is never
			host string
			text string
		}{
			{"a time", Dialer{}, limit, "127.0.0.8", "dial tcp 127.0.0.8: i/o timeout"},
			{"before the Dialer's", Dialer{Timeout: 2 * limit}, limit, "127.0.0.8", "dial tcp 127.0.0.8: i/o timeout"},
			{"after the Dialer's", Dialer{Timeout: limit}, 2 * limit, "127.0.0.8", "dial tcp 127.0.0.8: i/o timeout"},
			{"never", Dialer{Timeout: limit}, -1, "127.0.0.8", "dial tcp 127.0.0.8: i/o timeout"},
			{"the look-up", Dialer{Resolver: deaf}, limit, "name", "dial tcp: lookup name: i/o timeout"},
		} {
			before, by := len(s.asked), tt.by
			if by >= 0 {
				by += loop.Running(y).Time()
			}
			dial := loop.Spawn(y, func(y *loop.Yielder) error {
				_, err := tt.d.ConnectBy(y, "tcp", tt.host+":"+port, by)
				return err
			})
			if err := until(y, func() bool { return len(s.asked) > before || len(asked) > 0 }); err != nil {
				return err
			}
			looptest.Advance(y, limit-1)
			if err := turns(y); err != nil {
				return err
			}
			if dial.Done() {
				t.Errorf("%s: it is over before its time", tt.name)
			}
			looptest.Advance(y, 1)
			_, err := dial.Await(y)
			wantTimeout(t, tt.name, err)
			if text := strings.ReplaceAll(err.Error(), ":"+port, ""); text != tt.text {
				t.Errorf("%s: %s", tt.name, text)
			}
			if dns, ok := errors.AsType[*net.DNSError](err); ok != (tt.host == "name") || ok && (dns.Name != tt.host || !dns.IsTimeout) {
				t.Errorf("%s: %+v", tt.name, dns)
			}
		}
		before := len(s.asked)
		_, err := new(Dialer).ConnectBy(y, "tcp", "127.0.0.9:"+port, loop.Running(y).Time())
		wantTimeout(t, "now", err)
		if len(s.asked) != before {
			t.Error("it connects though the time is up")
		}
		_, err = new(Dialer).ConnectBy(y, "udp", "127.0.0.9:"+port, -1)
		wantErr(t, "udp", err, net.UnknownNetworkError("udp"))
		return nil
	})
}

// TestDialerUnix: a Unix socket is called by the name of its file, from one with a name if that is
// wanted. A limit holds there too.
func TestDialerUnix(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		dir := t.TempDir()
		ln, err := Listen(y, "unix", filepath.Join(dir, "s"))
		if err != nil {
			return err
		}
		defer ln.Close()
		own := &net.UnixAddr{Name: filepath.Join(dir, "own"), Net: "unix"}
		d := Dialer{LocalAddr: own, Timeout: time.Minute}
		c, err := d.ConnectBy(y, "unix", ln.Addr().String(), -1)
		if err != nil {
			return err
		}
		peer, err := ln.Accept()
		if err != nil {
			return err
		}
		if c.LocalAddr().String() != own.Name || peer.RemoteAddr().String() != own.Name {
			t.Errorf("it is called from %v; the server sees %v", c.LocalAddr(), peer.RemoteAddr())
		}
		d.LocalAddr = &net.TCPAddr{}
		_, err = d.Connect(y, "unix", ln.Addr().String())
		if addr := new(net.AddrError); !errors.As(err, &addr) {
			t.Errorf("from a TCP address: %v", err)
		}
		_, err = new(Dialer).Connect(y, "unix", filepath.Join(dir, "none"))
		wantErr(t, "no such file", err, os.ErrNotExist)
		return errors.Join(c.Close(), peer.Close())
	})
}

// TestDialerTLS: a Dialer's options hold for TLS too, and its limits for the dial and the handshake
// together, and no longer.
func TestDialerTLS(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	clientConfig.ServerName = "" // the host of the address
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		ln, err := ListenTLS(y, "tcp", "127.0.0.1:0", serverConfig)
		if err != nil {
			return err
		}
		deaf, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer deaf.Close()
		serving := loop.Spawn(y, func(y *loop.Yielder) error {
			return ln.Serve(y, func(_ *loop.Yielder, c *TLSConn) error {
				_, err := io.WriteString(c, c.RemoteAddr().String())
				return errors.Join(err, c.WaitRead())
			})
		})
		for name, d := range map[string]*Dialer{
			"Timeout":       {Timeout: 2 * time.Minute},
			"Deadline":      {Deadline: time.Now().Add(2 * time.Minute)},
			"both":          {Timeout: time.Hour, Deadline: time.Now().Add(2 * time.Minute)},
			"neither":       {},
			"local address": {LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 3)}},
		} {
			c, err := d.ConnectTLS(y, "tcp", ln.Addr().String(), clientConfig)
			if err != nil {
				return err
			}
			from := make([]byte, 100)
			n, err := c.Read(from)
			if got := string(from[:n]); got != c.LocalAddr().String() || d.LocalAddr != nil && !strings.HasPrefix(got, "127.0.0.3:") {
				t.Errorf("%s: the server is called from %s, %v", name, got, err)
			}
			if c.base().rd.deadline != forever {
				t.Errorf("%s: the deadline has stayed", name)
			}
			wantErr(t, "Close", c.Close(), nil)
			if d.LocalAddr != nil {
				continue
			}
			dial := loop.Spawn(y, func(y *loop.Yielder) error {
				_, err := d.ConnectTLS(y, "tcp", deaf.Addr().String(), clientConfig)
				return err
			})
			if err := turns(y); err != nil {
				return err
			}
			limit := handshakeTimeout
			if d.Timeout != 0 || !d.Deadline.IsZero() {
				limit = 2*time.Minute + time.Second // a Deadline is as near as its clock
			}
			looptest.Advance(y, limit-2*time.Second)
			if err := turns(y); err != nil {
				return err
			}
			if dial.Done() {
				t.Errorf("%s: it is over before its time", name)
			}
			looptest.Advance(y, 2*time.Second)
			_, err = dial.Await(y)
			wantTimeout(t, name, err)
		}
		apart(func() { _, err = (&Dialer{Timeout: 1}).ConnectTLS(y, "tcp", ln.Addr().String(), nil) })
		wantErr(t, "on another goroutine", err, loop.ErrWrongGoroutine)
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
}
