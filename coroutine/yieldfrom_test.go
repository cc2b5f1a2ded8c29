package coroutine_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"coloop/coroutine"
)

// nest returns a chain of depth generators over body.
func nest(t testing.TB, depth int, body func(y *yielder) (any, error)) []*generator {
	chain := make([]*generator, depth)
	for i := depth - 1; i >= 0; i-- {
		chain[i] = newGen(t, body)
		body = from(chain[i])
	}
	return chain
}

func TestYieldFrom(t *testing.T) {
	stop := &coroutine.StopIteration[any]{Value: 7}
	for _, tc := range []struct {
		name string
		sub  func(y *yielder) (any, error)
		ops  []op
	}{
		{"values in and out", echo, []op{
			{"next", nil, "<nil>"}, {"send", 1, "1"}, {"next", nil, "<nil>"}, {"send", "x", "x"},
		}},
		{"return", func(*yielder) (any, error) { return 5, nil }, []op{{"next", nil, "return got 5 <nil>"}}},
		{"raise", func(*yielder) (any, error) { return 5, errTest }, []op{{"next", nil, "return got <nil> test"}}},
		{"throw", echo, []op{
			{"next", nil, "<nil>"}, {"throw", errTest, "return got <nil> test"}, {"next", nil, "return <nil>"},
		}},
		{"throw what is handled", stubborn(3), []op{
			{"next", nil, "0"}, {"throw", errTest, "1"}, {"next", nil, "2"}, {"next", nil, "return got end <nil>"},
		}},
		{"throw StopIteration", echo, []op{
			{"next", nil, "<nil>"}, {"throw", stop, "return got <nil> generator raised StopIteration"},
		}},
		{"throw GeneratorExit", echo, []op{
			{"next", nil, "<nil>"}, {"throw", coroutine.GeneratorExit, "return got <nil> GeneratorExit"},
		}},
		{"close", echo, []op{
			{"next", nil, "<nil>"}, {"close", nil, "got <nil> GeneratorExit"}, {"close", nil, "<nil>"},
		}},
		{"close raises", func(y *yielder) (any, error) {
			y.Yield(1)
			return nil, errTest
		}, []op{{"next", nil, "1"}, {"close", nil, "got <nil> test"}}},
		{"close is ignored", stubborn(2), []op{
			{"next", nil, "0"}, {"close", nil, "got <nil> generator ignored GeneratorExit"},
		}},
	} {
		for _, depth := range []int{1, 2, 10} {
			t.Run(fmt.Sprint(tc.name, " at depth ", depth), func(t *testing.T) {
				chain := nest(t, depth, tc.sub)
				play(t, newGen(t, func(y *yielder) (any, error) {
					v, err := coroutine.YieldFrom(y, chain[0])
					return fmt.Sprint("got ", v, " ", err), nil
				}), tc.ops)
			})
		}
	}
}

// TestDroppedReturn closes a delegate that returns a value: nobody gets it.
func TestDroppedReturn(t *testing.T) {
	sub := newGen(t, func(y *yielder) (any, error) {
		y.Yield(1)
		return "dropped", nil
	})
	play(t, newGen(t, from(sub)), []op{{"next", nil, "1"}, {"close", nil, "<nil>"}})
	play(t, sub, []op{{"state", nil, "closed"}, {"next", nil, "return <nil>"}, {"close", nil, "<nil>"}})
}

// TestIgnoredExitBelow has a delegate survive the close of its delegator.
func TestIgnoredExitBelow(t *testing.T) {
	chain := nest(t, 3, stubborn(5))
	top, leaf := chain[0], chain[2]
	play(t, top, []op{
		{"next", nil, "0"}, {"close", nil, coroutine.ErrIgnoredExit.Error()}, {"state", nil, "closed"},
	})
	expect(t, "mid is", chain[1].State(), coroutine.Closed)
	play(t, leaf, []op{{"state", nil, "suspended"}, {"next", nil, "2"}})
	play(t, newGen(t, from(leaf)), []op{{"next", nil, "3"}, {"next", nil, "4"}, {"next", nil, "return end"}})
}

