//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
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
