//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"strconv"
	"sync"
	"time"
)

// zones are the interfaces of the machine, by which the zones of IPv6 addresses are named.
// They are asked for once a minute at most, unless one is missing, as with package net: each
// datagram of a link-local address has a zone.
var zones struct {
	mu      sync.Mutex
	fetched time.Time
	names   map[uint32]string
	numbers map[string]uint32
}

// lookZone calls found, which looks a zone up, with mu held; a second time, with the
// interfaces of now, if it returned false.
func lookZone(found func() bool) bool {
	z := &zones
	z.mu.Lock()
	defer z.mu.Unlock()
	fresh := time.Since(z.fetched) > time.Minute && fetchZones()
	return found() || !fresh && fetchZones() && found()
}

func fetchZones() bool {
	ifis, err := net.Interfaces()
	if err != nil {
		return false
	}
	z := &zones
	z.fetched = time.Now()
	z.names, z.numbers = make(map[uint32]string, len(ifis)), make(map[string]uint32, len(ifis))
	for _, ifi := range ifis {
		z.names[uint32(ifi.Index)] = ifi.Name
		if _, ok := z.numbers[ifi.Name]; !ok {
			z.numbers[ifi.Name] = uint32(ifi.Index)
		}
	}
	return true
}

// zoneName returns the name of the interface of that number, or the number.
func zoneName(id uint32) (name string) {
	if !lookZone(func() (ok bool) { name, ok = zones.names[id]; return ok }) {
		return strconv.FormatUint(uint64(id), 10)
	}
	return name
}

// zone returns the number of an IPv6 zone, which is given as the name of an interface
// or as the number itself.
func zone(name string) (id uint32, err error) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(n), nil
	}
	if !lookZone(func() (ok bool) { id, ok = zones.numbers[name]; return ok }) {
		return 0, &net.AddrError{Err: "no such network interface", Addr: name}
	}
	return id, nil
}
