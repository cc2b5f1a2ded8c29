// Package clitest checks the command line of an example.
package clitest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"coloop/examples/internal/cli"
)

// Run is the run function of an example.
type Run func(args []string, stdout, stderr io.Writer) (exit int)

// Check runs a command line for each key of exits, split at spaces, and for
// --help. Each must end with the exit code that exits has for it, and must say why
// in one line on stderr if that is not 0.
//
// The command lines that succeed run once more, with an output that cannot be written, and
// must fail then.
func Check(t *testing.T, run Run, exits map[string]int) {
	t.Helper()
	for args, want := range exits {
		one(t, run, args, want)
	}
	help := one(t, run, "--help", cli.OK)
	if !strings.HasPrefix(help, "usage: ") || strings.Contains(help, "OPTIONS") || strings.Contains(help, "true|false") {
		t.Errorf("--help prints\n%s", help)
	}
	for line := range strings.Lines(help) {
		if len([]rune(line)) > 81 {
			t.Errorf("--help has a line of more than 80 characters: %s", line)
		}
	}
}

func one(t *testing.T, run Run, args string, want int) (stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	exit := run(strings.Fields(args), &out, &errs)
	if exit != want || exit == cli.OK && errs.Len() > 0 || exit != cli.OK && !isLine(errs.String()) {
		t.Errorf("%q ends with %d, want %d, and says %q", args, exit, want, &errs)
	}
	if exit == cli.WrongUsage && out.Len() > 0 {
		t.Errorf("%q is wrong and prints %q", args, &out)
	}
	if exit == cli.OK && out.Len() > 0 {
		Full(t, run, args)
	}
	return out.String()
}

// Full runs a command line with outputs that cannot be written, and checks that it
// fails then.
func Full(t *testing.T, run Run, args string) {
	t.Helper()
	outputs := []io.Writer{failing{}}
	if device, err := os.OpenFile("/dev/full", os.O_WRONLY, 0); err == nil {
		defer device.Close()
		outputs = append(outputs, device)
	}
	for _, w := range outputs {
		var errs bytes.Buffer
		exit := run(strings.Fields(args), w, &errs)
		if exit != cli.Failed || !isLine(errs.String()) {
			t.Errorf("%q to a full %T ends with %d and says %q", args, w, exit, &errs)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func isLine(s string) bool { return strings.IndexByte(s, '\n') == len(s)-1 && len(s) > 1 }
