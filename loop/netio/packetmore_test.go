//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// packetPair returns two PacketConns on loopback.
func packetPair(y *loop.Yielder, network string) (a, b *PacketConn, err error) {
	host := "127.0.0.1:0"
	if network == "udp6" {
		host = "[::1]:0"
	}
	if a, err = ListenPacket(y, network, host); err == nil {
		b, err = ListenPacket(y, network, host)
	}
	return a, b, err
}

func addrPort(c *PacketConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// TestPacketErrors: what is wrong with an address is said as by package net.
func TestPacketErrors(t *testing.T) {
	ours := func(y *loop.Yielder, network string, connected bool) (net.PacketConn, func(b, oob []byte, a *net.UDPAddr) error, error) {
		c, err := ListenPacket(y, network, "localhost:0")
		if err == nil && connected {
			defer c.Close()
			c, err = DialPacket(y, network, c.LocalAddr().String())
		}
		return c, func(b, oob []byte, a *net.UDPAddr) error { _, _, err := c.WriteMsgUDP(b, oob, a); return err }, err
	}
	theirs := func(network string, connected bool) (net.PacketConn, func(b, oob []byte, a *net.UDPAddr) error, error) {
		p, err := net.ListenPacket(network, "localhost:0")
		if err == nil && connected {
			defer p.Close()
			var c net.Conn
			c, err = net.Dial(network, p.LocalAddr().String())
			p, _ = c.(*net.UDPConn)
		}
		c, _ := p.(*net.UDPConn)
		return c, func(b, oob []byte, a *net.UDPAddr) error { _, _, err := c.WriteMsgUDP(b, oob, a); return err }, err
	}
	text := func(err error) string {
		var op *net.OpError
		if !errors.As(err, &op) {
			return fmt.Sprint(err)
		}
		return op.Op + ": " + op.Err.Error()
	}
	to4 := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	to6 := &net.UDPAddr{IP: net.IPv6loopback, Port: 9}
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		for _, tc := range []struct {
			network   string
			connected bool
			to        *net.UDPAddr
		}{
			{"udp4", false, to6}, {"udp4", false, nil}, {"udp4", true, to4}, {"udp", true, to6}, {"udp4", true, nil},
		} {
			own, ownMsg, err := ours(y, tc.network, tc.connected)
			if err != nil {
				return err
			}
			other, otherMsg, err := theirs(tc.network, tc.connected)
			if err != nil {
				return err
			}
			if tc.to != nil {
				_, e := own.WriteTo([]byte("x"), tc.to)
				_, want := other.WriteTo([]byte("x"), tc.to)
				if text(e) != text(want) {
					t.Errorf("WriteTo %v on %+v: %q, want %q", tc.to, tc, text(e), text(want))
				}
			}
			if e, want := ownMsg([]byte("x"), nil, tc.to), otherMsg([]byte("x"), nil, tc.to); text(e) != text(want) {
				t.Errorf("WriteMsgUDP to %v on %+v: %q, want %q", tc.to, tc, text(e), text(want))
			}
			_, _ = own.Close(), other.Close()
		}
		c, err := ListenPacket(y, "udp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		for _, a := range []net.Addr{&net.UnixAddr{Name: "/x", Net: "unixgram"}, &net.TCPAddr{}, (*net.UDPAddr)(nil), nil} {
			if _, err := c.WriteTo([]byte("x"), a); !errors.As(err, new(*net.OpError)) {
				t.Errorf("WriteTo %v: %v", a, err)
			}
		}
		for name, make := range map[string]func() (net.Conn, error){
			"Dial":   func() (net.Conn, error) { return Dial(y, "udp", "127.0.0.1:9") },
			"Listen": func() (net.Conn, error) { _, err := Listen(y, "udp", "127.0.0.1:0"); return nil, err },
		} {
			_, err := make()
			var unknown net.UnknownNetworkError
			if !errors.As(err, &unknown) {
				t.Errorf("%s on udp: %v", name, err)
			}
		}
		d := Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}
		_, err = d.ConnectPacket(y, "udp", "127.0.0.1:9")
		if !errors.As(err, new(*net.AddrError)) {
			t.Errorf("a local address of TCP: %v", err)
		}
		d.LocalAddr = &net.UDPAddr{IP: net.IP{1, 2, 3}}
		if _, err = d.ConnectPacket(y, "udp", "[::1]:9"); !errors.As(err, new(*net.AddrError)) {
			t.Errorf("an IP address of three bytes: %v", err)
		}
		return nil
	})
}

