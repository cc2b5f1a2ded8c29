package loop

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"

	"coloop/coroutine"
)

// A Runner runs functions on a loop of its own, one after the other, and clears
// up in the end (asyncio.Runner). The zero value makes its loop, with New, when
// it is first needed. It must be used by one goroutine.
type Runner struct {
	_ noCopy

	// Interrupt says whether RunIn takes SIGINT, which Ctrl-C sends.
	Interrupt InterruptMode

	// Debug, if it is not nil, is the debug mode of the loop that the runner makes.
	Debug *Debug

	// Watchdog, if it is not nil, is the watchdog of that loop.
	Watchdog *Watchdog

	loop   *Loop
	closed bool
}

// An InterruptMode says whether a Runner cancels its main function at SIGINT. See
// RunIn.
type InterruptMode int

const (
	// InterruptMain does so where RunIn is called on the main goroutine of the
	// program, as asyncio does in the main thread.
	InterruptMain InterruptMode = iota
	// InterruptAlways does so on any goroutine.
	InterruptAlways
	// InterruptNever leaves SIGINT to the program.
	InterruptNever
)

func (m InterruptMode) String() string {
	return enumString("InterruptMode", int(m), "main", "always", "never")
}

func (m InterruptMode) takes() bool {
	return (m == InterruptAlways || m == InterruptMain && coroutine.OnMain()) && !signal.Ignored(os.Interrupt)
}

// NewRunner returns a Runner on l, which its Close closes.
func NewRunner(l *Loop) *Runner { return &Runner{loop: l} }

// Loop returns the loop of the runner.
func (r *Runner) Loop() (*Loop, error) {
	if r.closed {
		return nil, ErrClosed
	}
	if r.loop == nil {
		l, err := New()
		if err != nil {
			return nil, err
		}
		if r.Debug != nil {
			l.SetDebug(r.Debug)
		}
		if r.Watchdog != nil {
			l.SetWatchdog(r.Watchdog)
		}
		r.loop = l
	}
	return r.loop, nil
}

// RunIn runs main in a task of the runner's loop and returns its result
// (asyncio.Runner.run). A panic of main becomes a *coroutine.PanicError. If main
// ends with runtime.Goexit, as testing.T.FailNow does, RunIn goes on with it: it ends
// the goroutine that called RunIn.
//
// As long as main runs, the first SIGINT cancels its task: if main ends with that
// cancellation, or was about to end anyway, the error is ErrInterrupted. A second
// SIGINT ends the process, as it would without the runner. That is so unless
//
//   - RunIn is called on another goroutine than the main one; Interrupt of the
//     runner says otherwise
//   - the loop has a handler for SIGINT, see [Loop.AddSignalHandler], which then is
//     called alone
//   - the program was started with SIGINT ignored, and goes on ignoring it
//
// A channel that the program has given to signal.Notify gets the SIGINT as well,
// whatever RunIn does with it, and keeps the second one from ending the process.
func RunIn[T any](r *Runner, main func(y *Yielder) (T, error)) (T, error) {
	return runIn(r, main, codeOf(main))
}

// runIn is RunIn for a function that stands for the one whose code is at pc.
func runIn[T any](r *Runner, main func(y *Yielder) (T, error), pc uintptr) (T, error) {
	var zero T
	l, err := r.Loop()
	if err != nil {
		return zero, err
	}
	if err := l.mayRun(); err != nil {
		return zero, err
	}
	if main == nil {
		return zero, errNilMain
	}
	returned := false
	t := goTask(l, nil, func(y *Yielder) (T, error) {
		v, err := main(y)
		returned = true
		return v, err
	}, pc, nil)
	interrupted := false
	stop := func() bool { return false }
	if r.Interrupt.takes() {
		stop = sync.OnceValue(l.onInterrupt(func() { interrupted = t.Cancel() }))
		defer stop() // after a panic
	}
	v, err := RunUntilComplete(l, t)
	switch came := stop(); {
	case err == coroutine.ErrGoexit && !returned:
		runtime.Goexit()
	case interrupted && IsCancelled(err) && t.Uncancel() == 0:
		return zero, ErrInterrupted
	case came && !interrupted && err == nil:
		return v, ErrInterrupted
	}
	return v, err
}

