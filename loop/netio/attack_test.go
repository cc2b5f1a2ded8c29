//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"coloop/loop"

	"github.com/gorilla/websocket"
)

// A sealer makes the records of a TLS 1.3 client by hand, with what crypto/tls does not send.
type sealer struct {
	secret []byte
	key    cipher.AEAD
	iv     []byte
	seq    uint64
}

// expand is HKDF-Expand-Label of RFC 8446, without a context.
func expand(secret []byte, label string, n int) []byte {
	label = "tls13 " + label
	info := fmt.Sprintf("\x00%c%c%s\x00", n, len(label), label)
	key, err := hkdf.Expand(sha256.New, secret, info, n)
	if err != nil {
		panic(err)
	}
	return key
}

func newSealer(secret []byte) *sealer {
	block, err := aes.NewCipher(expand(secret, "key", 16))
	if err != nil {
		panic(err)
	}
	key, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return &sealer{secret: secret, key: key, iv: expand(secret, "iv", 12)}
}

// seal returns a record.
func (s *sealer) seal(kind byte, data ...byte) []byte {
	header := binary.BigEndian.AppendUint16([]byte{23, 3, 3}, uint16(len(data)+1+s.key.Overhead()))
	nonce := bytes.Clone(s.iv)
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^s.seq)
	s.seq++
	return s.key.Seal(header, nonce, append(data, kind), header)
}

// keyUpdate returns a record that wants one in return, and changes the key.
func (s *sealer) keyUpdate() []byte {
	record := s.seal(22, 24, 0, 0, 1, 1)
	*s = *newSealer(expand(s.secret, "traffic upd", 32))
	return record
}

// keyedTLS is overTLS whose client's records can be made by hand.
func keyedTLS(t *testing.T, y *loop.Yielder, a, b *Conn) (*TLSConn, *sealer, error) {
	serverConfig, clientConfig := tlsConfigs(t)
	var log bytes.Buffer
	clientConfig.KeyLogWriter = &log
	var server *TLSConn
	err := together(y, func(y *loop.Yielder) (err error) {
		server, err = StartTLS(y, a, serverConfig, true)
		return err
	}, func(y *loop.Yielder) error {
		_, err := StartTLS(y, b, clientConfig, false)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if suite := server.ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skipf("the cipher is %s", tls.CipherSuiteName(suite))
	}
	for line := range strings.Lines(log.String()) {
		if words := strings.Fields(line); words[0] == "CLIENT_TRAFFIC_SECRET_0" {
			secret, err := hex.DecodeString(words[2])
			return server, newSealer(secret), err
		}
	}
	return nil, nil, fmt.Errorf("no secret in %q", log.String())
}

// TestC2KeyUpdates: a peer that asks for one new key after the other, and reads none of the
// answers, is not heard beyond the limit; one that asks for nothing else is an error.
func TestC2KeyUpdates(t *testing.T) {
	// TCP's buffers take 200,000 answers, or, if they are made small, the system drops so many packets
	// of this size that it waits for minutes.
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := connPair(y, "unix", filepath.Join(t.TempDir(), "s"))
		if err != nil {
			return err
		}
		server, peer, err := keyedTLS(t, y, a, b)
		if err != nil {
			return err
		}
		heard := 0
		reader := loop.Spawn(y, func(*loop.Yielder) error {
			for {
				n, err := server.Read(make([]byte, 100))
				if heard += n; err != nil {
					return err
				}
			}
		})
		flood := loop.Spawn(y, func(*loop.Yielder) error {
			for {
				var records []byte
				for range 100 {
					records = append(append(records, peer.keyUpdate()...), peer.seal(23, 'x')...)
				}
				if _, err := b.Write(records); err != nil {
					return err
				}
			}
		})
		if err := until(y, func() bool { return server.base().outgoing().gated }); err != nil {
			return err
		}
		if kept := server.base().outgoing().pending(); heard == 0 || kept > 2*defaultHigh {
			t.Errorf("%d bytes heard, %d kept", heard, kept)
		}
		cancel(y, t, "flood", flood)
		cancel(y, t, "reader", reader)
		return nil
	})
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		server, peer, err := keyedTLS(t, y, a, b)
		if err != nil {
			return err
		}
		for range 100 {
			if _, err := b.Write(peer.keyUpdate()); err != nil {
				return err
			}
		}
		if _, err := server.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "too many non-advancing records") {
			t.Errorf("Read: %v", err)
		}
		return nil
	})
}

// TestC2Websocket: gorilla/websocket holds a lock during a write, and its reader answers pings. A
// peer that pings and does not read is not heard beyond the limit, and does not stop the loop,
// though another task is in the middle of its output.
func TestC2Websocket(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		var server, client *websocket.Conn
		err := together(y, func(y *loop.Yielder) (err error) {
			s := NewStream(y, a)
			request, err := http.ReadRequest(bufio.NewReader(s))
			if err != nil {
				return err
			}
			server, err = new(websocket.Upgrader).Upgrade(&hijacked{conn: s}, request, nil)
			return err
		}, func(y *loop.Yielder) (err error) {
			dial := func(string, string) (net.Conn, error) { return b, nil }
			client, _, err = (&websocket.Dialer{NetDial: dial}).Dial("ws://h/", nil)
			return err
		})
		if err != nil {
			return err
		}
		s := server.NetConn().(*Stream)
		// The tasks go on for ever but for the last line; the reads' task also answers pings.
		writer := loop.Spawn(y, func(y *loop.Yielder) error {
			for {
				if err := server.WriteMessage(websocket.BinaryMessage, noise(1<<20)); err != nil {
					return err
				}
				if err := s.Drain(y); err != nil {
					return err
				}
			}
		})
		reader := loop.Spawn(y, func(*loop.Yielder) error {
			_, _, err := server.ReadMessage()
			return err
		})
		if err := stuck(y, s.own.base()); err != nil {
			return err
		}
		before := s.WriteBufferSize()
		flood := loop.Spawn(y, func(*loop.Yielder) error {
			for {
				if err := client.WriteMessage(websocket.PingMessage, bytes.Repeat([]byte("p"), 125)); err != nil {
					return err
				}
			}
		})
		if err := until(y, func() bool { return s.out().gated && b.d.wr.busy && !b.d.wr.ready }); err != nil {
			return err
		}
		if pongs := s.WriteBufferSize() - before; pongs < defaultHigh || pongs > 2*defaultHigh {
			t.Errorf("%d bytes of answers are kept", pongs)
		}
		for name, task := range map[string]*loop.Task[struct{}]{"flood": flood, "writer": writer, "reader": reader} {
			cancel(y, t, name, task)
		}
		return nil
	})
}

// hijacked is the ResponseWriter of a connection that is taken over.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

func (h *hijacked) Header() http.Header { return http.Header{} }

func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}
