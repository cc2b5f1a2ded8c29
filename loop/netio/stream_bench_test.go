//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"testing"

	"coloop/loop"
)

// benchBoth runs two tasks on the ends of what over makes of a connection: the first for
// b.N times, the second until it fails.
func benchBoth[C net.Conn](b *testing.B, over func(y *loop.Yielder, c *Conn, server bool) (C, error), one, other func(y *loop.Yielder, c C) error) {
	benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
		near, far, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		second := loop.Spawn(l, func(y *loop.Yielder) error {
			c, err := over(y, far, true)
			for err == nil {
				err = other(y, c)
			}
			return err
		})
		c, err := over(y, near, false)
		if err != nil {
			return err
		}
		b.ResetTimer()
		for range b.N {
			if err := one(y, c); err != nil {
				return err
			}
		}
		b.StopTimer()
		second.Cancel()
		_, _ = second.Await(y)
		return nil
	})
}

func exchange(c net.Conn, send, receive []byte) error {
	if _, err := c.Write(send); err != nil {
		return err
	}
	_, err := io.ReadFull(c, receive)
	return err
}

// BenchmarkTLS is a message of 100 bytes there and back, and 64 KB in one direction: over a
// TLSConn, and over a tls.Conn straight on a Conn.
func BenchmarkTLS(b *testing.B) {
	serverConfig, clientConfig := tlsConfigs(b)
	ours := func(y *loop.Yielder, c *Conn, server bool) (net.Conn, error) {
		if server {
			return StartTLS(y, c, serverConfig, true)
		}
		return StartTLS(y, c, clientConfig, false)
	}
	straight := func(_ *loop.Yielder, c *Conn, server bool) (net.Conn, error) {
		if server {
			return tls.Server(c, serverConfig), nil
		}
		t := tls.Client(c, clientConfig)
		return t, t.Handshake()
	}
	msg, got, back := make([]byte, 100), make([]byte, 100), make([]byte, 100)
	block, in := make([]byte, 64<<10), make([]byte, 64<<10)
	for _, over := range []struct {
		name string
		over func(y *loop.Yielder, c *Conn, server bool) (net.Conn, error)
	}{{"TLSConn", ours}, {"tls.Conn", straight}} {
		b.Run("echo/"+over.name, func(b *testing.B) {
			benchBoth(b, over.over, func(_ *loop.Yielder, c net.Conn) error {
				return exchange(c, msg, got)
			}, func(_ *loop.Yielder, c net.Conn) error {
				n, err := c.Read(back)
				if err == nil {
					_, err = c.Write(back[:n])
				}
				return err
			})
		})
		b.Run("stream/"+over.name, func(b *testing.B) {
			b.SetBytes(int64(len(block)))
			benchBoth(b, over.over, func(_ *loop.Yielder, c net.Conn) error {
				_, err := c.Write(block)
				return err
			}, func(_ *loop.Yielder, c net.Conn) error {
				_, err := c.Read(in)
				return err
			})
		})
	}
}

// BenchmarkStreamLine is a line there and back: over a Stream, and over a Conn with bufio.
func BenchmarkStreamLine(b *testing.B) {
	line := append(make([]byte, 99), '\n')
	b.Run("Stream", func(b *testing.B) {
		echo := func(y *loop.Yielder, s *Stream) error {
			got, err := s.ReadLine(y)
			if err == nil {
				_, err = s.Write(got)
			}
			if err == nil {
				err = s.Drain(y)
			}
			return err
		}
		benchBoth(b, func(y *loop.Yielder, c *Conn, _ bool) (*Stream, error) { return NewStream(y, c), nil },
			func(y *loop.Yielder, s *Stream) error {
				if _, err := s.Write(line); err != nil {
					return err
				}
				_, err := s.ReadLine(y)
				return err
			}, echo)
	})
	type lines struct {
		*Conn
		r *bufio.Reader
	}
	b.Run("bufio", func(b *testing.B) {
		benchBoth(b, func(_ *loop.Yielder, c *Conn, _ bool) (lines, error) { return lines{c, bufio.NewReader(c)}, nil },
			func(_ *loop.Yielder, c lines) error {
				if _, err := c.Write(line); err != nil {
					return err
				}
				_, err := c.r.ReadBytes('\n')
				return err
			}, func(_ *loop.Yielder, c lines) error {
				got, err := c.r.ReadBytes('\n')
				if err == nil {
					_, err = c.Write(got)
				}
				return err
			})
	})
}

// BenchmarkTLSBuffered asks an idle connection: one of which all is known, and one of which crypto/tls is
// asked whether it holds something.
func BenchmarkTLSBuffered(b *testing.B) {
	serverConfig, clientConfig := tlsConfigs(b)
	over := func(y *loop.Yielder, c *Conn, server bool) (*TLSConn, error) {
		if server {
			return StartTLS(y, c, serverConfig, true)
		}
		return StartTLS(y, c, clientConfig, false)
	}
	for name, settled := range map[string]bool{"known": true, "asked": false} {
		b.Run(name, func(b *testing.B) {
			benchBoth(b, over, func(_ *loop.Yielder, c *TLSConn) error {
				c.in.settled = c.in.settled && settled
				if c.Buffered() {
					return io.ErrUnexpectedEOF
				}
				return nil
			}, func(_ *loop.Yielder, c *TLSConn) error { return c.WaitRead() })
		})
	}
}
