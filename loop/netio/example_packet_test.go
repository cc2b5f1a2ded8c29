//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// packets calls fn with two PacketConns on this machine.
func packets(fn func(y *loop.Yielder, a, b *netio.PacketConn) error) {
	err := loop.Main(func(y *loop.Yielder) error {
		a, err := netio.ListenPacket(y, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer a.Close()
		b, err := netio.ListenPacket(y, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer b.Close()
		return fn(y, a, b)
	})
	fmt.Println(err)
}

// A server that sends each datagram back, and a client that is connected to it.
func ExampleListenPacket() {
	err := loop.Main(func(y *loop.Yielder) error {
		server, err := netio.ListenPacket(y, "udp", "localhost:0")
		if err != nil {
			return err
		}
		defer server.Close()
		loop.Spawn(y, func(y *loop.Yielder) error {
			for buf := make([]byte, 1500); ; {
				n, from, err := server.ReadFrom(buf)
				if errors.Is(err, net.ErrClosed) {
					return nil
				}
				if err != nil {
					return err
				}
				if _, err := server.WriteTo(buf[:n], from); err != nil {
					return err
				}
			}
		})
		c, err := netio.DialPacket(y, "udp", server.LocalAddr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprint(c, "hello")
		buf := make([]byte, 1500)
		n, err := c.Read(buf)
		fmt.Printf("%s\n", buf[:n])
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// That nobody receives is an error of the next operation.
func ExampleDialPacket() {
	packets(func(y *loop.Yielder, a, _ *netio.PacketConn) error {
		c, err := netio.DialPacket(y, "udp", a.LocalAddr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		a.Close()
		fmt.Fprint(c, "is anybody there?")
		_, err = c.Read(make([]byte, 10))
		fmt.Println(errors.Is(err, syscall.ECONNREFUSED))
		return nil
	})
	// Output:
	// true
	// <nil>
}

// A netip.AddrPort needs no memory, unlike a *net.UDPAddr.
func ExamplePacketConn() {
	packets(func(_ *loop.Yielder, a, b *netio.PacketConn) error {
		to := b.LocalAddr().(*net.UDPAddr).AddrPort()
		if _, err := a.WriteToUDPAddrPort([]byte("ping"), to); err != nil {
			return err
		}
		buf := make([]byte, 10)
		n, from, err := b.ReadFromUDPAddrPort(buf)
		fmt.Printf("%s from %v\n", buf[:n], from.Addr())
		return err
	})
	// Output:
	// ping from 127.0.0.1
	// <nil>
}

// A library with goroutines of its own uses a PacketConn within Block.
func ExamplePacketConn_block() {
	packets(func(y *loop.Yielder, a, b *netio.PacketConn) error {
		_, err := loop.Block(y, func(context.Context) (int, error) {
			go a.WriteTo([]byte("from elsewhere"), b.LocalAddr())
			buf := make([]byte, 20)
			n, _, err := b.ReadFrom(buf)
			fmt.Printf("%s\n", buf[:n])
			return n, err
		})
		return err
	})
	// Output:
	// from elsewhere
	// <nil>
}

func ExamplePacketConn_SetReadDeadline() {
	packets(func(_ *loop.Yielder, a, _ *netio.PacketConn) error {
		if err := a.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
		_, _, err := a.ReadFrom(make([]byte, 10))
		fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))
		return nil
	})
	// Output:
	// true
	// <nil>
}

// Several datagrams with one system call, where there is such a call.
func ExamplePacketConn_WriteBatch() {
	packets(func(_ *loop.Yielder, a, b *netio.PacketConn) error {
		to := netio.Endpoint{AddrPort: b.LocalAddr().(*net.UDPAddr).AddrPort()}
		n, err := a.WriteBatch([]netio.Message{
			{Buffer: []byte("one"), Endpoint: to},
			{Buffer: []byte("two"), Endpoint: to},
		})
		fmt.Println(n, "sent", err)
		ms := make([]netio.Message, 10)
		for i := range ms {
			ms[i].Buffer = make([]byte, 1500)
		}
		for n > 0 {
			got, err := b.ReadBatch(ms)
			if err != nil {
				return err
			}
			for _, m := range ms[:got] {
				fmt.Printf("%s from %v\n", m.Buffer[:m.N], m.AddrPort.Addr())
			}
			n -= got
		}
		return nil
	})
	// Output:
	// 2 sent <nil>
	// one from 127.0.0.1
	// two from 127.0.0.1
	// <nil>
}

func ExampleMessage_Truncated() {
	packets(func(_ *loop.Yielder, a, b *netio.PacketConn) error {
		if _, err := a.WriteTo([]byte("too long"), b.LocalAddr()); err != nil {
			return err
		}
		ms := []netio.Message{{Buffer: make([]byte, 3)}}
		_, err := b.ReadBatch(ms)
		fmt.Printf("%s %v\n", ms[0].Buffer[:ms[0].N], ms[0].Truncated())
		return err
	})
	// Output:
	// too true
	// <nil>
}

func ExamplePacketConn_ReadMsgUDP() {
	packets(func(_ *loop.Yielder, a, b *netio.PacketConn) error {
		if _, _, err := a.WriteMsgUDP([]byte("hello"), nil, b.LocalAddr().(*net.UDPAddr)); err != nil {
			return err
		}
		buf, oob := make([]byte, 10), make([]byte, 64)
		n, oobn, _, from, err := b.ReadMsgUDP(buf, oob)
		fmt.Printf("%s from %v, %d bytes of control messages\n", buf[:n], from.IP, oobn)
		return err
	})
	// Output:
	// hello from 127.0.0.1, 0 bytes of control messages
	// <nil>
}

// Two sockets at one address; the system shares the senders out among them.
func ExampleListenConfig_ListenPacket() {
	err := loop.Main(func(y *loop.Yielder) error {
		lc := netio.ListenConfig{ReusePort: true}
		first, err := lc.ListenPacket(y, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer first.Close()
		second, err := lc.ListenPacket(y, "udp", first.LocalAddr().String())
		if err != nil {
			return err
		}
		defer second.Close()
		fmt.Println(netip.MustParseAddrPort(second.LocalAddr().String()).Addr())
		return nil
	})
	fmt.Println(err)
	// Output:
	// 127.0.0.1
	// <nil>
}

// A Unix socket that is to get answers needs a name of its own.
func ExampleDialer_ConnectPacket() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	err = loop.Main(func(y *loop.Yielder) error {
		server, err := netio.ListenPacket(y, "unixgram", filepath.Join(dir, "server"))
		if err != nil {
			return err
		}
		defer server.Close()
		d := netio.Dialer{LocalAddr: &net.UnixAddr{Name: filepath.Join(dir, "client"), Net: "unixgram"}}
		c, err := d.ConnectPacket(y, "unixgram", server.LocalAddr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprint(c, "question")
		buf := make([]byte, 20)
		_, from, err := server.ReadFrom(buf)
		if err != nil {
			return err
		}
		if _, err := server.WriteTo([]byte("answer"), from); err != nil {
			return err
		}
		n, err := c.Read(buf)
		fmt.Printf("%s, from %s\n", buf[:n], filepath.Base(c.RemoteAddr().String()))
		return err
	})
	fmt.Println(err)
	// Output:
	// answer, from server
	// <nil>
}
