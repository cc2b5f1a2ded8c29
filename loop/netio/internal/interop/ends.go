package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"time"

	"coloop/loop/netio"

	coder "github.com/coder/websocket"
	"github.com/hashicorp/yamux"
	"github.com/quic-go/quic-go"
	"github.com/xtaci/smux"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Libraries with goroutines of their own that are both the server and the client.

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
		s := &http.Server{TLSConfig: config.Clone(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	transport := &http.Transport{DialContext: e.dial.DialContext}
	defer transport.CloseIdleConnections()
	return e.converse(&http.Client{Transport: transport})
}

// tryCoderClient has the connection come from the client.
func tryCoderClient(e *env) error { return e.overClient(e.converse) }

// converse has coder's WebSocket say something, and hear it again.
func (e *env) converse(h *http.Client) error {
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
		c, _, err := coder.Dial(ctx, "ws://"+ln.Addr().String()+"/", &coder.DialOptions{HTTPClient: h})
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
