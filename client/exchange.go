package client

import (
	"bufio"
	"io"
	"syscall"
	"time"

	"coloop/client/internal/pool"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// An exchange is one request and its reply, with a second try if need be. It is read from
// top to bottom: run, send, receive.
//
// A task is parked for most of an exchange, with a stack that should be small then. So the
// exchange is on the heap, and the work that needs much stack, start and head, is done on the
// stack of the loop. Buffers are taken late and given back early.
type exchange struct {
	client *Client
	req    *Request // the caller's, for what is seldom asked for; never nil
	limits *Timeouts

	// What is asked for now: redirects change it.
	method, url string
	header      map[string][]string
	body        []byte
	source      *source // of a BodyStream; nil without one

	sender Sender // of the client; nil means the network

	fast *fasthttp.Request  // the caller's own, to be sent in the place of these, or nil
	into *fasthttp.Response // the caller's own, or nil

	to    target
	host  *pool.Host[*conn, *server]
	place *pool.Place[*conn, *server] // held by the exchange: to be given back, or dropped
	cn    *conn                       // in the place

	out    []byte  // encoded, and not yet written
	upload *upload // sends a long body meanwhile
	br     *bufio.Reader
	reply  *fasthttp.Response
	whole  []byte        // the body, once it has been read
	given  io.ReadCloser // the body that a Sender has returned, to be read

	by, first time.Duration // when all must be over, and when the reply must have begun

	phase   Phase // of err
	err     error // of a call on the loop's stack
	state   state
	interim uint8 // replies so far that were not the last
	again   bool  // this is the second try
	long    bool  // the body is for an upload
	once    bool  // must not reach the server twice
	last    bool  // the connection is to be closed
	follows bool  // a redirect will be followed: its body is not streamed
	alone   bool  // this is one exchange, and nothing follows from it

	starting, heading func() // start and head, as values made once
}

// state is how far the reply has been read.
type state uint8

const (
	awaited  state = iota // its header is not there
	headed                // its body is to be read
	complete              // it is there
)

// maxInterim is how many replies may come before the one that counts, as with net/http.
const maxInterim = 5

// run does the exchange. The Phase is that of the error.
func (x *exchange) run(y *loop.Yielder) (Phase, error) {
	if x.sender != nil {
		return x.pass(y)
	}
	for {
		phase, err := x.send(y)
		if err == nil {
			phase, err = x.receive(y)
		}
		if err == nil || !x.stale(err) {
			return phase, err
		}
	}
}

// send gets a connection and writes the request, or begins to.
func (x *exchange) send(y *loop.Yielder) (Phase, error) {
	if loop.OnLoopStack(y, x.starting); x.err != nil {
		return x.phase, x.err
	}
	if x.cn == nil { // no connection was idle
		if phase, err := x.connect(y); err != nil {
			return phase, err
		}
		if loop.OnLoopStack(y, x.starting); x.err != nil {
			return x.phase, x.err
		}
	}
	x.first = never
	switch {
	case x.long:
		x.begin(y)
		return "", nil
	case x.out != nil:
		if err := x.write(); err != nil {
			return PhaseWrite, err
		}
	}
	x.written()
	return "", nil
}

// start makes ready a request that is new, and writes it if there is a connection.
func (x *exchange) start() {
	x.err = nil
	if x.host == nil {
		if x.err = x.prepare(); x.err != nil {
			x.phase = PhaseRequest
			return
		}
		if x.place = x.client.pool.Idle(x.host); x.place != nil {
			x.cn = x.place.Conn()
		}
	}
	if x.cn == nil {
		return
	}
	x.cn.begin(x)
	if x.err = x.encode(); x.err != nil {
		x.phase = PhaseRequest
	} else if x.cn.tls == nil && !x.long {
		x.try()
	}
}

// try writes what can be written at once.
func (x *exchange) try() {
	n, err := x.cn.raw.TryWrite(x.out)
	x.cn.written = n > 0
	switch {
	case n == len(x.out):
		x.wrote()
	case err == nil || err == syscall.EAGAIN:
		x.out = append(x.out[:0], x.out[n:]...)
	default:
		x.phase, x.err = PhaseWrite, err
	}
}

// write writes the rest.
//
//go:noinline
func (x *exchange) write() error {
	_, err := x.cn.Write(x.out)
	x.wrote()
	return err
}

// wrote gives back the buffer.
func (x *exchange) wrote() {
	x.client.buffers.put(x.out)
	x.out = nil
}

// written sets the time for the reply to begin, from now on.
func (x *exchange) written() {
	if d := x.limits.FirstByte; d > 0 {
		x.first = after(x.client.loop, d)
	}
}
