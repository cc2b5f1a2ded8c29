package loop_test

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"runtime"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("LOOP_HANGS") != "" {
		if err := hang(); err != nil {
			log.Fatal(err)
		}
		return
	}
	// A20: nothing runs before a loop does.
	if n := runtime.NumGoroutine(); n != 1 {
		stacks := make([]byte, 1<<16)
		fmt.Printf("%d goroutines before the first test:\n%s\n", n, stacks[:runtime.Stack(stacks, true)])
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

var errTest = errors.New("test error")

// newLoop returns a loop on a virtual clock, for a test that drives it by hand. It is
// closed with the test, which fails if something is reported to its exception handler.
func newLoop(t testing.TB) (*loop.Loop, *loop.Virtual) {
	t.Helper()
	l, v := loop.NewVirtual()
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { t.Errorf("%s: %v", c.Message, c.Exception) })
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l, v
}

// play runs fn as [looptest.Run] does.
func play(t testing.TB, fn func(y *loop.Yielder, l *loop.Loop), opts ...looptest.Option) {
	t.Helper()
	looptest.Run(t, func(y *loop.Yielder) error {
		fn(y, loop.Running(y))
		return nil
	}, opts...)
}

// playOn runs fn on l, and closes l.
func playOn(t testing.TB, l *loop.Loop, fn func(y *loop.Yielder)) {
	t.Helper()
	play(t, func(y *loop.Yielder, _ *loop.Loop) { fn(y) },
		looptest.On(func() (*loop.Loop, error) { return l, nil }))
}

// complete runs fn in a task of a loop that the test drives by hand: what fn leaves
// is left there.
func complete(t testing.TB, l *loop.Loop, fn func(y *loop.Yielder)) {
	t.Helper()
	_, err := loop.RunUntilComplete(l, loop.Spawn(l, func(y *loop.Yielder) error {
		fn(y)
		return nil
	}))
	expectErr(t, "the test's task", err, nil)
}

// cancelOthers cancels all tasks but the one that runs, and sees them end.
func cancelOthers(y *loop.Yielder) {
	l := loop.Running(y)
	for _, task := range l.AllTasks() {
		if task != l.CurrentTask() {
			task.Cancel()
		}
	}
	for len(l.AllTasks()) > 1 {
		loop.Sleep(y, 0)
	}
}

func expect[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func expectErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// panicOf calls fn and returns what it panics with, nil if it does not.
func panicOf(fn func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			var ok bool
			if err, ok = r.(error); !ok {
				err = fmt.Errorf("panic: %v", r)
			}
		}
	}()
	fn()
	return nil
}

// logTo has what is logged go to h until the test ends.
func logTo(t *testing.T, h slog.Handler) {
	logger, w, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(h)) // which has package log write to h, too
	t.Cleanup(func() {
		slog.SetDefault(logger)
		log.SetOutput(w)
		log.SetFlags(flags)
	})
}

// events is what happened, in order.
type events []string

func (e *events) add(format string, args ...any) { *e = append(*e, fmt.Sprintf(format, args...)) }

// sleeper returns a suspending function that notes when it begins and ends, and
// sleeps in between.
func (e *events) sleeper(name string, units int) loop.Func[string] {
	return func(y *loop.Yielder) (string, error) {
		e.add("%s begins", name)
		if err := loop.Sleep(y, time.Duration(units)*time.Second); err != nil {
			e.add("%s: %v", name, err)
			return "", err
		}
		e.add("%s ends", name)
		return name, nil
	}
}
