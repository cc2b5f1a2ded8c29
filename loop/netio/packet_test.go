//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// eachDatagram is netRun with two PacketConns, of each network.
func eachDatagram(t *testing.T, fn func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error) {
	eachDatagramOn(t, looptest.OnNetwork(), fn)
}

func eachDatagramOn(t *testing.T, on looptest.Option, fn func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error) {
	dir := t.TempDir()
	for _, tc := range []struct{ network, a, b string }{
		{"udp4", "127.0.0.1:0", "localhost:0"},
		{"udp6", "[::1]:0", "[::1]:0"},
		{"udp", "127.0.0.1:0", ":0"},
		{"unixgram", filepath.Join(dir, "a"), filepath.Join(dir, "b")},
	} {
		t.Run(tc.network, func(t *testing.T) {
			if c, err := net.ListenPacket("udp6", "[::1]:0"); err == nil {
				_ = c.Close()
			} else if tc.network == "udp6" {
				t.Skip(err)
			}
			runOn(t, on, func(y *loop.Yielder, _ *loop.Loop) error {
				a, err := ListenPacket(y, tc.network, tc.a)
				if err != nil {
					return err
				}
				defer a.Close()
				b, err := ListenPacket(y, tc.network, tc.b)
				if err != nil {
					return err
				}
				defer b.Close()
				return fn(t, y, a, b)
			})
		})
	}
}

// to returns where a datagram for c must be sent.
func to(c *PacketConn) net.Addr {
	if a, ok := c.LocalAddr().(*net.UDPAddr); ok && a.IP.IsUnspecified() {
		return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: a.Port}
	}
	return c.LocalAddr()
}

func TestPacketBothWays(t *testing.T) {
	eachDatagram(t, func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error {
		for _, pair := range [][2]*PacketConn{{a, b}, {b, a}} {
			from, dest := pair[0], pair[1]
			for _, msg := range []string{"hello", "", "x"} {
				if n, err := from.WriteTo([]byte(msg), to(dest)); n != len(msg) || err != nil {
					return fmt.Errorf("WriteTo: %d, %w", n, err)
				}
				got := make([]byte, 10)
				n, addr, err := dest.ReadFrom(got)
				if string(got[:n]) != msg || err != nil || addr.String() != to(from).String() {
					t.Errorf("%q from %v, %v; want %q from %v", got[:n], addr, err, msg, to(from))
				}
			}
			// A datagram that is too long is cut off, and the next one is whole.
			for _, msg := range []string{"too long", "ok"} {
				_, err := from.WriteTo([]byte(msg), to(dest))
				wantErr(t, "WriteTo", err, nil)
			}
			got := make([]byte, 3)
			for _, want := range []string{"too", "ok"} {
				n, _, err := dest.ReadFrom(got)
				if string(got[:n]) != want || err != nil {
					t.Errorf("%q, %v, want %q", got[:n], err, want)
				}
			}
		}
		return nil
	})
}

func TestPacketConnected(t *testing.T) {
	eachDatagram(t, func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error {
		c, err := DialPacket(y, a.LocalAddr().Network(), to(a).String())
		if err != nil {
			return err
		}
		defer c.Close()
		if c.RemoteAddr().String() != to(a).String() {
			t.Errorf("the peer is %v, want %v", c.RemoteAddr(), to(a))
		}
		if _, err := c.Write([]byte("question")); err != nil {
			return err
		}
		got := make([]byte, 10)
		n, from, err := a.ReadFrom(got)
		if string(got[:n]) != "question" || err != nil {
			t.Errorf("%q, %v", got[:n], err)
		}
		_, err = c.WriteTo([]byte("x"), to(b))
		wantErr(t, "WriteTo of a connected one", err, net.ErrWriteToConnected)
		_, err = a.Write([]byte("x"))
		wantErr(t, "Write of one that is not connected", err, unix.EDESTADDRREQ)
		if from == nil { // a Unix socket without a name
			return nil
		}
		if _, err := a.WriteTo([]byte("answer"), from); err != nil {
			return err
		}
		n, err = c.Read(got)
		if string(got[:n]) != "answer" || err != nil {
			t.Errorf("%q, %v", got[:n], err)
		}
		return nil
	})
}

