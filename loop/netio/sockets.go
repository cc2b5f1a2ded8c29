package netio

import (
	"context"
	"net"
	"net/netip"
	"syscall"

	"coloop/loop"
)

// Sockets are the calls to the operating system that this package makes. The calls of
// the system itself are used unless the Network method of the loop's [loop.System]
// returns others, as that of a simulated system does.
//
// All descriptors are non-blocking: a call that would have to wait returns
// syscall.EAGAIN, or EINPROGRESS. Errors are of type syscall.Errno.
type Sockets interface {
	// Socket makes a socket of a family, syscall.AF_INET say, and a type,
	// syscall.SOCK_STREAM or SOCK_DGRAM.
	Socket(family, sotype int) (fd int, err error)
	Bind(fd int, sa syscall.Sockaddr) error
	Listen(fd, backlog int) error
	Accept(fd int) (nfd int, peer syscall.Sockaddr, err error)
	Connect(fd int, sa syscall.Sockaddr) error
	// Pipe makes a pipe and returns its ends.
	Pipe() (r, w int, err error)
	// Read and Write are given at least one byte. Peek is Read, but
	// the data stays there to be read again.
	Read(fd int, b []byte) (int, error)
	Write(fd int, b []byte) (int, error)
	Peek(fd int, b []byte) (int, error)
	// RecvMsgs receives datagrams into ms, at least one, and returns how many; it may leave
	// it at one. It sets all but Buffer and OOB. SendMsgs sends ms[0], and as many of the others
	// as it likes, and sets their N. Datagrams may be empty. An error means that there was no
	// datagram at all.
	RecvMsgs(fd int, ms []Message) (int, error)
	SendMsgs(fd int, ms []Message) (int, error)
	// Shutdown ends the reading or the writing: how is syscall.SHUT_RD or SHUT_WR.
	Shutdown(fd, how int) error
	Close(fd int) error
	Getsockname(fd int) (syscall.Sockaddr, error)
	Getpeername(fd int) (syscall.Sockaddr, error)
	// GetsockoptInt and SetsockoptInt have the system's own numbers.
	GetsockoptInt(fd, level, option int) (int, error)
	SetsockoptInt(fd, level, option, value int) error
	// SetLinger is SO_LINGER, which is off for a negative number of seconds. Like
	// SetsockoptInt and Getsockname, it may be called on any goroutine.
	SetLinger(fd, seconds int) error

	// LookupIP, LookupPort and LookupAddr resolve names. They may block, and are called on
	// goroutines of their own. network is that of net.Resolver: "ip",
	// "ip4" or "ip6", and "tcp".
	LookupIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupPort(ctx context.Context, network, service string) (int, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// An Endpoint is where a datagram comes from or goes to. At most one of its fields is set; none is
// if the sender has no name, or if the socket that sends is connected.
type Endpoint struct {
	AddrPort netip.AddrPort // of UDP; for [Sockets], IPv4 addresses of an IPv6 socket are in their IPv6 form
	Path     string         // of a Unix socket
}

// A Message is a datagram and what belongs to it, for [PacketConn.ReadBatch] and
// [PacketConn.WriteBatch].
type Message struct {
	Buffer   []byte // to send all of, or to receive into
	OOB      []byte // control messages to send, or room for those to be received; may be nil
	N        int    // how many bytes of Buffer were received or sent
	NN       int    // how many bytes of OOB were received
	Flags    int    // of what was received, in the system's numbers: syscall.MSG_TRUNC if Buffer was too short
	Endpoint        // where it comes from or goes to; zero on a connected PacketConn that sends
}

// socketsOf returns the calls for descriptors of l.
func socketsOf(l *loop.Loop) (Sockets, error) {
	calls, err := l.System().Network()
	if err != nil {
		return nil, err
	}
	if s, ok := calls.(Sockets); ok {
		return s, nil
	}
	return system{}, nil
}

// system is the operating system.
type system struct{}

func (system) LookupIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, network, host)
}

func (system) LookupPort(ctx context.Context, network, service string) (int, error) {
	return net.DefaultResolver.LookupPort(ctx, network, service)
}

func (system) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return net.DefaultResolver.LookupAddr(ctx, addr)
}
