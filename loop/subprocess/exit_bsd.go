//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package subprocess

import "os/exec"

func exitOfSystem(cmd *exec.Cmd) (exit, error) { return exitByGoroutine(cmd) }