// TestPacketRefused: that nobody receives is an error of the next operation, and no more.
func TestPacketRefused(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, err := ListenPacket(y, "udp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		c, err := DialPacket(y, "udp4", a.LocalAddr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		address := a.LocalAddr().String()
		_ = a.Close()
		_, err = c.Write([]byte("x"))
		wantErr(t, "Write", err, nil)
		_, err = c.Read(make([]byte, 1))
		wantErr(t, "Read", err, unix.ECONNREFUSED)
		if a, err = ListenPacket(y, "udp4", address); err != nil {
			return err
		}
		defer a.Close()
		_, err = c.Write([]byte("y"))
		wantErr(t, "Write", err, nil)
		got := make([]byte, 1)
		_, _, err = a.ReadFrom(got)
		wantErr(t, "ReadFrom", err, nil)
		return nil
	})
}

// TestPacketWaits: what parks is woken, cancelled, closed and timed out, and waits in line.
func TestPacketWaits(t *testing.T) {
	eachDatagram(t, func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error {
		read := func(y *loop.Yielder) (string, error) {
			got := make([]byte, 10)
			n, _, err := a.ReadFrom(got)
			return string(got[:n]), err
		}
		first, second := loop.Go(y, read), loop.Go(y, read)
		if err := until(y, func() bool { return a.d.rd.line != nil && a.d.rd.line.Len() == 1 }); err != nil {
			return err
		}
		for _, msg := range []string{"1", "2"} {
			_, err := b.WriteTo([]byte(msg), to(a))
			wantErr(t, "WriteTo", err, nil)
		}
		for i, task := range []*loop.Task[string]{first, second} {
			v, err := task.Await(y)
			if v != fmt.Sprint(i+1) || err != nil {
				t.Errorf("reader %d: %q, %v", i+1, v, err)
			}
		}
		for name, tc := range map[string]struct {
			end  func(task *loop.Task[string]) error
			want error
		}{
			"cancel":    {func(task *loop.Task[string]) error { task.Cancel(); return nil }, loop.ErrCancelled},
			"deadline":  {func(*loop.Task[string]) error { return a.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
			"elsewhere": {func(*loop.Task[string]) error { return elsewhere(y, func() error { return a.ReadBy(0) }) }, os.ErrDeadlineExceeded},
		} {
			task := loop.Go(y, read)
			if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
				return err
			}
			wantErr(t, name, tc.end(task), nil)
			_, err := task.Await(y)
			wantErr(t, name, err, tc.want)
			wantErr(t, "no deadline", a.SetDeadline(time.Time{}), nil)
		}
		task := loop.Go(y, read)
		if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
			return err
		}
		wantErr(t, "Close", elsewhere(y, a.Close), nil)
		_, err := task.Await(y)
		wantErr(t, "Read of a closed one", err, net.ErrClosed)
		wantErr(t, "SetReadBuffer of a closed one", a.SetReadBuffer(1<<16), net.ErrClosed)
		wantErr(t, "SetReadBuffer", b.SetReadBuffer(1<<16), nil)
		wantErr(t, "SetWriteBuffer", b.SetWriteBuffer(1<<16), nil)
		return nil
	})
}

