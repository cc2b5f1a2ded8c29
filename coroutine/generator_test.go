package coroutine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"weak"

	"coloop/coroutine"
)

var errTest = errors.New("test")

// op is one thing done to a generator and what comes of it.
type op struct {
	name string
	arg  any
	want string
}

func play(t *testing.T, g *generator, ops []op) {
	t.Helper()
	for i, o := range ops {
		var v any
		var err error
		switch o.name {
		case "next":
			v, err = g.Next()
		case "send":
			v, err = g.Send(o.arg)
		case "throw":
			v, err = g.Throw(o.arg.(error))
		case "close":
			v, err = g.Close()
		case "state":
			v = g.State()
		}
		if got := result(v, err); got != o.want {
			t.Fatalf("operation %d, %s(%v): got %s, want %s", i, o.name, o.arg, got, o.want)
		}
	}
}

func TestGenerator(t *testing.T) {
	stop := &coroutine.StopIteration[any]{Value: 7}
	wrappedExit := fmt.Errorf("leaving: %w", coroutine.GeneratorExit)
	handler := func(y *yielder) (any, error) {
		for {
			if _, err := y.Yield("waiting"); err != nil {
				return fmt.Sprint("handled ", err), nil
			}
		}
	}
	for _, tc := range []struct {
		name string
		body func(y *yielder) (any, error)
		ops  []op
	}{
		{"values in and out", echo, []op{
			{"state", nil, "created"}, {"next", nil, "<nil>"}, {"state", nil, "suspended"},
			{"send", 1, "1"}, {"send", "x", "x"}, {"next", nil, "<nil>"}, {"send", nil, "<nil>"},
		}},
		{"return", func(*yielder) (any, error) { return 5, nil }, []op{
			{"next", nil, "return 5"}, {"state", nil, "closed"}, {"next", nil, "return <nil>"},
			{"send", 1, "return <nil>"}, {"close", nil, "<nil>"},
		}},
		{"raise", func(*yielder) (any, error) { return 5, errTest }, []op{
			{"next", nil, "test"}, {"next", nil, "return <nil>"}, {"close", nil, "<nil>"},
		}},
		{"send to a created one", echo, []op{
			{"send", 1, coroutine.ErrJustStarted.Error()}, {"state", nil, "created"},
			{"send", nil, "<nil>"}, {"send", 1, "1"},
		}},
		{"throw", echo, []op{
			{"next", nil, "<nil>"}, {"throw", errTest, "test"}, {"state", nil, "closed"},
			{"throw", errTest, "test"}, {"next", nil, "return <nil>"},
		}},
		{"throw into a created one", echo, []op{
			{"throw", errTest, "test"}, {"state", nil, "closed"}, {"next", nil, "return <nil>"},
		}},
		{"throw StopIteration into a created one", echo, []op{
			{"throw", stop, "return 7"}, {"state", nil, "closed"},
		}},
		{"throw what is handled", handler, []op{
			{"next", nil, "waiting"}, {"throw", errTest, "return handled test"},
		}},
		{"throw GeneratorExit", echo, []op{
			{"next", nil, "<nil>"}, {"throw", coroutine.GeneratorExit, "GeneratorExit"},
			{"state", nil, "closed"},
		}},
		{"StopIteration leaves the body", echo, []op{
			{"next", nil, "<nil>"}, {"throw", stop, "generator raised StopIteration"},
		}},
		{"ErrStopIteration leaves the body", func(*yielder) (any, error) {
			return nil, fmt.Errorf("wrapped: %w", coroutine.ErrStopIteration)
		}, []op{{"next", nil, "generator raised StopIteration"}}},
		{"close", echo, []op{
			{"next", nil, "<nil>"}, {"close", nil, "<nil>"}, {"state", nil, "closed"}, {"close", nil, "<nil>"},
		}},
		{"close a created one", echo, []op{
			{"close", nil, "<nil>"}, {"state", nil, "closed"}, {"next", nil, "return <nil>"},
		}},
		{"close returns", handler, []op{
			{"next", nil, "waiting"}, {"close", nil, "handled GeneratorExit"},
			{"close", nil, "<nil>"}, {"next", nil, "return <nil>"},
		}},
		{"close raises", func(y *yielder) (any, error) {
			y.Yield(1)
			return 2, errTest
		}, []op{{"next", nil, "1"}, {"close", nil, "test"}, {"close", nil, "<nil>"}}},
		{"close raises GeneratorExit", func(y *yielder) (any, error) {
			y.Yield(1)
			return 2, wrappedExit
		}, []op{{"next", nil, "1"}, {"close", nil, "<nil>"}, {"close", nil, "<nil>"}}},
		{"close is ignored", stubborn(4), []op{
			{"next", nil, "0"}, {"close", nil, coroutine.ErrIgnoredExit.Error()}, {"state", nil, "suspended"},
			{"next", nil, "2"}, {"close", nil, coroutine.ErrIgnoredExit.Error()}, {"close", nil, "end"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) { play(t, newGen(t, tc.body), tc.ops) })
	}
}

func TestThrowKeepsError(t *testing.T) {
	g := newGen(t, echo)
	g.Next()
	stop := &coroutine.StopIteration[any]{Value: 7}
	_, err := g.Throw(stop)
	var raised *coroutine.RaisedStopError
	if !errors.As(err, &raised) || raised.Cause != error(stop) {
		t.Errorf("got %v, want a RaisedStopError of what was thrown", err)
	}
	if errors.Is(err, coroutine.ErrStopIteration) {
		t.Error("a RaisedStopError passes for the end of the iteration")
	}
}

func TestThrowNil(t *testing.T) {
	g := newGen(t, echo)
	g.Next()
	defer func() {
		if recover() == nil {
			t.Error("Throw(nil) does not panic")
		}
		expect(t, "state", g.State(), coroutine.Suspended)
	}()
	g.Throw(nil)
}

// TestTyped has results of three different types, and the zero values of each.
func TestTyped(t *testing.T) {
	g := coroutine.New(func(y *coroutine.Yielder[string, int]) (float64, error) {
		sum := 0
		for i := range 2 {
			n, err := y.Yield(fmt.Sprint("item ", i))
			if err != nil {
				return 0, err
			}
			sum += n
		}
		return float64(sum) / 2, nil
	})
	if _, err := g.Send(0); err != coroutine.ErrJustStarted {
		t.Errorf("Send(0) to a created generator: %v, want ErrJustStarted", err)
	}
	v, err := g.Next()
	if v != "item 0" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
	v, err = g.Send(3)
	if v != "item 1" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
	_, err = g.Send(4)
	var stop *coroutine.StopIteration[float64]
	if !errors.As(err, &stop) || stop.Value != 3.5 || !errors.Is(err, coroutine.ErrStopIteration) {
		t.Errorf("got %v, want the StopIteration of 3.5", err)
	}
}

// TestExecuting has all operations on a generator that is running: on itself,
// on what runs it, and on what it delegates to.
func TestExecuting(t *testing.T) {
	var top, mid, leaf *generator
	leaf = newGen(t, func(y *yielder) (any, error) {
		for name, g := range map[string]*generator{"top": top, "mid": mid, "leaf": leaf} {
			for op, do := range map[string]func() (any, error){
				"next":       g.Next,
				"send":       func() (any, error) { return g.Send(1) },
				"throw":      func() (any, error) { return g.Throw(errTest) },
				"close":      g.Close,
				"yield from": func() (any, error) { return coroutine.YieldFrom(y, g) },
			} {
				if _, err := do(); err != coroutine.ErrExecuting {
					t.Errorf("%s of %s: %v, want ErrExecuting", op, name, err)
				}
			}
			expect(t, name+" is", g.State(), coroutine.Running)
			expect(t, name+" delegates to", g.Delegate(), nil)
			expect(t, name+"'s innermost", g.Innermost(), y)
		}
		return y.Yield("still here")
	})
	mid = newGen(t, from(leaf))
	top = newGen(t, from(mid))
	play(t, top, []op{{"next", nil, "still here"}, {"send", 8, "return 8"}})
}

// TestExecutingElsewhere is TestExecuting from another goroutine, at the same
// time.
func TestExecutingElsewhere(t *testing.T) {
	running, asked := make(chan struct{}), make(chan struct{})
	leaf := newGen(t, func(y *yielder) (any, error) {
		close(running)
		<-asked
		return nil, nil
	})
	top := newGen(t, from(leaf))
	go func() {
		defer close(asked)
		<-running
		for name, g := range map[string]*generator{"top": top, "leaf": leaf} {
			_, err := g.Next()
			expect(t, name+".Next", err, coroutine.ErrExecuting)
			_, err = g.Send(1)
			expect(t, name+".Send", err, coroutine.ErrExecuting)
			_, err = g.Throw(errTest)
			expect(t, name+".Throw", err, coroutine.ErrExecuting)
			_, err = g.Close()
			expect(t, name+".Close", err, coroutine.ErrExecuting)
			expect(t, name+".State", g.State(), coroutine.Running)
		}
	}()
	play(t, top, []op{{"next", nil, "return <nil>"}})
}

// TestStateElsewhere watches a delegate from another goroutine, all the time: to
// be run with -race.
func TestStateElsewhere(t *testing.T) {
	var leaf *generator
	watching, stop := make(chan struct{}), make(chan struct{})
	leaf = newGen(t, echo)
	go func() {
		defer close(stop)
		close(watching)
		for leaf.State() != coroutine.Closed {
			runtime.Gosched() // or nothing else may run, where goroutines are not preempted
		}
	}()
	<-watching
	play(t, newGen(t, from(leaf)), []op{{"next", nil, "<nil>"}, {"send", 1, "1"}, {"close", nil, "<nil>"}})
	<-stop
}

// TestWanderingGenerator is resumed by a different goroutine each time.
func TestWanderingGenerator(t *testing.T) {
	g := newGen(t, echo)
	for i := range 10 {
		done := make(chan string)
		go func() { done <- result(g.Send(nil)) }()
		expect(t, fmt.Sprint("step ", i), <-done, "<nil>")
	}
}

func TestAll(t *testing.T) {
	count := func(n int, end error) *coroutine.Generator[int, any, string] {
		return coroutine.New(func(y *coroutine.Yielder[int, any]) (string, error) {
			for i := range n {
				if _, err := y.Yield(i); err != nil {
					return "", err
				}
			}
			return "result", end
		})
	}
	for _, tc := range []struct {
		name string
		end  error
		want []string
	}{
		{"return", nil, []string{"0 <nil>", "1 <nil>", "2 <nil>"}},
		{"raise", errTest, []string{"0 <nil>", "1 <nil>", "2 <nil>", "0 test"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for v, err := range count(3, tc.end).All() {
				got = append(got, fmt.Sprint(v, " ", err))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	t.Run("break", func(t *testing.T) {
		g := count(3, nil)
		for range g.All() {
			break
		}
		expect(t, "state", g.State(), coroutine.Suspended)
		v, err := g.Next()
		if v != 1 || err != nil {
			t.Errorf("got %v, %v after the loop", v, err)
		}
		g.Close()
	})
}

func TestStateString(t *testing.T) {
	for st, want := range map[coroutine.State]string{
		coroutine.Created: "created", coroutine.Closed: "closed", 4: "State(4)",
		^coroutine.State(0): "State(4294967295)",
	} {
		expect(t, "State", st.String(), want)
	}
}

func TestContext(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, "mine")
	body := func(y *yielder) (any, error) { return y.Context().Value(key{}), nil }
	play(t, within(ctx, body), []op{{"next", nil, "return mine"}})
	play(t, coroutine.New(body), []op{{"next", nil, "return <nil>"}})
	play(t, within(ctx, from(coroutine.New(body))), []op{{"next", nil, "return mine"}})
	own := context.WithValue(context.Background(), key{}, "own")
	play(t, within(ctx, from(within(own, body))), []op{{"next", nil, "return own"}})
}

// TestEndedKeepsNothing holds on to generators whose bodies have ended, and to
// nothing that these have held.
func TestEndedKeepsNothing(t *testing.T) {
	type big struct{ _ [1 << 16]byte }
	var kept []any
	use := func(finish func(g *generator)) (held [3]weak.Pointer[big]) {
		captured, sent, yielded := new(big), new(big), new(big)
		held = [3]weak.Pointer[big]{weak.Make(captured), weak.Make(sent), weak.Make(yielded)}
		g := newGen(t, func(y *yielder) (any, error) {
			y.Yield(nil)
			_, err := y.Yield(yielded)
			runtime.KeepAlive(captured)
			return nil, err
		})
		kept = append(kept, g)
		g.Next()
		g.Send(sent)
		finish(g)
		return held
	}
	for name, finish := range map[string]func(g *generator){
		"return": func(g *generator) { g.Next() },
		"throw":  func(g *generator) { g.Throw(errTest) },
		"close":  func(g *generator) { g.Close() },
	} {
		held := use(finish)
		runtime.GC()
		for i, what := range []string{"captured", "sent", "yielded"} {
			if held[i].Value() != nil {
				t.Errorf("%s: what was %s is still there", name, what)
			}
		}
	}
	runtime.KeepAlive(kept)
}

func TestSendAllocatesNothing(t *testing.T) {
	for _, depth := range []int{1, 50} {
		body := echo
		for range depth - 1 {
			body = from(newGen(t, body))
		}
		g := newGen(t, body)
		g.Next()
		var v any = "v"
		if n := testing.AllocsPerRun(100, func() { g.Send(v) }); n != 0 {
			t.Errorf("depth %d: %v allocations", depth, n)
		}
	}
}

// within returns a generator with a context.
func within(ctx context.Context, body func(*yielder) (any, error)) *generator {
	g := new(generator)
	g.Init(ctx, nil, body)
	return g
}
