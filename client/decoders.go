package client

import (
	"bufio"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// A stage undoes one coding.
type stage struct {
	coding  coding
	decoder decoder
	in      *bufio.Reader
	way     *way
}

// A decoder reads from its input what that decodes to. An empty input decodes to nothing.
type decoder interface {
	io.Reader
	reset(in *bufio.Reader)
}

// keptDecoders are how many of each are kept. One for gzip has 50 KB; one for zstd may have a
// window of 8 MB.
var keptDecoders = [numCodings]int{codingGzip: 8, codingDeflate: 4, codingBrotli: 4, codingZstd: 1}

// stage returns a stage to be reset.
func (c *Client) stage(k coding) *stage {
	if s, ok := c.stages[k].get(); ok {
		return s
	}
	s := &stage{coding: k, in: bufio.NewReaderSize(nil, 4<<10)}
	switch k {
	case codingGzip:
		s.decoder = &gunzip{}
	case codingDeflate:
		s.decoder = &inflate{}
	case codingBrotli:
		s.decoder = &unbrotli{}
	case codingZstd:
		s.decoder = &unzstd{}
	}
	return s
}

func (c *Client) putStage(s *stage) {
	s.in.Reset(nil)
	s.way = nil
	if kept := &c.stages[s.coding]; len(kept.list) < keptDecoders[s.coding] {
		kept.put(s)
	}
}

// Read gives way to other tasks now and then, even if it gives nothing for long.
func (s *stage) Read(p []byte) (int, error) {
	if err := s.way.give(); err != nil {
		return 0, err
	}
	n, err := s.decoder.Read(p)
	s.way.took(n)
	if err != nil && err != io.EOF {
		if _, below := errors.AsType[*codingError](err); !below {
			err = &codingError{s.coding, err}
		}
	}
	return n, err
}

// A codingError is why a body could not be decoded: it is damaged, cut short, or not what its
// Content-Encoding says.
type codingError struct {
	coding coding
	err    error
}

func (e *codingError) Error() string {
	return "Content-Encoding " + codingNames[e.coding][0] + ": " + e.err.Error()
}

func (e *codingError) Unwrap() error { return e.err }

// gunzip decodes gzip: members, one after another. What follows them, and is no member, is left
// alone, as by gzip(1) and browsers: there are servers that fill up with zeros.
type gunzip struct {
	in     *bufio.Reader
	z      gzip.Reader
	begun  bool
	inside bool // a member
}

func (g *gunzip) reset(in *bufio.Reader) { g.in, g.begun, g.inside = in, false, false }

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		if !g.inside {
			if err := g.next(); err != nil {
				return 0, err
			}
		}
		n, err := g.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		if g.inside = false; n > 0 {
			return n, nil
		}
	}
}

// next begins a member. The error is io.EOF if there is none.
func (g *gunzip) next() error {
	head, err := g.in.Peek(2)
	switch {
	case err != nil && err != io.EOF:
		return err
	case len(head) == 0, g.begun && string(head) != "\x1f\x8b":
		return io.EOF
	}
	if err := g.z.Reset(g.in); err != nil {
		return cutShort(err)
	}
	g.z.Multistream(false)
	g.begun, g.inside = true, true
	return nil
}

// cutShort is err, but io.ErrUnexpectedEOF for io.EOF.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// inflate decodes deflate, which is the format of zlib, and with some servers, against the RFC,
// what is within that. What follows is left alone.
type inflate struct {
	in    *bufio.Reader
	zlib  io.ReadCloser
	flate io.ReadCloser
	begun io.Reader // one of these; nil: not yet
}

func (f *inflate) reset(in *bufio.Reader) { f.in, f.begun = in, nil }

func (f *inflate) Read(p []byte) (int, error) {
	if f.begun == nil {
		if err := f.begin(); err != nil {
			return 0, err
		}
	}
	return f.begun.Read(p)
}

func (f *inflate) begin() (err error) {
	head, err := f.in.Peek(2)
	switch {
	case err != nil && err != io.EOF:
		return err
	case len(head) == 0:
		return io.EOF
	case len(head) < 2 || head[0]&0xf != 8 || head[0]>>4 > 7 || (int(head[0])<<8|int(head[1]))%31 != 0:
		if f.flate == nil {
			f.flate = flate.NewReader(f.in)
		} else {
			err = f.flate.(flate.Resetter).Reset(f.in, nil)
		}
		f.begun = f.flate
	case f.zlib == nil:
		f.zlib, err = zlib.NewReader(f.in)
		f.begun = f.zlib
	default:
		err = f.zlib.(zlib.Resetter).Reset(f.in, nil)
		f.begun = f.zlib
	}
	return cutShort(err)
}

// unbrotli decodes br. Whatever follows is an error, as to the reference decoder's program.
type unbrotli struct {
	in    *bufio.Reader
	z     brotli.Reader
	begun bool
}

func (b *unbrotli) reset(in *bufio.Reader) { b.in, b.begun = in, false }

func (b *unbrotli) Read(p []byte) (int, error) {
	if !b.begun {
		if _, err := b.in.Peek(1); err != nil {
			return 0, err
		}
		_ = b.z.Reset(b.in) // never fails
		b.begun = true
	}
	return b.z.Read(p)
}

// maxWindow is how much memory a body may make the decoder for zstd take (RFC 9659).
const maxWindow = 8 << 20

// unzstd decodes zstd: frames, one after another. Whatever else follows is an error, as to
// zstd(1).
type unzstd struct {
	z *zstd.Decoder
}

func (u *unzstd) reset(in *bufio.Reader) {
	if u.z == nil {
		// The options are right. No goroutine is started with a concurrency of 1.
		u.z, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	}
	_ = u.z.Reset(in) // fails only if it is closed
}

func (u *unzstd) Read(p []byte) (int, error) { return u.z.Read(p) }