// TestPacketBothFamilies: a socket of every address gets datagrams of both families, and names
// their senders in the form in which they can be answered on any socket.
func TestPacketBothFamilies(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		all, err := ListenPacket(y, "udp", ":0")
		if err != nil {
			return err
		}
		if !all.inet6 {
			t.Skip("this machine has no IPv6")
		}
		port := addrPort(all).Port()
		for network, host := range map[string]string{"udp4": "127.0.0.1", "udp6": "::1"} {
			one, err := ListenPacket(y, network, net.JoinHostPort(host, "0"))
			if err != nil {
				return err
			}
			dest := netip.AddrPortFrom(netip.MustParseAddr(host), port)
			ms := []Message{{Buffer: []byte("batch"), Endpoint: Endpoint{AddrPort: dest}}}
			_, err = one.WriteBatch(ms)
			wantErr(t, "WriteBatch", err, nil)
			if ms[0].AddrPort != dest {
				t.Errorf("WriteBatch has changed an address to %v", ms[0].AddrPort)
			}
			got := make([]byte, 10)
			n, from, err := all.ReadFromUDPAddrPort(got)
			if string(got[:n]) != "batch" || from != addrPort(one) || err != nil {
				t.Errorf("%q from %v, %v; want it from %v", got[:n], from, err, one.LocalAddr())
			}
			answer := []Message{{Buffer: []byte("answer"), Endpoint: Endpoint{AddrPort: from}}}
			_, err = all.WriteBatch(answer)
			wantErr(t, "the answer", err, nil)
			if answer[0].AddrPort != from || answer[0].N != 6 {
				t.Errorf("WriteBatch: %d bytes to %v", answer[0].N, answer[0].AddrPort)
			}
			n, _, err = one.ReadFrom(got)
			if string(got[:n]) != "answer" || err != nil {
				t.Errorf("%q, %v", got[:n], err)
			}
		}
		return nil
	})
}

// TestPacketBatchError: WriteBatch sends what comes before a message that cannot be sent.
func TestPacketBatchError(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := packetPair(y, "udp4")
		if err != nil {
			return err
		}
		dest := Endpoint{AddrPort: addrPort(b)}
		for bad, m := range []Message{
			{Endpoint: Endpoint{AddrPort: netip.MustParseAddrPort("[::1]:9")}},
			{Endpoint: dest, Buffer: make([]byte, 70_000)}, // the system refuses it
			{},
		} {
			ms := []Message{{Buffer: []byte("0"), Endpoint: dest}, {Buffer: []byte("1"), Endpoint: dest}, {Buffer: []byte("2"), Endpoint: dest}}
			ms[bad] = m
			n, err := a.WriteBatch(ms)
			if n != bad || !errors.As(err, new(*net.OpError)) {
				t.Errorf("message %d is bad: %d, %v", bad, n, err)
			}
			for i := range bad {
				got := make([]byte, 2)
				n, err := b.Read(got)
				if string(got[:n]) != fmt.Sprint(i) || err != nil {
					t.Errorf("message %d is %q, %v", i, got[:n], err)
				}
			}
		}
		return nil
	})
}

