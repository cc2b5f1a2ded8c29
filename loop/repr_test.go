package loop_test

import (
	"errors"
	"fmt"
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
		expect(t, "task", fmt.Sprint(task), `<Task pending name="a task">`)
		task.Cancel()
		expect(t, "task asked to end", fmt.Sprint(task), `<Task cancelling name="a task">`)
		task.Await(y)
		expect(t, "task that has ended", fmt.Sprint(task), `<Task cancelled name="a task">`)
	})
}
