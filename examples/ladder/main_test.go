package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"coloop/examples/internal/cli/clitest"
)

const oneByOne = `0.0 who is ann?
0.2 what did user 7 order?
0.4 where is order 42?
0.6 ann: order 42 of user 7 is here
0.6 who is bob?
0.8 what did user 8 order?
1.0 where is order 43?
1.2 bob: order 43 of user 8 is at sea
1.2 who is eve?
1.4 what did user 9 order?
1.6 eve: what did user 9 order? no idea
`

const atATime = `0.0 who is ann?
0.0 who is bob?
0.0 who is eve?
0.2 what did user 7 order?
0.2 what did user 8 order?
0.2 what did user 9 order?
0.4 where is order 42?
0.4 where is order 43?
0.4 eve: what did user 9 order? no idea
0.6 ann: order 42 of user 7 is here
0.6 bob: order 43 of user 8 is at sea
`

func TestRungs(t *testing.T) {
	for name, want := range map[string]struct{ events, asks string }{
		"blocking":   {oneByOne, "trackBlocking"},
		"callbacks":  {atATime, "a closure of trackCallbacks"},
		"futures":    {atATime, "(*tracking).ordered"},
		"generators": {atATime, "a closure of trackGenerator"},
		"tasks":      {atATime, "trackTask"},
	} {
		chosen, err := choose([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		tr, err := chosen[0].climbVirtual(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for i, text := range tr.texts {
			fmt.Fprintf(&got, "%.1f %s\n", tr.times[i].Seconds(), text)
			if len(text)+4 > width {
				t.Errorf("%q is wider than its column", text)
			}
		}
		if got.String() != want.events {
			t.Errorf("%s\n%s\nwant\n%s", name, &got, want.events)
		}
		if asks := strings.Join(tr.asks, " < "); asks != want.asks {
			t.Errorf("%s: %q asks, want %q", name, asks, want.asks)
		}
	}
}

// Every order of events is printed once, beside the others.
func TestCompare(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if exit := run(nil, &stdout, &stderr); exit != 0 {
		t.Fatalf("exit %d: %s", exit, &stderr)
	}
	left, right := strings.Split(oneByOne, "\n"), strings.Split(atATime, "\n")
	var columns strings.Builder
	for i := range left[:len(left)-1] {
		fmt.Fprintf(&columns, "%-*s  %s\n", width, left[i], right[i])
	}
	for _, want := range []string{
		columns.String(),
		"\nfutures, generators, tasks: the same events in the same order as callbacks\n",
		"\n  blocking     1.6s: ",
		"\n  tasks        0.6s: ",
		"\n  callbacks    a closure of trackCallbacks\n",
	} {
		if strings.Count(stdout.String(), want) != 1 {
			t.Errorf("%s\ndoes not have once\n%s", &stdout, want)
		}
	}
	for line := range strings.Lines(stdout.String()) {
		if len(line) > 81 {
			t.Errorf("a line of more than 80 characters: %s", line)
		}
	}
}

func TestChoose(t *testing.T) {
	for args, want := range map[string]string{
		"":             "blocking callbacks futures generators tasks",
		"5 callbacks":  "tasks callbacks",
		"5 2 tasks 2":  "tasks callbacks",
		"0":            `there is no rung "0"`,
		"6":            `there is no rung "6"`,
		"tasks 1 rope": `there is no rung "rope"`,
	} {
		chosen, err := choose(strings.Fields(args))
		var names []string
		for _, r := range chosen {
			names = append(names, r.name)
		}
		got := strings.Join(names, " ")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"": 0, "-h": 0, "tasks": 0, "rope": 2, "-x": 2, "-v": 2})
}
