//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// This file has the operations on datagrams with what belongs to them, and on several at once.

// Truncated reports whether a datagram that was received did not fit into Buffer.
func (m *Message) Truncated() bool { return m.Flags&unix.MSG_TRUNC != 0 }

// ReadMsgUDP receives a datagram into b and its control messages into oob, as *net.UDPConn's
// method does. Packages golang.org/x/net/ipv4 and ipv6 read control messages.
func (c *PacketConn) ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	m, err := c.receive("recvmsg", b, oob)
	if m.AddrPort.IsValid() {
		addr = net.UDPAddrFromAddrPort(m.AddrPort)
	}
	return m.N, m.NN, m.Flags, addr, err
}

// ReadMsgUDPAddrPort is ReadMsgUDP that allocates nothing.
func (c *PacketConn) ReadMsgUDPAddrPort(b, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error) {
	m, err := c.receive("recvmsg", b, oob)
	return m.N, m.NN, m.Flags, m.AddrPort, err
}

// WriteMsgUDP sends b with the control messages oob to addr, which is nil if the PacketConn is
// connected, as *net.UDPConn's method does.
func (c *PacketConn) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	to, err := c.endpoint(addr)
	if err != nil {
		return 0, 0, c.d.failTo("write", addr, err)
	}
	return c.writeMsg(b, oob, to)
}

// WriteMsgUDPAddrPort is WriteMsgUDP that allocates nothing. If the PacketConn is connected, addr is
// zero.
func (c *PacketConn) WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error) {
	to, err := c.own(Endpoint{AddrPort: addr})
	if err != nil {
		return 0, 0, c.d.failTo("write", net.UDPAddrFromAddrPort(addr), err)
	}
	return c.writeMsg(b, oob, to)
}

func (c *PacketConn) writeMsg(b, oob []byte, to Endpoint) (n, oobn int, err error) {
	n, err = c.send("sendmsg", b, oob, to)
	if err != nil {
		return n, 0, err
	}
	return n, len(oob), nil
}

// maxBatch is how many datagrams the system is given at once.
const maxBatch = 64

// ReadBatch receives datagrams into ms, parks until there is at least one, and returns how many
// there were. On Linux it receives as many as there are, but 64 at most, with one system call
// (recvmmsg); on other systems it receives one.
func (c *PacketConn) ReadBatch(ms []Message) (n int, err error) {
	d := c.d
	if len(ms) == 0 {
		return 0, nil
	}
	if !d.loop.OnLoop() {
		return foreign(d, "read", func() (int, error) { return c.ReadBatch(ms) })
	}
	err = c.repeat(&d.rd, "PacketConn.Read", "recvmsg", func() (err error) {
		n, err = d.sockets.RecvMsgs(d.fd, ms[:min(len(ms), maxBatch)])
		return err
	})
	if err != nil {
		return 0, d.fail("read", err)
	}
	d.rd.used += int32(n - 1) // beside the one that is counted already
	for i := range ms[:n] {
		m := &ms[i]
		m.Endpoint = plain(m.Endpoint)
		d.moved(&d.rd, m.N)
	}
	return n, nil
}

// WriteBatch sends all of ms, on Linux 64 with each system call (sendmmsg). If one cannot be sent, it
// returns how many were sent before that, and the error.
func (c *PacketConn) WriteBatch(ms []Message) (n int, err error) {
	d := c.d
	if !d.loop.OnLoop() {
		return foreign(d, "write", func() (int, error) { return c.WriteBatch(ms) })
	}
	for n < len(ms) {
		sent, err := c.writeSome(ms[n:])
		if err != nil {
			return n, d.failTo("write", c.netAddr(ms[n].Endpoint), err)
		}
		n += sent
	}
	return n, nil
}

// writeSome sends at least the first of ms.
func (c *PacketConn) writeSome(ms []Message) (sent int, err error) {
	d := c.d
	ms = ms[:min(len(ms), maxBatch)]
	err = c.repeat(&d.wr, "PacketConn.Write", "sendmsg", func() error {
		out := slices.Grow(c.batch[:0], len(ms))
		c.batch = out
		for i := range ms {
			to, err := c.own(ms[i].Endpoint)
			if err != nil && i == 0 {
				return err
			}
			if err != nil {
				break // it is the first of the next call
			}
			out = append(out, Message{Buffer: ms[i].Buffer, OOB: ms[i].OOB, Endpoint: to})
		}
		sent, err = d.sockets.SendMsgs(d.fd, out)
		for i := range out {
			ms[i].N = out[i].N
		}
		clear(out)
		return err
	})
	if err != nil {
		return 0, err
	}
	d.wr.used += int32(sent - 1)
	for i := range ms[:sent] {
		d.moved(&d.wr, ms[i].N)
	}
	return sent, nil
}
