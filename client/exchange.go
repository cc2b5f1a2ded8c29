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
// top to bottom: run; Step, prepare, encode, listen, head for what is done at once; connect, send,
// receive, readBody for the rest.
//
// A task is parked for most of an exchange, with a stack that should be small then. So the
// exchange is on the heap, and its usual course is steps that the loop makes on its own stack
// (loop.Drive). Buffers are taken late and given back early.
type exchange struct {
	client *Client
	sender Sender   // of the client; nil means the network
	trace  *trace   // nil unless the client has a Trace
	req    *Request // the caller's, for what is seldom asked for; never nil
	limits *Timeouts

	session *session // what goes beyond this exchange, or nil

	// The request as it is now: redirects change it.
	method, url string
	header      map[string][]string
	body        []byte
	source      *source // of a BodyStream; nil without one

	addr string             // where to connect, if not to the host of the URL
	into *fasthttp.Response // the caller's own, or nil

	to    target
	host  *pool.Host[*conn, *server]
	place *pool.Place[*conn, *server] // held by the exchange: to be given back, or dropped
	cn    *conn                       // in the place

	out     []byte  // encoded, and not yet written
	upload  *upload // sends a long body meanwhile
	br      *bufio.Reader
	reply   *fasthttp.Response
	sent    []byte        // its header, as it was sent
	whole   []byte        // the body, once it has been read
	given   io.ReadCloser // the body that a Sender has returned, to be read
	adopted *Response     // all that it has returned
	resp    *Response

	by, first time.Duration // when all must be over, and when the reply must have begun

	state    state
	phase    Phase // of err
	err      error // of a step
	blocked  bool  // a step waits
	again    bool  // this is the second try
	long     bool  // the body is for an upload
	once     bool  // must not reach the server twice
	last     bool  // the connection is to be closed
	alone    bool  // this is one exchange, and nothing follows from it
	verbatim bool  // nothing is added to the request, and the reply is not decoded
	hidden   bool  // the name of Trailer is hidden from fasthttp
	asked    bool  // for an encoded body
	decoded  bool  // whole was encoded
	codings  codings
}

// state is how far an exchange is.
type state uint8

const (
	fresh       state = iota
	unconnected       // no connection was idle
	connecting        // one is being made, by steps
	connected         // the request is to be written
	unsent            // some of it was not written at once
	sent              // the reply is awaited
	headed            // its body is to be read
	complete          // it is there
)

// run does the exchange, to the header of the reply, and its body if that has come with it. The
// Phase is that of the error.
func (x *exchange) run(y *loop.Yielder) (phase Phase, err error) {
	if x.sender != nil {
		return x.pass(y)
	}
	if x.client.proxyFor != nil {
		if phase, err = x.choose(); err != nil {
			return phase, err
		}
	}
	for {
		if err = loop.Drive(y, x); err != nil {
			return PhaseRequest, err
		}
		if x.trace != nil {
			x.trace.tell(y)
		}
		switch phase, err = x.phase, x.err; {
		case err != nil:
			phase, err = x.failed(phase, err)
		case x.state == unconnected:
			phase, err = x.connect(y)
		case x.state == unsent:
			phase, err = x.send(y)
		case x.state == sent && x.cn.tls != nil:
			phase, err = x.receive()
		}
		if err == nil && x.state >= headed || err != nil && !x.stale(y, err) {
			return phase, err
		}
	}
}

// Step goes as far as no stack is needed: with a request that is written at once on a connection
// that was idle, to the end.
func (x *exchange) Step(err error) (wait any) {
	if x.blocked {
		x.blocked = false
		if x.state == connecting {
			x.phase, x.err = PhaseConnect, x.cn.raw.EndConnect(err)
		} else {
			x.phase, x.err = x.awaits(), x.cn.raw.EndRead(err)
		}
	}
	for x.err == nil {
		if x.trace != nil && len(x.trace.pending) > 0 {
			return nil // to tell of it
		}
		switch {
		case x.state == fresh:
			x.prepare()
		case x.state == connecting:
			if wait = x.connected(); wait != nil {
				return wait
			}
		case x.state == connected:
			x.encode()
		case x.state == sent && x.cn.tls == nil:
			if wait = x.listen(); wait != nil {
				return wait
			}
		default:
			if x.state == complete && x.into == nil && x.resp == nil {
				x.resp = &Response{} // to make it here needs none of the task's stack
			}
			return nil
		}
	}
	return nil
}

