package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"coloop/examples/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	go func() { os.Exit(m.Run()) }()
	for f := range onMain {
		f()
	}
}

// onMain takes functions to be called on the main goroutine, the only one on which
// loop.Main takes Ctrl-C.
var onMain = make(chan func())

// A server says how to talk to it, and Ctrl-C ends it cleanly.
func TestInterrupt(t *testing.T) {
	for protocol, hint := range map[string]string{
		"tcp":  "  go run ./examples/charfinder ask --address 127.0.0.1:",
		"http": "  curl 'http://127.0.0.1:",
	} {
		out, stdout := io.Pipe()
		exit := make(chan int, 1)
		onMain <- func() {
			defer stdout.Close()
			exit <- run([]string{protocol, "--address", "127.0.0.1:0"}, stdout, os.Stderr)
		}
		in := bufio.NewScanner(out)
		var lines []string
		for in.Scan() {
			lines = append(lines, in.Text())
			if len(lines) == 1 {
				if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
					t.Error(err)
				}
			}
		}
		last := len(lines) - 1
		if last < 2 || !strings.HasPrefix(lines[0], "Serving at ") || !strings.HasPrefix(lines[1], hint) || lines[last] != "Server shut down." {
			t.Errorf("%s: %q", protocol, lines)
		}
		if got := <-exit; got != 0 {
			t.Errorf("%s: exit %d", protocol, got)
		}
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{
		"-h": 0, "": 2, "ftp": 2, "tcp http": 2, "ask": 2, "-x": 2,
		"http -a nowhere": 1, "tcp -a 192.0.2.1:80": 1, "ask -a 127.0.0.1:1 a": 1,
	})
	clitest.Full(t, run, "tcp -a 127.0.0.1:0")
	clitest.Full(t, run, "http -a 127.0.0.1:0")
}

func TestErrors(t *testing.T) {
	for args, want := range map[string]string{
		"":                    "charfinder: what shall it do: tcp, http or ask? (see charfinder --help)\n",
		"ftp":                 "charfinder: there is no protocol \"ftp\", only tcp and http (see charfinder --help)\n",
		"ask":                 "charfinder: ask for which WORD? (see charfinder --help)\n",
		"tcp http":            "charfinder: unexpected argument \"http\" (see charfinder --help)\n",
		"http -a nowhere":     "charfinder: looking up where to listen: address nowhere: missing port in address\n",
		"tcp -a 192.0.2.1:80": "charfinder: listen tcp 192.0.2.1:80: bind: ",
	} {
		var stdout, stderr bytes.Buffer
		if run(strings.Fields(args), &stdout, &stderr); !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("%s: %s", args, &stderr)
		}
	}
}
