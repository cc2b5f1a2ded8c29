package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"coloop/client"
	"coloop/coroutine"
	"coloop/examples/flags/atlas"
	"coloop/examples/flags/flagserver"
	"coloop/loop"
)

const (
	speedupDelay = 50 * time.Millisecond
	// speedupSample is how many requests are made one at a time: all of them
	// would take half a minute.
	speedupSample = 20
	// speedupRounds is how often the others are made, of which the best counts:
	// other programs run on the machine, too.
	speedupRounds = 3
)

// speedup measures what the event loop gains: many requests at once, on
// connections yet to be made and on open ones, against one after the other. The
// server is a second loop of this process.
func speedup(o options, stdout io.Writer) error {
	s, err := flagserver.Start("127.0.0.1:0", flagserver.Delayed(speedupDelay), atlas.Codes()...)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Fprintf(stdout, "%d %s of %v, %d at a time (best of %d rounds)\n",
		o.speedup, plural(o.speedup, "request"), speedupDelay, o.concurReq, speedupRounds)
	if err := measure(o, s.URL(), stdout); err != nil {
		return err
	}
	reportNext(stdout, afterSpeedup)
	return nil
}

// measure makes the requests and reports the times.
func measure(o options, baseURL string, stdout io.Writer) error {
	newClient := func() *client.Client {
		return &client.Client{Timeouts: client.Timeouts{Total: o.timeout}}
	}
	_, err := loop.Run(func(y *loop.Yielder) (none struct{}, err error) {
		first := newClient()
		defer first.Close()
		sample := min(speedupSample, o.speedup)
		one, err := timed(y, first, baseURL, sample, 1)
		if err != nil {
			return none, err
		}
		all := one * time.Duration(o.speedup) / time.Duration(sample)
		fmt.Fprintf(stdout, "one at a time     %8.3f s", all.Seconds())
		if sample < o.speedup {
			fmt.Fprintf(stdout, "  (extrapolated: %d took %.3f s)", sample, one.Seconds())
		}
		fmt.Fprintln(stdout)

		cold, open := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
		for range speedupRounds {
			c := newClient()
			for _, best := range []*time.Duration{&cold, &open} {
				took, err := timed(y, c, baseURL, o.speedup, o.concurReq)
				if err != nil {
					_ = c.Close()
					return none, err
				}
				*best = min(*best, took)
			}
			_ = c.Close()
		}
		report := func(how string, took time.Duration) {
			fmt.Fprintf(stdout, "%-17s %8.3f s  %.1f times faster than one at a time\n",
				how, took.Seconds(), all.Seconds()/took.Seconds())
		}
		report("new connections", cold)
		report("open connections", open)
		return none, nil
	})
	return err
}

// timed makes n requests, concurReq at a time, and returns how long they took.
func timed(y *loop.Yielder, session *client.Client, baseURL string, n, concurReq int) (time.Duration, error) {
	d := &asyncio{
		job:       &job{baseURL: baseURL},
		session:   session,
		semaphore: loop.NewSemaphore(concurReq),
	}
	codes := atlas.Codes()
	toDo := make([]func(*loop.Yielder) ([]byte, error), n)
	for i := range toDo {
		toDo[i] = func(y *loop.Yielder) (image []byte, err error) {
			err = d.semaphore.With(y, func() (err error) {
				image, err = coroutine.YieldFrom(y, d.getFlag(codes[i%len(codes)]))
				return err
			})
			return image, err
		}
	}
	start := time.Now()
	_, err := loop.Gather(y, toDo...).Await(y)
	return time.Since(start), err
}
