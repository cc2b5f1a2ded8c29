// Command spinner animates a line of text while a slow function runs, as the
// spinner of "Fluent Python" does, without a second thread: the animation is a
// task, which the loop steps while the slow function sleeps, and which ends
// because it is cancelled. Where the slow function does not give way, nothing
// turns: that is what a blocked loop looks like.
//
//	go run ./examples/spinner
//	go run ./examples/spinner --slow thread
//	go run ./examples/spinner --slow block
//	go run ./examples/spinner --slow slices
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"coloop/examples/internal/cli"
	"coloop/loop"

	"golang.org/x/term"
)

// A spinner draws msg and a turning bar over each other until it is cancelled.
type spinner struct {
	w     io.Writer
	msg   string
	turns int // how often the loop has let it draw
}

func (s *spinner) spin(y *loop.Yielder) error {
	defer fmt.Fprintf(s.w, "\r%*s\r", len(s.msg)+2, "")
	for {
		fmt.Fprintf(s.w, "\r%c %s", `|/-\`[s.turns%4], s.msg)
		s.turns++
		if err := loop.Sleep(y, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// supervise runs the slow function, and the spinner as long as that takes.
func (s *spinner) supervise(y *loop.Yielder, slow func(*loop.Yielder) (int, error)) (int, error) {
	turning := loop.Go(y, func(y *loop.Yielder) (struct{}, error) {
		return struct{}{}, s.spin(y)
	})
	defer func() {
		turning.Cancel()
		_, _ = turning.Await(y) // until it has wiped its line
	}()
	return slow(y)
}

// A work takes its time, in one of several ways, and has an answer.
type work struct {
	time time.Duration
	busy func(time.Duration) // computes for so long
}

var ways = map[string]func(work, *loop.Yielder) (answer int, err error){
	"sleep":  work.sleep,
	"thread": work.thread,
	"block":  work.block,
	"slices": work.slices,
}

// sleep waits, and gives way to other tasks meanwhile.
func (w work) sleep(y *loop.Yielder) (int, error) {
	err := loop.Sleep(y, w.time)
	return 42, err
}

// thread does what blocks on a goroutine of the loop's executor.
func (w work) thread(y *loop.Yielder) (int, error) {
	return loop.ToThread(y, func(ctx context.Context) (int, error) {
		select {
		case <-time.After(w.time):
			return 42, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
}

// block computes, and holds up the loop: no other task gets a step.
func (w work) block(*loop.Yielder) (int, error) {
	w.busy(w.time)
	return 42, nil
}

// slices computes as block does, and gives way to other tasks now and then.
func (w work) slices(y *loop.Yielder) (int, error) {
	const slice = 10 * time.Millisecond
	for left := w.time; left > 0; left -= slice {
		w.busy(min(left, slice))
		if err := loop.Sleep(y, 0); err != nil {
			return 0, err
		}
	}
	return 42, nil
}

// busy keeps the goroutine to itself.
func busy(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("spinner", `usage: spinner [OPTION]...

Run a slow function, and show a spinner as long as that takes.

OPTIONS

How it is slow:
  sleep    it waits, and the event loop steps the spinner meanwhile
  thread   it blocks a thread, and a task waits for that
  block    it computes in the event loop, as it should not: no spinner turns
  slices   it computes in the event loop, and gives way every 10 ms
`)
	how := c.StringP("slow", "s", "sleep", "`HOW` the function is slow: see below")
	d := c.DurationP("time", "t", 3*time.Second, "the function takes `TIME`")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		slow, ok := ways[*how]
		switch {
		case !ok:
			return cli.Usagef("--slow must be sleep, thread, block or slices, not %q", *how)
		case *d < 0:
			return cli.Usagef("--time cannot be %v", *d)
		}
		s := &spinner{w: io.Discard, msg: "thinking!"}
		if f, ok := stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			s.w = out
		}
		fmt.Fprintf(out, "A function that takes %v, by way of %s, and a spinner:\n", *d, *how)
		answer, err := loop.Run(func(y *loop.Yielder) (int, error) {
			return s.supervise(y, func(y *loop.Yielder) (int, error) {
				return slow(work{*d, busy}, y)
			})
		})
		if err != nil {
			return fmt.Errorf("computing the answer: %w", err)
		}
		fmt.Fprintf(out, "Answer: %d. %s\n", answer, s.verdict())
		return nil
	})
}

// verdict says what became of the spinner.
func (s *spinner) verdict() string {
	if s.turns == 0 {
		return "The spinner never turned: the function did not give way, and blocked the loop."
	}
	return fmt.Sprintf("The spinner turned %d times meanwhile.", s.turns)
}
