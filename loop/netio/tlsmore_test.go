//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// TestTLSDeadlines: ReadBy and WriteBy are on the loop's clock, and the connection stays usable.
func TestTLSDeadlines(t *testing.T) {
	eachTLS(t, func(t *testing.T, y *loop.Yielder, server, client *TLSConn) error {
		l := loop.Running(y)
		reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := server.Read(make([]byte, 1)); return err })
		writer := loop.Spawn(y, func(*loop.Yielder) error { _, err := server.Write(noise(much)); return err })
		d := server.base()
		if err := until(y, func() bool { return d.rd.busy && d.wr.busy }); err != nil {
			return err
		}
		if err := errors.Join(server.ReadBy(l.Time()+time.Second), server.WriteBy(l.Time()+2*time.Second)); err != nil {
			return err
		}
		for _, tt := range []struct {
			name string
			task *loop.Task[struct{}]
		}{{"Read", reader}, {"Write", writer}} {
			if tt.task.Done() {
				t.Errorf("%s is over before its time", tt.name)
			}
			looptest.Advance(y, time.Second)
			_, err := tt.task.Await(y)
			wantTimeout(t, tt.name, err)
		}
		return errors.Join(server.ReadBy(-1), server.WriteBy(-1))
	})
}

// TestTLSAbort: the peer of a connection that is aborted gets no goodbye.
func TestTLSAbort(t *testing.T) {
	for _, over := range []string{"TLSConn", "Stream"} {
		netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
			a, b, err := connPair(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			server, client, err := overTLS(t, y, a, b)
			if err != nil {
				return err
			}
			reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := server.Read(make([]byte, 1)); return err })
			if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
				return err
			}
			if over == "Stream" {
				wantErr(t, "Abort", NewStream(y, server).Abort(), nil)
			} else {
				wantErr(t, "Abort", server.Abort(), nil)
			}
			wantErr(t, "Abort again", server.Abort(), net.ErrClosed)
			_, err = reader.Await(y)
			wantErr(t, "a Read under way", err, net.ErrClosed)
			if _, err := client.Read(make([]byte, 1)); !gone(err) {
				t.Errorf("the peer: %v", err)
			}
			return nil
		})
	}
}

// TestTLSHandshakeLimit: the handshake takes until the read deadline, whether that is sooner or later than
// 60 seconds, but no longer than a listener's HandshakeTimeout. The deadline stays.
func TestTLSHandshakeLimit(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	for _, tt := range []struct{ deadline, own, want time.Duration }{
		{time.Second, 0, time.Second},
		{10 * time.Minute, 0, 10 * time.Minute},
		{10 * time.Minute, time.Minute, time.Minute},
		{time.Second, time.Minute, time.Second},
	} {
		eachPair(t, func(t *testing.T, y *loop.Yielder, a, _ *Conn) error {
			if err := a.ReadBy(loop.Running(y).Time() + tt.deadline); err != nil {
				return err
			}
			shaking := loop.Spawn(y, func(y *loop.Yielder) error {
				if tt.own == 0 {
					_, err := StartTLS(y, a, clientConfig, false)
					return err
				}
				ln := TLSListener{HandshakeTimeout: tt.own, config: serverConfig}
				c, err := ln.over(a)
				if err != nil {
					return err
				}
				defer c.Close()
				return c.Handshake()
			})
			if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
				return err
			}
			looptest.Advance(y, tt.want-1)
			if err := turns(y); err != nil {
				return err
			}
			if shaking.Done() {
				t.Errorf("%+v: the handshake is over before its time", tt)
			}
			looptest.Advance(y, 1)
			_, err := shaking.Await(y)
			wantTimeout(t, "the handshake", err)
			wantErr(t, "the handshake", err, context.DeadlineExceeded)
			var op *net.OpError
			if !errors.As(err, &op) || op.Op != "handshake" || strings.Contains(err.Error(), "cancel") {
				t.Errorf("the handshake: %v", err)
			}
			wantErr(t, "Close", a.Close(), net.ErrClosed)
			return nil
		})
	}
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if err := a.ReadBy(loop.Running(y).Time() + time.Second); err != nil {
			return err
		}
		server, _, err := overTLS(t, y, a, b)
		if err != nil {
			return err
		}
		looptest.Advance(y, time.Second)
		_, err = server.Read(make([]byte, 1))
		wantErr(t, "Read after the handshake", err, os.ErrDeadlineExceeded)
		return nil
	})
}

