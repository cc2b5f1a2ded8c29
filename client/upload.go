package client

import (
	"bufio"
	"cmp"
	"errors"
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
	x       *exchange // nil once that is over
	source  *source   // or nil
	cn      *conn
	raw     *fasthttp.Request
	task    *loop.Task[struct{}]
	goOn    loop.Event // 100 Continue has come
	err     error      // why it failed
	expects bool       // 100 Continue is waited for
	closes  bool       // the source is to be closed at the end
	dropped bool       // nobody wants to know how it ends
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

// run is the task. Its error is kept in the upload, so that the loop does not report it if it is closed
// before anybody has seen it.
func (u *upload) run(y *loop.Yielder) error {
	if u.err = u.write(y); u.err != nil && u.source != nil && u.source.err != nil {
		u.err = u.source.err
	}
	return nil
}

func (u *upload) write(y *loop.Yielder) error {
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
	_, panicked := u.task.Result()
	u.err = cmp.Or(panicked, u.err)
	switch x := u.x; {
	case u.dropped:
	case u.err != nil:
		u.err = unwritten(u.err)
		if !errors.Is(u.err, syscall.EPIPE) && !errors.Is(u.err, syscall.ECONNRESET) {
			_ = u.cn.Close() // no reply is to be expected
		}
	case x != nil:
		x.written()
		_ = u.cn.raw.ReadBy(min(x.by, x.first)) // fails only if it is closed, as reading will
	}
	if u.closes {
		_ = u.source.close() // its error is the user's
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
		x.last = x.last || u.err != nil
		return nil
	}
	u.dropped = true
	x.last = true
	u.task.Cancel()
	_, _, err := loop.Wait(y, loop.NoTimeout, loop.AllCompleted, u.task)
	return err
}

// spent reports whether the body of the request cannot be sent again.
func (x *exchange) spent() bool { return !x.source.repeatable() }

// leave is called when the exchange ends before the upload. The source is closed when that ends.
func (u *upload) leave() {
	u.x, u.closes = nil, u.source != nil && !u.over
}
