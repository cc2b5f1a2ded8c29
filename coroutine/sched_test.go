package coroutine_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"coloop/coroutine"
)

func TestStepper(t *testing.T) {
	g := newGen(t, echo)
	s := g.Stepper()
	expect(t, "first Step", result(s.Step()), "<nil>")
	expect(t, "Step", result(s.Step()), "<nil>")
	expect(t, "Throw", result(s.Throw(errTest)), "test")
	expect(t, "state", g.State(), coroutine.Closed)
}

// TestStepSendsNothing has Step be a Next where a Send was the last to resume
// the generator, or what it delegates to.
func TestStepSendsNothing(t *testing.T) {
	g := newGen(t, echo)
	play(t, g, []op{{"next", nil, "<nil>"}, {"send", "x", "x"}})
	expect(t, "Step", result(g.Stepper().Step()), "<nil>")

	deep := newGen(t, stubborn(1))
	sub := newGen(t, func(y *yielder) (any, error) {
		y.Yield(1)
		if _, err := coroutine.YieldFrom(y, deep); err != nil {
			return nil, err
		}
		return y.Yield(2)
	})
	play(t, sub, []op{{"next", nil, "1"}, {"send", "x", "0"}})
	s := newGen(t, from(sub)).Stepper()
	expect(t, "Step", result(s.Step()), "2")
	expect(t, "Step", result(s.Step()), "return <nil>")
}

// TestStepExecuting has a body that is stepped operate on its own generator.
func TestStepExecuting(t *testing.T) {
	var g *generator
	g = newGen(t, func(y *yielder) (any, error) {
		for i := 0; ; i++ {
			for op, do := range map[string]func() (any, error){
				"Step":  func() (any, error) { return g.Stepper().Step() },
				"Next":  g.Next,
				"Send":  func() (any, error) { return g.Send(1) },
				"Throw": func() (any, error) { return g.Throw(errTest) },
				"Close": g.Close,
			} {
				_, err := do()
				expect(t, fmt.Sprint("step ", i, ", ", op), err, coroutine.ErrExecuting)
			}
			expect(t, "state", g.State(), coroutine.Running)
			expect(t, "innermost", g.Innermost(), y)
			if _, err := y.Yield(i); err != nil {
				return nil, err
			}
		}
	})
	s := g.Stepper()
	for i := range 3 {
		expect(t, "Step", result(s.Step()), fmt.Sprint(i))
	}
}

// TestInnermostOfDelegates asks generators that were, or are, resumed directly
// and through a delegator.
func TestInnermostOfDelegates(t *testing.T) {
	var top, mid *generator
	here := func(when string, y *yielder) {
		t.Helper()
		expect(t, when+", innermost of top", top.Innermost(), y)
		expect(t, when+", innermost of mid", mid.Innermost(), y)
	}
	leaf := newGen(t, func(y *yielder) (any, error) {
		here("in the leaf", y)
		y.Yield(2)
		here("the leaf is closed", y)
		return nil, nil
	})
	mid = newGen(t, func(y *yielder) (any, error) {
		y.Yield(1)
		here("in the middle", y)
		_, err := coroutine.YieldFrom(y, leaf)
		here("the middle is closed", y)
		return nil, err
	})
	top = newGen(t, from(mid))
	play(t, mid, []op{{"next", nil, "1"}})
	play(t, top, []op{{"next", nil, "2"}, {"close", nil, "<nil>"}})
}

func TestPoolOwns(t *testing.T) {
	var pool, other coroutine.Pool
	defer pool.Close()
	expect(t, "empty", pool.Owns(), false)
	play(t, coroutine.NewIn(&pool, func(*yielder) (any, error) {
		expect(t, "the other", other.Owns(), false)
		return pool.Owns(), nil
	}), []op{{"next", nil, "return true"}})
	expect(t, "outside", pool.Owns(), false)
}

func TestFrames(t *testing.T) {
	pool := coroutine.Pool{Trace: true}
	defer pool.Close()
	inner := coroutine.New(func(y *yielder) (any, error) { return innermost(y) })
	g := coroutine.NewIn(&pool, func(y *yielder) (any, error) { return outer(y, inner) })
	expect(t, "frames before the start", len(g.Frames()), 0)
	g.Next()
	var names []string
	for _, f := range g.Frames() {
		names = append(names, f.Function[strings.LastIndex(f.Function, ".")+1:])
	}
	expect(t, "frames", strings.Join(names[:2], " "), "innermost func1")
	expect(t, "delegator's frame", slices.Contains(names, "outer"), true)
	g.Next()
	expect(t, "frames after the end", len(g.Frames()), 0)
}

//go:noinline
func innermost(y *yielder) (any, error) {
	y.Yield(1)
	return nil, nil
}