// TestSubDrivenByHand advances, ends or closes what a generator delegates to.
func TestSubDrivenByHand(t *testing.T) {
	for _, tc := range []struct {
		name string
		hand []op // to the delegate
		then []op // to the delegator
	}{
		{"next", []op{{"next", nil, "1"}}, []op{{"next", nil, "2"}, {"next", nil, "return end"}}},
		{"end", []op{{"next", nil, "1"}, {"next", nil, "2"}, {"next", nil, "return end"}},
			[]op{{"next", nil, "return <nil>"}}},
		{"end, then send", []op{{"next", nil, "1"}, {"next", nil, "2"}, {"next", nil, "return end"}},
			[]op{{"send", 1, "return <nil>"}}},
		{"end, then throw", []op{{"next", nil, "1"}, {"next", nil, "2"}, {"next", nil, "return end"}},
			[]op{{"throw", errTest, "test"}}},
		{"end, then throw StopIteration", []op{{"next", nil, "1"}, {"next", nil, "2"}, {"next", nil, "return end"}},
			[]op{{"throw", &coroutine.StopIteration[any]{Value: 7}, "return 7"}}},
		{"end, then close", []op{{"next", nil, "1"}, {"next", nil, "2"}, {"next", nil, "return end"}},
			[]op{{"close", nil, "<nil>"}, {"state", nil, "closed"}}},
		{"ignored close", []op{{"close", nil, coroutine.ErrIgnoredExit.Error()}}, []op{{"next", nil, "2"}}},
	} {
		for _, depth := range []int{1, 3} {
			t.Run(fmt.Sprint(tc.name, " at depth ", depth), func(t *testing.T) {
				sub := newGen(t, stubborn(3))
				chain := nest(t, depth, from(sub))
				play(t, chain[0], []op{{"next", nil, "0"}})
				play(t, sub, tc.hand)
				play(t, chain[0], tc.then)
			})
		}
	}
}

// TestMiddleDrivenByHand resumes a chain in its middle, where the flat way of
// the top must notice.
func TestMiddleDrivenByHand(t *testing.T) {
	first, second := newGen(t, stubborn(1)), newGen(t, stubborn(3))
	mid := newGen(t, func(y *yielder) (any, error) {
		coroutine.YieldFrom(y, first)
		return coroutine.YieldFrom(y, second)
	})
	top := newGen(t, from(mid))
	play(t, top, []op{{"next", nil, "0"}})
	play(t, mid, []op{{"next", nil, "0"}})
	expect(t, "mid delegates to", mid.Delegate(), any(second))
	play(t, top, []op{{"next", nil, "1"}})
	play(t, mid, []op{{"next", nil, "2"}})
	play(t, top, []op{{"next", nil, "return end"}})
}

// TestTwoDelegators has two generators delegate to the same one.
func TestTwoDelegators(t *testing.T) {
	for _, tc := range []struct {
		name string
		ops  []string // which delegator, which operation, what comes of it
	}{
		{"in turns", []string{"a next 0", "b next 1", "a next 2", "b next 3", "a next return end",
			"b next return <nil>"}},
		{"the first closes", []string{"a next 0", "b next 1", "a close generator ignored GeneratorExit",
			"b next 3", "b next return end"}},
		{"the second closes", []string{"a next 0", "b next 1", "b close generator ignored GeneratorExit",
			"a next 3", "a next return end"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sub := newGen(t, stubborn(4))
			gens := map[string]*generator{"a": newGen(t, from(sub)), "b": newGen(t, from(sub))}
			for _, o := range tc.ops {
				f := strings.SplitN(o, " ", 3)
				play(t, gens[f[0]], []op{{f[1], nil, f[2]}})
				if gens[f[0]].State() == coroutine.Suspended {
					expect(t, f[0]+" delegates to", gens[f[0]].Delegate(), any(sub))
				}
			}
		})
	}
}

