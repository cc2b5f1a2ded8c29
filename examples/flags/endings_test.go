//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"coloop/examples/flags/flagserver"
)

// childVariable is set in the environment of a test binary that is to be the
// program.
const childVariable = "FLAGS_TEST_CHILD"

var deadly = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// child is the program, which reports what happens to descriptor 3, and with a
// file written but not yet renamed waits for descriptor 4 to be closed.
func child() {
	events, gate := os.NewFile(3, "events"), os.NewFile(4, "gate")
	beforeRename = func(string, string) error {
		fmt.Fprintln(events, "saving")
		_, _ = gate.Read(make([]byte, 1))
		return nil
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, deadly...)
	go func() {
		for s := range signals {
			fmt.Fprintln(events, s)
		}
	}()
	main()
}

// A process is a run of the program in a process of its own.
type process struct {
	*exec.Cmd
	t              *testing.T
	events         *bufio.Reader
	gate           io.Closer
	stdout, stderr bytes.Buffer
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], append([]string{"-t", "1h"}, args...)...), t: t}
	events, eventsEnd, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	gateEnd, gate, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.events, p.gate = bufio.NewReader(events), gate
	p.Env = append(os.Environ(), childVariable+"=1")
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	p.ExtraFiles = []*os.File{eventsEnd, gateEnd}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		for _, f := range []*os.File{events, eventsEnd, gateEnd, gate} {
			_ = f.Close()
		}
	})
	return p
}

// await waits for an event, which others may precede.
func (p *process) await(event string) {
	p.t.Helper()
	for {
		line, err := p.events.ReadString('\n')
		if err != nil {
			p.t.Fatalf("waiting for %q: %v", event, err)
		}
		if line == event+"\n" {
			return
		}
	}
}

// exit waits for the end of the process and returns its exit status.
func (p *process) exit() int {
	// That it is not 0 is what the tests look at.
	_ = p.Wait()
	p.t.Logf("standard output:\n%s\nstandard error:\n%s", &p.stdout, &p.stderr)
	return p.ProcessState.ExitCode()
}

func partsIn(dir string) []string {
	return slices.DeleteFunc(filesIn(dir), func(name string) bool { return !strings.HasSuffix(name, ".part") })
}

// forEachEnding runs the program, in each generation and for each signal, up to
// the point at which a file has been written but not yet renamed.
func forEachEnding(t *testing.T, test func(t *testing.T, dir string, p *process, sig syscall.Signal)) {
	forEachGeneration(t, func(t *testing.T, g string) {
		url := serveWith(t, flagserver.Prompt)
		for _, sig := range deadly {
			t.Run(sig.String(), func(t *testing.T) {
				dir := t.TempDir()
				p := startProcess(t, "-g", g, "-u", url, "-m", "3", "-d", dir)
				p.await("saving")
				if len(partsIn(dir)) == 0 {
					t.Fatal("no file is being written")
				}
				test(t, dir, p, sig.(syscall.Signal))
			})
		}
	})
}

// The first signal ends a run when the files under way have been saved, and the
// tally tells of them.
func TestD6FirstSignal(t *testing.T) {
	forEachEnding(t, func(t *testing.T, dir string, p *process, sig syscall.Signal) {
		_ = p.Process.Signal(sig)
		p.await(sig.String())
		_ = p.gate.Close()
		if got, want := p.exit(), 128+int(sig); got != want {
			t.Errorf("exit status %d, want %d", got, want)
		}
		n := len(filesIn(dir))
		if n == 0 || len(partsIn(dir)) > 0 {
			t.Errorf("files are %q", filesIn(dir))
		}
		report := fmt.Sprintf("\n%3d %s saved to %s\n%3d left\n", n, plural(n, "flag"), dir, 20-n)
		if n < 20 && !strings.Contains(p.stdout.String(), report) {
			t.Errorf("no %q on standard output", report)
		}
		if got, want := p.stderr.String(), fmt.Sprintf("flags: %v\n", stopped{sig}); got != want {
			t.Errorf("standard error is %q, want %q", got, want)
		}
	})
}

// The second signal ends a run at once, with no trace of the files under way.
func TestD6SecondSignal(t *testing.T) {
	forEachEnding(t, func(t *testing.T, dir string, p *process, sig syscall.Signal) {
		_ = p.Process.Signal(syscall.SIGINT)
		p.await(syscall.SIGINT.String())
		_ = p.Process.Signal(sig)
		if got, want := p.exit(), 128+int(sig); got != want {
			t.Errorf("exit status %d, want %d", got, want)
		}
		if files := filesIn(dir); len(files) > 0 {
			t.Errorf("files are %q", files)
		}
	})
}

// What a run leaves that is killed the next one removes, and nothing else.
func TestD6Killed(t *testing.T) {
	forEachGeneration(t, func(t *testing.T, g string) {
		dir := t.TempDir()
		p := startProcess(t, "-g", g, "-s", "LOCAL", "-d", dir)
		p.await("saving")
		_ = p.Process.Kill()
		p.exit()
		if len(partsIn(dir)) == 0 {
			t.Fatal("nothing is left")
		}
		others := []string{
			"CN.gif.0123abcd.part", ".CN.gif.0123abc.part", ".CN.gif.0123abcg.part", ".CN.gif.0123abcd.part.bak",
			".CN.gif.0123ABCD.part", ".CN.png.0123abcd.part", ".0123abcd.part", "x.probe.0123abcd.part",
		}
		for _, name := range append(others, ".probe.0123abcd.part") {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		const folder, link = ".IN.gif.0123abcd.part", ".US.gif.0123abcd.part"
		if err := os.Mkdir(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(others[0], filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
		runIn(t, dir, "-g", g, "-s", "LOCAL", "cn").check(t, exitOK, "  1 flag saved", "", len(others)+3)
		for _, name := range append(others, folder, link, "CN.gif") {
			if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
	})
}

// The files under way of runs beside this one are not touched, whichever of them
// was the first.
func TestD6RunsBeside(t *testing.T) {
	dir := t.TempDir()
	first := startProcess(t, "-s", "LOCAL", "-d", dir, "cn")
	first.await("saving")
	second := startProcess(t, "-s", "LOCAL", "-d", dir, "in")
	second.await("saving")
	for i, p := range []*process{first, second} {
		runIn(t, dir, "-s", "LOCAL", "us").check(t, exitOK, "  1 flag saved", "", 3)
		if n := len(partsIn(dir)); n != 2-i {
			t.Errorf("%d files are being written, want %d", n, 2-i)
		}
		_ = p.gate.Close()
		if got := p.exit(); got != exitOK {
			t.Errorf("exit status %d", got)
		}
	}
	if got := filesIn(dir); !slices.Equal(got, []string{"CN.gif", "IN.gif", "US.gif"}) {
		t.Errorf("files are %q", got)
	}
}

// A folder that somebody else has locked can be saved to.
func TestD6LockedFolder(t *testing.T) {
	dir := t.TempDir()
	f := newFolder(dir)
	defer f.close()
	if err := f.open(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	runIn(t, dir, "-s", "LOCAL", "cn").check(t, exitOK, "  1 flag saved", "", 1)
}

// A signal that is ignored, as SIGHUP is for nohup, stays so.
func TestD6IgnoredSignals(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	_, stop := untilStopped(func() {})
	defer stop()
	if !signal.Ignored(syscall.SIGHUP) {
		t.Error("SIGHUP is no longer ignored")
	}
}
