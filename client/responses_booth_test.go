package client_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// A booth is a stage that acts only when [booth.act] is called, on the goroutine of the
// client's loop. So it is known when nothing more can happen.
type booth struct {
	stage
	pieces   bool // a byte is sent at a time
	listener *net.TCPListener
	seats    []*seat
	accepted map[int]bool // by the client's port
}

// A seat is one connection to a booth.
type seat struct {
	line
	fd  int
	out string // not sent yet
}

const closed = -1

// loopback returns a listener for the booths of one goroutine, which take turns.
func loopback(t testing.TB) *net.TCPListener {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// newBooth opens a booth. It must be closed before the next one is opened.
func newBooth(ln *net.TCPListener, s script, pieces bool) *booth {
	return &booth{
		stage:  stage{script: s, addr: ln.Addr().String()},
		pieces: pieces, listener: ln, accepted: map[int]bool{},
	}
}

func (b *booth) close(t testing.TB) {
	for b.accept(t) { // one that nobody waited for must not come to the next booth
	}
	for _, s := range b.seats {
		s.reset()
	}
}

// act accepts, reads and writes what can be without waiting. It reports whether more can
// happen without the clients doing anything, and is given their descriptors.
func (b *booth) act(t testing.TB, clients []int) (more bool) {
	t.Helper()
	for _, s := range b.seats {
		more = s.write(b.pieces) || more
	}
	if more {
		return true
	}
	for b.accept(t) {
		more = true
	}
	for _, s := range b.seats {
		more = s.read() || more || unacked(s.fd)
	}
	for _, fd := range clients {
		more = more || !b.knows(fd) || unacked(fd)
	}
	return more || b.asked.Load() == 0
}

// knows reports whether the connection of a client has been accepted.
func (b *booth) knows(fd int) bool {
	sa, err := unix.Getsockname(fd)
	in, ok := sa.(*unix.SockaddrInet4)
	return err != nil || !ok || b.accepted[in.Port]
}

// accept accepts a connection if there is one.
func (b *booth) accept(t testing.TB) bool {
	t.Helper()
	raw, err := b.listener.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var fd int
	var sa unix.Sockaddr
	failed := raw.Control(func(listener uintptr) { fd, sa, err = unix.Accept(int(listener)) })
	if failed != nil || err == nil && unix.SetNonblock(fd, true) != nil {
		t.Fatal("accepting: ", failed)
	}
	if err != nil {
		return false
	}
	unix.CloseOnExec(fd)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // which a byte at a time is for
	b.accepted[sa.(*unix.SockaddrInet4).Port] = true
	b.seats = append(b.seats, &seat{line: line{stage: &b.stage}, fd: fd})
	return true
}

// read reports whether something was read.
func (s *seat) read() bool {
	if s.fd == closed {
		return false
	}
	var buf [4 << 10]byte
	n, err := unix.Read(s.fd, buf[:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return false
	case err != nil, n == 0, s.over: // a request after the end
		s.reset()
	default:
		s.out += s.hear(buf[:n])
		if s.over && s.out == "" {
			s.finish()
		}
	}
	return true
}

// write reports whether something was to be sent.
func (s *seat) write(pieces bool) bool {
	if s.fd == closed || s.out == "" {
		return false
	}
	piece := s.out
	if pieces {
		piece = piece[:1]
	}
	n, err := unix.Write(s.fd, []byte(piece))
	if err == unix.EAGAIN || err == unix.EINTR {
		return true
	} else if err != nil {
		s.reset() // the client has closed it
		return true
	}
	if s.out = s.out[n:]; s.out == "" && s.over {
		s.finish()
	}
	return true
}

// finish ends the connection as the script has it, after all was sent.
func (s *seat) finish() {
	if s.end == "reset" {
		s.reset()
	} else {
		_ = unix.Shutdown(s.fd, unix.SHUT_WR)
	}
}

// reset closes the connection so that neither side's system keeps its port.
func (s *seat) reset() {
	if s.fd == closed {
		return
	}
	_ = unix.SetsockoptLinger(s.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	_ = unix.Close(s.fd)
	s.fd = closed
}

// unacked reports whether the other side's system lacks something sent on fd.
func unacked(fd int) bool {
	n, err := unix.IoctlGetInt(fd, unix.TIOCOUTQ)
	return err == nil && n > 0
}
