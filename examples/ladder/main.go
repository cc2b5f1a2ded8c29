// Command ladder does the same job in five ways, from code that blocks to tasks:
// three questions to a service, each of which needs the answer to the one before,
// for three customers. Each rung of the ladder is a file; read them side by side,
// and see what becomes of the order of events, of errors, and of the stack.
//
//	go run ./examples/ladder
//	go run ./examples/ladder callbacks tasks
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"coloop/loop"

	"github.com/spf13/pflag"
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

// climb runs a rung on a loop, and prints what happens and when. What blocks calls
// pause.
func (r rung) climb(l *loop.Loop, pause func(time.Duration), w io.Writer) error {
	fmt.Fprintf(w, "%s\n", r.name)
	s := &service{loop: l, pause: pause, log: w, began: l.Time()}
	left := len(customers)
	l.CallSoon(func() {
		for _, name := range customers {
			r.start(s, name, func(result string, err error) {
				if err != nil {
					result = "no order: " + err.Error()
				}
				s.tell(name + ": " + result)
				if left--; left == 0 {
					l.Stop()
				}
			})
		}
	})
	if err := l.RunForever(); err != nil {
		return fmt.Errorf("%s: running the loop: %w", r.name, err)
	}
	for _, note := range [][2]string{
		{"order", r.order},
		{"errors", r.errors},
		{"state", r.state},
		{"stack", r.stack},
		{"", "at the last question: " + strings.Join(s.stack, " < ")},
	} {
		fmt.Fprintf(w, "  %-6s  %s\n", note[0], note[1])
	}
	return nil
}

// climbOn is climb on a loop of its own.
func (r rung) climbOn(virtual bool, w io.Writer) error {
	if virtual {
		l, clock := loop.NewVirtual()
		return errors.Join(r.climb(l, clock.Advance, w), l.Close())
	}
	l, err := loop.New()
	if err != nil {
		return err
	}
	return errors.Join(r.climb(l, time.Sleep, w), l.Close())
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	fs := pflag.NewFlagSet("ladder", pflag.ContinueOnError)
	virtual := fs.BoolP("virtual", "v", false, "run on a clock that jumps to the next timer")
	fs.Usage = func() {
		fmt.Fprint(stdout, `usage: ladder [OPTION]... [RUNG]...

Do the same job in several ways, each a RUNG, by name or number: all by default.

`)
		for i, r := range rungs {
			fmt.Fprintf(stdout, "  %d  %s\n", i+1, r.name)
		}
		fmt.Fprint(stdout, "\nOptions:\n", fs.FlagUsages())
	}
	err := fs.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	var chosen []rung
	if err == nil {
		chosen, err = choose(fs.Args())
	}
	if err != nil {
		fmt.Fprintf(stderr, "ladder: %v (see ladder --help)\n", err)
		return 2
	}
	for i, r := range chosen {
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		if err := r.climbOn(*virtual, stdout); err != nil {
			fmt.Fprintln(stderr, "ladder:", err)
			return 1
		}
	}
	return 0
}

func choose(args []string) (chosen []rung, err error) {
	if len(args) == 0 {
		return rungs, nil
	}
	for _, arg := range args {
		i := slices.IndexFunc(rungs, func(r rung) bool { return r.name == arg })
		if n, err := strconv.Atoi(arg); err == nil {
			i = n - 1
		}
		if i < 0 || i >= len(rungs) {
			return nil, fmt.Errorf("there is no rung %q", arg)
		}
		chosen = append(chosen, rungs[i])
	}
	return chosen, nil
}
