// Command ladder does the same job in five ways, from code that blocks to tasks:
// three questions to a service, each of which needs the answer to the one before,
// for three customers. It shows the order of events where that differs, and what
// becomes of errors, of state and of the stack. Each rung of the ladder is a file;
// read them side by side.
//
//	go run ./examples/ladder
//	go run ./examples/ladder blocking tasks
//	go run ./examples/ladder --real
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"coloop/examples/internal/cli"
	"coloop/loop"
)

// A rung is one way to do the job.
type rung struct {
	name string
	// start tracks the order of a customer and calls done with what comes of it.
	start func(s *service, name string, done func(string, error))

	order, errors, state, stack string // what to observe
}

var rungs = []rung{blocking, callbacks, futures, generators, tasks}

var customers = []string{"ann", "bob", "eve"}

// climb runs a rung on a loop. Code that blocks calls pause.
func (r rung) climb(l *loop.Loop, pause func(time.Duration), dots io.Writer) (trace, error) {
	s := &service{loop: l, pause: pause, dots: dots, began: l.Time()}
	left := len(customers)
	startOne := func(name string) {
		r.start(s, name, func(result string, err error) {
			if err != nil {
				result = err.Error()
			}
			s.tell(name + ": " + result)
			if left--; left == 0 {
				l.Stop()
			}
		})
	}
	l.CallSoon(func() {
		for _, name := range customers {
			startOne(name)
		}
	})
	err := l.RunForever()
	return s.trace, err
}

// climbVirtual is climb on a clock that jumps to the next timer.
func (r rung) climbVirtual(io.Writer) (trace, error) {
	l, clock := loop.NewVirtual()
	t, err := r.climb(l, clock.Advance, io.Discard)
	return t, errors.Join(err, l.Close())
}

// climbReal is climb in real time.
func (r rung) climbReal(w io.Writer) (trace, error) {
	fmt.Fprintf(w, "%-12s", r.name)
	defer fmt.Fprintln(w)
	l, err := loop.New()
	if err != nil {
		return trace{}, err
	}
	t, err := r.climb(l, time.Sleep, w)
	return t, errors.Join(err, l.Close())
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("ladder", `usage: ladder [OPTION]... [RUNG]...

Do the same job in several ways, and compare them. A RUNG is one way, by name or
number; all of them by default:

  1 blocking   2 callbacks   3 futures   4 generators   5 tasks

OPTIONS
`)
	c.MaxArgs = -1
	real := c.Toggle("real", "r", "wait in real time, with a dot for each event as it comes")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		chosen, err := choose(c.Args())
		if err != nil {
			return err
		}
		climb := rung.climbVirtual
		if *real {
			climb = rung.climbReal
		}
		var traces []trace
		for _, r := range chosen {
			t, err := climb(r, out)
			if err != nil {
				return fmt.Errorf("%s: running the loop: %w", r.name, err)
			}
			traces = append(traces, t)
		}
		if *real {
			fmt.Fprintln(out)
		}
		compare(out, chosen, traces)
		return nil
	})
}

// choose returns the rungs that args name, each once.
func choose(args []string) (chosen []rung, err error) {
	if len(args) == 0 {
		return rungs, nil
	}
	named := make(map[int]bool)
	for _, arg := range args {
		i := slices.IndexFunc(rungs, func(r rung) bool { return r.name == arg })
		if n, err := strconv.Atoi(arg); err == nil {
			i = n - 1
		}
		if i < 0 || i >= len(rungs) {
			return nil, cli.Usagef("there is no rung %q", arg)
		}
		if !named[i] {
			chosen = append(chosen, rungs[i])
		}
		named[i] = true
	}
	return chosen, nil
}
