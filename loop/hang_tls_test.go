package loop_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"time"

	"coloop/loop"
)

// tlsHang is a connection that a task writes to, whose peer does not read and sends rubbish,
// and another task that reads: it wants to send an alert, for which it needs the lock that
// the writer holds.
func tlsHang(y *loop.Yielder) error {
	l := loop.Running(y)
	there, back := &pipe{loop: l}, &pipe{loop: l}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	server := tls.Server(pipeEnd{r: there, w: back}, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}})
	client := tls.Client(pipeEnd{r: back, w: there}, &tls.Config{InsecureSkipVerify: true})
	shaken := loop.Spawn(y, func(*loop.Yielder) error { return server.Handshake() })
	if err := client.Handshake(); err != nil {
		return err
	}
	if _, err := shaken.Await(y); err != nil {
		return err
	}
	loop.Spawn(y, func(y *loop.Yielder) error {
		_, err := client.Write(make([]byte, 1<<20))
		return err
	}, loop.Named("holder"))
	loop.Spawn(y, func(y *loop.Yielder) error {
		_, err := client.Read(make([]byte, 1))
		return err
	}, loop.Named("waiter"))
	if err := loop.Sleep(y, 0); err != nil {
		return err
	}
	_, err = back.Write(make([]byte, 25))
	if err != nil {
		return err
	}
	return anHour(y)
}

// pipe is one direction of a connection, whose reader and writer park.
type pipe struct {
	loop   *loop.Loop
	buffer bytes.Buffer
	lot    loop.ParkingLot
}

func (p *pipe) park() error {
	y, err := p.loop.Current()
	if err == nil {
		_, err = p.lot.Park(y, nil)
	}
	return err
}

func (p *pipe) Read(b []byte) (int, error) {
	for p.buffer.Len() == 0 {
		if err := p.park(); err != nil {
			return 0, err
		}
	}
	p.lot.Unpark()
	return p.buffer.Read(b)
}

func (p *pipe) Write(b []byte) (int, error) {
	for p.buffer.Len() > 1<<15 {
		if err := p.park(); err != nil {
			return 0, err
		}
	}
	p.lot.Unpark()
	return p.buffer.Write(b)
}

// pipeEnd is the net.Conn of one end.
type pipeEnd struct {
	net.Conn
	r, w *pipe
}

func (e pipeEnd) Read(b []byte) (int, error)       { return e.r.Read(b) }
func (e pipeEnd) Write(b []byte) (int, error)      { return e.w.Write(b) }
func (e pipeEnd) SetWriteDeadline(time.Time) error { return nil }
func (e pipeEnd) SetDeadline(time.Time) error      { return nil }
