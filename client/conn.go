package client

import (
	"net"
	"time"

	"coloop/loop/netio"
)

// A conn is a place in the pool with its connection, on which fasthttp reads and writes.
// raw and nc are nil until the connection is there.
// It remembers the first error, because fasthttp does not: fasthttp turns some errors
// into io.EOF and takes others for the end of a body.
type conn struct {
	host     *host
	raw      *netio.Conn
	nc       net.Conn // raw, or TLS over it
	err      error
	sent     bool          // anything of the request
	received bool          // anything of its reply
	used     bool          // by a request before
	since    time.Duration // when it became idle

	older, newer *conn // neighbours in the list of idle connections of all hosts
}

// close closes the connection at once.
func (cn *conn) close() {
	if cn.raw != nil {
		_ = cn.raw.Close() // may be closed already
	}
}

func (cn *conn) Read(p []byte) (int, error) {
	if cn.err != nil {
		return 0, cn.err
	}
	n, err := cn.nc.Read(p)
	cn.received = cn.received || n > 0
	cn.err = err
	return n, err
}

func (cn *conn) Write(p []byte) (int, error) {
	if cn.err != nil {
		return 0, cn.err
	}
	n, err := cn.nc.Write(p)
	cn.sent = cn.sent || n > 0
	cn.err = err
	return n, err
}
