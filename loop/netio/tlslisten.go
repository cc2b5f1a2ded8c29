//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"coloop/loop"
)

// DialTLS connects as [Dial] does and shakes hands (loop.create_connection with ssl). It is
// [Dialer.ConnectTLS] of the zero Dialer.
func DialTLS(y *loop.Yielder, network, address string, config *tls.Config) (*TLSConn, error) {
	return new(Dialer).ConnectTLS(y, network, address, config)
}

// ConnectTLS connects as [Dialer.Connect] does and shakes hands, as tls.DialWithDialer. Unless config
// has a ServerName, the host of address is it; config may be nil. The handshake takes until the
// end of Timeout or Deadline at most, or 60 seconds if both are zero.
func (d *Dialer) ConnectTLS(y *loop.Yielder, network, address string, config *tls.Config) (*TLSConn, error) {
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	by := forever
	if l := loop.Running(y); l != nil && y.Here() {
		by = d.limit(l)
	}
	c, err := d.ConnectBy(y, network, address, by)
	if err != nil {
		return nil, err
	}
	var t *TLSConn
	if err = c.ReadBy(by); err == nil {
		t, err = StartTLS(y, c, config, false)
	}
	if err == nil {
		err = t.ReadBy(-1)
	}
	if err != nil {
		_ = c.Close() // StartTLS may have refused the config
		return nil, err
	}
	return t, nil
}

// A TLSListener accepts TLS connections. It implements net.Listener.
type TLSListener struct {
	*Listener

	// HandshakeTimeout is how long the handshake of a connection may take; 60 seconds if it
	// is 0.
	HandshakeTimeout time.Duration

	config *tls.Config
}

// ListenTLS listens as [Listen] does (loop.create_server with ssl). The config must say which
// certificate to show, as for tls.Listen.
func ListenTLS(y *loop.Yielder, network, address string, config *tls.Config) (*TLSListener, error) {
	switch {
	case config == nil || len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil:
		return nil, errors.New("listen with TLS: neither Certificates, GetCertificate, nor GetConfigForClient set in Config")
	case config.Renegotiation != tls.RenegotiateNever:
		return nil, errRenegotiation
	}
	ln, err := Listen(y, network, address)
	if err != nil {
		return nil, err
	}
	return &TLSListener{Listener: ln, config: config}, nil
}

// Accept parks until there is a connection, and returns a *TLSConn. The first use of the
// connection shakes hands, so that a client that says nothing keeps nobody waiting here.
func (ln *TLSListener) Accept() (net.Conn, error) {
	c, err := ln.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return ln.over(c.(*Conn))
}

func (ln *TLSListener) over(c *Conn) (*TLSConn, error) {
	t, err := newTLSConn(c, nil, ln.config, true)
	if err != nil {
		return nil, err
	}
	t.timeout = cmp.Or(ln.HandshakeTimeout, handshakeTimeout)
	return t, nil
}

// Serve is the function [Serve] for connections over TLS. Each shakes hands in its own task before
// handle is called; a handshake that fails is reported as if handle had failed. When handle
// returns the connection is closed.
func (ln *TLSListener) Serve(y *loop.Yielder, handle func(y *loop.Yielder, c *TLSConn) error) error {
	if handle == nil {
		return Serve(y, ln.Listener, nil) // says what is wrong
	}
	return Serve(y, ln.Listener, func(y *loop.Yielder, c *Conn) error {
		t, err := ln.over(c)
		if err != nil {
			return err
		}
		defer t.Close()
		if err := t.Handshake(); err != nil {
			return err
		}
		return handle(y, t)
	})
}
