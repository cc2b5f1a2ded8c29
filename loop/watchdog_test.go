package loop_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/loop"
)

// byHand is a loop that runs on a goroutine of its own and is watched by hand.
type byHand struct {
	loop.HandWatchdog
	loop    *loop.Loop
	reports events
	now     int
	ended   chan error
}

// watch runs main on a loop that is watched by hand.
func watch(t *testing.T, l *loop.Loop, main func(y *loop.Yielder) error) *byHand {
	t.Helper()
	w := &byHand{loop: l, ended: make(chan error)}
	w.HandWatchdog = loop.WatchByHand(l, &loop.Watchdog{Report: func(b loop.Blockage) {
		w.reports.add("%s %v over=%t %s", b.Task, b.For, b.Over, b.State)
	}})
	task := loop.Spawn(l, main, loop.Named("main"))
	go func() {
		_, err := loop.RunUntilComplete(l, task)
		w.ended <- err
	}()
	return w
}

// looks looks n times, after an eighth of a second each, and returns the last answer.
func (w *byHand) looks(n int) (rest bool) {
	for range n {
		w.now++
		rest = w.Look(w.now)
	}
	return rest
}

// until waits until the step under way is in a state.
func (w *byHand) until(state string) {
	for w.Inspect().State != state {
		runtime.Gosched()
	}
}

func realLoop(t *testing.T) *loop.Loop {
	t.Helper()
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// TestWatchdogReports: a report when the limit has passed, others at growing intervals, and
// one when the step is over, of which the loop tells the watchdog.
func TestWatchdogReports(t *testing.T) {
	l, _ := newLoop(t)
	block := make(chan bool)
	w := watch(t, l, func(y *loop.Yielder) error {
		<-block
		return loop.Sleep(y, time.Hour) // on a virtual clock, which plays no part
	})
	w.until("chan receive")
	w.looks(1) // sees that a step has begun
	w.looks(7)
	expect(t, "before the limit", w.reports, nil)
	w.looks(33)
	expect(t, "woken too early", w.Woken(), false)
	block <- true
	expectErr(t, "the loop", <-w.ended, nil)
	expect(t, "woken", w.Woken(), true)
	w.looks(1)
	expect(t, "reports", w.reports, events{"main 1s over=false chan receive", "main 2s over=false chan receive",
		"main 4s over=false chan receive", "main 5.125s over=true chan receive"})
	expect(t, "rest", w.looks(2), true)
	expect(t, "reports", len(w.reports), 4)
}

// TestWatchdogIdle: a loop that waits for something to do, or does not run, is not blocked,
// and its watchdog rests until the loop goes on.
func TestWatchdogIdle(t *testing.T) {
	l := realLoop(t)
	var godot loop.Event
	waiting := make(chan bool)
	w := watch(t, l, func(y *loop.Yielder) error {
		close(waiting)
		return godot.Wait(y)
	})
	<-waiting
	for !w.looks(2) { // until the turn has ended
		runtime.Gosched()
	}
	expect(t, "rest", w.looks(1000), true)
	if err := l.CallSoonThreadsafe(godot.Set); err != nil {
		t.Fatal(err)
	}
	expectErr(t, "the loop", <-w.ended, nil)
	expect(t, "woken", w.Woken(), true)
	expect(t, "sees that something has run", w.looks(1), false)
	expect(t, "rest when the loop has stopped", w.looks(1000), true)
	expect(t, "reports", w.reports, nil)
}

// TestWatchdogAfterPanic: a step that panics, or ends the goroutine of the loop, is over.
func TestWatchdogAfterPanic(t *testing.T) {
	for name, fn := range map[string]func(){"panic": func() { panic("boom") }, "exit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			l := realLoop(t)
			l.SetExceptionHandler(func(*loop.Loop, loop.ExceptionContext) { l.Stop() })
			w := loop.WatchByHand(l, &loop.Watchdog{Report: func(b loop.Blockage) { t.Error(b) }})
			l.CallSoon(fn)
			ended := make(chan bool)
			go func() {
				defer close(ended)
				_ = l.RunForever()
			}()
			<-ended
			for now := range 100 {
				w.Look(now)
			}
		})
	}
}

