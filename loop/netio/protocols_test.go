//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"coloop/loop"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/valyala/fasthttp"
)

// The libraries in these tests know nothing of the loop.

// tlsConfigs returns those of a server and of a client that trusts it.
func tlsConfigs(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}

// TestTLS has both ends of TLS in one loop: their handshakes wait for each
// other, and then so do a writer and a reader in each direction.
func TestTLS(t *testing.T) {
	serverConfig, clientConfig := tlsConfigs(t)
	data := noise(8 << 20)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		clientConfig.MaxVersion = version
		eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
			client, server := tls.Client(a, clientConfig), tls.Server(b, serverConfig)
			err := together(y,
				func(*loop.Yielder) error { return client.Handshake() },
				func(*loop.Yielder) error { return server.Handshake() })
			if err != nil {
				return err
			}
			if got := client.ConnectionState().Version; got != version {
				t.Errorf("version %x, not %x", got, version)
			}
			write := func(c *tls.Conn) func(*loop.Yielder) error {
				return func(*loop.Yielder) error {
					if _, err := c.Write(data); err != nil {
						return err
					}
					return c.CloseWrite()
				}
			}
			read := func(c *tls.Conn) func(*loop.Yielder) error {
				return func(*loop.Yielder) error {
					// Its end is the other's close notify; the connection
					// has not ended.
					got, err := io.ReadAll(c)
					if !bytes.Equal(got, data) {
						t.Errorf("read %d bytes, or not those written", len(got))
					}
					return err
				}
			}
			if err := together(y, write(client), write(server), read(client), read(server)); err != nil {
				return err
			}
			return errors.Join(client.Close(), server.Close())
		})
	}
}

// TestTLSCancelled cancels handshakes with a peer that says nothing, by the task
// and by the context, for which TLS closes the connection on another goroutine.
func TestTLSCancelled(t *testing.T) {
	_, config := tlsConfigs(t)
	for name, shake := range map[string]func(y *loop.Yielder, c *tls.Conn) error{
		"task":    func(_ *loop.Yielder, c *tls.Conn) error { return c.Handshake() },
		"context": func(y *loop.Yielder, c *tls.Conn) error { return c.HandshakeContext(y.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				task := loop.Spawn(y, func(y *loop.Yielder) error { return shake(y, tls.Client(a, config)) })
				if err := until(y, func() bool { return a.d.rd.busy }); err != nil {
					return err
				}
				task.Cancel()
				_, err := task.Await(y)
				// With the context TLS chooses which of two errors it returns: the
				// CancelledError of the read, or the context's.
				wantErr(t, "handshake", err, context.Canceled)
				if name == "task" {
					wantErr(t, "handshake", err, loop.ErrCancelled)
				}
				return nil
			})
		})
	}
}

// TestFastHTTPServer serves fasthttp from tasks, to net/http on goroutines and
// to a client of few words on the loop.
func TestFastHTTPServer(t *testing.T) {
	page := bytes.Repeat([]byte("0123456789"), 100<<10)
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Path()) {
		case "/page":
			ctx.SetBody(page)
		case "/echo":
			ctx.SetBody(ctx.PostBody())
		default:
			ctx.Error("no such page", fasthttp.StatusNotFound)
		}
	}}
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		ln, err := Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		serving := loop.Spawn(l, func(y *loop.Yielder) error {
			return Serve(y, ln, func(_ *loop.Yielder, c *Conn) error { return server.ServeConn(c) })
		})
		url := "http://" + ln.Addr().String()
		fetch := func() error {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			for range 3 {
				for path, want := range map[string][]byte{"/page": page, "/echo": page[:1000], "/": []byte("no such page")} {
					reply, err := client.Post(url+path, "text/plain", bytes.NewReader(page[:1000]))
					if err != nil {
						return err
					}
					got, err := io.ReadAll(reply.Body)
					reply.Body.Close()
					if err != nil || !bytes.Equal(got, want) {
						return fmt.Errorf("%s: %d bytes, %w", path, len(got), err)
					}
				}
			}
			return nil
		}
		fetches := make([]*loop.Future[struct{}], 4)
		for i := range fetches {
			fetches[i] = loop.RunInExecutor(l, nil, func() (struct{}, error) { return struct{}{}, fetch() })
		}
		c, err := Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		if _, err := io.WriteString(c, "GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); err != nil {
			return err
		}
		got, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 404 ") || !strings.HasSuffix(string(got), "no such page") {
			t.Errorf("the reply was %q, %v", got, err)
		}
		if _, err := loop.GatherFutures(l, loop.Awaitables(fetches)...).Await(y); err != nil {
			return err
		}
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
}

// TestPostgresWire has the PostgreSQL client's wire layer of pgx talk to its own
// server side.
func TestPostgresWire(t *testing.T) {
	const rows = 2000
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		return together(y, func(*loop.Yielder) error {
			return pgServe(pgproto3.NewBackend(b, b), rows)
		}, func(*loop.Yielder) error {
			got, err := pgQuery(pgproto3.NewFrontend(a, a), "select n")
			if len(got) != rows || got[rows-1] != fmt.Sprint("select n: row ", rows-1) {
				t.Errorf("%d rows, %v", len(got), err)
			}
			return errors.Join(err, a.Close())
		})
	})
}

// pgServe answers each query with that many rows.
func pgServe(server *pgproto3.Backend, rows int) error {
	if _, err := server.ReceiveStartupMessage(); err != nil {
		return err
	}
	server.Send(&pgproto3.AuthenticationOk{})
	server.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for {
		if err := server.Flush(); err != nil {
			return err
		}
		msg, err := server.Receive()
		if err != nil {
			return err
		}
		switch msg := msg.(type) {
		case *pgproto3.Query:
			server.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("n")}}})
			for i := range rows {
				server.Send(&pgproto3.DataRow{Values: [][]byte{fmt.Appendf(nil, "%s: row %d", msg.String, i)}})
			}
			server.Send(&pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "SELECT %d", rows)})
			server.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		case *pgproto3.Terminate:
			return nil
		default:
			return fmt.Errorf("a client does not send %T", msg)
		}
	}
}

func pgQuery(client *pgproto3.Frontend, query string) (rows []string, err error) {
	client.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "u"}})
	for queried := false; ; {
		if err := client.Flush(); err != nil {
			return nil, err
		}
		msg, err := client.Receive()
		if err != nil {
			return nil, err
		}
		switch msg := msg.(type) {
		case *pgproto3.DataRow:
			rows = append(rows, string(slices.Concat(msg.Values...)))
		case *pgproto3.ReadyForQuery:
			if queried {
				client.Send(&pgproto3.Terminate{})
				return rows, client.Flush()
			}
			queried = true
			client.Send(&pgproto3.Query{String: query})
		}
	}
}
