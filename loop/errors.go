package loop

import (
	"errors"
	"os"
)

// Errors of the loop, its futures and its tasks.
var (
	// ErrInvalidState is returned where a future is asked for what it does not
	// have yet, or given what it has already (asyncio.InvalidStateError).
	ErrInvalidState = errors.New("invalid state")

	// ErrTimeout is what an operation that ran out of time returns. It
	// implements net.Error, and is os.ErrDeadlineExceeded under errors.Is.
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
	// is left that could ever complete the future: a deadlock.
	ErrIdle = errors.New("event loop has nothing left to wait for")

	// ErrNoNetwork is returned by network operations on a virtual clock.
	ErrNoNetwork = errors.New("a loop on a virtual clock has no network")

	// ErrNoTask is returned by operations that suspend a task when they are
	// called outside one.
	ErrNoTask = errors.New("not called from a running task")

	// ErrBusy is returned by a Read or Write that finds another task parked in
	// the same direction of the connection.
	ErrBusy = errors.New("another task is waiting on the connection already")

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
// future that was (asyncio.CancelledError). errors.Is finds ErrCancelled in it.
type CancelledError struct {
	Msg string // what was given to Cancel
}

func (e *CancelledError) Error() string {
	if e.Msg == "" {
		return "cancelled"
	}
	return "cancelled: " + e.Msg
}

// Is makes errors.Is(e, ErrCancelled) true.
func (e *CancelledError) Is(target error) bool { return target == ErrCancelled }

// isCancelled reports whether err is a cancellation, bare or wrapped. One among
// the errors of a join or a group does not make that one.
func isCancelled(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if _, ok := err.(*CancelledError); ok {
			return true
		}
	}
	return false
}

type timeoutError struct{}

func (*timeoutError) Error() string   { return "timeout" }
func (*timeoutError) Timeout() bool   { return true }
func (*timeoutError) Temporary() bool { return true }
func (*timeoutError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded
}
