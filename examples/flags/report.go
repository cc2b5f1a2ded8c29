package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A stream is one that the program writes to. It keeps the first error, and
// writes no more after it.
type stream struct {
	io.Writer
	name string
	err  error
}

func (s *stream) Write(p []byte) (n int, err error) {
	if s.err == nil {
		n, s.err = s.Writer.Write(p)
	}
	return n, s.err
}

func initialReport(w io.Writer, o options, baseURL string) {
	label := o.server
	if o.url != "" {
		label = "Given"
	}
	fmt.Fprintf(w, "%s server: %s\n", label, baseURL)
	list := strings.Join(o.ccList, " ")
	if n := len(o.ccList); n > 10 {
		list = o.ccList[0] + " to " + o.ccList[n-1]
	}
	fmt.Fprintf(w, "Getting %d %s: %s\n", len(o.ccList), plural(len(o.ccList), "flag"), list)
	fmt.Fprintf(w, "%d %s at a time (%s)\n", o.concurReq, plural(o.concurReq, "request"), o.generation.name)
}

func finalReport(w io.Writer, o options, t Tally, elapsed time.Duration) {
	fmt.Fprintln(w, strings.Repeat("-", 20))
	fmt.Fprintf(w, "%3d %s saved to %s\n", t[OK], plural(t[OK], "flag"), printable(o.dir))
	if t[NotFound] > 0 {
		fmt.Fprintf(w, "%3d not found\n", t[NotFound])
	}
	if t[Error] > 0 {
		fmt.Fprintf(w, "%3d failed\n", t[Error])
	}
	if left := len(o.ccList) - t.Sum(); left > 0 {
		fmt.Fprintf(w, "%3d left\n", left)
	}
	fmt.Fprintf(w, "Elapsed time: %.2f s\n", elapsed.Seconds())
}

// reportErrors tells of the first few errors.
func reportErrors(w io.Writer, errs []Result) {
	const few = 3
	for i, r := range errs {
		if i == few && len(errs) > few+1 {
			fmt.Fprintf(w, "flags: and %d more errors; --verbose shows them all\n", len(errs)-few)
			return
		}
		fmt.Fprintf(w, "flags: %s: %v\n", r.CC, r.Err)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
