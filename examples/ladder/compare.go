package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// width is that of a column of events.
const width = 39

// compare prints each order of events once, side by side, and then what else there
// is to observe, rung by rung.
func compare(w io.Writer, rungs []rung, traces []trace) {
	fmt.Fprintf(w, `Where are the orders of %s? A service is asked three questions for
each of them. A question takes %v, and needs the answer to the one before.

`, strings.Join(customers, ", "), callTime)
	events(w, rungs, traces)
	aspect := func(heading string, of func(rung, trace) string) {
		fmt.Fprintf(w, "\n%s\n", heading)
		for i, r := range rungs {
			fmt.Fprintf(w, "  %-12s %s\n", r.name, of(r, traces[i]))
		}
	}
	aspect("Time in all, and order", func(r rung, t trace) string {
		return fmt.Sprintf("%.1fs: %s", t.times[len(t.times)-1].Seconds(), r.order)
	})
	aspect("Errors are", func(r rung, _ trace) string { return r.errors })
	aspect("State is", func(r rung, _ trace) string { return r.state })
	aspect("The last question is asked by", func(_ rung, t trace) string { return strings.Join(t.asks, " < ") })
	aspect("The stack is then", func(r rung, _ trace) string { return r.stack })
	if len(rungs) > 1 {
		fmt.Fprintf(w, "\nCompare the programs: diff -y examples/ladder/{%s,%s}.go\n", rungs[0].name, rungs[len(rungs)-1].name)
	}
}

// events prints the traces that differ side by side, and names the rungs whose
// events are those of another.
func events(w io.Writer, rungs []rung, traces []trace) {
	var differ []int
	same := make(map[int][]string) // names, by the first rung with these events
	rows := 0
	for i, t := range traces {
		like := slices.IndexFunc(traces[:i], func(earlier trace) bool { return slices.Equal(earlier.texts, t.texts) })
		if like < 0 {
			differ = append(differ, i)
			rows = max(rows, len(t.texts))
		} else {
			same[like] = append(same[like], rungs[i].name)
		}
	}
	line := func(cell func(i int) string) {
		var b strings.Builder
		for _, i := range differ {
			fmt.Fprintf(&b, "%-*s  ", width, cell(i))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	line(func(i int) string { return rungs[i].name })
	line(func(i int) string { return strings.Repeat("-", len(rungs[i].name)) })
	for row := range rows {
		line(func(i int) string {
			if t := traces[i]; row < len(t.texts) {
				return fmt.Sprintf("%.1f %s", t.times[row].Seconds(), t.texts[row])
			}
			return ""
		})
	}
	for _, i := range differ {
		if names := same[i]; names != nil {
			fmt.Fprintf(w, "\n%s: the same events in the same order as %s\n", strings.Join(names, ", "), rungs[i].name)
		}
	}
}
