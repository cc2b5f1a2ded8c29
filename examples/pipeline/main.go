// Command pipeline joins three stages by bounded queues, and shows back pressure:
// a full queue stops the stage before it, so the slowest one sets the pace.
//
//	go run ./examples/pipeline
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"coloop/examples/internal/cli"
	"coloop/loop"
)

// Planks are sawn, painted and packed. One of them takes so long at each stage,
// and so many have room between two stages.
const (
	sawing   = 100 * time.Millisecond
	painting = 200 * time.Millisecond
	packing  = 400 * time.Millisecond
	room     = 2
)

type line struct {
	w             io.Writer
	sawn, painted *loop.Queue[int]
}

// run makes n planks. If a stage fails, the group cancels the others.
func (l *line) run(y *loop.Yielder, n int) error {
	fmt.Fprintf(l.w, "Sawing takes %v, painting %v, packing %v. A # is a plank between two stages.\n\n"+
		"  time  sawn  painted\n", sawing, painting, packing)
	var stages loop.TaskGroup
	return stages.Run(y, func() error {
		stages.Go(l.stage("painted", painting, l.sawn, l.painted))
		stages.Go(l.stage("packed", packing, l.painted, nil))
		for plank := range n {
			if err := l.work(y, "sawn", plank+1, sawing, l.sawn); err != nil {
				return err
			}
		}
		l.sawn.Shutdown(false) // nothing more will come; what is there is still taken
		return nil
	})
}

// stage returns a task that works on the planks of a queue until there are no more.
func (l *line) stage(done string, takes time.Duration, in, out *loop.Queue[int]) func(*loop.Yielder) error {
	return func(y *loop.Yielder) error {
		for plank, err := range in.All(y) {
			if err == nil {
				err = l.work(y, done, plank, takes, out)
			}
			if err != nil {
				return err
			}
		}
		if out != nil {
			out.Shutdown(false)
		}
		return nil
	}
}

// work takes its time for a plank and puts it into a queue, which is where it waits
// if that is full. The last stage has no queue.
func (l *line) work(y *loop.Yielder, done string, plank int, takes time.Duration, out *loop.Queue[int]) error {
	err := loop.Sleep(y, takes)
	switch {
	case err != nil:
	case out == nil:
		l.tell(y, plank, done)
	case out.Full():
		l.tell(y, plank, done+", and waits for room")
		err = out.Put(y, plank)
	default:
		err = out.Put(y, plank)
		l.tell(y, plank, done)
	}
	return err
}

func (l *line) tell(y *loop.Yielder, plank int, done string) {
	level := func(q *loop.Queue[int]) string { return strings.Repeat("#", q.Len()) }
	fmt.Fprintf(l.w, "%5.1fs  %-4s  %-7s  plank %d is %s\n", loop.Running(y).Time().Seconds(),
		level(l.sawn), level(l.painted), plank, done)
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("pipeline", "usage: pipeline [OPTION]...\n\nMake planks in three stages.\n\nOPTIONS\n")
	n := c.IntP("planks", "n", 8, "make `N` planks")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		if *n < 0 {
			return cli.Usagef("cannot make %d planks", *n)
		}
		err := loop.Main(func(y *loop.Yielder) error {
			l := &line{out, loop.NewQueue[int](room), loop.NewQueue[int](room)}
			return l.run(y, *n)
		})
		if err == nil {
			fmt.Fprintf(out, "\nOnce all are busy, a plank is packed every %v: the slowest stage sets the pace.\n", packing)
		}
		return err
	})
}
