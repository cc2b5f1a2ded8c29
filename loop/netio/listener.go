//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// A Listener accepts connections of a loop. It implements net.Listener; Accept
// parks the calling task. Like those of a [Conn], its methods may be called on any
// goroutine.
type Listener struct {
	_ noCopy

	d         *descriptor
	keepAlive net.KeepAliveConfig // of the connections
}

// Accept parks the task until there is a connection and returns it, a *Conn.
func (ln *Listener) Accept() (net.Conn, error) {
	if !ln.d.loop.OnLoop() {
		return foreign(ln.d, "accept", ln.Accept)
	}
	c, err := ln.accept(nil)
	if err != nil {
		return nil, ln.d.fail("accept", err)
	}
	return c, nil
}

// accept accepts a connection. Once there may be one, it calls room unless that is nil, until it
// returns true; room may park.
func (ln *Listener) accept(room func() (bool, error)) (*Conn, error) {
	d := ln.d
	if err := d.begin(&d.rd, "Listener.Accept"); err != nil {
		return nil, err
	}
	defer d.rd.end()
	for {
		if err := d.wait(&d.rd, "Listener.Accept"); err != nil {
			return nil, err
		}
		if room != nil {
			switch ok, err := room(); {
			case err != nil:
				return nil, err
			case !ok:
				continue // it has parked: the listener may be closed
			}
		}
		fd, sa, err := d.sockets.Accept(d.fd)
		switch err {
		case nil:
			if _, tcp := d.peer.(*net.TCPAddr); tcp && !inheritsKeepAlive {
				_ = setKeepAlive(d.sockets, fd, listenKeepAlive(ln.keepAlive))
			}
			return newConn(d.loop, d.sockets, fd, d.network, address(d.network, sa))
		case unix.EAGAIN:
			d.rd.ready = false
		case unix.EINTR, unix.ECONNABORTED:
		default:
			return nil, os.NewSyscallError("accept", err)
		}
	}
}

// Addr returns the address listened at.
func (ln *Listener) Addr() net.Addr { return ln.d.peer }

// Close stops listening, and removes the file of a Unix socket; a task parked in Accept
// gets net.ErrClosed. When it returns, nobody listens at the address any more. On
// goroutines other than the loop's it waits for that, if the loop is running.
func (ln *Listener) Close() error {
	d := ln.d
	if d.loop.OnLoop() || !d.loop.IsRunning() {
		return d.closeAnywhere(d.Close)
	}
	_, err := foreign(d, "close", func() (struct{}, error) { return struct{}{}, ln.Close() })
	return err
}