// TestPacketMessages: ReadMsgUDP and WriteMsgUDP, in both forms, and what tells that a
// datagram was cut.
func TestPacketMessages(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := packetPair(y, "udp4")
		if err != nil {
			return err
		}
		for range 2 {
			n, oobn, err := a.WriteMsgUDP([]byte("hello"), nil, b.LocalAddr().(*net.UDPAddr))
			if n != 5 || oobn != 0 || err != nil {
				t.Errorf("WriteMsgUDP: %d, %d, %v", n, oobn, err)
			}
		}
		n, _, flags, from, err := b.ReadMsgUDP(make([]byte, 10), make([]byte, 10))
		if n != 5 || flags != 0 || from.String() != a.LocalAddr().String() || err != nil {
			t.Errorf("ReadMsgUDP: %d, flags %x, from %v, %v", n, flags, from, err)
		}
		n, _, flags, fromPort, err := b.ReadMsgUDPAddrPort(make([]byte, 4), nil)
		if m := (Message{Flags: flags}); n != 4 || !m.Truncated() || fromPort != addrPort(a) || err != nil {
			t.Errorf("ReadMsgUDPAddrPort: %d, flags %x, from %v, %v", n, flags, fromPort, err)
		}
		return nil
	})
}

// TestPacketDialer: a Dialer connects with its own address, calls Control, and its
// DialContext is for libraries.
func TestPacketDialer(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		network, address string
		local            net.Addr
	}{
		{"udp", "127.0.0.1:0", &net.UDPAddr{}},
		{"udp4", "127.0.0.1:0", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}},
		{"unixgram", filepath.Join(dir, "server"), &net.UnixAddr{Name: filepath.Join(dir, "client"), Net: "unixgram"}},
	} {
		netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
			server, err := ListenPacket(y, tc.network, tc.address)
			if err != nil {
				return err
			}
			var controlled []string
			d := Dialer{Loop: l, LocalAddr: tc.local}
			d.Control = func(network, address string, c syscall.RawConn) error {
				controlled = append(controlled, network+" "+address)
				return c.Control(func(uintptr) {})
			}
			dials := map[string]func() (net.Conn, error){
				"here":      func() (net.Conn, error) { return d.Dial(tc.network, server.LocalAddr().String()) },
				"with a y":  func() (net.Conn, error) { return d.ConnectPacket(y, tc.network, server.LocalAddr().String()) },
				"elsewhere": nil,
			}
			dials["elsewhere"] = func() (c net.Conn, err error) {
				e := elsewhere(y, func() error {
					c, err = d.DialContext(context.Background(), tc.network, server.LocalAddr().String())
					return nil
				})
				return c, errors.Join(err, e)
			}
			for name, dial := range dials {
				controlled = nil
				c, err := dial()
				if err != nil {
					return fmt.Errorf("%s %s: %w", name, tc.network, err)
				}
				if want := map[string]string{"udp": "udp4"}[tc.network]; len(controlled) != 1 || want != "" && controlled[0] != want+" "+server.LocalAddr().String() {
					t.Errorf("%s: Control of %v", name, controlled)
				}
				if _, err := c.Write([]byte("question")); err != nil {
					return err
				}
				got := make([]byte, 20)
				_, from, err := server.ReadFrom(got)
				if err != nil {
					return err
				}
				if from.String() != c.LocalAddr().String() {
					t.Errorf("%s: from %v, want %v", name, from, c.LocalAddr())
				}
				if _, err := server.WriteTo([]byte("answer"), from); err != nil {
					return err
				}
				n, err := c.Read(got)
				if string(got[:n]) != "answer" || err != nil {
					t.Errorf("%s: %q, %v", name, got[:n], err)
				}
				wantErr(t, "Close", c.Close(), nil)
				if from, ok := from.(*net.UnixAddr); ok {
					_, err := os.Lstat(from.Name)
					wantErr(t, "the file of the client", err, os.ErrNotExist)
				}
			}
			return nil
		})
	}
}