// TestWatchdogPause: time in which nobody looks, because the program was stopped, does not
// count.
func TestWatchdogPause(t *testing.T) {
	l, _ := newLoop(t)
	block := make(chan bool)
	w := watch(t, l, func(*loop.Yielder) error { <-block; return nil })
	w.until("chan receive")
	w.looks(2)
	w.now += 1e6
	w.looks(1)
	expect(t, "reports", w.reports, nil)
	block <- true
	<-w.ended
}

// TestWatchdogManySteps: that the loop is always busy does not make it blocked.
func TestWatchdogManySteps(t *testing.T) {
	l, _ := newLoop(t)
	step := make(chan bool)
	w := watch(t, l, func(y *loop.Yielder) error {
		for range step {
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
		}
		return nil
	})
	for range 20 {
		w.looks(1)
		step <- true
		w.until("chan receive")
	}
	close(step)
	<-w.ended
	expect(t, "reports", w.reports, nil)
}

// TestWatchdogName: the name of a task can be changed while the watchdog reads it.
func TestWatchdogName(t *testing.T) {
	l, _ := newLoop(t)
	stop := make(chan bool)
	w := watch(t, l, func(y *loop.Yielder) error {
		for {
			for _, name := range []string{"a", "b"} {
				select {
				case <-stop:
					return nil
				default:
					loop.Running(y).CurrentTask().SetName(name)
				}
			}
		}
	})
	for w.Inspect().Task != "a" {
		runtime.Gosched()
	}
	for w.Inspect().Task != "b" {
		runtime.Gosched()
	}
	close(stop)
	<-w.ended
}

// TestWatchdogLate: a watchdog that comes when the task runs already finds its stack by way
// of the goroutine that has made that.
func TestWatchdogLate(t *testing.T) {
	l, _ := newLoop(t)
	got := make(chan loop.Blockage, 1)
	task := loop.Spawn(l, func(y *loop.Yielder) error {
		w := loop.WatchByHand(l, &loop.Watchdog{})
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		got <- w.Inspect()
		return nil
	}, loop.Named("early"))
	_, err := loop.RunUntilComplete(l, task)
	expectErr(t, "the loop", err, nil)
	b := <-got
	expect(t, "task", b.Task, "early")
	expect(t, "calls", strings.HasSuffix(functions(b.Frames), " loop_test.TestWatchdogLate.func1"), true)
}

// switches are the ways to get a watchdog. Each calls report at its reports.
var switches = map[string]func(t *testing.T, report func(loop.Blockage)) *loop.Loop{
	"SetWatchdog": func(t *testing.T, report func(loop.Blockage)) *loop.Loop {
		l, _ := newLoop(t)
		l.SetWatchdog(&loop.Watchdog{Limit: time.Millisecond, Report: report})
		return l
	},
	"Runner": func(t *testing.T, report func(loop.Blockage)) *loop.Loop {
		r := &loop.Runner{Watchdog: &loop.Watchdog{Limit: time.Millisecond, Report: report}}
		t.Cleanup(func() { expectErr(t, "closing the runner", r.Close(), nil) })
		l, err := r.Loop()
		expectErr(t, "the runner's loop", err, nil)
		return l
	},
	"debug mode": func(t *testing.T, report func(loop.Blockage)) *loop.Loop {
		l, _ := newLoop(t)
		l.SetDebug(&loop.Debug{Watchdog: loop.Watchdog{Limit: time.Millisecond, Report: report}})
		return l
	},
	"before debug mode": func(t *testing.T, report func(loop.Blockage)) *loop.Loop {
		l, _ := newLoop(t)
		l.SetWatchdog(&loop.Watchdog{Limit: time.Millisecond, Report: report})
		l.SetDebug(&loop.Debug{})
		l.SetDebug(nil)
		return l
	},
	"environment": func(t *testing.T, report func(loop.Blockage)) *loop.Loop {
		t.Setenv("COLOOP_WATCHDOG", "1ms")
		logTo(t, slog.NewTextHandler(writer(func(line string) {
			if strings.Contains(line, `msg="a task blocks its event loop" for=`) && strings.Contains(line, ` task=main `) &&
				strings.Contains(line, ` state="chan receive in loop_test.`) && strings.Contains(line, ` stack="coloop/loop_test.`) {
				report(loop.Blockage{State: "chan receive"})
			}
		}), nil))
		l, _ := newLoop(t)
		return l
	},
	"another one": func(t *testing.T, report func(loop.Blockage)) *loop.Loop {
		l, _ := newLoop(t)
		l.SetWatchdog(&loop.Watchdog{Limit: time.Nanosecond, Report: func(loop.Blockage) { t.Error("the old one reports") }})
		l.SetWatchdog(&loop.Watchdog{Limit: time.Millisecond, Report: report})
		return l
	},
	"a report that panics": func(t *testing.T, report func(loop.Blockage)) *loop.Loop {
		logTo(t, slog.NewTextHandler(writer(func(line string) {
			if strings.Contains(line, `msg="panic in the report of a watchdog" error=boom report="task 'main' blocks `) {
				report(loop.Blockage{State: "chan receive"})
			}
		}), nil))
		l, _ := newLoop(t)
		l.SetWatchdog(&loop.Watchdog{Limit: time.Millisecond, Report: func(loop.Blockage) { panic("boom") }})
		return l
	},
}

// writer is called with each line that is written to it.
type writer func(line string)

func (w writer) Write(b []byte) (int, error) {
	w(string(b))
	return len(b), nil
}

// TestWatchdogSwitches has a task block until that is reported.
func TestWatchdogSwitches(t *testing.T) {
	for name, open := range switches {
		t.Run(name, func(t *testing.T) {
			t.Setenv("COLOOP_WATCHDOG", "")
			reported, done := make(chan bool), false
			l := open(t, func(b loop.Blockage) {
				if b.State == "chan receive" && !done {
					done = true
					close(reported)
				}
			})
			_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(*loop.Yielder) error { <-reported; return nil }, loop.Named("main")))
			expectErr(t, "the loop", err, nil)
		})
	}
}

// TestWatchdogOff: no goroutine of a watchdog is there if it is switched off.
func TestWatchdogOff(t *testing.T) {
	run := func(l *loop.Loop) {
		l.CallSoon(l.Stop)
		expectErr(t, "the loop", l.RunForever(), nil)
	}
	for name, use := range map[string]func(l *loop.Loop){
		"negative":          func(l *loop.Loop) { l.SetWatchdog(&loop.Watchdog{Limit: -1}) },
		"negative in debug": func(l *loop.Loop) { l.SetDebug(&loop.Debug{Watchdog: loop.Watchdog{Limit: -1}}) },
		"nil":               func(l *loop.Loop) { l.SetWatchdog(&loop.Watchdog{}); run(l); l.SetWatchdog(nil) },
		"nil in debug":      func(l *loop.Loop) { l.SetDebug(&loop.Debug{}); run(l); l.SetWatchdog(nil) },
		"debug off":         func(l *loop.Loop) { l.SetDebug(&loop.Debug{}); run(l); l.SetDebug(nil) },
		"closed":            func(l *loop.Loop) { l.SetWatchdog(&loop.Watchdog{}); run(l); l.Close() },
		"not run yet":       func(l *loop.Loop) { l.SetWatchdog(&loop.Watchdog{}) },
		"while it runs": func(l *loop.Loop) {
			l.CallSoon(func() { l.SetWatchdog(&loop.Watchdog{}); l.Stop() })
			expectErr(t, "the loop", l.RunForever(), nil)
			l.Close()
		},
		"debug mode closed": func(l *loop.Loop) { l.SetDebug(&loop.Debug{}); run(l); l.Close() },
		"on a closed loop":  func(l *loop.Loop) { l.Close(); l.SetWatchdog(&loop.Watchdog{}) },
		"twice, then closed": func(l *loop.Loop) {
			l.SetWatchdog(&loop.Watchdog{})
			run(l)
			l.SetWatchdog(&loop.Watchdog{})
			run(l)
			l.Close()
		},
		"other, then closed": func(l *loop.Loop) {
			l.SetDebug(&loop.Debug{})
			run(l)
			l.SetWatchdog(&loop.Watchdog{})
			run(l)
			l.Close()
		},
		"debug mode, renewed": func(l *loop.Loop) { l.SetDebug(&loop.Debug{}); l.SetDebug(&loop.Debug{}); run(l); l.SetDebug(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("COLOOP_WATCHDOG", "")
			l, _ := newLoop(t)
			use(l)
			stacks := make([]byte, 1<<16)
			for range 10_000 { // one that has ended may be seen to return from its function
				n := runtime.Stack(stacks[:cap(stacks)], true)
				if stacks = stacks[:n]; !bytes.Contains(stacks, []byte("(*watchdog).guard")) {
					return
				}
				runtime.Gosched()
			}
			t.Errorf("a watchdog is left:\n%s", stacks)
		})
	}
}

