//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"coloop/loop"
)

// resolved is the loop and the system calls to connect or listen with.
type resolved struct {
	loop    *loop.Loop
	sockets Sockets
}

// resolve returns the addresses that the arguments of Listen stand for. An empty host is given as
// the unspecified address, of both families where the network has both.
func resolve(y *loop.Yielder, network, address string) (r resolved, addrs []net.Addr, err error) {
	if datagrams(network) {
		return r, nil, net.UnknownNetworkError(network)
	}
	return resolveAny(y, network, address)
}

// resolveAny is resolve for networks of datagrams too.
func resolveAny(y *loop.Yielder, network, address string) (r resolved, addrs []net.Addr, err error) {
	if r, err = place(y); err == nil {
		addrs, err = (*Resolver)(nil).resolve(y, r, network, address)
	}
	return r, addrs, err
}

// errUnknown is the error of a look-up without a y if it would have to wait.
var errUnknown = errors.New("the answer is not known yet")

// resolve is resolve for Dial, and for networks of datagrams too. If y is nil, it does not wait.
func (res *Resolver) resolve(y *loop.Yielder, r resolved, network, address string) (addrs []net.Addr, err error) {
	if network == "unix" || network == "unixgram" {
		return []net.Addr{&net.UnixAddr{Name: address, Net: network}}, nil
	}
	family, ok := families[network]
	if !ok {
		return nil, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := r.lookupPort(y, network, service)
	if err != nil {
		return nil, err
	}
	ips := []netip.Addr{netip.IPv6Unspecified(), netip.IPv4Unspecified()}
	if host != "" {
		if ips, err = res.lookup(y, r, family, host); err != nil {
			return nil, err
		}
	}
	for _, ip := range ips {
		if of(ip, family) {
			a := net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, port))
			if addrs = append(addrs, a); datagrams(network) {
				addrs[len(addrs)-1] = (*net.UDPAddr)(a)
			}
		}
	}
	if addrs == nil {
		return nil, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return addrs, nil
}

// place returns the loop of the task of y and its system calls.
func place(y *loop.Yielder) (r resolved, err error) {
	if r.loop = loop.Running(y); r.loop == nil {
		return r, loop.ErrNoTask
	}
	if !y.Here() {
		return r, loop.ErrWrongGoroutine
	}
	r.sockets, err = socketsOf(r.loop)
	return r, err
}

// families maps each network with host names to the name that a resolver has for it.
var families = map[string]string{
	"tcp": "ip", "tcp4": "ip4", "tcp6": "ip6",
	"udp": "ip", "udp4": "ip4", "udp6": "ip6",
}

// of reports whether ip is of a family.
func of(ip netip.Addr, family string) bool { return family == "ip" || ip.Is4() == (family == "ip4") }

// LookupPort returns the port of a service, "http" say, for network "tcp", "udp" or the like
// (socket.getservbyname). If the service is a number or in the system's list, it does not wait.
func LookupPort(y *loop.Yielder, network, service string) (int, error) {
	if _, ok := families[network]; !ok {
		return 0, net.UnknownNetworkError(network)
	}
	r, err := place(y)
	if err != nil {
		return 0, err
	}
	port, err := r.lookupPort(y, network, service)
	return int(port), err
}

// services has the list of services in a file, which is read once.
var services = &net.Resolver{PreferGo: true}

func (r resolved) lookupPort(y *loop.Yielder, network, service string) (uint16, error) {
	port, err := strconv.ParseUint(service, 10, 16)
	if err == nil {
		return uint16(port), nil
	}
	if service == "" || strings.Trim(service, "+-0123456789") == "" {
		return 0, &net.AddrError{Err: "invalid port", Addr: service}
	}
	if _, ok := r.sockets.(system); ok {
		if n, err := services.LookupPort(context.Background(), network, service); err == nil {
			return uint16(n), nil
		}
	}
	if y == nil {
		return 0, errUnknown
	}
	n, err := lookupApart(y, r.loop, func(ctx context.Context) (int, error) {
		return r.sockets.LookupPort(ctx, network, service)
	})
	return uint16(n), err
}

// LookupAddr returns the names of the host at an IP address (loop.getnameinfo), as
// net.LookupAddr does. If the task is cancelled, so is the look-up.
func LookupAddr(y *loop.Yielder, addr string) ([]string, error) {
	r, err := place(y)
	if err != nil {
		return nil, err
	}
	return lookupApart(y, r.loop, func(ctx context.Context) ([]string, error) {
		return r.sockets.LookupAddr(ctx, addr)
	})
}

// lookupApart calls fn on a goroutine for look-ups, and parks the task.
func lookupApart[T any](y *loop.Yielder, l *loop.Loop, fn func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(y.Context()))
	defer cancel()
	return loop.RunInExecutor(l, shared.at(l).executor, func() (T, error) { return fn(ctx) }).Await(y)
}
