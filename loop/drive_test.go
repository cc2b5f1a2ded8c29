package loop_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/looptest"
)

// A waiting is a state machine that waiting n times.
type waiting struct {
	lot   *loop.ParkingLot
	loop  *loop.Loop
	n     int
	p     *loop.Parked
	err   error // what a wait has ended with
	steps int
}

func (c *waiting) Step(err error) any {
	c.steps++
	if c.p != nil {
		c.p.Leave()
		c.p = nil
	}
	if c.err = err; err != nil || c.n == 0 {
		return nil
	}
	c.n--
	p, err := c.lot.Enter(c.loop, nil)
	if err != nil {
		panic(err)
	}
	c.p = p
	return p.Block()
}

func ExampleDrive() {
	var lot loop.ParkingLot
	err := loop.Main(func(y *loop.Yielder) error {
		l := loop.Running(y)
		l.CallSoon(func() { lot.Unpark() })
		c := waiting{lot: &lot, loop: l, n: 1}
		err := loop.Drive(y, &c)
		fmt.Println(c.steps, "steps")
		return err
	})
	fmt.Println(err)
	// Output:
	// 2 steps
	// <nil>
}

func TestDrive(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		lot := loop.ParkingLot{Kind: "count"}
		c := waiting{lot: &lot, loop: loop.Running(y), n: 3}
		task := loop.Spawn(y, func(y *loop.Yielder) error { return loop.Drive(y, &c) })
		for i := range 3 {
			if err := loop.Sleep(y, 0); err != nil {
				return err
			}
			if c.steps != i+1 || lot.Len() != 1 {
				t.Errorf("%d steps, %d in the lot after %d wake-ups", c.steps, lot.Len(), i)
			}
			lot.Unpark()
		}
		_, err := task.Await(y)
		if err != nil || c.steps != 4 || lot.Len() != 0 {
			t.Errorf("%d steps, %d in the lot, %v", c.steps, lot.Len(), err)
		}
		return nil
	})
}

func TestDriveCancelled(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		var lot loop.ParkingLot
		c := waiting{lot: &lot, loop: loop.Running(y), n: 3}
		task := loop.Spawn(y, func(y *loop.Yielder) error {
			if err := loop.Drive(y, &c); err != nil {
				return err
			}
			return c.err
		})
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		task.Cancel("enough")
		_, err := task.Await(y)
		if !loop.IsCancelled(err) || lot.Len() != 0 || c.steps != 2 {
			t.Errorf("%v; %d in the lot, %d steps", err, lot.Len(), c.steps)
		}
		return nil
	})
}

func TestDrivePanics(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		for range 2 {
			func() {
				defer func() {
					if r := recover(); r != "broken" {
						t.Errorf("recovered %v", r)
					}
				}()
				_ = loop.Drive(y, stepsOf(func(error) any { panic("broken") }))
			}()
		}
		return loop.Sleep(y, 0)
	})
}

type stepsOf func(error) any

func (f stepsOf) Step(err error) any { return f(err) }

// TestDriveElsewhere has coroutines that no task drives, or not directly.
func TestDriveElsewhere(t *testing.T) {
	called := 0
	once := stepsOf(func(error) any { called++; return nil })
	g := coroutine.New(func(y *loop.Yielder) (int, error) { return 0, loop.Drive(y, once) })
	if _, err := g.Next(); !errors.Is(err, loop.ErrNoTask) {
		t.Errorf("without a task: %v", err)
	}
	looptest.Run(t, func(y *loop.Yielder) error {
		byHand := coroutine.New(func(y2 *loop.Yielder) (int, error) { return called, loop.Drive(y2, once) })
		byHand.Inherit(y.Given(), nil)
		for range 5 { // what Drive yields comes to this driver
			_, err := byHand.Next()
			if _, ok := errors.AsType[*coroutine.StopIteration[int]](err); ok {
				break
			}
			if err != nil {
				return err
			}
		}
		if called != 1 {
			t.Errorf("a coroutine driven by hand has made %d steps, want 1", called)
		}
		return nil
	})
}

// TestDriveClosed has a loop that ends while a task is driven.
func TestDriveClosed(t *testing.T) {
	var lot loop.ParkingLot
	var c waiting
	var ended error
	l, _ := loop.NewVirtual()
	loop.Spawn(l, func(y *loop.Yielder) error {
		c = waiting{lot: &lot, loop: l, n: 3}
		ended = loop.Drive(y, &c)
		return ended
	})
	l.CallLater(time.Second, l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if ended == nil || c.err == nil || lot.Len() != 0 {
		t.Errorf("Drive returned %v, the steps were told %v, %d in the lot", ended, c.err, lot.Len())
	}
}

// TestDriveClosedByHand has another task close a coroutine that waits in Drive. The task that
// awaits the coroutine still waits for the same, and can be cancelled.
func TestDriveClosedByHand(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		lot := loop.ParkingLot{Kind: "count"}
		c := waiting{lot: &lot, loop: loop.Running(y), n: 1}
		gen := coroutine.New(func(y *loop.Yielder) (any, error) { return nil, loop.Drive(y, &c) })
		task := loop.Spawn(y, func(y *loop.Yielder) error { _, err := coroutine.YieldFrom(y, gen); return err })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		if _, err := gen.Close(); err != nil || c.err == nil || lot.Len() != 0 {
			t.Errorf("Close returned %v, the step was told %v, %d in the lot", err, c.err, lot.Len())
		}
		// A wait of another task must not be mistaken for that one.
		other := waiting{lot: &lot, loop: loop.Running(y), n: 1}
		second := loop.Spawn(y, func(y *loop.Yielder) error { return loop.Drive(y, &other) })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		task.Cancel()
		_, err := task.Await(y)
		if !loop.IsCancelled(err) || second.Done() || other.steps != 1 {
			t.Errorf("the task ended with %v; the other has made %d steps", err, other.steps)
		}
		lot.Unpark()
		_, err = second.Await(y)
		return err
	})
}

func BenchmarkDrive(b *testing.B) {
	b.ReportAllocs()
	err := loop.Main(func(y *loop.Yielder) error {
		s := stepsOf(func(error) any { return nil })
		for b.Loop() {
			if err := loop.Drive(y, &s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
