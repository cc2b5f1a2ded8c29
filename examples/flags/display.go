package main

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A display shows how a job gets on: a line for each flag if it is verbose, else
// a progress bar if standard error is a terminal.
type display struct {
	out     io.Writer
	verbose bool
	bar     *progressbar.ProgressBar // may be nil
	errors  []Result
}

func newDisplay(out, stderr io.Writer, verbose bool, total int) *display {
	d := &display{out: out, verbose: verbose}
	if f, ok := stderr.(*os.File); ok && !verbose && term.IsTerminal(int(f.Fd())) {
		d.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(stderr),
			progressbar.OptionSetRenderBlankState(true),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("flags"),
			progressbar.OptionSetWidth(30),
			progressbar.OptionUseANSICodes(true),
		)
	}
	return d
}

// show shows what became of one flag.
func (d *display) show(r Result) {
	if r.Status == Error {
		d.errors = append(d.errors, r)
	}
	if d.bar != nil {
		_ = d.bar.Add(1)
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
