// Package looptest runs tests in a task, on a virtual clock: they take no time, and
// give the same result every time. A test fails if something is left over when it ends,
// if an error was lost, or if nothing can happen any more; in the last case it says
// which task waits for what. [OnNetwork] gives a test real sockets, on a clock that
// stands.
package looptest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

// An Option changes how [Run] runs a test.
type Option func(*config)

type config struct {
	open     func() (*loop.Loop, error)
	parallel bool
}

// On runs the test on the loop that open returns instead of one on a virtual clock:
// On(loop.New) for a test of the system's own clock. The loop is closed with the test.
// See [OnNetwork] for a test that needs connections.
func On(open func() (*loop.Loop, error)) Option { return func(c *config) { c.open = open } }

// Parallel is for a test that runs in parallel to others. It switches off the check of
// goroutines and descriptors, which are those of the whole process.
func Parallel() Option { return func(c *config) { c.parallel = true } }

// Clock returns the virtual clock of the loop that runs y; nil if it has none.
func Clock(y *loop.Yielder) *loop.Virtual {
	l := loop.Running(y)
	if l == nil {
		return nil
	}
	v, _ := l.System().(*loop.Virtual)
	return v
}

// Run runs fn in a task of a loop on a virtual clock. It must be called on the
// goroutine of the test. The test fails if
//
//   - fn returns an error, or panics
//   - an error or a panic reaches the loop's exception handler: of a callback, or of
//     a task or future that nobody has asked for it; unless the loop has
//     a handler of its own, see On
//   - nothing can happen any more before fn has returned: a deadlock
//   - tasks are left when fn has returned; they are cancelled
//   - goroutines or descriptors are left when the loop is closed
//   - fn has not returned shortly before go test ends the program (its -timeout);
//     then, too, the test says which task waits for what
//
// A task that blocks the loop for ten seconds, by a channel or a Go lock say, is reported on
// standard error, with the call that blocks: such a test can end only with go test itself.
//
// The loop is in debug mode, so that a task says in which line it waits, a coroutine
// object that nobody awaits is reported, and to schedule something from a wrong
// goroutine panics there.
//
// FailNow and SkipNow of t, and so Fatal and Skip, may be called in any task: all
// tasks are cancelled, and the test ends when they have ended.
func Run(t testing.TB, fn func(y *loop.Yielder) error, opts ...Option) {
	t.Helper()
	c := config{open: func() (*loop.Loop, error) {
		l, _ := loop.NewVirtual()
		return l, nil
	}}
	for _, opt := range opts {
		opt(&c)
	}
	left := func() []string { return nil }
	if !c.parallel {
		left = leftovers()
	}
	l, err := c.open()
	if err != nil {
		t.Fatalf("making the loop: %v", err)
	}
	var main *loop.Task[struct{}]
	exits := false
	l.SetGoexitHandler(func(task loop.AnyTask) {
		if t.Failed() || t.Skipped() {
			exits = true
			if task != loop.AnyTask(main) { // the end of main stops the loop anyway
				l.Stop()
			}
		}
	})
	if l.ExceptionHandler() == nil {
		l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			if !exits || !errors.Is(c.Exception, coroutine.ErrGoexit) { // else t knows
				t.Error(report(c))
			}
		})
	}

	if !l.Debugging() {
		l.SetDebug(&loop.Debug{Slow: math.MaxInt64, Watchdog: loop.Watchdog{Limit: hung,
			Report: func(b loop.Blockage) { fmt.Fprintf(stderr, "looptest: %s: %v%s\n", t.Name(), b, calls(b.Frames)) }}})
	}
	main = loop.Spawn(l, fn, loop.Named("test"))
	stop := limit(t, l)
	_, err = loop.RunUntilComplete(l, main)
	stop()
	if !exits {
		check(t, l, main, err)
	}
	if err := loop.NewRunner(l).Close(); err != nil {
		t.Errorf("closing the loop: %v", err)
	}
	for _, s := range left() {
		t.Error(s)
	}
	switch {
	case !exits:
	case t.Skipped():
		t.SkipNow()
	default:
		t.FailNow()
	}
}

// hung is how long a task of a test may block its loop until that is reported on stderr.
var (
	hung             = 10 * time.Second
	stderr io.Writer = os.Stderr
)

// limit has l stop shortly before go test ends the program, unless stop is called.
func limit(t testing.TB, l *loop.Loop) (stop func() bool) {
	if t, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if deadline, ok := t.Deadline(); ok {
			return time.AfterFunc(time.Until(deadline)*9/10, func() {
				_ = l.CallSoonThreadsafe(l.Stop) // if it is closed, the test is over
			}).Stop
		}
	}
	return func() bool { return false }
}

// check checks how main has ended, and that no tasks are left.
func check(t testing.TB, l *loop.Loop, main loop.AnyTask, err error) {
	t.Helper()
	if !main.Done() {
		why := fmt.Sprintf("not over after %v: %v", l.Time(), err)
		if errors.Is(err, loop.ErrIdle) {
			why = "deadlock: nothing can happen any more"
		}
		var tasks strings.Builder
		_ = loop.Dump(&tasks, l) // a Builder takes everything
		t.Errorf("%s\n%s", why, &tasks)
		return
	}
	if p := new(coroutine.PanicError); errors.As(err, &p) {
		t.Errorf("%v\n\n%s", err, p.Stack)
	} else if err != nil {
		t.Error(err)
	}
	for _, task := range l.AllTasks() {
		t.Errorf("left when the test was over: %v", task)
	}
}

// report describes a report to an exception handler.
func report(c loop.ExceptionContext) string {
	s := c.Message
	if c.Exception != nil {
		s += fmt.Sprintf(": %+v", c.Exception)
	}
	if c.Task != nil {
		s += fmt.Sprintf(" (%v)", c.Task)
	}
	return s + calls(c.Frames)
}

// calls describes calls, innermost first.
func calls(frames []runtime.Frame) (s string) {
	for _, f := range frames {
		s += fmt.Sprintf("\n\t%s\n\t\t%s:%d", f.Function, f.File, f.Line)
	}
	return s
}
