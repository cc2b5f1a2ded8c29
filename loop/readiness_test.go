//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// TestReaderStaysReady: on a loop that has nothing else to do, a descriptor that stays ready
// is reported again and again.
func TestReaderStaysReady(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		l, ends := loop.Running(y), sockets(t)
		defer closeBoth(ends)
		const sent = "several bytes"
		if _, err := unix.Write(ends[1], []byte(sent)); err != nil {
			return err
		}
		got, done := "", loop.NewFuture[struct{}](y)
		if err := l.AddReader(ends[0], func() {
			b := make([]byte, 1)
			if _, err := unix.Read(ends[0], b); err != nil {
				t.Error(err)
			}
			if got += string(b); got == sent {
				l.RemoveReader(ends[0])
				_ = done.SetResult(struct{}{})
			}
		}); err != nil {
			return err
		}
		_, err := done.Await(y)
		return err
	}, looptest.OnNetwork())
}

// TestReadersRefused: what cannot be watched is an error that says why.
func TestReadersRefused(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		l := loop.Running(y)
		file, err := os.Create(filepath.Join(t.TempDir(), "file"))
		if err != nil {
			return err
		}
		defer file.Close()
		ends := sockets(t)
		defer closeBoth(ends)
		if err := l.Watch(ends[0], connection{}); err != nil {
			return err
		}
		defer l.Unwatch(ends[0])
		adds := map[string]func(fd int) error{
			"add a reader for": func(fd int) error { return l.AddReader(fd, func() {}) },
			"add a writer for": func(fd int) error { return l.AddWriter(fd, func() {}) },
			"wait for":         func(fd int) error { return loop.WaitReadable(y, fd) },
		}
		for doing, add := range adds {
			for _, tc := range []struct {
				what string
				fd   int
				is   error
				text string
			}{
				{"negative", -1, syscall.EBADF, ""},
				{"not open", 1 << 20, syscall.EBADF, ""},
				{"a connection's", ends[0], nil, "it is in use by tcp 1.2.3.4:5"},
				{"a file", int(file.Fd()), syscall.EPERM, "regular file"},
			} {
				if tc.what == "a file" && runtime.GOOS != "linux" {
					continue
				}
				err := add(tc.fd)
				if !strings.HasPrefix(fmt.Sprint(err), fmt.Sprintf("%s descriptor %d: ", doing, tc.fd)) ||
					!strings.Contains(fmt.Sprint(err), tc.text) || tc.is != nil && !errors.Is(err, tc.is) {
					t.Errorf("%s %s: %v", doing, tc.what, err)
				}
			}
		}
		for _, remove := range []func(int) bool{l.RemoveReader, l.RemoveWriter} {
			for _, fd := range []int{-1, 1 << 20, ends[0]} {
				if remove(fd) {
					t.Errorf("removed that of %d", fd)
				}
			}
		}
		if err := l.AddReader(ends[1], nil); err == nil {
			t.Error("AddReader of nil")
		}
		if err := l.AddReader(ends[1], func() {}); err != nil {
			return err
		}
		defer l.RemoveReader(ends[1])
		if err := l.Watch(ends[1], connection{}); err == nil || !strings.Contains(err.Error(), "in use by functions") {
			t.Errorf("Watch: %v", err)
		}
		return nil
	}, looptest.OnNetwork())

	l, _ := loop.NewVirtual()
	if err := l.AddReader(0, func() {}); !errors.Is(err, loop.ErrNoNetwork) {
		t.Errorf("on a virtual clock: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// connection is a Watcher of another package.
type connection struct{}

func (connection) Ready(_, _, _ bool) {}
func (connection) Close() error       { return nil }
func (connection) String() string     { return "tcp 1.2.3.4:5" }

// refusing is a System that refuses descriptors once err is set.
type refusing struct {
	*looptest.StandingClock
	err error
}

func (s *refusing) Add(fd int) error {
	if s.err != nil {
		return s.err
	}
	return s.StandingClock.Add(fd)
}

// TestReaderOfClosed: a descriptor that was closed under its reader is reported, once.
func TestReaderOfClosed(t *testing.T) {
	clock, err := looptest.NewStandingClock()
	if err != nil {
		t.Fatal(err)
	}
	s := &refusing{StandingClock: clock}
	l, calls := loop.NewOn(s), 0
	var reports []string
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
		reports = append(reports, fmt.Sprintf("%s: %v", c.Message, c.Exception))
	})
	looptest.Run(t, func(y *loop.Yielder) error {
		ends := sockets(t)
		defer closeBoth(ends)
		if err := l.AddReader(ends[0], func() {
			calls++
			s.err = unix.EBADF
		}); err != nil {
			return err
		}
		if _, err := unix.Write(ends[1], []byte("x")); err != nil {
			return err
		}
		for len(reports) == 0 {
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
		}
		if l.RemoveReader(ends[0]) {
			t.Error("there is still a reader")
		}
		return nil
	}, looptest.On(func() (*loop.Loop, error) { return l, nil }))
	if len(reports) != 1 || calls != 1 ||
		!strings.Contains(reports[0], "closed before its reader or writer was removed?: bad file descriptor") {
		t.Errorf("%d calls, reports: %q", calls, reports)
	}
}

// TestWaitReadable: tasks wait for descriptors, all that wait for the same go on, and a
// cancelled one leaves the others.
func TestWaitReadable(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		l := loop.Running(y)
		ends := sockets(t)
		defer closeBoth(ends)
		for _, fd := range ends {
			if err := unix.SetNonblock(fd, true); err != nil {
				return err
			}
		}
		if err := loop.WaitWritable(y, ends[0]); err != nil {
			return err
		}
		wait := func(y *loop.Yielder) error { return loop.WaitReadable(y, ends[0]) }
		var tasks []*loop.Task[struct{}]
		for range 3 {
			tasks = append(tasks, loop.Spawn(y, wait))
		}
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		if s := tasks[0].String(); !strings.Contains(s, fmt.Sprintf("wait_for=<WaitReadable of descriptor %d>", ends[0])) {
			t.Error(s)
		}
		tasks[1].Cancel()
		if _, err := tasks[1].Await(y); !loop.IsCancelled(err) {
			t.Errorf("the cancelled one: %v", err)
		}
		if tasks[0].Done() || tasks[2].Done() {
			t.Error("the others have ended too")
		}
		if _, err := unix.Write(ends[1], []byte("x")); err != nil {
			return err
		}
		for _, i := range []int{0, 2} {
			if _, err := tasks[i].Await(y); err != nil {
				return err
			}
		}
		// It is still readable, which has been reported already.
		if err := loop.WaitReadable(y, ends[0]); err != nil {
			return err
		}
		// Nothing watches it any more.
		if err := l.Watch(ends[0], connection{}); err != nil {
			return err
		}
		l.Unwatch(ends[0])
		return nil
	}, looptest.OnNetwork())
}

func sockets(t *testing.T) [2]int {
	t.Helper()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func closeBoth(fds [2]int) { _, _ = unix.Close(fds[0]), unix.Close(fds[1]) }
