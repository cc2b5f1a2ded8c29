package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"coloop/loop"
	"coloop/loop/netio"

	coder "github.com/coder/websocket"
	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/go-sql-driver/mysql"
	"github.com/hashicorp/yamux"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/quic-go/quic-go"
	redis9 "github.com/redis/go-redis/v9"
	"github.com/xtaci/smux"
	"golang.org/x/crypto/ssh"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Libraries with goroutines of their own.

func tryGoRedis(e *env) error {
	_, port, _ := net.SplitHostPort(e.address)
	client := redis9.NewClient(&redis9.Options{Addr: "localhost:" + port, Dialer: e.dial.DialContext, MaxRetries: -1})
	err := e.together(8, func(y *loop.Yielder, i int) error {
		return block(y, func(ctx context.Context) error {
			key := fmt.Sprint("go-redis", i)
			if err := client.Set(ctx, key, i, time.Minute).Err(); err != nil {
				return err
			}
			n, err := client.Get(ctx, key).Int()
			if err != nil {
				return err
			}
			return want("Get", n, i)
		})
	})
	if err == nil {
		err = e.cancelled(func(y *loop.Yielder) error {
			return block(y, func(ctx context.Context) error {
				sub := client.Subscribe(ctx, "channel")
				defer sub.Close()
				_, err := sub.ReceiveMessage(ctx)
				return err
			})
		})
	}
	return errors.Join(err, block(e.y, func(context.Context) error { return client.Close() }))
}

func tryPgxPool(e *env) error {
	config, err := pgxpool.ParseConfig("postgres://postgres@" + e.address + "/postgres?sslmode=disable&pool_max_conns=3")
	if err != nil {
		return err
	}
	config.ConnConfig.DialFunc = e.dial.DialContext
	var pool *pgxpool.Pool
	err = block(e.y, func(ctx context.Context) (err error) {
		pool, err = pgxpool.NewWithConfig(ctx, config)
		return err
	})
	if err != nil {
		return err
	}
	err = e.together(9, func(y *loop.Yielder, i int) error {
		return block(y, func(ctx context.Context) error {
			var n int
			if err := pool.QueryRow(ctx, "select $1::int + 1 from pg_sleep(0.05)", i).Scan(&n); err != nil {
				return err
			}
			return want("a query", n, i+1)
		})
	})
	if err == nil {
		err = e.cancelled(func(y *loop.Yielder) error {
			return block(y, func(ctx context.Context) error { _, err := pool.Exec(ctx, "select pg_sleep(1.5)"); return err })
		})
	}
	return errors.Join(err, block(e.y, func(context.Context) error { pool.Close(); return nil }))
}

// tryDatabaseSQL has one database/sql pool for all tasks, whose connections are opened and
// waited for on goroutines of its own.
func tryDatabaseSQL(e *env) error {
	connector, err := mysql.NewConnector(mysqlConfig(e))
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(2)
	err = e.together(8, func(y *loop.Yielder, i int) error {
		return block(y, func(ctx context.Context) error {
			var n int
			if err := db.QueryRowContext(ctx, "select ? + 1 from (select sleep(0.05)) s", i).Scan(&n); err != nil {
				return err
			}
			return want("a query", n, i+1)
		})
	})
	if err == nil {
		err = e.cancelled(func(y *loop.Yielder) error {
			return block(y, func(ctx context.Context) error { _, err := db.ExecContext(ctx, "select sleep(1.5)"); return err })
		})
	}
	return errors.Join(err, block(e.y, func(context.Context) error { return db.Close() }))
}

