package main

import (
	"fmt"
	"io"
	"time"

	"coloop/client"
	"coloop/examples/flags/atlas"
	"coloop/examples/flags/flagserver"
	"coloop/loop"
)

const (
	speedupDelay = 50 * time.Millisecond
	// speedupSample is how many requests are made one at a time: all of them
	// would take half a minute.
	speedupSample = 20
)

// speedup measures what the event loop gains: many requests at once, on
// connections yet to be made and on open ones, against one after the other.
func speedup(o options, stdout io.Writer) error {
	s, err := flagserver.Start("127.0.0.1:0", flagserver.Delayed(speedupDelay))
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Fprintf(stdout, "%s of %v, %d at a time\n", plural(o.speedup, "request"), speedupDelay, o.concurReq)
	return measure(o, s.URL(), stdout)
}

func measure(o options, baseURL string, stdout io.Writer) error {
	_, err := loop.Run(func(y *loop.Yielder) (struct{}, error) {
		return struct{}{}, compare(y, o, baseURL, stdout)
	})
	return err
}

func compare(y *loop.Yielder, o options, baseURL string, stdout io.Writer) error {
	newClient := func() *client.Client {
		return &client.Client{Timeouts: client.Timeouts{Total: o.timeout}}
	}
	// Once before the clock runs, lest the server has flags to draw meanwhile.
	first := newClient()
	defer first.Close()
	if _, err := timed(y, first, baseURL, len(atlas.Codes()), o.concurReq); err != nil {
		return err
	}
	sample := min(speedupSample, o.speedup)
	one, err := timed(y, first, baseURL, sample, 1)
	if err != nil {
		return err
	}
	all := one * time.Duration(o.speedup) / time.Duration(sample)
	fmt.Fprintf(stdout, "one at a time     %8.3f s", all.Seconds())
	if sample < o.speedup {
		fmt.Fprintf(stdout, "  extrapolated: %d took %.3f s", sample, one.Seconds())
	}
	fmt.Fprintln(stdout)

	many := newClient()
	defer many.Close()
	for _, connections := range []string{"new connections", "open connections"} {
		took, err := timed(y, many, baseURL, o.speedup, o.concurReq)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%-17s %8.3f s  %.0f times faster than one at a time\n",
			connections, took.Seconds(), all.Seconds()/took.Seconds())
	}
	return nil
}

// timed makes n requests, concurReq at a time, and returns how long they took.
func timed(y *loop.Yielder, c *client.Client, baseURL string, n, concurReq int) (time.Duration, error) {
	l := loop.Running(y)
	codes := atlas.Codes()
	semaphore := loop.NewSemaphore(concurReq)
	d := &asyncio{job: &job{baseURL: baseURL}, session: c, semaphore: semaphore}
	toDo := make([]loop.Func[[]byte], n)
	for i := range toDo {
		toDo[i] = func(y *loop.Yielder) (image []byte, err error) {
			err = semaphore.With(y, func() (err error) {
				image, err = loop.From(d.getFlag(codes[i%len(codes)])).Await(y)
				return err
			})
			return image, err
		}
	}
	start := time.Now()
	_, err := loop.Gather(l, toDo...).Await(y)
	return time.Since(start), err
}
