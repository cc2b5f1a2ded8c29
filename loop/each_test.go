package loop_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"
)

func TestRunEach(t *testing.T) {
	var met sync.WaitGroup
	met.Add(4)
	goroutines := map[int]*loop.Loop{}
	var mu sync.Mutex
	vs, err := loop.RunEach(4, func(y *loop.Yielder, e loop.Each) (int, error) {
		met.Done()
		met.Wait() // in parallel, or never
		mu.Lock()
		defer mu.Unlock()
		goroutines[e.Index] = loop.Here()
		expect(t, "the loop is the one of its number", e.Loops[e.Index] == loop.Running(y), true)
		return 10 * e.Index, loop.Sleep(y, 1)
	})
	expect(t, "results", vs, []int{0, 10, 20, 30})
	expectErr(t, "error", err, nil)
	expect(t, "loops", len(goroutines), 4)

	vs, err = loop.RunEach(0, func(_ *loop.Yielder, e loop.Each) (int, error) { return len(e.Loops), nil })
	expectErr(t, "error", err, nil)
	expect(t, "as many as cores", len(vs), runtime.GOMAXPROCS(0))
	expect(t, "and all known", vs[0], len(vs))
}

// TestRunEachServes: a loop whose function has returned serves the others until all have.
func TestRunEachServes(t *testing.T) {
	var left error
	vs, err := loop.RunEach(3, func(y *loop.Yielder, e loop.Each) (int, error) {
		if e.Index > 0 {
			loop.Go(y, func(y *loop.Yielder) (string, error) { // ends with the loops
				s, err := forever(y)
				if e.Index == 1 {
					left = err
				}
				return s, err
			})
			return 0, nil
		}
		sum := 0
		for _, l := range e.Loops {
			n, err := loop.RunOn(y, l, func(y *loop.Yielder) (int, error) {
				return len(loop.Running(y).AllTasks()), loop.Sleep(y, 1)
			})
			if err != nil {
				return 0, err
			}
			sum += n
		}
		return sum, nil
	})
	expectErr(t, "error", err, nil)
	expect(t, "tasks of all loops", vs[0], 2+2+2)
	expectErr(t, "task that was left", left, loop.ErrCancelled)
}

// TestRunEachErrors: the first error ends all functions, and comes out.
func TestRunEachErrors(t *testing.T) {
	errOther := errors.New("other error")
	wait := func(y *loop.Yielder) error {
		_, err := forever(y)
		return err
	}
	for name, c := range map[string]struct {
		fns  [2]func(y *loop.Yielder) error
		errs []error
		text string
	}{
		"the first fails": {[2]func(*loop.Yielder) error{func(*loop.Yielder) error { return errTest }, wait},
			[]error{errTest}, "test error"},
		"the second fails": {[2]func(*loop.Yielder) error{wait, func(*loop.Yielder) error { return errTest }},
			[]error{errTest}, "test error"},
		"both fail": {[2]func(*loop.Yielder) error{func(y *loop.Yielder) error { _ = wait(y); return errOther },
			func(*loop.Yielder) error { return errTest }}, []error{errTest, errOther}, "other error\ntest error"},
		"one cancels itself": {[2]func(*loop.Yielder) error{wait, func(y *loop.Yielder) error {
			loop.Running(y).CurrentTask().Cancel("by itself")
			return wait(y)
		}}, []error{loop.ErrCancelled}, "cancelled: by itself"},
		"one panics": {[2]func(*loop.Yielder) error{wait, func(*loop.Yielder) error { panic(errTest) }},
			[]error{errTest}, ""},
		"one stops its loop": {[2]func(*loop.Yielder) error{wait, func(y *loop.Yielder) error {
			loop.Running(y).Stop()
			return wait(y)
		}}, []error{loop.ErrStopped}, loop.ErrStopped.Error()},
		"one has dealt with it": {[2]func(*loop.Yielder) error{func(y *loop.Yielder) error { _ = wait(y); return nil },
			func(*loop.Yielder) error { return errTest }}, []error{errTest}, "test error"},
	} {
		t.Run(name, func(t *testing.T) {
			err := loop.MainEach(2, func(y *loop.Yielder, e loop.Each) error { return c.fns[e.Index](y) })
			for _, want := range c.errs {
				expectErr(t, "error", err, want)
			}
			if c.text != "" {
				expect(t, "text", err.Error(), c.text)
			}
		})
	}
	expect(t, "nil", loop.MainEach(2, nil).Error(), "run on a loop: the function is nil")
	_, err := loop.Run(func(*loop.Yielder) (any, error) {
		return nil, loop.MainEach(2, func(*loop.Yielder, loop.Each) error { return nil })
	})
	expectErr(t, "within a loop", err, loop.ErrRunning)
}

// TestA17GoexitOfEach: Goexit in one of the functions ends the goroutine that called RunEach,
// once everything else has ended.
func TestA17GoexitOfEach(t *testing.T) {
	for index := range 2 {
		var ended error
		returned := elsewhere(func() {
			_ = loop.MainEach(2, func(y *loop.Yielder, e loop.Each) error {
				if e.Index == index {
					runtime.Goexit()
				}
				_, ended = forever(y)
				return ended
			})
		})
		expect(t, "returned", returned, false)
		expectErr(t, "the other function", ended, loop.ErrCancelled)
	}
	t.Run("handed on", func(t *testing.T) {
		var err error
		returned := elsewhere(func() {
			err = loop.MainEach(2, func(*loop.Yielder, loop.Each) error { return coroutine.ErrGoexit })
		})
		expect(t, "returned", returned, true)
		expectErr(t, "error", err, coroutine.ErrGoexit)
	})
}

// TestRunEachManyTimes: the end of some loops may come at any point of the others.
func TestRunEachManyTimes(t *testing.T) {
	for i := range 50 {
		err := loop.MainEach(1+i%4, func(y *loop.Yielder, e loop.Each) error {
			switch {
			case i%5 == 0 && e.Index == i%3:
				return errTest
			case i%2 == 0:
				return loop.Sleep(y, time.Microsecond)
			}
			_, err := loop.RunOn(y, e.Loops[(e.Index+1)%len(e.Loops)], func(y *loop.Yielder) (int, error) {
				return 0, loop.Sleep(y, 0)
			})
			return err
		})
		if i%5 == 0 && i%3 < 1+i%4 {
			expectErr(t, "error", err, errTest)
		} else {
			expectErr(t, "error", err, nil)
		}
	}
}
