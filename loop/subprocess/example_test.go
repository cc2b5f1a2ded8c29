//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"coloop/loop"
	"coloop/loop/subprocess"
)

// A program is run to its end.
func ExampleRun() {
	err := loop.Main(func(y *loop.Yielder) error {
		out, err := subprocess.Run(y, "echo", "hello")
		fmt.Print(string(out.Stdout))
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// A time-out kills the program, and all that it has started.
func ExampleOptions_Run() {
	err := loop.Main(func(y *loop.Yielder) error {
		slow := subprocess.Options{Stdin: subprocess.DevNull, Group: true}
		_, err := loop.WithTimeout(y, 10*time.Millisecond, func(y *loop.Yielder) (subprocess.Output, error) {
			return slow.Run(y, "sh", "-c", "sleep 1000 & wait")
		})
		fmt.Println(errors.Is(err, context.DeadlineExceeded))
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// Input and options.
func ExampleOptions() {
	err := loop.Main(func(y *loop.Yielder) error {
		sort := subprocess.Options{
			Env:    []string{"LC_ALL=C"},
			Input:  []byte("pear\napple\n"),
			Stdout: subprocess.Pipe,
		}
		out, err := sort.Run(y, "sort")
		fmt.Print(string(out.Stdout))
		return err
	})
	fmt.Println(err)
	// Output:
	// apple
	// pear
	// <nil>
}

// A program is talked to while it runs.
func ExampleOptions_Exec() {
	err := loop.Main(func(y *loop.Yielder) error {
		p, err := subprocess.Options{Stdin: subprocess.Pipe, Stdout: subprocess.Pipe}.Exec(y, "cat")
		if err != nil {
			return err
		}
		defer p.Close()
		lines := bufio.NewReader(p.Stdout)
		for _, word := range []string{"ping", "pong"} {
			fmt.Fprintln(p.Stdin, word)
			line, err := lines.ReadString('\n')
			if err != nil {
				return err
			}
			fmt.Print(line)
		}
		p.Stdin.Close()
		return p.Wait(y)
	})
	fmt.Println(err)
	// Output:
	// ping
	// pong
	// <nil>
}

// A program that is not there, and one that fails.
func ExampleExec() {
	err := loop.Main(func(y *loop.Yielder) error {
		_, err := subprocess.Exec(y, "no-such-program")
		fmt.Println(errors.Is(err, exec.ErrNotFound))
		p, err := subprocess.Exec(y, "false")
		if err != nil {
			return err
		}
		return p.Wait(y)
	})
	var failed *exec.ExitError
	fmt.Println(errors.As(err, &failed), err)
	// Output:
	// true
	// true exit status 1
}

// The standard streams are inherited.
func ExampleShell() {
	err := loop.Main(func(y *loop.Yielder) error {
		p, err := subprocess.Shell(y, "test -d / && exit 3")
		if err != nil {
			return err
		}
		_ = p.Wait(y) // an error, as the code is not 0
		fmt.Println(p.ReturnCode())
		return nil
	})
	fmt.Println(err)
	// Output:
	// 3 true
	// <nil>
}

func ExampleOptions_Shell() {
	err := loop.Main(func(y *loop.Yielder) error {
		p, err := subprocess.Options{Stdout: subprocess.Pipe, Stderr: subprocess.Stdout}.Shell(y, "echo out; echo err >&2")
		if err != nil {
			return err
		}
		out, err := p.Communicate(y, nil)
		fmt.Printf("%q\n", out.Stdout)
		return err
	})
	fmt.Println(err)
	// Output:
	// "out\nerr\n"
	// <nil>
}

// However long the input and the output are, neither the program nor the task waits for the
// other one for ever.
func ExampleProcess_Communicate() {
	err := loop.Main(func(y *loop.Yielder) error {
		p, err := subprocess.Options{Stdin: subprocess.Pipe, Stdout: subprocess.Pipe}.Exec(y, "tr", "a", "b")
		if err != nil {
			return err
		}
		defer p.Close() // kills it, if Communicate is cancelled
		out, err := p.Communicate(y, []byte(strings.Repeat("a", 1_000_000)))
		fmt.Println(strings.Count(string(out.Stdout), "b"))
		return err
	})
	fmt.Println(err)
	// Output:
	// 1000000
	// <nil>
}

// A signal ends a process with its number, negative.
func ExampleProcess_SendSignal() {
	err := loop.Main(func(y *loop.Yielder) error {
		p, err := subprocess.Exec(y, "sleep", "1000")
		if err != nil {
			return err
		}
		if err := p.SendSignal(syscall.SIGHUP); err != nil { // or Terminate, or Kill
			return err
		}
		fmt.Println(p.Wait(y))
		fmt.Println(p.ReturnCode())
		fmt.Println(errors.Is(p.Kill(), os.ErrProcessDone))
		return nil
	})
	fmt.Println(err)
	// Output:
	// signal: hangup
	// -1 true
	// true
	// <nil>
}

func ExampleProcess() {
	err := loop.Main(func(y *loop.Yielder) error {
		p, err := subprocess.Exec(y, "sleep", "1000")
		if err != nil {
			return err
		}
		fmt.Println(p.String() == fmt.Sprintf("process %d (sleep)", p.Pid()))
		fmt.Println(p.ReturnCode())
		if err := p.Terminate(); err != nil {
			return err
		}
		return p.Wait(y)
	})
	fmt.Println(err)
	// Output:
	// true
	// 0 false
	// signal: terminated
}

// Two processes with a pipe between them.
func ExampleFile() {
	err := loop.Main(func(y *loop.Yielder) error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		defer w.Close()
		seq, err := subprocess.Options{Stdout: subprocess.File(w)}.Exec(y, "echo", "b\na")
		if err != nil {
			return err
		}
		sort, err := subprocess.Options{Stdin: subprocess.File(r), Stdout: subprocess.Pipe}.Exec(y, "sort", "-r")
		if err != nil {
			return err
		}
		w.Close() // else sort would wait for more
		out, err := sort.Communicate(y, nil)
		fmt.Print(string(out.Stdout))
		return errors.Join(err, seq.Wait(y))
	})
	fmt.Println(err)
	// Output:
	// b
	// a
	// <nil>
}

// A program that never stops to talk.
func ExampleErrOutputLimit() {
	err := loop.Main(func(y *loop.Yielder) error {
		out, err := subprocess.Options{Stdout: subprocess.Pipe, Limit: 4}.Run(y, "yes")
		fmt.Printf("%q %v\n", out.Stdout, errors.Is(err, subprocess.ErrOutputLimit))
		return err
	})
	fmt.Println(err)
	// Output:
	// "y\ny\n" true
	// run yes: stdout of yes: output is longer than the limit of 4 bytes
}
