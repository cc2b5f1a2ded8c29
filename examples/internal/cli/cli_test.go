package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"coloop/examples/internal/cli"
	"coloop/examples/internal/cli/clitest"
	"coloop/loop"
)

func echo(args []string, stdout, stderr io.Writer) int {
	c := cli.New("echo", "usage: echo [OPTION]... [WORD]\n\nOPTIONS\nThat is all.\n")
	c.MaxArgs = 1
	loud := c.Toggle("loud", "l", "in capitals")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		word := c.Arg(0)
		if *loud {
			word = strings.ToUpper(word)
		}
		switch word {
		case "":
			return cli.Usagef("say something")
		case "interrupt":
			return fmt.Errorf("echoing: %w", loop.ErrInterrupted)
		case "fail":
			return errors.Join(errors.New("cannot"), errors.New("will not"))
		}
		fmt.Fprintln(out, word) // without a look at the error
		return nil
	})
}

func TestExits(t *testing.T) {
	clitest.Check(t, echo, map[string]int{
		"a": cli.OK, "-l a": cli.OK, "--loud=false a": cli.OK,
		"": cli.WrongUsage, "a b": cli.WrongUsage, "-x": cli.WrongUsage, "--loud=perhaps a": cli.WrongUsage,
		"fail": cli.Failed, "interrupt": cli.Interrupted,
	})
}

func TestWords(t *testing.T) {
	for args, want := range map[string]string{
		"--help": "usage: echo [OPTION]... [WORD]\n\n  -l, --loud   in capitals\nThat is all.\n",
		"-l a":   "A\n",
		"":       "echo: say something (see echo --help)\n",
		"a b":    "echo: unexpected argument \"b\" (see echo --help)\n",
		"fail":   "echo: cannot; will not\n",
	} {
		var out bytes.Buffer
		echo(strings.Fields(args), &out, &out)
		if out.String() != want {
			t.Errorf("%q: %q, want %q", args, &out, want)
		}
	}
}

// A program whose output is full ends with that error, not with its own.
func TestD7OutputThatFails(t *testing.T) {
	full := errors.New("full")
	var stderr bytes.Buffer
	c := cli.New("writer", "")
	exit := c.Run(nil, writer(func([]byte) (int, error) { return 0, full }), &stderr, func(out io.Writer) error {
		fmt.Fprint(out, "lost")
		n, err := fmt.Fprint(out, "lost as well")
		if n != 0 || err != full {
			t.Errorf("the second write wrote %d and returned %v", n, err)
		}
		return errors.New("another")
	})
	if want := "writer: writing the output: full\n"; exit != cli.Failed || stderr.String() != want {
		t.Errorf("exit %d, %q", exit, &stderr)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }
