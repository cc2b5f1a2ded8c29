package coroutine_test

import (
	"testing"

	"coloop/coroutine"
)

// TestYieldNotRunning calls Yield and its kin when the body does not run.
func TestYieldNotRunning(t *testing.T) {
	sub := newGen(t, echo)
	refused := func(t *testing.T, when string, y *yielder) {
		t.Helper()
		_, err := y.Yield(1)
		expect(t, "Yield of a generator that is "+when, err, coroutine.ErrNotRunning)
		_, err = coroutine.YieldFrom(y, sub)
		expect(t, "YieldFrom of a generator that is "+when, err, coroutine.ErrNotRunning)
		_, err = coroutine.YieldFromIterator[any](y, sub)
		expect(t, "YieldFromIterator of a generator that is "+when, err, coroutine.ErrNotRunning)
		err = coroutine.YieldFromSeq(y, func(func(any) bool) { t.Error("the sequence runs") })
		expect(t, "YieldFromSeq of a generator that is "+when, err, coroutine.ErrNotRunning)
	}
	var leaked *yielder
	leaf := newGen(t, func(y *yielder) (any, error) {
		refused(t, "delegating", leaked)
		y.Yield("in the leaf")
		refused(t, "delegating still", leaked)
		return nil, nil
	})
	g := newGen(t, func(y *yielder) (any, error) {
		leaked = y
		if _, err := y.Yield("in the top"); err != nil {
			return nil, err
		}
		coroutine.YieldFrom(y, leaf)
		return y.Yield("in the top again")
	})
	refused(t, "created", g.Yielder())
	g.Next()
	refused(t, "suspended", leaked)
	expect(t, "Send", result(g.Send(3)), "in the leaf")
	refused(t, "suspended in a YieldFrom", leaked)
	expect(t, "delegate", g.Delegate(), any(leaf))
	expect(t, "Send", result(g.Send(4)), "in the top again")
	expect(t, "Send", result(g.Send(5)), "return 5")
	refused(t, "closed", leaked)
	expect(t, "the sub is", sub.State(), coroutine.Created)
}

// TestLooks looks at a chain from outside, from its leaf and from its middle.
func TestLooks(t *testing.T) {
	var top, mid, leaf *generator
	var ys [3]*yielder
	look := func(when string, states [3]coroutine.State, delegates [3]any, innermost *yielder) {
		t.Helper()
		for i, g := range []*generator{top, mid, leaf} {
			name := []string{"top", "mid", "leaf"}[i]
			expect(t, when+", state of "+name, g.State(), states[i])
			expect(t, when+", delegate of "+name, g.Delegate(), delegates[i])
			want := innermost
			if states[i] != coroutine.Running {
				want = nil
			}
			expect(t, when+", innermost of "+name, g.Innermost(), want)
		}
	}
	const c, r, s, e = coroutine.Created, coroutine.Running, coroutine.Suspended, coroutine.Closed
	leaf = newGen(t, func(y *yielder) (any, error) {
		ys[2] = y
		look("leaf starts", [3]coroutine.State{r, r, r}, [3]any{}, y)
		y.Yield(1)
		look("mid is driven", [3]coroutine.State{s, r, r}, [3]any{any(mid)}, y)
		y.Yield(2)
		look("leaf is closed", [3]coroutine.State{r, r, r}, [3]any{}, y)
		return nil, nil
	})
	mid = newGen(t, func(y *yielder) (any, error) {
		ys[1] = y
		look("mid starts", [3]coroutine.State{r, r, c}, [3]any{}, y)
		_, err := coroutine.YieldFrom(y, leaf)
		look("mid is closed", [3]coroutine.State{r, r, e}, [3]any{}, y)
		return nil, err
	})
	top = newGen(t, func(y *yielder) (any, error) {
		ys[0] = y
		look("top starts", [3]coroutine.State{r, c, c}, [3]any{}, y)
		_, err := coroutine.YieldFrom(y, mid)
		look("top is closed", [3]coroutine.State{r, e, e}, [3]any{}, y)
		return nil, err
	})
	look("before", [3]coroutine.State{c, c, c}, [3]any{}, nil)
	expect(t, "next", result(top.Next()), "1")
	look("between", [3]coroutine.State{s, s, s}, [3]any{any(mid), any(leaf)}, nil)
	expect(t, "next of mid", result(mid.Next()), "2")
	look("between", [3]coroutine.State{s, s, s}, [3]any{any(mid), any(leaf)}, nil)
	expect(t, "close", result(top.Close()), "<nil>")
	look("after", [3]coroutine.State{e, e, e}, [3]any{}, nil)
}

