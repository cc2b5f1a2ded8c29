package coroutine_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"coloop/coroutine"
)

// caught returns what f panics with.
func caught(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

func bodyThatPanics(y *yielder) (any, error) {
	y.Yield("before")
	panic(errTest)
}

func TestPanic(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(g *generator) (any, error)
	}{
		{"next", (*generator).Next},
		{"send", func(g *generator) (any, error) { return g.Send(1) }},
		{"throw", func(g *generator) (any, error) { return g.Throw(coroutine.ErrGoexit) }},
		{"throw GeneratorExit", func(g *generator) (any, error) { return g.Throw(coroutine.GeneratorExit) }},
		{"close", (*generator).Close},
	} {
		for _, depth := range []int{1, 3} {
			t.Run(tc.name, func(t *testing.T) {
				deferred := 0
				var body func(y *yielder) (any, error) = bodyThatPanics
				for range depth - 1 {
					sub := newGen(t, body)
					body = func(y *yielder) (any, error) {
						defer func() { deferred++ }()
						return coroutine.YieldFrom(y, sub)
					}
				}
				g := newGen(t, body)
				g.Next()
				p, ok := caught(func() { tc.do(g) }).(*coroutine.PanicError)
				if !ok {
					t.Fatal("no PanicError")
				}
				expect(t, "value", p.Value, any(errTest))
				expect(t, "is the value", errors.Is(p, errTest), true)
				for _, s := range []string{string(p.Stack), fmt.Sprintf("%+v", p)} {
					if !strings.Contains(s, "bodyThatPanics") {
						t.Errorf("nothing of the body in the stack:\n%s", s)
					}
				}
				expect(t, "defers run", deferred, depth-1)
				play(t, g, []op{{"state", nil, "closed"}, {"next", nil, "return <nil>"}, {"close", nil, "<nil>"}})
			})
		}
	}
}

// TestA19OneLine formats errors that carry a value of any text.
func TestA19OneLine(t *testing.T) {
	var none *coroutine.PanicError
	stop := func(v any) error { return &coroutine.StopIteration[any]{Value: v} }
	panicked := func(v any) error { return &coroutine.PanicError{Value: v, Stack: []byte("goroutine 1")} }
	for _, tc := range []struct {
		format string
		err    error
		want   string
	}{
		{"%v", panicked("boom"), "panic: boom"},
		{"%s", panicked(errTest), "panic: test"},
		{"%v", panicked(42), "panic: 42"},
		{"%v", panicked("one\ntwo"), `panic: "one\ntwo"`},
		{"%v", panicked(errors.Join(errTest, errTest)), `panic: "test\ntest"`},
		{"%v", panicked("a\r\x1b[2Jb"), `panic: "a\r\x1b[2Jb"`},
		{"%v", panicked("a\u2028b"), `panic: "a\u2028b"`},
		{"%v", panicked(panicked("a\nb")), `panic: panic: "a\nb"`},
		{"%v", fmt.Errorf("task: %w", panicked("boom")), "task: panic: boom"},
		{"%q", panicked(`"boom"`), `"panic: \"boom\""`},
		{"%13v.", panicked("boom"), "  panic: boom."},
		{"%+v", panicked("boom"), "panic: boom\n\ngoroutine 1"},
		{"%v", none, "<nil>"},
		{"%v", stop("boom"), "StopIteration: boom"},
		{"%v", stop([]string{"one\n", "two"}), `StopIteration: "[one\n two]"`},
	} {
		expect(t, fmt.Sprintf("%s of %#v", tc.format, tc.err), fmt.Sprintf(tc.format, tc.err), tc.want)
	}
}

// TestPanicWithSentinel panics with errors that mean something when returned.
func TestPanicWithSentinel(t *testing.T) {
	for _, value := range []error{coroutine.GeneratorExit, &coroutine.StopIteration[any]{Value: 1}} {
		g := newGen(t, func(y *yielder) (any, error) {
			y.Yield(1)
			panic(value)
		})
		outer := newGen(t, from(g))
		outer.Next()
		p, ok := caught(func() { outer.Close() }).(*coroutine.PanicError)
		if !ok || p.Value != any(value) {
			t.Errorf("panic with %v: Close panics with %v", value, p)
		}
		expect(t, "state", outer.State(), coroutine.Closed)
	}
}

