//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"coloop/loop"
)

// countedSockets count the calls that look for input.
type countedSockets struct {
	Sockets
	calls int
}

func (s *countedSockets) Read(fd int, b []byte) (int, error) {
	s.calls++
	return s.Sockets.Read(fd, b)
}

func (s *countedSockets) Peek(fd int, b []byte) (int, error) {
	s.calls++
	return s.Sockets.Peek(fd, b)
}

// TestB1NoCalls: after a reply that is one record Buffered neither asks the system nor decrypts, and
// after others no more than once.
func TestB1NoCalls(t *testing.T) {
	eachTape(t, tls.VersionTLS13, func(t *testing.T, y *loop.Yielder, client *TLSConn, server *tls.Conn, out *tape, a, b *Conn) error {
		counted := &countedSockets{Sockets: a.d.sockets}
		a.d.sockets = counted
		for _, tt := range []struct {
			name      string
			size      int
			replies   []string
			wantCalls int
		}{
			{"one record", 100, []string{"reply"}, 1},
			{"of the size of the buffer", 5, []string{"reply"}, 1},
			{"read in two", 3, []string{"reply"}, 1},
			{"two records", 100, []string{"reply", "reply"}, 1},
		} {
			var data []byte
			for _, r := range tt.replies {
				record, err := out.record(func() error { _, err := server.Write([]byte(r)); return err })
				if err != nil {
					return err
				}
				data = append(data, record...)
			}
			if err := deliver(y, a, b, data); err != nil {
				return err
			}
			counted.calls = 0
			for left := len(strings.Join(tt.replies, "")); left > 0; {
				n, err := client.Read(make([]byte, tt.size))
				if err != nil {
					return err
				}
				left -= n
			}
			if settled := client.in.settled; settled != (len(tt.replies) == 1) {
				t.Errorf("%s: settled is %v", tt.name, settled)
			}
			for range 10 {
				wantBuffered(t, tt.name, client, false)
			}
			if counted.calls != tt.wantCalls {
				t.Errorf("%s: %d calls, want %d", tt.name, counted.calls, tt.wantCalls)
			}
		}
		return nil
	})
}

// TestB1States: Buffered before the handshake, during it and after it has failed, while a task reads,
// where nothing can park, and of a connection that is closed or cannot be written to.
func TestB1States(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		_, clientConfig := tlsConfigs(t)
		c, err := newTLSConn(a, nil, clientConfig, false)
		if err != nil {
			return err
		}
		wantBuffered(t, "before the handshake", c, false)
		if err := deliver(y, a, b, []byte("r")); err != nil {
			return err
		}
		wantBuffered(t, "data before the handshake", c, true)
		shaking := loop.Spawn(y, func(*loop.Yielder) error { return c.Handshake() })
		if err := until(y, func() bool { return c.shaking.busy }); err != nil {
			return err
		}
		wantBuffered(t, "during the handshake", c, true)
		if _, err := b.Write([]byte("ubbish")); err != nil {
			return err
		}
		var bad tls.RecordHeaderError
		if _, err := shaking.Await(y); !errors.As(err, &bad) {
			t.Errorf("the handshake: %v", err)
		}
		wantBuffered(t, "a failed handshake", c, true)
		if err := c.WaitRead(); !errors.As(err, &bad) {
			t.Errorf("WaitRead: %v", err)
		}
		wantErr(t, "Close", c.Close(), nil)
		early, err := newTLSConn(b, []byte("early"), clientConfig, false)
		if err != nil {
			return err
		}
		wantBuffered(t, "early data", early, true)
		return nil
	})
	eachTLS(t, func(t *testing.T, y *loop.Yielder, server, client *TLSConn) error {
		wantBuffered(t, "a connection", server, false)
		reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := server.Read(make([]byte, 1)); return err })
		if err := until(y, func() bool { return server.base().rd.busy }); err != nil {
			return err
		}
		wantBuffered(t, "while a task reads", server, true)
		cancel(y, t, "reader", reader)
		wantBuffered(t, "after it", server, false)
		called := make(chan bool, 1)
		loop.Running(y).CallSoon(func() { called <- server.Buffered() })
		if err := until(y, func() bool { return len(called) == 1 }); err != nil {
			return err
		}
		if <-called {
			t.Error("in a callback it is true")
		}
		err := elsewhere(y, func() error { wantBuffered(t, "elsewhere", server, false); return nil })
		if err != nil {
			return err
		}
		server.base().outgoing().err = io.ErrClosedPipe
		wantBuffered(t, "a write has failed", server, true)
		server.base().outgoing().err = nil
		if _, err := client.Write([]byte("x")); err != nil {
			return err
		}
		d := server.base()
		if err := until(y, func() bool { return d.rd.ready }); err != nil {
			return err
		}
		d.outgoing().paused, d.outgoing().replies = true, defaultHigh+1
		wantBuffered(t, "the peer does not read its replies", server, true)
		d.outgoing().resume()
		wantBuffered(t, "it does", server, true)
		wantErr(t, "Close", server.Close(), nil)
		wantBuffered(t, "closed", server, true)
		err = elsewhere(y, func() error { return client.Close() })
		wantBuffered(t, "closed elsewhere", client, true)
		return err
	})
}

