package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"coloop/loop"
)

// supervise runs the supervisor on a virtual clock.
func supervise(t *testing.T, d time.Duration, before func(*loop.Loop, *loop.Task[int])) (out string, answer int, err error) {
	t.Helper()
	l, _ := loop.NewVirtual()
	defer l.Close()
	var w bytes.Buffer
	task := loop.Go(l, func(y *loop.Yielder) (int, error) {
		return supervisor(y, &w, true, sleep, d)
	})
	before(l, task)
	answer, err = loop.RunUntilComplete(l, task)
	if left := l.AllTasks(); len(left) > 0 {
		t.Errorf("%d tasks are left", len(left))
	}
	return w.String(), answer, err
}

const wiped = "\r           \r"

func TestSpinner(t *testing.T) {
	out, answer, err := supervise(t, 450*time.Millisecond, func(*loop.Loop, *loop.Task[int]) {})
	want := "\r| thinking!\r/ thinking!\r- thinking!\r\\ thinking!\r| thinking!" + wiped
	if out != want || answer != 42 || err != nil {
		t.Errorf("%q, %v, %v", out, answer, err)
	}
}

func TestCancelled(t *testing.T) {
	out, _, err := supervise(t, time.Hour, func(l *loop.Loop, task *loop.Task[int]) {
		l.CallLater(150*time.Millisecond, func() { task.Cancel() })
	})
	if want := "\r| thinking!\r/ thinking!" + wiped; out != want || !errors.Is(err, loop.ErrCancelled) {
		t.Errorf("%q, %v", out, err)
	}
}

// What is no terminal gets the answer alone.
func TestRun(t *testing.T) {
	for how := range slowFunctions {
		var stdout, stderr bytes.Buffer
		exit := run([]string{"--slow", how, "--time", "0s"}, &stdout, &stderr)
		if exit != 0 || stdout.String() != "Answer: 42\n" || stderr.Len() > 0 {
			t.Errorf("%s: exit %d, %q, %q", how, exit, &stdout, &stderr)
		}
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]int{"-h": 0, "-s nap": 2, "-t 3": 2, "-t -1s": 2, "more": 2} {
		var stdout, stderr bytes.Buffer
		if exit := run(strings.Fields(args), &stdout, &stderr); exit != want {
			t.Errorf("%s: exit %d, want %d", args, exit, want)
		}
		if (want == 0) == (stderr.Len() > 0) {
			t.Errorf("%s: %s\n%s", args, &stdout, &stderr)
		}
	}
}
