package main

import (
	"bytes"
	"strings"
	"testing"
)

const oneByOne = `  0.0s  who is ann?
  0.2s  what has user 7 ordered?
  0.4s  where is order 42?
  0.6s  ann: order 42 of user 7 is at the door
  0.6s  who is bob?
  0.8s  what has user 8 ordered?
  1.0s  where is order 43?
  1.2s  bob: order 43 of user 8 is in the post
  1.2s  who is eve?
  1.4s  what has user 9 ordered?
  1.6s  eve: no order: what has user 9 ordered? nobody knows
`

const atATime = `  0.0s  who is ann?
  0.0s  who is bob?
  0.0s  who is eve?
  0.2s  what has user 7 ordered?
  0.2s  what has user 8 ordered?
  0.2s  what has user 9 ordered?
  0.4s  where is order 42?
  0.4s  where is order 43?
  0.4s  eve: no order: what has user 9 ordered? nobody knows
  0.6s  ann: order 42 of user 7 is at the door
  0.6s  bob: order 43 of user 8 is in the post
`

func TestRungs(t *testing.T) {
	for name, want := range map[string]struct{ events, asks string }{
		"blocking":   {oneByOne, "trackBlocking"},
		"callbacks":  {atATime, "a closure of trackCallbacks"},
		"futures":    {atATime, "(*tracking).ordered"},
		"generators": {atATime, "a closure of trackGenerator"},
		"tasks":      {atATime, "trackTask"},
	} {
		var stdout, stderr bytes.Buffer
		if exit := run([]string{"--virtual", name}, &stdout, &stderr); exit != 0 {
			t.Errorf("exit %d: %s", exit, &stderr)
		}
		if !strings.HasPrefix(stdout.String(), name+"\n"+want.events+"  order") {
			t.Errorf("%s\nwant\n%s", &stdout, want.events)
		}
		_, asks, _ := strings.Cut(strings.TrimSpace(stdout.String()), "last question: ")
		if asks != want.asks {
			t.Errorf("%s: %q asks, want %q", name, asks, want.asks)
		}
	}
}

func TestChoose(t *testing.T) {
	for args, want := range map[string]string{
		"":            "blocking callbacks futures generators tasks",
		"5 callbacks": "tasks callbacks",
		"0":           `there is no rung "0"`,
		"6":           `there is no rung "6"`,
		"rope":        `there is no rung "rope"`,
	} {
		chosen, err := choose(strings.Fields(args))
		var names []string
		for _, r := range chosen {
			names = append(names, r.name)
		}
		if err != nil {
			names = append(names, err.Error())
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%q: %q, want %q", args, names, want)
		}
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]int{"-h": 0, "-v tasks": 0, "rope": 2, "-x": 2} {
		var stdout, stderr bytes.Buffer
		if exit := run(strings.Fields(args), &stdout, &stderr); exit != want {
			t.Errorf("%s: exit %d, want %d", args, exit, want)
		}
		if (want == 0) == (stderr.Len() > 0) {
			t.Errorf("%s: %s\n%s", args, &stdout, &stderr)
		}
	}
}
