package client

import (
	"io"
	"syscall"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// A TraceKind says what has happened to a request.
type TraceKind string

const (
	TraceStart     TraceKind = "start"      // an exchange: of a new request, or after a redirect or a retry
	TraceWait      TraceKind = "wait"       // a limit is reached: the request waits for a connection
	TraceResolve   TraceKind = "resolve"    // a new connection: the host is looked up unless it is an address
	TraceDial      TraceKind = "dial"       // the host is known; an attempt to connect to Addr begins
	TraceConnected TraceKind = "connected"  // to Addr
	TraceTLS       TraceKind = "tls"        // the handshake is over
	TraceConn      TraceKind = "connection" // the request has one
	TraceWritten   TraceKind = "written"    // the request, with its body
	TraceInterim   TraceKind = "interim"    // a reply that is not the last: Status 100 to 199
	TraceFirstByte TraceKind = "first byte" // of the reply
	TraceHeader    TraceKind = "header"     // of the reply: Status
	TraceBody      TraceKind = "body"       // of the response: read to its end, or given up because of Err
	TraceRedirect  TraceKind = "redirect"   // will be followed, to URL
	TraceRetry     TraceKind = "retry"      // the request is to be sent again because of Err, or of Status
	TraceFailed    TraceKind = "failed"     // the request, with Err
)

// A TraceEvent is something that has happened to a request; see [Client.Trace].
type TraceEvent struct {
	Kind     TraceKind
	Time     time.Duration // on the loop's clock
	Request  uint64        // which of the client's requests, from 1
	Exchange int           // which of the exchanges of the request, from 1
	Method   string
	URL      string        // without its password
	Addr     string        // of the server, or what stands before it; "" if that is not known yet
	Reused   bool          // the connection of TraceConn has served another request
	Idle     time.Duration // how long it was unused since
	Status   int
	Err      error
}

// A trace collects the events of a request, and tells them in its task. Some happen where no
// function of the user's may be called.
type trace struct {
	client  *Client
	last    TraceEvent // what does not change from one to the next is taken from it
	pending []TraceEvent
	begun   bool // the reply
}

// traces begins the trace of x.
//
//go:noinline
func (x *exchange) traces() {
	c := x.client
	c.traced++
	x.trace = &trace{client: c, last: TraceEvent{Request: c.traced}}
	x.begins()
}

// begins notes that an exchange begins.
//
//go:noinline
func (x *exchange) begins() {
	t := x.trace
	t.last.Exchange++
	t.begun = false
	t.last.Method, t.last.URL, t.last.Addr = x.method, redacted(x.url), ""
	t.note(TraceStart)
}

// redirected notes where a redirect leads to.
//
//go:noinline
func (t *trace) redirected(url string) {
	t.last.URL = redacted(url)
	t.note(TraceRedirect)
}

// note notes an event. What belongs to it alone can be added to what it returns.
func (t *trace) note(kind TraceKind) *TraceEvent {
	e := t.last
	e.Kind, e.Time = kind, t.client.loop.Time()
	t.pending = append(t.pending, e)
	return &t.pending[len(t.pending)-1]
}

// failed notes an error.
//
//go:noinline
func (t *trace) failed(kind TraceKind, err error) { t.note(kind).Err = err }

// replied notes a reply, or the beginning of one.
//
//go:noinline
func (t *trace) replied(kind TraceKind, status int) { t.note(kind).Status = status }

// reached notes something about a connection.
//
//go:noinline
func (t *trace) reached(kind TraceKind, addr string) {
	t.last.Addr = addr
	t.note(kind)
}

// dial connects for c, and notes how.
//
//go:noinline
func (t *trace) dial(y *loop.Yielder, c *Client, network, addr string) (raw *netio.Conn, err error) {
	t.reached(TraceResolve, addr)
	t.tell(y)
	if c.Dial != nil {
		t.note(TraceDial)
		raw, err = c.dial(y, network, addr, nil)
	} else {
		var d netio.Dialer
		if c.Dialer != nil {
			d = *c.Dialer
		}
		control := d.Control
		d.Control = func(network, address string, c syscall.RawConn) error {
			t.reached(TraceDial, address)
			if control != nil {
				return control(network, address, c)
			}
			return nil
		}
		raw, err = d.Connect(y, network, addr)
	}
	if err == nil {
		t.reached(TraceConnected, raw.RemoteAddr().String())
	}
	return raw, err
}

// heard notes the first byte of a reply.
//
//go:noinline
func (t *trace) heard() {
	if !t.begun {
		t.begun = true
		t.note(TraceFirstByte)
	}
}

// bodyEnded notes the end of a body that was read by the caller.
//
//go:noinline
func (t *trace) bodyEnded(err error) {
	if err == io.EOF {
		err = nil
	}
	t.failed(TraceBody, err)
}

// got notes that x has a connection.
//
//go:noinline
func (t *trace) got(x *exchange) {
	t.last.Addr = x.cn.raw.RemoteAddr().String()
	e := t.note(TraceConn)
	if pl := x.place; pl.Used() {
		e.Reused, e.Idle = true, e.Time-pl.Since()
	}
}

// tell tells what has happened so far, in the task of y.
//
//go:noinline
func (t *trace) tell(y *loop.Yielder) {
	for len(t.pending) > 0 {
		e := t.pending[0]
		if t.pending = t.pending[1:]; len(t.pending) == 0 {
			t.pending = nil
		}
		t.client.Trace(y, e)
	}
}

// ended tells how the request has ended, unless its task has.
//
//go:noinline
func (x *exchange) ended(y *loop.Yielder, err *error) {
	t := x.trace
	if *err != nil {
		t.failed(TraceFailed, *err)
	}
	t.tell(y)
}
