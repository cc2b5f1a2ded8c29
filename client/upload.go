package client

import (
	"bufio"
	"errors"
	"io"
	"syscall"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// An upload writes a request whose body is long, or is read from somewhere, in a task of its
// own. So the reply can be read meanwhile: a server may refuse the body before it is over, or
// send back what it gets.
type upload struct {
	client *Client
	x      *exchange // nil once that is over
	cn     *conn
	raw    *fasthttp.Request
	source *source // of the body; nil if that is written at once
	ours   bool    // raw is not the caller's
	task   *loop.Task[struct{}]
	goOn   loop.Event // 100 Continue has come
	err    error      // why it failed
	over   bool
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
	if s != nil && u.x.req.Expect {
		s.before = func() error { return u.expect(y, bw) }
	}
	if s != nil {
		s.seen = u.x.req.OnUpload
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
	case x == nil:
	case err == nil:
		x.written()
		_ = u.cn.raw.ReadBy(min(x.by, x.first)) // fails only if it is closed, as reading will
	default:
		if u.source != nil && u.source.err != nil {
			err = u.source.err
		}
		u.err, x.last = err, true
		if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			_ = u.cn.Close() // no reply is to be expected
		}
	}
	if u.ours {
		u.raw.Reset()
		u.client.requests.put(u.raw)
	}
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

// A source is the body of a request that is read from somewhere. It is closed once, whatever
// becomes of the request.
type source struct {
	r      io.Reader
	length int              // -1: not known
	again  func() io.Reader // the same from its beginning; nil if there is none
	before func() error     // is called before the first Read
	seen   func(done, total int64)
	done   int64
	told   int64 // the last done that seen was told
	empty  int
	err    error
	closed bool
}

func newSource(r io.Reader, length int) *source {
	return &source{r: r, length: length}
}

// rewind makes the body ready to be sent once more, if it can be.
func (x *exchange) rewind() bool {
	s := x.source
	if s == nil {
		return true
	}
	if s.again == nil {
		return false
	}
	_ = s.Close() // its error is the user's
	x.source = &source{r: s.again(), length: s.length, again: s.again}
	return true
}

// tell tells how much has been written: all that has been read. After the last of it there is one more
// Read, to see that it was the last.
func (s *source) tell() {
	if s.seen != nil && s.told < s.done {
		s.told = s.done
		s.seen(s.done, int64(s.length))
	}
}

// Read reads the body, and remembers an error of it.
func (s *source) Read(p []byte) (int, error) {
	if f := s.before; f != nil {
		s.before = nil
		if err := f(); err != nil {
			return 0, err
		}
	}
	s.tell()
	n, err := s.r.Read(p)
	s.done += int64(n)
	if n == 0 && err == nil {
		if s.empty++; s.empty == maxEmpty {
			err = io.ErrNoProgress
		}
	} else {
		s.empty = 0
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
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
