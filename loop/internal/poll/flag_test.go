//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package poll_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"coloop/loop/internal/poll"
)

// TestT10LateRaise: a flag that is raised late ends one Wait and not every one after it.
func TestT10LateRaise(t *testing.T) {
	p := open(t)
	defer p.Close()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	defer unix.Close(ends[1])
	if err := p.Add(ends[0]); err != nil {
		t.Fatal(err)
	}
	wait := func() (events int) {
		err := p.Wait(poll.Forever, func(int, bool, bool, bool) bool { events++; return true })
		if err != nil {
			t.Fatal(err)
		}
		return events
	}
	send := func() {
		if _, err := unix.Write(ends[1], []byte{1}); err != nil {
			t.Fatal(err)
		}
	}

	write := p.BeginRaise()
	if wait() != 1 { // the socket is writable
		t.Error("the first Wait has no event")
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	if wait() != 0 {
		t.Error("the Wait that the flag ends has an event")
	}
	send()
	if wait() != 1 {
		t.Error("the flag has ended a second Wait")
	}
	if up, err := p.FlagUp(); up || err != nil {
		t.Errorf("the flag is up: %t, %v", up, err)
	}
	p.Wake()
	if wait() != 0 {
		t.Error("the Wait that Wake ends has an event")
	}
}
