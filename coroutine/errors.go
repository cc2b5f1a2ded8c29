package coroutine

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
)

// Errors of the generator protocol. They are returned bare, so both == and
// errors.Is find them.
var (
	// GeneratorExit is thrown into a suspended body by Close. A body that
	// returns it, wrapped or not, has closed as asked (PEP 342; see Every).
	//lint:ignore ST1012 this is its name
	GeneratorExit = errors.New("GeneratorExit")

	// ErrStopIteration matches every StopIteration[R] under errors.Is.
	ErrStopIteration = errors.New("StopIteration")

	// ErrExecuting is returned by Next, Send, Throw, Close and YieldFrom if the
	// generator is running, on any goroutine: CPython's "ValueError: generator
	// already executing".
	ErrExecuting = errors.New("generator already executing")

	// ErrReused is returned by Next, Send, Throw and YieldFrom for a coroutine
	// object (see NewCoroutine) that has ended, and by Claim for any generator
	// that has.
	ErrReused = errors.New("cannot reuse already awaited coroutine")

	// ErrAwaited is returned by YieldFrom for a coroutine object that has begun,
	// and by YieldFrom and Claim for a generator that has been claimed.
	ErrAwaited = errors.New("coroutine is being awaited already")

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

	// ErrGoexit stands for the result of a body that called runtime.Goexit, as
	// testing.T.FailNow does.
	ErrGoexit = errors.New("runtime.Goexit was called")
)

// StopIteration reports that a generator has returned Value. A closed
// generator answers Next and Send with the StopIteration of R's zero value.
type StopIteration[R any] struct {
	Value R
}

func (e *StopIteration[R]) Error() string { return "StopIteration: " + oneLine(e.Value) }

// Is makes errors.Is(e, ErrStopIteration) true.
func (e *StopIteration[R]) Is(target error) bool { return target == ErrStopIteration }

// RaisedStopError replaces a StopIteration that a body raises, wrapped or not
// (PEP 479). It does not unwrap, so that errors.Is does not take this bug for the
// end of an iteration.
type RaisedStopError struct {
	Cause error // the StopIteration
}

func (e *RaisedStopError) Error() string { return "generator raised StopIteration" }

// is reports whether err is target, by the rule of [Every].
func is(err, target error) bool {
	return Every(err, func(err error) bool {
		x, ok := err.(interface{ Is(error) bool })
		return err == target || ok && x.Is(target)
	})
}

// An ErrorGroup is an error made of several unrelated ones, such as the errors
// of the tasks of a task group. No error in it speaks for the group, not even
// if it is the only one (an ExceptionGroup in Python).
type ErrorGroup interface {
	error

	// ErrorGroup does nothing but tell error groups from other errors.
	ErrorGroup()
}

// Every reports whether err is, as a whole, an error that match accepts. That is
// the rule by which a body has closed as asked (GeneratorExit), or has leaked a
// StopIteration, and by which a loop can tell a cancellation:
//
//   - an error that match accepts is one;
//   - an error that wraps one is one (Unwrap() error);
//   - an error that joins several is one if each of them is (Unwrap() []error,
//     as of [errors.Join], or of [fmt.Errorf] with several %w); nil ones do not
//     count, but one at least must be there;
//   - an [ErrorGroup] that match does not accept is none, whatever it unwraps to,
//     nor is a [PanicError];
//   - an error whose methods panic, a nil pointer in an error say, is none.
//
// So errors.Join(err, c.Close()) is still the cancellation that err is if Close
// succeeds, but not if it fails. match is called with each error on the way and
// must not unwrap it; nil is nothing, and is never passed to match.
func Every(err error, match func(error) bool) (is bool) {
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	return every(err, match)
}

func every(err error, match func(error) bool) bool {
	for err != nil {
		if match(err) {
			return true
		}
		switch x := err.(type) {
		case ErrorGroup, *PanicError:
			return false
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		case interface{ Unwrap() []error }:
			matched := false
			for _, err := range x.Unwrap() {
				if err == nil {
					continue
				}
				if !every(err, match) {
					return false
				}
				matched = true
			}
			return matched
		default:
			return false
		}
	}
	return false
}

// PanicError carries a panic out of a body. Next, Send, Throw and Close of the
// generator, and a YieldFrom that delegates to it, panic with it in turn. Its
// text is one line, which ends with the place in the user's program; %+v prints the
// stack too. [fmt.Errorf] does not hand %+v on to the errors that it wraps: use
// [errors.As] to get the PanicError then.
type PanicError struct {
	Value any    // the argument of panic
	Stack []byte // the stack of the body, as debug.Stack formats it
}

// Error returns the panic's value and its place:
//
//	panic: assignment to entry in nil map (main.count at main.go:8)
//
// The place is that of the innermost call that is neither one of Go's standard library
// nor one of this package or the event loop's, so for a misuse of those it is that of
// the misuse. The standard library is not recognized in a program that was built with
// -trimpath.
func (e *PanicError) Error() string { return "panic: " + oneLine(e.Value) + e.place() }

// place looks in Stack for where the panic arose, and returns " (f at file.go:8)", or ""
// if Stack does not say.
func (e *PanicError) place() string {
	head, tail, _ := strings.Cut(string(e.Stack), "\npanic(")
	_, std, _ := strings.Cut(head, "\n\t") // debug.Stack is the first call
	std, _, _ = strings.Cut(std, "runtime/debug/stack.go:")
	call := ""
	for line := range strings.Lines(tail) {
		file, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case strings.HasPrefix(line, "created by "):
			return ""
		case !ok:
			call = line
		case std != "" && strings.HasPrefix(file, std):
		case strings.HasPrefix(call, "coloop/coroutine."), strings.HasPrefix(call, "coloop/loop."):
		case strings.LastIndexByte(call, '(') > 0: // else it is the rest of the line of panic
			function := call[:strings.LastIndexByte(call, '(')]
			file, _, _ = strings.Cut(file, " +0x")
			return fmt.Sprintf(" (%s at %s)", path.Base(function), path.Base(file))
		}
	}
	return ""
}

// Format implements [fmt.Formatter]. %+v is Error and then, after an empty line,
// the stack; all other verbs format the text of Error.
func (e *PanicError) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('+') {
		fmt.Fprintf(f, "%s\n\n%s", e.Error(), e.Stack)
		return
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), e.Error())
}

// oneLine returns v as fmt.Print would print it, quoted if that has a line break
// or another control character.
func oneLine(v any) string {
	s := fmt.Sprint(v)
	if strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsAny(s, "\u2028\u2029") {
		return strconv.Quote(s)
	}
	return s
}

// Unwrap returns the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// panicking marks a PanicError that is a panic on its way through the delegators.
// A PanicError without the mark was thrown or returned, like any other error.
type panicking struct{ *PanicError }

func isPanic(err error) bool {
	_, ok := err.(panicking)
	return ok
}
