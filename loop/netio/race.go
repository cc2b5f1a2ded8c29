//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// fallbackDelay is the Connection Attempt Delay that RFC 8305 recommends.
const fallbackDelay = 250 * time.Millisecond

// A race connects to the first of several addresses that answers (asyncio's
// staggered_race). Only the task that runs it waits: a socket that is being connected
// wakes that task, and so no task is left when the race is over.
type race struct {
	resolved
	dialer   *Dialer
	network  string
	addrs    []net.Addr    // those that are to be tried yet
	delay    time.Duration // between two attempts
	due      time.Duration // when the next one begins
	attempts []attempt     // under way
	failures []error
	lot      loop.ParkingLot // where the task waits
}

// attempt is a connection that is being made.
type attempt struct {
	c    *Conn
	made bool
}

// run returns the first connection that is made. However it ends, the others are closed.
func (r *race) run(y *loop.Yielder) (*Conn, error) {
	defer func() {
		for _, a := range r.attempts {
			_ = a.c.d.Close()
		}
	}()
	r.lot.Kind, r.lot.Owner = "Dial", r
	for {
		if c := r.winner(); c != nil {
			return c, nil
		}
		switch {
		case len(r.addrs) > 0 && (len(r.attempts) == 0 || r.due <= r.loop.Time()):
			r.begin()
		case len(r.attempts) == 0:
			if len(r.failures) == 1 {
				return nil, r.failures[0]
			}
			return nil, errors.Join(r.failures...)
		default:
			if err := r.park(y); err != nil {
				return nil, r.wrap(r.attempts[0].c.d.peer, err)
			}
		}
	}
}

// park waits for an attempt to end, or for the time of the next one.
func (r *race) park(y *loop.Yielder) error {
	if len(r.addrs) > 0 && r.due != forever {
		timer := r.loop.CallAt(r.due, func() { r.lot.Unpark() })
		defer timer.Cancel()
	}
	_, err := r.lot.Park(y, nil)
	return err
}

// String describes the race in the String of the task.
func (r *race) String() string {
	s := r.network
	for i, a := range r.attempts {
		if i > 0 {
			s += ","
		}
		s += fmt.Sprintf(" %v", a.c.d.peer)
	}
	return s
}

func (r *race) wrap(a net.Addr, err error) error {
	return &net.OpError{Op: "dial", Net: r.network, Source: r.dialer.LocalAddr, Addr: a, Err: err}
}

// fail notes that an address has failed. The next one is tried at once.
func (r *race) fail(a net.Addr, err error) {
	r.failures = append(r.failures, r.wrap(a, err))
	r.due = 0
}

// begin begins to connect to the next address.
func (r *race) begin() {
	a := r.addrs[0]
	r.addrs = r.addrs[1:]
	r.due = after(r.loop, r.delay)
	c, made, err := r.connect(a)
	if err != nil {
		r.fail(a, err)
		return
	}
	if !made {
		c.d.wr.ready, c.d.dialling = false, &r.lot
	}
	r.attempts = append(r.attempts, attempt{c, made})
}

// connect begins to connect to an address; made reports whether the connection is there.
func (r *race) connect(a net.Addr) (c *Conn, made bool, err error) {
	s := r.sockets
	sa, family, err := sockaddr(a)
	if err != nil {
		return nil, false, err
	}
	fd, err := s.Socket(family, unix.SOCK_STREAM)
	if err != nil {
		return nil, false, os.NewSyscallError("socket", err)
	}
	if err := r.prepare(fd, family, a); err != nil {
		_ = s.Close(fd)
		return nil, false, err
	}
	switch err := s.Connect(fd, sa); err {
	case nil:
		made = true
		if r.itself(fd, a) {
			_ = s.Close(fd)
			return nil, false, os.NewSyscallError("connect", unix.ECONNREFUSED)
		}
	case unix.EINPROGRESS, unix.EINTR:
	default:
		_ = s.Close(fd)
		return nil, false, os.NewSyscallError("connect", err)
	}
	c, err = newConn(r.loop, s, fd, r.network, a)
	return c, made, err
}

