package netio

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls for datagrams use the kernel's own form of an address, so that none is allocated.

func (system) RecvFrom(fd int, b []byte) (int, Endpoint, error) {
	var name rawName
	size := uint32(unsafe.Sizeof(name))
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0,
		uintptr(unsafe.Pointer(&name)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0, Endpoint{}, errno
	}
	return int(n), name.endpoint(size), nil
}

func (system) SendTo(fd int, b []byte, to Endpoint) error {
	var name rawName
	size, err := name.set(to)
	if err != nil {
		return err
	}
	at := &name
	if size == 0 {
		at = nil
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0,
		uintptr(unsafe.Pointer(at)), uintptr(size))
	if errno != 0 {
		return errno
	}
	return nil
}

// rawName is a sockaddr of any family.
type rawName struct {
	family uint16
	data   [110]byte
}

func (r *rawName) endpoint(size uint32) (e Endpoint) {
	switch {
	case r.family == unix.AF_INET && size >= unix.SizeofSockaddrInet4:
		e.AddrPort = netip.AddrPortFrom(netip.AddrFrom4([4]byte(r.data[2:6])), binary.BigEndian.Uint16(r.data[:2]))
	case r.family == unix.AF_INET6 && size >= unix.SizeofSockaddrInet6:
		ip := netip.AddrFrom16([16]byte(r.data[6:22]))
		if zone := binary.NativeEndian.Uint32(r.data[22:26]); zone != 0 {
			ip = ip.WithZone(zoneName(int(zone)))
		}
		e.AddrPort = netip.AddrPortFrom(ip, binary.BigEndian.Uint16(r.data[:2]))
	case r.family == unix.AF_UNIX && size > 2:
		name := r.data[:size-2]
		if name[0] == 0 { // an abstract one
			e.Path = "@" + string(name[1:])
			break
		}
		for i, c := range name {
			if c == 0 {
				name = name[:i]
				break
			}
		}
		e.Path = string(name)
	}
	return e
}

func (r *rawName) set(e Endpoint) (size uint32, err error) {
	switch ip := e.AddrPort.Addr(); {
	case e.Path != "":
		if len(e.Path) >= len(r.data)-2 {
			return 0, unix.EINVAL
		}
		r.family = unix.AF_UNIX
		size = 2 + uint32(copy(r.data[:], e.Path))
		if e.Path[0] == '@' {
			r.data[0] = 0
			return size, nil
		}
		return size + 1, nil
	case ip.Is4():
		r.family = unix.AF_INET
		*(*[4]byte)(r.data[2:6]) = ip.As4()
		size = unix.SizeofSockaddrInet4
	case ip.Is6():
		r.family = unix.AF_INET6
		*(*[16]byte)(r.data[6:22]) = ip.As16()
		if ip.Zone() != "" {
			id, err := zone(ip.Zone())
			if err != nil {
				return 0, err
			}
			binary.NativeEndian.PutUint32(r.data[22:26], id)
		}
		size = unix.SizeofSockaddrInet6
	default:
		return 0, nil
	}
	binary.BigEndian.PutUint16(r.data[:2], e.AddrPort.Port())
	return size, nil
}

// batch is how many datagrams one call receives or sends at most.
const batch = 64

// mmsghdr is the kernel's struct of that name.
type mmsghdr struct {
	unix.Msghdr
	n uint32
}

// batches are the kernel's structs for one call.
type batches struct {
	headers [batch]mmsghdr
	vectors [batch]unix.Iovec
	names   [batch]rawName
}

var spareBatches = sync.Pool{New: func() any { return new(batches) }}

func (b *batches) prepare(i int, buffer []byte) {
	h := &b.headers[i]
	*h = mmsghdr{}
	b.vectors[i].Base = unsafe.SliceData(buffer)
	b.vectors[i].SetLen(len(buffer))
	h.Iov = &b.vectors[i]
	h.SetIovlen(1)
	b.names[i] = rawName{}
	h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
	h.Namelen = uint32(unsafe.Sizeof(b.names[i]))
}

func (b *batches) call(trap uintptr, fd, n int) (int, error) {
	done, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&b.headers)), uintptr(n), 0, 0, 0)
	for i := range n {
		b.vectors[i].Base = nil // the caller's buffer
	}
	if errno != 0 {
		return 0, errno
	}
	return int(done), nil
}

func (system) RecvBatch(fd int, ms []Message) (int, error) {
	ms = ms[:min(len(ms), batch)]
	b := spareBatches.Get().(*batches)
	defer spareBatches.Put(b)
	for i := range ms {
		b.prepare(i, ms[i].Buffer)
	}
	n, err := b.call(unix.SYS_RECVMMSG, fd, len(ms))
	for i := range n {
		h := &b.headers[i]
		ms[i].N, ms[i].Endpoint = int(h.n), b.names[i].endpoint(h.Namelen)
		ms[i].Truncated = h.Flags&unix.MSG_TRUNC != 0
	}
	return n, err
}

func (system) SendBatch(fd int, ms []Message) (int, error) {
	ms = ms[:min(len(ms), batch)]
	b := spareBatches.Get().(*batches)
	defer spareBatches.Put(b)
	for i := range ms {
		b.prepare(i, ms[i].Buffer)
		size, err := b.names[i].set(ms[i].Endpoint)
		if err != nil {
			if i == 0 {
				return 0, err
			}
			ms = ms[:i]
			break
		}
		h := &b.headers[i]
		if h.Namelen = size; size == 0 {
			h.Name = nil
		}
	}
	return b.call(unix.SYS_SENDMMSG, fd, len(ms))
}

// zoneName returns the name of the interface of a number, or the number.
func zoneName(id int) string {
	if ifi, err := net.InterfaceByIndex(id); err == nil {
		return ifi.Name
	}
	return strconv.Itoa(id)
}

var _ BatchSockets = system{}
