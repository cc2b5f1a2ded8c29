package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/html/charset"
)

var errReleased = errors.New("the response is released")

// Text returns the body as a string. The charset is the one that a byte order mark says, or
// Content-Type, or a meta element of an HTML page, in this order; without any of them it is UTF-8 if
// the body is valid UTF-8, and else windows-1252, as with browsers. An unknown charset counts as none,
// and bytes that are not in the charset become U+FFFD. A megabyte takes some milliseconds.
//
// If the body is streamed, Text reads the rest of it, up to MaxBody, and puts it into Body.
func (r *Response) Text() (string, error) {
	if err := r.gather(); err != nil {
		return "", err
	}
	name := charsetOf(r.Body, r.Header(fasthttp.HeaderContentType))
	if name == "utf-8" && utf8.Valid(r.Body) {
		return string(bytes.TrimPrefix(r.Body, utf8BOM)), nil
	}
	e, _ := charset.Lookup(name)
	text, err := e.NewDecoder().Bytes(r.Body)
	if err != nil {
		return "", r.fail(fmt.Errorf("decode %s: %w", name, err))
	}
	return string(bytes.TrimPrefix(text, utf8BOM)), nil
}

// charsetOf returns the charset of text, by its canonical name.
func charsetOf(text []byte, contentType string) string {
	head := text[:min(len(text), prescanned)]
	for i := len(head) - 1; i >= 0 && i > len(head)-utf8.UTFMax; i-- {
		if utf8.RuneStart(head[i]) {
			if !utf8.FullRune(head[i:]) {
				head = head[:i] // the beginning of a character
			}
			break
		}
	}
	if kind, _, _ := strings.Cut(contentType, ";"); kind != "" && !strings.Contains(kind, "html") && !marked(head) {
		head = nil // no meta element counts
	}
	// If something declares the charset, what else the text looks like does not matter.
	_, name, _ := charset.DetermineEncoding(append(bytes.Clone(head), "\u00e9 "...), contentType)
	_, other, _ := charset.DetermineEncoding(append(bytes.Clone(head), "\xff "...), contentType)
	if name != other && !utf8.Valid(text) {
		return other
	}
	return name
}

// marked reports whether text begins with a byte order mark.
func marked(text []byte) bool {
	return bytes.HasPrefix(text, utf8BOM) || bytes.HasPrefix(text, []byte("\xFE\xFF")) || bytes.HasPrefix(text, []byte("\xFF\xFE"))
}

// prescanned is how much of a page DetermineEncoding looks at, less some.
const prescanned = 1000

var utf8BOM = []byte("\xEF\xBB\xBF")

// JSON parses the body into v, as json.Unmarshal does. Its errors say what was wrong in which line and
// column, and the type of what has come instead of JSON. If the body is streamed, JSON reads the rest
// of it, up to MaxBody, and puts it into Body.
func (r *Response) JSON(v any) error {
	if err := r.gather(); err != nil {
		return err
	}
	body := bytes.TrimPrefix(r.Body, utf8BOM)
	err := json.Unmarshal(body, v)
	if err == nil {
		return nil
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return r.fail(errors.New("json: the body is empty"))
	}
	at := int64(-1)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = e.Offset
		if kind, _, _ := strings.Cut(r.Header(fasthttp.HeaderContentType), ";"); !strings.Contains(kind, "json") {
			err = fmt.Errorf("%w, Content-Type is %s", err, short(kind))
		}
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = e.Offset
		e.Value = e.Value[:min(len(e.Value), maxQuoted)] // of a long number
	}
	if at >= 0 {
		before := body[:min(int(at), len(body))]
		line := 1 + bytes.Count(before, []byte("\n"))
		err = fmt.Errorf("JSON at line %d, column %d: %w", line, len(before)-1-bytes.LastIndexByte(before, '\n'), err)
	}
	return r.fail(err)
}

// gather makes Body the rest of a streamed body.
func (r *Response) gather() error {
	switch {
	case r.raw == nil:
		return r.fail(errReleased)
	case r.Stream == nil || r.Body != nil:
		return nil
	}
	limit := r.client.maxBody()
	all, err := io.ReadAll(io.LimitReader(r.Stream, int64(limit)+1))
	if err != nil {
		return err
	}
	if len(all) > limit {
		_ = r.Stream.Close() // which never fails
		return r.fail(ErrBodyTooLarge)
	}
	r.Body = all
	return nil
}

func (r *Response) fail(err error) error { return &Error{PhaseBody, r.method, r.URL, err} }
