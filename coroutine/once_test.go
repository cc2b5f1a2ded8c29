package coroutine_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"coloop/coroutine"
)

// once returns a coroutine object that is closed when the test ends.
func once(t testing.TB, body func(y *yielder) (any, error)) *generator {
	g := coroutine.NewCoroutine(nil, body)
	t.Cleanup(func() { g.Close() })
	return g
}

// TestA14Reused uses coroutine objects that have ended, in one way or another,
// a second time. CPython 3.13 gives the same answers.
func TestA14Reused(t *testing.T) {
	reused := coroutine.ErrReused.Error()
	for _, end := range []struct {
		name string
		ops  []op
	}{
		{"return", []op{{"next", nil, "<nil>"}, {"throw", coroutine.ErrIgnoredExit, "return handled"}}},
		{"raise", []op{{"next", nil, "<nil>"}, {"throw", errTest, "test"}}},
		{"close", []op{{"next", nil, "<nil>"}, {"close", nil, "<nil>"}}},
		{"close of a created one", []op{{"close", nil, "<nil>"}}},
		{"throw into a created one", []op{{"throw", errTest, "test"}}},
	} {
		for _, again := range []op{
			{"next", nil, reused},
			{"send", nil, reused},
			{"send", 1, reused},
			{"throw", errTest, reused},
			{"throw", coroutine.GeneratorExit, reused},
			{"throw", &coroutine.StopIteration[any]{Value: 7}, reused},
			{"close", nil, "<nil>"},
			{"await", nil, reused},
		} {
			t.Run(fmt.Sprint(end.name, ", then ", again.name, again.arg), func(t *testing.T) {
				g := once(t, func(y *yielder) (any, error) {
					_, err := y.Yield(nil)
					if err == coroutine.ErrIgnoredExit {
						return "handled", nil
					}
					return nil, err
				})
				play(t, g, end.ops)
				for range 2 {
					if again.name == "await" {
						expect(t, "await", result(newGen(t, from(g)).Next()), again.want)
					} else {
						play(t, g, []op{again})
					}
				}
			})
		}
	}
}

// TestA14AwaitedTwice has coroutine objects awaited by two others, and by
// themselves; the first to await one is unharmed.
func TestA14AwaitedTwice(t *testing.T) {
	awaited := coroutine.ErrAwaited.Error()
	g := once(t, stubborn(2))
	first := newGen(t, from(g))
	play(t, first, []op{{"next", nil, "0"}})
	play(t, newGen(t, from(g)), []op{{"next", nil, awaited}})
	play(t, first, []op{{"next", nil, "1"}, {"next", nil, "return end"}})
	play(t, newGen(t, from(g)), []op{{"next", nil, coroutine.ErrReused.Error()}})

	g = once(t, stubborn(2))
	play(t, g, []op{{"next", nil, "0"}})
	play(t, newGen(t, from(g)), []op{{"next", nil, awaited}})
	play(t, g, []op{{"next", nil, "1"}})

	var self *generator
	self = once(t, func(y *yielder) (any, error) { return coroutine.YieldFrom(y, self) })
	play(t, self, []op{{"next", nil, coroutine.ErrExecuting.Error()}})
}

// TestA14EndedByHand has somebody drive a coroutine object to its end that
// another awaits.
func TestA14EndedByHand(t *testing.T) {
	reused := coroutine.ErrReused.Error()
	for _, tc := range []op{{"next", nil, reused}, {"throw", errTest, reused}, {"close", nil, "<nil>"}} {
		t.Run(tc.name, func(t *testing.T) {
			g := once(t, stubborn(1))
			outer := newGen(t, from(g))
			play(t, outer, []op{{"next", nil, "0"}})
			play(t, g, []op{{"next", nil, "return end"}})
			play(t, outer, []op{tc})
		})
	}
}

// TestA14Claim has schedulers claim generators in all their states.
func TestA14Claim(t *testing.T) {
	started := func(g *generator) { g.Next() }
	claim := func(g *generator) { g.Claim() }
	for _, tc := range []struct {
		name   string
		before []func(g *generator)
		want   error // of Claim
		state  coroutine.State
	}{
		{"created", nil, nil, coroutine.Created},
		{"suspended", []func(*generator){started}, nil, coroutine.Suspended},
		{"closed", []func(*generator){started, started}, coroutine.ErrReused, coroutine.Closed},
		{"claimed", []func(*generator){claim}, coroutine.ErrAwaited, coroutine.Created},
		{"claimed and started", []func(*generator){claim, started}, coroutine.ErrAwaited, coroutine.Suspended},
		{"claimed and closed", []func(*generator){claim, started, started}, coroutine.ErrReused, coroutine.Closed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, g := range []*generator{newGen(t, stubborn(1)), once(t, stubborn(1))} {
				for _, do := range tc.before {
					do(g)
				}
				expect(t, "Claim", g.Claim(), tc.want)
				expect(t, "state", g.State(), tc.state)
				if tc.state == coroutine.Closed {
					continue
				}
				// It is a task now: nobody else can await it.
				play(t, newGen(t, from(g)), []op{{"next", nil, coroutine.ErrAwaited.Error()}})
				if tc.state == coroutine.Created {
					play(t, g, []op{{"next", nil, "0"}})
				}
				play(t, g, []op{{"next", nil, "return end"}, {"next", nil, coroutine.ErrReused.Error()}})
				play(t, newGen(t, from(g)), []op{{"next", nil, coroutine.ErrReused.Error()}})
			}
		})
	}
	t.Run("running", func(t *testing.T) {
		var g *generator
		g = newGen(t, func(*yielder) (any, error) { return nil, g.Claim() })
		play(t, g, []op{{"next", nil, coroutine.ErrExecuting.Error()}})
	})
	t.Run("awaited", func(t *testing.T) {
		g := newGen(t, stubborn(1))
		outer := newGen(t, from(g))
		play(t, outer, []op{{"next", nil, "0"}})
		expect(t, "Claim", g.Claim(), coroutine.ErrAwaited)
		play(t, outer, []op{{"next", nil, "return end"}})
	})
	t.Run("awaited and running", func(t *testing.T) {
		var g *generator
		g = newGen(t, func(*yielder) (any, error) { return nil, g.Claim() })
		play(t, newGen(t, from(g)), []op{{"next", nil, coroutine.ErrExecuting.Error()}})
	})
}

// TestA14ClaimRace has several goroutines claim the same generator at once.
func TestA14ClaimRace(t *testing.T) {
	for range 100 {
		g := newGen(t, echo)
		var wg sync.WaitGroup
		var won atomic.Int32
		for range 4 {
			wg.Go(func() {
				if g.Claim() == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		expect(t, "winners", won.Load(), int32(1))
		expect(t, "state", g.State(), coroutine.Created)
	}
}
