//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// TestTLSRefused: what must not be, or cannot be, is an error, and no connection stays open.
func TestTLSRefused(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		again := clientConfig.Clone()
		again.Renegotiation = tls.RenegotiateOnceAsClient
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		_, err = StartTLS(y, a, again, false)
		wantErr(t, "a config that allows renegotiation", err, errRenegotiation)
		_, err = StartTLS(y, &chunks{}, clientConfig, false)
		wantErr(t, "a connection of another package", err, errors.ErrUnsupported)
		reader := loop.Spawn(y, func(y *loop.Yielder) error { _, err := NewStream(y, b).ReadLine(y); return err })
		_, err = ListenTLS(y, "tcp", "127.0.0.1:0", again)
		wantErr(t, "ListenTLS without a certificate", err, err)
		if err == nil || !strings.Contains(err.Error(), "neither Certificates") {
			t.Errorf("ListenTLS without a certificate: %v", err)
		}
		apart(func() { _, err = StartTLS(y, a, clientConfig, false) })
		wantErr(t, "StartTLS on another goroutine", err, loop.ErrWrongGoroutine)
		cancel(y, t, "reader", reader)

		ln, err := ListenTLS(y, "tcp", "127.0.0.1:0", serverConfig)
		if err != nil {
			return err
		}
		serving := loop.Spawn(y, func(y *loop.Yielder) error {
			for {
				c, err := ln.Accept()
				if errors.Is(err, net.ErrClosed) {
					return nil
				}
				_, err = c.Read(make([]byte, 1))
				if err == nil {
					t.Error("a client that does not trust the server goes on")
				}
				_ = c.Close()
			}
		})
		_, err = DialTLS(y, "tcp", ln.Addr().String(), nil)
		if unknown := new(x509.UnknownAuthorityError); !errors.As(err, unknown) {
			t.Errorf("DialTLS to a server of an unknown authority: %v", err)
		}
		trusting := clientConfig.Clone()
		trusting.ServerName = "example.com"
		_, err = DialTLS(y, "tcp", ln.Addr().String(), trusting)
		if other := new(x509.HostnameError); !errors.As(err, other) {
			t.Errorf("DialTLS to another server: %v", err)
		}
		_, err = DialTLS(y, "tcp", ln.Addr().String(), again)
		wantErr(t, "DialTLS that allows renegotiation", err, errRenegotiation)
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
}

// TestTLSServe: a client that says nothing keeps nobody waiting, and is gone after the time for
// the handshake, which is reported.
func TestTLSServe(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	clientConfig.ServerName = "" // the host of the address
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		var reports []error
		l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { reports = append(reports, c.Exception) })
		ln, err := ListenTLS(y, "tcp", "127.0.0.1:0", serverConfig)
		if err != nil {
			return err
		}
		ln.HandshakeTimeout = time.Minute / 2
		if err := ln.Serve(y, nil); err == nil {
			t.Error("Serve of nothing")
		}
		serving := loop.Spawn(y, func(y *loop.Yielder) error {
			return ln.Serve(y, func(y *loop.Yielder, c *TLSConn) error { _, err := io.Copy(c, c); return err })
		})
		silent, err := Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		c, err := DialTLS(y, "tcp", ln.Addr().String(), clientConfig)
		if err != nil {
			return err
		}
		if err := echoes(c, c); err != nil {
			return err
		}
		if err := c.CloseWrite(); err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the end of a handle does not close its connection: %v", err)
		}
		looptest.Advance(y, ln.HandshakeTimeout)
		if _, err := silent.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("a silent client: %v", err)
		}
		if len(reports) != 1 || !errors.Is(reports[0], os.ErrDeadlineExceeded) {
			t.Errorf("reports: %v", reports)
		}
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
}

// TestStartTLS has a conversation turn to TLS on a stream, whose buffer holds the beginning of the
// handshake by then, and then to TLS within TLS.
func TestStartTLS(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		early := false
		return together(y, func(y *loop.Yielder) error {
			s := NewStream(y, a)
			for range 2 {
				line, err := s.ReadLine(y)
				if string(line) != "STARTTLS\n" || err != nil {
					t.Errorf("%q, %v", line, err)
				}
				early = early || s.unread() > 0
				if err := s.StartTLS(y, serverConfig, true); err != nil {
					return err
				}
			}
			if !early {
				t.Error("no part of the handshake was in the buffer")
			}
			all, err := s.ReadAll(y)
			mustWrite(t, s, bytes.ToUpper(all))
			return errors.Join(err, s.Close())
		}, func(y *loop.Yielder) error {
			// The second stream sends the line together with the client's hello.
			c := net.Conn(b)
			for range 2 {
				if err := c.(transport).push([]byte("STARTTLS\n"), false); err != nil {
					return err
				}
				over, err := StartTLS(y, c, clientConfig, false)
				if err != nil {
					return err
				}
				c = over
			}
			if _, err := c.Write([]byte("hello")); err != nil {
				return err
			}
			if err := c.(*TLSConn).CloseWrite(); err != nil {
				return err
			}
			return readsAll(t, c, []byte("HELLO"))(y)
		})
	})
}

// TestStreamOverTLS: a Stream over TLS never parks either, keeps the order, and writes all before
// its end.
func TestStreamOverTLS(t *testing.T) {
	data := noise(much)
	eachTLS(t, func(t *testing.T, y *loop.Yielder, server, client *TLSConn) error {
		s := NewStream(y, server)
		mustWrite(t, s, data)
		if s.WriteBufferSize() == 0 {
			t.Error("nothing is kept")
		}
		return together(y, func(y *loop.Yielder) error {
			if err := s.Drain(y); err != nil {
				return err
			}
			mustWrite(t, s, []byte("more"))
			if _, err := server.Write([]byte("and more")); err != nil {
				return err
			}
			mustWrite(t, s, slices.Clone(data))
			wantErr(t, "Close", s.Close(), nil)
			return s.WaitClosed(y)
		}, readsAll(t, client, data, []byte("more"), []byte("and more"), data))
	})
}
