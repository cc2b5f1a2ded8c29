//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"cmp"
	"io"
	"syscall"

	"coloop/loop"
)

// tlsInput is what a TLSConn knows of its input. Crypto/tls does not say what it holds: it may have
// read several records at once, and decrypted more of one than its caller has taken.
type tlsInput struct {
	early []byte // to be read before the input of the connection below
	held  bool   // first was decrypted, and not read yet
	first [1]byte
	end   error // no more will be decrypted

	// Crypto/tls holds neither a whole record nor decrypted data. It asks for input only then.
	settled  bool
	whole    int    // records that have become whole since it asked
	size     int    // of the body of the last of them
	overhead int    // how much smaller its data is, at least; 0 if that is not known
	taken    int    // bytes decrypted since it asked
	header   int    // bytes of a header that has come in part
	length   uint16 // the last two of them
	body     int    // bytes that the record lacks behind its header
}

// headerSize is that of a record: its last two bytes are the length of the body.
const headerSize = 5

// came notes that crypto/tls was given b.
func (in *tlsInput) came(b []byte) {
	if len(b) > 0 {
		in.settled = false
	}
	for len(b) > 0 {
		if in.body > 0 {
			n := min(in.body, len(b))
			in.body, b = in.body-n, b[n:]
		} else {
			in.length, b = in.length<<8|uint16(b[0]), b[1:]
			if in.header++; in.header < headerSize {
				continue
			}
			in.header, in.body = 0, int(in.length)
		}
		if in.body == 0 {
			in.whole++
			in.size = int(in.length)
		}
	}
}

// part reports whether the last record has come in part.
func (in *tlsInput) part() bool { return in.header > 0 || in.body > 0 }

// Read reads into b what has arrived, and parks while there is nothing. The error is io.EOF
// after the peer's CloseWrite or Close, and io.ErrUnexpectedEOF if the connection ends within
// a record. An error that is neither a deadline nor a cancellation is final.
func (c *TLSConn) Read(b []byte) (int, error) {
	if d := c.base(); !d.loop.OnLoop() {
		return foreign(d, "read", func() (int, error) { return c.Read(b) })
	}
	if err := c.beginRead("TLSConn.Read"); err != nil || len(b) == 0 {
		return 0, err
	}
	defer c.reads.leave()
	for {
		if err := c.await("TLSConn.Read"); err != nil {
			return 0, err
		}
		if n, err := c.readNow(b); err != syscall.EAGAIN {
			return n, err
		}
	}
}

// WaitRead parks until Read would return without parking. It needs no buffer. A record that has
// no data for the program, a session ticket for example, does not end the wait.
func (c *TLSConn) WaitRead() error {
	if d := c.base(); !d.loop.OnLoop() {
		_, err := foreign(d, "read", func() (struct{}, error) { return struct{}{}, c.WaitRead() })
		return err
	}
	if err := c.beginRead("TLSConn.WaitRead"); err != nil {
		return err
	}
	defer c.reads.leave()
	for {
		if err := c.await("TLSConn.WaitRead"); err != nil {
			return err
		}
		if c.look() {
			return nil
		}
	}
}

// beginRead shakes hands, and enters the turnstile of the readers.
func (c *TLSConn) beginRead(kind string) error {
	if err := c.shake(); err != nil {
		return err
	}
	d := c.base()
	if err := c.reads.enter(d.loop, kind, d); err != nil {
		return d.fail("read", err)
	}
	if err := d.open(); err != nil { // crypto/tls returns the end once it has seen that
		c.reads.leave()
		return d.fail("read", err)
	}
	return nil
}

// await parks until there may be something to read. The task waits here, not within crypto/tls,
// whose stack is deep and which may have decrypted data when it asks for more.
func (c *TLSConn) await(kind string) error {
	d := c.base()
	if c.ready() {
		return d.giveWay()
	}
	if err := d.gate(kind); err != nil {
		return d.wrap("read", err)
	}
	return c.below.WaitRead()
}

// giveWay lets other tasks run if d has been read enough in this turn, as wait does.
func (d *descriptor) giveWay() error {
	s := &d.rd
	s.at(d.loop.Turn())
	if s.used < perTurn && (s.used < s.timed || !d.late(s)) {
		return nil
	}
	y, err := d.loop.Current()
	if err != nil {
		return nil // a callback, which cannot
	}
	if err := d.loop.NoteCancelled(loop.Sleep(y, 0)); err != nil {
		return d.fail("read", err)
	}
	return nil
}

