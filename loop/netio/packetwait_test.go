//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// calm lets the loop look for events several times, so that none is left of what happened before.
func calm(y *loop.Yielder) error {
	for range 20 {
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
	}
	return nil
}

// countingSends counts the calls.
type countingSends struct {
	Sockets
	n int
}

func (c *countingSends) SendMsgs(fd int, ms []Message) (int, error) {
	c.n++
	return c.Sockets.SendMsgs(fd, ms)
}

// TestPacketFull: a Unix socket whose receiver has a buffer full of datagrams of another one waits
// until there is room, connected or not.
func TestPacketFull(t *testing.T) {
	dir := t.TempDir()
	for name, dial := range map[string]bool{"connected": true, "not": false} {
		t.Run(name, func(t *testing.T) {
			netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
				to, err := ListenPacket(y, "unixgram", filepath.Join(dir, name))
				if err != nil {
					return err
				}
				other, err := ListenPacket(y, "unixgram", filepath.Join(dir, name+"other"))
				if err != nil {
					return err
				}
				from, err := ListenPacket(y, "unixgram", filepath.Join(dir, name+"from"))
				send := func(*loop.Yielder) error { _, err := from.WriteTo([]byte("x"), to.LocalAddr()); return err }
				if err == nil && dial {
					from, err = DialPacket(y, "unixgram", to.LocalAddr().String())
					send = func(*loop.Yielder) error { _, err := from.Write([]byte("x")); return err }
				}
				if err != nil {
					return err
				}
				full := 0
				for err = error(nil); err == nil; full++ {
					_, err = system{}.SendMsgs(other.d.fd, []Message{{Endpoint: Endpoint{Path: to.LocalAddr().String()}}})
				}
				wantErr(t, "the other one", err, unix.EAGAIN)
				tries := &countingSends{Sockets: from.d.sockets}
				from.d.sockets = tries
				writer := loop.Spawn(y, send)
				for i := range 3 { // it tries again, in vain, but not in between
					if err := calm(y); err != nil {
						return err
					}
					if want := 1 + i; writer.Done() || !dial && tries.n != want {
						t.Errorf("it has tried %d times, want %d", tries.n, want)
					}
					looptest.Advance(y, time.Second)
				}
				if err := calm(y); err != nil {
					return err
				}
				for range full - 1 {
					if _, _, err := to.ReadFrom(make([]byte, 1)); err != nil {
						return err
					}
				}
				if !dial { // if it is connected, the system tells
					looptest.Advance(y, time.Second)
				}
				// Where nothing wakes the writer, this is a deadlock.
				n, _, err := to.ReadFrom(make([]byte, 1))
				if n != 1 || err != nil {
					t.Errorf("%d, %v", n, err)
				}
				_, err = writer.Await(y)
				return err
			})
		})
	}
}

// TestPacketFair: a PacketConn that always has datagrams, or room for them, gives way to other
// tasks, earlier if they are large.
func TestPacketFair(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		a, b, err := packetPair(y, "udp4")
		if err != nil {
			return err
		}
		for _, tc := range []struct{ count, size int }{{1, 1}, {1, 32 << 10}, {4, 1}} {
			// The other end works without a word to the loop.
			buf := make([]byte, tc.size)
			ms := slices.Repeat([]Message{{Buffer: buf, Endpoint: Endpoint{AddrPort: addrPort(b)}}}, tc.count)
			each := func(op func() error) func() error {
				return func() (err error) {
					for range tc.count {
						err = errors.Join(err, op())
					}
					return err
				}
			}
			put := each(func() error { _, err := system{}.SendMsgs(a.d.fd, ms[:1]); return err })
			take := each(func() error { _, err := system{}.RecvMsgs(b.d.fd, []Message{{Buffer: buf}}); return err })
			for name, ops := range map[string][2]func() error{
				"Read": {put, each(func() error { _, err := b.Read(buf); return err })},
				"ReadBatch": {put, func() error {
					for n := 0; n < len(ms); {
						k, err := b.ReadBatch(slices.Repeat([]Message{{Buffer: buf}}, len(ms)))
						if err != nil {
							return err
						}
						n += k
					}
					return nil
				}},
				"WriteTo":    {each(func() error { _, err := a.WriteTo(buf, b.LocalAddr()); return err }), take},
				"WriteBatch": {func() error { _, err := a.WriteBatch(ms); return err }, take},
			} {
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
				turn, uses, most := l.Turn(), 0, 0
				for range 3 * perTurn / tc.count {
					for _, op := range ops {
						if err := op(); err != nil {
							return fmt.Errorf("%s: %w", name, err)
						}
					}
					if now := l.Turn(); now != turn {
						turn, uses = now, 0
					}
					uses += tc.count
					most = max(most, uses)
				}
				if want := perTurn / (1 + tc.size>>12); most < want || most > want+tc.count {
					t.Errorf("%s of %+v: %d in one turn, want %d", name, tc, most, want)
				}
			}
		}
		return nil
	})
}
