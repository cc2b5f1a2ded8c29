// Command countdown runs several counters at a time, each a task that sleeps
// between two counts, and shows in which order they come: that of their timers,
// whatever the order they were started in.
//
//	go run ./examples/countdown
//	go run ./examples/countdown --virtual
//
// On the virtual clock the same program prints the same, at once.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"coloop/loop"

	"github.com/spf13/pflag"
)

// A counter counts down to 0, one every delay.
type counter struct {
	label string
	delay time.Duration
}

var counters = []counter{
	{"A", 700 * time.Millisecond},
	{"B", 2000 * time.Millisecond},
	{"C", 300 * time.Millisecond},
	{"D", 1100 * time.Millisecond},
}

// countdown counts down from n in column col and returns the label.
func (c counter) countdown(y *loop.Yielder, w io.Writer, col, n int) (string, error) {
	l := loop.Running(y)
	for ; n > 0; n-- {
		if err := loop.Sleep(y, c.delay); err != nil {
			return c.label, err
		}
		fmt.Fprintf(w, "%5.1fs  %*s%s = %d\n", l.Time().Seconds(), 8*col, "", c.label, n-1)
	}
	return c.label, nil
}

// race runs the counters from n and tells of their ends as they come.
func race(y *loop.Yielder, w io.Writer, n int) error {
	var running []func(*loop.Yielder) (string, error)
	for i, c := range counters {
		running = append(running, func(y *loop.Yielder) (string, error) {
			return c.countdown(y, w, i, n)
		})
	}
	var order []string
	for label, err := range loop.AsCompleted(y, running...).All(y) {
		if err != nil {
			return err
		}
		order = append(order, label)
	}
	fmt.Fprintln(w, "done in the order", strings.Join(order, " "))
	return nil
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	fs := pflag.NewFlagSet("countdown", pflag.ContinueOnError)
	from := fs.IntP("from", "n", 3, "count down from `N`")
	virtual := fs.BoolP("virtual", "v", false, "run on a clock that jumps to the next timer")
	fs.Usage = func() {
		fmt.Fprint(stdout, "usage: countdown [OPTION]...\n\nRun four counters at a time.\n\n", fs.FlagUsages())
	}
	err := fs.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case *from < 0:
		err = fmt.Errorf("cannot count down from %d", *from)
	}
	if err != nil {
		fmt.Fprintf(stderr, "countdown: %v (see countdown --help)\n", err)
		return 2
	}
	runner := new(loop.Runner)
	if *virtual {
		l, _ := loop.NewVirtual()
		runner = loop.NewRunner(l)
	}
	_, err = loop.RunIn(runner, func(y *loop.Yielder) (struct{}, error) {
		return struct{}{}, race(y, stdout, *from)
	})
	err = errors.Join(err, runner.Close())
	switch {
	case errors.Is(err, loop.ErrInterrupted):
		fmt.Fprintln(stderr, "countdown: interrupted")
		return 130
	case err != nil:
		fmt.Fprintln(stderr, "countdown: running the counters:", err)
		return 1
	}
	return 0
}
