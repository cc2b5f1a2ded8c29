package loop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"coloop/coroutine"
)

// Errors of the loop, its futures and its tasks.
var (
	// ErrInvalidState is returned where a future is asked for what it does not
	// have yet, or given what it has already (asyncio.InvalidStateError).
	ErrInvalidState = errors.New("invalid state")

	// ErrNoException is returned by SetException of a nil error.
	ErrNoException = errors.New("SetException of a nil error")

	// ErrTimeout is what an operation that ran out of time returns. It
	// implements net.Error, and is os.ErrDeadlineExceeded and
	// context.DeadlineExceeded under errors.Is.
	ErrTimeout error = &timeoutError{}

	// ErrCancelled matches every CancelledError under errors.Is.
	ErrCancelled = errors.New("cancelled")

	// ErrInterrupted is returned by Run when SIGINT ended the program
	// (KeyboardInterrupt).
	ErrInterrupted = errors.New("interrupted")

	// ErrClosed is returned by operations on a closed loop.
	ErrClosed = errors.New("event loop is closed")

	// ErrRunning is returned by attempts to run or close a running loop.
	ErrRunning = errors.New("event loop is already running")

	// ErrStopped is returned by RunUntilComplete if the loop was stopped
	// before the future was done.
	ErrStopped = errors.New("event loop stopped before the future was done")

	// ErrIdle is returned by RunUntilComplete on a virtual clock when nothing
	// is left that could ever complete the future: a deadlock. If any tasks are
	// left, it comes as an [IdleError].
	ErrIdle = errors.New("event loop has nothing left to wait for")

	// ErrNoNetwork is returned by network operations on a virtual clock.
	ErrNoNetwork = errors.New("a loop on a virtual clock has no network")

	// ErrNoTask is returned by operations that suspend a task when they are
	// called outside one.
	ErrNoTask = errors.New("not called from a running task")

	// ErrAwaitSelf is raised in a task that awaits itself.
	ErrAwaitSelf = errors.New("task cannot await on itself")

	// ErrBadYield is raised in a task that yields what is not a future.
	ErrBadYield = errors.New("task got bad yield")

	// ErrYieldFuture is raised in a task that yields a future instead of
	// awaiting it.
	ErrYieldFuture = errors.New("yield was used instead of Await of a future")

	// ErrNotAwaited is raised by an Await that was resumed, by something other
	// than a task, before its future was done.
	ErrNotAwaited = errors.New("Await was not driven by a task")

	// ErrWrongGoroutine is what CallSoon and the like panic with in debug mode
	// when they are called on another goroutine than the running loop's. An
	// operation that would make a loop wait for itself returns it.
	ErrWrongGoroutine = errors.New("called on the wrong goroutine for the event loop")

	// ErrForeignLoop is raised in a task that awaits a future of another loop.
	ErrForeignLoop = errors.New("future is attached to a different loop")

	// ErrTaskResult is returned by SetResult of a task, ErrTaskException by
	// its SetException.
	ErrTaskResult    = errors.New("task does not support SetResult")
	ErrTaskException = errors.New("task does not support SetException")

	// ErrStopIteration replaces a StopIteration given to SetException.
	ErrStopIteration = errors.New("StopIteration interacts badly with generators and cannot be raised into a future")
)

// A CancelledError is raised in a task that is cancelled, and is the error of a
// future that was (asyncio.CancelledError). errors.Is finds [ErrCancelled] and
// context.Canceled in it.
type CancelledError struct {
	Msg   string // what was given to Cancel
	cause error  // the error of code that has put the cancellation into its own words
}

// Error returns one line.
func (e *CancelledError) Error() string {
	s := "cancelled"
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	if e.cause != nil && e.cause != context.Canceled {
		s += ": " + inLine(e.cause)
	}
	return s
}

// Is makes errors.Is(e, ErrCancelled) and errors.Is(e, context.Canceled) true.
func (e *CancelledError) Is(target error) bool {
	return target == ErrCancelled || target == context.Canceled
}

// Unwrap returns the error that a library has made of the cancellation, nil if there is
// none: a task that is cancelled while it waits in a library may end with the library's
// "connection closed", say, or with the context.Canceled of its context.
func (e *CancelledError) Unwrap() error { return e.cause }