// TestPacketDeadlines: deadlines on the loop's clock, of both directions, end and come again.
func TestPacketDeadlines(t *testing.T) {
	eachDatagram(t, func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error {
		read := func(*loop.Yielder) error { _, _, err := a.ReadFrom(make([]byte, 1)); return err }
		now := a.Loop().Time()
		wantErr(t, "ReadBy", a.ReadBy(now+time.Second), nil)
		reader := loop.Spawn(y, read)
		if err := calm(y); err != nil { // it parks
			return err
		}
		looptest.Advance(y, time.Second-1)
		if err := calm(y); err != nil {
			return err
		}
		if reader.Done() {
			t.Error("it ended too early")
		}
		looptest.Advance(y, 1)
		_, err := reader.Await(y)
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("the reader: %v", err)
		}
		wantErr(t, "a Read after it", read(y), os.ErrDeadlineExceeded)
		_, err = a.WriteTo([]byte("x"), to(b))
		wantErr(t, "a WriteTo, which has none", err, nil)
		wantErr(t, "WriteBy", a.WriteBy(0), nil)
		_, err = a.WriteTo([]byte("x"), to(b))
		wantErr(t, "a WriteTo that is late", err, os.ErrDeadlineExceeded)
		_, err = a.WriteBatch([]Message{{Endpoint: Endpoint{AddrPort: netip.MustParseAddrPort("127.0.0.1:9")}}})
		if a.d.network != "unixgram" && !a.inet6 {
			wantErr(t, "a WriteBatch that is late", err, os.ErrDeadlineExceeded)
		}
		wantErr(t, "SetDeadline", a.SetDeadline(time.Time{}), nil)
		_, err = b.WriteTo([]byte("x"), to(a))
		wantErr(t, "WriteTo", err, nil)
		wantErr(t, "Read without a deadline", read(y), nil)
		return nil
	})
}

// TestPacketAllocs: what has a netip.AddrPort, and batches, allocate nothing.
func TestPacketAllocs(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector allocates")
	}
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		l.SetDebug(nil)
		for _, network := range []string{"udp4", "udp6"} {
			a, b, err := packetPair(y, network)
			if err != nil {
				t.Log(err)
				continue // there is no IPv6
			}
			buf, oob, dest := make([]byte, 100), make([]byte, 100), addrPort(b)
			in, out := []Message{{Buffer: buf}, {Buffer: buf}}, []Message{{Buffer: buf}, {Buffer: buf}}
			out[0].AddrPort, out[1].AddrPort = dest, dest
			for name, op := range map[string]func() error{
				"ReadFromUDPAddrPort": func() error {
					_, err := a.WriteToUDPAddrPort(buf, dest)
					_, _, err2 := b.ReadFromUDPAddrPort(buf)
					return errors.Join(err, err2)
				},
				"ReadMsgUDPAddrPort": func() error {
					_, _, err := a.WriteMsgUDPAddrPort(buf, nil, dest)
					_, _, _, _, err2 := b.ReadMsgUDPAddrPort(buf, oob)
					return errors.Join(err, err2)
				},
				"ReadBatch": func() error {
					n, err := a.WriteBatch(out)
					for n > 0 && err == nil {
						var k int
						k, err = b.ReadBatch(in)
						n -= k
					}
					return err
				},
			} {
				if n := testing.AllocsPerRun(50, func() { wantErr(t, name, op(), nil) }); n >= 1 {
					t.Errorf("%s on %s: %v allocations", name, network, n)
				}
			}
		}
		return nil
	})
}

