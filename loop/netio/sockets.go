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
	// Socket makes a stream socket of a family, syscall.AF_INET say.
	Socket(family int) (fd int, err error)
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
	// Shutdown ends the writing.
	Shutdown(fd int) error
	Close(fd int) error
	Getsockname(fd int) (syscall.Sockaddr, error)
	Getpeername(fd int) (syscall.Sockaddr, error)
	// GetsockoptInt and SetsockoptInt have the system's own numbers.
	GetsockoptInt(fd, level, option int) (int, error)
	SetsockoptInt(fd, level, option, value int) error

	// LookupIP and LookupPort resolve names. They may block, and are called on
	// goroutines of the loop's executor. network is that of net.Resolver: "ip",
	// "ip4" or "ip6", and "tcp".
	LookupIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupPort(ctx context.Context, network, service string) (int, error)
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
