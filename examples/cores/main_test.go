package main

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"coloop/examples/internal/cli/clitest"
)

// TestMain is also the clients that measure starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "--load" {
		main()
	}
	os.Exit(m.Run())
}

// TestMeasure has servers with one loop and with three answer all requests.
func TestMeasure(t *testing.T) {
	var stdout, stderr bytes.Buffer
	exit := run([]string{"--measure", "--loops", "3", "--requests", "500", "--work", "1"}, &stdout, &stderr)
	want := regexp.MustCompile(`^1 loop on \d+ cores: \d+ requests/s\n3 loops on \d+ cores: \d+ requests/s\n$`)
	if exit != 0 || !want.Match(stdout.Bytes()) || stderr.Len() > 0 {
		t.Errorf("exit %d\n%s\n%s", exit, &stdout, &stderr)
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"-h": 0, "-n 0": 2, "-n x": 2, "-w -1": 2, "-r 0": 2, "more": 2,
		"--load 127.0.0.1:1": 1, "-l nowhere": 1})
}
