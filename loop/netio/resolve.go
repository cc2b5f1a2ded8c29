//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
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

// resolve returns the addresses that the arguments of Dial or Listen stand for. An empty host is given as
// the unspecified address, of both families where the network has both.
func resolve(y *loop.Yielder, network, address string) (r resolved, addrs []net.Addr, err error) {
	if r.loop = loop.Running(y); r.loop == nil {
		return r, nil, loop.ErrNoTask
	}
	if !y.Here() {
		return r, nil, loop.ErrWrongGoroutine
	}
	if r.sockets, err = socketsOf(r.loop); err != nil {
		return r, nil, err
	}
	if network == "unix" {
		return r, []net.Addr{&net.UnixAddr{Name: address, Net: network}}, nil
	}
	family, ok := families[network]
	if !ok {
		return r, nil, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return r, nil, err
	}
	port, err := lookupPort(y, r.sockets, network, service)
	if err != nil {
		return r, nil, err
	}
	var ips []netip.Addr
	switch ip, err := netip.ParseAddr(host); {
	case err == nil:
		ips = []netip.Addr{ip.Unmap()}
	case host == "":
		ips = []netip.Addr{netip.IPv6Unspecified(), netip.IPv4Unspecified()}
	default:
		if ips, err = LookupHost(y, network, host); err != nil {
			return r, nil, err
		}
	}
	for _, ip := range ips {
		if family == "ip" || ip.Is4() == (family == "ip4") {
			addrs = append(addrs, net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, port)))
		}
	}
	if addrs == nil {
		return r, nil, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return r, addrs, nil
}

// families maps each network with host names to the name that a resolver has for it.
var families = map[string]string{"tcp": "ip", "tcp4": "ip4", "tcp6": "ip6"}

func lookupPort(y *loop.Yielder, s Sockets, network, service string) (uint16, error) {
	port, err := strconv.ParseUint(service, 10, 16)
	if err == nil {
		return uint16(port), nil
	}
	if service == "" || strings.Trim(service, "+-0123456789") == "" {
		return 0, &net.AddrError{Err: "invalid port", Addr: service}
	}
	n, err := loop.ToThread(y, func(ctx context.Context) (int, error) {
		return s.LookupPort(ctx, network, service)
	})
	return uint16(n), err
}

// LookupHost resolves a host name for network "tcp", "tcp4" or "tcp6" on the
// loop's executor (loop.getaddrinfo). Cancelling the task ends the lookup.
func LookupHost(y *loop.Yielder, network, host string) ([]netip.Addr, error) {
	family, ok := families[network]
	if !ok {
		return nil, net.UnknownNetworkError(network)
	}
	l := loop.Running(y)
	if l == nil {
		return nil, loop.ErrNoTask
	}
	s, err := socketsOf(l)
	if err != nil {
		return nil, err
	}
	return loop.ToThread(y, func(ctx context.Context) ([]netip.Addr, error) {
		ips, err := s.LookupIP(ctx, family, host)
		for i, ip := range ips {
			ips[i] = ip.Unmap()
		}
		return ips, err
	})
}
