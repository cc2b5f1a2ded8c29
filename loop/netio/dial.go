//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"sync/atomic"
	"syscall"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// Dial connects to address on network "tcp", "tcp4", "tcp6" or "unix", parking
// the task (loop.create_connection). It is [Dialer.Connect] of the zero Dialer.
func Dial(y *loop.Yielder, network, address string) (*Conn, error) {
	return new(Dialer).Connect(y, network, address)
}

// A Dialer has the options for connecting, as a net.Dialer does. The zero value is ready for
// use. Its methods may be called concurrently, on any goroutine.
//
// [Dialer.Connect], [Dialer.ConnectBy] and [Dialer.ConnectTLS] are for code that has a y.
// [Dialer.DialContext] and [Dialer.Dial] have the signatures of net.Dialer's methods, for libraries
// that let their user dial.
//
// Names of hosts and ports are resolved. If a host has several addresses, the Dialer connects
// as RFC 8305 (Happy Eyeballs) says: IPv6 and IPv4 addresses take turns, an attempt begins when
// the one before it has failed or FallbackDelay has passed, and the first connection that is
// made is returned. The other attempts are ended then.
//
// Errors are [net.OpError], as those of net.Dialer are, joined if there is one for each of
// several addresses.
type Dialer struct {
	// Loop is the loop of the connections; nil means that whose task calls ([loop.Here]).
	Loop *loop.Loop

	// Timeout and Deadline limit the time of a dial, resolving and a TLS handshake included, on the
	// loop's clock. Zero means no limit; the earlier one counts.
	Timeout  time.Duration
	Deadline time.Time

	// LocalAddr is the address of this end, a *net.TCPAddr, *net.UDPAddr or *net.UnixAddr; nil
	// means any.
	LocalAddr net.Addr

	// FallbackDelay is how long an attempt to connect may take before the next address is tried
	// too, on the loop's clock. Zero means 250 ms, as RFC 8305 recommends. If it is negative, an
	// address is tried only when the one before has failed.
	FallbackDelay time.Duration

	// KeepAlive and KeepAliveConfig are those of net.Dialer: by default a peer that has been silent
	// for 15 s is asked every 15 s whether it is still there, and the connection fails after
	// 9 requests without an answer. A negative KeepAlive means that it is not asked. KeepAlive is
	// ignored if KeepAliveConfig.Enable is true.
	KeepAlive       time.Duration
	KeepAliveConfig net.KeepAliveConfig

	// Control is called with each socket before it is connected, on the goroutine of the loop;
	// network is "tcp4", "tcp6", "unix", "udp4", "udp6" or "unixgram". It must not wait.
	Control func(network, address string, c syscall.RawConn) error

	// Resolver resolves names of hosts; nil means one that all Dialers share.
	Resolver *Resolver
}

// Errors of Dialer.
var (
	errNoLoop         = fmt.Errorf("%w, and the Dialer has no Loop", loop.ErrNoTask)
	errCanceled       = canceledError{}
	errTimeout  error = timeoutError{}
)

// canceledError is that of package net, for a context that was cancelled.
type canceledError struct{}

func (canceledError) Error() string        { return "operation was canceled" }
func (canceledError) Is(target error) bool { return target == context.Canceled }

// timeoutError is that of package net, for a time that is up.
type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

func (timeoutError) Is(target error) bool {
	return target == loop.ErrTimeout || target == os.ErrDeadlineExceeded || target == context.DeadlineExceeded
}

// ended returns the error of a dial whose context has ended, as package net gives it.
func ended(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return errTimeout
	}
	return errCanceled
}

func (d *Dialer) fail(network string, err error) error {
	return &net.OpError{Op: "dial", Net: network, Source: d.LocalAddr, Err: err}
}

