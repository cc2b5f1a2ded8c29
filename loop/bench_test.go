package loop

import (
	"iter"
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

// BenchmarkPull1000 is the floor of BenchmarkSleep0: a switch to each of a
// thousand stacks in turn, and nothing else.
func BenchmarkPull1000(b *testing.B) {
	next := make([]func() (int, bool), 1000)
	for i := range next {
		var stop func()
		next[i], stop = iter.Pull(func(yield func(int) bool) {
			for yield(1) {
			}
		})
		defer stop()
	}
	b.ResetTimer()
	for i := range b.N {
		next[i%1000]()
	}
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

// BenchmarkFuture is from SetResult to the waiting task, of a thousand, that goes
// on and waits for its next future. It does not count to make them.
func BenchmarkFuture(b *testing.B) {
	const tasks, bank = 1000, 16
	l := benchLoop(b)
	var fs [2 * bank][tasks]*Future[int]
	fill := func(first int) {
		for r := first; r < first+bank; r++ {
			for i := range tasks {
				fs[r%len(fs)][i] = NewFuture[int](l)
			}
		}
	}
	rounds := b.N/tasks + 1
	for i := range tasks {
		Go(l, func(y *Yielder) (int, error) {
			for r := range rounds {
				if _, err := fs[r%len(fs)][i].Await(y); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
	}
	setter := Go(l, func(y *Yielder) (int, error) {
		for r := range rounds {
			if r%bank == 0 {
				b.StopTimer()
				fill(r + bank) // those of the bank before have been waited for
				b.StartTimer()
			}
			for _, f := range fs[r%len(fs)] {
				if err := f.SetResult(1); err != nil {
					return 0, err
				}
			}
			if err := Sleep(y, 0); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	fill(0)
	b.ResetTimer()
	if _, err := RunUntilComplete(l, setter); err != nil {
		b.Fatal(err)
	}
}
