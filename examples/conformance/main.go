// Command conformance plays scenarios on this module, and prints a trace of what
// happens. A scenario is a JSON document that describes generators, or tasks on
// an event loop, and what is done to them; see SPEC.md. python/oracle.py prints
// the trace of the real thing, and the two must be the same, byte for byte.
//
//	go run ./examples/conformance < scenarios.jsonl
//
// The scenarios come as one document, one array or one document after the
// other. A scenario that is not valid is answered with a line that begins with
// "!!", and makes the exit status 1.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"coloop/coroutine"
	"coloop/examples/internal/cli"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (exit int) {
	c := cli.New("conformance", `usage: conformance < SCENARIOS

Play scenarios, JSON documents as SPEC.md describes them, and print traces.

Exit status:
  0   all were played
  1   some are not valid, which a line that begins with "!!" says of each, or
      the traces cannot be written
  2   the command line is wrong
`)
	c.MaxArgs = -1
	return c.Run(args, stdout, stderr, func(w io.Writer) error {
		if c.NArg() > 0 {
			return cli.Usagef("unexpected argument %q: scenarios are read from standard input", c.Arg(0))
		}
		var p player
		defer p.pool.Close()
		out := bufio.NewWriterSize(w, 1<<16)
		err := p.playAll(bufio.NewReaderSize(stdin, 1<<16), out)
		return errors.Join(err, out.Flush())
	})
}

// A player plays one scenario after the other, on the same stacks.
type player struct {
	pool coroutine.Pool
}

// playAll answers what in holds until its end or something that is not JSON.
// The error counts the scenarios that were not valid.
func (p *player) playAll(in *bufio.Reader, out io.Writer) error {
	bad := 0
	for doc, err := range documents(in) {
		if err != nil {
			fmt.Fprintf(out, "!! not JSON: %v\n", err)
			return err
		}
		sc, ok := doc.(object)
		if !ok {
			fmt.Fprint(out, "# None\n!! a scenario is an object\n")
			bad++
			continue
		}
		trace, err := p.play(sc)
		if err != nil {
			trace = fmt.Appendf(nil, "!! %v\n", err)
			bad++
		}
		id, ok := sc["id"]
		if !ok || id == nil {
			id = "None"
		}
		if _, err := fmt.Fprintf(out, "# %v\n%s", id, trace); err != nil {
			return err
		}
	}
	switch bad {
	case 0:
		return nil
	case 1:
		return errors.New("a scenario is not valid")
	default:
		return fmt.Errorf("%d scenarios are not valid", bad)
	}
}

// play returns the trace of one scenario.
func (p *player) play(sc object) ([]byte, error) {
	switch level := sc["level"]; level {
	case "gen":
		return p.playGen(sc)
	case "loop":
		return playLoop(sc)
	default:
		return nil, fmt.Errorf("no level %v", level)
	}
}

// An object is a JSON object, its numbers as they were written.
type object = map[string]any

// documents decodes a sequence of documents, or the elements of an array.
func documents(in *bufio.Reader) func(yield func(any, error) bool) {
	return func(yield func(any, error) bool) {
		dec := json.NewDecoder(in)
		dec.UseNumber()
		array, err := startsArray(in)
		if array && err == nil {
			_, err = dec.Token()
		}
		for err == nil {
			if array && !dec.More() {
				_, err = dec.Token()
				break
			}
			var doc any
			if err = dec.Decode(&doc); err == nil && !yield(doc, nil) {
				return
			}
		}
		if err != nil && err != io.EOF {
			yield(nil, err)
		}
	}
}

func startsArray(in *bufio.Reader) (bool, error) {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return false, err
		}
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '[', in.UnreadByte()
		}
	}
}
