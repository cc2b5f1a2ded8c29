package clienttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"coloop/client"
)

// An Exchange is a request and the reply to it, as they were sent: a [Recorder] writes it as a
// line of JSON, and a [Replay] reads it. If there is a Response and an Error, the body ended by the error.
type Exchange struct {
	Request  RecordedRequest   `json:"request"`
	Response *RecordedResponse `json:"response,omitempty"`
	Error    *RecordedError    `json:"error,omitempty"`
}

// A RecordedRequest is the request of an [Exchange].
type RecordedRequest struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header,omitempty"`
	Body   Content     `json:"body,omitempty"`
}

// A RecordedResponse is the response of an [Exchange].
type RecordedResponse struct {
	Status  int         `json:"status"`
	Header  http.Header `json:"header,omitempty"`
	Body    Content     `json:"body,omitempty"`
	Trailer http.Header `json:"trailer,omitempty"`
}

// A RecordedError is what a request failed with: the phase and the text of a [client.Error].
type RecordedError struct {
	Phase   client.Phase `json:"phase"`
	Text    string       `json:"text"`
	Timeout bool         `json:"timeout,omitempty"`
}

// recordError describes err, which comes from a phase unless it says another.
func recordError(phase client.Phase, err error) *RecordedError {
	r := &RecordedError{Phase: phase, Text: err.Error()}
	if e, ok := errors.AsType[*client.Error](err); ok {
		r.Phase, r.Text, r.Timeout = e.Phase, e.Err.Error(), e.Timeout()
	}
	return r
}

// A replayedError has the text of the error that was recorded, and is a time-out if that was one.
type replayedError struct{ *RecordedError }

func (e replayedError) Error() string   { return e.Text }
func (e replayedError) Timeout() bool   { return e.RecordedError.Timeout }
func (e replayedError) Temporary() bool { return e.RecordedError.Timeout }
func (e replayedError) Is(target error) bool {
	return e.RecordedError.Timeout && target == os.ErrDeadlineExceeded
}

// Content is a body. In JSON it is a string if it is text, and else an object with a string
// called base64.
type Content []byte

type binary struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON encodes the body.
func (c Content) MarshalJSON() ([]byte, error) {
	if !isText(c) {
		return json.Marshal(binary{c})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(string(c))
	return b.Bytes(), err
}

// UnmarshalJSON decodes a body.
func (c *Content) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("{")) {
		var b binary
		err := json.Unmarshal(data, &b)
		*c = b.Base64
		return err
	}
	var s string
	err := json.Unmarshal(data, &s)
	*c = Content(s)
	return err
}

// isText reports whether a person could read b.
func isText(b []byte) bool {
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\t\n\r\f", r) || r == 0x7f
	})
}

// writeExchanges writes each as a line.
func writeExchanges(w io.Writer, all []*Exchange) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, e := range all {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

// readExchanges reads what writeExchanges has written, edited by hand maybe.
func readExchanges(r io.Reader) (all []*Exchange, err error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	for {
		e := &Exchange{}
		switch err := dec.Decode(e); {
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("exchange %d: %w", len(all)+1, err)
		case e.Response == nil && e.Error == nil:
			return nil, fmt.Errorf("exchange %d: neither a response nor an error", len(all)+1)
		}
		all = append(all, e)
	}
}

const redacted = "REDACTED"

// RedactSecrets removes from an exchange what lets others in: the credentials of Authorization
// and Proxy-Authorization, the values of cookies, and passwords in URLs. The names of cookies
// and their attributes stay.
func RedactSecrets(e *Exchange) {
	e.Request.URL = withoutPassword(e.Request.URL)
	h := e.Request.Header
	for _, key := range []string{"Authorization", "Proxy-Authorization"} {
		for i, v := range h[key] {
			scheme, _, _ := strings.Cut(v, " ")
			h[key][i] = scheme + " " + redacted
		}
	}
	for i, v := range h["Cookie"] {
		pairs := strings.Split(v, ";")
		for j, pair := range pairs {
			pairs[j] = redactPair(pair)
		}
		h["Cookie"][i] = strings.Join(pairs, ";")
	}
	if e.Response == nil {
		return
	}
	h = e.Response.Header
	for i, v := range h["Set-Cookie"] {
		pair, attributes, _ := strings.Cut(v, ";")
		h["Set-Cookie"][i] = strings.TrimSuffix(redactPair(pair)+";"+attributes, ";")
	}
	for i, v := range h["Location"] {
		h["Location"][i] = withoutPassword(v)
	}
}

// redactPair redacts the value of name=value.
func redactPair(pair string) string {
	name, _, ok := strings.Cut(pair, "=")
	if !ok {
		return redacted
	}
	return name + "=" + redacted
}

func withoutPassword(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return s
	}
	if _, ok := u.User.Password(); !ok {
		return s
	}
	return u.Redacted()
}
