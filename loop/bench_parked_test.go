package loop

import (
	"runtime"
	"testing"

	"coloop/coroutine"
)

// waitingOn is a stackless coroutine that waits for one future.
type waitingOn struct{ f *Future[int] }

func (w *waitingOn) Send(any) (any, error) {
	if !w.f.Done() {
		return w.f.Block(), nil
	}
	_, err := w.f.Result()
	if err == nil {
		err = &coroutine.StopIteration[int]{}
	}
	return nil, err
}
func (w *waitingOn) Throw(err error) (any, error) { return nil, err }
func (w *waitingOn) Close() (int, error)          { return 0, nil }

// BenchmarkParked parks tasks on a future, each on the same, wakes them and
// sees them finish. B/task is what one takes while it is parked, with its stack.
func BenchmarkParked(b *testing.B) {
	for _, bc := range []struct {
		name  string
		tasks int
		spawn func(l *Loop, f *Future[int], wait func(*Yielder) (int, error))
	}{
		{"stackful", 100_000, func(l *Loop, _ *Future[int], wait func(*Yielder) (int, error)) { Go(l, wait) }},
		{"stackless", 1_000_000, func(l *Loop, f *Future[int], _ func(*Yielder) (int, error)) {
			CreateTask(l, &waitingOn{f})
		}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			for b.Loop() {
				l := benchLoop(b)
				f := NewFuture[int](l)
				wait := f.Await
				before := memory()
				for range bc.tasks {
					bc.spawn(l, f, wait)
				}
				turn(b, l)
				b.StopTimer()
				b.ReportMetric(float64(memory()-before)/float64(bc.tasks), "B/task")
				b.StartTimer()
				if err := f.SetResult(1); err != nil {
					b.Fatal(err)
				}
				turn(b, l)
				if n := len(l.AllTasks()); n > 0 {
					b.Fatalf("%d tasks have not finished", n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(bc.tasks), "ns/task")
		})
	}
}

// turn runs what is ready.
func turn(b *testing.B, l *Loop) {
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		b.Fatal(err)
	}
}

// memory is that of the heap and of the goroutines' stacks.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
