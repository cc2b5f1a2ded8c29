//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// exact is a System that reports, in each turn and at once, all that is ready, as asyncio's
// selectors do. The one of the operating system may do so a turn later.
type exact struct {
	*looptest.StandingClock
	fds  []int
	seen map[int]int16 // what was reported
}

func (s *exact) Patience() int { return 0 }

func (s *exact) Add(fd int) error {
	s.fds = append(s.fds, fd)
	return nil
}

func (s *exact) Remove(fd int) {
	s.fds = slices.DeleteFunc(s.fds, func(n int) bool { return n == fd })
	delete(s.seen, fd)
}

func (s *exact) Wait(until time.Duration, report func(fd int, read, write, hangup bool) bool) error {
	if until > 0 {
		return errors.New("nothing is ready")
	}
	var polled []unix.PollFd
	for _, fd := range s.fds {
		polled = append(polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN | unix.POLLOUT})
	}
	if _, err := unix.Poll(polled, 0); err != nil {
		return err
	}
	for _, p := range polled {
		fresh := p.Revents &^ s.seen[int(p.Fd)]
		s.seen[int(p.Fd)] = p.Revents
		if fresh != 0 {
			broken := fresh&(unix.POLLHUP|unix.POLLERR) != 0
			report(int(p.Fd), broken || fresh&unix.POLLIN != 0, broken || fresh&unix.POLLOUT != 0, broken)
		}
	}
	return nil
}

// readers plays a scenario of testdata/readers.py.
type readers struct {
	t     *testing.T
	l     *loop.Loop
	turn  int
	lines []string
	fds   []int
}

func (p *readers) say(words ...any) {
	p.lines = append(p.lines, strings.TrimSuffix(fmt.Sprintln(append([]any{p.turn}, words...)...), "\n"))
}

func (p *readers) ends(fds [2]int, err error) (int, int) {
	for _, fd := range fds {
		err = errors.Join(err, unix.SetNonblock(fd, true))
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.fds = append(p.fds, fds[:]...)
	return fds[0], fds[1]
}

func (p *readers) write(fd int, data string) {
	if _, err := unix.Write(fd, []byte(data)); err != nil {
		p.t.Error(err)
	}
}

// pipe returns the two ends of a pipe with data in it.
func (p *readers) pipe(data string) (r, w int) {
	var fds [2]int
	err := unix.Pipe(fds[:])
	r, w = p.ends(fds, err)
	p.write(w, data)
	return r, w
}

// pair returns two sockets; the first has data to read.
func (p *readers) pair(data string) (a, b int) {
	a, b = p.ends(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0))
	p.write(b, data)
	return a, b
}

func (p *readers) close(fd int) {
	p.fds = slices.DeleteFunc(p.fds, func(n int) bool { return n == fd })
	if err := unix.Close(fd); err != nil {
		p.t.Error(err)
	}
}

func (p *readers) take(name string, fd int) {
	b := make([]byte, 1)
	switch n, err := unix.Read(fd, b); {
	case err != nil:
		p.say(name, err)
	case n == 0:
		p.say(name, "EOF")
	default:
		p.say(name, string(b))
	}
}

func (p *readers) reader(fd int, fn func()) {
	if err := p.l.AddReader(fd, fn); err != nil {
		p.t.Error(err)
	}
}

func (p *readers) writer(fd int, fn func()) {
	if err := p.l.AddWriter(fd, fn); err != nil {
		p.t.Error(err)
	}
}

// run runs the loop until that turn.
func (p *readers) run(turns int) {
	var tick func()
	tick = func() { // the first callback of each turn
		if p.turn++; p.turn == turns {
			p.l.Stop()
		} else {
			p.l.CallSoon(tick)
		}
	}
	p.l.CallSoon(tick)
	if err := p.l.RunForever(); err != nil {
		p.t.Error(err)
	}
}

// bools prints as Python's.
func bools(bs ...bool) string {
	s := fmt.Sprintln(bs)
	return strings.NewReplacer("true", "True", "false", "False", "[", "", "]", "", "\n", "").Replace(s)
}

