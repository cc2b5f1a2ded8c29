package client

import (
	"io"
	"syscall"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// An EventKind says what has happened to a request.
type EventKind string

const (
	EventStart     EventKind = "start"      // an exchange: of a new request, or after a redirect or a retry
	EventWait      EventKind = "wait"       // a limit is reached: the request waits for a connection
	EventResolve   EventKind = "resolve"    // a new connection: the host is looked up unless it is an address
	EventDial      EventKind = "dial"       // the host is known; an attempt to connect to Addr begins
	EventConnected EventKind = "connected"  // to Addr
	EventTLS       EventKind = "tls"        // the handshake is over
	EventConn      EventKind = "connection" // the request has one
	EventWritten   EventKind = "written"    // the request, with its body
	EventInterim   EventKind = "interim"    // a reply that is not the last: Status 100 to 199
	EventFirstByte EventKind = "first byte" // of the reply
	EventHeader    EventKind = "header"     // of the reply: Status
	EventBody      EventKind = "body"       // of the response: read to its end, or given up because of Err
	EventRedirect  EventKind = "redirect"   // will be followed, to URL
	EventRetry     EventKind = "retry"      // the request is to be sent again because of Err, or of Status
	EventFailed    EventKind = "failed"     // the request, with Err
)

// An Event is something that has happened to a request; see [Client.Trace].
type Event struct {
	Kind     EventKind
	Time     time.Duration // on the loop's clock
	Request  uint64        // which of the client's requests, from 1
	Exchange int           // which of the exchanges of the request, from 1
	Method   string
	URL      string        // without its password
	Addr     string        // of the server, or what stands before it; "" if that is not known yet
	Reused   bool          // the connection of EventConn has served another request
	Idle     time.Duration // how long it was unused since
	Status   int
	Err      error
}

// A trace collects the events of a request, some of which happen where no function of the user's may be called, and
// tells them in the task.
type trace struct {
	client  *Client
	last    Event // what does not change from one to the next is taken from it
	pending []Event
	begun   bool // the reply
}

// traces begins the trace of x.
//
//go:noinline
func (x *exchange) traces() {
	c := x.client
	c.traced++
	x.trace = &trace{client: c, last: Event{Request: c.traced}}
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
	t.note(EventStart)
}

// redirected notes where a redirect leads to.
//
//go:noinline
func (t *trace) redirected(url string) {
	t.last.URL = redacted(url)
	t.note(EventRedirect)
}

// note notes an event. What belongs to it alone can be added to what it returns.
func (t *trace) note(kind EventKind) *Event {
	e := t.last
	e.Kind, e.Time = kind, t.client.loop.Time()
	t.pending = append(t.pending, e)
	return &t.pending[len(t.pending)-1]
}

// failed notes an error.
//
//go:noinline
func (t *trace) failed(kind EventKind, err error) { t.note(kind).Err = err }

// replied notes a reply, or the beginning of one.
//
//go:noinline
func (t *trace) replied(kind EventKind, status int) { t.note(kind).Status = status }

// reached notes something about a connection.
//
//go:noinline
func (t *trace) reached(kind EventKind, addr string) {
	t.last.Addr = addr
	t.note(kind)
}

// dial connects for c, and notes how.
//
//go:noinline
func (t *trace) dial(y *loop.Yielder, c *Client, network, addr string) (raw *netio.Conn, err error) {
	t.reached(EventResolve, addr)
	t.tell(y)
	if c.Dial != nil {
		t.note(EventDial)
		raw, err = c.dial(y, network, addr, nil)
	} else {
		var d netio.Dialer
		if c.Dialer != nil {
			d = *c.Dialer
		}
		control := d.Control
		d.Control = func(network, address string, c syscall.RawConn) error {
			t.reached(EventDial, address)
			if control != nil {
				return control(network, address, c)
			}
			return nil
		}
		raw, err = d.Connect(y, network, addr)
	}
	if err == nil {
		t.reached(EventConnected, raw.RemoteAddr().String())
	}
	return raw, err
}

// heard notes the first byte of a reply.
//
//go:noinline
func (t *trace) heard() {
	if !t.begun {
		t.begun = true
		t.note(EventFirstByte)
	}
}

// bodyEnded notes the end of a body that was read by the caller.
//
//go:noinline
func (t *trace) bodyEnded(err error) {
	if err == io.EOF {
		err = nil
	}
	t.failed(EventBody, err)
}

// got notes that x has a connection.
//
//go:noinline
func (t *trace) got(x *exchange) {
	t.last.Addr = x.cn.raw.RemoteAddr().String()
	e := t.note(EventConn)
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
		t.failed(EventFailed, *err)
	}
	t.tell(y)
}
