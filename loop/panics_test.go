package loop_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"coloop/coroutine"
	"coloop/loop"
)

func releaseOpen(*loop.Yielder) error { new(loop.Lock).Release(); return nil }

func notifyOpen(*loop.Yielder) error { new(loop.Condition).NotifyAll(); return nil }

func doneTooOften(*loop.Yielder) error { new(loop.Queue[int]).TaskDone(); return nil }

func noLoop(*loop.Yielder) error { _ = loop.Spawn[*loop.Loop](nil, releaseOpen); return nil }

func fnPanics(y *loop.Yielder) error {
	return new(loop.Lock).With(y, func() error { panic(errTest) })
}

func bodyPanics(y *loop.Yielder) error {
	var g loop.TaskGroup
	return g.Run(y, func() error { panic(errTest) })
}

// TestA19Misuse: a panic of the loop's own says where in the program the misuse is.
func TestA19Misuse(t *testing.T) {
	for name, tc := range map[string]struct {
		fn   func(*loop.Yielder) error
		want string
	}{
		"lock":      {releaseOpen, "lock is not acquired (loop_test.releaseOpen at panics_test.go:14)"},
		"condition": {notifyOpen, "lock is not acquired (loop_test.notifyOpen at panics_test.go:16)"},
		"queue":     {doneTooOften, "TaskDone called too many times (loop_test.doneTooOften at panics_test.go:18)"},
		"no loop":   {noLoop, "runtime error: invalid memory address or nil pointer dereference (loop_test.noLoop at panics_test.go:20)"},
		"with":      {fnPanics, "test error (loop_test.fnPanics.func1 at panics_test.go:23)"},
		"group":     {bodyPanics, "test error (loop_test.bodyPanics.func1 at panics_test.go:28)"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				_, err := loop.Spawn(y, tc.fn).Await(y)
				var p *coroutine.PanicError
				if !errors.As(err, &p) {
					t.Fatalf("the error is %v", err)
				}
				expect(t, "text", p.Error(), "panic: "+tc.want)
			})
		})
	}
}

// TestA19Callback: the panic of a callback has a place, and so has that of a job on
// another goroutine.
func TestA19Callback(t *testing.T) {
	l, _ := newLoop(t)
	var reported error
	l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { reported = c.Exception })
	playOn(t, l, func(y *loop.Yielder) {
		l.CallSoon(func() { panic("boom") })
		loop.Sleep(y, 0)
		expect(t, "callback", fmt.Sprint(reported), "panic: boom (loop_test.TestA19Callback.func2.1 at panics_test.go:64)")
		_, err := loop.ToThread(y, func(context.Context) (int, error) { panic("boom") })
		expect(t, "job", fmt.Sprint(err), "panic: boom (loop_test.TestA19Callback.func2.2 at panics_test.go:67)")
	})
}

// TestGroupErrorFormat: %+v prints each error of a group with %+v, the stacks of panics
// included, and other formats are those of the text.
func TestGroupErrorFormat(t *testing.T) {
	p := &coroutine.PanicError{Value: "boom", Stack: []byte("goroutine 1")}
	group := &loop.GroupError{Errors: []error{errTest, p}}
	const text = "2 errors in a TaskGroup: test error; panic: boom"
	for _, tc := range []struct {
		format string
		err    error
		want   string
	}{
		{"%v", group, text},
		{"%s", group, text},
		{"%q", group, `"` + text + `"`},
		{"%50v.", group, strings.Repeat(" ", 50-len(text)) + text + "."},
		{"%+v", group, "2 errors in a TaskGroup:\n\n1. test error\n\n2. panic: boom\n\ngoroutine 1"},
		{"%+v", &loop.GroupError{Errors: []error{group}},
			"1 error in a TaskGroup:\n\n1. 2 errors in a TaskGroup:\n\n1. test error\n\n2. panic: boom\n\ngoroutine 1"},
		{"%+v", fmt.Errorf("serve: %w", group), "serve: " + text}, // fmt has it so
		{"%v", (*loop.GroupError)(nil), "<nil>"},
	} {
		expect(t, fmt.Sprintf("%s of %v", tc.format, tc.err), fmt.Sprintf(tc.format, tc.err), tc.want)
	}
}