// Connect connects to address on network "tcp", "tcp4", "tcp6" or "unix", parking the task of y
// (loop.create_connection with happy_eyeballs_delay, interleave and local_addr). The address of a
// Unix socket is the name of its file. In a task of another loop than Loop the error is
// [loop.ErrForeignLoop].
func (d *Dialer) Connect(y *loop.Yielder, network, address string) (*Conn, error) {
	return d.ConnectBy(y, network, address, -1)
}

// ConnectBy is Connect until a time on the loop's clock at most; a negative one means never, and
// Timeout and Deadline hold too. If the time is up while the host is looked up, there is a
// net.DNSError in the error, as with net.Dialer.
func (d *Dialer) ConnectBy(y *loop.Yielder, network, address string, when time.Duration) (*Conn, error) {
	if datagrams(network) {
		return nil, d.fail(network, net.UnknownNetworkError(network))
	}
	if when < 0 {
		when = forever
	}
	c, err := d.connect(context.Background(), y, network, address, when)
	if err != nil {
		return nil, err
	}
	return c.(*Conn), nil
}

// Dial is [Dialer.DialContext] without a context.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext connects to address as [Dialer.Connect] does, and returns a *Conn, or as
// [Dialer.ConnectPacket] does, and returns a *PacketConn. In a task of
// Loop it parks the task; if the task is cancelled, the error is its CancelledError. On a
// goroutine that no loop knows it blocks that goroutine, and Loop does the work; once Loop
// has ended the error is net.ErrClosed. In a task of another loop it is
// [loop.ErrForeignLoop].
//
// If ctx ends before the connection is made, the error is context.Canceled or
// context.DeadlineExceeded, in the words of package net.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if ctx == nil {
		panic("nil context")
	}
	l := d.Loop
	if l == nil {
		l = loop.Here()
	}
	var c net.Conn
	var err error
	switch {
	case l == nil:
		err = d.fail(network, errNoLoop)
	case l.OnLoop():
		y, e := l.Current()
		if e != nil {
			return nil, d.fail(network, e)
		}
		c, err = d.connect(ctx, y, network, address, forever)
		err = l.NoteCancelled(err)
	case loop.Here() != nil: // to wait here would stop that loop
		err = d.fail(network, loop.ErrForeignLoop)
	case coroutine.Pulled():
		err = d.fail(network, errInCoroutine)
	default:
		c, err = d.connectElsewhere(ctx, l, network, address)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// connectElsewhere has a task of l connect, and blocks the calling goroutine.
func (d *Dialer) connectElsewhere(ctx context.Context, l *loop.Loop, network, address string) (net.Conn, error) {
	type result struct {
		c   net.Conn
		err error
	}
	// The caller may go, because ctx has ended, in the moment in which the connection is made.
	// Whoever comes second closes it.
	var late net.Conn
	var over atomic.Bool
	r, err := loop.RunCoroutineThreadsafe(ctx, l, func(y *loop.Yielder) (r result, err error) {
		r.c, r.err = d.connect(context.Background(), y, network, address, forever)
		if loop.IsCancelled(r.err) {
			return r, r.err
		}
		if late = r.c; !over.CompareAndSwap(false, true) && late != nil {
			_ = late.Close()
		}
		return r, nil
	})()
	if err == nil {
		return r.c, r.err
	}
	if !over.CompareAndSwap(false, true) && late != nil {
		_ = late.Close()
	}
	switch {
	case errors.Is(err, loop.ErrClosed):
		err = net.ErrClosed
	case ctx.Err() != nil:
		err = ended(ctx)
	case loop.IsCancelled(err): // the loop ends its tasks
		err = net.ErrClosed
	}
	return nil, d.fail(network, err)
}

// connect is Connect, or ConnectPacket, that also ends with ctx, and at a time on the loop's clock. If
// nothing has to be waited for, it needs neither a timer nor much of the task's stack.
func (d *Dialer) connect(ctx context.Context, y *loop.Yielder, network, address string, by time.Duration) (net.Conn, error) {
	r, err := d.race(ctx, y, network, address, by)
	if err != nil {
		return nil, err
	}
	defer r.end()
	if err = loop.Drive(y, r); err == nil && !r.over() {
		err = r.await(ctx, y)
	}
	if err != nil && r.err == nil {
		return nil, d.fail(network, err)
	}
	return r.won, r.err
}

// race returns what connect does, before its beginning, unless that is over already.
//
//go:noinline
func (d *Dialer) race(ctx context.Context, y *loop.Yielder, network, address string, by time.Duration) (*race, error) {
	at, err := place(y)
	switch {
	case err != nil:
	case d.Loop != nil && d.Loop != at.loop:
		err = loop.ErrForeignLoop
	case at.loop.Closed():
		err = loop.ErrClosed
	case ctx.Err() != nil:
		err = ended(ctx)
	}
	if err != nil {
		return nil, d.fail(network, err)
	}
	r := &race{resolved: at, dialer: d, network: network, address: address, by: min(by, d.limit(at.loop)), delay: d.FallbackDelay}
	switch {
	case r.delay == 0:
		r.delay = fallbackDelay
	case r.delay < 0:
		r.delay = forever
	}
	if r.by != forever && r.by <= at.loop.Time() {
		return nil, d.fail(network, errTimeout)
	}
	r.waits = r.by == forever && ctx.Done() == nil
	return r, nil
}

// late returns the error of a dial whose time was up when it was about to do what err says: it had an
// address to connect to, or was looking for one.
func (d *Dialer) late(network, address string, err, why error) error {
	late := &net.OpError{Op: "dial", Net: network, Source: d.LocalAddr, Err: why}
	if e, ok := errors.AsType[*loop.TimeoutError](err); ok {
		if op, ok := errors.AsType[*net.OpError](e.Cause); ok {
			late.Addr = op.Addr
		}
	}
	if host, _, err := net.SplitHostPort(address); err == nil && late.Addr == nil {
		timeout := why == errTimeout
		late.Err = &net.DNSError{UnwrapErr: why, Err: why.Error(), Name: host, IsTimeout: timeout, IsTemporary: timeout}
	}
	return late
}

// limit returns the end of a dial that begins now, on the clock of l.
func (d *Dialer) limit(l *loop.Loop) time.Duration {
	by := onLoop(l, d.Deadline)
	if d.Timeout != 0 {
		by = min(by, after(l, d.Timeout))
	}
	return by
}

// suitable returns the addresses that can be reached from LocalAddr.
func (d *Dialer) suitable(addrs []net.Addr, network, address string) (some []net.Addr, err error) {
	local, isIP := ipOf(d.LocalAddr)
	_, isUnix := d.LocalAddr.(*net.UnixAddr)
	switch {
	case d.LocalAddr == nil:
		return addrs, nil
	case reflect.TypeOf(d.LocalAddr) != reflect.TypeOf(addrs[0]) || !isIP && !isUnix:
		return nil, &net.AddrError{Err: "mismatched local address type", Addr: d.LocalAddr.String()}
	case isUnix:
		return addrs, nil
	}
	for _, a := range addrs {
		if unspecified(local) || is4(a) == is4(d.LocalAddr) {
			some = append(some, a)
		}
	}
	if some == nil {
		return nil, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return some, nil
}

// after returns the time on the loop's clock that is d from now.
func after(l *loop.Loop, d time.Duration) time.Duration {
	now := l.Time()
	return now + min(d, forever-now)
}

func unspecified(ip net.IP) bool { return len(ip) == 0 || ip.IsUnspecified() }

func is4(a net.Addr) bool {
	ip, _ := ipOf(a)
	return ip.To4() != nil
}

// ipOf returns the IP address of a; ok is false if a has none.
func ipOf(a net.Addr) (ip net.IP, ok bool) {
	switch a := a.(type) {
	case *net.TCPAddr:
		if a != nil {
			return a.IP, true
		}
	case *net.UDPAddr:
		if a != nil {
			return a.IP, true
		}
	}
	return nil, false
}