// TestTLSResumes: a second connection with the same cache resumes the session of the first, and
// ConnectionState says so, and which protocol was agreed on.
func TestTLSResumes(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		serverConfig, clientConfig := tlsConfigs(t)
		serverConfig.MaxVersion, serverConfig.NextProtos = version, []string{"h2", "http/1.1"}
		clientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		clientConfig.NextProtos = []string{"http/1.1"}
		for _, resumed := range []bool{false, true} {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
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
				if s := client.ConnectionState(); s.Version != version || s.DidResume != resumed && a.d.network == "tcp" || s.NegotiatedProtocol != "http/1.1" {
					t.Errorf("%s: resumed is %v, the protocol %q", tls.VersionName(s.Version), s.DidResume, s.NegotiatedProtocol)
				}
				return echoes(server, client) // the ticket comes with that
			})
		}
	}
}

// TestTLSTry: TryRead and TryWrite do what they can at once, on the stack of the loop too.
func TestTLSTry(t *testing.T) {
	eachTLS(t, func(t *testing.T, y *loop.Yielder, server, client *TLSConn) error {
		buf := make([]byte, 16)
		if n, err := client.TryRead(buf); n != 0 || err != syscall.EAGAIN {
			t.Errorf("a read of nothing: %d, %v", n, err)
		}
		if n, err := client.TryRead(nil); n != 0 || err != nil {
			t.Errorf("a read into nothing: %d, %v", n, err)
		}
		onStack(t, y, func() {
			if n, err := server.TryWrite([]byte("hello")); n != 5 || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
		})
		if err := client.WaitRead(); err != nil {
			return err
		}
		onStack(t, y, func() {
			for _, want := range []string{"he", "llo"} {
				if n, err := client.TryRead(buf[:len(want)]); string(buf[:n]) != want || err != nil {
					t.Errorf("read %q, %v", buf[:n], err)
				}
			}
			if n, err := client.TryRead(buf); n != 0 || err != syscall.EAGAIN {
				t.Errorf("a read behind the data: %d, %v", n, err)
			}
			wantBuffered(t, "behind the data", client, false)
		})
		data, wrote := noise(much), 0
		for {
			n, err := server.TryWrite(data[wrote:])
			if wrote += n; err == syscall.EAGAIN && n == 0 {
				break
			}
			if err != nil {
				return err
			}
		}
		if kept := server.base().outgoing().pending(); wrote == 0 || wrote == len(data) || kept > 2*tlsPiece {
			t.Errorf("%d bytes written, %d kept", wrote, kept)
		}
		got := make([]byte, wrote)
		if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, data[:wrote]) {
			t.Errorf("what was counted does not arrive: %v", err)
		}
		reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := client.Read(buf); return err })
		if err := until(y, func() bool { return client.reads.busy }); err != nil {
			return err
		}
		if n, err := client.TryRead(buf); n != 0 || err != syscall.EAGAIN {
			t.Errorf("a read while a task reads: %d, %v", n, err)
		}
		o := client.base().outgoing()
		o.paused, o.replies = true, o.high+1
		_, err := client.TryRead(buf)
		wantErr(t, "TryRead from a peer that does not read its replies", err, ErrBufferFull)
		o.resume()
		wantErr(t, "Close", server.Close(), nil)
		_, err = reader.Await(y)
		wantErr(t, "the reader", err, io.EOF)
		_, err = client.TryRead(buf)
		wantErr(t, "TryRead at the end", err, io.EOF)
		_, err = server.TryRead(buf)
		wantErr(t, "TryRead", err, net.ErrClosed)
		_, err = server.TryWrite(buf)
		wantErr(t, "TryWrite", err, net.ErrClosed)
		return nil
	})
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, _ *Conn) error {
		_, clientConfig := tlsConfigs(t)
		c, err := newTLSConn(a, nil, clientConfig, false)
		if err != nil {
			return err
		}
		shaking := loop.Spawn(y, func(*loop.Yielder) error { return c.Handshake() })
		if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
			return err
		}
		_, err = c.TryRead(make([]byte, 1))
		_, err2 := c.TryWrite(make([]byte, 1))
		if err != syscall.EAGAIN || err2 != syscall.EAGAIN {
			t.Errorf("during the handshake: %v, %v", err, err2)
		}
		cancel(y, t, "the handshake", shaking)
		want := c.Handshake()
		_, err = c.TryRead(make([]byte, 1))
		_, err2 = c.TryWrite(make([]byte, 1))
		if want == nil || err != want || err2 != want {
			t.Errorf("after a failed handshake, %v: %v, %v", want, err, err2)
		}
		return nil
	})
}
