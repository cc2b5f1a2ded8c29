package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// TestRecorded plays the scenarios in testdata and expects CPython's traces.
func TestRecorded(t *testing.T) {
	traces, err := filepath.Glob("testdata/*.trace.gz")
	if err != nil || len(traces) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	for _, trace := range traces {
		name := strings.TrimSuffix(trace, ".trace.gz")
		t.Run(filepath.Base(name), func(t *testing.T) {
			want := scenarios(readAll(t, trace))
			got := scenarios(playOut(t, readAll(t, name+".jsonl")))
			if len(got) != len(want) {
				t.Errorf("played %d scenarios, want %d", len(got), len(want))
			}
			for id, lines := range want {
				if diff := cmp.Diff(lines, got[id]); diff != "" {
					t.Errorf("%s differs (-CPython +this module):\n%s", id, diff)
				}
			}
		})
	}
}

// readAll returns what a file holds, or the same file compressed.
func readAll(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		name += ".gz"
		data, err = os.ReadFile(name)
	}
	if err == nil && strings.HasSuffix(name, ".gz") {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, err = io.ReadAll(z)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func playOut(t *testing.T, in []byte) []byte {
	t.Helper()
	var p player
	defer p.pool.Close()
	var out bytes.Buffer
	if err := p.playAll(bufio.NewReader(bytes.NewReader(in)), &out); err != nil {
		t.Error(err)
	}
	return out.Bytes()
}

// scenarios splits the output of a player into the lines of each scenario.
func scenarios(out []byte) map[string][]string {
	m := make(map[string][]string)
	var id string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "# ") {
			id = strings.TrimSpace(line)
			m[id] = []string{}
			continue
		}
		m[id] = append(m[id], line)
	}
	return m
}

func TestInput(t *testing.T) {
	const empty = `{"id":1,"level":"gen","gens":{},"ops":[]}`
	for _, tc := range []struct {
		name, in, want string
		ok             bool
	}{
		{"nothing", " \n", "", true},
		{"lines", empty + "\n" + empty, "# 1\nend\n# 1\nend\n", true},
		{"array", "\n [" + empty + ",\n" + empty + "]\n", "# 1\nend\n# 1\nend\n", true},
		{"document", strings.ReplaceAll(empty, ",", ",\n"), "# 1\nend\n", true},
		{"no id", `{"level":"gen","gens":{},"ops":[]}`, "# None\nend\n", true},
		{"cut off", empty + `{"id":`, "# 1\nend\n!! not JSON: unexpected EOF\n", false},
		{"no object", "[7]", "# None\n!! a scenario is an object\n", false},
		{"no level", `{"id":"x","level":"y"}` + empty, "# x\n!! no level y\n# 1\nend\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var p player
			var out strings.Builder
			err := p.playAll(bufio.NewReader(strings.NewReader(tc.in)), &out)
			if out.String() != tc.want || (err == nil) != tc.ok {
				t.Errorf("got %q, %v; want %q", out.String(), err, tc.want)
			}
		})
	}
}

func TestRun(t *testing.T) {
	const empty, bad = `{"id":1,"level":"gen","gens":{},"ops":[]}`, `{"id":2}`
	for _, tc := range []struct {
		args, in, message string
		exit              int
	}{
		{"", empty, "", 0},
		{"", empty + bad, "conformance: a scenario is not valid\n", 1},
		{"", bad + bad, "conformance: 2 scenarios are not valid\n", 1},
		{"--help", "", "", 0},
		{"--steps", "", "conformance: unknown flag: --steps (see conformance --help)\n", 2},
		{"x.jsonl", "", `conformance: unexpected argument "x.jsonl": scenarios are read from standard input` +
			" (see conformance --help)\n", 2},
	} {
		var stdout, stderr strings.Builder
		exit := run(strings.Fields(tc.args), strings.NewReader(tc.in), &stdout, &stderr)
		if exit != tc.exit || stderr.String() != tc.message {
			t.Errorf("%s %s: exit %d, %q; want %d, %q", tc.args, tc.in, exit, &stderr, tc.exit, tc.message)
		}
		if (exit == 2) == (stdout.Len() > 0) {
			t.Errorf("%s %s: prints %q", tc.args, tc.in, &stdout)
		}
	}
}

// TestInvalid has scenarios that are answered with "!!" instead of a trace.
func TestInvalid(t *testing.T) {
	for _, tc := range []struct{ name, body, ops, want string }{
		{"op", `{"op":"nop"}`, ``, `f: nop: no such instruction here`},
		{"field", `{"op":"log"}`, ``, `f: log: lacks "v"`},
		{"fraction", `{"op":"log","v":1.5}`, ``, `f: log: bad number 1.5`},
		{"text", `{"op":"log","v":"a b"}`, ``, `f: log: bad value a b`},
		{"kind", `{"op":"raise","e":"Error"}`, ``, `f: raise: bad error "Error"`},
		{"group", `{"op":"raise","e":"ExceptionGroup"}`, ``, `f: raise: bad error "ExceptionGroup"`},
		{"break", `{"op":"break"}`, ``, `f: break: outside of a loop`},
		{"reraise", `{"op":"reraise"}`, ``, `f: reraise: outside of an except clause`},
		{"try", `{"op":"try","body":[]}`, ``, `f: try: neither except nor finally`},
		{"function", `{"op":"from","g":"h","as":"x"}`, ``, `f: from: no generator function h`},
		{"from", `{"op":"from"}`, ``, `f: from: lacks g, on and iter`},
		{"stub", `{"op":"from","as":"x","iter":{"send":"raise"}}`, ``, `f: from: send: bad method raise`},
		{"driver", ``, `{"op":"yield"}`, `ops: yield: no such operation`},
		{"endless", `{"op":"loop","n":1000000000,"body":[{"op":"try","body":[{"op":"yield"}],"except":[{"match":"BaseException","body":[]}]},{"op":"log","v":1}]}`,
			`{"op":"new","g":"f","as":"a"},{"op":"next","on":"a"},` + strings.Repeat(`{"op":"next","on":"a"},`, 10_000) + `{"op":"next","on":"a"}`,
			`more than 20000 lines of trace`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var p player
			defer p.pool.Close()
			in := `{"id":"x","level":"gen","gens":{"f":[` + tc.body + `]},"ops":[` + tc.ops + `]}`
			var out strings.Builder
			if err := p.playAll(bufio.NewReader(strings.NewReader(in)), &out); err == nil {
				t.Error("no error")
			}
			if want := "# x\n!! " + tc.want + "\n"; out.String() != want {
				t.Errorf("got %q, want %q", out.String(), want)
			}
		})
	}
}
