package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"coloop/examples/internal/cli/clitest"
	"coloop/loop"
)

// A stage has a supervisor on a virtual clock.
type stage struct {
	loop    *loop.Loop
	out     bytes.Buffer
	spinner spinner
	task    *loop.Task[int]
}

// play has the supervisor run a work of one of the ways.
func play(t *testing.T, how string, d time.Duration) *stage {
	l, clock := loop.NewVirtual()
	t.Cleanup(func() { l.Close() })
	s := &stage{loop: l}
	s.spinner = spinner{w: &s.out, msg: "thinking!"}
	s.task = loop.Go(l, func(y *loop.Yielder) (int, error) {
		return s.spinner.supervise(y, func(y *loop.Yielder) (int, error) {
			return ways[how](work{d, clock.Advance}, y)
		})
	})
	return s
}

func (s *stage) end(t *testing.T) (int, error) {
	answer, err := loop.RunUntilComplete(s.loop, s.task)
	if left := s.loop.AllTasks(); len(left) > 0 {
		t.Errorf("%d tasks are left", len(left))
	}
	return answer, err
}

const wiped = "\r           \r"

func TestWays(t *testing.T) {
	turning := "\r| thinking!\r/ thinking!\r- thinking!\r\\ thinking!"
	for how, want := range map[string]string{
		"sleep":  turning + "\r| thinking!" + wiped,
		"slices": turning + wiped, // the spinner waits for the end of a slice each time
		"block":  "",
	} {
		s := play(t, how, 450*time.Millisecond)
		answer, err := s.end(t)
		if s.out.String() != want || answer != 42 || err != nil {
			t.Errorf("%s: %q, %v, %v", how, &s.out, answer, err)
		}
		if blocked := strings.Contains(s.spinner.verdict(), "blocked the loop"); blocked != (how == "block") {
			t.Errorf("%s: %s", how, s.spinner.verdict())
		}
	}
}

func TestCancelled(t *testing.T) {
	for _, how := range []string{"sleep", "slices"} {
		s := play(t, how, time.Hour)
		s.loop.CallLater(150*time.Millisecond, func() { s.task.Cancel() })
		_, err := s.end(t)
		if want := "\r| thinking!\r/ thinking!" + wiped; s.out.String() != want || !errors.Is(err, loop.ErrCancelled) {
			t.Errorf("%s: %q, %v", how, &s.out, err)
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
