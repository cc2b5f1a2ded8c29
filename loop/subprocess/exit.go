//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// An exit is how the loop hears of the end of a process.
type exit struct {
	fd      int          // readable once the process has ended
	reap    func() error // reaps it; at once, if it has ended
	begin   func()       // called when the loop watches fd
	abandon func()       // called if it cannot
}

// exitOf is a variable so that tests can try exitByGoroutine on Linux.
var exitOf = exitOfSystem

// exitByGoroutine is for systems without descriptors of processes. A goroutine waits for the
// process, and then closes a pipe.
func exitByGoroutine(cmd *exec.Cmd) (exit, error) {
	r, w, err := newPipe()
	if err != nil {
		return exit{}, err
	}
	done := make(chan error, 1)
	return exit{
		fd:   r,
		reap: func() error { return <-done },
		// kqueue refuses a pipe that is closed already, so this comes later.
		begin: func() {
			go func() {
				done <- cmd.Wait()
				_ = unix.Close(w)
			}()
		},
		abandon: func() { _, _ = unix.Close(r), unix.Close(w) },
	}, nil
}

// newPipe returns the ends of a pipe that no process inherits.
func newPipe() (r, w int, err error) {
	var ends [2]int
	syscall.ForkLock.RLock()
	if err = unix.Pipe(ends[:]); err == nil {
		unix.CloseOnExec(ends[0])
		unix.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	return ends[0], ends[1], os.NewSyscallError("pipe", err)
}

func readable(fd int) bool {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if err != unix.EINTR {
			return n > 0
		}
	}
}