// Close cancels the tasks that are left, runs the loop until they have ended,
// waits for the executor's jobs, and closes the loop. Errors of those tasks, but
// for their cancellation, go to the loop's exception handler. Whatever fails, or
// panics, meanwhile, the loop is closed in the end. While the loop runs Close
// returns ErrRunning and does nothing.
func (r *Runner) Close() (err error) {
	if r.closed {
		return nil
	}
	l := r.loop
	if l != nil && l.running {
		return ErrRunning
	}
	r.closed = true
	if l == nil {
		return nil
	}
	and := func(step func(*Loop) error) {
		err = errors.Join(err, recovered(func() error { return step(l) }))
	}
	// Deferred, because a Goexit may be under way too.
	defer and((*Loop).Close)
	defer and(awaitExecutor)
	and(cancelAll)
	return err
}

// awaitExecutor runs the loop until the jobs of its executor have ended, which
// may need the loop (loop.shutdown_default_executor).
func awaitExecutor(l *Loop) error {
	e := l.ownExecutor()
	if e == nil {
		return nil
	}
	ended := NewFuture[struct{}](l)
	l.system.Expect(1)
	go func() {
		e.Shutdown(true)
		_ = l.CallSoonThreadsafe(func() { // nobody waits for a closed loop
			l.system.Expect(-1)
			ended.succeed(struct{}{})
		})
	}()
	if _, err := RunUntilComplete(l, ended); err != nil {
		return fmt.Errorf("waiting for the jobs of the executor at shutdown: %w", err)
	}
	return nil
}

// cancelAll is _cancel_all_tasks of asyncio's runners.
func cancelAll(l *Loop) error {
	left := l.AllTasks()
	if len(left) == 0 {
		return nil
	}
	for _, t := range left {
		t.Cancel()
	}
	all := &allDone{left: len(left), ended: NewFuture[struct{}](l)}
	for _, t := range left {
		t.base().addCallback(all)
	}
	_, err := RunUntilComplete(l, all.ended)
	for _, t := range left {
		if exc, cancelled := t.Exception(); exc != nil && cancelled == nil {
			l.CallExceptionHandler(ExceptionContext{
				Message: "error of a task cancelled at shutdown", Exception: exc, Task: t})
		}
	}
	if err != nil {
		return fmt.Errorf("waiting for the tasks cancelled at shutdown: %w", err)
	}
	return nil
}

// allDone completes a future once a number of others are done.
type allDone struct {
	left  int
	ended *Future[struct{}]
}

func (a *allDone) futureDone(*future) {
	if a.left--; a.left == 0 {
		a.ended.succeed(struct{}{})
	}
}

// Run runs main on a new loop and returns its result, when everything that it
// has started has ended or been cancelled (asyncio.run). SIGINT cancels it if Run
// is called on the main goroutine; RunIn says more of that, and of
// runtime.Goexit.
func Run[T any](main func(y *Yielder) (T, error)) (T, error) { return run(main, codeOf(main)) }

func run[T any](main func(y *Yielder) (T, error), pc uintptr) (v T, err error) {
	var r Runner
	returned := false
	defer func() {
		closed := r.Close()
		switch {
		case closed == nil, errors.Is(err, ErrRunning): // which then says why
		case !returned: // nobody will see err
			r.loop.CallExceptionHandler(ExceptionContext{Message: "closing the loop", Exception: closed})
		case err == nil:
			err = closed
		default:
			err = errors.Join(err, closed)
		}
	}()
	v, err = runIn(&r, main, pc)
	returned = true
	return v, err
}

// Main is [Run] for a program without a result.
func Main(main func(y *Yielder) error) error {
	if main == nil {
		return errNilMain
	}
	_, err := run(noResult(main), codeOf(main))
	return err
}

var errNilMain = errors.New("run on a loop: the function is nil")
