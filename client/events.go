package client

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"coloop/loop"
)

// An Event is one that a server has sent on a connection that stays open (server-sent events, see
// "Server-sent events" in the HTML standard).
type Event struct {
	ID   string // of this event, or the last one that had any
	Type string // "message" if the server says none
	Data string
}

// ErrEventTooLarge is that of an event, or a line, beyond the limit.
var ErrEventTooLarge = errors.New("event is too large")

// maxEvent is the size of an event if nothing else is said.
const maxEvent = 1 << 20

// Events ranges over the events of a response whose body is streamed, as they come, and parks until
// the next one. It ends without an error at the end of the body, where an event that is not complete
// is dropped, and else with an error. To leave the range early closes the connection. An event may have
// 1 MiB. See [Client.Events] for a request with what is usual for events.
func (r *Response) Events(*loop.Yielder) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		defer r.Release()
		if r.Stream == nil {
			yield(Event{}, r.fail(errNotStreamed))
			return
		}
		if over, err := (&EventSource{}).events(r, yield); err != nil && !over {
			yield(Event{}, err)
		}
	}
}

var errNotStreamed = errors.New("the body is not streamed")

// An eventReader parses events.
type eventReader struct {
	r     io.Reader
	limit int

	buf    [4 << 10]byte
	ahead  []byte // of buf, not looked at
	line   []byte
	afterR bool // the last line ended with CR: a LF belongs to it
	begun  bool

	data  []byte
	kind  string
	id    string         // that counts from the end of this event on
	last  string         // that counts
	retry *time.Duration // that the server has said; nil if it has not
}

// next returns the next event. At the end of the input the error is io.EOF.
func (e *eventReader) next() (Event, error) {
	for {
		if err := e.readLine(); err != nil {
			return Event{}, err
		}
		if len(e.line) > 0 {
			if err := e.field(); err != nil {
				return Event{}, err
			}
			continue
		}
		e.last = e.id
		data, kind := e.data, e.kind
		e.data, e.kind = e.data[:0], ""
		if len(data) == 0 {
			continue
		}
		if kind == "" {
			kind = "message"
		}
		return Event{ID: e.last, Type: kind, Data: valid(data[:len(data)-1])}, nil
	}
}

// valid is b as text: what is no UTF-8 becomes U+FFFD.
func valid(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// readLine reads a line, which ends with LF, CR or both. It does not wait for a LF behind a CR.
func (e *eventReader) readLine() error {
	for e.line = e.line[:0]; ; {
		if e.afterR && len(e.ahead) > 0 {
			if e.afterR = false; e.ahead[0] == '\n' {
				e.ahead = e.ahead[1:]
			}
		}
		part, end := e.ahead, bytes.IndexAny(e.ahead, "\r\n")
		if end >= 0 {
			part = e.ahead[:end]
		}
		if e.line = append(e.line, part...); len(e.line) > e.limit {
			return ErrEventTooLarge
		}
		if end >= 0 {
			e.afterR = e.ahead[end] == '\r'
			e.ahead = e.ahead[end+1:]
			if !e.begun {
				e.begun, e.line = true, bytes.TrimPrefix(e.line, utf8BOM)
			}
			return nil
		}
		n, err := e.r.Read(e.buf[:])
		if e.ahead = e.buf[:n]; n == 0 && err != nil {
			return err
		}
	}
}

// field takes a line that is not empty.
func (e *eventReader) field() error {
	name, value, _ := bytes.Cut(e.line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		if len(e.data)+len(value) > e.limit {
			return ErrEventTooLarge
		}
		e.data = append(append(e.data, value...), '\n')
	case "event":
		e.kind = valid(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			e.id = valid(value)
		}
	case "retry":
		if n, err := strconv.ParseUint(string(value), 10, 32); err == nil {
			retry := time.Duration(n) * time.Millisecond
			e.retry = &retry
		}
	}
	return nil
}
