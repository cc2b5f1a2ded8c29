//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// overTLS makes TLS connections of the ends of a connection: the server's of the first.
func overTLS(t *testing.T, y *loop.Yielder, a, b *Conn) (server, client *TLSConn, err error) {
	serverConfig, clientConfig := tlsConfigs(t)
	err = together(y, func(y *loop.Yielder) (err error) {
		server, err = StartTLS(y, a, serverConfig, true)
		return err
	}, func(y *loop.Yielder) (err error) {
		client, err = StartTLS(y, b, clientConfig, false)
		return err
	})
	return server, client, err
}

// eachTLS is eachPair with TLS connections.
func eachTLS(t *testing.T, fn func(t *testing.T, y *loop.Yielder, server, client *TLSConn) error) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		server, client, err := overTLS(t, y, a, b)
		if err != nil {
			return err
		}
		return fn(t, y, server, client)
	})
}

// TestTLSConn has tasks that read and write at both ends shake hands, send much both ways at
// once, and say that this is all.
func TestTLSConn(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	serverConfig.NextProtos, clientConfig.NextProtos = []string{"a", "b"}, []string{"b"}
	data := noise(8 << 20)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		clientConfig.MaxVersion = version
		eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
			server, err := newTLSConn(a, nil, serverConfig, true)
			if err != nil {
				return err
			}
			client, err := newTLSConn(b, nil, clientConfig, false)
			if err != nil {
				return err
			}
			write := func(c *TLSConn) func(*loop.Yielder) error {
				return func(*loop.Yielder) error {
					if n, err := c.Write(data); n != len(data) || err != nil {
						t.Errorf("Write: %d, %v", n, err)
					}
					if kept := c.base().wr.out.pending(); kept != 0 {
						t.Errorf("%d bytes are kept after Write", kept)
					}
					return c.CloseWrite()
				}
			}
			err = together(y, write(client), write(server), readsAll(t, client, data), readsAll(t, server, data))
			if err != nil {
				return err
			}
			for _, c := range []*TLSConn{server, client} {
				if s := c.ConnectionState(); s.Version != version || s.NegotiatedProtocol != "b" || !s.HandshakeComplete {
					t.Errorf("%+v", s)
				}
				wantErr(t, "Handshake again", c.Handshake(), nil)
				wantErr(t, "Close", c.Close(), nil)
				wantErr(t, "Close again", c.Close(), net.ErrClosed)
				_, err := c.Read(make([]byte, 1))
				wantErr(t, "Read", err, net.ErrClosed)
				_, err = c.Write(make([]byte, 1))
				wantErr(t, "Write", err, net.ErrClosed)
				wantErr(t, "CloseWrite", c.CloseWrite(), net.ErrClosed)
			}
			return nil
		})
	}
}

// TestTLSConnIsAConn is the conformance test of x/net.
func TestTLSConnIsAConn(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	over := func(y *loop.Yielder, c net.Conn, server bool) (net.Conn, error) {
		if server {
			return StartTLS(y, c, serverConfig, true)
		}
		return StartTLS(y, c, clientConfig, false)
	}
	testConn(t, over, func(c net.Conn, l *loop.Loop) net.Conn { return inTask{c, l} })
	t.Run("Stream", func(t *testing.T) {
		testConn(t, func(y *loop.Yielder, c net.Conn, server bool) (net.Conn, error) {
			c, err := over(y, c, server)
			return NewStream(y, c), err
		}, func(c net.Conn, l *loop.Loop) net.Conn { return streamInTask{inTask{c, l}, c.(*Stream)} })
	})
}

// stuck waits until the socket of d takes no more output.
func stuck(y *loop.Yielder, d *descriptor) error {
	kept, turns := 0, 0
	return until(y, func() bool {
		if n := d.outgoing().pending(); n != kept {
			kept, turns = n, 0
		}
		turns++
		return kept > 0 && turns > 1000
	})
}

