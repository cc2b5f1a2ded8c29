package loop_test

import (
	"errors"
	"fmt"
	"testing"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/looptest"
)

func ExampleOnLoopStack() {
	err := loop.Main(func(y *loop.Yielder) error {
		sum := 0
		loop.OnLoopStack(y, func() {
			var table [1 << 12]int
			for i := range table {
				table[i] = i
				sum += table[i]
			}
		})
		fmt.Println(sum)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 8386560
	// <nil>
}

func TestOnLoopStack(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		var order []string
		other := loop.Spawn(y, func(*loop.Yielder) error {
			order = append(order, "other")
			return nil
		})
		calls := 0
		fn := func() {
			calls++
			if y.Here() {
				t.Error("the call is made on the coroutine's stack")
			}
			if !loop.Running(y).OnLoop() {
				t.Error("the call is not made by the loop")
			}
		}
		for range 3 {
			loop.OnLoopStack(y, fn)
		}
		order = append(order, "calls")
		if calls != 3 {
			t.Errorf("%d calls, want 3", calls)
		}
		if n := testing.AllocsPerRun(100, func() { loop.OnLoopStack(y, fn) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
		if _, err := other.Await(y); err != nil {
			return err
		}
		if fmt.Sprint(order) != "[calls other]" {
			t.Errorf("order %v: another task has run during a call", order)
		}
		return nil
	})
}

// TestOnLoopStackElsewhere has the calls that no task of a loop can hand to it.
func TestOnLoopStackElsewhere(t *testing.T) {
	called := 0
	fn := func() { called++ }
	g := coroutine.New(func(y *loop.Yielder) (int, error) {
		loop.OnLoopStack(y, fn) // no task runs it
		_, err := y.Yield(1)
		return called, err
	})
	if v, err := g.Next(); v != 1 || err != nil || called != 1 {
		t.Errorf("got %v, %v after %d calls", v, err, called)
	}
	if _, err := g.Close(); err != nil {
		t.Error(err)
	}
	looptest.Run(t, func(y *loop.Yielder) error {
		called = 0
		byHand := coroutine.New(func(y2 *loop.Yielder) (int, error) {
			loop.OnLoopStack(y2, fn)
			return called, nil
		})
		byHand.Inherit(y.Given(), nil)
		for range 5 { // the yields of the call come to this driver
			_, err := byHand.Next()
			var stop *coroutine.StopIteration[int]
			if errors.As(err, &stop) {
				break
			}
			if err != nil {
				return err
			}
		}
		if called != 1 {
			t.Errorf("a coroutine driven by hand made %d calls, want 1", called)
		}
		return nil
	})
}

func TestOnLoopStackPanics(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		for range 2 {
			func() {
				defer func() {
					if r := recover(); r != "broken" {
						t.Errorf("recovered %v", r)
					}
				}()
				loop.OnLoopStack(y, func() { panic("broken") })
			}()
		}
		return loop.Sleep(y, 0)
	})
}

// TestOnLoopStackCancelled: a cancellation during a call comes at the next wait.
func TestOnLoopStackCancelled(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		var task *loop.Task[struct{}]
		var after bool
		task = loop.Spawn(y, func(y *loop.Yielder) error {
			loop.OnLoopStack(y, func() { task.Cancel() })
			after = true
			return loop.Sleep(y, 0)
		})
		_, err := task.Await(y)
		if !after || !loop.IsCancelled(err) {
			t.Errorf("the task ended with %v, after the call: %v", err, after)
		}
		return nil
	})
}

func BenchmarkOnLoopStack(b *testing.B) {
	b.ReportAllocs()
	err := loop.Main(func(y *loop.Yielder) error {
		fn := func() {}
		for b.Loop() {
			loop.OnLoopStack(y, fn)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
