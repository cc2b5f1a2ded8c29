package loop_test

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"coloop/coroutine"
	"coloop/loop"
)

// TestRunToEnd: a job that has begun is waited for, however often the task is cancelled, and
// its outcome comes with the cancellation.
func TestRunToEnd(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func() (int, error)
		want error
	}{
		{"result", func() (int, error) { return 7, nil }, nil},
		{"both", func() (int, error) { return 7, errTest }, errTest},
		{"panic", func() (int, error) { panic(errTest) }, errTest},
		{"Goexit", func() (int, error) { runtime.Goexit(); return 0, nil }, coroutine.ErrGoexit},
	} {
		for cancels := range 4 {
			t.Run(tc.name, func(t *testing.T) {
				play(t, func(y *loop.Yielder, l *loop.Loop) {
					begun, proceed := make(chan struct{}), make(chan struct{})
					var over atomic.Bool
					v := 0
					task := spawn(l, func(y *loop.Yielder) (err error) {
						v, err = loop.RunToEnd(y, nil, func() (int, error) {
							close(begun)
							<-proceed
							over.Store(true)
							return tc.end()
						})
						expect(t, "over when RunToEnd returns", over.Load(), true)
						return err
					})
					turns(y, 1)
					<-begun
					for range cancels {
						expect(t, "Cancel", task.Cancel("enough"), true)
						turns(y, 1)
						expect(t, "done", task.Done(), false)
					}
					close(proceed)
					_, err := task.Await(y)
					if tc.name == "result" || tc.name == "both" {
						expect(t, "value", v, 7)
					}
					if tc.want != nil {
						expectErr(t, "error of the job", err, tc.want)
					}
					expect(t, "cancelled", task.Cancelled(), cancels > 0)
					if tc.want == nil || cancels > 0 {
						expect(t, "cancellation", errors.Is(err, loop.ErrCancelled), cancels > 0)
					}
				})
			})
		}
	}
}

// TestRunToEndInLine: a job that is cancelled in line, by its task or by CancelPending, is not
// called.
func TestRunToEndInLine(t *testing.T) {
	for name, cancel := range map[string]func(e *loop.Executor, task loop.AnyTask){
		"task":     func(_ *loop.Executor, task loop.AnyTask) { task.Cancel() },
		"executor": func(e *loop.Executor, _ loop.AnyTask) { e.CancelPending() },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				e, free := busy(t)
				defer free()
				task := spawn(l, func(y *loop.Yielder) error {
					_, err := loop.RunToEnd(y, e, func() (int, error) {
						t.Error("the job was called")
						return 0, nil
					})
					return err
				})
				turns(y, 1)
				cancel(e, task)
				_, err := task.Await(y)
				expectErr(t, "Await", err, loop.ErrCancelled)
				expectErr(t, "the clock goes on", loop.Sleep(y, 1), nil)
			})
		})
	}
}

// TestRunToEndCloseOfLoop: Close of the loop waits for a job that runs, and drops one in line.
func TestRunToEndCloseOfLoop(t *testing.T) {
	for _, inLine := range []bool{false, true} {
		l, _ := loop.NewVirtual()
		e, free := busy(t)
		begun, proceed := make(chan struct{}), make(chan struct{})
		over := false
		if !inLine {
			e = nil
		}
		var got error
		complete(t, l, func(y *loop.Yielder) {
			spawn(l, func(y *loop.Yielder) error {
				_, got = loop.RunToEnd(y, e, func() (int, error) {
					close(begun)
					<-proceed
					over = true
					return 0, nil
				})
				return got
			})
			turns(y, 1)
		})
		if !inLine {
			<-begun
		}
		go close(proceed)
		expectErr(t, "Close", l.Close(), nil)
		expect(t, "over", over, !inLine)
		expectErr(t, "error", got, coroutine.GeneratorExit)
		free()
	}
}

// TestRunToEndMisuse: a job that cannot be taken is refused.
func TestRunToEndMisuse(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		job := func() (int, error) { t.Error("the job was called"); return 0, nil }
		_, err := loop.RunToEnd[int](y, nil, nil)
		expect(t, "nil", err != nil, true)
		_, err = loop.RunToEnd(y, shutExecutor(), job)
		expectErr(t, "shut down", err, loop.ErrExecutorShutdown)
		elsewhere := make(chan error)
		go func() { _, err := loop.RunToEnd(y, nil, job); elsewhere <- err }()
		expectErr(t, "another goroutine", <-elsewhere, loop.ErrWrongGoroutine)
	})
}

func shutExecutor() *loop.Executor {
	e := new(loop.Executor)
	e.Shutdown(true)
	return e
}

// TestRunToEndErrorText: the text says both.
func TestRunToEndErrorText(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		begun, proceed := make(chan struct{}), make(chan struct{})
		task := spawn(l, func(y *loop.Yielder) error {
			_, err := loop.RunToEnd(y, nil, func() (int, error) {
				close(begun)
				<-proceed
				return 0, errors.New("disk full")
			})
			return err
		})
		turns(y, 1)
		<-begun
		task.Cancel("enough")
		close(proceed)
		_, err := task.Await(y)
		expect(t, "text", err.Error(), "cancelled: enough; meanwhile: disk full")
	})
}

func BenchmarkRunToEnd(b *testing.B) {
	err := loop.Main(func(y *loop.Yielder) error {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := loop.RunToEnd(y, nil, func() (int, error) { return 0, nil }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
