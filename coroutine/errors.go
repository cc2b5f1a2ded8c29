package coroutine

import (
	"errors"
	"fmt"
)

// Errors of the generator protocol. They are returned bare, so both == and
// errors.Is find them.
var (
	// GeneratorExit is thrown into a suspended body by Close. A body that
	// returns it, wrapped or not, has closed as asked (PEP 342).
	//lint:ignore ST1012 this is its name
	GeneratorExit = errors.New("GeneratorExit")

	// ErrStopIteration matches every StopIteration[R] under errors.Is.
	ErrStopIteration = errors.New("StopIteration")

	// ErrExecuting is returned by Next, Send, Throw, Close and YieldFrom for a
	// generator that is running, whichever goroutine asks: CPython's
	// "ValueError: generator already executing".
	ErrExecuting = errors.New("generator already executing")

	// ErrJustStarted is returned by Send of anything but nil to a generator
	// that has not started. The generator stays as it was.
	ErrJustStarted = errors.New("can't send a non-nil value to a just-started generator")

	// ErrIgnoredExit is returned by Close when the body yields in reply to
	// GeneratorExit. The generator stays suspended at that yield.
	ErrIgnoredExit = errors.New("generator ignored GeneratorExit")

	// ErrNoSend is raised at a YieldFrom when a value is sent to an iterator
	// that has no Send: CPython's AttributeError.
	ErrNoSend = errors.New("iterator has no Send")

	// ErrNotRunning is returned by Yield and YieldFrom when they are called
	// anywhere but on the goroutine of the running body they belong to.
	ErrNotRunning = errors.New("yield outside the goroutine of the running generator")

	// ErrGoexit is raised by a body that called runtime.Goexit, as
	// testing.T.FailNow does.
	ErrGoexit = errors.New("runtime.Goexit called in a generator")
)

// StopIteration reports that a generator has returned Value. A closed
// generator answers Next and Send with the StopIteration of R's zero value.
type StopIteration[R any] struct {
	Value R
}

func (e *StopIteration[R]) Error() string { return fmt.Sprintf("StopIteration: %v", e.Value) }

// Is makes errors.Is(e, ErrStopIteration) true.
func (e *StopIteration[R]) Is(target error) bool { return target == ErrStopIteration }

// RaisedStopError replaces a StopIteration that left a generator's body by way
// of its error result, wrapped or not (PEP 479). It does not unwrap: whoever
// looks for the end of an iteration with errors.Is must not take a bug for it.
type RaisedStopError struct {
	Cause error // the StopIteration
}

func (e *RaisedStopError) Error() string { return "generator raised StopIteration" }

// is is errors.Is, except that one of several joined errors does not make the
// lot: a group with a StopIteration in it ends no iteration.
func is(err, target error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if x, ok := err.(interface{ Is(error) bool }); err == target || ok && x.Is(target) {
			return true
		}
	}
	return false
}

// PanicError carries a panic out of a body. Next, Send, Throw and Close of the
// generator, and a YieldFrom that delegates to it, panic with it in turn.
type PanicError struct {
	Value any    // what the body gave to panic
	Stack []byte // the stack of the body, as debug.Stack formats it
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("panic in generator: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// panicking marks a PanicError that is on its way through the delegators, as
// against one that somebody throws or returns like any other error.
type panicking struct{ *PanicError }

func isPanic(err error) bool {
	_, ok := err.(panicking)
	return ok
}
