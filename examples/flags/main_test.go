package main

import (
	"bytes"
	"fmt"
	"image/gif"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"coloop/examples/flags/flagserver"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
	}
	go goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("coloop/examples/flags.TestMain"))
	for f := range mainGoroutine {
		f()
	}
}

var mainGoroutine = make(chan func())

// onMain calls f on the main goroutine, the only one on which loop.Run takes
// Ctrl-C.
func onMain(f func()) {
	done := make(chan struct{})
	mainGoroutine <- func() {
		defer close(done)
		f()
	}
	<-done
}

// serveWith starts a server and returns its URL.
func serveWith(t *testing.T, conduct flagserver.Conduct) string {
	t.Helper()
	s, err := flagserver.Start("127.0.0.1:0", conduct)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.URL()
}

// output is what a run of the program left.
type output struct {
	exit           int
	stdout, stderr string
	files          []string // in the folder
}

// runIn runs the program, which is as patient as a loaded machine may need.
func runIn(t *testing.T, dir string, args ...string) output {
	t.Helper()
	var stdout, stderr bytes.Buffer
	o := output{exit: run(slices.Concat([]string{"-t", "1h", "-d", dir}, args), &stdout, &stderr)}
	o.stdout, o.stderr, o.files = stdout.String(), stderr.String(), filesIn(dir)
	return o
}

func filesIn(dir string) (names []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (o output) check(t *testing.T, exit int, inStdout, inStderr string, files int) {
	t.Helper()
	if o.exit != exit {
		t.Errorf("exit status %d, want %d", o.exit, exit)
	}
	if !strings.Contains(o.stdout, inStdout) {
		t.Errorf("no %q on standard output", inStdout)
	}
	if !strings.Contains(o.stderr, inStderr) || inStderr == "" && o.stderr != "" {
		t.Errorf("standard error is not %q", inStderr)
	}
	if len(o.files) != files {
		t.Errorf("%d files in the folder, want %d: %v", len(o.files), files, o.files)
	}
	if t.Failed() {
		t.Logf("standard output:\n%s\nstandard error:\n%s", o.stdout, o.stderr)
	}
}

func forEachGeneration(t *testing.T, test func(t *testing.T, g string)) {
	for _, g := range generationNames() {
		t.Run(g, func(t *testing.T) { test(t, g) })
	}
}

func checkGIF(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if _, err := gif.Decode(f); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

func TestTwentyFlags(t *testing.T) {
	forEachGeneration(t, func(t *testing.T, g string) {
		dir := filepath.Join(t.TempDir(), "made", "for", "it")
		out := runIn(t, dir, "-g", g, "-s", "LOCAL")
		out.check(t, exitOK, " 20 flags saved", "", 20)
		for _, name := range out.files {
			checkGIF(t, filepath.Join(dir, name))
		}
		if !slices.Contains(out.files, "CN.gif") {
			t.Errorf("no CN.gif among %v", out.files)
		}
	})
}

func TestNames(t *testing.T) {
	forEachGeneration(t, func(t *testing.T, g string) {
		out := runIn(t, t.TempDir(), "-g", g, "-s", "LOCAL", "-n", "us", "fr", "zz")
		out.check(t, exitOK, "  1 not found", "", 2)
		if want := []string{"France.gif", "United_States_of_America.gif"}; !slices.Equal(out.files, want) {
			t.Errorf("files %v, want %v", out.files, want)
		}
	})
}

func TestVerbose(t *testing.T) {
	forEachGeneration(t, func(t *testing.T, g string) {
		url := serveWith(t, flagserver.Prompt)
		out := runIn(t, t.TempDir(), "-g", g, "-v", "-u", url, "zz", "cn")
		out.check(t, exitOK, "CN OK\n", "", 1)
		out.check(t, exitOK, "ZZ not found: GET "+url+"/zz/zz.gif: status 404 Not Found\n", "", 1)
	})
}

// The tally accounts for every code, whatever became of it.
func TestTally(t *testing.T) {
	forEachGeneration(t, func(t *testing.T, g string) {
		requests := 0
		url := serveWith(t, func() (time.Duration, int) {
			requests++
			if requests%4 == 0 {
				return 0, 418
			}
			return 0, 200
		})
		dir := t.TempDir()
		out := runIn(t, dir, "-g", g, "-u", url, "-m", "10", "-l", "16")
		out.check(t, exitFailed, " 12 flags saved to "+dir+"\n  4 failed\n", "status 418 I'm a teapot", 12)

		out = runIn(t, t.TempDir(), "-g", g, "-s", "LOCAL", "e")
		out.check(t, exitOK, "  6 flags saved", "", 6)
		out.check(t, exitOK, "\n 20 not found\n", "", 6)
	})
}

func TestNoServer(t *testing.T) {
	s, err := flagserver.Start("127.0.0.1:0", flagserver.Prompt)
	if err != nil {
		t.Fatal(err)
	}
	url := s.URL()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	forEachGeneration(t, func(t *testing.T, g string) {
		out := runIn(t, t.TempDir(), "-g", g, "-u", url)
		out.check(t, exitFailed, "  0 flags saved", "connection refused", 0)
		out.check(t, exitFailed, " 20 failed\n", "and 17 more", 0)
	})
}

func TestTimeout(t *testing.T) {
	forEachGeneration(t, func(t *testing.T, g string) {
		url := serveWith(t, flagserver.Delayed(time.Hour))
		out := runIn(t, t.TempDir(), "-g", g, "-u", url, "-t", "1ms", "cn", "in")
		out.check(t, exitFailed, "  2 failed\n", "flags: CN: ", 0)
	})
}

func TestUnwritableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "sub")} {
		out := runIn(t, dir)
		out.check(t, exitFailed, " 20 left\n", "flags: cannot save to folder "+dir+": not a directory\n", 0)
	}
}

