package netio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"coloop/loop"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// TestPacketControl: control messages go with datagrams of UDP, one by one and in batches.
func TestPacketControl(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := packetPair(y, "udp4")
		if err != nil {
			return err
		}
		raw, err := b.SyscallConn()
		if err != nil {
			return err
		}
		if err := errors.Join(raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
		}), err); err != nil {
			return err
		}
		// A control message that sets the type of service is an int; one that tells it, a byte.
		tos := make([]byte, unix.CmsgSpace(4))
		h := (*unix.Cmsghdr)(unsafe.Pointer(&tos[0]))
		h.Level, h.Type = unix.IPPROTO_IP, unix.IP_TOS
		h.SetLen(unix.CmsgLen(4))
		binary.NativeEndian.PutUint32(tos[unix.CmsgLen(0):], 0x28)
		want := func(oob []byte) {
			t.Helper()
			ms, err := unix.ParseSocketControlMessage(oob)
			if len(ms) != 1 || err != nil || ms[0].Header.Type != unix.IP_TOS || ms[0].Data[0] != 0x28 {
				t.Errorf("control messages %+v, %v", ms, err)
			}
		}
		dest := addrPort(b)
		n, oobn, err := a.WriteMsgUDPAddrPort([]byte("one"), tos, dest)
		if n != 3 || oobn != len(tos) || err != nil {
			t.Errorf("WriteMsgUDPAddrPort: %d, %d, %v", n, oobn, err)
		}
		oob := make([]byte, 64)
		_, oobn, _, _, err = b.ReadMsgUDPAddrPort(make([]byte, 5), oob)
		wantErr(t, "ReadMsgUDPAddrPort", err, nil)
		want(oob[:oobn])

		out := []Message{{Buffer: []byte("two"), OOB: tos}, {Buffer: []byte("three"), OOB: tos}}
		out[0].AddrPort, out[1].AddrPort = dest, dest
		_, err = a.WriteBatch(out)
		wantErr(t, "WriteBatch", err, nil)
		in := []Message{{Buffer: make([]byte, 9), OOB: make([]byte, 64)}, {Buffer: make([]byte, 9), OOB: make([]byte, 64)}}
		for got := 0; got < 2; {
			n, err := b.ReadBatch(in[got:])
			if err != nil {
				return err
			}
			got += n
		}
		want(in[0].OOB[:in[0].NN])
		want(in[1].OOB[:in[1].NN])
		return nil
	})
}

// TestPacketRights: a descriptor that comes with a datagram is not inherited by programs
// that are started.
func TestPacketRights(t *testing.T) {
	dir := t.TempDir()
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, err := ListenPacket(y, "unixgram", filepath.Join(dir, "a"))
		if err != nil {
			return err
		}
		b, err := DialPacket(y, "unixgram", filepath.Join(dir, "a"))
		if err != nil {
			return err
		}
		f, err := os.Create(filepath.Join(dir, "f"))
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := b.WriteBatch([]Message{{Buffer: []byte("x"), OOB: unix.UnixRights(int(f.Fd()))}}); err != nil {
			return err
		}
		in := []Message{{Buffer: make([]byte, 9), OOB: make([]byte, 64)}}
		if _, err := a.ReadBatch(in); err != nil {
			return err
		}
		ms, err := unix.ParseSocketControlMessage(in[0].OOB[:in[0].NN])
		if err != nil {
			return err
		}
		fds, err := unix.ParseUnixRights(&ms[0])
		if err != nil {
			return err
		}
		defer unix.Close(fds[0])
		flags, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GETFD, 0)
		if flags != unix.FD_CLOEXEC || in[0].Flags != 0 || err != nil {
			t.Errorf("flags %x of the descriptor, %x of the message, %v", flags, in[0].Flags, err)
		}
		return nil
	})
}

// TestPacketMulticast: several sockets receive at the address of a group, once they have joined it
// with package ipv4.
func TestPacketMulticast(t *testing.T) {
	lo, err := net.InterfaceByIndex(1)
	if err != nil || lo.Flags&net.FlagLoopback == 0 {
		t.Skip("the first interface is not loopback")
	}
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		group := net.IPv4(224, 0, 0, 251)
		var members []*PacketConn
		port := "0"
		for range 2 {
			c, err := ListenPacket(y, "udp4", net.JoinHostPort(group.String(), port))
			if err != nil {
				return err
			}
			port = fmt.Sprint(addrPort(c).Port())
			if err := ipv4.NewPacketConn(c).JoinGroup(lo, &net.UDPAddr{IP: group}); err != nil {
				return err
			}
			members = append(members, c)
		}
		from, _, err := packetPair(y, "udp4")
		if err != nil {
			return err
		}
		p := ipv4.NewPacketConn(from)
		if err := errors.Join(p.SetMulticastInterface(lo), p.SetMulticastLoopback(true)); err != nil {
			return err
		}
		dest := &net.UDPAddr{IP: group, Port: int(addrPort(members[0]).Port())}
		if _, err := p.WriteTo([]byte("all"), nil, dest); err != nil {
			return err
		}
		for _, c := range members {
			got := make([]byte, 9)
			n, err := c.Read(got)
			if string(got[:n]) != "all" || err != nil {
				t.Errorf("%q, %v", got[:n], err)
			}
		}
		return nil
	})
}

// TestRawName holds the kernel's form of addresses against that of package syscall.
func TestRawName(t *testing.T) {
	long := strings.Repeat("x", unix.SizeofSockaddrUnix-2)
	for _, tc := range []struct {
		e    Endpoint
		size uint32
		err  error
	}{
		{Endpoint{}, 0, nil},
		{Endpoint{AddrPort: netip.MustParseAddrPort("1.2.3.4:5")}, unix.SizeofSockaddrInet4, nil},
		{Endpoint{AddrPort: netip.MustParseAddrPort("[2001:db8::1]:65535")}, unix.SizeofSockaddrInet6, nil},
		{Endpoint{AddrPort: netip.MustParseAddrPort("[fe80::1%lo]:1")}, unix.SizeofSockaddrInet6, nil},
		{Endpoint{AddrPort: netip.MustParseAddrPort("[fe80::1%4000000000]:1")}, unix.SizeofSockaddrInet6, nil},
		{Endpoint{Path: "/a"}, 5, nil},
		{Endpoint{Path: "@abstract"}, 11, nil},
		{Endpoint{Path: long[1:]}, unix.SizeofSockaddrUnix, nil},
		{Endpoint{Path: long}, 0, unix.EINVAL},
		{Endpoint{Path: "@" + long[1:]}, unix.SizeofSockaddrUnix, nil},
		{Endpoint{Path: "@" + long}, 0, unix.EINVAL},
	} {
		var r rawName
		size, err := r.set(tc.e)
		if size != tc.size || !errors.Is(err, tc.err) {
			t.Errorf("%+v: %d bytes, %v; want %d, %v", tc.e, size, err, tc.size, tc.err)
		}
		if got := r.endpoint(size); err == nil && got != tc.e {
			t.Errorf("%+v comes back as %+v", tc.e, got)
		}
	}
	var r rawName
	_, err := r.set(Endpoint{AddrPort: netip.MustParseAddrPort("[fe80::1%nosuchzone]:1")})
	if err == nil {
		t.Error("a zone that does not exist is an address")
	}
}
