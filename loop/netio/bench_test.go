//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"coloop/loop"

	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

func benchNet(b *testing.B, fn func(y *loop.Yielder, l *loop.Loop) error) {
	b.ReportAllocs()
	l, err := loop.New() // looptest's loops are in debug mode
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	if _, err := loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error { return fn(y, l) })); err != nil {
		b.Error(err)
	}
}

// BenchmarkConnEcho is one message there and back between two tasks: four
// system calls and their two waits.
func BenchmarkConnEcho(b *testing.B) {
	ping := func(b *testing.B, before func(c *Conn) error) {
		benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
			near, far, err := connPair(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			echo := loop.Spawn(l, func(y *loop.Yielder) error {
				for msg := make([]byte, 128); ; {
					n, err := far.Read(msg)
					if err == nil {
						_, err = far.Write(msg[:n])
					}
					if err != nil {
						return err
					}
				}
			})
			msg := make([]byte, 128)
			b.ResetTimer()
			for range b.N {
				if err := before(near); err != nil {
					return err
				}
				if _, err := near.Write(msg[:100]); err != nil {
					return err
				}
				if n, err := near.Read(msg); n != 100 || err != nil {
					return err
				}
			}
			b.StopTimer()
			echo.Cancel()
			_, _ = echo.Await(y)
			return nil
		})
	}
	b.Run("plain", func(b *testing.B) { ping(b, func(*Conn) error { return nil }) })
	b.Run("deadline", func(b *testing.B) {
		ping(b, func(c *Conn) error { return c.SetDeadline(time.Now().Add(time.Minute)) })
	})
}

// BenchmarkConnStream is 64 KB from one task to another.
func BenchmarkConnStream(b *testing.B) {
	const size = 64 << 10
	b.SetBytes(size)
	benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
		near, far, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		b.ResetTimer()
		return together(y, func(*loop.Yielder) error {
			defer near.Close()
			data := make([]byte, size)
			for range b.N {
				if _, err := near.Write(data); err != nil {
					return err
				}
			}
			return nil
		}, func(*loop.Yielder) error {
			_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{far}, make([]byte, size))
			return err
		})
	})
}

// BenchmarkAccept is a connection made, served and closed, both ends.
func BenchmarkAccept(b *testing.B) {
	benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := loop.Spawn(l, func(y *loop.Yielder) error {
			return Serve(y, ln, func(_ *loop.Yielder, c *Conn) error { return c.WaitRead() })
		})
		b.ResetTimer()
		for range b.N {
			c, err := Dial(y, "tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			if err := c.CloseWrite(); err != nil {
				return err
			}
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				return err
			}
			if err := c.Close(); err != nil {
				return err
			}
		}
		b.StopTimer()
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = server.Await(y)
		return err
	})
}

// instant are sockets whose calls take no time.
type instant struct{ Sockets }

func (instant) Read(_ int, b []byte) (int, error)  { return len(b), nil }
func (instant) Write(_ int, b []byte) (int, error) { return len(b), nil }

// BenchmarkConnCall is what a Read and a Write cost beside their system calls.
func BenchmarkConnCall(b *testing.B) {
	benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
		c := &Conn{d: newDescriptor(l, instant{}, 0, "tcp")}
		msg := make([]byte, 100)
		for range b.N {
			c.d.rd.ready, c.d.wr.ready = true, true
			if _, err := c.Write(msg); err != nil {
				return err
			}
			if _, err := c.Read(msg); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkPacket sends a datagram and receives it, one at a time and in batches.
func BenchmarkPacket(b *testing.B) {
	pair := func(b *testing.B, fn func(y *loop.Yielder, a, c *PacketConn, dest netip.AddrPort) error) {
		benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
			a, err := ListenPacket(y, "udp4", "127.0.0.1:0")
			if err != nil {
				return err
			}
			c, err := ListenPacket(y, "udp4", "127.0.0.1:0")
			if err != nil {
				return err
			}
			b.ResetTimer()
			return fn(y, a, c, a.LocalAddr().(*net.UDPAddr).AddrPort())
		})
	}
	b.Run("one", func(b *testing.B) {
		pair(b, func(y *loop.Yielder, a, c *PacketConn, dest netip.AddrPort) error {
			msg := make([]byte, 100)
			for range b.N {
				if _, err := c.WriteToUDPAddrPort(msg, dest); err != nil {
					return err
				}
				if _, _, err := a.ReadFromUDPAddrPort(msg); err != nil {
					return err
				}
			}
			return nil
		})
	})
	b.Run("batch", func(b *testing.B) {
		pair(b, func(y *loop.Yielder, a, c *PacketConn, dest netip.AddrPort) error {
			in, out := make([]Message, 32), make([]Message, 32)
			for i := range in {
				in[i].Buffer, out[i].Buffer, out[i].AddrPort = make([]byte, 100), make([]byte, 100), dest
			}
			for n := 0; n < b.N; n += len(out) {
				if _, err := c.WriteBatch(out); err != nil {
					return err
				}
				for got := 0; got < len(out); {
					k, err := a.ReadBatch(in)
					if err != nil {
						return err
					}
					got += k
				}
			}
			return nil
		})
	})
}