// A file that cannot be written is an error of its flag only.
func TestUnwritableFile(t *testing.T) {
	forEachGeneration(t, func(t *testing.T, g string) {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "CN.gif", "sub"), 0o777); err != nil {
			t.Fatal(err)
		}
		out := runIn(t, dir, "-g", g, "-s", "LOCAL", "cn", "in")
		out.check(t, exitFailed, "  1 flag saved to "+dir+"\n  1 failed\n", "flags: CN: ", 2)
	})
}

func TestUsage(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if exit := run([]string{"--help"}, &stdout, &stderr); exit != exitOK {
		t.Errorf("--help: exit status %d", exit)
	}
	if stdout.String() != help || stderr.Len() > 0 {
		t.Errorf("--help writes %q and %q", &stdout, &stderr)
	}
	stdout.Reset()
	if exit := run([]string{"--limit", "0"}, &stdout, &stderr); exit != exitUsage {
		t.Errorf("--limit 0: exit status %d", exit)
	}
	if stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "usage: flags ") {
		t.Errorf("--limit 0: %s%s", &stdout, &stderr)
	}
}

// --help has a line for each option, with its default, and nothing else that
// looks like one.
func TestHelpIsTheOptions(t *testing.T) {
	fs := pflag.NewFlagSet("flags", pflag.ContinueOnError)
	var o options
	defineOptions(fs, &o)
	lines := make(map[string]string)
	for line := range strings.Lines(help) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("too long: %s", line)
		}
		if name := regexp.MustCompile(`^  (?:-(.),|   ) --(\S+)( [A-Z]+)?  +\S`).FindStringSubmatch(line); name != nil {
			f := fs.Lookup(name[2])
			if f == nil || f.Shorthand != name[1] || (f.Value.Type() == "bool") != (name[3] == "") {
				t.Errorf("no such option: %s", line)
			}
			lines[name[2]] = line
		}
	}
	fs.VisitAll(func(f *pflag.Flag) {
		if lines[f.Name] == "" {
			t.Errorf("no line for --%s", f.Name)
		}
		hasDefault := strings.Contains(lines[f.Name], "(default "+f.DefValue+")")
		if want := !slices.Contains([]string{"", "0", "false"}, f.DefValue); hasDefault != want {
			t.Errorf("default %q: %s", f.DefValue, lines[f.Name])
		}
	})
	for _, s := range []string{
		fmt.Sprintf("--speedup          measure %d requests", speedupRequests),
		fmt.Sprintf("sequential %d; threadpool %d; asyncio %d, but %d with REMOTE",
			generations[0].defaultReq, generations[1].defaultReq, generations[2].defaultReq, generations[2].politeReq),
	} {
		if !strings.Contains(help, s) {
			t.Errorf("--help does not say %q", s)
		}
	}
}

func TestServers(t *testing.T) {
	for label, want := range map[string]time.Duration{
		"LOCAL": 0, "NEAR": 100 * time.Millisecond, "DELAY": time.Second,
	} {
		if delay, status := conducts[label](); delay != want || status != 200 {
			t.Errorf("%s: status %d after %v, want 200 after %v", label, status, delay, want)
		}
	}
}
