package client

import (
	"bufio"
	"io"
	"math"
	"net/textproto"
	"strings"

	"github.com/valyala/fasthttp"
)

// A body reads the body of a reply from the connection, as it was sent.
type body struct {
	reply *fasthttp.Response
	br    *bufio.Reader
	cn    *conn
	way   way
	most  int64 // how long it may be
	size  int64 // so far
	seen  func(done, total int64)
	err   error
}

// open makes the body of the reply, to be read from the connection.
func (x *exchange) open() *body {
	x.reply.StreamBody = true
	_ = x.reply.ReadBody(x.br, 0) // reads nothing yet
	b := &body{reply: x.reply, br: x.br, cn: x.cn, way: way{loop: x.client.loop}, most: math.MaxInt64}
	if !x.unwanted() {
		b.seen = x.req.OnDownload
	}
	return b
}

// Read reads what has come, and parks if that is nothing.
func (b *body) Read(p []byte) (int, error) {
	if b.err == io.EOF {
		return 0, io.EOF
	}
	if err := b.way.give(); err != nil {
		b.err = err
		return 0, err
	}
	n, err := b.reply.BodyStream().Read(p[:min(len(p), perTurn)])
	b.cn.bodyRead(n)
	b.way.took(n)
	b.size += int64(n)
	if err != nil && strings.Contains(err.Error(), "forbidden trailer") {
		err = b.skipTrailers()
	}
	switch {
	case b.size > b.most:
		err = ErrBodyTooLarge
	case err == nil:
	case err == io.EOF && (b.cn.err == nil || b.cn.err == io.EOF && b.reply.Header.ContentLength() < -1):
	case err == io.EOF:
		err = b.cn.cause(io.ErrUnexpectedEOF)
	default:
		err = b.cn.cause(err)
	}
	b.err = err
	if b.seen != nil && n > 0 {
		b.seen(b.size, b.total())
	}
	return n, err
}

// skipTrailers skips the fields behind a body that has a forbidden one among them, which fasthttp
// refuses: it is to be ignored (RFC 9110, section 6.5.1).
func (b *body) skipTrailers() error {
	if _, err := textproto.NewReader(b.br).ReadMIMEHeader(); err != nil {
		return err
	}
	return io.EOF
}

// total is the length that was announced; -1 if it was not.
func (b *body) total() int64 { return int64(max(b.reply.Header.ContentLength(), -1)) }
