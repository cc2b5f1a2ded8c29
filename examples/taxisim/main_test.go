package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"coloop/coroutine"
	"coloop/examples/internal/cli/clitest"
)

func TestTaxi(t *testing.T) {
	cab := taxi(13, 2, 0)
	e, err := cab.Next()
	for i, want := range []Event{
		{0, 13, LeaveGarage}, {7, 13, PickUp}, {30, 13, DropOff}, {35, 13, PickUp}, {83, 13, DropOff}, {84, 13, GoHome},
	} {
		if err != nil || e != want {
			t.Errorf("event %d: %v, %v, want %v", i, e, err, want)
		}
		after := []int{7, 23, 5, 48, 1, 10}[i]
		e, err = cab.Send(e.Time + after)
	}
	if err == nil || cab.State() != coroutine.Closed {
		t.Errorf("%v, %v, %v", e, err, cab.State())
	}
}

// The draws are those of Python's random.seed(10), so the events are those of the
// book's program.
func TestAsInPython(t *testing.T) {
	draws := []float64{0.8472, 0.5602, 0.863, 0.2308, 1.6784, 1.7349, 1.0598, 0.1746,
		0.7354, 0.3972, 0.2877, 3.0537, 5.6714, 0.0456, 1.9673, 0.9243}
	s := newSimulator(2, func() float64 {
		d := draws[0]
		draws = draws[1:]
		return d
	})
	var out bytes.Buffer
	if err := s.Run(&out, 180); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		var e Event
		var taxi int
		var action string
		if n, _ := fmt.Sscanf(line, "taxi: %d Event(time=%d, proc=%d, action='%s", &taxi, &e.Time, &e.Proc, &action); n == 4 {
			got = append(got, fmt.Sprint(e.Time, "/", e.Proc, action[:1]))
		}
	}
	want := "0/0l 5/0p 5/1l 10/1p 15/1d 17/0d 24/1p 26/0p 30/0d 34/0g 46/1d 48/1p 110/1d 139/1p 140/1d 150/1g"
	if g := strings.Join(got, " "); g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
	if !strings.HasSuffix(out.String(), "*** end of events ***\n") {
		t.Error(out.String())
	}
}

func TestSeed(t *testing.T) {
	outputs := make(map[string]bool)
	for _, seed := range []string{"3", "3", "4"} {
		var stdout, stderr bytes.Buffer
		if exit := run([]string{"-s", seed, "-t", "2"}, &stdout, &stderr); exit != 0 {
			t.Errorf("exit %d: %s", exit, &stderr)
		}
		_, events, _ := strings.Cut(stdout.String(), "\n\n")
		outputs[events] = true
	}
	if len(outputs) != 2 {
		t.Errorf("two seeds made %d different runs", len(outputs))
	}
}

// Taxis that are under way when the time is up are closed.
func TestEndTime(t *testing.T) {
	s := newSimulator(3, func() float64 { return 1 })
	var out bytes.Buffer
	if err := s.Run(&out, 11); err != nil {
		t.Fatal(err)
	}
	want := `taxi: 0  Event(time=0, proc=0, action='leave garage')
taxi: 1     Event(time=5, proc=1, action='leave garage')
taxi: 0  Event(time=6, proc=0, action='pick up passenger')
taxi: 2        Event(time=10, proc=2, action='leave garage')
taxi: 1     Event(time=11, proc=1, action='pick up passenger')
*** end of simulation time: 3 events pending ***
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	for i, cab := range s.taxis {
		if cab.State() != coroutine.Closed {
			t.Errorf("taxi %d is %v", i, cab.State())
		}
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"": 0, "-h": 0, "-t 0": 0, "-e 11 -s 3": 0, "-t -1": 2, "-s x": 2, "more": 2})
}
