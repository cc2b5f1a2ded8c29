//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// teller is a Watcher that has a function called when there is something to read.
type teller struct{ fn func() }

func (w teller) Ready(read, _, _ bool) {
	if read {
		w.fn()
	}
}
func (teller) Close() error { return nil }

// TestT4WatchAgain: a descriptor that stays open can be watched again, and is not
// heard meanwhile, whether or not something comes meanwhile.
func TestT4WatchAgain(t *testing.T) {
	for name, meanwhile := range map[string]bool{"silent": false, "with an event": true} {
		t.Run(name, func(t *testing.T) {
			l, err := New()
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ab, cd := socketPair(t), socketPair(t)
			send := func(fd int) {
				if _, err := unix.Write(fd, []byte{1}); err != nil {
					t.Fatal(err)
				}
			}
			run := func() {
				if err := l.RunForever(); err != nil {
					t.Fatal(err)
				}
			}
			var heard []string
			watch := func(fd int, name string) {
				w := teller{func() { heard = append(heard, name); l.CallSoon(l.Stop) }}
				if err := l.Watch(fd, w); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				watch(ab[0], "ab")
				send(ab[1])
				run()
				l.Unwatch(ab[0])
				if meanwhile {
					send(ab[1])
					watch(cd[0], "cd")
					send(cd[1])
					run()
					l.Unwatch(cd[0])
				}
			}
			want := "[ab ab ab]"
			if meanwhile {
				want = "[ab cd ab cd ab cd]"
			}
			if got := fmt.Sprint(heard); got != want {
				t.Errorf("heard %s, want %s", got, want)
			}
		})
	}
}

// TestTDUnwatch: numbers that are not watched change nothing.
func TestTDUnwatch(t *testing.T) {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, fd := range []int{-1, -1 << 63, 0, 63, 64, 1<<63 - 1} {
			l.Unwatch(fd)
		}
		if err := l.Close(); err != nil { // and then once more
			t.Error(err)
		}
	}
}

func socketPair(t *testing.T) [2]int {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = unix.Close(p[0]), unix.Close(p[1]) })
	return p
}