func TestRecoverInDelegator(t *testing.T) {
	sub := newGen(t, bodyThatPanics)
	g := newGen(t, func(y *yielder) (v any, err error) {
		p := caught(func() { coroutine.YieldFrom(y, sub) }).(*coroutine.PanicError)
		return y.Yield(p.Value)
	})
	play(t, g, []op{
		{"next", nil, "before"}, {"next", nil, "test"}, {"send", 1, "return 1"},
	})
}

// TestYieldWhilePanicking suspends a body in a deferred function.
func TestYieldWhilePanicking(t *testing.T) {
	g := newGen(t, func(y *yielder) (any, error) {
		defer y.Yield("deferred")
		panic(errTest)
	})
	play(t, g, []op{{"next", nil, "deferred"}, {"state", nil, "suspended"}})
	if p := caught(func() { g.Next() }); p == nil {
		t.Error("no panic")
	}
}

// TestThrowPanicError throws what a panic is carried in: an error like others.
func TestThrowPanicError(t *testing.T) {
	g := newGen(t, echo)
	g.Next()
	p := &coroutine.PanicError{Value: 1}
	_, err := g.Throw(p)
	expect(t, "raised", err, error(p))
}

func TestGoexit(t *testing.T) {
	for _, tc := range []struct {
		name string
		pool *coroutine.Pool
	}{{"without a pool", nil}, {"with a pool", new(coroutine.Pool)}} {
		t.Run(tc.name, func(t *testing.T) {
			deferred := false
			g := coroutine.NewIn(tc.pool, func(y *yielder) (any, error) {
				defer func() { deferred = true }()
				y.Yield("before")
				runtime.Goexit()
				return nil, nil
			})
			top := coroutine.NewIn(tc.pool, func(y *yielder) (any, error) {
				_, err := coroutine.YieldFrom(y, g)
				return y.Yield(err)
			})
			play(t, top, []op{
				{"next", nil, "before"}, {"next", nil, coroutine.ErrGoexit.Error()}, {"send", 1, "return 1"},
			})
			expect(t, "defers run", deferred, true)
			play(t, g, []op{{"state", nil, "closed"}, {"next", nil, "return <nil>"}})
			if tc.pool != nil {
				again := coroutine.NewIn(tc.pool, echo)
				play(t, again, []op{{"next", nil, "<nil>"}, {"send", 1, "1"}, {"close", nil, "<nil>"}})
				tc.pool.Close()
				expect(t, "stacks left", coroutine.Stacks(tc.pool), 0)
			}
		})
	}
}

// goexits are bodies that call Goexit, and have deferred functions that go on
// using the generator while it unwinds them.
var goexits = []struct {
	name string
	body func(y *yielder) (any, error)
	ops  []op
}{
	{"yield", func(y *yielder) (any, error) {
		defer func() {
			v, err := y.Yield("deferred")
			y.Yield(fmt.Sprint(v, " ", err))
		}()
		runtime.Goexit()
		return nil, nil
	}, []op{{"next", nil, "deferred"}, {"state", nil, "suspended"}, {"send", 1, "1 <nil>"}}},
	{"throw", func(y *yielder) (any, error) {
		defer func() {
			_, err := y.Yield("deferred")
			y.Yield(err.Error())
		}()
		runtime.Goexit()
		return nil, nil
	}, []op{{"next", nil, "deferred"}, {"throw", errTest, "test"}}},
	{"delegate", func(y *yielder) (any, error) {
		defer func() {
			v, _ := coroutine.YieldFrom(y, coroutine.New(stubborn(1)))
			coroutine.YieldFromSeq(y, slices.Values([]any{v}))
		}()
		runtime.Goexit()
		return nil, nil
	}, []op{{"next", nil, "0"}, {"next", nil, "end"}}},
	{"wait for a child that does the same", func(y *yielder) (any, error) {
		child := coroutine.New(func(y *yielder) (any, error) {
			defer y.Yield("in the child")
			runtime.Goexit()
			return nil, nil
		})
		defer func() {
			_, err := coroutine.YieldFrom(y, child)
			y.Yield(err)
		}()
		runtime.Goexit()
		return nil, nil
	}, []op{{"next", nil, "in the child"}, {"next", nil, coroutine.ErrGoexit.Error()}}},
	{"recover a panic", func(y *yielder) (any, error) {
		defer func() {
			y.Yield(caught(func() { panic("boom") }))
		}()
		runtime.Goexit()
		return nil, nil
	}, []op{{"next", nil, "boom"}}},
	{"Goexit while panicking", func(y *yielder) (any, error) {
		defer y.Yield("deferred")
		defer runtime.Goexit()
		panic("boom")
	}, []op{{"next", nil, "deferred"}}},
}

