package subprocess

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// exitDescriptor returns a descriptor that is readable once the process has ended, and a
// function that reaps it: at once, if it has ended.
func exitDescriptor(cmd *exec.Cmd) (fd int, reap func() error, err error) {
	fd = -1
	e := cmd.Process.WithHandle(func(pidfd uintptr) { fd, err = unix.FcntlInt(pidfd, unix.F_DUPFD_CLOEXEC, 0) })
	switch {
	case errors.Is(e, os.ErrNoHandle): // the kernel is older than 5.4, or may not be asked
		return exitByGoroutine(cmd)
	case e != nil:
		return -1, nil, e
	case err != nil:
		return -1, nil, os.NewSyscallError("dup", err)
	}
	return fd, cmd.Wait, nil
}
