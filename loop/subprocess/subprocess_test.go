//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"
)

// endless is a command that does not end by itself.
const endless = "exec sleep 100000"

var all = Options{Stdin: Pipe, Stdout: Pipe, Stderr: Pipe}

// TestCommunicate: input, output and the end of a process come together, whatever their sizes.
func TestCommunicate(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for name, tc := range map[string]struct {
		command     string
		input       []byte
		out, errOut string
		code        int
		text        string
	}{
		"nothing":          {command: "exit 0"},
		"hello":            {command: "echo hello", out: "hello\n"},
		"both ways":        {command: "cat", input: big, out: string(big)},
		"both outputs":     {command: "cat >&2; echo done", input: big, out: "done\n", errOut: string(big)},
		"input unread":     {command: "echo no", input: big, out: "no\n"},
		"input closed":     {command: "exec <&-; echo no", input: big, out: "no\n"},
		"exit code":        {command: "echo out; echo err >&2; exit 3", out: "out\n", errOut: "err\n", code: 3, text: "exit status 3"},
		"killed":           {command: "kill -9 $$", code: -9, text: "signal: killed"},
		"killed by a pipe": {command: "kill -PIPE $$", code: -13, text: "signal: broken pipe"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, y *loop.Yielder) error {
				p, err := all.Shell(y, tc.command)
				if err != nil {
					return err
				}
				if code, ended := p.ReturnCode(); code != 0 || ended {
					t.Errorf("at first: %d, %t", code, ended)
				}
				out, err := p.Communicate(y, tc.input)
				if string(out.Stdout) != tc.out || string(out.Stderr) != tc.errOut {
					t.Errorf("%d bytes of output, %d of errors", len(out.Stdout), len(out.Stderr))
				}
				var exit *exec.ExitError
				if tc.code == 0 && err != nil || tc.code != 0 && (!errors.As(err, &exit) || err.Error() != tc.text) {
					t.Errorf("the error: %v", err)
				}
				if code, ended := p.ReturnCode(); code != tc.code || !ended {
					t.Errorf("ended with %d, %t", code, ended)
				}
				if again := p.Wait(y); again != err {
					t.Errorf("Wait after it: %v", again)
				}
				for _, c := range []net.Conn{p.Stdin, p.Stdout, p.Stderr} {
					wantErr(t, "Close of a pipe", c.Close(), net.ErrClosed)
				}
				return nil
			})
		})
	}
}

// TestStartFails: a program that cannot be started leaves nothing behind, and says why.
func TestStartFails(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		script := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(script, nil, 0o600); err != nil {
			return err
		}
		start := func(o Options, name string) error {
			p, err := o.Exec(y, name)
			if p != nil {
				t.Errorf("%s has started", name)
			}
			return err
		}
		err := start(all, "no-such-program")
		wantErr(t, "no such program", err, exec.ErrNotFound)
		if notFound := new(exec.Error); !errors.As(err, &notFound) || notFound.Name != "no-such-program" {
			t.Errorf("its type: %T", err)
		}
		wantErr(t, "no such file", start(all, "/no/such/file"), fs.ErrNotExist)
		wantErr(t, "not executable", start(all, script), fs.ErrPermission)
		nowhere := all
		nowhere.Dir = "/no/such/folder"
		wantErr(t, "no such folder", start(nowhere, "true"), fs.ErrNotExist)
		for text, o := range map[string]Options{
			"start true: subprocess.Stdout is for Stderr only":      {Stdout: Stdout},
			"start true: the file of a standard stream is nil":      {Stdin: File(nil)},
			"start true: the limit is negative: -1":                 {Limit: -1},
			"start true: not called from a running task":            {},
			"start true: the Input is for Run":                      {Input: []byte("x")},
			"run true: there is Input, and Stdin is something else": {Input: []byte("x"), Stdin: DevNull},
			"input, but its standard input is not a Pipe":           {Stdout: Pipe},
		} {
			var err error
			switch {
			case o.Input != nil && o.Stdin != (Stdio{}):
				_, err = o.Run(y, "true")
			case strings.HasPrefix(text, "input"):
				p, e := o.Exec(y, "true")
				if e != nil {
					return e
				}
				_, err = p.Communicate(y, []byte("x"))
				if e := errors.Join(p.Wait(y), p.Close()); e != nil {
					return e
				}
			case strings.Contains(text, "running task"):
				_, err = o.Exec(new(loop.Yielder), "true")
			default:
				err = start(o, "true")
			}
			if !strings.Contains(fmt.Sprint(err), text) {
				t.Errorf("%v, want %s", err, text)
			}
		}
		return nil
	})
}

