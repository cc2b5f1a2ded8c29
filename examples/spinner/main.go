// Command spinner animates a line of text while a slow function runs, as the
// spinner of "Fluent Python" does, without a second thread: the animation is a
// task, which the loop steps while the slow function sleeps, and which ends
// because it is cancelled.
//
//	go run ./examples/spinner
//	go run ./examples/spinner --slow thread
//	go run ./examples/spinner --slow block
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"coloop/loop"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// spin draws msg and a turning bar over each other until it is cancelled.
func spin(y *loop.Yielder, w io.Writer, msg string) error {
	defer fmt.Fprintf(w, "\r%*s\r", len(msg)+2, "")
	for i := 0; ; i++ {
		fmt.Fprintf(w, "\r%c %s", `|/-\`[i%4], msg)
		if err := loop.Sleep(y, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// A slowFunction returns its answer after some time.
type slowFunction func(y *loop.Yielder, d time.Duration) (answer int, err error)

var slowFunctions = map[string]slowFunction{
	"sleep":  sleep,
	"thread": thread,
	"block":  block,
}

// sleep gives way to other tasks meanwhile.
func sleep(y *loop.Yielder, d time.Duration) (int, error) {
	err := loop.Sleep(y, d)
	return 42, err
}

// thread does what blocks on a goroutine of the loop's executor.
func thread(y *loop.Yielder, d time.Duration) (int, error) {
	return loop.ToThread(y, func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
			return 42, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
}

// block holds up the loop: the spinner does not get its first step.
func block(_ *loop.Yielder, d time.Duration) (int, error) {
	time.Sleep(d)
	return 42, nil
}

// supervisor runs the slow function, and the spinner as long as that takes. Where
// there is nothing to animate on, animate is false.
func supervisor(y *loop.Yielder, w io.Writer, animate bool, slow slowFunction, d time.Duration) (int, error) {
	if animate {
		spinner := loop.Go(loop.Running(y), func(y *loop.Yielder) (struct{}, error) {
			return struct{}{}, spin(y, w, "thinking!")
		})
		defer func() {
			spinner.Cancel()
			_, _ = spinner.Await(y) // until it has wiped its line
		}()
	}
	return slow(y, d)
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	fs := pflag.NewFlagSet("spinner", pflag.ContinueOnError)
	how := fs.StringP("slow", "s", "sleep", "`HOW` the slow function waits: see below")
	d := fs.DurationP("time", "t", 3*time.Second, "the slow function takes `TIME`")
	fs.Usage = func() {
		fmt.Fprint(stdout, "usage: spinner [OPTION]...\n\n"+
			"Run a slow function, and show a spinner as long as that takes.\n\n", fs.FlagUsagesWrapped(80), `
How it waits:
  sleep    in the event loop, which steps the spinner meanwhile
  thread   in a thread; the loop waits for that
  block    in the loop's own goroutine, as it should not: no spinner turns
`)
	}
	err := fs.Parse(args)
	slow, ok := slowFunctions[*how]
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case !ok:
		err = fmt.Errorf("--slow must be sleep, thread or block, not %q", *how)
	case *d < 0:
		err = fmt.Errorf("--time cannot be %v", *d)
	}
	if err != nil {
		fmt.Fprintf(stderr, "spinner: %v (see spinner --help)\n", err)
		return 2
	}
	f, ok := stdout.(*os.File)
	animate := ok && term.IsTerminal(int(f.Fd()))
	answer, err := loop.Run(func(y *loop.Yielder) (int, error) {
		return supervisor(y, stdout, animate, slow, *d)
	})
	switch {
	case errors.Is(err, loop.ErrInterrupted):
		fmt.Fprintln(stderr, "spinner: interrupted")
		return 130
	case err != nil:
		fmt.Fprintln(stderr, "spinner: computing the answer:", err)
		return 1
	}
	fmt.Fprintln(stdout, "Answer:", answer)
	return 0
}