// TestGoroutines reads stack traces, of this Go version and of others.
func TestGoroutines(t *testing.T) {
	const trace = `goroutine 7 gp=0xc000002380 m=0 mp=0x5 [chan receive (nil chan), 2 minutes, locked to thread] {"task": "[x]"}:
runtime.gopark(0x1)
	/go/src/runtime/proc.go:1 +0x1
internal/sync.(*Mutex).lockSlow(0x1)
	/go/src/internal/sync/mutex.go:5 +0x1
example.com/a%2eb.(*T[...]).Get(0xc00001, {0x1, 0x2})
	/src/a.go:12 +0x1d
...2 frames elided...
example.com/a%2eb.F(...)
	C:/src/b.go:7
coloop/loop.noResult[...].func1(0x1)
	/src/create.go:3 +0x1
coloop/coroutine.(*Generator[...]).call(0x1)
	/src/generator.go:3 +0x1
iter.Pull[...].func1()
	/go/src/iter/iter.go:9
created by iter.Pull[...] in goroutine 5
	/go/src/iter/iter.go:271 +0x90

nonsense

goroutine x [running]:
goroutine 8 [runnable]:
	goroutine running on other thread; stack unavailable
created by main.main
	/src/main.go:3 +0x1

goroutine 9`
	expect(t, "goroutines", loop.Goroutines(trace), []loop.ParsedGoroutine{
		{ID: 7, State: "chan receive", Puller: 5, Calls: []string{"a%2eb.(*T[...]).Get at a.go:12", "a%2eb.F at b.go:7"}},
		{ID: 9},
	})
	expect(t, "running", loop.Goroutines("goroutine 8 [runnable]:\n\tgoroutine running on other thread; stack unavailable\n"),
		[]loop.ParsedGoroutine{{ID: 8, State: "running"}})
	expect(t, "nothing", loop.Goroutines(""), nil)
}

// TestBlockageString has parked tasks in numbers.
func TestBlockageString(t *testing.T) {
	frames := []runtime.Frame{{Function: "sync.(*Mutex).Lock"}, {Function: "main.get", File: "/a/main.go", Line: 3}}
	b := loop.Blockage{Task: "w", For: time.Second, Over: true, State: "sync.Mutex.Lock", Frames: frames}
	expect(t, "over", b.String(), "task 'w' has blocked its event loop for 1s: sync.Mutex.Lock (sync.(*Mutex).Lock) in main.get at main.go:3")
	b = loop.Blockage{For: time.Second, State: "sleep", Frames: []runtime.Frame{{Function: "time.Sleep", File: "/go/time.go", Line: 3}}}
	for i := range 5 {
		b.Parked = append(b.Parked, loop.ParkedTask{Task: fmt.Sprint(i)})
	}
	expect(t, "parked", b.String(), "a callback blocks its event loop for 1s: sleep in time.Sleep at time.go:3; "+
		"task '0', parked, may hold the lock; task '1', parked, may hold the lock; task '2', parked, may hold the lock; and so may 2 more")
}