func tryNats(e *env) error {
	return block(e.y, func(ctx context.Context) error {
		nc, err := nats.Connect("nats://"+e.address, nats.SetCustomDialer(&e.dial))
		if err != nil {
			return err
		}
		defer nc.Close()
		if _, err := nc.Subscribe("echo", func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
			return err
		}
		for i := range 100 {
			reply, err := nc.RequestWithContext(ctx, "echo", []byte(fmt.Sprint(i)))
			if err != nil {
				return err
			}
			if err := want("a reply", string(reply.Data), fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nc.Drain()
	})
}

func tryMQTT(e *env) error {
	return block(e.y, func(ctx context.Context) error {
		o := mqtt.NewClientOptions().AddBroker("tcp://" + e.address).SetClientID("interop")
		o.SetCustomOpenConnectionFn(func(_ *url.URL, _ mqtt.ClientOptions) (net.Conn, error) { return e.dial.Dial("tcp", e.address) })
		c := mqtt.NewClient(o)
		if t := c.Connect(); t.Wait() && t.Error() != nil {
			return t.Error()
		}
		defer c.Disconnect(100)
		got := make(chan string, 100)
		if t := c.Subscribe("topic", 1, func(_ mqtt.Client, m mqtt.Message) { got <- string(m.Payload()) }); t.Wait() && t.Error() != nil {
			return t.Error()
		}
		for i := range 20 {
			if t := c.Publish("topic", 1, false, fmt.Sprint(i)); t.Wait() && t.Error() != nil {
				return t.Error()
			}
			if err := want("a message", <-got, fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func trySSH(e *env) error {
	return block(e.y, func(ctx context.Context) error {
		pem, err := os.ReadFile(e.folder + "/key")
		if err != nil {
			return err
		}
		key, err := ssh.ParsePrivateKey(pem)
		if err != nil {
			return err
		}
		nc, err := e.dial.DialContext(ctx, "tcp", e.address)
		if err != nil {
			return err
		}
		conn, chans, reqs, err := ssh.NewClientConn(nc, e.address, &ssh.ClientConfig{
			User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
		if err != nil {
			return err
		}
		client := ssh.NewClient(conn, chans, reqs)
		defer client.Close()
		for i := range 4 {
			session, err := client.NewSession()
			if err != nil {
				return err
			}
			out, err := session.Output(fmt.Sprintf("echo %d; head -c 200000 /dev/zero", i))
			if err != nil {
				return err
			}
			if err := want("its output", len(out), 200_002); err != nil {
				return err
			}
		}
		return nil
	})
}

func tryHTTP(e *env) error {
	transport := &http.Transport{DialContext: e.dial.DialContext}
	client := &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	return e.together(8, func(y *loop.Yielder, i int) error {
		return block(y, func(ctx context.Context) error {
			req, err := http.NewRequestWithContext(ctx, "GET", "http://"+e.address+"/", nil)
			if err != nil {
				return err
			}
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err == nil && !bytes.HasPrefix(body, []byte("hello")) {
				err = fmt.Errorf("the body is %q", body)
			}
			return err
		})
	})
}

// tryHTTPServer has net/http's server on a listener of the loop, HTTP/1 and 2, over TLS.
func tryHTTPServer(e *env) error {
	config, err := testTLS()
	if err != nil {
		return err
	}
	ln, err := netio.Listen(e.y, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return block(e.y, func(ctx context.Context) error {
		s := &http.Server{TLSConfig: config, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintln(w, "hello over", r.Proto)
		})}
		served := make(chan error, 1)
		go func() { served <- s.ServeTLS(ln, "", "") }()
		defer s.Close()
		for _, t := range []interface {
			http.RoundTripper
			CloseIdleConnections()
		}{
			&http.Transport{DialContext: e.dial.DialContext, TLSClientConfig: config.Clone()},
			&http2.Transport{TLSClientConfig: config.Clone(), DialTLSContext: func(ctx context.Context, network, address string, c *tls.Config) (net.Conn, error) {
				nc, err := e.dial.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				t := tls.Client(nc, c)
				return t, t.HandshakeContext(ctx)
			}},
		} {
			req, err := http.NewRequestWithContext(ctx, "GET", "https://"+ln.Addr().String()+"/", nil)
			if err != nil {
				return err
			}
			resp, err := t.RoundTrip(req)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			t.CloseIdleConnections()
			if err != nil {
				return err
			}
		}
		if err := s.Shutdown(ctx); err != nil {
			return err
		}
		if err := <-served; err != http.ErrServerClosed {
			return err
		}
		return nil
	})
}

func tryGRPC(e *env) error {
	ln, err := netio.Listen(e.y, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return block(e.y, func(ctx context.Context) error {
		s := grpc.NewServer()
		healthpb.RegisterHealthServer(s, health.NewServer())
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		c, err := grpc.NewClient("passthrough:///"+ln.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
				return e.dial.DialContext(ctx, "tcp", address)
			}))
		if err != nil {
			return err
		}
		for range 20 {
			r, err := healthpb.NewHealthClient(c).Check(ctx, &healthpb.HealthCheckRequest{})
			if err != nil {
				return err
			}
			if err := want("the status", r.Status, healthpb.HealthCheckResponse_SERVING); err != nil {
				return err
			}
		}
		_ = c.Close()
		s.GracefulStop()
		return <-served
	})
}

func tryQUIC(e *env) error {
	config, err := testTLS()
	if err != nil {
		return err
	}
	config.NextProtos = []string{"echo"}
	a, err := netio.ListenPacket(e.y, "udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b, err := netio.ListenPacket(e.y, "udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return block(e.y, func(ctx context.Context) error {
		defer a.Close()
		defer b.Close()
		server := &quic.Transport{Conn: a}
		defer server.Close()
		ln, err := server.Listen(config, nil)
		if err != nil {
			return err
		}
		defer ln.Close()
		go func() {
			c, err := ln.Accept(ctx)
			if err != nil {
				return
			}
			for {
				s, err := c.AcceptStream(ctx)
				if err != nil {
					return
				}
				go func() { defer s.Close(); _, _ = io.Copy(s, s) }()
			}
		}()
		client := &quic.Transport{Conn: b}
		defer client.Close()
		c, err := client.Dial(ctx, a.LocalAddr(), config, nil)
		if err != nil {
			return err
		}
		defer c.CloseWithError(0, "")
		for i := range byte(4) {
			s, err := c.OpenStreamSync(ctx)
			if err != nil {
				return err
			}
			data := slices.Repeat([]byte{i}, 300_000)
			go func() { defer s.Close(); _, _ = s.Write(data) }()
			got, err := io.ReadAll(s)
			if err != nil {
				return err
			}
			if !slices.Equal(got, data) {
				return errors.New("the data that came back is another")
			}
		}
		return nil
	})
}

// tryMux has a multiplexer on both ends of a connection: many streams over one.
func tryMux(e *env, client, server func(c net.Conn) (open func() (net.Conn, error), accept func() (net.Conn, error), close func() error, err error)) error {
	ln, err := netio.Listen(e.y, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	return block(e.y, func(ctx context.Context) error {
		near, err := e.dial.DialContext(ctx, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		far, err := ln.Accept()
		if err != nil {
			return err
		}
		_, accept, closeFar, err := server(far)
		if err != nil {
			return err
		}
		defer closeFar()
		go func() {
			for {
				s, err := accept()
				if err != nil {
					return
				}
				go func() { defer s.Close(); _, _ = io.Copy(s, s) }()
			}
		}()
		open, _, closeNear, err := client(near)
		if err != nil {
			return err
		}
		defer closeNear()
		for i := range byte(4) {
			s, err := open()
			if err != nil {
				return err
			}
			data := slices.Repeat([]byte{i}, 300_000)
			go func() { _, _ = s.Write(data) }()
			got := make([]byte, len(data))
			if _, err := io.ReadFull(s, got); err != nil {
				return err
			}
			if !slices.Equal(got, data) {
				return errors.New("the data that came back is another")
			}
			_ = s.Close()
		}
		return nil
	})
}

func tryYamux(e *env) error {
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	side := func(make func(io.ReadWriteCloser, *yamux.Config) (*yamux.Session, error)) func(net.Conn) (func() (net.Conn, error), func() (net.Conn, error), func() error, error) {
		return func(c net.Conn) (func() (net.Conn, error), func() (net.Conn, error), func() error, error) {
			s, err := make(c, config)
			if err != nil {
				return nil, nil, nil, err
			}
			return s.Open, s.Accept, s.Close, nil
		}
	}
	return tryMux(e, side(yamux.Client), side(yamux.Server))
}

func trySmux(e *env) error {
	side := func(make func(io.ReadWriteCloser, *smux.Config) (*smux.Session, error)) func(net.Conn) (func() (net.Conn, error), func() (net.Conn, error), func() error, error) {
		return func(c net.Conn) (func() (net.Conn, error), func() (net.Conn, error), func() error, error) {
			s, err := make(c, smux.DefaultConfig())
			if err != nil {
				return nil, nil, nil, err
			}
			open := func() (net.Conn, error) { return s.OpenStream() }
			accept := func() (net.Conn, error) { return s.AcceptStream() }
			return open, accept, s.Close, nil
		}
	}
	return tryMux(e, side(smux.Client), side(smux.Server))
}

func tryCoder(e *env) error {
	ln, err := netio.Listen(e.y, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return block(e.y, func(ctx context.Context) error {
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := coder.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer c.CloseNow()
			for {
				kind, msg, err := c.Read(r.Context())
				if err != nil {
					return
				}
				if err := c.Write(r.Context(), kind, msg); err != nil {
					return
				}
			}
		})}
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		defer func() { _ = s.Close(); <-served }()
		transport := &http.Transport{DialContext: e.dial.DialContext}
		defer transport.CloseIdleConnections()
		c, _, err := coder.Dial(ctx, "ws://"+ln.Addr().String()+"/", &coder.DialOptions{HTTPClient: &http.Client{Transport: transport}})
		if err != nil {
			return err
		}
		defer c.CloseNow()
		for i := range 100 {
			if err := c.Write(ctx, coder.MessageText, []byte(fmt.Sprint(i))); err != nil {
				return err
			}
			_, msg, err := c.Read(ctx)
			if err != nil {
				return err
			}
			if err := want("a message", string(msg), fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return c.Close(coder.StatusNormalClosure, "")
	})
}

// testTLS makes a certificate for both ends.
func testTLS() (*tls.Config, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}, nil
}