// TestElsewhere: a loop without descriptors of the system has no processes.
func TestElsewhere(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		_, err := all.Exec(y, "true")
		wantErr(t, "on a virtual clock", err, loop.ErrNoNetwork)
		return nil
	})
	clock, err := looptest.NewStandingClock()
	if err != nil {
		t.Fatal(err)
	}
	looptest.Run(t, func(y *loop.Yielder) error {
		if _, err := all.Exec(y, "true"); err == nil || !strings.Contains(err.Error(), "simulated") {
			t.Errorf("in a simulation: %v", err)
		}
		return nil
	}, looptest.On(func() (*loop.Loop, error) { return loop.NewOn(simulation{clock}), nil }))
	childless(t)
}

type simulation struct{ loop.System }

func (simulation) Network() (any, error) { return 1, nil }

// refusing is a System that takes so many descriptors more.
type refusing struct {
	*looptest.StandingClock
	left int
}

func (s *refusing) Add(fd int) error {
	if s.left--; s.left < 0 {
		return syscall.ENOSPC
	}
	return s.StandingClock.Add(fd)
}

// TestStartUnwatched: if the loop cannot watch a descriptor of a new process, none of them is
// left, nor the process.
func TestStartUnwatched(t *testing.T) {
	for left := range 5 {
		t.Run(fmt.Sprint(left), func(t *testing.T) {
			clock, err := looptest.NewStandingClock()
			if err != nil {
				t.Fatal(err)
			}
			s := &refusing{clock, left}
			looptest.Run(t, func(y *loop.Yielder) error {
				p, err := all.Shell(y, endless)
				if left == 4 { // the pipes, and the end of the process
					return errors.Join(err, p.Close())
				}
				wantErr(t, "the start", err, syscall.ENOSPC)
				return nil
			}, looptest.On(func() (*loop.Loop, error) { return loop.NewOn(s), nil }))
			childless(t)
		})
	}
}

// TestStdio: each standard stream can be a file, a pipe, nothing, or this process's.
func TestStdio(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		name := filepath.Join(t.TempDir(), "out")
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		defer file.Close()
		mixed := Options{Stdin: DevNull, Stdout: Pipe, Stderr: Stdout, Env: []string{"WHO=me"}, Dir: t.TempDir()}
		p, err := mixed.Shell(y, "cat; echo $WHO; pwd; echo err >&2")
		if err != nil {
			return err
		}
		if p.Stdin != nil || p.Stderr != nil {
			t.Error("there are pipes that nobody has asked for")
		}
		out, err := p.Communicate(y, nil)
		if want := "me\n" + mixed.Dir + "\nerr\n"; string(out.Stdout) != want || err != nil {
			t.Errorf("got %q, %v, want %q", out.Stdout, err, want)
		}

		if p, err = (Options{Stdin: DevNull, Stdout: File(file), Stderr: Stdout}).Shell(y, "echo out; echo err >&2"); err != nil {
			return err
		}
		if err := p.Wait(y); err != nil {
			return err
		}
		if got, err := os.ReadFile(name); string(got) != "out\nerr\n" || err != nil {
			t.Errorf("the file: %q, %v", got, err)
		}
		if p, err = (Options{Stdout: DevNull, Stderr: Stdout}).Shell(y, "echo out; echo err >&2"); err != nil {
			return err
		}
		return p.Wait(y)
	})
}

// TestInherited: a process has the standard streams that it was given and no other descriptors.
func TestInherited(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("the system does not tell the descriptors")
	}
	const list = "cd /proc/$$/fd && echo *"
	want, err := exec.Command("sh", "-c", list).Output() // what this process was given itself
	if err != nil {
		t.Fatal(err)
	}
	play(t, func(t *testing.T, y *loop.Yielder) error {
		other, err := all.Shell(y, endless)
		if err != nil {
			return err
		}
		defer other.Close()
		out, err := Run(y, "sh", "-c", list)
		if string(out.Stdout) != string(want) || err != nil {
			t.Errorf("its descriptors: %q, %v, want %q", out.Stdout, err, want)
		}
		return nil
	})
}

