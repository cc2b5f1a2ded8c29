package main

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// full is a device without space, and fills up after so many writes.
type full struct {
	io.Writer
	writes int
}

func (f *full) Write(p []byte) (int, error) {
	if f.writes--; f.writes < 0 {
		return 0, &os.PathError{Op: "write", Path: "/dev/full", Err: syscall.ENOSPC}
	}
	return f.Writer.Write(p)
}

// A report that cannot be written is a failure, but the flags are saved.
func TestD7FullOutput(t *testing.T) {
	url := serveWith(t, func() (time.Duration, int) { return 0, 200 })
	for _, tc := range []struct {
		args   string
		writes int
		files  int
	}{
		{"--help", 0, 0},
		{"--serve 127.0.0.1:0", 0, 0},
		{"--speedup -l 1 -t 1h", 0, 0},
		{"--speedup -l 1 -t 1h", 2, 0},
		{"-l 3", 0, 3},
		{"-l 3", 4, 3},
		{"-v -l 3", 3, 3},
		{"-g sequential -l 3", 5, 3},
		{"-g threadpool -v -l 3", 0, 3},
	} {
		dir := t.TempDir()
		args := strings.Fields(tc.args)
		if tc.files > 0 {
			args = append(args, "-d", dir, "-u", url, "-t", "1h")
		}
		var stderr bytes.Buffer
		exit := run(args, &full{io.Discard, tc.writes}, &stderr)
		const want = "flags: cannot write to standard output: no space left on device\n"
		if exit != exitFailed || stderr.String() != want {
			t.Errorf("%s: exit status %d, standard error %q", tc.args, exit, &stderr)
		}
		if got := filesIn(dir); len(got) != tc.files {
			t.Errorf("%s: files are %q, want %d", tc.args, got, tc.files)
		}
	}
}

func TestD7FullStandardError(t *testing.T) {
	stderr := &full{io.Discard, 0}
	if exit := run([]string{"--nope"}, io.Discard, stderr); exit != exitUsage {
		t.Errorf("--nope: exit status %d, want %d", exit, exitUsage)
	}
	s := &stream{Writer: stderr}
	bar := newBar(s, 3)
	_ = bar.Add(3)
	if s.err == nil {
		t.Error("an error of the progress bar is lost")
	}
}

func TestD13BarWithoutANSI(t *testing.T) {
	var out bytes.Buffer
	d := display{bar: newBar(&out, 3)}
	for range 3 {
		d.show(Result{})
	}
	d.close(&out)
	if got := out.String(); strings.Contains(got, "\x1b") || !strings.Contains(got, "3/3") {
		t.Errorf("the bar is %q", got)
	}
}

func TestD13NoBar(t *testing.T) {
	for term, want := range map[string]bool{"dumb": false, "xterm": true, "": true} {
		t.Setenv("TERM", term)
		if got := wantsBar(true, false); got != want {
			t.Errorf("TERM=%s: %t, want %t", term, got, want)
		}
		if wantsBar(false, false) || wantsBar(true, true) {
			t.Errorf("TERM=%s: a bar that nobody sees", term)
		}
	}
}

func TestNext(t *testing.T) {
	for args, want := range map[string]string{
		"":                             "-g sequential",
		"-g sequential":                "-g threadpool",
		"-g threadpool":                "-a",
		"-a":                           "-a -g threadpool",
		"-a -g threadpool":             "--speedup",
		"-a -g sequential":             "-a -g threadpool",
		"-e":                           "-e -g threadpool",
		"-e -g threadpool":             "--speedup",
		"--limit 3 -m 2":               "-m 2 -l 3 -g sequential",
		"-l 3 -m 2 -g threadpool":      "-m 2 -a",
		"us fr -n -v=false -g ASYNCIO": "-n us fr -g sequential",
		"-s local -t 2 --dir=x":        "-s LOCAL -t 2s -d x -g sequential",
		"-u http://h/ -g sequential b": "-u http://h b -g threadpool",
	} {
		o, err := parseOptions(strings.Fields(args))
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		if got := strings.Join(o.next(), " "); got != want {
			t.Errorf("%q: next is %q, want %q", args, got, want)
		}
		if _, err := parseOptions(o.next()); err != nil {
			t.Errorf("%q: next is refused: %v", args, err)
		}
	}
	if _, err := parseOptions(afterSpeedup); err != nil {
		t.Error(err)
	}
}

// Only a run that got something has a next one, and ends with it.
func TestNextIsReported(t *testing.T) {
	url := serveWith(t, func() (time.Duration, int) { return 0, 200 })
	dir := t.TempDir()
	out := runIn(t, dir, "-u", url, "cn")
	if want := "\nnext: " + quote(os.Args[0]) + " -t 1h0m0s -d " + dir + " -u " + url + " cn -g sequential\n"; !strings.HasSuffix(out.stdout, want) {
		t.Errorf("standard output is %q, want %q at its end", out.stdout, want)
	}
	out = runIn(t, dir, "-u", url, "zz")
	if strings.Contains(out.stdout, "next:") {
		t.Errorf("standard output is %q", out.stdout)
	}
}

func TestProgram(t *testing.T) {
	defer func(args []string) { os.Args = args }(slices.Clone(os.Args))
	hash := strings.Repeat("0123456789abcdef", 4)
	for arg, want := range map[string]string{
		"flags":                                  "flags",
		"./my flags":                             "'./my flags'",
		"/home/x/go-build/flags":                 "/home/x/go-build/flags",
		"/tmp/go-build2678212470/b001/exe/flags": "go run coloop/examples/flags",
		"/home/x/.cache/go-build/e3/" + hash + "-d/flags": "go run coloop/examples/flags",
		"/var/folders/go-build1/b001/exe/flags":           "go run coloop/examples/flags",
	} {
		os.Args[0] = arg
		if got := program(); got != want {
			t.Errorf("%s: %q, want %q", arg, got, want)
		}
	}
	t.Chdir("../..")
	os.Args[0] = "/tmp/go-build2678212470/b001/exe/flags"
	if got, want := program(), "go run ./examples/flags"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestQuote(t *testing.T) {
	for arg, want := range map[string]string{
		"": "''", "a/b": "a/b", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'", "~": "'~'", "*": "'*'", "é": "'é'",
	} {
		if got := quote(arg); got != want {
			t.Errorf("quote(%q) = %s, want %s", arg, got, want)
		}
	}
}
