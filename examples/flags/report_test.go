package main

import (
	"bytes"
	"io"
	"os"
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
