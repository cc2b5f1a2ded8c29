package client

import (
	"errors"
	"io"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// How much of a body that nobody wants is read, and for how long, before its connection is closed
// instead: a new one costs no more than that.
const (
	maxSkipped  = 64 << 10
	maxSkipTime = 100 * time.Millisecond
)

var errSkipped = errors.New("more body than is worth reading")

// settled reports whether nothing can follow from the reply.
func (x *exchange) settled() bool { return x.alone || x.session == nil && !redirects(x.reply) }

// next looks at how an exchange has ended: with an error, or a reply. If another exchange follows
// from that, x becomes that one, and next reports true. Otherwise the outcome is the caller's.
//
//go:noinline
func (x *exchange) next(y *loop.Yielder, phase Phase, err error) (again bool, _ Phase, _ error) {
	var a Attempt
	method, url := x.method, x.url
	if err == nil {
		if a, again, phase, err = x.follow(y); err != nil {
			return false, phase, err
		}
		if !again {
			if phase, err = x.readBody(y); err == nil {
				return false, "", nil
			}
		} else if err = x.skip(y); err != nil {
			x.method, x.url = method, url // whose body it was
			return false, PhaseBody, err
		}
	}
	if err != nil {
		if a, again = x.retries(phase, err); !again {
			return false, phase, err
		}
		x.drop()
		if x.upload != nil {
			if err := x.stop(y); err != nil {
				return false, PhaseWrite, err
			}
		}
	}
	x.reset()
	if err := x.source.rewind(); err != nil {
		return false, PhaseRequest, err
	}
	if a.N > 0 {
		if err := x.pause(y, a); err != nil {
			return false, PhaseRetry, err
		}
	}
	if phase, err = x.compose(y); err == nil && x.trace != nil {
		x.begins()
	}
	return err == nil, phase, err
}

// follow looks at a reply. If the request is to be tried again, it returns the attempt that was
// in vain.
func (x *exchange) follow(y *loop.Yielder) (a Attempt, again bool, phase Phase, err error) {
	status := x.reply.StatusCode()
	if x.upload != nil && status >= fasthttp.StatusMultipleChoices {
		if err := x.stop(y); err != nil { // the server does not want it
			return a, false, PhaseWrite, err
		}
	}
	x.keepCookies()
	switch {
	case redirects(x.reply):
		phase = PhaseRedirect
		again, err = x.redirect(y)
	case status == fasthttp.StatusUnauthorized && x.session.auth != nil:
		phase = PhaseAuth
		again, err = x.answer(y)
	default:
		a, again = x.retries("", nil)
	}
	return a, again, phase, err
}

// skip drops the reply. If the rest of it is short and comes soon, the connection is kept.
func (x *exchange) skip(y *loop.Yielder) error {
	if x.sender != nil {
		x.closeGiven()
	} else if x.state == headed && !x.last {
		err := x.drain()
		if loop.IsCancelled(err) {
			return err
		}
		x.last = err != nil
	}
	x.finish()
	x.client.putReply(x.reply)
	x.reply = nil
	return nil
}

// drain reads the body of the reply and forgets it.
func (x *exchange) drain() error {
	cn := x.cn
	if length := x.reply.Header.ContentLength(); length > maxSkipped || length < -1 {
		return errSkipped
	}
	cn.by = min(cn.by, after(x.client.loop, maxSkipTime))
	b := x.open()
	b.seen = nil // it does not count
	defer func() {
		_ = x.reply.CloseBodyStream() // has nothing to close
		x.reply.StreamBody = false
	}()
	piece := make([]byte, 4<<10)
	for n := 0; n <= maxSkipped; {
		m, err := b.Read(piece)
		switch n += m; {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
	return errSkipped
}

// reset makes x an exchange that has not begun.
func (x *exchange) reset() {
	c := x.client
	if x.br != nil {
		x.putReader()
	}
	if x.out != nil {
		x.wrote()
	}
	if x.reply != nil {
		c.putReply(x.reply)
	}
	x.state, x.phase, x.err = fresh, "", nil
	x.host, x.reply, x.whole = nil, nil, nil
	x.blocked, x.again, x.long, x.once, x.last, x.hidden, x.decoded = false, false, false, false, false, false, false
}
