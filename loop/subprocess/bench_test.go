//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"os/exec"
	"testing"

	"coloop/loop"
)

// BenchmarkRun runs a program that does nothing.
func BenchmarkRun(b *testing.B) {
	err := loop.Main(func(y *loop.Yielder) error {
		for b.Loop() {
			if _, err := Run(y, "true"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkExec is BenchmarkRun by package os/exec, on a goroutine.
func BenchmarkExec(b *testing.B) {
	for b.Loop() {
		if _, err := exec.Command("true").Output(); err != nil {
			b.Fatal(err)
		}
	}
}