// TestB1Nested: what comes for TLS within TLS is found in either.
func TestB1Nested(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	eachTLS(t, func(t *testing.T, y *loop.Yielder, a, b *TLSConn) error {
		var server, client *TLSConn
		err := together(y, func(y *loop.Yielder) (err error) {
			server, err = StartTLS(y, a, serverConfig, true)
			return err
		}, func(y *loop.Yielder) (err error) {
			client, err = StartTLS(y, b, clientConfig, false)
			return err
		})
		if err != nil {
			return err
		}
		if err := echoes(server, client); err != nil {
			return err
		}
		wantBuffered(t, "after a reply", client, false)
		if _, err := server.Write([]byte("reply")); err != nil {
			return err
		}
		if err := client.WaitRead(); err != nil {
			return err
		}
		if _, err := io.ReadFull(client, make([]byte, 4)); err != nil {
			return err
		}
		wantBuffered(t, "in the record", client, true)
		if _, err := io.ReadFull(client, make([]byte, 1)); err != nil {
			return err
		}
		wantBuffered(t, "after it", client, false)
		if err := a.push([]byte{23, 3, 3}, false); err != nil {
			return err
		}
		if err := until(y, func() bool { return b.base().rd.ready }); err != nil {
			return err
		}
		wantBuffered(t, "a part of a header", client, true)
		return nil
	})
}

// TestTLSWaitRead: the wait is over when there is something to read, decrypted or not, and not
// for a new key or a part of a record.
func TestTLSWaitRead(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		c, peer, err := keyedTLS(t, y, a, b)
		if err != nil {
			return err
		}
		wait := func() *loop.Task[struct{}] {
			return loop.Spawn(y, func(*loop.Yielder) error { return c.WaitRead() })
		}
		parked := func() bool { return a.d.rd.busy && !a.d.rd.ready }
		waiting := wait()
		record := peer.keyUpdate()
		record = append(record, peer.seal(23, []byte("hello")...)...)
		for i := range record {
			if err := until(y, parked); err != nil {
				return err
			}
			if waiting.Done() {
				t.Fatalf("the wait is over after %d bytes of %d", i, len(record))
			}
			if _, err := b.Write(record[i : i+1]); err != nil {
				return err
			}
			if err := until(y, func() bool { return arrived(a) == 0 }); err != nil {
				return err
			}
		}
		if _, err := waiting.Await(y); err != nil {
			return err
		}
		// One byte is kept for the next Read, which reads what is behind it too.
		for _, want := range []string{"he", "llo"} {
			if err := c.WaitRead(); err != nil {
				return err
			}
			got := make([]byte, 4)
			if want == "he" {
				got = got[:2]
			}
			if n, err := c.Read(got); string(got[:n]) != want || err != nil {
				t.Errorf("Read: %q, %v", got[:n], err)
			}
		}
		waiting = wait()
		if err := until(y, parked); err != nil {
			return err
		}
		cancel(y, t, "WaitRead", waiting)
		wantErr(t, "ReadBy", c.ReadBy(0), nil)
		wantTimeout(t, "WaitRead after the deadline", c.WaitRead())
		wantErr(t, "ReadBy", c.ReadBy(-1), nil)
		err = elsewhere(y, func() error {
			_, err := b.Write(peer.seal(23, 'x'))
			return errors.Join(err, c.WaitRead())
		})
		if err != nil {
			return err
		}
		if n, err := c.Read(make([]byte, 2)); n != 1 || err != nil {
			t.Errorf("Read: %d, %v", n, err)
		}
		if _, err := b.Write(peer.seal(21, 1, 0)); err != nil {
			return err
		}
		wantErr(t, "WaitRead for the end", c.WaitRead(), nil)
		_, err = c.Read(make([]byte, 1))
		wantErr(t, "Read", err, io.EOF)
		wantErr(t, "Close", c.Close(), nil)
		wantErr(t, "WaitRead", c.WaitRead(), net.ErrClosed)
		return nil
	})
}

