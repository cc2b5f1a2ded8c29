//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"coloop/loop"
	"coloop/loop/netio"

	"golang.org/x/sys/unix"
)

// A Process is a program that was started (asyncio.subprocess.Process). It belongs to the
// goroutine of its loop.
type Process struct {
	// The ends of the pipes to the standard streams; nil where [Pipe] was not asked for. They
	// stay open when the process has ended, until Communicate, [Process.Close], or their own
	// Close. A Write that the process does not read any more fails with EPIPE.
	Stdin, Stdout, Stderr *netio.Conn

	loop    *loop.Loop
	cmd     *exec.Cmd
	name    string
	pid     int
	group   bool
	limit   int
	waiters loop.ParkingLot

	exit   exit
	held   bool // Run reaps it
	ended  bool
	reaped bool
	code   int
	err    error
}

// Pid returns the number of the process.
func (p *Process) Pid() int { return p.pid }

// String says which process it is, and what has become of it.
func (p *Process) String() string { return fmt.Sprintf("process %d (%s)", p.pid, p.name) }

// ReturnCode returns what the program has ended with: the number it gave to exit, or -N if
// signal N has ended it. ended is false, and code 0, while it runs (Process.returncode). If other code in this
// process has reaped it, nobody knows, and code is 255, as in asyncio.
func (p *Process) ReturnCode() (code int, ended bool) { return p.code, p.reaped }

// Wait parks the task until the process has ended. The error is nil if it has ended with 0, else
// an [exec.ExitError] (Process.wait). Wait does not wait for the end of the output, which other
// processes may have inherited. A process whose pipes are full waits for them to be read, and
// does not end: use Communicate.
//
// If the task is cancelled, Wait returns its CancelledError, and the process goes on.
func (p *Process) Wait(y *loop.Yielder) error {
	if err := p.wait(y); err != nil {
		return err
	}
	return p.err
}

// wait waits until the process has ended.
func (p *Process) wait(y *loop.Yielder) error {
	for !p.ended {
		if _, err := p.waiters.Park(y, nil); err != nil {
			return err
		}
	}
	return nil
}

// Kill ends the process with SIGKILL.
func (p *Process) Kill() error { return p.SendSignal(syscall.SIGKILL) }

// Terminate asks the process to end, with SIGTERM.
func (p *Process) Terminate() error { return p.SendSignal(syscall.SIGTERM) }

// SendSignal sends a signal to the process, or with [Options].Group to its group. If it has
// ended, the error is [os.ErrProcessDone].
func (p *Process) SendSignal(sig syscall.Signal) error {
	if err := p.signal(sig); err != nil {
		return fmt.Errorf("send signal %d (%v) to %v: %w", sig, sig, p, err)
	}
	return nil
}

func (p *Process) signal(sig syscall.Signal) error {
	if !p.group {
		return p.cmd.Process.Signal(sig)
	}
	// The number of the group is good as long as the process is not reaped.
	if err := p.cmd.Process.Signal(syscall.Signal(0)); err != nil {
		return err
	}
	err := syscall.Kill(-p.pid, sig)
	if err == syscall.ESRCH {
		err = os.ErrProcessDone
	}
	return err
}

// Close closes the pipes, and kills the process if it still runs; it does not wait for that
// (BaseSubprocessTransport.close). It is for a defer after the start.
func (p *Process) Close() error {
	p.closePipes()
	if p.ended {
		return nil
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func (p *Process) closePipes() {
	for _, c := range []*netio.Conn{p.Stdin, p.Stdout, p.Stderr} {
		if c != nil {
			_ = c.Close() // it may be closed already
		}
	}
}

// watch has the loop reap the process when it ends.
func (p *Process) watch() (err error) {
	if p.exit, err = exitOf(p.cmd); err == nil {
		if err = p.loop.Watch(p.exit.fd, (*watcher)(p)); err == nil {
			p.exit.begin()
			return nil
		}
		p.exit.abandon()
	}
	_ = p.signal(syscall.SIGKILL)
	go p.cmd.Wait()
	return err
}

// watcher is the Process as the loop sees it.
type watcher Process

// Ready is called by the loop. The event may be that of an older descriptor of the number.
func (w *watcher) Ready(_, _, _ bool) {
	p := (*Process)(w)
	if p.ended || !readable(p.exit.fd) {
		return
	}
	p.ended = true
	p.loop.Unwatch(p.exit.fd)
	_ = unix.Close(p.exit.fd)
	if !p.held {
		p.bury()
	}
	for ok := true; ok; {
		_, ok = p.waiters.Unpark()
	}
}

// Close is called when the loop is closed: nobody will hear of the end of the process.
func (w *watcher) Close() error {
	p := (*Process)(w)
	_ = unix.Close(p.exit.fd)
	_ = p.signal(syscall.SIGKILL)
	go p.exit.reap()
	return nil
}

// bury reaps the process, which has ended.
func (p *Process) bury() {
	p.err, p.reaped = p.exit.reap(), true
	state := p.cmd.ProcessState
	if state == nil { // somebody else has reaped it
		p.code, p.err = 255, fmt.Errorf("wait for %v: %w", p, p.err)
		_ = p.cmd.Process.Release()
		return
	}
	status := state.Sys().(syscall.WaitStatus)
	if p.code = status.ExitStatus(); status.Signaled() {
		p.code = -int(status.Signal())
	}
}