// prepare sets the options of a socket and binds it.
func (r *race) prepare(fd, family int, a net.Addr) error {
	d := r.dialer
	network := "unix"
	if family != unix.AF_UNIX {
		if network = "tcp6"; family == unix.AF_INET {
			network = "tcp4"
		}
		if err := r.sockets.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
		if config := keepAliveConfig(d.KeepAlive, d.KeepAliveConfig); config.Enable {
			_ = setKeepAlive(r.sockets, fd, config) // the connection is of use without it
		}
	}
	if d.Control != nil {
		// The socket is not watched yet: it can be controlled, but nobody can wait for it.
		raw := rawControl{newDescriptor(r.loop, r.sockets, fd, r.network)}
		if err := d.Control(network, a.String(), raw); err != nil {
			return err
		}
	}
	if d.LocalAddr == nil {
		return nil
	}
	sa, err := localSockaddr(d.LocalAddr, family)
	if err != nil {
		return err
	}
	return os.NewSyscallError("bind", r.sockets.Bind(fd, sa))
}

// localSockaddr is sockaddr for the address of this end of a connection of a family.
func localSockaddr(a net.Addr, family int) (syscall.Sockaddr, error) {
	ip, port := net.IPv6unspecified, 0
	if family == unix.AF_INET {
		ip = net.IPv4zero
	}
	switch local := a.(type) {
	case *net.TCPAddr:
		port = local.Port
	case *net.UDPAddr:
		port = local.Port
	}
	if own, ok := ipOf(a); ok && unspecified(own) {
		a = &net.TCPAddr{IP: ip, Port: port}
	}
	sa, _, err := sockaddr(a)
	return sa, err
}

// winner returns the first connection that is made, and takes it and the attempts that have
// failed out of the race. It returns nil if there is none.
func (r *race) winner() *Conn {
	for i := 0; i < len(r.attempts); {
		a := r.attempts[i]
		d := a.c.d
		made, err := a.made, error(nil)
		if !made {
			made, err = r.connected(d)
		}
		if !made && err == nil {
			i++
			continue
		}
		d.dialling = nil
		r.attempts = slices.Delete(r.attempts, i, i+1)
		if err == nil {
			return a.c
		}
		_ = d.Close()
		r.fail(d.peer, err)
	}
	return nil
}

// connected reports whether the connection is made, or why it never will be.
func (r *race) connected(d *descriptor) (made bool, err error) {
	switch {
	case d.closed:
		return false, net.ErrClosed
	case !d.wr.ready:
		return false, nil
	}
	d.wr.ready = false
	if _, err := r.sockets.Getpeername(d.fd); err != nil {
		code, err := r.sockets.GetsockoptInt(d.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return false, os.NewSyscallError("getsockopt", err)
		}
		switch err := unix.Errno(code); err {
		case 0, unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
			return false, nil // the event belonged to an older socket of that number
		default:
			return false, os.NewSyscallError("connect", err)
		}
	}
	if r.itself(d.fd, d.peer) {
		return false, os.NewSyscallError("connect", unix.ECONNREFUSED)
	}
	d.wr.ready = true
	return true, nil
}

// privileged is the first port that the system may give to a socket by itself.
const privileged = 1024

// itself reports whether a socket that is connected to a is connected to itself. If nobody
// listens at a port, the system may give that port to the very socket that wants to
// connect there.
func (r *race) itself(fd int, a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	if !ok || t.Port < privileged && r.dialer.LocalAddr == nil && r.dialer.Control == nil {
		return false
	}
	own, err := r.sockets.Getsockname(fd)
	if err != nil || portOf(own) != t.Port {
		return false
	}
	peer, err := r.sockets.Getpeername(fd)
	return err == nil && sameSockaddr(own, peer)
}

func portOf(sa syscall.Sockaddr) int {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return sa.Port
	case *syscall.SockaddrInet6:
		return sa.Port
	}
	return 0
}

func sameSockaddr(a, b syscall.Sockaddr) bool {
	switch a := a.(type) {
	case *syscall.SockaddrInet4:
		b, ok := b.(*syscall.SockaddrInet4)
		return ok && a.Port == b.Port && a.Addr == b.Addr
	case *syscall.SockaddrInet6:
		b, ok := b.(*syscall.SockaddrInet6)
		return ok && a.Port == b.Port && a.Addr == b.Addr
	}
	return false
}

// interleave has the families of the addresses take turns, in the order in which they first
// appear (asyncio's _interleave_addrinfos).
func interleave(addrs []net.Addr) []net.Addr {
	if len(addrs) < 3 {
		return addrs
	}
	var first, second, mixed []net.Addr
	for _, a := range addrs {
		if is4(a) == is4(addrs[0]) {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	for i := range addrs {
		if i < len(first) {
			mixed = append(mixed, first[i])
		}
		if i < len(second) {
			mixed = append(mixed, second[i])
		}
	}
	return mixed
}