// TestA17GoexitDeferred steps the deferred functions of bodies that Goexit ends:
// alone, as delegates, on fresh stacks and on those of a pool, on a goroutine
// that is locked to its thread, too.
func TestA17GoexitDeferred(t *testing.T) {
	for _, tc := range goexits {
		for _, depth := range []int{0, 2} {
			for _, pooled := range []bool{false, true} {
				for _, locked := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, depth=%d pooled=%v locked=%v", tc.name, depth, pooled, locked), func(t *testing.T) {
						if locked {
							runtime.LockOSThread()
							defer runtime.UnlockOSThread()
						}
						var pool *coroutine.Pool
						if pooled {
							pool = new(coroutine.Pool)
							defer pool.Close()
						}
						g := coroutine.NewIn(pool, tc.body)
						for range depth {
							g = coroutine.NewIn(pool, from(g))
						}
						play(t, g, tc.ops)
						play(t, g, []op{{"next", nil, coroutine.ErrGoexit.Error()}, {"state", nil, "closed"}})
						play(t, coroutine.NewIn(pool, stubborn(0)), []op{{"next", nil, "return end"}})
					})
				}
			}
		}
	}
}

// TestA17PanicDuringGoexit has a deferred function panic while Goexit unwinds:
// that ends the body as a panic does, and not the goroutine that drives it.
func TestA17PanicDuringGoexit(t *testing.T) {
	for _, pool := range []*coroutine.Pool{nil, new(coroutine.Pool)} {
		g := coroutine.NewIn(pool, func(y *yielder) (any, error) {
			defer func() {
				y.Yield("deferred")
				panic(errTest)
			}()
			runtime.Goexit()
			return nil, nil
		})
		top := coroutine.NewIn(pool, from(g))
		play(t, top, []op{{"next", nil, "deferred"}})
		back := false
		done := make(chan struct{})
		go func() {
			defer close(done)
			p, ok := caught(func() { top.Next() }).(*coroutine.PanicError)
			back = true
			if !ok || p.Value != any(errTest) {
				t.Errorf("got %v, want the PanicError of the deferred function", p)
			}
		}()
		<-done
		expect(t, "the driver goes on", back, true)
		expect(t, "state", g.State(), coroutine.Closed)
		if pool != nil {
			pool.Close()
			expect(t, "stacks left", coroutine.Stacks(pool), 0)
		}
	}
}

func TestGoexitInClose(t *testing.T) {
	g := newGen(t, func(y *yielder) (any, error) {
		defer runtime.Goexit()
		return y.Yield(1)
	})
	play(t, g, []op{{"next", nil, "1"}, {"close", nil, coroutine.ErrGoexit.Error()}, {"state", nil, "closed"}})
}

// joined is a join that keeps nil errors, as errors.Join does not.
type joined []error

func (joined) Error() string     { return "joined" }
func (j joined) Unwrap() []error { return j }

// grouped is a group of unrelated errors.
type grouped struct{ joined }

func (grouped) ErrorGroup() {}

// broken is an error all of whose methods panic if it is a nil pointer.
type broken struct{ err error }

