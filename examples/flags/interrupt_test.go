//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

const exitSIGINT = 130

// surviveInterrupts keeps SIGINT from ending the test.
func surviveInterrupts(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	t.Cleanup(func() { signal.Stop(c) })
}

func interrupt(t *testing.T) {
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Error(err)
	}
}

// Ctrl-C, when five flags have been asked for and the others keep waiting: what
// the tally says is saved is in the folder, and nothing else is.
func TestInterrupt(t *testing.T) {
	surviveInterrupts(t)
	forEachGeneration(t, func(t *testing.T, g string) {
		for _, atATime := range []string{"1", "3", "20"} {
			requests := 0
			url := serveWith(t, func() (time.Duration, int) {
				requests++
				switch {
				case requests <= 5:
					return 0, 200
				case requests == 6:
					interrupt(t)
				}
				return time.Hour, 200
			})
			out := runIn(t, t.TempDir(), "-g", g, "-u", url, "-m", atATime)
			n := len(out.files)
			out.check(t, exitSIGINT, fmt.Sprintf("\n%3d flag", n), "flags: interrupted\n", n)
			out.check(t, exitSIGINT, fmt.Sprintf("\n%3d left\n", 20-n), "flags: interrupted\n", n)
			for _, name := range out.files {
				if strings.HasPrefix(name, ".") {
					t.Errorf("%s is left", name)
				}
			}
		}
	})
}

func TestInterruptSpeedup(t *testing.T) {
	surviveInterrupts(t)
	url := serveWith(t, func() (time.Duration, int) {
		interrupt(t)
		return time.Hour, 200
	})
	o := options{speedup: 4, concurReq: 4, timeout: time.Hour}
	var stdout, stderr bytes.Buffer
	exit := exitOK
	onMain(func() { exit = finish(measure(o, url, &stdout), &stderr) })
	if exit != exitSIGINT {
		t.Errorf("exit status %d, want %d", exit, exitSIGINT)
	}
	if stderr.String() != "flags: interrupted\n" {
		t.Errorf("standard error is %q", &stderr)
	}
}

func TestServe(t *testing.T) {
	surviveInterrupts(t)
	r, w := io.Pipe()
	exit := make(chan int)
	go func() { exit <- run([]string{"--serve", "127.0.0.1:0"}, w, io.Discard) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.Fields(line)[2]
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url + "/cn/cn.gif")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s", resp.Status)
	}
	interrupt(t)
	if got := <-exit; got != exitOK {
		t.Errorf("exit status %d", got)
	}
}
