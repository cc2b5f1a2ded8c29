//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"

	"coloop/loop"
	"coloop/loop/netio"

	"golang.org/x/sys/unix"
)

// Options say how a program is started. The zero value starts it as asyncio does: with the
// directory, environment and standard streams of this process.
type Options struct {
	Dir string   // the working directory; "" is this process's
	Env []string // as "key=value"; nil is this process's environment

	Stdin, Stdout, Stderr Stdio

	// ExtraFiles become descriptors 3 and up (pass_fds).
	ExtraFiles []*os.File

	// Group puts the process in a process group of its own (process_group=0), and signals go
	// to the whole group: to processes that it has started, too. [Options.Run] leaves nothing
	// of the group behind. A group that is not the terminal's foreground group is stopped if
	// it reads from the terminal.
	Group bool

	// SysProcAttr has what else the system offers; see package syscall.
	SysProcAttr *syscall.SysProcAttr

	// Input, for Run only, is what the program reads from its standard input, which is a pipe
	// then.
	Input []byte

	// Limit is how many bytes of each output stream Communicate and Run take: if there are
	// more, the error is [ErrOutputLimit]. 0 means no limit.
	Limit int
}

// ErrOutputLimit is the error of a program that writes more than [Options].Limit.
var ErrOutputLimit = errors.New("output is longer than the limit")

// A Stdio says what a standard stream of a process is. The zero value is that of this process.
type Stdio struct {
	kind kind
	file *os.File
}

type kind int

const (
	inherited kind = iota
	pipe
	devNull
	asStdout
	file
)

// A standard stream can be one of these.
var (
	// Pipe is a pipe, whose other end is a field of [Process] (subprocess.PIPE).
	Pipe = Stdio{kind: pipe}
	// DevNull is empty to read, and takes everything (subprocess.DEVNULL).
	DevNull = Stdio{kind: devNull}
	// Stdout, for Stderr only, is what the standard output is (subprocess.STDOUT).
	Stdout = Stdio{kind: asStdout}
)

// File is a file, or a pipe of [os.Pipe] between two processes. It stays the caller's, who may
// close it once the process is started.
func File(f *os.File) Stdio { return Stdio{file, f} }

// Exec starts a program, which is looked for as by [exec.Command], with the zero [Options]
// (asyncio.create_subprocess_exec).
func Exec(y *loop.Yielder, name string, args ...string) (*Process, error) {
	return Options{}.Exec(y, name, args...)
}

// Shell has /bin/sh run command, with the zero [Options] (asyncio.create_subprocess_shell).
// Words of others' that are put into command are run by the shell, too: prefer Exec.
func Shell(y *loop.Yielder, command string) (*Process, error) {
	return Options{}.Shell(y, command)
}

// Exec starts a program (asyncio.create_subprocess_exec). If there is no such program, the error
// is an [exec.Error], and if it cannot be started, one of package os. On a loop without
// descriptors, that of a virtual clock for example, it is [loop.ErrNoNetwork].
//
// The start itself takes about a millisecond, in which the loop stands, as in asyncio.
func (o Options) Exec(y *loop.Yielder, name string, args ...string) (*Process, error) {
	return o.start(y, name, exec.Command(name, args...))
}

// Shell has /bin/sh run command (asyncio.create_subprocess_shell); see the function Shell.
func (o Options) Shell(y *loop.Yielder, command string) (*Process, error) {
	return o.start(y, "sh", exec.Command("/bin/sh", "-c", command))
}

func (o Options) start(y *loop.Yielder, name string, cmd *exec.Cmd) (_ *Process, err error) {
	p := &Process{loop: loop.Running(y), cmd: cmd, name: name, group: o.Group, limit: o.Limit}
	p.waiters.Kind, p.waiters.Owner = "Process.Wait", p
	if err := o.check(y, p.loop); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	cmd.Dir, cmd.Env, cmd.ExtraFiles = o.Dir, o.Env, o.ExtraFiles
	if o.SysProcAttr != nil {
		attr := *o.SysProcAttr
		cmd.SysProcAttr = &attr
	}
	if o.Group {
		if cmd.SysProcAttr == nil {
			cmd.SysProcAttr = new(syscall.SysProcAttr)
		}
		cmd.SysProcAttr.Setpgid = true
	}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close()
		}
		if err != nil {
			p.closePipes()
		}
	}()
	var files [3]*os.File
	for i, s := range []struct {
		stdio Stdio
		name  string
		own   *os.File
		ours  **netio.Conn
	}{
		{o.Stdin, "stdin", os.Stdin, &p.Stdin},
		{o.Stdout, "stdout", os.Stdout, &p.Stdout},
		{o.Stderr, "stderr", os.Stderr, &p.Stderr},
	} {
		switch s.stdio.kind {
		case inherited:
			files[i] = s.own
		case file:
			files[i] = s.stdio.file
		case asStdout:
			files[i] = files[1]
		case pipe:
			if *s.ours, files[i], err = makePipe(y, s.name+" of "+name, i == 0); err != nil {
				return nil, fmt.Errorf("start %s: %w", name, err)
			}
			theirs = append(theirs, files[i])
		}
	}
	// A nil *os.File must not become an interface that is not nil, which exec would not take
	// for the null device.
	if files[0] != nil {
		cmd.Stdin = files[0]
	}
	if files[1] != nil {
		cmd.Stdout = files[1]
	}
	if files[2] != nil {
		cmd.Stderr = files[2]
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.pid = cmd.Process.Pid
	if err := p.watch(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// check returns an error if the options make no sense, or there can be no processes here.
func (o Options) check(y *loop.Yielder, l *loop.Loop) error {
	switch {
	case l == nil:
		return loop.ErrNoTask
	case !y.Here():
		return loop.ErrWrongGoroutine
	case l.Closed():
		return loop.ErrClosed
	case o.Stdin.kind == asStdout || o.Stdout.kind == asStdout:
		return errors.New("subprocess.Stdout is for Stderr only")
	case slices.ContainsFunc([]Stdio{o.Stdin, o.Stdout, o.Stderr}, func(s Stdio) bool { return s.kind == file && s.file == nil }):
		return errors.New("the file of a standard stream is nil")
	case o.Input != nil:
		return errors.New("the Input is for Run; write to Stdin of the Process, or use Communicate")
	case o.Limit < 0:
		return fmt.Errorf("the limit is negative: %d", o.Limit)
	}
	calls, err := l.System().Network()
	if err == nil && calls != nil {
		err = errors.New("the loop's network is simulated, and its system has no processes")
	}
	return err
}

// makePipe makes a pipe of which one end is ours, and the other is for a process.
func makePipe(y *loop.Yielder, name string, weWrite bool) (ours *netio.Conn, theirs *os.File, err error) {
	own, other, err := newPipe()
	if err != nil {
		return nil, nil, err
	}
	if weWrite {
		own, other = other, own
	}
	if err = unix.SetNonblock(own, true); err == nil {
		ours, err = netio.AdoptFd(y, own, name)
	}
	if err != nil {
		_, _ = unix.Close(own), unix.Close(other)
		return nil, nil, err
	}
	return ours, os.NewFile(uintptr(other), name), nil
}
