package clienttest

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/files"
)

// A Replay answers requests with the exchanges of a file that a [Recorder] has written. It never
// touches the network. A request gets the first exchange with its method and URL that was not
// replayed yet; the URL is compared as it stands, without user and fragment. A request without
// one fails.
type Replay struct {
	// Match, unless nil, is asked too whether a request is the one that was recorded:
	// [MatchBody], [MatchHeader] or a function of the test's own.
	Match func(recorded, got *RecordedRequest) bool

	// Redact is the function of that name of the recorder, which each request goes through
	// before it is compared; nil means [RedactSecrets].
	Redact func(*Exchange)

	// Repeat has the last exchange that matches be replayed as often as it is asked for.
	Repeat bool

	name      string
	exchanges []*Exchange
	replayed  []bool
}

var _ client.Sender = (*Replay)(nil)

// OpenReplay reads the file of that name.
func OpenReplay(y *loop.Yielder, name string) (*Replay, error) {
	data, err := files.ReadFile(y, name)
	if err != nil {
		return nil, err
	}
	r, err := ReadReplay(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.name = name
	return r, nil
}

// ReadReplay reads what a recorder has written.
func ReadReplay(r io.Reader) (*Replay, error) {
	all, err := readExchanges(r)
	if err != nil {
		return nil, err
	}
	return &Replay{name: "the recording", exchanges: all, replayed: make([]bool, len(all))}, nil
}

// MatchBody has requests match only if their bodies are the same.
func MatchBody(recorded, got *RecordedRequest) bool { return bytes.Equal(recorded.Body, got.Body) }

// MatchHeader returns a function that has requests match only if they have the same values in
// these fields.
func MatchHeader(names ...string) func(recorded, got *RecordedRequest) bool {
	return func(recorded, got *RecordedRequest) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			return !slices.Equal(recorded.Header.Values(name), got.Header.Values(name))
		})
	}
}

// Send replays the exchange.
func (r *Replay) Send(y *loop.Yielder, req *client.Request) (*client.Response, error) {
	call, err := newCall(y, req)
	if err != nil {
		return nil, err
	}
	got := Exchange{Request: RecordedRequest{call.Method, req.URL, call.Header, call.Body}}
	if r.Redact != nil {
		r.Redact(&got)
	} else {
		RedactSecrets(&got)
	}
	e, err := r.find(&got.Request)
	if err != nil {
		return nil, call.fail(client.PhaseRequest, err)
	}
	var failure error
	if e.Error != nil {
		failure = call.fail(e.Error.Phase, replayedError{e.Error})
	}
	if e.Response == nil {
		return nil, failure
	}
	return e.Response.response(failure), nil
}

// find returns the exchange to be replayed.
func (r *Replay) find(got *RecordedRequest) (*Exchange, error) {
	last, others := -1, 0
	for i, e := range r.exchanges {
		if e.Request.Method != got.Method || !sameURL(e.Request.URL, got.URL) {
			continue
		}
		if r.Match != nil && !r.Match(&e.Request, got) {
			others++
			continue
		}
		if last = i; !r.replayed[i] {
			r.replayed[i] = true
			return e, nil
		}
	}
	switch {
	case last >= 0 && r.Repeat:
		return r.exchanges[last], nil
	case last >= 0:
		return nil, fmt.Errorf("%s has no further exchange of this request", r.name)
	case others > 0:
		return nil, fmt.Errorf("%s has %d exchanges of this method and URL, but they do not match", r.name, others)
	}
	return nil, fmt.Errorf("%s has no exchange of this request: it has %s", r.name, r.listing())
}

// listing names the requests that were recorded, and not all if they are many.
func (r *Replay) listing() string {
	const most = 10
	var all []string
	for i, e := range r.exchanges {
		if i == most {
			all = append(all, "…")
			break
		}
		all = append(all, e.Request.Method+" "+withoutPassword(e.Request.URL))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

func sameURL(a, b string) bool { return bare(a) == bare(b) }

// bare is a URL without user and fragment.
func bare(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return u.String()
}

// response makes a response of what was recorded, whose body ends with failure unless that is nil.
func (r *RecordedResponse) response(failure error) *client.Response {
	if failure == nil {
		return response(r.Status, r.Header, r.Trailer, r.Body, nil)
	}
	return response(r.Status, r.Header, r.Trailer, nil, func() io.Reader {
		return io.MultiReader(bytes.NewReader(r.Body), failing{failure})
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Verify reports an error of the test for each exchange that was not replayed.
func (r *Replay) Verify(t testing.TB) {
	t.Helper()
	for i, e := range r.exchanges {
		if !r.replayed[i] {
			t.Errorf("clienttest: %s: not asked for: %s %s", r.name, e.Request.Method, withoutPassword(e.Request.URL))
		}
	}
}
