package netio

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls for datagrams use the kernel's own form of an address, so that none is allocated, and say
// nothing to the Go scheduler, as Read and Write do not.

func (system) RecvMsgs(fd int, ms []Message) (int, error) {
	if m := &ms[0]; len(ms) == 1 && len(m.OOB) == 0 {
		return recvFrom(fd, m)
	}
	b := batches.Get().(*batch)
	defer b.free(len(ms))
	for i := range ms {
		b.prepare(i, &ms[i])
		b.headers[i].Namelen = uint32(unsafe.Sizeof(b.names[i]))
	}
	n, err := b.call(unix.SYS_RECVMMSG, fd, len(ms), unix.MSG_CMSG_CLOEXEC)
	for i := range ms[:n] {
		h := &b.headers[i]
		m := &ms[i]
		m.N, m.NN, m.Flags = int(h.n), int(h.Controllen), int(h.Flags)&^unix.MSG_CMSG_CLOEXEC
		m.Endpoint = b.names[i].endpoint(h.Namelen)
	}
	return n, err
}

func recvFrom(fd int, m *Message) (int, error) {
	var name rawName
	size := uint32(unsafe.Sizeof(name))
	// MSG_TRUNC asks for the length of the whole datagram.
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(m.Buffer))),
		uintptr(len(m.Buffer)), unix.MSG_TRUNC, uintptr(unsafe.Pointer(&name)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0, errno
	}
	m.N, m.NN, m.Flags = int(n), 0, 0
	if m.N > len(m.Buffer) {
		m.N, m.Flags = len(m.Buffer), unix.MSG_TRUNC
	}
	m.Endpoint = name.endpoint(size)
	return 1, nil
}

func (system) SendMsgs(fd int, ms []Message) (int, error) {
	if m := &ms[0]; len(ms) == 1 && len(m.OOB) == 0 {
		return sendTo(fd, m)
	}
	b := batches.Get().(*batch)
	defer b.free(len(ms))
	for i := range ms {
		size, err := b.names[i].set(ms[i].Endpoint)
		if err != nil && i == 0 {
			return 0, err
		}
		if err != nil {
			ms = ms[:i] // it is the first of the next call
			break
		}
		b.prepare(i, &ms[i])
		if h := &b.headers[i]; size == 0 {
			h.Name = nil
		} else {
			h.Namelen = size
		}
	}
	n, err := b.call(unix.SYS_SENDMMSG, fd, len(ms), 0)
	for i := range ms[:n] {
		ms[i].N = int(b.headers[i].n)
	}
	return n, err
}

func sendTo(fd int, m *Message) (int, error) {
	var name rawName
	size, err := name.set(m.Endpoint)
	if err != nil {
		return 0, err
	}
	at := &name
	if size == 0 { // connected UDP takes no name, and not an empty one either
		at = nil
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(m.Buffer))),
		uintptr(len(m.Buffer)), 0, uintptr(unsafe.Pointer(at)), uintptr(size))
	if errno != 0 {
		return 0, errno
	}
	m.N = int(n)
	return 1, nil
}

// A batch is the kernel's structs for one call. It is too large for the stack of a task.
type batch struct {
	headers [maxBatch]mmsghdr
	vectors [maxBatch]unix.Iovec
	names   [maxBatch]rawName
}

// mmsghdr is the kernel's struct of that name.
type mmsghdr struct {
	unix.Msghdr
	n uint32
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// prepare sets header i but for the length of its name.
func (b *batch) prepare(i int, m *Message) {
	v, h := &b.vectors[i], &b.headers[i]
	v.Base = unsafe.SliceData(m.Buffer)
	v.SetLen(len(m.Buffer))
	h.Iov, h.Name = v, (*byte)(unsafe.Pointer(&b.names[i]))
	h.SetIovlen(1)
	if len(m.OOB) > 0 {
		h.Control = unsafe.SliceData(m.OOB)
		h.SetControllen(len(m.OOB))
	}
}

func (b *batch) call(trap uintptr, fd, n int, flags uintptr) (int, error) {
	done, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&b.headers)), uintptr(n), flags, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(done), nil
}

// free lets go of the buffers of n messages.
func (b *batch) free(n int) {
	clear(b.headers[:n])
	clear(b.vectors[:n])
	clear(b.names[:n])
	batches.Put(b)
}

// rawName is a sockaddr of any family.
type rawName struct {
	family uint16
	data   [unix.SizeofSockaddrUnix - 2]byte
}

// endpoint returns the address in the first size bytes.
func (r *rawName) endpoint(size uint32) (e Endpoint) {
	switch {
	case size >= unix.SizeofSockaddrInet4 && r.family == unix.AF_INET:
		e.AddrPort = netip.AddrPortFrom(netip.AddrFrom4([4]byte(r.data[2:6])), binary.BigEndian.Uint16(r.data[:2]))
	case size >= unix.SizeofSockaddrInet6 && r.family == unix.AF_INET6:
		ip := netip.AddrFrom16([16]byte(r.data[6:22]))
		if id := binary.NativeEndian.Uint32(r.data[22:26]); id != 0 {
			ip = ip.WithZone(zoneName(id))
		}
		e.AddrPort = netip.AddrPortFrom(ip, binary.BigEndian.Uint16(r.data[:2]))
	case size > 2 && r.family == unix.AF_UNIX:
		name := r.data[:min(int(size)-2, len(r.data))]
		if name[0] == 0 { // an abstract one
			e.Path = "@" + string(name[1:])
			break
		}
		name, _, _ = bytes.Cut(name, []byte{0})
		e.Path = string(name)
	}
	return e
}

// set stores an address and returns its size; 0 if e is zero.
func (r *rawName) set(e Endpoint) (size uint32, err error) {
	ip := e.AddrPort.Addr()
	switch {
	case e.Path != "":
		r.family = unix.AF_UNIX
		n := copy(r.data[:], e.Path)
		abstract := e.Path[0] == '@'
		if n < len(e.Path) || n == len(r.data) && !abstract {
			return 0, unix.EINVAL // as of package net
		}
		if abstract {
			r.data[0] = 0
			return uint32(2 + n), nil
		}
		r.data[n] = 0
		return uint32(2 + n + 1), nil
	case !ip.IsValid():
		return 0, nil
	case ip.Is4():
		r.family = unix.AF_INET
		*(*[4]byte)(r.data[2:6]) = ip.As4()
		size = unix.SizeofSockaddrInet4
	default:
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
	}
	binary.BigEndian.PutUint16(r.data[:2], e.AddrPort.Port())
	return size, nil
}
