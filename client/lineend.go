package client

import (
	"bytes"
	"errors"
)

// fasthttp wants a header and a trailer to end with CR LF CR LF, and waits for that. Some servers end
// lines with LF alone, and then wait for nothing. RFC 9112, section 2.2, lets such a header be read.

var errLineEnd = errors.New("a line of the trailer does not end with CR LF")

// endless reports whether what is in the buffer is an incomplete header or trailer that is complete for a
// server that ends lines with LF. Nothing else is read while a part of it is in the buffer.
func (cn *conn) endless() bool {
	b, _ := cn.ahead.Peek(cn.ahead.Buffered())
	if cn.trying {
		cn.bare = bareEnd(bytes.TrimLeft(b, "\r\n")) // empty lines before a status line are no end
		return cn.bare
	}
	if bareEnd(b) || b[0] == '\n' || b[0] == '\r' && len(b) > 1 && b[1] != '\n' {
		cn.err = errLineEnd
	}
	return cn.err != nil
}

// bareEnd reports whether the first empty line of b does not have CR LF CR LF around it.
func bareEnd(b []byte) bool {
	i := bytes.Index(b, []byte("\n\r\n"))
	if i > 0 && b[i-1] == '\r' {
		b = b[:i]
		i = -1
	}
	return i >= 0 || bytes.Contains(b, []byte("\n\n"))
}

// straighten has the header in the buffer be read once more, with CR LF at the end of each line.
func (cn *conn) straighten() {
	b, _ := cn.ahead.Peek(cn.ahead.Buffered())
	header := make([]byte, 0, 2*len(b))
	for begun := false; ; {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			break
		}
		line, b = bytes.TrimSuffix(line, []byte("\r")), rest
		header = append(append(header, line...), "\r\n"...)
		if len(line) == 0 && begun {
			break
		}
		begun = begun || len(line) > 0
	}
	cn.early, cn.bare = append(header, b...), false
	cn.ahead.Reset(cn)
}