func TestPacketBatch(t *testing.T) {
	eachDatagram(t, func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error {
		const n = 5
		var out []Message
		dest := Endpoint{Path: to(a).String()}
		if u, ok := to(a).(*net.UDPAddr); ok {
			dest = Endpoint{AddrPort: u.AddrPort()}
		}
		for i := range n {
			out = append(out, Message{Buffer: bytes.Repeat([]byte{byte('a' + i)}, 4*i), Endpoint: dest})
		}
		sent, err := b.WriteBatch(out)
		if sent != n || err != nil {
			return fmt.Errorf("WriteBatch: %d, %w", sent, err)
		}
		var got []string
		for len(got) < n {
			in := make([]Message, 3)
			for i := range in {
				in[i].Buffer = make([]byte, 15)
			}
			read := a.ReadBatch
			if len(got) == 0 {
				read = func(ms []Message) (n int, err error) {
					return n, errors.Join(elsewhere(y, func() error { n, err = a.ReadBatch(ms); return nil }), err)
				}
			}
			k, err := read(in)
			if err != nil {
				return err
			}
			for _, m := range in[:k] {
				got = append(got, string(m.Buffer[:m.N]))
				if addr := a.netAddr(m.Endpoint); addr.String() != to(b).String() {
					t.Errorf("from %v, want %v", addr, to(b))
				}
				if m.Truncated() != (len(got) == n) {
					t.Errorf("datagram %d: truncated is %v", len(got), m.Truncated())
				}
			}
		}
		for i, s := range got {
			if want := string(out[i].Buffer[:min(len(out[i].Buffer), 15)]); s != want {
				t.Errorf("datagram %d: %q, want %q", i, s, want)
			}
		}
		return nil
	})
}

// TestPacketNames: bad addresses are errors, and the file of a Unix socket goes with it.
func TestPacketNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		for _, tc := range []struct{ network, address string }{
			{"tcp", "127.0.0.1:0"}, {"udp5", ":0"}, {"udp", "127.0.0.1"}, {"udp", ":nothing"}, {"udp", ":65536"}, {"udp4", "[::1]:0"},
		} {
			for name, fn := range map[string]func(*loop.Yielder, string, string) (*PacketConn, error){"ListenPacket": ListenPacket, "DialPacket": DialPacket} {
				c, err := fn(y, tc.network, tc.address)
				var op *net.OpError
				if !errors.As(err, &op) {
					t.Errorf("%s of %s %q: %v", name, tc.network, tc.address, err)
				}
				if c != nil {
					_ = c.Close()
				}
			}
		}
		for range 2 { // the second time there is a file that nobody uses
			c, err := ListenPacket(y, "unixgram", path)
			if err != nil {
				return err
			}
			_, err = c.WriteTo([]byte("x"), nil)
			if err == nil {
				t.Error("WriteTo nowhere")
			}
			c.d.file = nil
			wantErr(t, "Close", c.Close(), nil)
		}
		c, err := ListenPacket(y, "unixgram", path)
		if err != nil {
			return err
		}
		wantErr(t, "Close", c.Close(), nil)
		_, err = os.Lstat(path)
		wantErr(t, "its file", err, os.ErrNotExist)
		return nil
	})
}

// TestPacketElsewhere: goroutines that the loop does not know send and receive.
func TestPacketElsewhere(t *testing.T) {
	eachDatagram(t, func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error {
		echoing := make(chan error, 1)
		go func() {
			for buf := make([]byte, 100); ; {
				n, from, err := b.ReadFrom(buf)
				if err == nil {
					_, err = b.WriteTo(buf[:n], from)
				}
				if err != nil {
					echoing <- err
					return
				}
			}
		}()
		err := elsewhere(y, func() error {
			for i := range 50 {
				msg := fmt.Sprint("message ", i)
				if _, err := a.WriteTo([]byte(msg), to(b)); err != nil {
					return err
				}
				got := make([]byte, 100)
				n, _, err := a.ReadFrom(got)
				if err != nil || string(got[:n]) != msg {
					return fmt.Errorf("%q, %w", got[:n], err)
				}
			}
			return b.Close()
		})
		if err != nil {
			return err
		}
		return elsewhere(y, func() error { wantErr(t, "the other", <-echoing, net.ErrClosed); return nil })
	})
}
