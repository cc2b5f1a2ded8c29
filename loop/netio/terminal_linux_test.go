package netio

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"coloop/loop"

	"golang.org/x/sys/unix"
)

// terminal returns the two sides of a new terminal: what is written to user is typed, and term
// is what a shell and its jobs have.
func terminal(t *testing.T) (user, term int) {
	t.Helper()
	user, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(user, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(user, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		term, err = unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return user, term
}

// TestTerminal: a terminal is read line by line while the open file that others share stays
// blocking, and a line that comes with another is not forgotten.
func TestTerminal(t *testing.T) {
	user, term := terminal(t)
	defer unix.Close(user)
	stdin := os.NewFile(uintptr(term), "stdin")
	defer stdin.Close()
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		c, err := FileConn(y, stdin)
		if err != nil {
			return err
		}
		if c.LocalAddr().Network() != "terminal" {
			t.Errorf("it is a %v", c.LocalAddr().Network())
		}
		typed := func(s string) error { _, err := unix.Write(user, []byte(s)); return err }
		read := func(want string) {
			b := make([]byte, 100)
			if n, err := c.Read(b); string(b[:n]) != want || err != nil {
				t.Errorf("read %q, %v, want %q", b[:n], err, want)
			}
			if nonblock(t, term) {
				t.Error("the shell's terminal is non-blocking")
			}
		}
		if err := typed("one\ntwo\nthree\n"); err != nil {
			return err
		}
		read("one\n")
		read("two\n")
		read("three\n")
		late := loop.Spawn(y, func(y *loop.Yielder) error {
			if err := until(y, func() bool { return c.d.rd.busy }); err != nil {
				return err
			}
			return typed("four\n\x04five\n") // Ctrl-D
		})
		read("four\n")
		if n, err := c.Read(make([]byte, 9)); n != 0 || err != io.EOF {
			t.Errorf("at Ctrl-D: %d, %v", n, err)
		}
		read("five\n")
		if _, err := late.Await(y); err != nil {
			return err
		}
		if _, err := c.Write([]byte("prompt ")); err != nil {
			return err
		}
		return c.Close()
	})
}

// TestTerminalMaster: the side of the user is adopted as it is; to open it anew would make
// another terminal.
func TestTerminalMaster(t *testing.T) {
	user, term := terminal(t)
	defer unix.Close(term)
	master := os.NewFile(uintptr(user), "master")
	defer master.Close()
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		c, err := FileConn(y, master)
		if err != nil {
			return err
		}
		if _, err := unix.Write(term, []byte("hello")); err != nil {
			return err
		}
		b := make([]byte, 9)
		if n, err := c.Read(b); string(b[:n]) != "hello" || err != nil {
			t.Errorf("read %q, %v", b[:n], err)
		}
		return c.Close()
	})
	if nonblock(t, user) {
		t.Error("it is left non-blocking")
	}
}

// TestAdoptPipe: a pipe is opened anew, so that the file stays blocking and can be made so.
func TestAdoptPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		c, err := FileConn(y, r)
		if err != nil {
			return err
		}
		if nonblock(t, int(r.Fd())) { // Fd makes r blocking
			t.Error("r is non-blocking")
		}
		if !nonblock(t, c.d.fd) {
			t.Error("the connection blocks")
		}
		if _, err := w.Write([]byte("hello")); err != nil {
			return err
		}
		b := make([]byte, 9)
		if n, err := c.Read(b); string(b[:n]) != "hello" || err != nil {
			t.Errorf("read %q, %v", b[:n], err)
		}
		if err := w.Close(); err != nil {
			return err
		}
		_, err = c.Read(b)
		wantErr(t, "at the end", err, io.EOF)
		return c.Close()
	})
}

// TestAdoptPackets: a pipe that keeps writes apart gives one with each read.
func TestAdoptPackets(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_DIRECT); err != nil {
			return err
		}
		defer unix.Close(ends[1])
		c, err := AdoptFd(y, ends[0], "packets")
		if err != nil {
			return err
		}
		for _, s := range []string{"one", "two"} {
			if _, err := unix.Write(ends[1], []byte(s)); err != nil {
				return err
			}
		}
		for _, want := range []string{"one", "two"} {
			b := make([]byte, 9)
			if n, err := c.Read(b); string(b[:n]) != want || err != nil {
				t.Errorf("read %q, %v", b[:n], err)
			}
		}
		return errors.Join(c.Close())
	})
}
