package client

import (
	"io"
	"net"
	"os"
	"time"
)

// A handed is a body that a Sender has returned.
type handed struct {
	client *Client
	body   io.ReadCloser
	by     time.Duration
	trace  *trace // nil unless the client has a Trace
	err    error  // what Read returns from now on

	method, url string // for errors
}

// Read reads the body, until the time for the request is up.
func (h *handed) Read(p []byte) (int, error) {
	if h.err != nil {
		return 0, h.err
	}
	n, err := h.body.Read(p)
	if h.err != nil { // another task has closed it
		return n, h.err
	}
	if err == nil && h.by != never && h.client.loop.Time() >= h.by {
		err = os.ErrDeadlineExceeded
	}
	if _, ok := err.(*Error); ok || err == nil || err == io.EOF {
		h.err = err
	} else {
		h.err = h.client.fail(PhaseBody, h.method, h.url, err)
	}
	if h.err != nil {
		h.end(h.err)
	}
	return n, h.err
}

// end closes what the Sender has returned. If there is an error, that says more.
func (h *handed) end(err error) {
	_ = h.body.Close()
	if h.trace != nil {
		h.trace.bodyEnded(err)
		if y, e := h.client.loop.Current(); e == nil {
			h.trace.tell(y)
		}
	}
}

// Close ends the reading.
func (h *handed) Close() error {
	h.stop(net.ErrClosed)
	return nil
}

// stop ends the reading because of err.
func (h *handed) stop(err error) {
	if h.err == nil {
		h.err = h.client.fail(PhaseBody, h.method, h.url, err)
		h.end(h.err)
	}
}