// ready reports whether something was found, or crypto/tls may hold some.
func (c *TLSConn) ready() bool { return c.in.held || c.in.end != nil || !c.in.settled }

// unread reports whether there may be something to read, as far as the system has reported it.
func (c *TLSConn) unread() bool { return c.ready() || c.below.unread() }

func (c *Conn) unread() bool { return c.d.rd.ready }

// Buffered reports whether the connection has data, EOF, the peer's goodbye or an error waiting,
// decrypted or not, or a part of a record. An idle pooled connection for which this is true must
// not be reused. Session tickets and new keys that have come are dealt with, and do not count.
//
// Buffered does not park. It is true while another task reads or shakes hands. It makes a system
// call only if the system has reported something since the last one.
func (c *TLSConn) Buffered() bool {
	d := c.base()
	if !d.loop.OnLoop() {
		buffered, err := foreign(d, "read", func() (bool, error) { return c.Buffered(), nil })
		return buffered || err != nil
	}
	switch {
	case d.open() != nil || d.wr.out.err != nil || c.failed != nil || c.reads.busy || c.shaking.busy:
		return true
	case !c.shaken:
		return len(c.in.early) > 0 || c.below.Buffered()
	case !c.unread():
		return c.in.part()
	}
	return c.look() || c.in.part() || c.below.unread()
}

// look reports whether there is something to read, and keeps that for the next Read.
func (c *TLSConn) look() bool {
	if in := &c.in; !in.held && in.end == nil {
		n, _ := c.decrypt(in.first[:])
		in.held = n > 0
	}
	return c.in.held || c.in.end != nil
}

// readNow reads what was found, or what there is to decrypt.
func (c *TLSConn) readNow(b []byte) (int, error) {
	in := &c.in
	switch {
	case !in.held && in.end != nil:
		return 0, in.end
	case !in.held:
		return c.decrypt(b)
	}
	n := 1
	b[0], in.held = in.first[0], false
	if len(b) > n && !in.settled && in.end == nil {
		m, _ := c.decrypt(b[n:])
		n += m
	}
	return n, in.end
}

// decrypt reads from crypto/tls, for which EAGAIN is an error that passes.
func (c *TLSConn) decrypt(b []byte) (int, error) {
	in := &c.in
	n, err := c.tls.Read(b)
	in.taken += n
	switch {
	case err == syscall.EAGAIN && n > 0: // crypto/tls looks whether a goodbye follows
		return n, nil
	case err == syscall.EAGAIN:
		return 0, err
	case err == nil && in.whole == 1 && (n < len(b) || in.taken == in.size-in.overhead):
		in.settled = true // these were the last bytes of the one record
	}
	in.end = err
	return n, err
}

// TryRead is [Conn.TryRead]: Read that never parks. Before the handshake is over, and while a task reads,
// the error is syscall.EAGAIN. If the peer has caused more replies than it reads, the error is [ErrBufferFull].
//
// After EAGAIN nothing is there but in the socket: BlockRead of [TLSConn.NetConn] waits for more.
func (c *TLSConn) TryRead(b []byte) (int, error) {
	d := c.base()
	switch err := d.open(); {
	case err != nil:
		return 0, d.fail("read", err)
	case c.failed != nil:
		return 0, c.failed
	case !c.shaken:
		return 0, syscall.EAGAIN
	case len(b) == 0:
		return 0, nil
	case d.outgoing().ignored():
		return 0, d.fail("read", ErrBufferFull)
	}
	return c.readNow(b)
}

// readNow is TryRead for crypto/tls. It finds nothing while the peer does not read its replies.
func (c *Conn) readNow(b []byte) (int, error) {
	d := c.d
	if d.outgoing().ignored() {
		return 0, syscall.EAGAIN
	}
	for {
		n, err := c.TryRead(b)
		switch err {
		case io.EOF:
			return 0, d.ended()
		case syscall.EAGAIN:
			// A server that ends may find a request of which the loop has not been told.
			if err := d.drained(&d.rd); err != nil || !d.rd.ready || d.rd.busy {
				return 0, cmp.Or(err, error(syscall.EAGAIN))
			}
		default:
			return n, err
		}
	}
}
