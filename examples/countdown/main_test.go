package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var stdout, stderr bytes.Buffer
	exit := run([]string{"--virtual"}, &stdout, &stderr)
	want := `  0.3s                  C = 2
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
done in the order C A D B
`
	if exit != 0 || stdout.String() != want || stderr.Len() > 0 {
		t.Errorf("exit %d\n%s\n%s", exit, &stdout, &stderr)
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]int{"-h": 0, "-n 0": 0, "-n -1": 2, "-n x": 2, "more": 2} {
		var stdout, stderr bytes.Buffer
		if exit := run(strings.Fields(args), &stdout, &stderr); exit != want {
			t.Errorf("%s: exit %d, want %d", args, exit, want)
		}
		if (want == 0) == (stderr.Len() > 0) {
			t.Errorf("%s: %s\n%s", args, &stdout, &stderr)
		}
	}
}
