//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"os"
	"time"

	"coloop/loop"
)

// Start begins to connect to a TCP address, without parking, for a step of [loop.Drive]. Of the
// Dialer's options it honours LocalAddr, KeepAlive and Control. [Conn.BlockConnect] tells when the
// connection is there, or why it is not; until then nothing else may be done with it but Close.
func (d *Dialer) Start(l *loop.Loop, a *net.TCPAddr, by time.Duration) (*Conn, error) {
	sockets, err := socketsOf(l)
	if err != nil {
		return nil, d.fail("tcp", err)
	}
	r := race{resolved: resolved{loop: l, sockets: sockets}, dialer: d, network: "tcp"}
	c, made, err := r.connect(a)
	if err != nil {
		return nil, r.wrap(a, err)
	}
	if !made {
		c.d.dials(c.d.wr.place(c.d, "Dial"))
		c.d.setDeadline(&c.d.wr, by)
	}
	return c, nil
}

// BlockConnect returns what the step must return in order to be called again, and then EndConnect
// must be called. If wait is nil, the connection is there, or err says why it is not; it is closed
// then.
func (c *Conn) BlockConnect() (wait any, err error) {
	d := c.d
	if !d.wr.busy {
		return nil, nil
	}
	made, err := d.connected()
	if err == nil && !made && d.wr.passed(d.loop) {
		err = os.ErrDeadlineExceeded
	}
	switch {
	case err != nil:
		_ = d.Close()
		return nil, &net.OpError{Op: "dial", Net: d.network, Addr: d.peer, Err: err}
	case made:
		d.wr.busy = false
		d.setDeadline(&d.wr, forever)
		if d.wr.timer != nil {
			d.wr.timer.Cancel()
			d.wr.timer = nil
		}
		return nil, nil
	}
	if d.wr.parked, err = d.wr.lot.Enter(d.loop, nil); err != nil {
		return nil, err
	}
	return d.wr.parked.Block(), nil
}

// EndConnect ends a wait of BlockConnect, given the error that the step was called with. If that
// is not nil, the connection is closed and the error returned.
func (c *Conn) EndConnect(err error) error {
	d := c.d
	d.wr.parked.Leave()
	d.wr.parked = nil
	if err == nil {
		return nil
	}
	_ = d.Close()
	return &net.OpError{Op: "dial", Net: d.network, Addr: d.peer, Err: d.loop.NoteCancelled(err)}
}