var readerScenarios = map[string]func(p *readers){
	"level": func(p *readers) {
		r, w := p.pipe("abc")
		p.reader(r, func() {
			p.take("read", r)
			p.l.CallSoon(func() { p.say("soon") })
		})
		p.run(7)
		p.write(w, "d")
		p.say("write")
		p.run(9)
	},
	"end": func(p *readers) {
		r, w := p.pipe("")
		p.close(w)
		p.reader(r, func() { p.take("read", r) })
		p.run(4)
	},
	"broken": func(p *readers) {
		r, w := p.pipe("")
		p.close(r)
		p.writer(w, func() {
			if _, err := unix.Write(w, []byte("x")); err == unix.EPIPE {
				p.say("broken")
			}
		})
		p.run(3)
	},
	"replace": func(p *readers) {
		r, _ := p.pipe("ab")
		p.reader(r, func() { p.say("first") })
		p.reader(r, func() { p.take("second", r) })
		p.run(5)
	},
	"remove": func(p *readers) {
		r, _ := p.pipe("abc")
		read := func() {
			p.take("read", r)
			p.say(bools(p.l.RemoveReader(r), p.l.RemoveReader(r), p.l.RemoveWriter(r)))
		}
		p.reader(r, read)
		p.run(4)
		p.reader(r, read)
		p.run(8)
	},
	"other": func(p *readers) {
		a, _ := p.pipe("a")
		b, _ := p.pipe("b")
		for _, ab := range [][2]int{{a, b}, {b, a}} {
			p.reader(ab[0], func() { p.say("read", bools(p.l.RemoveReader(ab[1]))) })
		}
		p.run(4)
	},
	"renew": func(p *readers) {
		a, _ := p.pair("a")
		p.reader(a, func() {
			p.say("read")
			p.writer(a, func() { p.say("new") })
			p.l.RemoveReader(a)
		})
		p.writer(a, func() { p.say("old") })
		p.run(4)
	},
	"both": func(p *readers) {
		a, b := p.pair("ab")
		p.writer(a, func() { p.say("write") })
		p.reader(a, func() { p.take("read", a) })
		p.run(5)
		p.say(bools(p.l.RemoveWriter(a)))
		p.run(7)
		p.write(b, "c")
		p.run(10)
	},
	"late": func(p *readers) {
		a, _ := p.pair("a")
		p.reader(a, func() { p.take("read", a) })
		p.run(4)
		p.writer(a, func() { p.say("write") })
		p.run(6)
	},
	"fails": func(p *readers) {
		r, _ := p.pipe("a")
		p.reader(r, func() { panic("boom") })
		p.run(4)
	},
	"closed": func(p *readers) {
		r, _ := p.pipe("a")
		p.reader(r, func() {})
		if err := p.l.Close(); err != nil {
			p.t.Error(err)
		}
		p.say(bools(p.l.RemoveReader(r)))
		if err := p.l.AddReader(r, func() {}); err == loop.ErrClosed {
			p.say("refused")
		}
	},
}

// TestReadersAsAsyncio: functions are called in the turns, and in the order, in which
// asyncio calls them.
func TestReadersAsAsyncio(t *testing.T) {
	recorded, err := os.ReadFile("testdata/readers.txt")
	if err != nil {
		t.Fatal(err)
	}
	var name string
	want := make(map[string][]string)
	for line := range strings.Lines(string(recorded)) {
		line = strings.TrimSpace(line)
		if n, ok := strings.CutSuffix(line, ":"); ok {
			name = n
			continue
		}
		want[name] = append(want[name], line)
	}
	if len(want) != len(readerScenarios) {
		t.Errorf("%d scenarios are recorded, %d played", len(want), len(readerScenarios))
	}
	for name, scenario := range readerScenarios {
		t.Run(name, func(t *testing.T) {
			clock, err := looptest.NewStandingClock()
			if err != nil {
				t.Fatal(err)
			}
			p := &readers{t: t, l: loop.NewOn(&exact{StandingClock: clock, seen: make(map[int]int16)})}
			defer func() {
				if err := p.l.Close(); err != nil {
					t.Error(err)
				}
				for _, fd := range p.fds {
					_ = unix.Close(fd)
				}
			}()
			p.l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
				_, what, _ := strings.Cut(c.Exception.Error(), "panic: ")
				what, _, _ = strings.Cut(what, " (")
				p.say("handler", what)
			})
			scenario(p)
			if got, want := strings.Join(p.lines, "\n"), strings.Join(want[name], "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

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
