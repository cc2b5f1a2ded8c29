//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// openDescriptors returns how many descriptors the process has open.
func openDescriptors() int {
	fds, err := os.ReadDir("/dev/fd")
	if err != nil {
		return -1
	}
	return len(fds)
}

// TestNewFails lets New fail at each descriptor that it needs.
func TestNewFails(t *testing.T) {
	before := openDescriptors()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	failures := 0
	low := limit
	for low.Cur = 0; ; low.Cur++ {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
			t.Fatal(err)
		}
		l, err := New()
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		if err == nil {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		} else {
			if !errors.Is(err, unix.EMFILE) {
				t.Errorf("New: %v, want %v", err, unix.EMFILE)
			}
			failures++
		}
		if after := openDescriptors(); after != before {
			t.Errorf("%d descriptors are open, %d were before", after, before)
		}
		if err == nil {
			break
		}
	}
	if failures < 4 {
		t.Errorf("New failed %d times only", failures)
	}
}

// TestTimerInCrowd: the timer goes off while the loop looks for many events, and is
// the last of a batch that has no room for the flag.
func TestTimerInCrowd(t *testing.T) {
	for i := range 20 {
		l, err := New()
		if err != nil {
			t.Fatal(err)
		}
		var fds []int
		for range netpoll.InitPollEventsCap - 1 { // which are writable, for nobody
			p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			fds = append(fds, p[0], p[1])
			if err := l.Watch(p[0], deaf{}); err != nil {
				t.Fatal(err)
			}
		}
		l.crowd = true
		l.CallAt(l.Time()+time.Duration(1+i)*time.Microsecond, l.Stop)
		saved := time.AfterFunc(10*time.Second, func() { _ = l.CallSoonThreadsafe(l.Stop) })
		if err := l.RunForever(); err != nil {
			t.Error(err)
		}
		if !saved.Stop() {
			t.Fatal("nothing has woken the loop")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}
}

// deaf is a Watcher that does nothing.
type deaf struct{}

func (deaf) Ready(read, write, hangup bool) {}
func (deaf) Close() error                   { return nil }
