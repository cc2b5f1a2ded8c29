package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"coloop/examples/internal/cli/clitest"
	"coloop/loop"
	"coloop/loop/looptest"
)

// A play is a supervisor, run on a virtual clock.
type play struct {
	out     bytes.Buffer
	spinner spinner
	answer  int
	err     error
}

// perform has the supervisor run a work of one of the ways, and cancels it after a
// while.
func perform(t *testing.T, how string, d, while time.Duration) *play {
	t.Helper()
	p := &play{}
	p.spinner = spinner{w: &p.out, msg: "thinking!"}
	looptest.Run(t, func(y *loop.Yielder) error {
		task := loop.Go(y, func(y *loop.Yielder) (int, error) {
			return p.spinner.supervise(y, func(y *loop.Yielder) (int, error) {
				return ways[how](work{d, looptest.Clock(y).Advance}, y)
			})
		})
		loop.Running(y).CallLater(while, func() { task.Cancel() })
		p.answer, p.err = task.Await(y)
		return nil
	})
	return p
}

const wiped = "\r           \r"

func TestWays(t *testing.T) {
	turning := "\r| thinking!\r/ thinking!\r- thinking!\r\\ thinking!"
	for how, want := range map[string]string{
		"sleep":  turning + "\r| thinking!" + wiped,
		"slices": turning + wiped, // the spinner waits for the end of a slice each time
		"block":  "",
	} {
		p := perform(t, how, 450*time.Millisecond, time.Hour)
		if p.out.String() != want || p.answer != 42 || p.err != nil {
			t.Errorf("%s: %q, %v, %v", how, &p.out, p.answer, p.err)
		}
		if blocked := strings.Contains(p.spinner.verdict(), "blocked the loop"); blocked != (how == "block") {
			t.Errorf("%s: %s", how, p.spinner.verdict())
		}
	}
}

func TestCancelled(t *testing.T) {
	for _, how := range []string{"sleep", "slices"} {
		p := perform(t, how, time.Hour, 150*time.Millisecond)
		if want := "\r| thinking!\r/ thinking!" + wiped; p.out.String() != want || !errors.Is(p.err, loop.ErrCancelled) {
			t.Errorf("%s: %q, %v", how, &p.out, p.err)
		}
	}
}

// An output that is no terminal gets no animation.
func TestRun(t *testing.T) {
	for how := range ways {
		var stdout, stderr bytes.Buffer
		exit := run([]string{"--slow", how, "--time", "0s"}, &stdout, &stderr)
		want := "A function that takes 0s, by way of " + how + ", and a spinner:\nAnswer: 42. The spinner "
		if exit != 0 || !strings.HasPrefix(stdout.String(), want) || stderr.Len() > 0 {
			t.Errorf("%s: exit %d, %q, %q", how, exit, &stdout, &stderr)
		}
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"-t 0s": 0, "-h": 0, "-s nap": 2, "-t 3": 2, "-t -1s": 2, "more": 2})
}