// TestPacketEverywhere: all methods at once, in tasks and on other goroutines, until one closes.
func TestPacketEverywhere(t *testing.T) {
	// A Unix socket whose receiver is full waits for a time, so time must pass.
	eachDatagramOn(t, looptest.On(loop.New), func(t *testing.T, y *loop.Yielder, a, b *PacketConn) error {
		dest := to(a)
		ops := []func() error{
			func() error { _, _, err := a.ReadFrom(make([]byte, 10)); return err },
			func() error { _, err := a.ReadBatch([]Message{{Buffer: make([]byte, 10)}, {}}); return err },
			func() error { _, err := a.WriteTo([]byte("x"), dest); return err },
			func() error { return a.SetDeadline(time.Time{}) },
			func() error { _ = a.LocalAddr().String(); _ = a.RemoteAddr(); return nil },
			func() error { return a.SetReadBuffer(1 << 18) },
			func() error { _, err := a.SyscallConn(); return err },
		}
		var all sync.WaitGroup
		var tasks []*loop.Task[struct{}]
		for _, op := range ops {
			run := func() error {
				for range 40 {
					if err := op(); err != nil {
						if errors.Is(err, net.ErrClosed) {
							return nil
						}
						return err
					}
				}
				return nil
			}
			all.Go(func() { wantErr(t, "elsewhere", run(), nil) })
			tasks = append(tasks, loop.Spawn(y, func(y *loop.Yielder) error { return run() }))
		}
		if err := elsewhere(y, func() error {
			for range 40 {
				if _, err := b.WriteTo([]byte("y"), dest); err != nil {
					return err
				}
			}
			return a.Close()
		}); err != nil {
			return err
		}
		if err := elsewhere(y, func() error { all.Wait(); return nil }); err != nil {
			return err
		}
		_, err := loop.GatherFutures(y, loop.Awaitables(tasks)...).Await(y)
		return err
	})
}

// TestPacketMisuse: in a callback what would wait is an error, on a wrong goroutine and after
// the loop too.
func TestPacketMisuse(t *testing.T) {
	var left *PacketConn
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		a, b, err := packetPair(y, "udp4")
		if err != nil {
			return err
		}
		left = a
		called := loop.NewFuture[struct{}](l)
		l.CallSoon(func() {
			_, err := b.Read(make([]byte, 1))
			wantErr(t, "Read in a callback", err, loop.ErrNoTask)
			_, err = a.WriteToUDPAddrPort([]byte("x"), addrPort(b)) // need not wait
			wantErr(t, "WriteTo in a callback", err, nil)
			_ = called.SetResult(struct{}{})
		})
		if _, err := called.Await(y); err != nil {
			return err
		}
		apart(func() {
			_, err := ListenPacket(y, "udp4", "127.0.0.1:0")
			wantErr(t, "ListenPacket", err, loop.ErrWrongGoroutine)
			_, err = DialPacket(y, "udp4", "127.0.0.1:9")
			wantErr(t, "DialPacket", err, loop.ErrWrongGoroutine)
			_, err = loop.Run(func(*loop.Yielder) (int, error) { return b.Read(make([]byte, 1)) })
			wantErr(t, "Read in another loop", err, loop.ErrForeignLoop)
		})
		n, err := b.Read(make([]byte, 9))
		if n != 1 || err != nil {
			t.Errorf("afterwards: %d, %v", n, err)
		}
		return nil
	})
	_, err := left.Read(make([]byte, 1))
	wantErr(t, "Read after the loop", err, net.ErrClosed)
	_, err = left.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
	wantErr(t, "WriteTo after the loop", err, net.ErrClosed)
}

// TestPacketListenControl: Control sees the socket before it is bound, and its error is that of
// ListenPacket, which leaves no socket then.
func TestPacketListenControl(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		refuse := errors.New("refused")
		for _, want := range []error{nil, refuse} {
			var seen []string
			lc := ListenConfig{Control: func(network, address string, c syscall.RawConn) error {
				seen = append(seen, network+" "+address)
				return errors.Join(c.Control(func(uintptr) {}), want)
			}}
			c, err := lc.ListenPacket(y, "udp4", "127.0.0.1:0")
			wantErr(t, "ListenPacket", err, want)
			if (c == nil) != (want != nil) || !slices.Equal(seen, []string{"udp4 127.0.0.1:0"}) {
				t.Errorf("Control saw %q", seen)
			}
		}
		return nil
	})
}