// TestC2Rubbish: a peer reads nothing while a task writes, and sends 25 bytes of rubbish to one
// that reads. The alert is sent without waiting for the writer, and the loop goes on.
func TestC2Rubbish(t *testing.T) {
	for _, end := range []string{"Close", "deadline", "cancelled", "peer closes"} {
		t.Run(end, func(t *testing.T) {
			eachTLS(t, func(t *testing.T, y *loop.Yielder, server, client *TLSConn) error {
				writer := loop.Spawn(y, func(*loop.Yielder) error {
					_, err := server.Write(noise(much))
					return err
				})
				reader := loop.Spawn(y, func(*loop.Yielder) error {
					_, err := server.Read(make([]byte, 1))
					return err
				})
				d := server.base()
				if err := until(y, func() bool { return d.wr.busy && d.rd.busy }); err != nil {
					return err
				}
				if err := stuck(y, d); err != nil {
					return err
				}
				if _, err := client.NetConn().Write(bytes.Repeat([]byte("x"), 25)); err != nil {
					return err
				}
				if _, err := reader.Await(y); err == nil || !strings.Contains(err.Error(), "tls: ") {
					t.Errorf("the reader: %v", err)
				}
				if writer.Done() {
					t.Error("the writer does not wait")
				}
				var want error
				switch end {
				case "Close":
					want = net.ErrClosed
					wantErr(t, end, server.Close(), nil)
				case "deadline":
					want = os.ErrDeadlineExceeded
					wantErr(t, end, server.SetWriteDeadline(time.Unix(1, 0)), nil)
				case "cancelled":
					want = loop.ErrCancelled
					writer.Cancel()
				case "peer closes":
					reset(t, client.NetConn().(*Conn))
				}
				_, err := writer.Await(y)
				if want != nil {
					wantErr(t, "the writer", err, want)
				} else if err == nil {
					t.Error("the writer has written all")
				}
				return nil
			})
		})
	}
}

// TestC2Handshake: tasks that read, write and look while another shakes hands with a peer that
// says nothing wait, and do not stop the loop. Close, a deadline, a cancellation and the end of 60
// seconds end them all.
func TestC2Handshake(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	for _, end := range []string{"Close", "Close apart", "deadline", "cancelled", "too long"} {
		for _, server := range []bool{false, true} {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				c, err := newTLSConn(a, nil, map[bool]*tls.Config{false: clientConfig, true: serverConfig}[server], server)
				if err != nil {
					return err
				}
				first := loop.Spawn(y, func(*loop.Yielder) error { return c.Handshake() })
				var others []*loop.Task[struct{}]
				for _, op := range []func() error{
					c.Handshake,
					func() error { _, err := c.Read(make([]byte, 1)); return err },
					func() error { _, err := c.Write(make([]byte, 1)); return err },
					c.CloseWrite,
				} {
					others = append(others, loop.Spawn(y, func(*loop.Yielder) error { return op() }))
				}
				if err := until(y, func() bool { return a.d.rd.busy && c.shaking.lot.Len() == len(others) }); err != nil {
					return err
				}
				if c.ConnectionState().HandshakeComplete {
					t.Error("the handshake is complete")
				}
				var want error
				switch end {
				case "Close":
					want = net.ErrClosed
					wantErr(t, end, c.Close(), nil)
				case "Close apart":
					want = net.ErrClosed
					apart(func() { wantErr(t, end, c.Close(), nil) })
				case "deadline":
					want = os.ErrDeadlineExceeded
					wantErr(t, end, c.SetDeadline(time.Unix(1, 0)), nil)
				case "cancelled":
					want = loop.ErrCancelled
					first.Cancel()
				case "too long":
					want = os.ErrDeadlineExceeded
					looptest.Advance(y, handshakeTimeout)
				}
				_, err = first.Await(y)
				wantErr(t, end, err, want)
				for _, o := range others {
					_, err := o.Await(y)
					if err == nil || loop.IsCancelled(err) {
						t.Errorf("%s: another task: %v", end, err)
					}
					if want != loop.ErrCancelled {
						wantErr(t, "another task", err, want)
					}
				}
				return nil
			})
		}
	}
}

