//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package subprocess

import "os/exec"

// exitDescriptor returns a descriptor that is readable once the process has ended, and a
// function that reaps it: at once, if it has ended.
func exitDescriptor(cmd *exec.Cmd) (fd int, reap func() error, err error) {
	return exitByGoroutine(cmd)
}
