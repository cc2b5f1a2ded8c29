//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"coloop/loop"
)

var python = flag.Bool("python", false, "play the cases of TestAsAsyncio with python3, too")

// cases plays testdata/cases.py.
type cases struct {
	y   *loop.Yielder
	out strings.Builder
}

func (c *cases) say(words ...any) { fmt.Fprintln(&c.out, words...) }

func (c *cases) shell(o Options, command string) *Process {
	p, err := o.Shell(c.y, command)
	if err != nil {
		panic(err)
	}
	return p
}

// code is p.returncode.
func code(p *Process) string {
	if n, ended := p.ReturnCode(); ended {
		return fmt.Sprint(n)
	}
	return "None"
}

// wait is await p.wait().
func (c *cases) wait(p *Process) string {
	_ = p.Wait(c.y) // the code says it
	return code(p)
}

// none prints what is nil as Python does.
func none(absent bool) string {
	if absent {
		return "None"
	}
	return "there"
}

func (c *cases) play() {
	y, x := c.y, bytes.Repeat([]byte("x"), 300000)
	c.say("codes:")
	for _, command := range []string{"exit 0", "exit 3", "exit 255", "kill -9 $$", "kill -TERM $$", "no-such-command 2>/dev/null"} {
		p := c.shell(Options{}, command)
		before := code(p)
		c.say(command, before, c.wait(p), code(p))
	}

	c.say("communicate:")
	p := c.shell(all, "cat; echo done >&2")
	out, _ := p.Communicate(y, x)
	c.say(len(out.Stdout), strings.TrimSpace(string(out.Stderr)), code(p))

	c.say("nothing:")
	p = c.shell(Options{Stdin: Pipe, Stdout: Pipe}, "cat")
	out, _ = p.Communicate(y, nil)
	c.say(len(out.Stdout), none(out.Stderr == nil), code(p))

	c.say("unread:")
	p = c.shell(Options{Stdin: Pipe, Stdout: Pipe}, "echo no; exit 4")
	out, _ = p.Communicate(y, x)
	c.say(strings.TrimSpace(string(out.Stdout)), code(p))

	c.say("merged:")
	p = c.shell(Options{Stdin: DevNull, Stdout: Pipe, Stderr: Stdout}, "echo out; echo err >&2")
	out, _ = p.Communicate(y, nil)
	lines := strings.Fields(string(out.Stdout))
	c.say("['"+strings.Join(lines, "', '")+"']", none(out.Stderr == nil), none(p.Stderr == nil))

	c.say("broken:")
	p = c.shell(Options{Stdin: Pipe}, "exit 0")
	c.wait(p)
	if _, err := p.Stdin.Write(x[:1]); errors.Is(err, syscall.EPIPE) {
		c.say("broken")
	}
	_ = p.Close()

	c.say("cancelled:")
	p = c.shell(Options{}, endless)
	for _, wait := range []func(y *loop.Yielder) error{
		func(y *loop.Yielder) error { return p.Wait(y) },
		func(y *loop.Yielder) error { _, err := p.Communicate(y, nil); return err },
	} {
		task := loop.Spawn(y, wait)
		_ = loop.Sleep(y, 0)
		task.Cancel()
		if _, err := task.Await(y); loop.IsCancelled(err) {
			c.say("cancelled", code(p))
		}
	}
	if err := errors.Join(p.Kill(), p.Kill()); err != nil {
		c.say(err)
	}
	c.say(c.wait(p))

	c.say("signals:")
	p = c.shell(Options{}, endless)
	if err := p.SendSignal(syscall.SIGHUP); err != nil {
		c.say(err)
	}
	c.say(c.wait(p))
	for _, send := range []func() error{p.Kill, p.Terminate} {
		if err := send(); errors.Is(err, os.ErrProcessDone) {
			c.say("gone")
		}
	}

	c.say("missing:")
	if _, err := Exec(y, "no-such-program"); errors.Is(err, exec.ErrNotFound) {
		c.say("not found")
	}
	if _, err := Exec(y, "/etc/passwd"); errors.Is(err, fs.ErrPermission) {
		c.say("not permitted")
	}

	c.say("unwaited:")
	p = c.shell(Options{}, "exit 5")
	_ = until(y, func() bool { return p.reaped })
	c.say(code(p))

	c.say("together:")
	p = c.shell(Options{Stdin: Pipe}, "read line; exit 6")
	var waits []func(y *loop.Yielder) (string, error)
	for range 3 {
		waits = append(waits, func(y *loop.Yielder) (string, error) { _ = p.Wait(y); return code(p), nil })
	}
	all := loop.Gather(y, waits...)
	_ = loop.Sleep(y, 0)
	_ = p.Stdin.Close()
	codes, _ := all.Await(y)
	c.say("[" + strings.Join(codes, ", ") + "]")
}

// TestAsAsyncio: processes end, and are an error, as they do and are in asyncio.
func TestAsAsyncio(t *testing.T) {
	want, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	play(t, func(t *testing.T, y *loop.Yielder) error {
		c := cases{y: y}
		c.play()
		if got := c.out.String(); got != string(want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if *python {
			out, err := Run(y, "python3", "testdata/cases.py")
			if string(out.Stdout) != string(want) || err != nil {
				t.Errorf("python3 says %v\n%s\nrecorded is\n%s", err, out.Stdout, want)
			}
		}
		return nil
	})
}
