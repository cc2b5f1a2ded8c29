package loop

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDumpOnQuit runs a program that waits for ever, or blocks its loop, and sends
// it SIGQUIT.
func TestDumpOnQuit(t *testing.T) {
	if how := os.Getenv("LOOP_QUIT"); how != "" {
		quitProgram(how)
		return
	}
	for how, want := range map[string][]string{
		"waits": {
			"SIGQUIT: the tasks of the event loop\n1 tasks, ",
			"<Task pending name='stuck' coro=loop.quitProgram.func1 at quit_test.go:",
			"wait_for=<Event.Wait of event 'godot'>>\n",
			"SIGQUIT: quit\n",
		},
		"blocks": {
			"SIGQUIT: the tasks of the event loop\nThe loop does not react",
			"running: <Task pending name='stuck' ",
			"SIGQUIT: quit\n",
		},
	} {
		t.Run(how, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=TestDumpOnQuit", "-test.v")
			cmd.Env = append(os.Environ(), "LOOP_QUIT="+how)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for in := bufio.NewScanner(out); in.Scan(); {
				if in.Text() == "stuck" {
					_ = cmd.Process.Signal(syscall.SIGQUIT)
				}
			}
			if err := cmd.Wait(); err == nil {
				t.Error("the program has ended well")
			}
			rest := stderr.String()
			for _, s := range want {
				_, after, ok := strings.Cut(rest, s)
				if !ok {
					t.Errorf("no %q in %.1500s", s, rest)
				}
				rest = after
			}
		})
	}
}

func quitProgram(how string) {
	l, err := New()
	if err != nil {
		panic(err)
	}
	l.SetDebug(&Debug{Slow: time.Hour})
	patience := &l.debug.(*debugging).quit.patience
	*patience = time.Minute
	if how == "blocks" {
		*patience = time.Millisecond
	}
	godot := Event{Name: "godot"}
	t := Spawn(l, func(y *Yielder) error {
		l.CallSoon(func() { os.Stdout.WriteString("stuck\n") })
		if how == "blocks" {
			os.Stdout.WriteString("stuck\n")
			select {}
		}
		return godot.Wait(y)
	}, Named("stuck"))
	_, _ = RunUntilComplete(l, t)
}