func (e *broken) Error() string        { return e.err.Error() }
func (e *broken) Unwrap() error        { return e.err }
func (e *broken) Is(target error) bool { return e.err == target }

// TestA7JoinOfSentinels has bodies raise errors made of GeneratorExit and of
// StopIteration: one rule says which of them stand for what they are made of.
func TestA7JoinOfSentinels(t *testing.T) {
	for _, tc := range []struct {
		name string
		of   func(sentinel error) error
		is   bool
	}{
		{"bare", func(s error) error { return s }, true},
		{"wrapped", func(s error) error { return fmt.Errorf("wrapped: %w", s) }, true},
		{"joined with nil", func(s error) error { return errors.Join(s, nil) }, true},
		{"joined with a nil that is kept", func(s error) error { return joined{nil, s, nil} }, true},
		{"joined with itself, wrapped", func(s error) error {
			return fmt.Errorf("wrapped: %w", errors.Join(s, fmt.Errorf("wrapped: %w", s)))
		}, true},
		{"two %w", func(s error) error { return fmt.Errorf("%w, then %w", s, errors.Join(s)) }, true},
		{"joined with another", func(s error) error { return errors.Join(s, errTest) }, false},
		{"joined with another first", func(s error) error { return errors.Join(errTest, s) }, false},
		{"joined with another, deep", func(s error) error { return errors.Join(s, errors.Join(s, errTest)) }, false},
		{"%w with another", func(s error) error { return fmt.Errorf("%w: %w", errTest, s) }, false},
		{"a group", func(s error) error { return grouped{joined{s}} }, false},
		{"a wrapped group", func(s error) error { return fmt.Errorf("wrapped: %w", grouped{joined{s, s}}) }, false},
		{"joined with a group", func(s error) error { return errors.Join(s, grouped{joined{s}}) }, false},
		{"a join of nothing", func(error) error { return joined{} }, false},
		{"a join of nil", func(error) error { return joined{nil} }, false},
		{"a panic with it", func(s error) error { return &coroutine.PanicError{Value: s} }, false},
		{"a nil pointer", func(error) error { return (*broken)(nil) }, false},
		{"joined with a nil pointer", func(s error) error { return errors.Join(s, (*broken)(nil)) }, false},
		{"another", func(error) error { return fmt.Errorf("wrapped: %w", errTest) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			exit := fmt.Errorf("because of %w", coroutine.GeneratorExit)
			g := newGen(t, func(y *yielder) (any, error) {
				y.Yield(1)
				return nil, tc.of(exit)
			})
			g.Next()
			_, err := g.Close()
			expect(t, "Close succeeds", err == nil, tc.is)

			g = newGen(t, func(*yielder) (any, error) { return nil, tc.of(new(coroutine.StopIteration[any])) })
			_, err = g.Next()
			_, raised := err.(*coroutine.RaisedStopError)
			expect(t, "a RaisedStopError", raised, tc.is)
		})
	}
	both := errors.Join(coroutine.GeneratorExit, coroutine.ErrStopIteration)
	g := newGen(t, func(y *yielder) (any, error) {
		y.Yield(1)
		return nil, both
	})
	g.Next()
	_, err := g.Close()
	expect(t, "Close of a body that joins the two", err, both)
}

// TestA7JoinThrown throws a GeneratorExit that is joined with nothing else: it
// closes the delegates, as a bare one does.
func TestA7JoinThrown(t *testing.T) {
	for _, exit := range []error{coroutine.GeneratorExit, joined{coroutine.GeneratorExit, nil}} {
		sub := newGen(t, func(y *yielder) (any, error) {
			_, err := y.Yield(1)
			expect(t, "the delegate gets", err, coroutine.GeneratorExit)
			return nil, err
		})
		g := newGen(t, func(y *yielder) (any, error) {
			_, err := coroutine.YieldFrom(y, sub)
			return fmt.Sprint(err), nil
		})
		play(t, g, []op{{"next", nil, "1"}, {"throw", exit, "return " + exit.Error()}})
	}
}
