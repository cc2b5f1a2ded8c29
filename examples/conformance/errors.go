package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"coloop/coroutine"
	"coloop/loop"
)

// parents gives each kind of error the kinds that it directly is.
var parents = map[string][]string{
	"BaseException":      nil,
	"GeneratorExit":      {"BaseException"},
	"CancelledError":     {"BaseException"},
	"BaseError":          {"BaseException"},
	"BaseExceptionGroup": {"BaseException"},
	"Exception":          {"BaseException"},
	"StopIteration":      {"Exception"},
	"AppError":           {"Exception"},
	"ValueError":         {"Exception"},
	"TypeError":          {"Exception"},
	"AttributeError":     {"Exception"},
	"NameError":          {"Exception"},
	"InvalidStateError":  {"Exception"},
	"QueueEmpty":         {"Exception"},
	"QueueFull":          {"Exception"},
	"LookupError":        {"Exception"},
	"KeyError":           {"LookupError"},
	"IndexError":         {"LookupError"},
	"ArithmeticError":    {"Exception"},
	"ZeroDivisionError":  {"ArithmeticError"},
	"RuntimeError":       {"Exception"},
	"BrokenBarrierError": {"RuntimeError"},
	"OSError":            {"Exception"},
	"TimeoutError":       {"OSError"},
	"ExceptionGroup":     {"Exception", "BaseExceptionGroup"},
}

func isKind(kind, ancestor string) bool {
	return kind == ancestor || slices.ContainsFunc(parents[kind], func(k string) bool {
		return isKind(k, ancestor)
	})
}

// A pyError is an error that a scenario makes, or one that the interpreter of
// scenarios raises, which has a code in place of a message.
type pyError struct{ kind, msg, code string }

func (e *pyError) Error() string {
	switch {
	case e.code != "":
		return e.kind + "<" + e.code + ">"
	case e.msg != "":
		return e.kind + `("` + e.msg + `")`
	}
	return e.kind
}

func (e *pyError) Is(target error) bool {
	return target == coroutine.GeneratorExit && e.kind == "GeneratorExit"
}

// parseError returns what makes the error that spec, "Kind" or "Kind:msg",
// describes: a new one each time.
func parseError(spec string) (func() error, error) {
	kind, msg, _ := strings.Cut(spec, ":")
	if _, ok := parents[kind]; !ok || !simple(msg) || isKind(kind, "BaseExceptionGroup") {
		return nil, fmt.Errorf("bad error %q", spec)
	}
	switch kind {
	case "CancelledError":
		return func() error { return &loop.CancelledError{Msg: msg} }, nil
	case "StopIteration":
		var value any
		if msg != "" {
			value = msg
		}
		return func() error { return &coroutine.StopIteration[any]{Value: value} }, nil
	}
	return func() error { return &pyError{kind: kind, msg: msg} }, nil
}

// sentinels are the errors of the library, as Python has them.
var sentinels = []struct {
	err        error
	kind, code string
}{
	{coroutine.GeneratorExit, "GeneratorExit", ""},
	{coroutine.ErrJustStarted, "TypeError", "just-started"},
	{coroutine.ErrExecuting, "ValueError", "executing"},
	{coroutine.ErrIgnoredExit, "RuntimeError", "ignored-exit"},
	{coroutine.ErrNoSend, "AttributeError", "no-send"},
	{loop.ErrInvalidState, "InvalidStateError", ""},
	{loop.ErrTimeout, "TimeoutError", ""},
	{loop.ErrBrokenBarrier, "BrokenBarrierError", ""},
	{loop.ErrQueueEmpty, "QueueEmpty", ""},
	{loop.ErrQueueFull, "QueueFull", ""},
	{loop.ErrExhausted, "IndexError", "exhausted"},
	{loop.ErrAwaitSelf, "RuntimeError", "await-self"},
	{loop.ErrBadYield, "RuntimeError", "bad-yield"},
	{loop.ErrYieldFuture, "RuntimeError", "yield-future"},
	{loop.ErrEntered, "RuntimeError", "entered"},
	{loop.ErrNotEntered, "RuntimeError", "not-entered"},
	{loop.ErrGroupFinished, "RuntimeError", "finished"},
	{loop.ErrGroupShuttingDown, "RuntimeError", "shutting-down"},
	{loop.ErrNotAcquired, "RuntimeError", "not-acquired"},
	{loop.ErrTaskResult, "RuntimeError", "task-set-result"},
	{loop.ErrTaskException, "RuntimeError", "task-set-exception"},
	{loop.ErrStopIteration, "RuntimeError", "stop-into-future"},
	{loop.ErrReleased, "ValueError", "bsem"},
	{loop.ErrSemaphoreValue, "ValueError", "sem-value"},
	{loop.ErrParties, "ValueError", "barrier-parties"},
	{loop.ErrTaskDone, "ValueError", "task-done"},
	{loop.ErrWaitEmpty, "ValueError", "wait-empty"},
}

var errNoName = &pyError{kind: "NameError", code: "no-name"}

// describe returns the kind of an error and what the trace says of it. What a
// scenario cannot meet has no kind.
func (rt *runtime) describe(err error) (kind, text string) {
	switch err := err.(type) {
	case *pyError:
		return err.kind, err.Error()
	case *coroutine.StopIteration[any]:
		if err.Value == nil {
			return "StopIteration", "StopIteration"
		}
		return "StopIteration", "StopIteration(" + rt.format(err.Value) + ")"
	case *coroutine.RaisedStopError:
		return "RuntimeError", "RuntimeError<raised-stop " + rt.formatError(err.Cause) + ">"
	case *loop.CancelledError:
		e := pyError{kind: "CancelledError", msg: err.Msg}
		return e.kind, e.Error()
	case *loop.TimeoutStateError:
		return "RuntimeError", "RuntimeError<state-" + err.State.String() + ">"
	case *loop.GroupError:
		return rt.describeGroup(err.Errors)
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			e := pyError{kind: s.kind, code: s.code}
			return s.kind, e.Error()
		}
	}
	return "", ""
}

// describeGroup is describe for a group of errors, which is an ExceptionGroup if
// all of them are an Exception.
func (rt *runtime) describeGroup(errs []error) (kind, text string) {
	kind = "ExceptionGroup"
	texts := make([]string, len(errs))
	for i, err := range errs {
		var k string
		if k, texts[i] = rt.describe(err); !isKind(k, "Exception") {
			kind = "BaseExceptionGroup"
		}
	}
	return kind, kind + list(texts)
}

func (rt *runtime) formatError(err error) string {
	kind, text := rt.describe(err)
	if kind == "" {
		rt.fail(fmt.Errorf("unexpected error: %w", err))
	}
	return text
}

// matches reports whether an except clause for kinds takes err.
func (rt *runtime) matches(err error, kinds []string) bool {
	if rt.over {
		return false
	}
	kind, _ := rt.describe(err)
	return slices.ContainsFunc(kinds, func(k string) bool { return isKind(kind, k) })
}
