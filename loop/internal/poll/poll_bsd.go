//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"github.com/panjf2000/gnet/v2/pkg/queue"
	"golang.org/x/sys/unix"
)

// hangup reports whether a read may stop before the end of the data: at the end of file.
func hangup(_ netpoll.IOEvent, flags netpoll.IOFlags) bool { return flags&unix.EV_EOF != 0 }

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

func (f *flag) raise() error {
	for {
		switch _, err := unix.Write(f.w, []byte{1}); err {
		case nil, unix.EAGAIN: // EAGAIN means that it is raised already
			return nil
		case unix.EINTR:
		default:
			return os.NewSyscallError("write to a pipe", err)
		}
	}
}

func (f *flag) lower() error {
	var b [64]byte
	for {
		switch _, err := unix.Read(f.r, b[:]); err {
		case nil, unix.EAGAIN:
			return nil
		case unix.EINTR:
		default:
			return os.NewSyscallError("read from a pipe", err)
		}
	}
}

func (f *flag) close() error { return errors.Join(unix.Close(f.r), unix.Close(f.w)) }

// alarm ends the Wait under way without the flag.
func (p *Poller) alarm() error {
	return p.poller.Trigger(queue.HighPriority, func(any) error { return p.pause() }, nil)
}

// timer is a timer of Go's runtime. Its goroutine wakes the poller.
type timer struct {
	t      *time.Timer
	mu     sync.Mutex
	closed bool
}

func (t *timer) open(p *Poller) error {
	t.t = time.AfterFunc(Forever, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if !t.closed { // else the number of the flag's descriptor may be another file's by now
			p.Wake()
		}
	})
	return nil
}

func (t *timer) fd() int { return -1 }

func (t *timer) set(d time.Duration) error {
	t.t.Reset(d)
	return nil
}

func (t *timer) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.t.Stop()
	return nil
}
