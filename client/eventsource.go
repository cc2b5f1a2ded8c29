package client

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime"
	"strings"
	"time"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// Events makes a request for events and ranges over them: see [Response.Events]. It is one
// connection, which is not limited by the Silence and Total of the client, unless r has Timeouts of
// its own. A response with another status than 200, or that has no events, is an error; 204 is the
// end. [EventSource] connects again.
func (c *Client) Events(y *loop.Yielder, r *Request) iter.Seq2[Event, error] {
	s := EventSource{Client: c, Request: *r, MaxRetries: -1}
	return s.Events(y)
}

// An EventSource receives events, and connects again when the connection has ended, as that of
// browsers does: with Last-Event-ID, and after the time that the server says. Its fields must not
// be changed while it is in use.
type EventSource struct {
	Client  *Client
	Request Request // its Stream and RaiseForStatus are set; see Client.Events for its Timeouts

	// LastEventID is sent if it is not "". It becomes that of each event, so that a
	// later EventSource can go on where this one has stopped.
	LastEventID string

	// Retry is the time until it connects again, if the server does not say another; 0 means 3 s.
	// It doubles with each try in a row without an event, up to a minute.
	Retry time.Duration

	// MaxRetries is how often it connects again in a row without an event; 0 means for
	// ever. With a negative one it does not connect again.
	MaxRetries int

	// MaxEvent is the size in bytes that an event may have; 0 means 1 MiB.
	MaxEvent int

	// OnRetry is called before each wait, with the error that the connection has ended with, nil
	// if the server has ended it as it should.
	OnRetry func(err error, wait time.Duration)

	retry *time.Duration // that the server has said
	tries int            // in a row
}

const (
	defaultRetry = 3 * time.Second
	minRetry     = 100 * time.Millisecond // for a second try
	maxRetry     = time.Minute
)

var errNoEvents = errors.New("not text/event-stream")

// Events ranges over the events. It ends without an error if the server answers with 204, or ends
// the connection and MaxRetries says not to connect again.
func (s *EventSource) Events(y *loop.Yielder) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			over, err := s.connect(y, yield)
			if over {
				return
			}
			limit := s.MaxRetries
			if final(err) || limit < 0 || limit > 0 && s.tries >= limit {
				if err != nil {
					yield(Event{}, err)
				}
				return
			}
			wait := s.wait()
			if s.OnRetry != nil {
				s.OnRetry(err, wait)
			}
			if err := loop.Sleep(y, wait); err != nil {
				yield(Event{}, &Error{PhaseConnect, s.Request.method(), s.Request.URL, err})
				return
			}
		}
	}
}

// wait returns for how long to wait.
func (s *EventSource) wait() time.Duration {
	wait := orDefault(s.Retry, defaultRetry)
	if s.retry != nil {
		wait = *s.retry
	}
	if s.tries > 0 {
		wait = max(wait, minRetry)
	}
	for range s.tries {
		if wait < maxRetry {
			wait = min(2*wait, maxRetry)
		}
	}
	s.tries++
	return wait
}

// final reports whether it is no use to connect again after err.
func final(err error) bool {
	if err == nil {
		return false
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || loop.IsCancelled(err) || errors.Is(err, ErrClosed) || errors.Is(err, ErrEventTooLarge) || errors.Is(err, errNoEvents) {
		return true
	}
	return e.Phase == PhaseRequest || e.Phase == PhaseRedirect || e.Phase == PhaseStatus
}

// connect makes a connection and ranges over its events. over is whether that was all.
func (s *EventSource) connect(y *loop.Yielder, yield func(Event, error) bool) (over bool, err error) {
	resp, err := s.Client.Do(y, s.request())
	if err != nil {
		return false, err
	}
	defer resp.Release()
	switch kind, _, _ := mime.ParseMediaType(resp.Header(fasthttp.HeaderContentType)); {
	case resp.Status == fasthttp.StatusNoContent:
		return true, nil
	case resp.Status != fasthttp.StatusOK:
		return false, resp.statusError()
	case kind != eventStream:
		return false, &Error{PhaseHeader, resp.method, resp.URL, fmt.Errorf("Content-Type is %s, %w", short(kind), errNoEvents)}
	}
	return s.events(resp, yield)
}

// request returns the request with what is usual for events.
func (s *EventSource) request() *Request {
	r := s.Request
	r.Stream, r.RaiseForStatus = true, true
	if r.Timeouts == nil {
		t := s.Client.Timeouts
		t.Silence, t.Total = -1, -1
		r.Timeouts = &t
	}
	header := maps.Clone(r.Header)
	if header == nil {
		header = map[string][]string{}
	}
	for _, f := range []field{{fasthttp.HeaderAccept, eventStream}, {fasthttp.HeaderCacheControl, "no-store"}} {
		if !has(header, f.name) {
			header[f.name] = []string{f.value}
		}
	}
	if s.LastEventID != "" {
		maps.DeleteFunc(header, func(k string, _ []string) bool { return strings.EqualFold(k, lastEventID) })
		header[lastEventID] = []string{s.LastEventID}
	}
	r.Header = header
	return &r
}

const (
	eventStream = "text/event-stream"
	lastEventID = "Last-Event-ID"
)

// events ranges over the events of resp. over is whether no more are wanted.
func (s *EventSource) events(resp *Response, yield func(Event, error) bool) (over bool, err error) {
	e := eventReader{r: resp.Stream, limit: orDefault(s.MaxEvent, maxEvent), id: s.LastEventID, last: s.LastEventID}
	for {
		event, err := e.next()
		if s.LastEventID = e.last; e.retry != nil {
			s.retry = e.retry
		}
		switch {
		case err == io.EOF:
			return false, nil
		case err == ErrEventTooLarge:
			return false, resp.fail(err)
		case err != nil:
			return false, err
		}
		if s.tries = 0; !yield(event, nil) {
			return true, nil
		}
	}
}
