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

// made runs a line of n planks on a virtual clock; before is called when that is
// about to begin.
func made(t *testing.T, n int, before func(*loop.Loop, *line, *loop.Task[struct{}])) (events []string, took time.Duration, err error) {
	t.Helper()
	var out bytes.Buffer
	l := &line{&out, loop.NewQueue[int](room), loop.NewQueue[int](room)}
	looptest.Run(t, func(y *loop.Yielder) error {
		task := loop.Spawn(y, func(y *loop.Yielder) error { return l.run(y, n) })
		before(loop.Running(y), l, task)
		_, err = task.Await(y)
		took = loop.Running(y).Time()
		return nil
	})
	_, table, _ := strings.Cut(out.String(), "painted\n")
	return strings.Split(strings.TrimSuffix(table, "\n"), "\n"), took, err
}

func nothing(*loop.Loop, *line, *loop.Task[struct{}]) {}

func TestEvents(t *testing.T) {
	events, _, err := made(t, 4, nothing)
	want := []string{
		"  0.1s  #              plank 1 is sawn",
		"  0.2s  #              plank 2 is sawn",
		"  0.3s  #     #        plank 1 is painted",
		"  0.3s  #     #        plank 3 is sawn",
		"  0.4s  ##             plank 4 is sawn",
		"  0.5s  ##    #        plank 2 is painted",
		"  0.7s  #     #        plank 1 is packed",
		"  0.7s  #     #        plank 3 is painted",
		"  0.9s        ##       plank 4 is painted",
		"  1.1s        ##       plank 2 is packed",
		"  1.5s        #        plank 3 is packed",
		"  1.9s                 plank 4 is packed",
	}
	if err != nil || strings.Join(events, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v\n%s", err, strings.Join(events, "\n"))
	}
}

// The slowest stage sets the pace, and the queues hold no more than they may.
func TestBackPressure(t *testing.T) {
	events, took, err := made(t, 20, nothing)
	if want := sawing + painting + 20*packing; took != want || err != nil {
		t.Errorf("20 planks took %v, want %v; %v", took, want, err)
	}
	for stage, waits := range map[string]bool{"sawn": true, "painted": true, "packed": false} {
		if strings.Contains(strings.Join(events, "\n"), stage+", and waits for room") != waits {
			t.Errorf("planks %s: not as expected\n%s", stage, strings.Join(events, "\n"))
		}
	}
	for _, e := range events {
		if strings.Contains(e, "###") {
			t.Errorf("a queue holds too much: %s", e)
		}
	}
}

// A stage that fails ends the others, and so does a cancellation.
func TestEnds(t *testing.T) {
	stop := func(l *loop.Loop, line *line, _ *loop.Task[struct{}]) {
		l.CallLater(time.Second, func() { line.sawn.Shutdown(true) }) // as no saw expects
	}
	if _, took, err := made(t, 20, stop); !errors.Is(err, loop.ErrQueueShutDown) || took > 2*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
	cancel := func(l *loop.Loop, _ *line, task *loop.Task[struct{}]) {
		l.CallLater(time.Second, func() { task.Cancel() })
	}
	if _, took, err := made(t, 20, cancel); !errors.Is(err, loop.ErrCancelled) || took != time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"-h": 0, "-n 0": 0, "-n -1": 2, "-n x": 2, "more": 2})
}