// IsCancelled reports whether err is a cancellation, bare or wrapped. A join is one
// if all of its errors are: errors.Join(err, c.Close()) is one if Close succeeds. A
// [GroupError] never is.
func IsCancelled(err error) bool {
	if err == nil {
		return false
	}
	if _, bare := err.(*CancelledError); bare {
		return true
	}
	return coroutine.Every(err, func(err error) bool {
		_, ok := err.(*CancelledError)
		return ok
	})
}

// cancellationIn returns err as a cancellation; nil if it is none. If the task was asked to
// end, err may also be the error of its context, or one that a library has made of the
// CancelledError handed to it.
func cancellationIn(err error, asked bool, handed *CancelledError) error {
	switch {
	case err == nil, IsCancelled(err):
		return err
	case !asked:
		return nil
	case handed != nil && !ownFault(err):
		return &CancelledError{Msg: handed.Msg, cause: err}
	}
	if coroutine.Every(err, func(err error) bool {
		_, ok := err.(*CancelledError)
		return ok || err == context.Canceled
	}) {
		return &CancelledError{cause: err}
	}
	return nil
}

// ownFault reports whether err has a cause that no library makes of a cancellation: a panic,
// or the failures of a group's tasks.
func ownFault(err error) (is bool) {
	bad := recovered(func() error {
		var p *coroutine.PanicError
		var g *GroupError
		is = errors.As(err, &p) || errors.As(err, &g) || errors.Is(err, coroutine.ErrGoexit)
		return nil
	})
	return is || bad != nil
}

// A TimeoutError is [ErrTimeout] under errors.Is, for a cancellation that says more
// than that, because somebody has wrapped it on its way to the Timeout, or given it a
// message (TimeoutError's __cause__).
type TimeoutError struct {
	timeoutError
	Cause error // the cancellation
}

// Error returns one line.
func (e *TimeoutError) Error() string { return "timeout: " + inLine(e.Cause) }

// inLine returns the text of err on one line; that of errors.Join has more.
func inLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// Is makes errors.Is(e, ErrTimeout) and errors.Is(e, os.ErrDeadlineExceeded) true.
func (e *TimeoutError) Is(target error) bool {
	return target == ErrTimeout || e.timeoutError.Is(target)
}

// timedOut makes an ErrTimeout of a cancellation.
func timedOut(err error) error {
	if c, bare := err.(*CancelledError); bare && *c == (CancelledError{}) {
		return ErrTimeout
	}
	return &TimeoutError{Cause: err}
}

// A GroupError has the errors of a TaskGroup, in the order of their occurrence
// (ExceptionGroup). errors.Is and errors.As see each. Its text is one line; %+v prints
// each error with %+v, with the stack of a panic so. [fmt.Errorf] does not hand %+v on to
// the errors that it wraps: use errors.As to get the GroupError then.
type GroupError struct{ Errors []error }

func (e *GroupError) Error() string {
	texts := make([]string, len(e.Errors))
	for i, err := range e.Errors {
		texts[i] = err.Error()
	}
	return e.heading() + ": " + strings.Join(texts, "; ")
}

func (e *GroupError) heading() string { return amount(len(e.Errors), "error") + " in a TaskGroup" }

// Format implements [fmt.Formatter]. %+v numbers the errors and prints each with %+v;
// all other verbs format the text of Error.
func (e *GroupError) Format(f fmt.State, verb rune) {
	if verb != 'v' || !f.Flag('+') {
		fmt.Fprintf(f, fmt.FormatString(f, verb), e.Error())
		return
	}
	fmt.Fprint(f, e.heading(), ":")
	for i, err := range e.Errors {
		fmt.Fprintf(f, "\n\n%d. %+v", i+1, err)
	}
}

// Unwrap returns the errors.
func (e *GroupError) Unwrap() []error { return e.Errors }

// ErrorGroup has no error of the group speak for it, see [coroutine.Every].
func (e *GroupError) ErrorGroup() {}

type timeoutError struct{}

func (*timeoutError) Error() string   { return "timeout" }
func (*timeoutError) Timeout() bool   { return true }
func (*timeoutError) Temporary() bool { return true }
func (*timeoutError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded || target == context.DeadlineExceeded
}