//go:noinline
func outer(y *yielder, sub *generator) (any, error) { return coroutine.YieldFrom(y, sub) }

// TestA3Here asks where a body runs: on its own goroutine, on that of a body it
// delegates to or drives, and on others.
func TestA3Here(t *testing.T) {
	var top, mid *yielder
	here := func(when string, want ...*yielder) {
		t.Helper()
		for name, y := range map[string]*yielder{"top": top, "mid": mid} {
			expect(t, when+", "+name+" is here", y.Here(), slices.Contains(want, y))
		}
	}
	elsewhere := func(when string) {
		t.Helper()
		done := make(chan struct{})
		go func() {
			defer close(done)
			here(when + ", elsewhere")
		}()
		<-done
	}
	leaf := newGen(t, func(y *yielder) (any, error) {
		expect(t, "leaf is here", y.Here(), true)
		here("in the leaf")
		elsewhere("in the leaf")
		return y.Yield(1)
	})
	midGen := newGen(t, func(y *yielder) (any, error) {
		here("in the middle", y)
		elsewhere("in the middle")
		_, err := coroutine.YieldFrom(y, leaf)
		here("in the middle again", y)
		return nil, err
	})
	topGen := newGen(t, func(y *yielder) (any, error) {
		here("in the top", y)
		v, err := midGen.Next()
		here("in the top again", y)
		expect(t, "driven by hand", result(v, err), "1")
		_, err = coroutine.YieldFrom(y, midGen)
		here("in the top at last", y)
		return nil, err
	})
	top, mid = topGen.Yielder(), midGen.Yielder()
	here("before")
	topGen.Next()
	here("between")
	topGen.Close()
	here("after")
}

// who has a method that can be a body.
type who struct{}

func (who) body(y *yielder) (any, error) { return y.Yield(1) }

func genericBody[T any](y *yielder) (any, error) {
	var zero T
	_, err := y.Yield(zero)
	return nil, err
}

// adapted is what an adapter calls.
func adapted(y *yielder) error {
	y.Yield(1)
	return nil
}

// TestWhere asks generators for their functions, and for the line, counted from
// that of the declaration, at which they are.
func TestWhere(t *testing.T) {
	const pkg = "coloop/coroutine_test."
	sub := func(y *yielder) (any, error) { return coroutine.YieldFrom(y, coroutine.New(echo)) }
	for _, tc := range []struct {
		name      string
		body      func(y *yielder) (any, error)
		function  string
		suspended int // lines from the declaration to the place where it is suspended
	}{
		{"function", echo, "echo", 4},
		{"closure", sub, "TestWhere.func1", 0},
		{"generic", genericBody[int], "genericBody[...]", 2},
		{"method value", who{}.body, "who.body", 0},
		{"adapter", func(y *yielder) (any, error) { return nil, adapted(y) }, "adapted", 1},
	} {
		for _, trace := range []bool{false, true} {
			t.Run(fmt.Sprint(tc.name, ", trace=", trace), func(t *testing.T) {
				pool := coroutine.Pool{Trace: trace}
				defer pool.Close()
				g := coroutine.NewIn(&pool, tc.body)
				if tc.name == "adapter" {
					g.SetFunc(reflect.ValueOf(adapted).Pointer())
				}
				function, file, declared := g.Where()
				expect(t, "function", function, pkg+tc.function)
				if tc.name == "method value" {
					expect(t, "file of a method value", file, "")
				} else {
					expect(t, "file", filepath.Base(file), map[bool]string{true: "coroutine_test.go", false: "sched_test.go"}[tc.name == "function"])
				}
				g.Next()
				function, file, line := g.Where()
				expect(t, "function, suspended", function, pkg+tc.function)
				switch {
				case !trace:
					expect(t, "line without Trace", line, declared)
				case tc.name == "method value":
					expect(t, "file, suspended", filepath.Base(file), "sched_test.go")
				default:
					expect(t, "lines from the declaration", line-declared, tc.suspended)
				}
				g.Close()
				_, _, line = g.Where()
				expect(t, "line when closed", line, declared)
			})
		}
	}
}

// TestWhereInRecursion has a body that calls itself: the outermost call counts.
func TestWhereInRecursion(t *testing.T) {
	pool := coroutine.Pool{Trace: true}
	defer pool.Close()
	var body func(y *yielder) (any, error)
	deep := false
	body = func(y *yielder) (any, error) {
		if !deep {
			deep = true
			return body(y)
		}
		return y.Yield(1)
	}
	g := coroutine.NewIn(&pool, body)
	_, _, declared := g.Where()
	g.Next()
	_, _, line := g.Where()
	expect(t, "lines from the declaration", line-declared, 3)
	g.Close()
}
