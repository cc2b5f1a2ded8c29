package coroutine_test

import (
	"fmt"
	"testing"

	"coloop/coroutine"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Delegation between generators is flat, that to any other Resumable is the
// expansion in PEP 380, word for word. Random programs must not see which.

// opaque hides from YieldFrom that it is given a Generator.
type opaque struct{ *generator }

// An action is one statement of a body, or one operation of the driver. On and
// Body choose among what there is.
type action struct {
	Do    string
	On    int
	Body  int
	Catch bool // what it raises is noted, and the body goes on
}

type program struct {
	Bodies [][]action
	Gens   []int // what each of the named generators runs
	Ops    []action
}

var drawProgram = rapid.Custom(func(t *rapid.T) program {
	number := rapid.IntRange(0, 3)
	actions := func(do ...string) *rapid.Generator[action] {
		return rapid.Custom(func(t *rapid.T) action {
			return action{
				rapid.SampledFrom(do).Draw(t, "do"), number.Draw(t, "on"), number.Draw(t, "body"),
				rapid.Bool().Draw(t, "catch"),
			}
		})
	}
	inBody := actions("yield", "yield", "yield", "from new", "from new", "from", "from",
		"next", "send", "throw", "close", "raise", "return")
	return program{
		rapid.SliceOfN(rapid.SliceOfN(inBody, 0, 6), 1, 4).Draw(t, "bodies"),
		rapid.SliceOfN(number, 1, 4).Draw(t, "gens"),
		rapid.SliceOfN(actions("next", "next", "send", "throw", "exit", "close"), 1, 20).Draw(t, "ops"),
	}
})

// A machine runs a program and notes what happens.
type machine struct {
	program
	flat  bool
	gens  []*generator // the named ones, then those that bodies made
	names map[*generator]string
	trace []string
}

func (m *machine) note(format string, args ...any) {
	m.trace = append(m.trace, fmt.Sprintf(format, args...))
}

func (m *machine) create(body int) *generator {
	name := fmt.Sprint("g", len(m.gens))
	g := coroutine.New(func(y *yielder) (any, error) {
		for i, a := range m.Bodies[body] {
			if a.Do == "return" {
				return i, nil
			}
			v, err := m.perform(y, body, a)
			m.note("%s %d %s: %s", name, i, a.Do, result(v, err))
			if err != nil && !a.Catch {
				return i, err
			}
		}
		return "end", nil
	})
	m.gens, m.names[g] = append(m.gens, g), name
	return g
}

func (m *machine) perform(y *yielder, body int, a action) (any, error) {
	named := m.gens[a.On%len(m.Gens)]
	switch a.Do {
	case "yield":
		return y.Yield(a.On)
	case "from new":
		if next := body + 1 + a.Body; next < len(m.Bodies) {
			return m.delegate(y, m.create(next))
		}
		return nil, nil
	case "from":
		return m.delegate(y, named)
	case "raise":
		return nil, errTest
	}
	return m.operate(named, a)
}

func (m *machine) delegate(y *yielder, g *generator) (any, error) {
	if m.flat {
		return coroutine.YieldFrom(y, g)
	}
	return coroutine.YieldFrom(y, opaque{g})
}

func (m *machine) operate(g *generator, a action) (any, error) {
	switch a.Do {
	case "next":
		return g.Next()
	case "send":
		return g.Send(a.Body)
	case "throw":
		return g.Throw(errTest)
	case "exit":
		return g.Throw(coroutine.GeneratorExit)
	}
	return g.Close()
}

func (m *machine) run() []string {
	m.names = make(map[*generator]string)
	for _, body := range m.Gens {
		m.create(body % len(m.Bodies))
	}
	for _, a := range m.Ops {
		g := m.gens[a.On%len(m.Gens)]
		m.note("%s %s: %s", a.Do, m.names[g], result(m.operate(g, a)))
		for _, g := range m.gens {
			m.look(g)
		}
	}
	for i := 0; i < len(m.gens); i++ { // which a body that is closed may add to
		for m.gens[i].State() != coroutine.Closed {
			m.gens[i].Close()
		}
	}
	return m.trace
}

func (m *machine) look(g *generator) {
	sub := g.Delegate()
	if o, ok := sub.(opaque); ok {
		sub = o.generator
	}
	name := "none"
	if sub != nil {
		name = m.names[sub.(*generator)]
	}
	m.note("%s is %v, delegates to %s", m.names[g], g.State(), name)
}

func sameAsNaive(t *rapid.T) {
	p := drawProgram.Draw(t, "program")
	flat, naive := machine{program: p, flat: true}, machine{program: p}
	if diff := cmp.Diff(naive.run(), flat.run()); diff != "" {
		t.Errorf("flat delegation differs (-naive +flat):\n%s", diff)
	}
}

func TestFlatIsNaive(t *testing.T) { rapid.Check(t, sameAsNaive) }

func FuzzFlatIsNaive(f *testing.F) { f.Fuzz(rapid.MakeFuzz(sameAsNaive)) }
