package main

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A display shows how a job gets on: a line for each flag if it is verbose, else
// a progress bar if standard error is a terminal that can move its cursor back.
type display struct {
	out     io.Writer
	verbose bool
	bar     *progressbar.ProgressBar // may be nil
	errors  []Result
}

func newDisplay(out, stderr *stream, verbose bool, total int) *display {
	d := &display{out: out, verbose: verbose}
	f, ok := stderr.Writer.(*os.File)
	if wantsBar(ok && term.IsTerminal(int(f.Fd())), verbose) {
		d.bar = newBar(stderr, total)
	}
	return d
}

func wantsBar(terminal, verbose bool) bool {
	return terminal && !verbose && os.Getenv("TERM") != "dumb"
}

// newBar returns a progress bar, which goes without ANSI codes: a carriage return
// is all it needs.
func newBar(w io.Writer, total int) *progressbar.ProgressBar {
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("flags"),
		progressbar.OptionSetWidth(30),
	)
}

// show shows what became of one flag.
func (d *display) show(r Result) {
	if r.Status == Error {
		d.errors = append(d.errors, r)
	}
	if d.bar != nil {
		_ = d.bar.Add(1) // the stream keeps the error
	}
	if !d.verbose {
		return
	}
	switch r.Status {
	case OK:
		fmt.Fprintln(d.out, r.CC, "OK")
	case NotFound:
		fmt.Fprintln(d.out, r.CC, "not found:", r.Err)
	case Error:
		fmt.Fprintln(d.out, r.CC, "error:", r.Err)
	}
}

// close ends the line of the progress bar.
func (d *display) close(stderr io.Writer) {
	if d.bar != nil {
		_ = d.bar.Exit()
		fmt.Fprintln(stderr)
	}
}
