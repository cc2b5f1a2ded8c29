//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"testing"
	"time"

	"coloop/loop"
)

// A tape is a connection whose output is kept, once hold is true, to be sent in pieces.
type tape struct {
	net.Conn
	hold bool
	kept []byte
}

func (t *tape) Write(b []byte) (int, error) {
	if !t.hold {
		return t.Conn.Write(b)
	}
	t.kept = append(t.kept, b...)
	return len(b), nil
}

// SetWriteDeadline is for crypto/tls, which lets nothing be written after a goodbye.
func (*tape) SetWriteDeadline(time.Time) error { return nil }

// record returns what do has the connection send.
func (t *tape) record(do func() error) ([]byte, error) {
	t.kept = nil
	err := do()
	return t.kept, err
}

// overTape makes a TLS connection of a, and one of crypto/tls of the tape.
func overTape(y *loop.Yielder, a *Conn, out *tape, serverConfig, clientConfig *tls.Config) (*TLSConn, *tls.Conn, error) {
	server := tls.Server(out, serverConfig)
	var client *TLSConn
	err := together(y, func(*loop.Yielder) error { return server.Handshake() }, func(y *loop.Yielder) (err error) {
		client, err = StartTLS(y, a, clientConfig, false)
		return err
	})
	return client, server, err
}

// eachTape is eachPair with those, of a version without tickets. The tape holds.
func eachTape(t *testing.T, version uint16, fn func(t *testing.T, y *loop.Yielder, client *TLSConn, server *tls.Conn, out *tape, a, b *Conn) error) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		serverConfig, clientConfig := tlsConfigs(t)
		serverConfig.SessionTicketsDisabled, serverConfig.MaxVersion = true, version
		out := &tape{Conn: b}
		client, server, err := overTape(y, a, out, serverConfig, clientConfig)
		if err != nil {
			return err
		}
		out.hold = true
		return fn(t, y, client, server, out, a, b)
	})
}

// deliver writes data to b, and waits until all of it is in the socket of a, and a knows.
func deliver(y *loop.Yielder, a, b *Conn, data []byte) error {
	before := arrived(a)
	if _, err := b.Write(data); err != nil {
		return err
	}
	return until(y, func() bool { return arrived(a) == before+len(data) && a.d.rd.ready })
}

// arrived returns how much waits in the socket of c.
func arrived(c *Conn) int {
	n, err := c.d.sockets.Peek(c.d.fd, make([]byte, 64<<10))
	if err != nil {
		return 0
	}
	return n
}

func wantBuffered(t *testing.T, when string, c *TLSConn, want bool) {
	t.Helper()
	if got := c.Buffered(); got != want {
		t.Errorf("%s: Buffered is %v", when, got)
	}
}

// TestB1Segments: something comes with a reply, behind it or within it, in the same segment or in
// a later one. It is found however the reply was read, and is not lost.
func TestB1Segments(t *testing.T) {
	const reply, planted = "reply", "planted"
	plant := func(c *tls.Conn) error { _, err := c.Write([]byte(planted)); return err }
	cases := []struct {
		name   string
		within string // what is in the record of the reply, too
		more   func(c *tls.Conn) error
		rest   string // what more has for the program
		end    bool   // it ends the connection
	}{
		{name: "nothing"},
		{name: "within the record", within: planted},
		{name: "another record", more: plant, rest: planted},
		{name: "goodbye", more: (*tls.Conn).CloseWrite, end: true},
		{name: "a record and goodbye", more: func(c *tls.Conn) error { return errors.Join(plant(c), c.CloseWrite()) }, rest: planted, end: true},
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, tt := range cases {
			for _, size := range []int{1, len(reply), 100} {
				for _, same := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s/%s/%d/%v", tls.VersionName(version), tt.name, size, same), func(t *testing.T) {
						eachTape(t, version, func(t *testing.T, y *loop.Yielder, client *TLSConn, server *tls.Conn, out *tape, a, b *Conn) error {
							wantBuffered(t, "before", client, false)
							first, err := out.record(func() error { _, err := server.Write([]byte(reply + tt.within)); return err })
							if err != nil {
								return err
							}
							var more []byte
							if tt.more != nil {
								if more, err = out.record(func() error { return tt.more(server) }); err != nil {
									return err
								}
							}
							if same {
								first, more = append(first, more...), nil
							}
							if err := deliver(y, a, b, first); err != nil {
								return err
							}
							wantBuffered(t, "the reply", client, true)
							var got []byte
							for len(got) < len(reply) && err == nil {
								var n int
								into := make([]byte, size)
								n, err = client.Read(into)
								got = append(got, into[:n]...)
							}
							if err != nil && !(err == io.EOF && tt.end && same) {
								return err
							}
							all := reply + tt.within + tt.rest
							if more != nil {
								wantBuffered(t, "after the reply", client, len(got) < len(reply+tt.within))
								if err := deliver(y, a, b, more); err != nil {
									return err
								}
							}
							want := len(got) < len(all) || tt.end
							wantBuffered(t, "at the end", client, want)
							wantBuffered(t, "again", client, want)
							if !tt.end {
								if err := b.CloseWrite(); err != nil {
									return err
								}
							}
							rest, err := io.ReadAll(client)
							if string(got)+string(rest) != all {
								t.Errorf("read %q and %q", got, rest)
							}
							wantBuffered(t, "after the end", client, true)
							return err
						})
					})
				}
			}
		}
	}
}

