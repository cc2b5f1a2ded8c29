//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package loop

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// eager reports whether a read may stop short of what there is: before the end
// of file.
func eager(_ netpoll.IOEvent, flags netpoll.IOFlags) bool { return flags&unix.EV_EOF != 0 }

// flag is a pipe with something in it while raised.
type flag struct{ r, w int }

func (f *flag) open() error {
	var p [2]int
	syscall.ForkLock.RLock()
	err := unix.Pipe(p[:])
	if err == nil {
		unix.CloseOnExec(p[0])
		unix.CloseOnExec(p[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return os.NewSyscallError("pipe", err)
	}
	for _, fd := range p {
		if err := unix.SetNonblock(fd, true); err != nil {
			return errors.Join(os.NewSyscallError("fcntl", err), unix.Close(p[0]), unix.Close(p[1]))
		}
	}
	f.r, f.w = p[0], p[1]
	return nil
}

func (f *flag) fd() int { return f.r }

func (f *flag) raise() {
	_, _ = unix.Write(f.w, []byte{1}) // fails only if it is raised
}

func (f *flag) lower() {
	var b [64]byte
	_, _ = unix.Read(f.r, b[:])
}

func (f *flag) close() error { return errors.Join(unix.Close(f.r), unix.Close(f.w)) }

// timer is one of the runtime's, whose goroutine wakes the loop.
type timer struct {
	n *netPoller
	t *time.Timer
}

func (t *timer) open(n *netPoller) error {
	t.n = n
	return nil
}

func (t *timer) fd() int { return -1 }

func (t *timer) set(d time.Duration) {
	if t.t == nil {
		t.t = time.AfterFunc(d, func() { _ = t.n.loop.CallSoonThreadsafe(func() {}) })
	} else {
		t.t.Reset(d)
	}
}

func (t *timer) close() error {
	if t.t != nil {
		t.t.Stop()
	}
	return nil
}
