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

	"coloop/examples/internal/cli"
	"coloop/loop"
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
	var started, done []string
	head := fmt.Sprintf("%8s", "")
	for i, c := range counters {
		running = append(running, func(y *loop.Yielder) (string, error) {
			return c.countdown(y, w, i, n)
		})
		started = append(started, c.label)
		head += fmt.Sprintf("%-8s", fmt.Sprint(c.label, " ", c.delay))
	}
	fmt.Fprintf(w, "Tasks that count down from %d at a time, and how long each takes for one count:\n\n", n)
	fmt.Fprintln(w, strings.TrimRight(head, " "))
	for label, err := range loop.AsCompleted(y, running...).All(y) {
		if err != nil {
			return err
		}
		done = append(done, label)
	}
	fmt.Fprintf(w, "\nStarted in the order %s, done in the order %s.\n", strings.Join(started, " "), strings.Join(done, " "))
	return nil
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("countdown", `usage: countdown [OPTION]...

Run four counters at a time, each of which sleeps between two counts.

OPTIONS
`)
	from := c.IntP("from", "n", 3, "count down from `N`")
	virtual := c.Toggle("virtual", "v", "run on a clock that jumps to the next timer")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		if *from < 0 {
			return cli.Usagef("cannot count down from %d", *from)
		}
		runner := new(loop.Runner)
		if *virtual {
			l, _ := loop.NewVirtual()
			runner = loop.NewRunner(l)
		}
		_, err := loop.RunIn(runner, func(y *loop.Yielder) (struct{}, error) {
			return struct{}{}, race(y, out, *from)
		})
		return errors.Join(err, runner.Close())
	})
}
