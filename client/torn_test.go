package client_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"coloop/loop/netio"
)

// A fate is how a server ends a connection.
type fate string

const (
	byClose   fate = "close"
	byReset   fate = "reset"
	bySilence fate = "silence"
)

var fates = []fate{byClose, byReset, bySilence}

// A torn is a server's side of a connection, which ends after so many bytes.
type torn struct {
	*netio.Conn
	fate    fate
	in, out int // bytes that may still be read and written
	read    int // bytes that were
	written int
	flight  []byte // those before anything was read in answer
	landed  bool
	over    bool
	rest    []byte // read, and not part of a request yet
}

var errTorn = errors.New("the connection is torn")

func newTorn(c *netio.Conn) *torn { return &torn{Conn: c, in: math.MaxInt, out: math.MaxInt} }

// tear ends the connection.
func (c *torn) tear() error {
	c.over = true
	switch c.fate {
	case byClose:
		_ = c.Conn.Close() // may be closed already
	case byReset:
		_ = c.Conn.Abort() // may be closed already
	default:
		_, _ = io.Copy(io.Discard, c.Conn) // until the client ends it
	}
	return errTorn
}

func (c *torn) Read(p []byte) (int, error) {
	if c.over || c.in == 0 {
		return 0, c.tear()
	}
	c.landed = c.landed || c.written > 0
	n, err := c.Conn.Read(p[:min(len(p), c.in)])
	c.in, c.read = c.in-n, c.read+n
	return n, err
}

func (c *torn) Write(p []byte) (int, error) {
	if c.over {
		return 0, errTorn
	}
	n, err := 0, error(nil)
	if part := p[:min(len(p), c.out)]; len(part) > 0 {
		n, err = c.Conn.Write(part)
	}
	c.out, c.written = c.out-n, c.written+n
	if !c.landed {
		c.flight = append(c.flight, p[:n]...)
	}
	if err == nil && c.out == 0 {
		err = c.tear()
	}
	return n, err
}

// head reads the header of a request from r, which is c or on top of it.
func (c *torn) head(r io.Reader) (string, error) {
	n, err := c.await(r, true)
	return string(c.rest[:n]), err
}

// request reads a request, from its header on.
func (c *torn) request(r io.Reader) (req *http.Request, body string, err error) {
	n, err := c.await(r, false)
	if err != nil {
		return nil, "", err
	}
	req, err = http.ReadRequest(bufio.NewReader(bytes.NewReader(c.rest[:n])))
	c.rest = c.rest[n:]
	if err != nil {
		return nil, "", err
	}
	all, err := io.ReadAll(req.Body)
	return req, string(all), err
}

// await reads until rest begins with a request, or its header, and returns how long that is.
func (c *torn) await(r io.Reader, headOnly bool) (n int, err error) {
	for buf := make([]byte, 4<<10); ; {
		if n := requestEnd(c.rest, headOnly); n > 0 {
			return n, nil
		}
		n, err := r.Read(buf)
		if c.rest = append(c.rest, buf[:n]...); err != nil {
			return 0, err
		}
	}
}

// requestEnd returns where the request at the begin of b, or its header, ends; 0 if that has
// not come.
func requestEnd(b []byte, headOnly bool) int {
	head, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	size, fields := len(head)+4, string(head)+"\r\n"
	switch {
	case !ok:
		return 0
	case headOnly:
		return size
	case strings.EqualFold(field(fields, "transfer-encoding"), "chunked"):
		i := bytes.Index(body, []byte("0\r\n\r\n"))
		if i < 0 {
			return 0
		}
		return size + i + len("0\r\n\r\n")
	}
	length, _ := strconv.Atoi(field(fields, "content-length"))
	if len(body) < length {
		return 0
	}
	return size + length
}

// handshake returns how long the part of the first flight is that the client needs to end the
// handshake: the last record is a session ticket.
func (c *torn) handshake() (size int) {
	for rest := c.flight; len(rest) > 5; {
		n := 5 + int(rest[3])<<8 + int(rest[4])
		if rest = rest[n:]; len(rest) > 0 {
			size += n
		}
	}
	return size
}
