package client_test

import (
	"cmp"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"coloop/client"
	"coloop/loop"
)

var allCuts = flag.Bool("cuts", false, "TestCuts cuts each exchange at every byte in every way, which takes minutes")

// A part is something a server says at once: in TLS, a record.
type part struct {
	text string
	in   client.Phase // in which the client is when it has got some of it
	then client.Phase // and when it has got all of it; "" if the response is complete
}

// A play is an exchange that is to be cut.
type play struct {
	name   string
	secure bool
	method string
	length int64  // of the body of the request
	body   string // of the request, sent in pieces with pauses; "" for none
	expect bool   // the first part is said before the body has come
	parts  []part
	end    bool // the body of the reply ends with the connection
	want   string
}

var plays = []play{
	{name: "length", want: "hello", parts: []part{
		{ok + "Id: cut\r\nContent-Length: 5\r\n\r\n", client.PhaseHeader, client.PhaseBody},
		{"hello", client.PhaseBody, ""},
	}},
	{name: "chunked", want: "hello world", parts: []part{
		{ok + "Id: cut\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n", client.PhaseHeader, client.PhaseBody},
		{"5;a=b;c=\"d\"\r\nhello\r\n6\r\n world\r\n0;e\r\nSum: 11\r\n\r\n", client.PhaseBody, ""},
	}},
	{name: "gzip", want: "hello", parts: []part{
		{ok + "Id: cut\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n", client.PhaseHeader, client.PhaseBody},
		{"\x1f\x8b\b\x00\x00\x00\x00\x00\x02\x03\xcbH\xcd\xc9\xc9\a\x00\x86\xa6\x106\x05\x00\x00\x00", client.PhaseBody, ""},
	}},
	{name: "to the end", end: true, want: "hello", parts: []part{
		{ok + "Id: cut\r\n\r\n", client.PhaseHeader, client.PhaseBody},
		{"hello", client.PhaseBody, client.PhaseBody},
	}},
	{name: "interim", want: "", parts: []part{
		{"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", client.PhaseHeader, client.PhaseFirstByte},
		{"HTTP/1.1 204 No Content\r\nId: cut\r\n\r\n", client.PhaseHeader, ""},
	}},
	{name: "tls", secure: true, want: "hello", parts: []part{
		{ok + "Id: cut\r\nContent-Length: 5\r\n\r\n", client.PhaseFirstByte, client.PhaseBody},
		{"hello", client.PhaseBody, ""},
	}},
	{name: "upload", method: "POST", body: "0123456789abcdef", length: 16, want: "hello", parts: []part{
		{ok + "Id: cut\r\nContent-Length: 5\r\n\r\n", client.PhaseHeader, client.PhaseBody},
		{"hello", client.PhaseBody, ""},
	}},
	{name: "upload chunked", method: "PUT", body: "0123456789abcdef", want: "hello", parts: []part{
		{ok + "Id: cut\r\nContent-Length: 5\r\n\r\n", client.PhaseHeader, client.PhaseBody},
		{"hello", client.PhaseBody, ""},
	}},
	{name: "upload 100", method: "POST", body: "0123456789abcdef", expect: true, want: "hello", parts: []part{
		{"HTTP/1.1 100 Continue\r\n\r\n", client.PhaseHeader, client.PhaseWrite},
		{ok + "Id: cut\r\nContent-Length: 5\r\n\r\n", client.PhaseHeader, client.PhaseBody},
		{"hello", client.PhaseBody, ""},
	}},
	{name: "upload tls", secure: true, method: "PUT", body: "0123456789abcdef", length: 16, want: "hello", parts: []part{
		{ok + "Id: cut\r\nContent-Length: 5\r\n\r\n", client.PhaseFirstByte, client.PhaseBody},
		{"hello", client.PhaseBody, ""},
	}},
}

// A cut says where and how the server cuts an exchange.
type cut struct {
	fate    fate // "": not at all
	in, out int  // after so many bytes; -1: not at all
	second  bool // the exchange is the second one on its connection
	stream  bool
}

func (c cut) String() string {
	return fmt.Sprintf("%s in %d out %d second %t stream %t", c.fate, c.in, c.out, c.second, c.stream)
}

const (
	cutPath  = "/cut"
	goodPath = "/good"
	good     = ok + "Id: good\r\nContent-Length: 4\r\n\r\ngood"
	patience = 10 * time.Second
)

// A cutter is the server of a play.
type cutter struct {
	play
	cut
	*stand
	torn   *torn // the connection over which the exchange came first
	marks  []int // what had been written to it after each part
	asked  int   // how long the request was
	header int   // how long that of the reply was, if it was not cut
}

// serve serves a connection.
func (s *cutter) serve(_ *loop.Yielder, c *torn, rw net.Conn) error {
	if s.secure && !s.second {
		s.arm(c)
	}
	if t, ok := rw.(*tls.Conn); ok {
		if err := t.Handshake(); err != nil {
			return err
		}
	}
	if !s.secure && !s.second {
		s.arm(c)
	}
	for {
		head, err := c.head(rw)
		if err != nil {
			return err
		}
		if strings.Contains(head, " "+cutPath+" ") {
			err = s.perform(c, rw)
		} else if _, _, err = c.request(rw); err == nil {
			_, err = io.WriteString(rw, good)
			s.arm(c)
		}
		if err != nil {
			return err
		}
	}
}

