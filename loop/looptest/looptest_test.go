package looptest_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/looptest"
)

// recorder is a test that is looked at instead of failing.
type recorder struct {
	testing.TB
	errors  []string
	failed  bool
	skipped bool
	ended   bool // its function has returned
	cleanup func()
}

func (r *recorder) Helper()           {}
func (r *recorder) Failed() bool      { return r.failed }
func (r *recorder) Skipped() bool     { return r.skipped }
func (r *recorder) Cleanup(fn func()) { r.cleanup = fn }

func (r *recorder) Error(args ...any) {
	r.failed = true
	r.errors = append(r.errors, fmt.Sprint(args...))
}

func (r *recorder) Errorf(format string, args ...any) { r.Error(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	r.FailNow()
}

func (r *recorder) FailNow() {
	r.failed = true
	runtime.Goexit()
}

func (r *recorder) SkipNow() {
	r.skipped = true
	runtime.Goexit()
}

// run runs a test and returns what became of it.
func run(fn func(r *recorder, y *loop.Yielder) error, opts ...looptest.Option) *recorder {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		looptest.Run(r, func(y *loop.Yielder) error { return fn(r, y) }, opts...)
		r.ended = true
	}()
	<-done
	return r
}

var errTest = errors.New("test error")

func forever(y *loop.Yielder) error { return loop.Sleep(y, time.Hour) }

var tests = map[string]struct {
	test func(r *recorder, y *loop.Yielder) error
	want []string // parts of the errors, in order
}{
	"well":  {func(r *recorder, y *loop.Yielder) error { return forever(y) }, nil},
	"error": {func(r *recorder, y *loop.Yielder) error { return errTest }, []string{"test error"}},
	"panic": {func(r *recorder, y *loop.Yielder) error { panic("boom") }, []string{"panic: boom (looptest_test."}},
	"panic among errors": {func(r *recorder, y *loop.Yielder) error {
		return fmt.Errorf("wrapped: %w", &loop.GroupError{Errors: []error{errTest, &coroutine.PanicError{Value: "boom", Stack: []byte("goroutine 1")}}})
	}, []string{"wrapped: 2 errors in a TaskGroup: test error; panic: boom"}},
	"unretrieved error": {func(r *recorder, y *loop.Yielder) error {
		loop.Spawn(y, func(*loop.Yielder) error { return errTest }, loop.Named("w"))
		return loop.Sleep(y, 0)
	}, []string{`error of task "w" was never retrieved: test error`}},
	"never awaited": {func(r *recorder, y *loop.Yielder) error {
		loop.NewCoroutine(y, func(y *loop.Yielder) (int, error) { return 0, nil })
		return nil
	}, []string{" was never awaited"}},
	"unretrieved panic": {func(r *recorder, y *loop.Yielder) error {
		loop.Spawn(y, func(*loop.Yielder) error { panic("boom") }, loop.Named("w"))
		return loop.Sleep(y, 0)
	}, []string{`panic of task "w" was never retrieved: panic: boom`}},
	"panic in callback": {func(r *recorder, y *loop.Yielder) error {
		loop.Running(y).CallSoon(func() { panic("boom") })
		return loop.Sleep(y, 0)
	}, []string{"panic in callback: panic: boom"}},
	"task left": {func(r *recorder, y *loop.Yielder) error {
		loop.Spawn(y, forever, loop.Named("w"))
		return loop.Sleep(y, 0)
	}, []string{"left when the test was over: <Task pending name='w' coro=looptest_test.forever at looptest_test.go:"}},
	"deadlock": {func(r *recorder, y *loop.Yielder) error {
		var lock loop.Lock
		return lock.With(y, func() error { return lock.Acquire(y) })
	}, []string{"deadlock: nothing can happen any more\n1 task, 0 handles ready, 0 timers\n" +
		"<Task pending name='test' coro="}},
	"goroutine left": {func(r *recorder, y *loop.Yielder) error {
		go func() { <-block }()
		return nil
	}, []string{"found unexpected goroutines"}},
	"descriptor left": {func(r *recorder, y *loop.Yielder) error {
		f, err := os.Open(os.DevNull)
		file = f
		return err
	}, []string{"is left open: /dev/null"}},
}

var (
	block = make(chan struct{})
	file  *os.File
)

func TestRun(t *testing.T) {
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if name == "descriptor left" && runtime.GOOS != "linux" {
				t.Skip("the system does not tell the descriptors")
			}
			if strings.HasSuffix(name, " left") {
				defer looptest.Impatient()()
			}
			r := run(tt.test)
			if name == "goroutine left" {
				block <- struct{}{}
			}
			if file != nil {
				file.Close()
				file = nil
			}
			if len(r.errors) != len(tt.want) || !r.ended {
				t.Fatalf("%d errors: %q; ended: %t", len(r.errors), r.errors, r.ended)
			}
			for i, want := range tt.want {
				if !strings.Contains(r.errors[i], want) {
					t.Errorf("%q has no %q", r.errors[i], want)
				}
			}
		})
	}
}

// exits are the places where a test can be ended from.
var exits = map[string]func(y *loop.Yielder, exit func()) error{
	"test": func(y *loop.Yielder, exit func()) error { exit(); return nil },
	"task": func(y *loop.Yielder, exit func()) error {
		loop.Spawn(y, func(*loop.Yielder) error { exit(); return nil })
		return forever(y)
	},
	"task that is awaited": func(y *loop.Yielder, exit func()) error {
		_, err := loop.Spawn(y, func(*loop.Yielder) error { exit(); return nil }).Await(y)
		return errors.Join(err, forever(y))
	},
	"group": func(y *loop.Yielder, exit func()) error {
		var g loop.TaskGroup
		return g.Run(y, func() error {
			g.Go(forever)
			g.Go(func(y *loop.Yielder) error { exit(); return nil })
			return nil
		})
	},
	"body of a group": func(y *loop.Yielder, exit func()) error {
		var g loop.TaskGroup
		return g.Run(y, func() error {
			g.Go(forever)
			exit()
			return nil
		})
	},
}

// TestA17Exit: FailNow and SkipNow in any task end the test, after all tasks.
func TestA17Exit(t *testing.T) {
	for name, program := range exits {
		for how, exit := range map[string]func(r *recorder){
			"fail": (*recorder).FailNow, "skip": (*recorder).SkipNow, "fatal": func(r *recorder) { r.Fatal("boom") },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				var now time.Duration
				var l *loop.Loop
				cleared := false
				r := run(func(r *recorder, y *loop.Yielder) error {
					l = loop.Running(y)
					loop.Spawn(y, func(y *loop.Yielder) error {
						err := forever(y)
						cleared, now = true, l.Time()
						return err
					})
					if err := loop.Sleep(y, time.Second); err != nil {
						return err
					}
					return program(y, func() { exit(r) })
				})
				if r.ended || !cleared || now != time.Second {
					t.Errorf("ended: %t; the other task: %t at %v", r.ended, cleared, now)
				}
				if r.failed == (how == "skip") || r.skipped != (how == "skip") {
					t.Errorf("failed: %t, skipped: %t", r.failed, r.skipped)
				}
				if n := len(r.errors); n > 1 || n == 1 && r.errors[0] != "boom" {
					t.Errorf("%q", r.errors)
				}
			})
		}
	}
}

// TestOn runs a test on the system's own clock.
func TestOn(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		if looptest.Clock(y) != nil {
			t.Error("the clock is virtual")
		}
		return loop.Sleep(y, time.Microsecond)
	}, looptest.On(loop.New))
	if r := run(nil, looptest.On(func() (*loop.Loop, error) { return nil, errTest })); r.ended || len(r.errors) != 1 {
		t.Errorf("%q", r.errors)
	}
}

// TestOnNetwork waits for the system's poller, but not for time.
func TestOnNetwork(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		l := loop.Running(y)
		sleeper := loop.Spawn(y, forever)
		for range 10 { // a poll that waits, until another goroutine ends it
			if _, err := loop.ToThread(y, func(context.Context) (int, error) { return 0, nil }); err != nil {
				return err
			}
		}
		if now := l.Time(); now != 0 || sleeper.Done() {
			t.Errorf("it is %v", now)
		}
		looptest.Advance(y, -time.Hour)
		looptest.Advance(y, time.Hour)
		_, err := sleeper.Await(y)
		if now := l.Time(); now != time.Hour {
			t.Errorf("it is %v", now)
		}
		looptest.Advance(y, math.MaxInt64)
		if now := l.Time(); now != math.MaxInt64 {
			t.Errorf("it is %v", now)
		}
		return err
	}, looptest.OnNetwork())
}

func TestParallel(t *testing.T) {
	r := run(func(r *recorder, y *loop.Yielder) error {
		go func() { <-block }()
		looptest.Clock(y).Advance(time.Second)
		return nil
	}, looptest.Parallel())
	block <- struct{}{}
	if r.errors != nil {
		t.Errorf("%q", r.errors)
	}
}

// hurried is a test for which go test has no time left.
type hurried struct{ *recorder }

func (hurried) Deadline() (time.Time, bool) { return time.Now(), true }

// TestTimeIsUp: a test that does not end says what it waits for.
func TestTimeIsUp(t *testing.T) {
	r := &recorder{}
	event := loop.Event{Name: "godot"}
	looptest.Run(hurried{r}, event.Wait, looptest.On(loop.New))
	if len(r.errors) != 1 || !strings.HasPrefix(r.errors[0], "not over after ") ||
		!strings.Contains(r.errors[0], "name='test'") || !strings.Contains(r.errors[0], "event 'godot'") {
		t.Errorf("%q", r.errors)
	}
}

func TestNoLeaks(t *testing.T) {
	defer looptest.Impatient()()
	r := &recorder{}
	looptest.NoLeaks(r)
	go func() { <-block }()
	r.cleanup()
	block <- struct{}{}
	if len(r.errors) != 1 || !strings.Contains(r.errors[0], "found unexpected goroutines") {
		t.Errorf("%q", r.errors)
	}
}