// TestTLSCancelledRead: a Read and a Write that were cancelled, or came too late, leave the
// connection as it was; what the Write has counted arrives.
func TestTLSCancelledRead(t *testing.T) {
	data := noise(much)
	eachTLS(t, func(t *testing.T, y *loop.Yielder, server, client *TLSConn) error {
		for _, end := range []string{"cancelled", "deadline"} {
			reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := server.Read(make([]byte, 1)); return err })
			n := 0
			writer := loop.Spawn(y, func(*loop.Yielder) (err error) { n, err = server.Write(data); return err })
			if err := until(y, func() bool { return server.base().rd.busy && server.base().wr.busy }); err != nil {
				return err
			}
			want := os.ErrDeadlineExceeded
			if end == "cancelled" {
				want = loop.ErrCancelled
				reader.Cancel()
				writer.Cancel()
			} else {
				wantErr(t, "SetDeadline", server.SetDeadline(time.Unix(1, 0)), nil)
			}
			_, err := reader.Await(y)
			wantErr(t, "Read", err, want)
			_, err = writer.Await(y)
			wantErr(t, "Write", err, want)
			if end == "deadline" {
				if m, err := server.Write([]byte("x")); m != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Write after the deadline: %d, %v", m, err)
				}
			}
			wantErr(t, "SetDeadline", server.SetDeadline(time.Time{}), nil)
			got := make([]byte, n)
			if _, err := io.ReadFull(client, got); err != nil {
				return err
			}
			if !bytes.Equal(got, data[:n]) {
				t.Error("something else arrives")
			}
			if err := echoes(server, client); err != nil {
				return err
			}
		}
		return nil
	})
}

// echoes sends a little both ways, from one task.
func echoes(a, b net.Conn) error {
	for _, to := range [][2]net.Conn{{a, b}, {b, a}} {
		if _, err := to[0].Write([]byte("hello")); err != nil {
			return err
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(to[1], got); err != nil || string(got) != "hello" {
			return errors.Join(err, errors.New("read "+string(got)))
		}
	}
	return nil
}

// TestTLSEnds: the end that the peer tells is io.EOF, one within a record is io.ErrUnexpectedEOF,
// and so is that of a peer which closes in the middle of a Write.
func TestTLSEnds(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(y *loop.Yielder, server *TLSConn) error
		want error
	}{
		{"CloseWrite", func(_ *loop.Yielder, c *TLSConn) error { return c.CloseWrite() }, io.EOF},
		{"Close", func(_ *loop.Yielder, c *TLSConn) error { return c.Close() }, io.EOF},
		{"cut off", func(_ *loop.Yielder, c *TLSConn) error {
			_, err := c.NetConn().Write([]byte{23, 3, 3, 0, 99, 1, 2, 3})
			return errors.Join(err, c.NetConn().Close())
		}, io.ErrUnexpectedEOF},
		{"Close within Write", func(y *loop.Yielder, c *TLSConn) error {
			writer := loop.Spawn(y, func(*loop.Yielder) error { _, err := c.Write(noise(much)); return err })
			if err := until(y, func() bool { return c.base().wr.busy }); err != nil {
				return err
			}
			if err := c.Close(); err != nil {
				return err
			}
			if _, err := writer.Await(y); !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			eachTLS(t, func(t *testing.T, y *loop.Yielder, server, client *TLSConn) error {
				if err := tc.end(y, server); err != nil {
					return err
				}
				n, err := io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{client})
				if tc.want == nil {
					// As with crypto/tls, the end between two records passes for one that was told.
					if n == 0 || n >= much {
						t.Errorf("%d bytes read", n)
					}
					return nil
				}
				if err == nil {
					err = io.EOF // which Copy does not return
				}
				wantErr(t, "Read", err, tc.want)
				return nil
			})
		})
	}
}