// TestDriveTheOuter has a delegate, driven by hand, resume those that delegate
// to it: Lua's "resume of a running parent" from below.
func TestDriveTheOuter(t *testing.T) {
	var top *generator
	leaf := newGen(t, func(y *yielder) (any, error) {
		y.Yield(1)
		v, err := top.Next()
		return y.Yield([2]any{v, err})
	})
	top = newGen(t, func(y *yielder) (any, error) {
		_, err := coroutine.YieldFrom(y, leaf)
		expect(t, "yield from a running generator", err, coroutine.ErrExecuting)
		return y.Yield("let go")
	})
	expect(t, "top", result(top.Next()), "1")
	expect(t, "leaf", result(leaf.Next()), "[let go <nil>]")
	expect(t, "top delegates to", top.Delegate(), nil)
	expect(t, "leaf", result(leaf.Send(2)), "return 2")
	expect(t, "top", result(top.Send(3)), "return 3")
}

// TestCycle has a generator, driven by hand, delegate to one that delegates to
// it already.
func TestCycle(t *testing.T) {
	var top *generator
	leaf := newGen(t, func(y *yielder) (any, error) {
		y.Yield(1)
		return coroutine.YieldFrom(y, top)
	})
	top = newGen(t, func(y *yielder) (any, error) {
		_, err := coroutine.YieldFrom(y, leaf)
		expect(t, "yield from a running generator", err, coroutine.ErrExecuting)
		return y.Yield("round")
	})
	expect(t, "top", result(top.Next()), "1")
	expect(t, "leaf", result(leaf.Next()), "round")
	expect(t, "leaf delegates to", leaf.Delegate(), any(top))
	expect(t, "top delegates to", top.Delegate(), nil)
	expect(t, "leaf", result(leaf.Send(7)), "return 7")
}

// TestForeignYield yields from another goroutine, which only programs built
// with -race notice.
func TestForeignYield(t *testing.T) {
	if !coroutine.RaceEnabled {
		t.Skip("needs -race")
	}
	g := newGen(t, func(y *yielder) (any, error) {
		errs := make(chan error)
		go func() {
			_, err := y.Yield(1)
			errs <- err
		}()
		expect(t, "Yield", <-errs, coroutine.ErrNotRunning)
		other := coroutine.New(func(*yielder) (any, error) { return y.Yield(2) })
		_, err := other.Next()
		expect(t, "Yield in another generator", err, coroutine.ErrNotRunning)
		return nil, nil
	})
	g.Next()
}

// TestThrownWithoutValue throws where a value was sent before: Yield returns no
// value with the error.
func TestThrownWithoutValue(t *testing.T) {
	for name, do := range map[string]func(g *generator) (any, error){
		"throw":      func(g *generator) (any, error) { return g.Throw(errTest) },
		"throw exit": func(g *generator) (any, error) { return g.Throw(coroutine.GeneratorExit) },
		"close":      (*generator).Close,
	} {
		g := newGen(t, func(y *yielder) (any, error) {
			y.Yield(1)
			v, err := y.Yield(2)
			expect(t, name+", value", v, nil)
			return nil, err
		})
		play(t, g, []op{{"next", nil, "1"}, {"send", "sent", "2"}})
		do(g)
		expect(t, name+", state", g.State(), coroutine.Closed)
	}
}
