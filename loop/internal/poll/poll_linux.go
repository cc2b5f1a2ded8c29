package poll

import (
	"errors"
	"os"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// hangup reports whether a read may stop short of what there is: before the end
// of file, or at the mark of urgent data.
func hangup(ev netpoll.IOEvent, _ netpoll.IOFlags) bool {
	return ev&(unix.EPOLLRDHUP|unix.EPOLLPRI) != 0
}

// flag is an eventfd.
type flag struct{ efd int }

func (f *flag) open() (err error) {
	f.efd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	return os.NewSyscallError("eventfd", err)
}

func (f *flag) fd() int { return f.efd }

func (f *flag) raise() error {
	one := [8]byte{0: 1}
	for {
		switch _, err := unix.Write(f.efd, one[:]); err {
		case nil, unix.EAGAIN: // EAGAIN means that it is raised already
			return nil
		case unix.EINTR:
		default:
			return os.NewSyscallError("write to an eventfd", err)
		}
	}
}

func (f *flag) lower() error {
	var n [8]byte
	for {
		switch _, err := unix.Read(f.efd, n[:]); err {
		case nil, unix.EAGAIN:
			return nil
		case unix.EINTR:
		default:
			return os.NewSyscallError("read from an eventfd", err)
		}
	}
}

func (f *flag) close() error { return os.NewSyscallError("close", unix.Close(f.efd)) }

// alarm ends the Wait under way without the flag.
func (p *Poller) alarm() error { return p.timer.set(1) }

// timer is a timerfd. It is watched edge-triggered and never read.
type timer struct{ tfd int }

func (t *timer) open(p *Poller) (err error) {
	if t.tfd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return os.NewSyscallError("timerfd_create", err)
	}
	if err = p.poller.AddRead(&netpoll.PollAttachment{FD: t.tfd}, true); err != nil {
		return errors.Join(err, t.close())
	}
	return nil
}

func (t *timer) fd() int { return t.tfd }

func (t *timer) set(d time.Duration) error {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	return os.NewSyscallError("timerfd_settime", unix.TimerfdSettime(t.tfd, 0, &spec, nil))
}

func (t *timer) close() error { return os.NewSyscallError("close", unix.Close(t.tfd)) }
