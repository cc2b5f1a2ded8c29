package client

import (
	"bufio"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"coloop/loop/netio"
)

// A conn is a connection of the pool, on which fasthttp reads and writes. It remembers the
// first error, because fasthttp does not: fasthttp turns some errors into io.EOF and takes
// others for the end of a body.
type conn struct {
	raw *netio.Conn
	tls *netio.TLSConn // over raw; nil for http

	ahead    *bufio.Reader // reads the reply from it
	early    []byte        // to be read before anything else
	bare     bool          // a header ends with a bare LF
	err      error
	by       time.Duration // when the request must be over
	sendBy   time.Duration // when it must be written; 0: by
	silence  time.Duration // how long the server may be silent; see parked
	framing  int           // how many bytes may come that are no part of a body
	written  bool          // anything of the request
	unsent   bool          // a Write is under way, or has failed
	received bool          // anything of its reply
	trying   bool          // Read does not park
	blocked  bool          // the last Read would have parked
	ended    bool          // the end came together with data
}

// maxFraming is how many bytes of a reply may be no part of its body. Each byte of the body
// allows for as many as a chunk takes that has no other.
const (
	maxFraming = 64 << 10
	perByte    = 16
)

// begin prepares the connection for the request of x.
func (cn *conn) begin(x *exchange) {
	cn.by, cn.silence, cn.framing = x.by, x.limits.Silence, maxFraming
	cn.written, cn.received = false, false
	cn.sendBy = 0
	if d := x.limits.Write; d != never {
		cn.sendBy = after(cn.raw.Loop(), d)
	}
}

// Read reads what has come. The server may be silent for so long before.
func (cn *conn) Read(p []byte) (n int, err error) {
	switch {
	case len(cn.early) > 0:
		n = copy(p, cn.early)
		cn.early = cn.early[n:]
		return n, nil
	case cn.err != nil:
		return 0, cn.err
	case cn.framing < 0:
		cn.err = errFraming
		return 0, cn.err
	case cn.ahead != nil && cn.ahead.Buffered() > 0 && cn.endless():
		return 0, errLineEnd
	case cn.trying:
		if cn.tls != nil {
			n, err = cn.tls.TryRead(p)
		} else {
			n, err = cn.raw.TryRead(p)
		}
		if cn.blocked = err == syscall.EAGAIN; cn.blocked {
			return 0, err
		}
	default:
		if err = cn.readBy(cn.by, cn.silence); err == nil {
			n, err = cn.stream().Read(p)
		}
	}
	cn.received = cn.received || n > 0
	cn.framing -= n
	if n > 0 && err != nil { // with TLS the end may come along; the next Read finds it again
		cn.ended, err = true, nil
	}
	cn.err = err
	return n, err
}

// bodyRead is told how much of the body has been read.
func (cn *conn) bodyRead(n int) { cn.framing += n + perByte*n }

// Write writes all of p. The server may refuse to take anything for so long.
func (cn *conn) Write(p []byte) (n int, err error) {
	cn.unsent = true
	for len(p) > 0 {
		part := p[:min(len(p), writePiece)]
		if err := cn.writeBy(); err != nil {
			return n, err
		}
		m, err := cn.stream().Write(part)
		n, p = n+m, p[m:]
		cn.written = cn.written || m > 0
		if err != nil {
			return n, err
		}
	}
	cn.unsent = false
	return n, nil
}

// writePiece is how much must be written within the time of silence.
const writePiece = 64 << 10

func (cn *conn) stream() net.Conn {
	if cn.tls != nil {
		return cn.tls
	}
	return cn.raw
}

// readBy sets the time until which a read may wait.
func (cn *conn) readBy(by, silence time.Duration) error {
	return cn.raw.ReadBy(min(by, after(cn.raw.Loop(), silence)))
}

func (cn *conn) writeBy() error {
	by := min(cn.by, after(cn.raw.Loop(), cn.silence))
	if cn.sendBy > 0 {
		by = min(by, cn.sendBy)
	}
	return cn.raw.WriteBy(by)
}

// Unused reports whether the connection is fit for another request.
func (cn *conn) Unused() bool {
	if cn.err != nil || cn.ended || len(cn.early) > 0 {
		return false
	}
	if cn.tls != nil {
		return !cn.tls.Buffered()
	}
	return !cn.raw.Buffered()
}

// Close closes the connection at once. A TLS connection would send first what it has encrypted
// of a request, which nobody wants any more.
func (cn *conn) Close() error {
	if cn.tls != nil && cn.unsent {
		return cn.raw.Abort()
	}
	return cn.raw.Close()
}

// Retire closes the connection politely: the server is told of the end. A loop that was closed has
// closed it before.
func (cn *conn) Retire() error {
	if err := cn.stream().Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

var _ io.ReadWriter = (*conn)(nil)
