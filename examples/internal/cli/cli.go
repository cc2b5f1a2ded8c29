// Package cli is what the command lines of the examples have in common: help, one
// line for each refusal, exit codes, and an output that is known to be written.
package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"coloop/loop"

	"github.com/spf13/pflag"
)

// Exit codes of Run.
const (
	OK          = 0
	Failed      = 1
	WrongUsage  = 2
	Interrupted = 130 // 128 and SIGINT, as a shell has it
)

// A Command is a command line. Its options are defined on the FlagSet, before Run.
type Command struct {
	*pflag.FlagSet
	// MaxArgs is how many arguments there may be beside the options; if it is
	// negative, any number.
	MaxArgs int

	help string
}

// New returns the command line of the program name. help is its text for --help,
// in which the line OPTIONS stands for the list of options.
func New(name, help string) *Command {
	c := &Command{FlagSet: pflag.NewFlagSet(name, pflag.ContinueOnError), help: help}
	c.SortFlags = false
	c.Usage = func() {}
	return c
}

// Toggle defines an option that takes no value. It is a bool that help does not
// show with "[=true|false]".
func (c *Command) Toggle(name, shorthand, usage string) *bool {
	on := new(bool)
	c.BoolFuncP(name, shorthand, usage, func(s string) (err error) {
		*on, err = strconv.ParseBool(s)
		return err
	})
	return on
}

// Run parses args and calls main, and returns the exit code of the program. An
// error of main's is told in one line on stderr: one made by [Usagef] as a wrong
// command line, [loop.ErrInterrupted] as "interrupted". If writing to out has
// failed, then the program has, whatever main returns.
func (c *Command) Run(args []string, stdout, stderr io.Writer, main func(out io.Writer) error) (exit int) {
	out := &output{w: stdout}
	err := c.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		_, err = io.WriteString(out, strings.Replace(c.help, "OPTIONS\n", c.FlagUsagesWrapped(80), 1))
	case err != nil:
		err = &usageError{err.Error()}
	case c.MaxArgs >= 0 && c.NArg() > c.MaxArgs:
		err = Usagef("unexpected argument %q", c.Arg(c.MaxArgs))
	default:
		err = main(out)
	}
	if out.err != nil {
		err = fmt.Errorf("writing the output: %w", out.err)
	}
	var usage *usageError
	switch {
	case err == nil:
		return OK
	case errors.As(err, &usage):
		c.tell(stderr, fmt.Sprintf("%v (see %s --help)", err, c.Name()))
		return WrongUsage
	case errors.Is(err, loop.ErrInterrupted):
		c.tell(stderr, "interrupted")
		return Interrupted
	}
	c.tell(stderr, err.Error())
	return Failed
}

// tell prints one line, also of an error that has several.
func (c *Command) tell(stderr io.Writer, text string) {
	fmt.Fprintf(stderr, "%s: %s\n", c.Name(), strings.ReplaceAll(text, "\n", "; "))
}

// Usagef returns the error of a command line that is wrong.
func Usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// An output remembers the first error of its writer, so that programs can print
// without looking at each line.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(b []byte) (n int, err error) {
	if o.err == nil {
		n, o.err = o.w.Write(b)
	}
	return n, o.err
}
