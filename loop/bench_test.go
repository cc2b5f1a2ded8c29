package loop

import (
	"testing"

	"coloop/coroutine"
)

func benchLoop(b *testing.B) *Loop {
	l, err := New()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	b.ReportAllocs()
	return l
}

// spinner is a stackless coroutine that yields n times.
type spinner struct{ n int }

func (s *spinner) Send(any) (any, error) {
	if s.n--; s.n < 0 {
		return nil, &coroutine.StopIteration[int]{}
	}
	return nil, nil
}
func (s *spinner) Throw(err error) (any, error) { return nil, err }
func (s *spinner) Close() (int, error)          { return 0, nil }

// BenchmarkSleep0 is one turn of one task, among a thousand.
func BenchmarkSleep0(b *testing.B) {
	const tasks = 1000
	run := func(b *testing.B, spawn func(l *Loop, n int) *Task[int]) {
		l := benchLoop(b)
		all := make([]*Task[int], tasks)
		n := b.N/tasks + 1
		for i := range all {
			all[i] = spawn(l, n)
		}
		b.ResetTimer()
		if _, err := RunUntilComplete(l, all[tasks-1]); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("stackful", func(b *testing.B) {
		run(b, func(l *Loop, n int) *Task[int] {
			return Go(l, func(y *Yielder) (int, error) {
				for range n {
					if err := Sleep(y, 0); err != nil {
						return 0, err
					}
				}
				return 0, nil
			})
		})
	})
	b.Run("stackless", func(b *testing.B) {
		run(b, func(l *Loop, n int) *Task[int] { return CreateTask(l, &spinner{n}) })
	})
}

// BenchmarkTask is to create a task and let it finish.
func BenchmarkTask(b *testing.B) {
	l := benchLoop(b)
	main := Go(l, func(y *Yielder) (int, error) {
		for i := 0; i < b.N; i += 100 {
			var last *Task[int]
			for range 100 {
				last = Go(l, func(*Yielder) (int, error) { return 1, nil })
			}
			if _, err := last.Await(y); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	if _, err := RunUntilComplete(l, main); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFuture is from SetResult to the waiting task.
func BenchmarkFuture(b *testing.B) {
	l := benchLoop(b)
	fs := make([]*Future[int], b.N)
	for i := range fs {
		fs[i] = NewFuture[int](l)
	}
	waiter := Go(l, func(y *Yielder) (int, error) {
		for _, f := range fs {
			if _, err := f.Await(y); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	Go(l, func(y *Yielder) (int, error) {
		Sleep(y, 0)
		b.ResetTimer()
		for _, f := range fs {
			f.SetResult(1)
			if err := Sleep(y, 0); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	if _, err := RunUntilComplete(l, waiter); err != nil {
		b.Fatal(err)
	}
}
