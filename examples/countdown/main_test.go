package main

import (
	"bytes"
	"testing"

	"coloop/examples/internal/cli/clitest"
)

func TestRun(t *testing.T) {
	var stdout, stderr bytes.Buffer
	exit := run([]string{"--virtual"}, &stdout, &stderr)
	want := `Tasks that count down from 3 at a time, and how long each takes for one count:

        A 700ms B 2s    C 300ms D 1.1s
  0.3s                  C = 2
  0.6s                  C = 1
  0.7s  A = 2
  0.9s                  C = 0
  1.1s                          D = 2
  1.4s  A = 1
  2.0s          B = 2
  2.1s  A = 0
  2.2s                          D = 1
  3.3s                          D = 0
  4.0s          B = 1
  6.0s          B = 0

Started in the order A B C D, done in the order C A D B.
`
	if exit != 0 || stdout.String() != want || stderr.Len() > 0 {
		t.Errorf("exit %d\n%s\n%s", exit, &stdout, &stderr)
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"-v": 0, "-h": 0, "-n 0": 0, "-n -1": 2, "-n x": 2, "more": 2})
}
