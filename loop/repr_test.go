package loop_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"coloop/loop"
)

func TestString(t *testing.T) {
	l, _ := newLoop(t)
	playOn(t, l, func(y *loop.Yielder) {
		done, failed, lost := loop.NewFuture[int](l), loop.NewFuture[int](l), loop.NewFuture[int](l)
		expect(t, "new", fmt.Sprint(done), "<Future pending>")
		done.SetResult(3)
		expect(t, "with a result", fmt.Sprint(done), "<Future finished result=3>")
		failed.SetException(errors.New("no"))
		expect(t, "with an error", fmt.Sprint(failed), "<Future finished exception=no>")
		failed.Exception() // so that it is not reported
		lost.Cancel()
		expect(t, "cancelled", fmt.Sprint(lost), "<Future cancelled>")
		task := loop.Go(l, forever)
		task.SetName("a task")
		expect(t, "task", fmt.Sprint(task), `<Task pending name='a task' coro=loop_test.forever at task_test.go:17>`)
		task.Cancel()
		expect(t, "task asked to end", fmt.Sprint(task), `<Task cancelling name='a task' coro=loop_test.forever at task_test.go:17>`)
		task.Await(y)
		expect(t, "task that has ended", fmt.Sprint(task), `<Task cancelled name='a task'>`)
	})
}

// TestA13Repr: a future that is part of its own result or error is described all
// the same, and a long or many-lined result does not fill the screen.
func TestA13Repr(t *testing.T) {
	l, _ := newLoop(t)
	future := func(result any) *loop.Future[any] {
		f := loop.NewFuture[any](l)
		expectErr(t, "SetResult", f.SetResult(result), nil)
		return f
	}
	own := loop.NewFuture[any](l)
	own.SetResult(own)
	a, b := loop.NewFuture[any](l), loop.NewFuture[any](l)
	a.SetResult(b)
	b.SetResult([]any{a, 1})
	failed := loop.NewFuture[any](l)
	failed.SetException(aboutFuture{failed})
	failed.Exception() // so that it is not reported
	var task *loop.Task[any]
	task = loop.Go(l, func(*loop.Yielder) (any, error) { return task, nil })
	task.SetName("own")
	turn(t, l)
	for _, tc := range []struct {
		what any
		want string
	}{
		{own, "<Future finished result=...>"},
		{own, "<Future finished result=...>"}, // again
		{a, "<Future finished result=<Future finished result=[... 1]>>"},
		{b, "<Future finished result=[<Future finished result=...> 1]>"},
		{failed, "<Future finished exception=error of ...>"},
		{task, `<Task finished result=... name='own'>`},
		{future(strings.Repeat("ö", 100)), "<Future finished result=" + strings.Repeat("ö", 100) + ">"},
		{future(strings.Repeat("ö", 101)), "<Future finished result=" + strings.Repeat("ö", 100) + "...>"},
		{future("a\r\nb"), `<Future finished result="a\r\nb">`},
		{future(panickyString{}), "<Future finished result=%!v(PANIC=String method: test error)>"},
	} {
		expect(t, "description", fmt.Sprint(tc.what), tc.want)
	}
}

type aboutFuture struct{ f fmt.Stringer }

func (a aboutFuture) Error() string { return "error of " + a.f.String() }

type panickyString struct{}

func (panickyString) String() string { panic(errTest) }

// TestEnumStrings: a value out of range is described all the same.
func TestEnumStrings(t *testing.T) {
	for _, tc := range []struct {
		value fmt.Stringer
		want  string
	}{
		{loop.TimeoutCreated, "created"},
		{loop.TimeoutFinished, "finished"},
		{loop.TimeoutState(9), "TimeoutState(9)"},
		{loop.TimeoutState(-1), "TimeoutState(-1)"},
		{loop.BarrierFilling, "filling"},
		{loop.BarrierBroken, "broken"},
		{loop.BarrierState(4), "BarrierState(4)"},
		{loop.InterruptNever, "never"},
		{loop.InterruptMode(3), "InterruptMode(3)"},
	} {
		expect(t, tc.want, tc.value.String(), tc.want)
	}
	var err error = &loop.TimeoutStateError{State: 9}
	expect(t, "TimeoutStateError", err.Error(), "cannot change state of TimeoutState(9) Timeout")
}
