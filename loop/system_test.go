//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

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
		if err := l.RunForever(); err != nil { // does not return if the timer is lost
			t.Error(err)
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