// prepare makes sense of the request, and looks for a connection.
func (x *exchange) prepare() {
	if x.limits == nil {
		x.limit()
	}
	if x.host == nil {
		if x.err = x.parse(); x.err != nil {
			x.phase = PhaseRequest
			return
		}
		x.host = x.findHost(nil)
	}
	if x.place == nil {
		x.place = x.client.pool.Try(x.host)
	}
	switch {
	case x.place == nil:
		x.state = unconnected
	case x.place.Open():
		x.state, x.cn = connected, x.place.Conn()
	default:
		x.dial()
	}
}

// dial begins to connect, if that is no more than a connection to a known address.
func (x *exchange) dial() {
	x.state = unconnected
	s := x.place.Host().Value
	if s.direct == nil {
		return
	}
	c := x.client
	if x.trace != nil {
		x.trace.reached(TraceDial, s.direct.String())
	}
	raw, err := noKeepAlive.Start(c.loop, s.direct, min(x.by, after(c.loop, x.limits.Connect)))
	switch {
	case err == nil:
		x.state, x.cn = connecting, &conn{raw: raw}
		_ = x.place.Fill(x.cn) // which fails only if the client is closed, as Try does
	case !starved(err):
		x.phase, x.err = PhaseConnect, err
	}
}

// connected looks whether the connection is there, and waits for it.
func (x *exchange) connected() (wait any) {
	wait, err := x.cn.raw.BlockConnect()
	switch {
	case wait != nil:
		x.blocked = true
	case err != nil:
		x.phase, x.err = PhaseConnect, err
	default:
		x.state = connected
		if x.trace != nil {
			x.trace.reached(TraceConnected, x.cn.raw.RemoteAddr().String())
		}
	}
	return wait
}

// encode encodes the request, and writes what can be written at once.
func (x *exchange) encode() {
	cn := x.cn
	cn.begin(x)
	if x.trace != nil {
		x.trace.got(x)
	}
	if x.err = x.encoded(); x.err != nil {
		x.phase = PhaseRequest
		return
	}
	x.state, x.first = unsent, never
	if cn.tls != nil || x.long {
		return
	}
	n, err := cn.raw.TryWrite(x.out)
	cn.written = n > 0
	switch {
	case n == len(x.out):
		x.wrote()
		x.written()
	case err == nil || err == syscall.EAGAIN:
		x.out = append(x.out[:0], x.out[n:]...)
	default:
		x.phase, x.err = PhaseWrite, unwritten(err)
	}
}

// listen reads the reply as far as it is there, and waits for more.
func (x *exchange) listen() (wait any) {
	cn := x.cn
	wait, err := cn.raw.BlockRead()
	if err == nil && wait == nil {
		x.head()
		return nil
	}
	if err == nil {
		x.blocked = true
		err = cn.raw.ReadBy(x.until())
	}
	if err != nil {
		x.phase, x.err = x.awaits(), err
	}
	return wait
}

// send writes the rest, or begins an upload.
//
//go:noinline
func (x *exchange) send(y *loop.Yielder) (Phase, error) {
	if x.long {
		x.begin(y)
		x.state = sent
		return "", nil
	}
	_, err := x.cn.Write(x.out)
	x.wrote()
	x.written()
	return PhaseWrite, unwritten(err)
}

// wrote gives back the buffer.
func (x *exchange) wrote() {
	x.client.buffers.put(x.out)
	x.out = nil
}

// written is called when all of the request is written. It sets the time for the reply to begin.
func (x *exchange) written() {
	x.state = max(x.state, sent)
	if d := x.limits.Read; d != never {
		x.by = min(x.by, after(x.client.loop, d))
		x.cn.by = x.by
	}
	if x.trace != nil {
		x.trace.note(TraceWritten)
	}
	if d := x.limits.FirstByte; d > 0 {
		x.first = after(x.client.loop, d)
	}
}
