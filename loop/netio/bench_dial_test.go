//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// BenchmarkDial is a connection made, accepted by system calls alone, and reset. The last two
// are about a third of the time.
func BenchmarkDial(b *testing.B) {
	for _, bb := range []struct {
		name, network, host string
		dialer              Dialer
	}{
		{"address", "tcp", "127.0.0.1", Dialer{}},
		{"timeout", "tcp", "127.0.0.1", Dialer{Timeout: time.Minute}},
		{"name", "tcp", "name", Dialer{Resolver: &Resolver{Lookup: hosts("127.0.0.1").Lookup, TTL: time.Hour}}},
		{"unix", "unix", "", Dialer{}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
				address := "127.0.0.1:0"
				if bb.network == "unix" {
					address = filepath.Join(b.TempDir(), "s")
				}
				ln, err := Listen(y, bb.network, address)
				if err != nil {
					return err
				}
				defer ln.Close()
				if bb.network == "tcp" {
					_, port, _ := net.SplitHostPort(ln.Addr().String())
					address = net.JoinHostPort(bb.host, port)
				}
				b.ResetTimer()
				for range b.N {
					c, err := bb.dialer.Connect(y, bb.network, address)
					if err != nil {
						return err
					}
					fd, _, err := unix.Accept(ln.d.fd)
					if err != nil {
						return err
					}
					if err := c.Abort(); err != nil {
						return err
					}
					if err := unix.Close(fd); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}
