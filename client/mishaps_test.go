package client_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"coloop/client"
	"coloop/loop"
)

// A story is what is known of one request.
type story struct {
	id       int
	method   string
	size     int // of the body of the reply, before the id
	sent     int // the length of the body of the request
	arrivals int
	mishaps  []*mishap // one for each arrival
	torn     fate      // of a connection that ends by itself
}

// body is that of the reply to a request with a body of that length.
func (s *story) body(got int) string {
	return strings.Repeat("x", s.size) + fmt.Sprintf(" %d %d", s.id, got)
}

// A mishap is what a server does to a request.
type mishap struct {
	name string
	act  func(m *scene) error
	late bool // the request may run out of time
	may  func(e *client.Error) bool
}

// A scene is a request at its server.
type scene struct {
	*story
	c    *torn
	rw   net.Conn
	y    *loop.Yielder
	rand *rand.Rand
	got  int // the length of the body, once it has been read
}

// errDone is the error of a handler that ends its connection.
var errDone = errors.New("done")

func nothing(*client.Error) bool { return false }

// cutShort says that a connection has ended too early.
func cutShort(e *client.Error) bool {
	switch e.Phase {
	case client.PhaseFirstByte, client.PhaseHeader, client.PhaseBody, client.PhaseWrite:
		return brokenOff(e)
	}
	return false
}

func brokenOff(e *client.Error) bool {
	return errors.Is(e, io.ErrUnexpectedEOF) || errors.Is(e, syscall.ECONNRESET) || errors.Is(e, syscall.EPIPE)
}

// malformed says that a reply is none. Its text is the client's own.
func malformed(e *client.Error) bool {
	switch e.Phase {
	case client.PhaseHeader, client.PhaseBody:
		return !errors.Is(e, os.ErrDeadlineExceeded) && !loop.IsCancelled(e)
	}
	return cutShort(e)
}

var (
	fine     = &mishap{name: "fine", act: (*scene).fine, may: nothing}
	ordinary = []*mishap{
		fine,
		{name: "pieces", act: (*scene).pieces, may: nothing},
		{name: "slow", act: (*scene).slow, late: true, may: nothing},
		{name: "interim", act: (*scene).interim, may: nothing},
		{name: "closing", act: (*scene).closing, may: nothing},
		{name: "to the end", act: (*scene).toEnd, may: nothing},
		{name: "leaving", act: (*scene).leaving, may: nothing},
		{name: "planted", act: (*scene).planted, may: nothing},
	}
	faults = []*mishap{
		{name: "hang up", act: (*scene).hangUp, may: cutShort},
		{name: "cut", act: (*scene).cut, may: cutShort},
		{name: "silent", act: (*scene).silent, late: true, may: nothing},
		{name: "garbage", act: (*scene).garbage, may: malformed},
		{name: "malformed", act: (*scene).malformed, may: malformed},
	}
	refusals = []*mishap{
		{name: "early", act: (*scene).early, may: nothing},
		{name: "early and gone", act: (*scene).earlyGone, may: cutShort},
		{name: "deaf", act: (*scene).deaf, late: true, may: nothing},
	}
)

// read reads all of the request.
func (m *scene) read() error {
	_, body, err := m.c.request(m.rw)
	m.got = len(body)
	return err
}

// header is the header of a reply, with a field that says how the body ends.
func (m *scene) header(status, framing string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nId: %d\r\n%s\r\n\r\n", status, m.id, framing)
}

// reply is a whole reply, framed in one way or another.
func (m *scene) reply() string {
	body := m.body(m.got)
	if m.method == "HEAD" {
		return m.header("200 OK", fmt.Sprintf("Content-Length: %d", len(body)))
	}
	if m.rand.IntN(2) == 0 {
		return m.header("200 OK", fmt.Sprintf("Content-Length: %d", len(body))) + body
	}
	s := m.header("200 OK", "Transfer-Encoding: chunked")
	for len(body) > 0 {
		n := 1 + m.rand.IntN(len(body))
		s += fmt.Sprintf("%x;ext=%d\r\n%s\r\n", n, n, body[:n])
		body = body[n:]
	}
	return s + "0\r\nSum: 1\r\n\r\n"
}

// say reads the request and says s.
func (m *scene) say(s string) error {
	if err := m.read(); err != nil {
		return err
	}
	_, err := io.WriteString(m.rw, s)
	return err
}

func (m *scene) fine() error {
	if err := m.read(); err != nil {
		return err
	}
	_, err := io.WriteString(m.rw, m.reply())
	return err
}