func TestDeepChain(t *testing.T) {
	const depth = 1000
	for _, last := range []op{
		{"close", nil, "<nil>"}, {"throw", errTest, "test"}, {"throw", coroutine.GeneratorExit, "GeneratorExit"},
	} {
		t.Run(fmt.Sprint(last.name, last.arg), func(t *testing.T) {
			chain := nest(t, depth, echo)
			play(t, chain[0], []op{{"next", nil, "<nil>"}, {"send", 1, "1"}})
			play(t, chain[depth/2], []op{{"send", 2, "2"}})
			play(t, chain[0], []op{{"send", 3, "3"}, last})
			for i, g := range chain {
				if st := g.State(); st != coroutine.Closed {
					t.Fatalf("generator %d is %v", i, st)
				}
			}
		})
	}
	t.Run("return", func(t *testing.T) {
		play(t, nest(t, depth, stubborn(1))[0], []op{{"next", nil, "0"}, {"next", nil, "return end"}})
	})
}

// countdown is a stackless Resumable.
type countdown struct {
	n     int
	trace []string
}

func (c *countdown) Send(v any) (any, error) {
	c.trace = append(c.trace, fmt.Sprint("send ", v))
	if c.n == 0 {
		return nil, &coroutine.StopIteration[any]{Value: "liftoff"}
	}
	c.n--
	return c.n, nil
}

func (c *countdown) Throw(err error) (any, error) {
	c.trace = append(c.trace, fmt.Sprint("throw ", err))
	if err != errTest {
		return nil, err
	}
	c.n = 0
	return "aborting", nil
}

func (c *countdown) Close() (any, error) {
	c.trace = append(c.trace, "close")
	return "dropped", nil
}

func TestYieldFromResumable(t *testing.T) {
	for _, tc := range []struct {
		name  string
		ops   []op
		trace string
	}{
		{"to the end", []op{{"next", nil, "1"}, {"send", 5, "0"}, {"next", nil, "return liftoff"}},
			"send <nil>, send 5, send <nil>"},
		{"throw", []op{{"next", nil, "1"}, {"throw", errTest, "aborting"}, {"send", 1, "return liftoff"}},
			"send <nil>, throw test, send 1"},
		{"throw GeneratorExit", []op{{"next", nil, "1"}, {"throw", coroutine.GeneratorExit, "GeneratorExit"}},
			"send <nil>, close"},
		{"close", []op{{"next", nil, "1"}, {"close", nil, "<nil>"}}, "send <nil>, close"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &countdown{n: 2}
			g := newGen(t, from(c))
			play(t, g, tc.ops)
			expect(t, "trace", strings.Join(c.trace, ", "), tc.trace)
			expect(t, "delegate", g.Delegate(), nil)
		})
	}
}

// upTo is an Iterator that has nothing but Next.
type upTo struct{ i, n int }

func (u *upTo) Next() (any, error) {
	if u.i == u.n {
		return nil, &coroutine.StopIteration[any]{Value: "done"}
	}
	u.i++
	return u.i, nil
}

// closing adds a Close without a result.
type closing struct {
	upTo
	err error
}

func (c *closing) Close() error { return c.err }

