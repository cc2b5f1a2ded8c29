package client

import (
	"bytes"
	"errors"
	"io"
	"net/textproto"
	"strings"

	"github.com/valyala/fasthttp"
)

// A field is one line of a header. Its name is in the canonical form.
type field struct{ name, value string }

// readHeader reads a header, and keeps it as it was sent: fasthttp keeps only the last of several
// fields that it needs itself, drops them if they are empty, and makes up Connection.
func (x *exchange) readHeader() error {
	if _, err := x.br.Peek(1); err != nil {
		return io.EOF // the connection knows better
	}
	h := &x.reply.Header
	before, _ := x.br.Peek(x.br.Buffered())
	if cap(before) < x.br.Size() { // behind an interim reply: bufio would move it
		x.cn.early = bytes.Clone(before)
		x.br.Reset(x.cn)
		before, _ = x.br.Peek(len(before))
	}
	err := h.Read(x.br)
	for err != nil {
		before, _ = x.br.Peek(x.br.Buffered())
		if !hide(before, err) {
			return err
		}
		x.hidden = true
		err = h.Read(x.br)
	}
	after, _ := x.br.Peek(0)
	size := x.br.Size() - cap(after)
	if x.keep(before[:size]); x.hidden {
		rename(x.sent, hiddenTrailer, fasthttp.HeaderTrailer)
		rename(x.sent, hiddenLength, fasthttp.HeaderContentLength)
	}
	return nil
}

// The names by which fields are hidden from fasthttp.
const (
	hiddenTrailer = "Xrailer"
	hiddenLength  = "Xontent-Length"
)

// hide hides the fields for which fasthttp has refused a header, if they do no harm: Trailer, which
// may be ignored (RFC 9110, section 6.5.1), and a Content-Length that says the same as the one
// before it (section 8.6).
func hide(header []byte, refused error) bool {
	switch {
	case errors.Is(refused, fasthttp.ErrBadTrailer):
		return rename(header, fasthttp.HeaderTrailer, hiddenTrailer)
	case errors.Is(refused, fasthttp.ErrDuplicateContentLength):
		return hideEqualLengths(header)
	}
	return false
}

func hideEqualLengths(header []byte) (hidden bool) {
	var first []byte
	for line := range bytes.Lines(bytes.TrimLeft(header, "\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			return hidden
		case !strings.EqualFold(string(bytes.TrimRight(name, " \t")), fasthttp.HeaderContentLength):
		case first == nil:
			first = value
		case !bytes.Equal(first, value):
			return false
		default:
			copy(line, hiddenLength)
			hidden = true
		}
	}
	return hidden
}

// rename changes the name of fields of a header, to one as long.
func rename(header []byte, from, to string) (done bool) {
	for line := range bytes.Lines(bytes.TrimLeft(header, "\r\n")) {
		if len(line) > len(from) && strings.EqualFold(string(line[:len(from)]), from) {
			copy(line, to)
			done = true
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
	}
	return done
}

func (x *exchange) keep(header []byte) {
	sent := x.sent
	if sent == nil {
		sent, _ = x.client.buffers.get()
	}
	x.sent = append(sent[:0], header...)
}

// lost are the fields that fasthttp keeps one of, or none.
var lost = [...]string{
	fasthttp.HeaderConnection, fasthttp.HeaderContentEncoding, fasthttp.HeaderContentLength,
	fasthttp.HeaderContentType, fasthttp.HeaderServer, fasthttp.HeaderSetCookie, fasthttp.HeaderTrailer,
	fasthttp.HeaderTransferEncoding,
}

func isLost(name string) bool {
	for _, l := range lost {
		if name == l {
			return true
		}
	}
	return false
}

// fieldsOf returns the fields of a header in the order in which they were sent, if sent is there.
func fieldsOf(h *fasthttp.ResponseHeader, sent []byte) (all []field) {
	_, lines, _ := strings.Cut(string(bytes.TrimLeft(sent, "\r\n")), "\n")
	all = make([]field, 0, strings.Count(lines, "\n")+1)
	for line := range strings.Lines(lines) {
		if name, value, ok := strings.Cut(line, ":"); ok && line[0] != ' ' && line[0] != '\t' {
			name = textproto.CanonicalMIMEHeaderKey(strings.TrimRight(name, " \t"))
			all = append(all, field{name, strings.Trim(value, " \t\r\n")})
		}
	}
	if len(sent) == 0 {
		for k, v := range h.All() {
			all = append(all, field{string(k), string(v)})
		}
		return all
	}
	unfold(h, all)
	return all
}

// unfold puts right the values that went on in the next line. fasthttp has joined such lines within the
// buffer, so that they are not any more as they were sent, but it has the right value.
func unfold(h *fasthttp.ResponseHeader, all []field) {
	i := 0
	for k, v := range h.All() {
		switch name := string(k); name {
		case fasthttp.HeaderContentType, fasthttp.HeaderContentEncoding, fasthttp.HeaderServer:
			for j := len(all) - 1; j >= 0; j-- {
				if all[j].name == name {
					all[j].value = string(v)
					break
				}
			}
		default:
			if isLost(name) || name == hiddenTrailer || name == hiddenLength {
				continue
			}
			for i < len(all) && isLost(all[i].name) {
				i++
			}
			if i < len(all) && all[i].value != string(v) {
				all[i].value = string(v)
			}
			i++
		}
	}
}

// encodings returns the value of Content-Encoding, that of several fields together.
func (x *exchange) encodings() string {
	var all []string
	for _, f := range fieldsOf(&x.reply.Header, x.sent) {
		if f.name == fasthttp.HeaderContentEncoding {
			all = append(all, f.value)
		}
	}
	return strings.Join(all, ",")
}
