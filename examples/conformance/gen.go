package main

import (
	"fmt"

	"coloop/coroutine"
)

type (
	generator = coroutine.Generator[any, any, any]
	yielder   = coroutine.Yielder[any, any]
)

// A genLevel plays the scenarios of level gen.
type genLevel struct {
	*runtime
	pool   *coroutine.Pool
	bodies map[string]step[*yielder]
	all    []*generator
}

func (p *player) playGen(sc object) ([]byte, error) {
	l := &genLevel{runtime: newRuntime(), pool: &p.pool, bodies: make(map[string]step[*yielder])}
	gens, ok := sc["gens"].(object)
	if !ok {
		return nil, fmt.Errorf("lacks gens")
	}
	for name := range gens {
		l.bodies[name] = nil
	}
	inBodies := compiler[*yielder]{l.suspending}
	for name, x := range gens {
		body, err := inBodies.block(x, place{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		l.bodies[name] = body
	}
	ops, err := l.compileOps(sc["ops"])
	if err != nil {
		return nil, fmt.Errorf("ops: %w", err)
	}
	driver := newActivation[*yielder](l.runtime, "driver", nil)
	for _, op := range ops {
		if l.over {
			break
		}
		op(driver)
	}
	l.line("end")
	l.over = true
	for _, g := range l.all {
		g.Close()
	}
	return l.trace, l.err
}

// compileOps compiles what the driver does: operations, each of which fails or
// succeeds by itself.
func (l *genLevel) compileOps(x any) ([]step[*yielder], error) {
	list, ok := x.([]any)
	if !ok {
		return nil, fmt.Errorf("not a list: %v", x)
	}
	ops := make([]step[*yielder], len(list))
	for i, x := range list {
		ins, _ := x.(object)
		op, err := fields{ins}.text("op")
		if err != nil {
			return nil, err
		}
		ops[i], err = l.operation(op, fields{ins})
		if ops[i] == nil && err == nil {
			err = fmt.Errorf("no such operation")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op, err)
		}
	}
	return ops, nil
}

// suspending compiles the instructions that only bodies have, and operations.
func (l *genLevel) suspending(op string, ins fields, _ place) (step[*yielder], error) {
	switch op {
	case "yield":
		return l.yield(ins)
	case "from":
		return l.from(ins)
	}
	return l.operation(op, ins)
}

func (l *genLevel) yield(ins fields) (step[*yielder], error) {
	to, err := ins.target()
	if err != nil {
		return nil, err
	}
	v, err := ins.optional("v")
	return func(a *activation[*yielder]) (flow, error) {
		sent, err := a.y.Yield(v(a))
		switch {
		case a.over:
			return onward, errOver
		case err != nil:
			a.say("thrown " + a.formatError(err))
			return onward, err
		}
		a.say("resume " + a.format(sent))
		a.set(to, sent)
		return onward, nil
	}, err
}

// A delegation is a "yield from" about to happen: what to call it, and how.
type delegation struct {
	head string
	run  func() (any, error)
}

func (l *genLevel) from(ins fields) (step[*yielder], error) {
	to, err := ins.target()
	if err != nil {
		return nil, err
	}
	begin, err := l.source(ins)
	return func(a *activation[*yielder]) (flow, error) {
		d := begin(a)
		v, err := d.run()
		if err != nil {
			return onward, a.refuse(d.head, err)
		}
		a.succeed(d.head, v)
		a.set(to, v)
		return onward, nil
	}, err
}

// source compiles what a from delegates to.
func (l *genLevel) source(ins fields) (func(a *activation[*yielder]) delegation, error) {
	generators := func(a *activation[*yielder], label string, g *generator) delegation {
		return delegation{"from " + label, func() (any, error) { return coroutine.YieldFrom(a.y, g) }}
	}
	switch {
	case ins.object["g"] != nil:
		create, err := l.creation(ins)
		return func(a *activation[*yielder]) delegation {
			g := create()
			return generators(a, l.label(g), g)
		}, err
	case ins.object["on"] != nil:
		name, err := ins.label("on")
		return func(a *activation[*yielder]) delegation {
			g, err := l.resolve(name)
			if err != nil {
				return delegation{"from " + name, func() (any, error) { return nil, err }}
			}
			return generators(a, l.label(g), g)
		}, err
	case ins.object["iter"] != nil:
		create, err := l.stub(ins)
		return func(a *activation[*yielder]) delegation {
			it := create(a)
			return delegation{"from " + l.label(it), func() (any, error) {
				return coroutine.YieldFromIterator[any](a.y, it)
			}}
		}, err
	}
	return nil, fmt.Errorf("lacks g, on and iter")
}

// creation compiles the making of a generator of function g, named as.
func (l *genLevel) creation(ins fields) (func() *generator, error) {
	fn, err := ins.label("g")
	if err != nil {
		return nil, err
	}
	if _, ok := l.bodies[fn]; !ok {
		return nil, fmt.Errorf("no generator function %s", fn)
	}
	as, err := ins.label("as")
	return func() *generator {
		label := l.newLabel(as)
		g := coroutine.NewIn(l.pool, func(y *yielder) (any, error) {
			return newActivation(l.runtime, label, y).run(l.bodies[fn])
		})
		l.labels[g], l.names[as] = label, g
		l.all = append(l.all, g)
		return g
	}, err
}

func (l *genLevel) resolve(name string) (*generator, error) {
	g, ok := l.names[name].(*generator)
	if !ok {
		return nil, errNoName
	}
	return g, nil
}