// piecemeal delivers data to a byte by byte. Within a record Buffered is true.
func piecemeal(t *testing.T, y *loop.Yielder, c *TLSConn, a, b *Conn, data []byte) error {
	for i := range data {
		wantBuffered(t, fmt.Sprintf("after %d bytes of %d", i, len(data)), c, i > 0)
		if err := deliver(y, a, b, data[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// TestB1Parts: a part of a record is found at each of its bytes.
func TestB1Parts(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for what, do := range map[string]func(c *tls.Conn) error{
			"data":    func(c *tls.Conn) error { _, err := c.Write([]byte("x")); return err },
			"goodbye": (*tls.Conn).CloseWrite,
		} {
			t.Run(what+"/"+tls.VersionName(version), func(t *testing.T) {
				eachTape(t, version, func(t *testing.T, y *loop.Yielder, client *TLSConn, server *tls.Conn, out *tape, a, b *Conn) error {
					data, err := out.record(func() error { return do(server) })
					if err != nil {
						return err
					}
					if err := piecemeal(t, y, client, a, b, data); err != nil {
						return err
					}
					wantBuffered(t, "all of it", client, true)
					return nil
				})
			})
		}
	}
}

// TestB1Ticket: a session ticket, which a server sends behind its handshake, is remembered once all of it
// has come, and does not count.
func TestB1Ticket(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		serverConfig, clientConfig := tlsConfigs(t)
		cache := &countingCache{tls.NewLRUClientSessionCache(0), 0}
		clientConfig.ClientSessionCache = cache
		out := &tape{Conn: b, hold: true}
		var client *TLSConn
		shaking := loop.Spawn(y, func(y *loop.Yielder) (err error) {
			client, _, err = overTape(y, a, out, serverConfig, clientConfig)
			return err
		})
		if err := until(y, func() bool { return len(out.kept) > 0 || shaking.Done() }); err != nil {
			return err
		}
		// The last record of the server's part is the ticket.
		var in tlsInput
		ticket := 0
		for i := range out.kept {
			if !in.part() {
				ticket = i
			}
			in.came(out.kept[i : i+1])
		}
		if _, err := b.Write(out.kept[:ticket]); err != nil {
			return err
		}
		if _, err := shaking.Await(y); err != nil {
			return err
		}
		if err := piecemeal(t, y, client, a, b, out.kept[ticket:]); err != nil {
			return err
		}
		wantBuffered(t, "all of it", client, false)
		if cache.put != 1 {
			t.Errorf("%d tickets are remembered", cache.put)
		}
		return nil
	})
}

// TestB1PartOfGoodbye: a reply is read at once, though a part of an alert has come with it, which
// crypto/tls would wait for.
func TestB1PartOfGoodbye(t *testing.T) {
	eachTape(t, tls.VersionTLS12, func(t *testing.T, y *loop.Yielder, client *TLSConn, server *tls.Conn, out *tape, a, b *Conn) error {
		data, err := out.record(func() error { _, err := server.Write([]byte("reply")); return errors.Join(err, server.CloseWrite()) })
		if err != nil {
			return err
		}
		last := len(data) - 1
		if err := deliver(y, a, b, data[:last]); err != nil {
			return err
		}
		got := make([]byte, 10)
		if n, err := client.Read(got); string(got[:n]) != "reply" || err != nil {
			t.Errorf("Read: %q, %v", got[:n], err)
		}
		wantBuffered(t, "a part", client, true)
		if err := deliver(y, a, b, data[last:]); err != nil {
			return err
		}
		_, err = client.Read(got)
		wantErr(t, "Read", err, io.EOF)
		return nil
	})
}

// countingCache counts the sessions that it is given.
type countingCache struct {
	tls.ClientSessionCache
	put int
}

func (c *countingCache) Put(key string, s *tls.ClientSessionState) {
	c.put++
	c.ClientSessionCache.Put(key, s)
}

// TestB1KeyUpdate: new keys are taken, and answered, and do not count; an alert does.
func TestB1KeyUpdate(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		c, peer, err := keyedTLS(t, y, a, b)
		if err != nil {
			return err
		}
		wantBuffered(t, "before", c, false)
		for range 3 {
			if err := deliver(y, a, b, peer.keyUpdate()); err != nil {
				return err
			}
			wantBuffered(t, "a new key", c, false)
			if _, err := b.Read(make([]byte, 100)); err != nil { // the answer
				return err
			}
		}
		if err := deliver(y, a, b, append(peer.keyUpdate(), peer.seal(23, 'x')...)); err != nil {
			return err
		}
		wantBuffered(t, "a new key and a byte", c, true)
		got := make([]byte, 2)
		if n, err := c.Read(got); string(got[:n]) != "x" || err != nil {
			t.Errorf("Read: %q, %v", got[:n], err)
		}
		wantBuffered(t, "after it", c, false)
		if err := deliver(y, a, b, peer.seal(21, 2, 80)); err != nil {
			return err
		}
		wantBuffered(t, "an alert", c, true)
		for range 2 {
			var op *net.OpError
			if _, err := c.Read(got); !errors.As(err, &op) || op.Op != "remote error" {
				t.Errorf("Read: %v", err)
			}
		}
		return nil
	})
}