// parts says the reply in pieces, with a pause before each.
func (m *scene) parts(pause func() error) error {
	if err := m.read(); err != nil {
		return err
	}
	for s := m.reply(); s != ""; {
		if err := pause(); err != nil {
			return err
		}
		n := 1 + m.rand.IntN(len(s))
		if _, err := io.WriteString(m.rw, s[:n]); err != nil {
			return err
		}
		s = s[n:]
	}
	return nil
}

func (m *scene) pieces() error {
	return m.parts(func() error { return loop.Sleep(m.y, 0) })
}

func (m *scene) slow() error {
	return m.parts(func() error { return loop.Sleep(m.y, time.Duration(m.rand.IntN(int(8*time.Second)))) })
}

func (m *scene) interim() error {
	if err := m.read(); err != nil {
		return err
	}
	for range 1 + m.rand.IntN(3) {
		if _, err := io.WriteString(m.rw, "HTTP/1.1 103 Early Hints\r\nId: -1\r\n\r\n"); err != nil {
			return err
		}
	}
	_, err := io.WriteString(m.rw, m.reply())
	return err
}

func (m *scene) closing() error {
	if err := m.read(); err != nil {
		return err
	}
	body := m.body(m.got)
	if m.method == "HEAD" {
		body = ""
	}
	_, err := io.WriteString(m.rw, m.header("200 OK", fmt.Sprintf("Connection: close\r\nContent-Length: %d", len(m.body(m.got))))+body)
	return errors.Join(err, errDone)
}

// toEnd has a body that ends with the connection.
func (m *scene) toEnd() error {
	if err := m.read(); err != nil {
		return err
	}
	body := m.body(m.got)
	if m.method == "HEAD" {
		body = ""
	}
	_, err := io.WriteString(m.rw, m.header("200 OK", "Connection: close")+body)
	return errors.Join(err, errDone)
}

// leaving closes a connection that the client thinks is open.
func (m *scene) leaving() error {
	err := m.fine()
	for range m.rand.IntN(4) {
		err = errors.Join(err, loop.Sleep(m.y, 0))
	}
	return errors.Join(err, errDone)
}

// planted says another reply behind the one that was asked for.
func (m *scene) planted() error {
	if err := m.read(); err != nil {
		return err
	}
	_, err := io.WriteString(m.rw, m.reply()+ok+"Id: -2\r\nContent-Length: 4\r\n\r\nevil")
	return errors.Join(err, discard(m.rw), errDone)
}

func (m *scene) hangUp() error {
	if m.rand.IntN(2) == 0 {
		if err := m.read(); err != nil {
			return err
		}
	}
	if m.rand.IntN(2) == 0 {
		_ = m.c.Abort() // may be closed already
	}
	return errDone
}

func (m *scene) cut() error {
	if err := m.read(); err != nil {
		return err
	}
	s := m.reply()
	if _, err := io.WriteString(m.rw, s[:m.rand.IntN(len(s))]); err != nil {
		return err
	}
	if m.rand.IntN(2) == 0 {
		_ = m.c.Abort() // may be closed already
	}
	return errDone
}

func (m *scene) silent() error {
	if err := m.read(); err != nil {
		return err
	}
	s := m.reply()
	if _, err := io.WriteString(m.rw, s[:m.rand.IntN(len(s))]); err != nil {
		return err
	}
	return errors.Join(discard(m.rw), errDone)
}

func (m *scene) garbage() error {
	b := make([]byte, 1+m.rand.IntN(300))
	for i := range b {
		b[i] = byte(m.rand.Uint32())
	}
	b[0] |= 0x80 // no line end, which would end the header
	if m.rand.IntN(2) == 0 {
		b = append([]byte("HTTP/1.1 200 OK\r\n"), b...)
	}
	b = append(b, "\r\n\r\n"...)
	return errors.Join(m.say(string(b)), errDone)
}

var malformations = []string{
	"220 mail.example ready\r\n\r\n",
	"HTTP/1.1 abc OK\r\n\r\n",
	"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 20_000) + "\r\n\r\n",
}

func (m *scene) malformed() error {
	if err := m.say(malformations[m.rand.IntN(len(malformations))]); err != nil {
		return err
	}
	return errors.Join(discard(m.rw), errDone)
}

// early refuses the body of the request before it is over.
func (m *scene) early() error {
	_, err := io.WriteString(m.rw, m.header("413 No", "Content-Length: 2")+"no")
	return errors.Join(err, m.read())
}

// earlyGone does not even read the body.
func (m *scene) earlyGone() error {
	_, err := io.WriteString(m.rw, m.header("413 No", "Content-Length: 2")+"no")
	return errors.Join(err, errDone)
}

// deaf reads no more.
func (m *scene) deaf() error { return loop.Sleep(m.y, 10*time.Minute) }
