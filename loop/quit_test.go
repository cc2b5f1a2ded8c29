package loop

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDumpOnQuit runs a program that waits for ever, or blocks its loop, or handles
// SIGQUIT, and sends it SIGQUIT.
func TestDumpOnQuit(t *testing.T) {
	if how := os.Getenv("LOOP_QUIT"); how != "" {
		quitProgram(how)
		return
	}
	for how, want := range map[string][]string{
		"waits": {
			"SIGQUIT: the tasks of the event loop\n1 task, ",
			"<Task pending name='stuck' coro=loop.quitProgram.func1 at quit_test.go:",
			"wait_for=<Event.Wait of event 'godot'>>\n",
			"SIGQUIT: quit\n",
		},
		"blocks": {
			"SIGQUIT: the tasks of the event loop\nThe loop does not react",
			"running: <Task pending name='stuck' ",
			"SIGQUIT: quit\n",
		},
		"handles": {
			"SIGQUIT: the tasks of the event loop\n",
			"<Task pending name='stuck' ",
			"SIGQUIT: the tasks of the event loop\nThe loop does not react",
			"end of the program: handled 1 times\n",
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
			if err := cmd.Wait(); (err == nil) != (how == "handles") {
				t.Errorf("the program has ended with %v", err)
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
	if how == "handles" {
		defer quitHandled(l)()
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

// quitHandled has l handle SIGQUIT, in a program with a second loop in debug mode. end
// prints how often it has.
func quitHandled(l *Loop) (end func()) {
	handled := 0
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	second, _ := NewVirtual()
	second.SetDebug(&Debug{})
	second.debug.(*debugging).quit.patience = time.Millisecond // nobody runs it
	var stop func()
	stop = func() { // once the dumper has come to the second loop
		second.mu.Lock()
		defer second.mu.Unlock()
		if len(second.incoming) > 0 {
			l.Stop()
		} else {
			l.CallSoon(stop)
		}
	}
	must(l.AddSignalHandler(syscall.SIGQUIT, func() { handled++; stop() }))
	return func() {
		l.SetDebug(nil)
		must(second.Close()) // waits for the dumper
		// A second SIGQUIT would have come by now, and be handled before SIGUSR1.
		must(l.AddSignalHandler(syscall.SIGUSR1, l.Stop))
		must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
		must(l.RunForever())
		must(l.Close())
		fmt.Fprintf(os.Stderr, "end of the program: handled %d times\n", handled)
	}
}

// TestT7Dumper: all loops in debug mode have one dumper, which ends the process only if
// no loop handles SIGQUIT.
func TestT7Dumper(t *testing.T) {
	const header = "SIGQUIT: the tasks of the event loop\n"
	var loops []*Loop
	for range 3 {
		l, _ := NewVirtual()
		l.SetDebug(&Debug{})
		l.debug.(*debugging).quit.patience = time.Nanosecond // nobody runs it
		loops = append(loops, l)
	}
	signals := onQuit.signals
	expectDump := func(dumps int, end bool) {
		t.Helper()
		var w strings.Builder
		got := onQuit.print(&w)
		if n := strings.Count(w.String(), header); n != dumps || got != end {
			t.Errorf("%d dumps, then end: %t; want %d and %t", n, got, dumps, end)
		}
	}
	expectDump(3, true)
	if err := loops[0].AddSignalHandler(syscall.SIGQUIT, func() {}); err != nil {
		t.Fatal(err)
	}
	expectDump(3, false)
	loops[0].RemoveSignalHandler(syscall.SIGQUIT)
	expectDump(3, true)
	if err := loops[1].AddSignalHandler(syscall.SIGQUIT, func() {}); err != nil {
		t.Fatal(err)
	}
	loops[0].SetDebug(nil)
	expectDump(2, false)
	for i := range loops {
		if err := loops[i].Close(); err != nil { // with its handler
			t.Error(err)
		}
		expectDump(2-i, i > 0)
	}
	if _, open := <-signals; open {
		t.Error("the dumper still takes signals")
	}
}