// TestB1Model sends records of all kinds and lengths in pieces of any size, and reads, waits and asks in
// between. Buffered is true if there is data that was not read, or a part of a record.
func TestB1Model(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := connPair(y, "unix", filepath.Join(t.TempDir(), "s"))
		if err != nil {
			return err
		}
		c, peer, err := keyedTLS(t, y, a, b)
		if err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(1, 2))
		var (
			unsent []byte // of the records
			ends   []int  // where the records in unsent end
			whole  [][]byte
			data   []byte // of whole records, and not read
			part   bool
			seen   [2]int
		)
		for step := range 5000 {
			if len(unsent) == 0 {
				for range 1 + r.IntN(4) {
					var plain, record []byte
					switch r.IntN(6) {
					case 0:
						record = peer.keyUpdate()
					case 1:
						record = peer.seal(23)
					default:
						plain = noise(1 + r.IntN(1<<r.IntN(14)))
						record = peer.seal(23, plain...)
					}
					unsent = append(unsent, record...)
					ends, whole = append(ends, len(unsent)), append(whole, plain)
				}
			}
			n := 1 + r.IntN(len(unsent))
			if r.IntN(2) == 0 {
				n = ends[r.IntN(len(ends))]
			}
			if err := deliver(y, a, b, unsent[:n]); err != nil {
				return err
			}
			unsent = unsent[n:]
			for i := range ends {
				ends[i] -= n
			}
			part = true
			for len(ends) > 0 && ends[0] <= 0 {
				part = ends[0] < 0
				data = append(data, whole[0]...)
				ends, whole = ends[1:], whole[1:]
			}
			for range r.IntN(4) {
				want := len(data) > 0 || part
				if r.IntN(2) == 0 {
					if got := c.Buffered(); got != want {
						return fmt.Errorf("step %d: Buffered is %v with %d bytes, part %v", step, got, len(data), part)
					}
					seen[map[bool]int{false: 0, true: 1}[want]]++
				}
				if len(data) == 0 {
					continue
				}
				if r.IntN(4) == 0 {
					if err := c.WaitRead(); err != nil {
						return err
					}
				}
				got := make([]byte, 1+r.IntN(2*len(data)))
				if r.IntN(3) == 0 {
					got = got[:min(len(got), len(data))]
				}
				n, err := c.Read(got)
				if err != nil || n == 0 || n > len(data) || !bytes.Equal(got[:n], data[:n]) {
					return fmt.Errorf("step %d: Read of %d: %d, %v; there are %d", step, len(got), n, err, len(data))
				}
				data = data[n:]
			}
			// The answers to the new keys must not fill the socket.
			if _, err := io.CopyN(io.Discard, b, int64(arrived(b))); err != nil {
				return err
			}
		}
		if seen[0] < 100 || seen[1] < 100 {
			t.Errorf("Buffered was false %d times and true %d times", seen[0], seen[1])
		}
		return nil
	})
}
