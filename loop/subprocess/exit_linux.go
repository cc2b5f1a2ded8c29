package subprocess

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// exitOfSystem watches the pidfd of a process, which is readable once that has ended.
func exitOfSystem(cmd *exec.Cmd) (x exit, err error) {
	e := cmd.Process.WithHandle(func(pidfd uintptr) { x.fd, err = unix.FcntlInt(pidfd, unix.F_DUPFD_CLOEXEC, 0) })
	switch {
	case errors.Is(e, os.ErrNoHandle): // the kernel is older than 5.4, or may not be asked
		return exitByGoroutine(cmd)
	case e != nil:
		return x, e
	case err != nil:
		return x, os.NewSyscallError("dup", err)
	}
	x.reap, x.begin = cmd.Wait, func() {}
	x.abandon = func() { _ = unix.Close(x.fd) }
	return x, nil
}
