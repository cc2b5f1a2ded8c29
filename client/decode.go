package client

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// acceptEncoding are the encodings that the client asks for and decodes.
const acceptEncoding = "gzip, deflate, br, zstd"

// A coding is one of the encodings of acceptEncoding.
type coding uint8

const (
	codingGzip coding = iota
	codingDeflate
	codingBrotli
	codingZstd
	numCodings
)

// codingNames are the names of the codings in a Content-Encoding field. The first of each is
// the one for errors.
var codingNames = [numCodings][]string{{"gzip", "x-gzip"}, {"deflate"}, {"br"}, {"zstd"}}

// codings are those of a body, in the order in which they were applied.
type codings struct {
	n    uint8
	list [maxCodings]coding
}

// maxCodings is how many there may be, as with curl and undici.
const maxCodings = 5

var errCodings = errors.New("too many encodings in Content-Encoding")

// parse reads the field. If one of the codings is not known, there is nothing to be decoded.
func (cs *codings) parse(field string) error {
	*cs = codings{}
	for name := range strings.SplitSeq(field, ",") {
		name = strings.Trim(name, " \t")
		if name == "" || strings.EqualFold(name, "identity") {
			continue
		}
		known := false
		for c, names := range codingNames {
			for _, n := range names {
				if !strings.EqualFold(name, n) {
					continue
				}
				if known = cs.n < maxCodings; !known {
					return errCodings
				}
				cs.list[cs.n] = coding(c)
				cs.n++
			}
		}
		if !known {
			*cs = codings{}
			return nil
		}
	}
	return nil
}

// asks reports whether the request asks for an encoded body: unless the caller says in which encoding
// he wants it, or wants a part of it, or only its length (as with net/http).
func (x *exchange) asks() bool {
	return !x.client.DisableCompression && !x.verbatim && x.method != fasthttp.MethodHead &&
		(len(x.header) == 0 || !has(x.header, fasthttp.HeaderAcceptEncoding) && !has(x.header, fasthttp.HeaderRange))
}

// maxShort is how long an encoded body may be to be decoded from memory.
const maxShort = 64 << 10

// decode reads the body of the reply and decodes it. As decoders are large, and need much stack,
// no task parks with one if the body is short: that is read first, and decoded on the stack of the
// loop.
//
//go:noinline
func (x *exchange) decode(y *loop.Yielder) error {
	limit := x.maxBody()
	raw, b, whole := x.whole, (*body)(nil), true
	if raw == nil {
		var err error
		b = x.open()
		b.most = encoded(limit)
		if raw, whole, err = b.head(); err != nil {
			return err
		}
	}
	var in io.Reader
	src := io.Reader(bytes.NewReader(raw))
	if whole && x.codings.n == 1 {
		d := x.client.decoding(&x.codings, src, nil, &way{})
		defer d.end()
		in = &stackReader{y: y, r: d, way: way{loop: x.client.loop}}
	} else {
		w := &way{loop: x.client.loop}
		if b != nil {
			src, w = io.MultiReader(src, b), &b.way
		}
		d := x.client.decoding(&x.codings, src, b, w)
		defer d.end()
		in = d
	}
	all, err := x.gather(in)
	if err != nil {
		return err
	}
	x.whole, x.decoded = all, true
	x.last = x.last || b != nil && b.err != io.EOF
	return nil
}

// encoded is how long a body may be to decode to so many bytes: what cannot be compressed gets longer.
func encoded(size int) int64 {
	if size > math.MaxInt/2 {
		return math.MaxInt64
	}
	return int64(size) + int64(size)>>3 + maxShort
}

// head reads the first part of a body, and reports whether that is all of it.
func (b *body) head() (raw []byte, all bool, err error) {
	for raw = make([]byte, 0, firstPiece/2); len(raw) < maxShort; {
		if len(raw) == cap(raw) {
			raw = slices.Grow(raw, len(raw))
		}
		n, err := b.Read(raw[len(raw):min(cap(raw), maxShort)])
		if raw = raw[:len(raw)+n]; err != nil {
			if err == io.EOF {
				return raw, true, nil
			}
			return nil, false, err
		}
	}
	return raw, false, nil
}

// A stackReader reads on the stack of the loop from something that never parks.
type stackReader struct {
	y   *loop.Yielder
	r   io.Reader
	way way
	p   []byte
	n   int
	err error
}

func (s *stackReader) Read(p []byte) (int, error) {
	if err := s.way.give(); err != nil {
		return 0, err
	}
	s.p = p
	if err := loop.Drive(s.y, s); err != nil {
		return 0, err
	}
	s.way.took(s.n)
	return s.n, s.err
}

// Step is the one of Read.
func (s *stackReader) Step(error) (wait any) {
	s.n, s.err = s.r.Read(s.p)
	return nil
}

// A decoding is a body that is decoded while it is read.
type decoding struct {
	client *Client
	body   *body // from the connection; nil if it is in memory
	way    *way
	stages [maxCodings]*stage
	n      int
}

// decoding returns a reader of what src decodes to. If src reads b from the connection, it is
// read to its end.
func (c *Client) decoding(cs *codings, src io.Reader, b *body, w *way) *decoding {
	d := &decoding{client: c, body: b, way: w, n: int(cs.n)}
	for i := range d.n {
		s := c.stage(cs.list[d.n-1-i]) // the last one is undone first
		s.in.Reset(src)
		s.decoder.reset(s.in)
		s.way = w
		d.stages[i], src = s, s
	}
	return d
}

// Read reads what is decoded, not much at once.
func (d *decoding) Read(p []byte) (int, error) {
	n, err := d.stages[d.n-1].Read(p[:min(len(p), maxShort)])
	switch b := d.body; {
	case err == nil:
	case d.way.err != nil:
		err = d.way.err
	case b != nil && b.err != nil && b.err != io.EOF:
		err = b.err
	case err == io.EOF && b != nil:
		err = b.drain()
	}
	return n, err
}

// drain reads what is left of a body that was decoded to its end, as far as the end of the body
// is near. Its last chunk may be missing, or there is something that nobody asked for.
func (b *body) drain() error {
	for buf, end := make([]byte, 512), b.size+maxShort; b.err == nil && b.size < end; {
		_, _ = b.Read(buf)
	}
	if b.err == nil {
		return io.EOF
	}
	return b.err
}

// end gives back the decoders.
func (d *decoding) end() {
	for _, s := range d.stages[:d.n] {
		d.client.putStage(s)
	}
	d.n = 0
}
