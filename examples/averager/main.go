// Command averager shows what a coroutine is without any loop: a generator that
// is sent values. It keeps its state in local variables between one Send and the
// next, and returns its result. A second generator then delegates to it, as in
// chapter 16 of "Fluent Python": what the caller sends to the outer one goes
// straight to the inner one, whose result is the value of the outer's YieldFrom.
//
//	go run ./examples/averager
package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"coloop/coroutine"
	"coloop/examples/internal/cli"
)

// Result is what an averager returns.
type Result struct {
	Count   int
	Average float64
}

// averager yields the average of the terms sent so far, until it is sent nil.
func averager(y *coroutine.Yielder[float64, *float64]) (r Result, err error) {
	total := 0.0
	for {
		term, err := y.Yield(r.Average)
		if err != nil {
			return r, err
		}
		if term == nil {
			return r, nil
		}
		total += *term
		r.Count++
		r.Average = total / float64(r.Count)
	}
}

// grouper delegates to one averager after the other and keeps their results.
func grouper(results map[string]Result, key string) *coroutine.Generator[float64, *float64, any] {
	return coroutine.New(func(y *coroutine.Yielder[float64, *float64]) (any, error) {
		for {
			r, err := coroutine.YieldFrom(y, coroutine.New(averager))
			if err != nil {
				return nil, err
			}
			results[key] = r
		}
	})
}

// byHand sends terms to an averager.
func byHand(w io.Writer) error {
	avg := coroutine.New(averager)
	average, err := avg.Next() // to its first Yield, where it can be sent to
	if err != nil {
		return fmt.Errorf("priming the averager: %w", err)
	}
	fmt.Fprintf(w, "  next()     yields %g\n", average)
	for _, term := range []float64{10, 30, 6.5} {
		if average, err = avg.Send(&term); err != nil {
			return fmt.Errorf("sending %g to the averager: %w", term, err)
		}
		fmt.Fprintf(w, "  %-9s  yields %g\n", fmt.Sprintf("send(%g)", term), average)
	}
	_, err = avg.Send(nil)
	var stop *coroutine.StopIteration[Result]
	if !errors.As(err, &stop) {
		return fmt.Errorf("ending the averager: %w", err)
	}
	fmt.Fprintf(w, "  send(nil)  raises StopIteration with %+v\n", stop.Value)
	return nil
}

var data = map[string][]float64{
	"girls;kg": {40.9, 38.5, 44.3, 42.2, 45.2, 41.7, 44.5, 38.0, 40.6, 44.5},
	"girls;m":  {1.6, 1.51, 1.4, 1.3, 1.41, 1.39, 1.33, 1.46, 1.45, 1.43},
	"boys;kg":  {39.0, 40.8, 43.2, 40.8, 43.1, 38.6, 41.4, 40.6, 36.3},
	"boys;m":   {1.38, 1.5, 1.32, 1.25, 1.37, 1.48, 1.25, 1.49, 1.46},
}

// byGroup sends the values of each group to a grouper of its own.
func byGroup(data map[string][]float64) (map[string]Result, error) {
	results := make(map[string]Result)
	for key, values := range data {
		if err := feed(grouper(results, key), values); err != nil {
			return nil, fmt.Errorf("averaging %s: %w", key, err)
		}
	}
	return results, nil
}

func feed(group *coroutine.Generator[float64, *float64, any], values []float64) error {
	if _, err := group.Next(); err != nil {
		return err
	}
	for _, v := range values {
		if _, err := group.Send(&v); err != nil {
			return err
		}
	}
	if _, err := group.Send(nil); err != nil { // the averager's end, not the grouper's
		return err
	}
	_, err := group.Close()
	return err
}

func report(w io.Writer, results map[string]Result) {
	for _, key := range slices.Sorted(maps.Keys(results)) {
		group, unit, _ := strings.Cut(key, ";")
		fmt.Fprintf(w, "  %2d %-5s averaging %.2f %s\n", results[key].Count, group, results[key].Average, unit)
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("averager", `usage: averager

Send numbers to a coroutine that averages them: by hand, and by way of another
coroutine that delegates to it.
`)
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		fmt.Fprint(out, "By hand, to a coroutine that keeps the average so far:\n\n")
		if err := byHand(out); err != nil {
			return err
		}
		results, err := byGroup(data)
		if err != nil {
			return err
		}
		fmt.Fprint(out, "\nThrough a second coroutine, which delegates to one averager for each group:\n\n")
		report(out, results)
		return nil
	})
}
