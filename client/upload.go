package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// An upload writes a request whose body is long, or is read from somewhere, in a task of its
// own. So the reply can be read meanwhile: a server may refuse the body before it is over, or
// send back what it gets.
type upload struct {
	client  *Client
	x       *exchange // nil once that is over, or has handed the upload to a stream
	stream  *stream   // reads the reply meanwhile, or nil
	cn      *conn
	raw     *fasthttp.Request
	expects bool // 100 Continue
	task    *loop.Task[struct{}]
	source  *source    // of the body; nil if that is in memory
	goOn    loop.Event // 100 Continue has come
	err     error      // why it failed
	over    bool
}

// expectTimeout is how long 100 Continue is waited for, as with curl.
const expectTimeout = time.Second

// begin begins the upload.
//
//go:noinline
func (x *exchange) begin(y *loop.Yielder) {
	u := x.upload
	u.task = loop.Spawn(y, u.run)
	u.task.AddDoneCallback(func(*loop.Future[struct{}]) { u.end() })
}

// run is the task.
func (u *upload) run(y *loop.Yielder) error {
	c, s := u.client, u.source
	bw := c.writer(u.cn)
	if s != nil {
		if u.expects {
			s.before = func() error { return u.expect(y, bw) }
		}
		if mayWait(s.r) {
			s.flush = bw.Flush
		}
	}
	err := u.raw.Write(bw)
	if err == nil {
		err = bw.Flush()
	}
	if err == nil || !loop.IsCancelled(err) { // what is still in it when it is cancelled must not be sent
		c.putWriter(bw)
	}
	return err
}

// expect sends the header and waits for the server to ask for the body.
func (u *upload) expect(y *loop.Yielder, bw *bufio.Writer) error {
	if err := bw.Flush(); err != nil {
		return err
	}
	_, err := loop.WithTimeout(y, expectTimeout, func(y *loop.Yielder) (bool, error) { return true, u.goOn.Wait(y) })
	if errors.Is(err, loop.ErrTimeout) {
		return nil
	}
	return err
}

// end is called when the task has ended, in whatever way.
func (u *upload) end() {
	u.over = true
	_, err := u.task.Result()
	x := u.x
	switch {
	case x == nil && u.stream == nil:
	case err == nil:
		if x != nil {
			x.written()
			_ = u.cn.raw.ReadBy(min(x.by, x.first)) // fails only if it is closed, as reading will
		}
	default:
		if u.source != nil && u.source.err != nil {
			err = u.source.err
		}
		if u.err = err; x != nil {
			x.last = true
		}
		if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			_ = u.cn.Close() // no reply is to be expected
		}
	}
	if u.stream != nil {
		_ = u.source.Close() // its error is the user's
	}
	u.raw.Reset()
	u.client.requests.put(u.raw)
}

// stop ends the upload of a request that has its reply.
//
//go:noinline
func (x *exchange) stop(y *loop.Yielder) error {
	u := x.upload
	x.upload, u.x = nil, nil
	if u.over {
		return nil
	}
	x.last = true
	u.task.Cancel()
	_, _, err := loop.Wait(y, loop.NoTimeout, loop.AllCompleted, u.task)
	return err
}

// spent reports whether the body of the request cannot be sent again, because it was read from
// somewhere.
func (x *exchange) spent() bool {
	return x.long && x.source != nil
}

// A source is the body of a request that is read from somewhere. It is closed once, whatever
// becomes of the request.
type source struct {
	r      io.Reader
	length int          // -1: not known
	before func() error // is called before the first Read
	flush  func() error // is called before a Read that may wait, or nil
	full   bool         // the last Read gave all it could
	after  func() error // is called at the end
	empty  int
	err    error
	closed bool
}

func newSource(r io.Reader, length int) *source {
	return &source{r: r, length: length}
}

// mayWait reports whether the first Read may have to wait for somebody.
func mayWait(r io.Reader) bool {
	_, file := r.(*os.File)
	return !file && inMemory(r) == nil
}

// Read reads the body, and remembers an error of it. What has been read so far is sent before a
// Read that may wait: the server may be waiting for it. Nothing is read in that call, because p
// may be the free part of the buffer that has been sent.
func (s *source) Read(p []byte) (int, error) {
	f := s.before
	if f == nil && !s.full {
		f = s.flush
	}
	if s.before, s.full = nil, true; f != nil {
		return 0, f()
	}
	n, err := s.r.Read(p)
	s.full = n == len(p)
	if n == 0 && err == nil {
		if s.empty++; s.empty == maxEmpty {
			err = io.ErrNoProgress
		}
	} else {
		s.empty = 0
	}
	if f := s.after; err == io.EOF && f != nil {
		s.after = nil
		if bad := f(); bad != nil {
			err = bad
		}
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

var errTrailerFraming = errors.New("a trailer needs a BodyStream without Length")

// checkTrailer checks the trailer of a request.
func checkTrailer(r *Request) error {
	if r.BodyStream == nil || r.Length != 0 {
		return errTrailerFraming
	}
	return checkFields(r.Trailer, false)
}

// announce names the fields of the trailer in the header h of the request. They get their values when the
// body has been read.
func (x *exchange) announce(h *fasthttp.RequestHeader) error {
	for _, key := range slices.Sorted(maps.Keys(x.req.Trailer)) {
		if err := h.AddTrailer(key); err != nil {
			return fmt.Errorf("forbidden trailer %s", key)
		}
	}
	trailer := x.req.Trailer
	x.source.after = func() error {
		if err := checkFields(trailer, false); err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(trailer)) {
			for _, v := range trailer[key] {
				h.Add(key, v)
			}
		}
		return nil
	}
	return nil
}

// Close closes the body.
func (s *source) Close() error {
	if s == nil || s.closed {
		return nil
	}
	s.closed = true
	if c, ok := s.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
