package loop

import (
	"errors"
	"os"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// eager reports whether a read may stop short of what there is: before the end
// of file, or at the mark of urgent data.
func eager(ev netpoll.IOEvent, _ netpoll.IOFlags) bool {
	return ev&(unix.EPOLLRDHUP|unix.EPOLLPRI) != 0
}

// flag is an eventfd.
type flag struct{ efd int }

func (f *flag) open() (err error) {
	f.efd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	return os.NewSyscallError("eventfd", err)
}

func (f *flag) fd() int { return f.efd }

func (f *flag) raise() {
	one := [8]byte{0: 1}
	_, _ = unix.Write(f.efd, one[:]) // fails only if it is raised
}

func (f *flag) lower() {
	var n [8]byte
	_, _ = unix.Read(f.efd, n[:])
}

func (f *flag) close() error { return os.NewSyscallError("close", unix.Close(f.efd)) }

// timer is a timerfd. It is watched edge-triggered and never read.
type timer struct{ tfd int }

func (t *timer) open(n *netPoller) (err error) {
	if t.tfd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return os.NewSyscallError("timerfd_create", err)
	}
	if err = n.poller.AddRead(&netpoll.PollAttachment{FD: t.tfd}, true); err != nil {
		return errors.Join(err, t.close())
	}
	return nil
}

func (t *timer) fd() int { return t.tfd }

func (t *timer) set(d time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	_ = unix.TimerfdSettime(t.tfd, 0, &spec, nil) // d is positive, so it is valid
}

func (t *timer) close() error { return os.NewSyscallError("close", unix.Close(t.tfd)) }