// TestTLSShutdown: the end of a Server ends the handlers that wait for a request over TLS.
func TestTLSShutdown(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		var waiting *TLSConn
		s := &Server{Handle: func(y *loop.Yielder, c *Conn) error {
			tc, err := StartTLS(y, c, serverConfig, true)
			if err != nil {
				return err
			}
			defer tc.Close()
			if _, err := tc.Write([]byte("hello")); err != nil {
				return err
			}
			waiting = tc
			if err := tc.WaitRead(); err != nil {
				t.Errorf("WaitRead: %v", err)
			}
			_, err = tc.Read(make([]byte, 1))
			wantErr(t, "Read", err, io.EOF)
			return nil
		}}
		if err := start(y, s, network, address); err != nil {
			return err
		}
		c, err := dialServer(y, s)
		if err != nil {
			return err
		}
		client, err := StartTLS(y, c, clientConfig, false)
		if err != nil {
			return err
		}
		if err := until(y, func() bool { return waiting != nil && waiting.base().idle() }); err != nil {
			return err
		}
		wantErr(t, "Shutdown", s.Shutdown(y, loop.NoTimeout), nil)
		all, err := io.ReadAll(client)
		if string(all) != "hello" {
			t.Errorf("the client reads %q", all)
		}
		return err
	})
}

// TestTLSGivesWay: a task that finds data in crypto/tls at each Read gives way when it has had its share of
// the turn.
func TestTLSGivesWay(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		c, peer, err := keyedTLS(t, y, a, b)
		if err != nil {
			return err
		}
		var records []byte
		for range 3 {
			records = append(records, peer.seal(23, 'x')...)
		}
		if err := deliver(y, a, b, records); err != nil {
			return err
		}
		l := loop.Running(y)
		for i, want := range []bool{false, false, true} {
			turn := l.Turn()
			a.d.rd.at(turn)
			if want {
				a.d.rd.used = perTurn
			}
			n, err := c.Read(make([]byte, 2))
			if n != 1 || err != nil || (l.Turn() != turn) != want {
				t.Errorf("Read %d: %d, %v; gave way: %v", i, n, err, l.Turn() != turn)
			}
		}
		// A cancellation meanwhile leaves the data to be read.
		if err := deliver(y, a, b, append(peer.seal(23, 'x'), peer.seal(23, 'y')...)); err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			return err
		}
		reader := loop.Spawn(y, func(*loop.Yielder) error {
			a.d.rd.at(l.Turn())
			a.d.rd.used = perTurn
			_, err := c.Read(make([]byte, 1))
			return err
		})
		if err := until(y, func() bool { return c.reads.busy }); err != nil {
			return err
		}
		cancel(y, t, "Read", reader)
		got := make([]byte, 2)
		if n, err := c.Read(got); string(got[:n]) != "y" || err != nil {
			t.Errorf("Read: %q, %v", got[:n], err)
		}
		return nil
	})
}
