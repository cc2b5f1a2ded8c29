package main

import (
	"io"
	"strings"
	"testing"

	"coloop/examples/internal/cli/clitest"
)

// Traces that cannot be written fail, also those of scenarios that are not valid.
func TestD7OutputThatFails(t *testing.T) {
	for _, in := range []string{`{"id": "a", "level": "gen", "gens": {}, "ops": []}`, `[1, 2]`, `no JSON`} {
		on := func(args []string, stdout, stderr io.Writer) int {
			return run(args, strings.NewReader(in), stdout, stderr)
		}
		clitest.Full(t, on, "")
		clitest.Check(t, on, map[string]int{"-x": 2, "more": 2})
	}
}
