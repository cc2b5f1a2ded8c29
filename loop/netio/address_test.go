//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"coloop/loop"
)

// TestZones: the zone of an IPv6 address is the name of an interface or its number.
func TestZones(t *testing.T) {
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		t.Skip("no interfaces:", err)
	}
	index := all[0].Index
	for _, tt := range []struct {
		zone string
		want uint32
		back string
	}{
		{"", 0, ""},
		{all[0].Name, uint32(index), all[0].Name},
		{strconv.Itoa(index), uint32(index), all[0].Name},
		{strconv.Itoa(math.MaxInt32), math.MaxInt32, strconv.Itoa(math.MaxInt32)},
	} {
		sa, _, err := sockaddr(&net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 9, Zone: tt.zone})
		if err != nil {
			t.Errorf("zone %q: %v", tt.zone, err)
			continue
		}
		if got := sa.(*syscall.SockaddrInet6).ZoneId; got != tt.want {
			t.Errorf("zone %q is %d, want %d", tt.zone, got, tt.want)
		}
		if got := address("tcp", sa).(*net.TCPAddr).Zone; got != tt.back {
			t.Errorf("zone %q comes back as %q, want %q", tt.zone, got, tt.back)
		}
	}
	for _, zone := range []string{"nosuch", "-1", "4294967296"} {
		if _, _, err := sockaddr(&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: zone}); err == nil {
			t.Errorf("zone %q is one", zone)
		}
	}
}

// A shy system does not say who connects.
type shy struct{ system }

func (s shy) Accept(fd int) (int, syscall.Sockaddr, error) {
	nfd, _, err := s.system.Accept(fd)
	return nfd, nil, err
}

// TestServeUnnamed: a connection without the address of its peer is served.
func TestServeUnnamed(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		ln.d.sockets = shy{}
		served := loop.NewFuture[string](y)
		server := loop.Spawn(y, func(y *loop.Yielder) error {
			return Serve(y, ln, func(y *loop.Yielder, c *Conn) error {
				if c.RemoteAddr() != nil {
					t.Errorf("the peer is %v", c.RemoteAddr())
				}
				_ = served.SetResult(fmt.Sprint(c.d.loop.CurrentTask()))
				return nil
			})
		})
		c, err := Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		task, err := served.Await(y)
		if err != nil || !strings.Contains(task, "TestServeUnnamed") {
			t.Errorf("served by %s, %v", task, err)
		}
		cancel(y, t, "Serve", server)
		return nil
	})
}