func TestYieldFromIterator(t *testing.T) {
	plain := func() coroutine.Iterator[any] { return &upTo{n: 2} }
	for _, tc := range []struct {
		name string
		it   coroutine.Iterator[any]
		ops  []op
	}{
		{"to the end", plain(), []op{{"next", nil, "1"}, {"send", nil, "2"}, {"next", nil, "return done"}}},
		{"send", plain(), []op{{"next", nil, "1"}, {"send", 1, coroutine.ErrNoSend.Error()}}},
		{"throw", plain(), []op{{"next", nil, "1"}, {"throw", errTest, "test"}}},
		{"close", plain(), []op{{"next", nil, "1"}, {"close", nil, "<nil>"}}},
		{"close well", &closing{upTo{n: 2}, nil}, []op{{"next", nil, "1"}, {"close", nil, "<nil>"}}},
		{"close badly", &closing{upTo{n: 2}, errTest}, []op{{"next", nil, "1"}, {"close", nil, "test"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := newGen(t, func(y *yielder) (any, error) { return coroutine.YieldFromIterator[any](y, tc.it) })
			play(t, g, tc.ops[:1])
			expect(t, "delegate", g.Delegate(), any(tc.it))
			play(t, g, tc.ops[1:])
			expect(t, "delegate", g.Delegate(), nil)
		})
	}
}

func TestYieldFromSeq(t *testing.T) {
	for _, tc := range []struct {
		name string
		ops  []op
		left bool // the sequence is ended early
	}{
		{"to the end", []op{{"next", nil, "a"}, {"send", nil, "b"}, {"next", nil, "return done"}}, false},
		{"send", []op{{"next", nil, "a"}, {"send", 1, coroutine.ErrNoSend.Error()}}, true},
		{"throw", []op{{"next", nil, "a"}, {"throw", errTest, "test"}}, true},
		{"close", []op{{"next", nil, "a"}, {"close", nil, "<nil>"}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			left := false
			seq := func(yield func(any) bool) { left = !yield("a") || !yield("b") }
			g := newGen(t, func(y *yielder) (any, error) { return "done", coroutine.YieldFromSeq(y, iter.Seq[any](seq)) })
			play(t, g, tc.ops)
			expect(t, "left early", left, tc.left)
			expect(t, "delegate", g.Delegate(), nil)
		})
	}
}

// TestNestedDelegates has an iterator that itself delegates through the same
// Yielder: when that is over, the iterator is the delegate again.
func TestNestedDelegates(t *testing.T) {
	values := slices.Values([]any{1})
	g := newGen(t, func(y *yielder) (any, error) {
		return nil, coroutine.YieldFromSeq(y, func(yield func(any) bool) {
			coroutine.YieldFromSeq(y, values)
			yield("outer")
		})
	})
	g.Next()
	inner := g.Delegate()
	expect(t, "next", result(g.Next()), "outer")
	if outer := g.Delegate(); outer == nil || fmt.Sprintf("%p", outer) == fmt.Sprintf("%p", inner) {
		t.Errorf("delegate is %p, was %p", outer, inner)
	}
}

// TestNextIsNoSend tells Next from a Send of zero, where that is not nil.
func TestNextIsNoSend(t *testing.T) {
	sub := coroutine.New(func(y *coroutine.Yielder[int, int]) (int, error) {
		return 0, coroutine.YieldFromSeq(y, slices.Values([]int{1, 2, 3, 4}))
	})
	sub.Next()
	top := coroutine.New(func(y *coroutine.Yielder[int, int]) (int, error) { return coroutine.YieldFrom(y, sub) })
	for i := range 2 {
		v, err := top.Next()
		if v != i+2 || err != nil {
			t.Errorf("Next: got %v, %v, want %v", v, err, i+2)
		}
	}
	_, err := top.Send(0)
	expect(t, "Send", err, coroutine.ErrNoSend)
}

// TestLetGoElsewhere has a delegate survive its delegator at a place other than
// that where it began.
func TestLetGoElsewhere(t *testing.T) {
	deep := newGen(t, stubborn(4))
	sub := newGen(t, func(y *yielder) (any, error) {
		y.Yield("own")
		return coroutine.YieldFrom(y, deep)
	})
	play(t, sub, []op{{"next", nil, "own"}})
	play(t, newGen(t, from(sub)), []op{{"next", nil, "0"}, {"next", nil, "1"}, {"close", nil, "generator ignored GeneratorExit"}})
	play(t, sub, []op{{"state", nil, "closed"}})
	play(t, deep, []op{{"next", nil, "3"}, {"next", nil, "return end"}})
}
