package main

import (
	"bytes"
	"errors"
	"testing"

	"coloop/coroutine"
	"coloop/examples/internal/cli/clitest"
)

func TestRun(t *testing.T) {
	var stdout, stderr bytes.Buffer
	exit := run(nil, &stdout, &stderr)
	want := `By hand, to a coroutine that keeps the average so far:

  next()     yields 0
  send(10)   yields 10
  send(30)   yields 20
  send(6.5)  yields 15.5
  send(nil)  raises StopIteration with {Count:3 Average:15.5}

Through a second coroutine, which delegates to one averager for each group:

   9 boys  averaging 40.42 kg
   9 boys  averaging 1.39 m
  10 girls averaging 42.04 kg
  10 girls averaging 1.43 m
`
	if exit != 0 || stdout.String() != want || stderr.Len() > 0 {
		t.Errorf("exit %d\n%s\n%s", exit, &stdout, &stderr)
	}
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"": 0, "-h": 0, "-x": 2, "more": 2})
}

func TestEmptyGroup(t *testing.T) {
	results, err := byGroup(map[string][]float64{"none;kg": nil})
	if err != nil || results["none;kg"] != (Result{}) {
		t.Error(results, err)
	}
}

// A value sent to a grouper goes to its averager, and so does an error.
func TestThrowIntoGrouper(t *testing.T) {
	results := make(map[string]Result)
	group := grouper(results, "k")
	if _, err := group.Next(); err != nil {
		t.Fatal(err)
	}
	if _, ok := group.Delegate().(*coroutine.Generator[float64, *float64, Result]); !ok {
		t.Errorf("the grouper delegates to %T", group.Delegate())
	}
	boom := errors.New("boom")
	if _, err := group.Throw(boom); err != boom || len(results) > 0 {
		t.Error(err, results)
	}
}