// TestConversation: a process is written to and read from in turn, and its end breaks the pipe.
func TestConversation(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		p, err := all.Shell(y, `while read line; do echo "<$line>"; test "$line" = end && exit 7; done`)
		if err != nil {
			return err
		}
		defer p.Close()
		replies := bufio.NewReader(p.Stdout)
		for _, line := range []string{"one", "two", "end"} {
			if _, err := fmt.Fprintln(p.Stdin, line); err != nil {
				return err
			}
			if got, err := replies.ReadString('\n'); got != "<"+line+">\n" || err != nil {
				t.Errorf("it says %q, %v", got, err)
			}
		}
		if _, err := replies.ReadByte(); err != io.EOF {
			t.Errorf("at its end: %v", err)
		}
		if err := p.Wait(y); err == nil || err.Error() != "exit status 7" {
			t.Errorf("Wait: %v", err)
		}
		_, err = fmt.Fprintln(p.Stdin, "more")
		wantErr(t, "Write after its end", err, syscall.EPIPE)
		if want := "write pipe stdin of sh: write: broken pipe"; fmt.Sprint(err) != want {
			t.Errorf("its text is %q, want %q", err, want)
		}
		return nil
	})
}

// TestSignals: signals reach the process, and afterwards are an error.
func TestSignals(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		for _, group := range []bool{false, true} {
			for sig, send := range map[syscall.Signal]func(p *Process) error{
				syscall.SIGKILL: (*Process).Kill,
				syscall.SIGTERM: (*Process).Terminate,
				syscall.SIGHUP:  func(p *Process) error { return p.SendSignal(syscall.SIGHUP) },
			} {
				p, err := Options{Stdin: DevNull, Group: group}.Shell(y, endless)
				if err != nil {
					return err
				}
				if err := send(p); err != nil {
					return err
				}
				var exit *exec.ExitError
				if err := p.Wait(y); !errors.As(err, &exit) {
					t.Errorf("Wait: %v", err)
				}
				if code, ended := p.ReturnCode(); code != -int(sig) || !ended {
					t.Errorf("signal %v: %d, %t", sig, code, ended)
				}
				err = send(p)
				wantErr(t, "a signal afterwards", err, os.ErrProcessDone)
				want := fmt.Sprintf("send signal %d (%v) to process %d (sh): ", sig, sig, p.Pid())
				if !strings.HasPrefix(fmt.Sprint(err), want) {
					t.Errorf("its text is %q, want %q", err, want)
				}
				wantErr(t, "Close afterwards", p.Close(), nil)
			}
		}
		return nil
	})
}

// TestLimit: a program that says too much is an error; Communicate leaves it, Run kills it.
func TestLimit(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		o := Options{Stdin: DevNull, Stdout: Pipe, Limit: 6}
		if out, err := o.Run(y, "echo", "hello"); string(out.Stdout) != "hello\n" || err != nil {
			t.Errorf("just as much: %q, %v", out.Stdout, err)
		}
		out, err := o.Run(y, "yes")
		if string(out.Stdout) != "y\ny\ny\n" || !errors.Is(err, ErrOutputLimit) {
			t.Errorf("Run: %q, %v", out.Stdout, err)
		}
		if want := "run yes: stdout of yes: output is longer than the limit of 6 bytes"; fmt.Sprint(err) != want {
			t.Errorf("its text is %q, want %q", err, want)
		}
		p, err := o.Exec(y, "yes")
		if err != nil {
			return err
		}
		_, err = p.Communicate(y, nil)
		wantErr(t, "Communicate", err, ErrOutputLimit)
		if _, ended := p.ReturnCode(); ended {
			t.Error("Communicate has ended it")
		}
		if err := p.Close(); err != nil {
			return err
		}
		return until(y, func() bool { return p.reaped })
	})
}

// TestPipeline: the output of one process is the input of another.
func TestPipeline(t *testing.T) {
	play(t, func(t *testing.T, y *loop.Yielder) error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		first, err := Options{Stdin: DevNull, Stdout: File(w)}.Shell(y, "echo b; echo a")
		if err != nil {
			return err
		}
		second, err := Options{Stdin: File(r), Stdout: Pipe}.Exec(y, "sort")
		if err := errors.Join(err, r.Close(), w.Close()); err != nil {
			return err
		}
		out, err := second.Communicate(y, nil)
		if string(out.Stdout) != "a\nb\n" || err != nil {
			t.Errorf("got %q, %v", out.Stdout, err)
		}
		return first.Wait(y)
	})
}