// arm makes c the connection that is cut, unless there is one.
func (s *cutter) arm(c *torn) {
	if s.torn != nil {
		return
	}
	s.torn = c
	c.read, c.written, c.fate = 0, 0, s.fate
	if s.in >= 0 {
		c.in = s.in
	}
	if s.out >= 0 {
		c.out = s.out
	}
}

// perform says what there is to say.
func (s *cutter) perform(c *torn, rw net.Conn) error {
	heard := false
	for i, p := range s.parts {
		if !heard && !(s.expect && i == 0) {
			heard = true
			if _, _, err := c.request(rw); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(rw, p.text); err != nil {
			return err
		}
		if c == s.torn {
			s.marks, s.asked = append(s.marks, c.written), c.read
		}
	}
	if s.end {
		return c.Conn.Close()
	}
	return nil
}

// A drip is a body that is read in pieces, with pauses.
type drip struct {
	loop *loop.Loop
	left string
}

const dripPiece = 6

func (d *drip) Read(p []byte) (int, error) {
	if d.left == "" {
		return 0, io.EOF
	}
	y, err := d.loop.Current()
	if err == nil {
		err = loop.Sleep(y, time.Second)
	}
	n := copy(p, d.left[:min(len(d.left), dripPiece)])
	d.left = d.left[n:]
	return n, err
}

// ask makes a request, and returns the body of the response.
func ask(y *loop.Yielder, c *client.Client, r *client.Request) (body string, err error) {
	resp, err := c.Do(y, r)
	if err != nil {
		return "", err
	}
	defer resp.Release()
	if !r.Stream {
		return resp.Header("Id") + " " + string(resp.Body), nil
	}
	all, err := io.ReadAll(resp.Stream)
	if n, again := resp.Stream.Read(make([]byte, 1)); n != 0 || again != cmp.Or(err, io.EOF) {
		return "", fmt.Errorf("after the end (%v): %d, %v", err, n, again)
	}
	return resp.Header("Id") + " " + string(all), err
}

// A verdict is a way in which the exchange may end.
type verdict struct {
	phase client.Phase // "" for the response
	is    error
}

var causes = map[fate][]error{
	byClose:   {io.ErrUnexpectedEOF},
	byReset:   {syscall.ECONNRESET},
	bySilence: {os.ErrDeadlineExceeded},
}

// right returns the ways in which a cut exchange may end. The marks and the first flight are those
// of the exchange if it is not cut.
func (s *cutter) right(marks []int, first int) (all []verdict) {
	phases, errs := []client.Phase{client.PhaseFirstByte}, causes[s.fate]
	again := s.second && s.body == "" && s.fate != bySilence // then it is sent again
	switch {
	case again && (s.in >= 0 || s.out == 0 || s.secure && s.out < marks[0]):
		return []verdict{{}}
	case s.in >= 0:
		phases = append(phases, client.PhaseWrite)
	default:
		phases[0] = s.phase(marks, first)
	}
	if phases[0] == "" || s.end && phases[0] == client.PhaseBody && s.fate == byClose {
		return []verdict{{}}
	}
	if s.in == 0 && s.second {
		all = append(all, verdict{}) // the client has noticed it before
	}
	if s.in >= 0 && s.fate == byClose { // with something unread
		errs = append([]error{syscall.ECONNRESET, syscall.EPIPE}, errs...)
	}
	if phases[0] == client.PhaseWrite {
		phases = append(phases, client.PhaseFirstByte)
	}
	if phases[0] == client.PhaseFirstByte && s.secure && s.out >= 0 && s.fate != bySilence {
		phases = append(phases, client.PhaseWrite) // with the ticket cut, the request is not read
		if s.fate == byReset {
			phases = append(phases, client.PhaseTLS) // nor the end of the handshake
		}
		errs = append([]error{syscall.ECONNRESET, syscall.EPIPE}, errs...)
	}
	for _, p := range phases {
		for _, err := range errs {
			all = append(all, verdict{p, err})
		}
	}
	return all
}

// phase is the phase that the client is in when it has got what was sent.
func (s *cutter) phase(marks []int, first int) client.Phase {
	if s.out < first {
		return client.PhaseTLS
	}
	now, begin := client.PhaseFirstByte, 0
	if s.secure {
		begin = marks[0] // the first part is one record
	}
	if s.expect {
		now = client.PhaseWrite
	}
	for i, p := range s.parts {
		switch {
		case s.out >= marks[i]:
			now, begin = p.then, marks[i]
		case s.out > begin:
			return p.in
		default:
			return now
		}
	}
	return now
}

// wanted is the body of the response.
func (s *cutter) wanted() string {
	if s.end && s.out >= s.header {
		return s.want[:s.out-s.header]
	}
	return s.want
}

// complain returns what is wrong with the outcome of a cut exchange.
func (s *cutter) complain(body string, err error, right []verdict) string {
	for _, v := range right {
		e, ok := errors.AsType[*client.Error](err)
		switch {
		case v.phase == "" && err == nil && body == "cut "+s.wanted():
			return ""
		case v.phase == "" || !ok || e.Phase != v.phase || !errors.Is(err, v.is), e.Timeout() != (v.is == os.ErrDeadlineExceeded):
			continue
		}
		text, begin := err.Error(), cmp.Or(s.method, "GET")+" "+s.url(cutPath)+": "+string(v.phase)+": "
		if !strings.HasPrefix(text, begin) || len(text) > len(begin)+120 || strings.ContainsFunc(text, unicode.IsControl) {
			return fmt.Sprintf("the error's text is %q", text)
		}
		return ""
	}
	return fmt.Sprintf("got %q, %v; right is %v", body, err, right)
}

// cutOnce makes the exchange of s, and the requests around it.
func (s *cutter) cutOnce(t *testing.T, y *loop.Yielder, roots *tls.Config) (body, wrong string, err error) {
	c := &client.Client{MaxConns: 1, TLSConfig: roots, Timeouts: client.Timeouts{FirstByte: patience, Silence: patience, TLS: patience}}
	defer c.Close()
	s.torn, s.marks = nil, nil
	next := func(when string) {
		got, err := ask(y, c, &client.Request{URL: s.url(goodPath)})
		if open, idle, _ := client.Places(c); wrong == "" && (got != "good good" || open != 1 || idle != 1) && (when != "before" || s.in != 0 || open != 0) {
			wrong = fmt.Sprintf("the request %s: %q, %v; %d places, %d of them idle", when, got, err, open, idle)
		}
	}
	if s.second {
		next("before")
	}
	r := &client.Request{Method: s.method, URL: s.url(cutPath), Stream: s.stream, Expect: s.expect}
	if s.body != "" {
		r.BodyStream, r.Length = &drip{loop.Running(y), s.play.body}, s.length
	}
	body, err = ask(y, c, r)
	if open, idle, _ := client.Places(c); open != idle || err != nil && open != 0 {
		wrong = fmt.Sprintf("%d places, %d of them idle", open, idle)
	}
	next("after")
	if err := c.Close(); err != nil {
		wrong = err.Error()
	}
	s.rest(t, y)
	return body, wrong, err
}

// TestCuts has a server close or reset a connection, or fall silent, at each byte of an
// exchange that it reads or writes: the request ends with the one right error or the response, its
// place and connections are given back, and the next request is answered.
func TestCuts(t *testing.T) {
	ours, theirs := fixedCertificate(t)
	for _, p := range plays {
		t.Run(p.name, func(t *testing.T) {
			total := 0
			calmly(t, func(y *loop.Yielder, c *calm) {
				s := &cutter{play: p}
				cfg := theirs
				if !p.secure {
					cfg = nil
				}
				s.stand = newStand(t, y, cfg, s.serve)
				for n := range 4 {
					s.second, s.stream = n&1 > 0, n&2 > 0
					total += s.cutAll(t, y, c, ours, n)
				}
				s.close(t, y)
			})
			t.Logf("%d exchanges were cut", total)
		})
	}
}

// cutAll cuts the exchange at each byte. Unless -cuts is given, it does so in one of four ways, and
// hardly ever within a handshake.
func (s *cutter) cutAll(t *testing.T, y *loop.Yielder, c *calm, roots *tls.Config, turn int) (total int) {
	s.fate, s.in, s.out = "", -1, -1
	body, wrong, err := s.cutOnce(t, y, roots)
	if err != nil || wrong != "" || body != "cut "+s.want {
		t.Fatalf("not cut at all: %q, %v; %s", body, err, wrong)
	}
	marks, asked, first := s.marks, s.asked, 0
	if s.secure && !s.second {
		first = s.torn.handshake()
	}
	s.header = marks[0]
	try := func(f fate, in, out int) {
		if s.fate, s.in, s.out = f, in, out; !*allCuts && ((in+out)%4 != turn || out >= 0 && out < first && out%16 != 0) {
			return
		}
		total++
		body, wrong, err := s.cutOnce(t, y, roots)
		if wrong == "" {
			wrong = s.complain(body, err, s.right(marks, first))
		}
		if wrong == "" && len(c.open) != 1 {
			wrong = fmt.Sprintf("%d descriptors are left", len(c.open)-1)
		}
		if wrong != "" {
			t.Errorf("%v: %s", s.cut, wrong)
		}
	}
	for _, f := range fates {
		for at := range marks[len(marks)-1] {
			try(f, -1, at)
		}
		if f != bySilence { // which the next request would meet
			try(f, -1, marks[len(marks)-1])
		}
		for at := 0; at < asked && !s.secure; at++ {
			try(f, at, -1)
		}
	}
	return total
}

// fixedCertificate returns a configuration for clients, and one for a server at 127.0.0.1 whose
// handshake has always the same length.
func fixedCertificate(t *testing.T) (ours, theirs *tls.Config) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{RootCAs: roots}, &tls.Config{
		Certificates:     []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}},
		CurvePreferences: []tls.CurveID{tls.X25519},
	}
}
